"""The loss of each step, and the metrics of a run."""

from mnist_tut import errors, plots

import numpy as np
import pytest


def test_loss_curve_of_few_steps():
    losses = [2.0 / (1 + step) for step in range(40)]
    for steps in (None, list(range(40)), list(range(60, 100))):
        [line] = plots.loss_curve(losses, steps).lines
        assert line.get_xdata().tolist() == list(steps or range(40))
        assert line.get_ydata().tolist() == losses


def test_loss_curve_of_many_steps_adds_their_running_mean():
    losses = np.tile([1.0, 3.0], 500)
    ax = plots.loss_curve(losses)
    each, mean = ax.lines
    assert each.get_ydata().tolist() == losses.tolist()
    assert mean.get_ydata() == pytest.approx(2.0)
    assert legend_of(ax) == ['each step', 'mean of 20 steps']


@pytest.mark.parametrize(
    ('last', 'scale'), [(1.0, 'linear'), (0.001, 'log'), (0.0, 'linear')]
)
def test_loss_curve_shows_what_is_small_beside_what_was_large(last, scale):
    ax = plots.loss_curve(np.repeat([8.0, last], 500))
    assert ax.get_yscale() == scale
    low, high = ax.get_ylim()
    assert low <= last < 8 <= high


def test_loss_curve_of_no_steps_is_empty():
    assert plots.loss_curve([]).lines[0].get_xdata().size == 0


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_loss_curve_says_what_it_shows():
    ax = plots.loss_curve(np.ones(1000))
    assert ax.get_title(loc='left') == 'Loss of each training step'
    assert (ax.get_xlabel(), ax.get_ylabel()) == ('step', 'loss (nats)')
    assert legend_of(ax) == ['each step', 'mean of 20 steps']


@pytest.mark.parametrize('number', [3, 1000])
def test_loss_curve_shows_what_the_loss_cannot_fall_below(number):
    floor = np.log(1 + 9 / np.e)
    ax = plots.loss_curve(np.linspace(2.3, 1.5, number), floor=floor)
    assert ax.lines[-1].get_ydata() == [floor, floor]
    assert legend_of(ax)[-1] == 'lower limit, 1.4612'
    low, high = ax.get_ylim()
    assert floor - 0.2 < low < floor < 2.3 < high


def test_metric_curves_draw_a_line_or_a_point():
    curves = {'training': ([0, 100], [0.1, 0.9]), 'test': ([200], [0.95])}
    ax = plots.metric_curves(curves, 'Accuracy during training', 'accuracy')
    training, test = ax.lines
    assert training.get_xdata().tolist() == [0, 100]
    assert training.get_ydata().tolist() == [0.1, 0.9]
    assert training.get_linestyle() == '-'
    assert test.get_linestyle() == 'None'
    assert test.get_marker() != training.get_marker()
    assert test.get_color() != training.get_color()
    assert legend_of(ax) == ['training, last: 0.9', 'test, last: 0.95']
    assert ax.get_title(loc='left') == 'Accuracy during training'
    assert (ax.get_xlabel(), ax.get_ylabel()) == ('step', 'accuracy')


@pytest.mark.parametrize('curve', [([1, 2], [0.5]), ([], [])])
def test_metric_curves_refuse_a_curve_without_a_value_for_each_step(curve):
    with pytest.raises(errors.DataError, match=r'^a: \d values for \d steps'):
        plots.metric_curves({'a': curve}, '', '')


@pytest.mark.parametrize('number', [2, 6, 20, 45, 1000])
def test_the_steps_on_the_axis_are_whole_numbers(number):
    for ax in (
        plots.loss_curve(np.ones(number)),
        plots.metric_curves({'test': (range(number), np.ones(number))}, 'test', ''),
    ):
        ticks = ax.get_xticks()
        assert ticks.tolist() == ticks.round().tolist()
