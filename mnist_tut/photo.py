"""Tells the ink of a digit from paper, shadows, ruled lines and specks.

`gray` is float32 [H, W], 0 for black to 1 for white; `ink` is float32 [H, W], 0 for
paper to 1 for full ink. Lengths are in pixels.
"""

from typing import NamedTuple

from mnist_tut import errors

import numpy as np

# In a picture with a side shorter than this every pixel counts.
_SMALL_SIDE = 100
# A dark thing wider than this part of the shorter side is not a stroke but background:
# a shadow, or the table beyond the paper.
_WIDEST_STROKE = 0.3
# Ink must swallow this part of the light at least, and stand out of the paper's noise.
_FAINTEST_INK = 0.1
_NOISE_FACTOR = 6


def find_ink(gray: np.ndarray) -> np.ndarray:
    """Returns how much of the light each pixel swallows, float32 [H, W], about [0, 1].

    The background is what is left when everything that is not much broader than the
    strokes is wiped away; it follows shadows and the edge of the paper.

    Raises:
        errors.DataError: If nothing stands out.
    """
    # Grain, and the dots of a fax, are no ink; where pixels are few, they may be.
    large = min(gray.shape) > _SMALL_SIDE
    picture, radius = _turn_dark_on_light(_blur(gray, 1) if large else gray)
    background = _wipe(picture, radius)
    # Smooth, but not so that the light of the paper spills over its edge.
    background = np.minimum(background, _blur(background, radius // 4))
    swallowed = 1 - picture / np.maximum(background, 0.05)

    # Half of the pixels or more are paper. What they differ by is noise.
    paper = float(np.median(swallowed))
    noise = 1.48 * float(np.median(np.abs(swallowed - paper)))
    strongest = _strongest(swallowed)
    if strongest - paper < max(_FAINTEST_INK, _NOISE_FACTOR * noise):
        raise errors.DataError('no ink in it; expected a digit that stands out')
    full = np.percentile(swallowed[swallowed > (paper + strongest) / 2], 70)
    floor = paper + 2 * noise
    ink = (swallowed - floor) / (full - floor)
    return np.clip(2 * ink - 0.5 if large else ink, 0, 1)  # edges are sharp again


def _turn_dark_on_light(gray: np.ndarray) -> tuple[np.ndarray, int]:
    """Finds out whether the ink is dark or light, and how broad its strokes are.

    A stroke is what is long and narrow: a small window wipes it away, and leaves the
    paper, the shadows and most holes of an 8. So count for windows of each size what
    goes away. That area divided by the width is a length. Divided by a little more, so
    that a sheet of paper on a table does not count as a very broad light stroke, it is
    larger for the ink's side.

    Args:
        gray: float32 [H, W].

    Returns:
        picture: gray, or its negative, so that the ink is dark.
        radius: Of a window that wipes all of the strokes away.
    """
    widest = max(1, round(_WIDEST_STROKE * min(gray.shape) / 2))
    radii = np.array(sorted({min(round(1.4**step), widest) for step in range(20)}))
    sides = (gray, 1 - gray)
    threshold = 0.3 * max(_strongest(_wipe(side, widest) - side) for side in sides)
    wiped = np.array(
        [
            [(_wipe(side, radius) - side > threshold).sum() for radius in radii]
            for side in sides
        ]
    )
    dark, light = (wiped / radii**1.5).max(axis=1)
    side = int(light > dark)
    # Blots and crossings are broader than the stroke.
    radius = 3 * int(radii[(wiped[side] / radii).argmax()])
    return sides[side], min(radius, widest)


def _wipe(picture: np.ndarray, radius: int) -> np.ndarray:
    """Returns the picture without its dark parts that are narrower than the window.

    A closing: the largest in each window, then of that the smallest.
    """
    return -largest_around(-largest_around(picture, radius), radius)


def _strongest(values: np.ndarray) -> float:
    """Returns the mean of the largest thousandth: the largest, but for odd pixels."""
    return float(np.sort(values, axis=None)[-max(1, values.size // 1000) :].mean())


class _Piece(NamedTuple):
    """A connected piece of ink: its box, and how many pixels it has."""

    label: int
    top: int
    left: int
    bottom: int
    right: int
    size: int


def isolate_digit(ink: np.ndarray) -> np.ndarray:
    """Returns the digit's ink alone: specks and what is at the edges are gone.

    The largest piece is the digit, with every piece that is near it and not tiny: the
    bar of a 5, a stroke where the pen skipped.
    """
    labels, pieces = _find_pieces(ink > 0.5)
    height, width = ink.shape
    pieces.sort(key=lambda piece: -piece.size)
    inside = [
        piece
        for piece in pieces
        if piece.top > 0
        and piece.left > 0
        and piece.bottom < height
        and piece.right < width
    ]
    # A table or a thumb at the edge goes; a digit cut out so closely that it is at the
    # edge itself stays.
    if inside and inside[0].size > 0.05 * pieces[0].size:
        pieces = inside
    kept = pieces[:1]
    rest = [piece for piece in pieces if piece.size >= 0.02 * kept[0].size][1:]
    while near := [piece for piece in rest if _is_near(piece, kept)]:
        kept += near
        rest = [piece for piece in rest if piece not in near]
    mask = np.isin(labels, [piece.label for piece in kept])
    # The gray edge of the strokes is below the threshold and still theirs.
    reach = max(2, round(0.03 * max(_extent(kept))))
    return ink * (largest_around(mask.astype(np.float32), reach) > 0)


def _extent(pieces: list[_Piece]) -> tuple[int, int]:
    """Returns height and width of the box around all pieces."""
    return (
        max(piece.bottom for piece in pieces) - min(piece.top for piece in pieces),
        max(piece.right for piece in pieces) - min(piece.left for piece in pieces),
    )


def _is_near(piece: _Piece, kept: list[_Piece]) -> bool:
    """Returns whether `piece` is within a quarter of the digit's size from it."""
    limit = 0.25 * max(_extent(kept))
    return any(
        max(piece.top - other.bottom, other.top - piece.bottom) <= limit
        and max(piece.left - other.right, other.left - piece.right) <= limit
        for other in kept
    )


def _find_pieces(mask: np.ndarray) -> tuple[np.ndarray, list[_Piece]]:
    """Finds connected pieces, diagonal neighbors included.

    Each row is cut into runs; a run joins the runs of the row above that it touches.

    Args:
        mask: bool [H, W].

    Returns:
        labels: int [H, W], -1 outside of the mask.
        pieces: The pieces, at least one pixel each.
    """
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    parent = list(range(len(rows)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    first_of_row = np.searchsorted(rows, np.arange(mask.shape[0] + 1)).tolist()
    for row in range(1, mask.shape[0]):
        above, stop_above = first_of_row[row - 1], first_of_row[row]
        run, stop = first_of_row[row], first_of_row[row + 1]
        while above < stop_above and run < stop:
            if starts[above] <= ends[run] and starts[run] <= ends[above]:
                parent[root(run)] = root(above)
            if ends[above] < ends[run]:
                above += 1
            else:
                run += 1

    labels = np.full(mask.shape, -1)
    roots = np.array([root(run) for run in range(len(rows))], int)
    for run, start, end in zip(range(len(rows)), starts, ends, strict=True):
        labels[rows[run], start:end] = roots[run]
    pieces = []
    for label in np.unique(roots):
        of = roots == label
        pieces.append(
            _Piece(
                label=int(label),
                top=int(rows[of].min()),
                left=int(starts[of].min()),
                bottom=int(rows[of].max()) + 1,
                right=int(ends[of].max()),
                size=int((ends[of] - starts[of]).sum()),
            )
        )
    return labels, pieces


def largest_around(picture: np.ndarray, radius: int) -> np.ndarray:
    """Returns the largest value within `radius` rows and columns of each pixel."""
    for _ in 'rows', 'columns':
        picture = np.pad(picture, [(radius, radius), (0, 0)], constant_values=-np.inf)
        length, window = 1, 2 * radius + 1
        while length < window:  # two windows make one of twice the length
            step = min(length, window - length)
            picture = np.maximum(picture[:-step], picture[step:])
            length += step
        picture = picture.T
    return picture


def _blur(picture: np.ndarray, radius: int) -> np.ndarray:
    """Returns the mean of 2 * radius + 1 rows and columns, twice: almost Gaussian."""
    window = 2 * radius + 1
    for _ in range(4):
        ends = [(radius + 1, radius), (0, 0)]
        sums = np.cumsum(np.pad(picture, ends, mode='edge'), axis=0, dtype=np.float64)
        picture = ((sums[window:] - sums[:-window]) / window).T
    return picture.astype(np.float32)
