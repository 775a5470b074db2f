"""Plots of digits, predictions, losses and weights: arrays in, Axes out.

Nothing is shown and no global state of matplotlib is touched: each function draws on
the Axes that it is given, or on a new figure of its own, and returns the Axes. `save`
writes its figure; a notebook displays `ax.figure`.

matplotlib is imported in a function, not here: in a fresh environment the import takes
seconds and prints a message about fonts, and most runs draw nothing.
"""

import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mnist_tut import errors, files

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE = 28  # width and height of a digit
_DPI = 100
_BLACK = '#222222'
_MUTED = '#8a8a8a'
_BLUE = '#1f5fa8'


def digit_grid(
    images: np.ndarray,
    columns: int | None = None,
    labels: Sequence[Any] | np.ndarray | None = None,
    ax: 'Axes | None' = None,
) -> 'Axes':
    """Draws digits side by side, black on white.

    Args:
        images: [N, 28, 28], [N, 784] or [N, 28, 28, 1]; uint8, or float in [0, 1].
        columns: Digits in a row; a square, or nearly so, if None.
        labels: Titles above the digits: N numbers or strings.
        ax: Axes to draw on.

    Returns:
        The Axes.

    Raises:
        errors.DataError: If the arrays are not of these shapes.
    """
    pixels = _as_pixels(images)
    if labels is not None:
        _check_length(len(pixels), labels=labels)
    columns = columns or int(np.ceil(np.sqrt(len(pixels))))
    grid = _Grid(len(pixels), columns, _SIDE, gap=4, title=0 if labels is None else 8)
    ax = ax or grid.new_axes(pixels=3)
    grid.show(ax, 1 - pixels, cmap='gray', vmin=0, vmax=1)
    for i, label in enumerate([] if labels is None else labels):
        grid.write_title(ax, i, str(label))
    return ax


