"""The metrics of a run can be looked up, stored, and continued."""

import json

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
