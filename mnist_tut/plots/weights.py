"""Weights as pictures: blue above 0, red below, white at 0."""

from typing import TYPE_CHECKING

from mnist_tut import errors
from mnist_tut.plots.grid import Grid

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE = 28  # width and height of a digit
_CMAP = 'RdBu'  # apart for color-blind people, too


def weights_grid(W: np.ndarray, ax: 'Axes | None' = None) -> 'Axes':
    """Draws the weights of softmax regression, a picture for each digit.

    Args:
        W: float [784, 10], weight of each pixel for each digit.
        ax: Axes to draw on.

    Returns:
        The Axes. Blue weights favor the digit, red ones oppose it; white is 0.

    Raises:
        errors.DataError: If W is not of this shape.
    """
    W = np.asarray(W)
    if W.shape != (_SIDE * _SIDE, 10):
        raise errors.DataError(
            f'weights of shape {list(W.shape)}; expected [{_SIDE * _SIDE}, 10]'
        )
    pictures = W.T.reshape(10, _SIDE, _SIDE)
    grid = Grid(10, 5, _SIDE, gap=4, label=8)
    ax = ax or grid.new_axes(3, 8, title=True, key=True)
    grid.write_title(ax, 'Weight of each pixel for each digit')
    _show_signed(grid, ax, pictures, 'ink speaks against the digit', 'for it')
    for digit in range(10):
        grid.write_label(ax, digit, str(digit))
    return ax


def conv_filters(W: np.ndarray, ax: 'Axes | None' = None) -> 'Axes':
    """Draws the filters of a convolutional layer.

    Args:
        W: float [height, width, inputs, outputs]. With one input the filters stand in
            rows of eight or so; with more, each row is an input, each column an output.
        ax: Axes to draw on.

    Returns:
        The Axes. Blue weights are positive, red ones negative, white is 0.

    Raises:
        errors.DataError: If W is not of this shape.
    """
    W = np.asarray(W)
    if W.ndim != 4 or W.shape[0] != W.shape[1] or W.size == 0:
        raise errors.DataError(
            f'filters of shape {list(W.shape)}; expected [side, side, inputs, outputs]'
        )
    side, _, inputs, outputs = W.shape
    filters = W.transpose(2, 3, 0, 1).reshape(inputs * outputs, side, side)
    columns = outputs if inputs > 1 else int(np.ceil(np.sqrt(2 * outputs)))
    grid = Grid(len(filters), columns, side, gap=1)
    ax = ax or grid.new_axes(3, 18, title=True, key=True)
    title = f'{outputs:,} filters of {side} \N{MULTIPLICATION SIGN} {side} weights'
    if inputs > 1:
        title += f': a row for each of {inputs:,} inputs, a column for each filter'
    grid.write_title(ax, title)
    _show_signed(grid, ax, filters, 'ink lowers the output', 'raises it')
    return ax


def _show_signed(
    grid: Grid, ax: 'Axes', pictures: np.ndarray, negative: str, positive: str
) -> None:
    """Shows numbers of both signs, and a key of their colors."""
    largest = float(np.abs(pictures).max()) or 1.0
    grid.show(ax, pictures, cmap=_CMAP, vmin=-largest, vmax=largest)
    grid.draw_key(ax, _CMAP, largest, negative, positive)