def prediction_grid(
    images: np.ndarray,
    predictions: np.ndarray,
    labels: np.ndarray,
    rows: int = 12,
    columns: int = 15,
    seed: int | None = None,
    ax: 'Axes | None' = None,
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

    Returns:
        The Axes.

    Raises:
        errors.DataError: If the arrays are not of these shapes.

    Source:
        MNIST Tutorial, In [150].
    """
    pixels = _as_pixels(images)
    _check_length(len(pixels), predictions=predictions, labels=labels)
    size = min(rows * columns, len(pixels))
    chosen = np.random.default_rng(seed).choice(len(pixels), size, replace=False)
    wrong = np.asarray(predictions)[chosen] != np.asarray(labels)[chosen]
    shades = np.where(wrong[:, None, None], pixels[chosen], 1 - pixels[chosen])

    grid = _Grid(size, columns, _SIDE, gap=3, title=8)
    ax = ax or grid.new_axes(pixels=3)
    grid.show(ax, shades, cmap='gray', vmin=0, vmax=1)
    for i, index in enumerate(chosen):
        text = f'Guess: {predictions[index]}'
        if wrong[i]:
            text += f' ({labels[index]})'
        grid.write_title(ax, i, text, weight='bold' if wrong[i] else 'normal')
    return ax


def loss_curve(
    losses: Sequence[float] | np.ndarray,
    steps: Sequence[int] | np.ndarray | None = None,
    ax: 'Axes | None' = None,
) -> 'Axes':
    """Draws the loss of each step, and its running mean where there are many steps.

    The axis is logarithmic where the mean falls to a tenth or less.

    Args:
        losses: [N], in nats.
        steps: Integers [N]; 0 to N - 1 if None.
        ax: Axes to draw on.

    Returns:
        The Axes.

    Raises:
        errors.DataError: If the losses are not a row of numbers.
    """
    losses = np.asarray(losses, dtype=float)
    steps = np.arange(losses.size) if steps is None else np.asarray(steps)
    if losses.ndim != 1 or losses.shape != steps.shape:
        raise errors.DataError(
            f'losses of shape {list(losses.shape)} for steps of shape '
            f'{list(steps.shape)}; expected one number for each step'
        )
    if ax is None:
        ax = _new_axes(7, 4.2)
    window = max(1, len(losses) // 50)
    means = losses
    if window > 1:
        means = np.convolve(losses, np.full(window, 1 / window), mode='valid')
    if window == 1:
        ax.plot(steps, losses, color=_BLUE, linewidth=1.5)
    else:
        ax.plot(steps, losses, color=_BLUE, alpha=0.25, linewidth=0.6)
        middles = steps[window // 2 : window // 2 + len(means)]
        label = f'mean of {window:,} steps'
        ax.plot(middles, means, color=_BLUE, linewidth=1.8, label=label)
        ax.legend(frameon=False)
    ax.set_xlabel('step')
    ax.set_ylabel('loss (nats)')
    if len(losses) and 0 < 10 * means.min() < means.max():
        # On a linear axis all but the first steps would be flat at the bottom.
        ax.set_yscale('log')
        ax.set_ylim(bottom=means.min() / 4)
        ax.yaxis.set_major_formatter('{x:g}')
    else:
        ax.set_ylim(bottom=0)
    ax.margins(x=0.01)
    ax.spines[['top', 'right']].set_visible(False)
    ax.grid(axis='y', color='#e6e6e6')
    ax.set_axisbelow(True)
    ax.xaxis.set_major_formatter('{x:,.0f}')
    return ax


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
    _check_length(len(labels), predictions=predictions)
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
        ax = _new_axes(6.4, 6.4)
    most = max(np.nanmax(mistakes), 1)
    ax.imshow(mistakes, cmap='Oranges', vmin=0, vmax=most)
    for row, column in np.argwhere(counts):
        color = _BLACK if row != column else _MUTED
        if mistakes[row, column] > 0.6 * most:
            color = 'white'
        text = f'{counts[row, column]:,}'
        ax.text(column, row, text, ha='center', va='center', color=color)
    ax.set_xticks(range(10))
    ax.set_yticks(range(10))
    ax.tick_params(length=0, labelsize=11)
    ax.spines[:].set_visible(False)
    ax.set_xlabel('predicted label')
    ax.set_ylabel('true label')
    ax.set_title(
        f'{right:,} of {counts.sum():,} right ({100 * right / counts.sum():.2f} %)',
        fontsize=12,
    )
    return ax


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
    grid = _Grid(10, 5, _SIDE, gap=4, title=7, footer=6)
    ax = ax or grid.new_axes(pixels=5)
    _show_signed(grid, ax, pictures)
    footer = 'blue: ink here speaks for the digit        red: against it'
    grid.write_footer(ax, footer, fontsize=11, color=_MUTED)
    for digit in range(10):
        grid.write_title(ax, digit, str(digit), fontsize=13)
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
    grid = _Grid(len(filters), columns, side, gap=1)
    ax = ax or grid.new_axes(pixels=14 if inputs == 1 else 3)
    _show_signed(grid, ax, filters)
    return ax


def save(ax: 'Axes', directory: str | os.PathLike, name: str) -> str:
    """Writes the figure of `ax` as PNG; the same figure gives the same bytes.

    Args:
        ax: Axes of the figure.
        directory: Folder to write to; created if it is missing.
        name: File name, such as 'loss.png'.

    Returns:
        The path of the file.

    Raises:
        errors.DataError: If it cannot be written.
    """
    path = os.path.join(os.fspath(directory), name)
    figure = ax.get_figure(root=True)
    assert figure is not None, 'the Axes were removed from their figure'
    picture = io.BytesIO()
    # By default matplotlib writes its version into the file.
    figure.savefig(picture, format='png', metadata={'Software': None})
    files.write_bytes(path, picture.getvalue())
    return path


class _Grid:
    """Square pictures of one size in rows, with room for titles and a footer.

    They are one image on one Axes: drawing 180 Axes takes 100 times as long.
    Lengths are in pixels of the pictures.
    """

    def __init__(
        self,
        number: int,
        columns: int,
        side: int,
        gap: int,
        title: int = 0,
        footer: int = 0,
    ):
        self._number = number
        self._columns = min(columns, number)
        self._side = side
        self._gap = gap
        self._title = title
        rows = -(-number // self._columns)
        self._height = rows * (side + title + gap) + gap + footer
        self._width = self._columns * (side + gap) + gap

    def _corner(self, i: int) -> tuple[int, int]:
        """Returns row and column of the upper left pixel of picture `i`."""
        row, column = divmod(i, self._columns)
        return (
            self._gap + self._title + row * (self._side + self._title + self._gap),
            self._gap + column * (self._side + self._gap),
        )

    def new_axes(self, pixels: int) -> 'Axes':
        """Returns Axes on which each pixel gets `pixels` x `pixels` of the screen."""
        scale = pixels / _DPI
        return _new_axes(self._width * scale, self._height * scale, bare=True)

    def show(self, ax: 'Axes', pictures: np.ndarray, **settings: Any) -> None:
        """Draws the pictures; `settings` are those of imshow."""
        canvas = np.full((self._height, self._width), np.nan)
        for i, picture in enumerate(pictures):
            row, column = self._corner(i)
            canvas[row : row + self._side, column : column + self._side] = picture
        ax.imshow(canvas, interpolation='nearest', **settings)
        ax.set_axis_off()

    def write_title(self, ax: 'Axes', i: int, text: str, **settings: Any) -> None:
        """Writes `text` above picture `i`."""
        row, column = self._corner(i)
        self._write(ax, column + self._side / 2 - 0.5, row - 2, text, **settings)

    def write_footer(self, ax: 'Axes', text: str, **settings: Any) -> None:
        """Writes `text` below all pictures."""
        self._write(ax, self._width / 2, self._height - 2, text, **settings)

    def _write(
        self, ax: 'Axes', x: float, y: float, text: str, **settings: Any
    ) -> None:
        settings.setdefault('fontsize', 9)
        settings.setdefault('color', _BLACK)
        ax.text(x, y, text, ha='center', va='baseline', **settings)


def _new_axes(width: float, height: float, bare: bool = False) -> 'Axes':
    """Returns the Axes of a new figure, in inches; `bare` for no margins at all."""
    from matplotlib.figure import Figure

    if bare:
        figure = Figure((width, height), dpi=_DPI)
        return figure.add_axes((0, 0, 1, 1))
    figure = Figure((width, height), dpi=_DPI, layout='constrained')
    return figure.add_subplot()


def _show_signed(grid: _Grid, ax: 'Axes', pictures: np.ndarray) -> None:
    """Shows numbers of both signs: blue above 0, red below, white at 0."""
    largest = float(np.abs(pictures).max()) or 1.0
    grid.show(ax, pictures, cmap='RdBu', vmin=-largest, vmax=largest)


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


def _check_length(number: int, **arrays: Any) -> None:
    for name, array in arrays.items():
        if len(array) != number:
            raise errors.DataError(
                f'{len(array)} {name} for {number} images; expected one for each'
            )
