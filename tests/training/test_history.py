"""The metrics of a run can be looked up, stored, and continued."""

import json
from xml.etree import ElementTree

from mnist_tut.training.history import History

import numpy as np
import pytest


@pytest.fixture
def history():
    """Two losses, an accuracy between them, and one at the end."""
    history = History('logs/softmax/run-0001')
    history.add(0, 'loss', 2.5)
    history.add(0, 'test_accuracy', 0.125)
    history.add(1, 'loss', 1.5)
    history.add(2, 'test_accuracy', 0.75)
    return history


def test_records_are_looked_up_by_name(history):
    assert history.names() == ['loss', 'test_accuracy']
    assert history.steps('loss') == [0, 1]
    assert history.values('loss') == [2.5, 1.5]
    assert history.steps('test_accuracy') == [0, 2]
    assert history.last('test_accuracy') == 0.75
    assert history.steps('precision') == history.values('precision') == []


def test_a_name_that_was_never_recorded_has_no_last_value(history):
    with pytest.raises(KeyError, match=r'precision: not .* one of loss, test_accur'):
        history.last('precision')


def test_numbers_of_numpy_become_pythons():
    history = History()
    history.add(np.int64(3), 'loss', np.float32(0.1))
    [(step, _, value)] = history.records
    assert (type(step), step) == (int, 3)
    assert (type(value), value) == (float, float(np.float32(0.1)))


def test_json_gives_an_equal_history_to_the_last_bit(history):
    history.add(3, 'loss', np.nextafter(np.float64(0.1), 1))
    again = History.from_json(history.to_json())
    assert again == history
    assert again.log_dir == 'logs/softmax/run-0001'
    assert all(type(record) is tuple for record in again.records)


def test_histories_of_other_records_or_folders_differ(history):
    text = history.to_json()
    other = History.from_json(text)
    other.add(3, 'loss', 1.0)
    assert other != history
    assert History.from_json(text.replace('run-0001', 'run-0002')) != history


def test_arrays_are_neither_stored_nor_compared(history):
    text = history.to_json()
    history.arrays['predictions'] = np.arange(3)
    assert history.to_json() == text
    assert History.from_json(text) == history
    assert History.from_json(text).arrays == {}


def test_no_two_histories_share_their_records():
    one, two = History(), History()
    one.add(0, 'loss', 1.0)
    one.arrays['predictions'] = np.arange(3)
    assert (two.records, two.arrays) == ([], {})


def test_a_state_continues_as_if_never_interrupted(history):
    resumed = History('logs/softmax/run-0001')
    resumed.add(9, 'loss', 9.0)  # is replaced
    resumed.set_state(json.loads(json.dumps(history.get_state())))
    for one in (history, resumed):
        one.add(2, 'loss', 0.5)
    assert resumed == history
    assert resumed.to_json() == history.to_json()


# What a notebook or a shell shows of it.


def test_the_repr_is_one_short_line(history):
    for step in range(3, 3000):
        history.add(step, 'loss', 1 / step)
    assert repr(history) == (
        "History('logs/softmax/run-0001', 3000 steps, loss=0.0003334, "
        'test_accuracy=0.75)'
    )
    assert repr(History()) == 'History(None, 0 steps)'


@pytest.mark.parametrize(
    ('records', 'num_steps'),
    [
        ([(0, 'loss', 1.0), (1, 'loss', 1.0), (2, 'test_accuracy', 1.0)], 2),
        ([(0, 'loss', 1.0), (999, 'loss', 1.0), (999, 'test_precision', 1.0)], 1000),
        ([(0, 'test_accuracy', 0.1)], 0),
    ],
)
def test_the_number_of_steps(records, num_steps):
    assert History(None, records).num_steps == num_steps


def parse(history):
    """Returns the HTML as an element; it is well-formed XML, too."""
    return ElementTree.fromstring(history._repr_html_())


def test_a_notebook_shows_the_last_values(history):
    table = parse(history)
    assert table.find('caption').text == 'logs/softmax/run-0001: 2 steps'
    rows = [[cell.text for cell in row] for row in table.iter('tr')]
    assert rows == [['loss', '1.5', None], ['test_accuracy', '0.75', None]]
    assert list(table.iter('svg')) == []  # two points make no curve


@pytest.mark.parametrize('num_steps', [3, 120, 121, 20_000])
def test_a_notebook_shows_a_curve_in_the_color_of_the_text(num_steps):
    history = History()
    for step in range(num_steps):
        history.add(step, 'loss', num_steps - step)
    [svg] = parse(history).iter('svg')
    [line] = svg.iter('polyline')
    assert line.get('stroke') == 'currentColor'
    points = [tuple(map(float, p.split(','))) for p in line.get('points').split()]
    assert 3 <= len(points) <= 120
    width, height = float(svg.get('width')), float(svg.get('height'))
    xs, ys = zip(*points, strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys)  # falls: y goes down the screen
    assert (xs[0], ys[0], xs[-1], ys[-1]) == (2, 2, width - 2, height - 2)
    assert len(history._repr_html_()) < 3000


def test_a_constant_metric_has_a_flat_curve():
    history = History(None, [(step, 'learning_rate', 0.0) for step in range(9)])
    [line] = parse(history).iter('polyline')
    assert len({point.split(',')[1] for point in line.get('points').split()}) == 1


def test_names_are_text_in_html():
    history = History('<b>&', [(0, '<i>', 1.0)])
    assert parse(history).find('caption').text == '<b>&: 0 steps'
    assert next(parse(history).iter('td')).text == '<i>'
