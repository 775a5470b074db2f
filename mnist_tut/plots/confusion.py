"""The confusion matrix: which digits are taken for which."""

from typing import TYPE_CHECKING

from mnist_tut import errors
from mnist_tut.plots import figure

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def confusion_matrix(
    labels: np.ndarray, predictions: np.ndarray, ax: 'Axes | None' = None
) -> 'Axes':
    """Draws the confusion matrix; only mistakes are colored.

    Args:
        labels: Integers [N], 0 to 9, true labels: the rows.
        predictions: Integers [N], 0 to 9, predicted labels: the columns.
        ax: Axes to draw on.

    Returns:
        The Axes.

    Raises:
        errors.DataError: If the arrays are not N digits each.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    figure.check_length(len(labels), predictions=predictions)
    for digits in (labels, predictions):
        if digits.ndim != 1 or digits.size == 0 or not np.isin(digits, range(10)).all():
            raise errors.DataError(
                f'array of shape {list(digits.shape)}; expected digits 0 to 9, [N]'
            )
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (labels.astype(int), predictions.astype(int)), 1)
    right = int(np.trace(counts))
    mistakes = np.where(np.eye(10, dtype=bool), np.nan, counts)

    if ax is None:
        ax = figure.new_axes(7.6, 7.6)
    most = max(np.nanmax(mistakes), 1)
    ax.imshow(mistakes, cmap='Oranges', vmin=0, vmax=most)
    for row, column in np.argwhere(counts):
        color = figure.BLACK if row != column else figure.MUTED
        if mistakes[row, column] > 0.6 * most:
            color = 'white'
        ax.text(
            column,
            row,
            f'{counts[row, column]:,}',
            ha='center',
            va='center',
            color=color,
            fontsize=figure.TICK_SIZE,
        )
    ax.set_xticks(range(10))
    ax.set_yticks(range(10))
    ax.tick_params(length=0, labelsize=figure.LABEL_SIZE)
    ax.spines[:].set_visible(False)
    ax.set_xlabel('predicted label', fontsize=figure.LABEL_SIZE)
    ax.set_ylabel('true label', fontsize=figure.LABEL_SIZE)
    ax.set_title(
        f'{right:,} of {counts.sum():,} right ({100 * right / counts.sum():.2f} %)',
        fontsize=figure.TITLE_SIZE,
        color=figure.BLACK,
        pad=12,
    )
    return ax
