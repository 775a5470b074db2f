"""Digits side by side, with their labels or with a network's predictions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mnist_tut import errors
from mnist_tut.plots import figure
from mnist_tut.plots.grid import Grid

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE = 28  # width and height of a digit


def digit_grid(
    images: np.ndarray,
    columns: int | None = None,
    labels: Sequence[Any] | np.ndarray | None = None,
    ax: 'Axes | None' = None,
    title: str | None = None,
    white_on_black: bool = False,
) -> 'Axes':
    """Draws digits side by side, black on white.

    Args:
        images: [N, 28, 28], [N, 784] or [N, 28, 28, 1]; uint8, or float in [0, 1].
        columns: Digits in a row; a square, or nearly so, if None.
        labels: Texts above the digits: N numbers or strings.
        ax: Axes to draw on.
        title: Title of the whole plot.
        white_on_black: Whether to draw them as the lecture does.

    Returns:
        The Axes.

    Raises:
        errors.DataError: If the arrays are not of these shapes.
    """
    pixels = _as_pixels(images)
    if labels is not None:
        figure.check_length(len(pixels), labels=labels)
    columns = columns or int(np.ceil(np.sqrt(len(pixels))))
    grid = Grid(len(pixels), columns, _SIDE, gap=4, label=0 if labels is None else 8)
    ax = ax or grid.new_axes(3, 14, title=title is not None)
    shades = pixels if white_on_black else 1 - pixels
    grid.show(ax, shades, cmap='gray', vmin=0, vmax=1)
    if title is not None:
        grid.write_title(ax, title)
    for i, label in enumerate([] if labels is None else labels):
        grid.write_label(ax, i, str(label))
    return ax


def prediction_grid(
    images: np.ndarray,
    predictions: np.ndarray,
    labels: np.ndarray,
    rows: int = 12,
    columns: int = 15,
    seed: int | None = None,
    ax: 'Axes | None' = None,
    title: str | None = None,
) -> 'Axes':
    """Draws randomly chosen digits with the prediction above each.

    A wrong one is inverted, white on black, with the true label in parentheses.

    Args:
        images: [N, 28, 28], [N, 784] or [N, 28, 28, 1]; uint8, or float in [0, 1].
        predictions: Integers [N], predicted labels.
        labels: Integers [N], true labels.
        rows: Rows of digits.
        columns: Digits in a row.
        seed: Seed of the choice; None for a random one.
        ax: Axes to draw on.
        title: Title of the whole plot; a legend if None.

    Returns:
        The Axes.

    Raises:
        errors.DataError: If the arrays are not of these shapes.

    Source:
        MNIST Tutorial, In [150].
    """
    pixels = _as_pixels(images)
    figure.check_length(len(pixels), predictions=predictions, labels=labels)
    size = min(rows * columns, len(pixels))
    chosen = np.random.default_rng(seed).choice(len(pixels), size, replace=False)
    wrong = np.asarray(predictions)[chosen] != np.asarray(labels)[chosen]
    shades = np.where(wrong[:, None, None], pixels[chosen], 1 - pixels[chosen])

    grid = Grid(size, columns, _SIDE, gap=3, label=8)
    ax = ax or grid.new_axes(3, 14, title=True)
    grid.show(ax, shades, cmap='gray', vmin=0, vmax=1)
    if title is None:
        title = (
            f'Predictions for {size:,} of {len(pixels):,} digits; {wrong.sum():,} of '
            'them wrong: white on black, the true label in parentheses'
        )
    grid.write_title(ax, title)
    for i, index in enumerate(chosen):
        text = f'Guess: {predictions[index]}'
        if wrong[i]:
            text += f' ({labels[index]})'
        grid.write_label(ax, i, text, weight='bold' if wrong[i] else 'normal')
    return ax


def _as_pixels(images: np.ndarray) -> np.ndarray:
    """Returns float [N, 28, 28], pixel values in [0, 1]; 0 is background."""
    images = np.asarray(images)
    if images.size == 0 or images.shape[1:] not in (
        (_SIDE, _SIDE),
        (_SIDE * _SIDE,),
        (_SIDE, _SIDE, 1),
    ):
        raise errors.DataError(
            f'images of shape {list(images.shape)}; expected [N, {_SIDE}, {_SIDE}], '
            f'[N, {_SIDE * _SIDE}] or [N, {_SIDE}, {_SIDE}, 1] with N at least 1'
        )
    scale = 255.0 if images.dtype == np.uint8 else 1.0
    return images.reshape(-1, _SIDE, _SIDE) / scale
