"""Square pictures of one size in rows, as one image."""

from typing import TYPE_CHECKING, Any

from mnist_tut.plots import figure

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 900  # pixels that a grid should have on the screen, if they are not too large
_TITLE_INCHES = 0.55
_KEY_INCHES = 0.55


class Grid:
    """Square pictures of one size in rows, with room for a label above each.

    They are one image on one Axes: drawing 180 Axes takes 100 times as long.
    Lengths are in pixels of the pictures.
    """

    def __init__(self, number: int, columns: int, side: int, gap: int, label: int = 0):
        """Plans `number` pictures of `side` x `side`, with `label` lines above each."""
        self._columns = min(columns, number)
        self._side = side
        self._gap = gap
        self._label = label
        rows = -(-number // self._columns)
        self._height = rows * (side + label + gap) + gap
        self._width = self._columns * (side + gap) + gap
        self._scale = 3.0  # pixels of the screen for one of the pictures

    def new_axes(
        self, least: int, most: int, title: bool = False, key: bool = False
    ) -> 'Axes':
        """Returns the Axes of a new figure.

        Args:
            least: Smallest number of the screen's pixels, in a row, for one of ours.
            most: Largest number.
            title: Whether to leave room for a title.
            key: Whether to leave room for a key.
        """
        self._scale = min(max(least, round(_WIDTH / self._width)), most)
        return figure.new_bare_axes(
            self._width * self._scale / figure.DPI,
            self._height * self._scale / figure.DPI,
            top=_TITLE_INCHES if title else 0.0,
            bottom=_KEY_INCHES if key else 0.0,
        )

    def show(self, ax: 'Axes', pictures: np.ndarray, **settings: Any) -> None:
        """Draws the pictures; `settings` are those of imshow."""
        canvas = np.full((self._height, self._width), np.nan)
        for i, picture in enumerate(pictures):
            row, column = self._corner(i)
            canvas[row : row + self._side, column : column + self._side] = picture
        ax.imshow(canvas, interpolation='nearest', **settings)
        ax.set_axis_off()

    def write_title(self, ax: 'Axes', text: str) -> None:
        """Writes `text` above all pictures."""
        width = 0.96 * self._inches(self._width)
        size = figure.fitting_size(text, width, figure.TITLE_SIZE)
        ax.set_title(text, fontsize=size, color=figure.BLACK)

    def write_label(self, ax: 'Axes', i: int, text: str, **settings: Any) -> None:
        """Writes `text` above picture `i`."""
        row, column = self._corner(i)
        width = self._inches(self._side + self._gap)
        size = figure.fitting_size(text, width, 3 * self._scale)
        ax.text(
            column + self._side / 2 - 0.5,
            row - 2,
            text,
            ha='center',
            va='baseline',
            fontsize=size,
            color=figure.BLACK,
            **settings,
        )

    def draw_key(
        self, ax: 'Axes', cmap: str, largest: float, negative: str, positive: str
    ) -> None:
        """Draws a bar of the colors below all pictures, with a text at each end.

        Args:
            ax: Axes of the pictures.
            cmap: Their colormap, from -largest to largest.
            largest: Number at the bar's right end.
            negative: What a number below 0 means.
            positive: What a number above 0 means.
        """
        parent = ax.get_figure(root=True)
        assert parent is not None
        inches = ax.get_position().height * parent.get_size_inches()[1]
        bar = ax.inset_axes((0.4, -0.36 / inches, 0.2, 0.16 / inches))
        bar.imshow(np.linspace(-1, 1, 256)[None], cmap=cmap, aspect='auto')
        bar.set_axis_off()
        for x, text, side in (
            (0.39, f'{negative}   \N{MINUS SIGN}{largest:.2g}', 'right'),
            (0.61, f'+{largest:.2g}   {positive}', 'left'),
        ):
            ax.text(
                x,
                -0.28 / inches,
                text,
                transform=ax.transAxes,
                ha=side,
                va='center',
                fontsize=figure.TICK_SIZE,
                color=figure.BLACK,
            )

    def _corner(self, i: int) -> tuple[int, int]:
        """Returns row and column of the upper left pixel of picture `i`."""
        row, column = divmod(i, self._columns)
        return (
            self._gap + self._label + row * (self._side + self._label + self._gap),
            self._gap + column * (self._side + self._gap),
        )

    def _inches(self, pixels: int) -> float:
        return pixels * self._scale / figure.DPI
