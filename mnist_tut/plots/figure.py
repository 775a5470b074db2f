"""What all plots share: figures, their style, and the files that they become.

matplotlib is imported in a function, not here: in a fresh environment the import takes
seconds and prints a message about fonts, and most runs draw nothing.
"""

import io
import os
from typing import TYPE_CHECKING

from mnist_tut import errors, files

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 100
MIN_PIXELS = 1200  # of a saved picture's longer side: sharp on a projector
BLACK = '#222222'
MUTED = '#767676'  # still readable on white
# Okabe and Ito's colors, which color-blind people can tell apart, too.
COLORS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7')
BLUE = COLORS[0]

TITLE_SIZE, LABEL_SIZE, TICK_SIZE = 15, 13, 12  # points


def new_axes(width: float, height: float) -> 'Axes':
    """Returns the Axes of a new figure of this size in inches."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
    figure = Figure((width, height), dpi=DPI, layout=layout)
    return figure.add_subplot()


def new_bare_axes(width: float, height: float, top: float, bottom: float) -> 'Axes':
    """Returns Axes of this size in inches, with room above and below and no other."""
    from matplotlib.figure import Figure

    total = top + height + bottom
    figure = Figure((width, total), dpi=DPI)
    return figure.add_axes((0, bottom / total, 1, height / total))


def style_curves(ax: 'Axes', title: str, xlabel: str, ylabel: str) -> None:
    """Gives Axes with curves their title, labels and grid."""
    from matplotlib import ticker

    ax.set_title(title, fontsize=TITLE_SIZE, color=BLACK, loc='left', pad=12)
    ax.set_xlabel(xlabel, fontsize=LABEL_SIZE)
    ax.set_ylabel(ylabel, fontsize=LABEL_SIZE)
    ax.tick_params(labelsize=TICK_SIZE)
    ax.margins(x=0.01)
    ax.spines[['top', 'right']].set_visible(False)
    ax.grid(axis='y', color='#e6e6e6')
    ax.set_axisbelow(True)
    whole = ticker.MaxNLocator('auto', steps=[1, 2, 2.5, 5, 10], integer=True)
    ax.xaxis.set_major_locator(whole)  # 2.5 is no step
    ax.xaxis.set_major_formatter('{x:,.0f}')


def fitting_size(text: str, width: float, largest: float) -> float:
    """Returns the largest font size, in points, at which `text` fits `width` inches."""
    average = 0.62  # width of a character, in its size
    return min(largest, 72 * width / (average * max(len(text), 1)))


def check_length(number: int, **arrays: object) -> None:
    """Raises DataError unless each of the named arrays has `number` items."""
    for name, array in arrays.items():
        if (length := len(array)) != number:  # type: ignore[arg-type]
            raise errors.DataError(
                f'{length} {name} for {number} images; expected one for each'
            )


def save(ax: 'Axes', directory: str | os.PathLike, name: str) -> str:
    """Writes the figure of `ax` as PNG; the same figure gives the same bytes.

    Its longer side has at least MIN_PIXELS pixels: a smaller figure is enlarged by a
    whole number, so that the pixels of its digits stay of one size.

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
    longer = round(max(figure.get_size_inches()) * figure.dpi)
    dpi = figure.dpi * -(-MIN_PIXELS // longer)
    picture = io.BytesIO()
    # By default matplotlib writes its version into the file.
    figure.savefig(picture, format='png', dpi=dpi, metadata={'Software': None})
    files.write_bytes(path, picture.getvalue())
    return path
