"""What holds for every plot."""

import subprocess
import sys

from mnist_tut import errors, plots

import numpy as np
import PIL.Image
import pytest
from matplotlib.figure import Figure


def test_axes_that_are_given_are_used(digits):
    labels = np.arange(30) % 10
    figure = Figure()
    for draw in (
        lambda ax: plots.digit_grid(digits, ax=ax),
        lambda ax: plots.prediction_grid(digits, labels, labels, ax=ax),
        lambda ax: plots.loss_curve([1, 2], ax=ax),
        lambda ax: plots.confusion_matrix(labels, labels, ax=ax),
        lambda ax: plots.weights_grid(np.ones((784, 10)), ax=ax),
        lambda ax: plots.conv_filters(np.ones((5, 5, 1, 32)), ax=ax),
    ):
        ax = figure.add_subplot()
        assert draw(ax) is ax
        assert ax.images or ax.lines


@pytest.mark.parametrize(
    ('draw', 'reason'),
    [
        (lambda: plots.digit_grid(np.zeros((5, 27, 28))), '[5, 27, 28]'),
        (lambda: plots.digit_grid(np.zeros((0, 28, 28))), '[0, 28, 28]'),
        (lambda: plots.digit_grid(np.zeros((5, 784)), labels=[1]), '1 labels'),
        (
            lambda: plots.prediction_grid(np.zeros((5, 784)), [1] * 4, [1] * 5),
            '4 predictions',
        ),
        (lambda: plots.loss_curve([[1.0], [2.0]]), '[2, 1]'),
        (lambda: plots.loss_curve([1.0, 2.0], [1]), 'one number for each step'),
        (lambda: plots.confusion_matrix([1, 2], [1]), '1 predictions'),
        (lambda: plots.confusion_matrix([1, 10], [1, 1]), 'digits 0 to 9'),
        (lambda: plots.confusion_matrix([], []), '[0]'),
        (lambda: plots.weights_grid(np.zeros((10, 784))), '[10, 784]'),
        (lambda: plots.conv_filters(np.zeros((5, 5, 32))), '[5, 5, 32]'),
    ],
)
def test_wrong_arrays_get_one_line(draw, reason):
    with pytest.raises(errors.DataError) as caught:
        draw()
    assert reason in str(caught.value)
    assert '\n' not in str(caught.value)


def test_matplotlib_is_imported_late_and_pyplot_never():
    code = (
        'import sys; from mnist_tut import plots; '
        'assert "matplotlib" not in sys.modules; '
        'plots.loss_curve([1, 2]); '
        'assert "matplotlib" in sys.modules; '
        'assert "matplotlib.pyplot" not in sys.modules'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


EVERY_PLOT = {
    'one digit': lambda: plots.digit_grid(np.zeros((1, 784)), title='A digit'),
    'digits': lambda: plots.digit_grid(np.zeros((25, 784))),
    'predictions': lambda: plots.prediction_grid(np.zeros((9, 784)), [1] * 9, [1] * 9),
    'losses': lambda: plots.loss_curve([3, 2, 1]),
    'metrics': lambda: plots.metric_curves({'a': ([0, 1], [0, 1])}, 'A', 'a'),
    'mistakes': lambda: plots.confusion_matrix([1], [1]),
    'weights': lambda: plots.weights_grid(np.ones((784, 10))),
    'filters': lambda: plots.conv_filters(np.ones((5, 5, 1, 32))),
}


@pytest.mark.parametrize('name', EVERY_PLOT)
def test_pictures_are_large_enough_for_a_projector(tmp_path, name):
    path = plots.save(EVERY_PLOT[name](), tmp_path, 'picture.png')
    with PIL.Image.open(path) as picture:
        assert 1200 <= max(picture.size) < 2400
