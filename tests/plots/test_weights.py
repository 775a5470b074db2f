"""Weights as pictures."""

from mnist_tut import plots
from tests.support.axes import shades_of, texts_of

import numpy as np
import pytest


def test_weights_have_one_scale_with_white_at_zero():
    W = np.zeros((784, 10), np.float32)
    W[:, 3] = -4
    W[:, 8] = 1
    ax = plots.weights_grid(W)
    assert shades_of(ax) == [-4, 0, 1]
    assert ax.images[0].get_clim() == (-4, 4)
    assert texts_of(ax)[2:] == list('0123456789')  # after the key's two texts


@pytest.mark.parametrize('shape', [(5, 5, 1, 32), (5, 5, 32, 64), (3, 3, 1, 1)])
def test_conv_filters_draws_every_weight(shape):
    W = np.arange(1, np.prod(shape) + 1, dtype=float).reshape(shape)
    ax = plots.conv_filters(W)
    assert shades_of(ax) == W.ravel().tolist()
    assert ax.images[0].get_clim() == (-W.size, W.size)


@pytest.mark.parametrize(
    ('ax', 'low', 'high'),
    [
        (plots.weights_grid(np.full([784, 10], -0.5)), '0.5', '+0.5   for it'),
        (plots.conv_filters(np.full([5, 5, 1, 32], 0.25)), '0.25', '+0.25   raises it'),
    ],
    ids=['weights', 'filters'],
)
def test_the_colors_have_a_key(ax, low, high):
    left, right = [text for text in texts_of(ax) if '   ' in text]
    assert left.startswith('ink ')
    assert left.endswith(low)
    assert right == high
    [bar] = ax.child_axes
    colors = bar.images[0].get_cmap()(bar.images[0].norm([-1.0, 0.0, 1.0]))
    assert colors.tolist() == ax.images[0].get_cmap()([0.0, 0.5, 1.0]).tolist()
    assert ax.get_title()
