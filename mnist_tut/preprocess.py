"""Makes a photo or a drawing of a digit what the makers of MNIST would have made of it.

MNIST's digits were cut out of scanned forms, black on white without a gray, fitted into
a box of 20 x 20 with their proportions kept, which made the edges gray, and placed in
28 x 28 so that the center of mass is in the middle. A photo has to be brought that far
first: shadows and paper go, ink stays.

NumPy and Pillow are all that it needs. Lengths are in pixels, `ink` is float32 [H, W]
with 0 for paper and 1 for full ink.
"""

import os
import warnings
from typing import NamedTuple

from mnist_tut import errors, files

import numpy as np
from PIL import Image, ImageOps

SIDE = 28
BOX = 20

# Photos are shrunk to this many pixels on the longer side: strokes are well above one
# pixel still, and everything below takes a fraction of a second.
_WORK_SIDE = 400
# In a picture with a side shorter than this every pixel counts.
_SMALL_SIDE = 100
# A dark thing wider than this part of the shorter side is not a stroke but background:
# a shadow, or the table beyond the paper.
_WIDEST_STROKE = 0.3
# Ink must swallow this part of the light at least, and stand out of the paper's noise.
_FAINTEST_INK = 0.1
_NOISE_FACTOR = 6
# Strokes thinner than this in the box of 20 x 20 are thickened to it: the thinnest pens
# of MNIST. A ball pen in a large digit would be a shade of gray otherwise.
_THINNEST_STROKE = 1.7


def read(path: str | os.PathLike) -> np.ndarray:
    """Reads a PNG or JPEG file of one digit as an image like MNIST's.

    Dark ink on light paper or light on dark, uneven light, transparent background,
    colors, 16 bits, any size: all of it may be.

    Args:
        path: Path of the file.

    Returns:
        uint8 [28, 28]; 0 is background, 255 is ink.

    Raises:
        errors.DataError: If it is not such a file, is damaged, or shows no ink.
    """
    gray = _read_gray(path)
    try:
        return from_gray(gray)
    except errors.DataError as error:
        raise errors.DataError(f'{errors.show_path(path)}: {error}') from error


def from_gray(gray: np.ndarray) -> np.ndarray:
    """Makes a picture of one digit an image like MNIST's.

    Args:
        gray: float [H, W], 0 for black to 1 for white.

    Returns:
        uint8 [28, 28]; 0 is background, 255 is ink.

    Raises:
        errors.DataError: If the picture shows no ink.
    """
    ink = _isolate(_find_ink(np.asarray(gray, np.float32)))
    return _center(_fit(_thicken(ink)))


def _read_gray(path: str | os.PathLike) -> np.ndarray:
    """Returns the picture in grays, float32 [H, W], at most _WORK_SIDE long."""
    where = errors.show_path(path)
    expected = 'expected a PNG or JPEG file of one digit'
    try:
        with files.open_regular(path) as file, warnings.catch_warnings():
            # What would take more than Pillow's limit is refused by its header alone.
            warnings.simplefilter('error', Image.DecompressionBombWarning)
            # Odd metadata is nobody's business here.
            warnings.simplefilter('ignore', UserWarning)
            with Image.open(file, formats=('PNG', 'JPEG')) as image:
                image.draft(None, (2 * _WORK_SIDE, 2 * _WORK_SIDE))
                return _to_gray(image)
    except errors.DataError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise errors.DataError(
            f'{where}: more than {Image.MAX_IMAGE_PIXELS:,} pixels; {expected}; make '
            'it smaller'
        ) from error
    except Image.UnidentifiedImageError as error:
        raise errors.DataError(
            f'{where}: not a PNG or JPEG file; {expected}'
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        # Pillow's plugins raise all of these where a file breaks off or lies.
        reason = ' '.join(str(error).split())
        raise errors.DataError(
            f'{where}: cannot be read: {reason}; {expected}'
        ) from error


def _to_gray(image: Image.Image) -> np.ndarray:
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith('I'):  # 16 bits, which Pillow cannot shrink as they are
        image = Image.fromarray(np.asarray(image, np.float32) / 257)
    elif image.has_transparency_data:
        image = image.convert('RGBA')
    elif image.mode != 'L':
        image = image.convert('RGB')
    factor = -(-max(image.size) // _WORK_SIDE)
    image = image.reduce(factor)
    if image.mode == 'RGBA':
        return _on_background(image)
    return _most_contrast(np.asarray(image, np.float32) / 255)


def _most_contrast(colors: np.ndarray) -> np.ndarray:
    """Returns luminance, or the one color in which much more can be seen: a yellow pen.

    colors [H, W] or [H, W, 3] -> [H, W]
    """
    if colors.ndim == 2:
        return colors
    luminance = colors @ np.array([0.299, 0.587, 0.114], np.float32)
    views = [luminance, *np.moveaxis(colors, 2, 0)]
    low, middle, high = np.percentile(views, [0.5, 50, 99.5], axis=(1, 2))
    contrast = np.maximum(high - middle, middle - low)
    return views[contrast.argmax()] if contrast.max() > 1.5 * contrast[0] else luminance


def _on_background(image: Image.Image) -> np.ndarray:
    """Puts what is transparent on a background that the rest stands out of."""
    alpha = np.asarray(image.getchannel('A'), np.float32) / 255
    gray = np.asarray(image.convert('RGB').convert('F'), np.float32) / 255
    mean = float((gray * alpha).sum() / max(alpha.sum(), 1))
    # Where most is opaque, that is the paper, and the transparent rest is no ink.
    background = mean if alpha.mean() > 0.6 else float(mean < 0.5)
    return gray * alpha + background * (1 - alpha)


def _find_ink(gray: np.ndarray) -> np.ndarray:
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
    return -_largest_around(-_largest_around(picture, radius), radius)


def _strongest(values: np.ndarray) -> float:
    """Returns the mean of the largest thousandth: the largest, but for odd pixels."""
    return float(np.sort(values, axis=None)[-max(1, values.size // 1000) :].mean())


class _Piece(NamedTuple):
    """A connected piece of ink: its box, how much ink, whether it meets the edge."""

    label: int
    top: int
    left: int
    bottom: int
    right: int
    size: int


def _isolate(ink: np.ndarray) -> np.ndarray:
    """Returns the digit's ink alone: specks and what is at the edges are gone.

    The largest piece is the digit, with every piece that is near it and not tiny: the
    bar of a 5, a stroke where the pen skipped.
    """
    labels, pieces = _find_pieces(ink > 0.5)
    height, width = ink.shape
    inside = [
        piece
        for piece in pieces
        if piece.top > 0
        and piece.left > 0
        and piece.bottom < height
        and piece.right < width
    ]
    largest = max(piece.size for piece in pieces)
    if inside and max(piece.size for piece in inside) > 0.05 * largest:
        pieces = inside
    pieces.sort(key=lambda piece: -piece.size)
    kept = pieces[:1]
    rest = [piece for piece in pieces if piece.size >= 0.02 * kept[0].size][1:]
    while near := [piece for piece in rest if _is_near(piece, kept)]:
        kept += near
        rest = [piece for piece in rest if piece not in near]
    mask = np.isin(labels, [piece.label for piece in kept])
    # The gray edge of the strokes is below the threshold and still theirs.
    reach = max(2, round(0.03 * max(_extent(kept))))
    return ink * (_largest_around(mask.astype(np.float32), reach) > 0)


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


def _box(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Returns top, left, bottom and right of what is not next to nothing."""
    rows, columns = (np.nonzero(ink.max(axis=axis) > 0.05)[0] for axis in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _thicken(ink: np.ndarray) -> np.ndarray:
    """Thickens strokes that would be too thin in the box."""
    top, left, bottom, right = _box(ink)
    thinnest = _THINNEST_STROKE * max(bottom - top, right - left) / BOX
    # A stroke of width w has w ink and two edges for each pixel of its length.
    ink = np.pad(ink, 1)
    black = (ink > 0.5).astype(np.float32)
    width = 2 * float(black.sum() / np.hypot(*np.gradient(black)).sum())
    missing = (thinnest - width) / 2  # on each side
    if missing <= 0:
        return ink
    ink = np.pad(ink, int(missing) + 1)
    # Between two whole numbers of pixels, something of both.
    part = missing - int(missing)
    less, more = (_largest_around(ink, int(missing) + extra) for extra in (0, 1))
    return (1 - part) * less + part * more


def _fit(ink: np.ndarray) -> np.ndarray:
    """Fits the ink into a box of 20 x 20, proportions kept and edges gray.

    Returns:
        float32 [h, w], the larger of both 20.
    """
    top, left, bottom, right = _box(ink)
    scale = max(bottom - top, right - left) / BOX
    height, width = (int(np.ceil(n / scale)) for n in (bottom - top, right - left))
    # The shorter side is not a whole number of pixels: some paper goes with the ink.
    margin = int(scale) + 1
    x = margin + (left + right - width * scale) / 2
    y = margin + (top + bottom - height * scale) / 2
    picture = Image.fromarray(np.pad(ink, margin))
    box = (x, y, x + width * scale, y + height * scale)
    return np.asarray(picture.resize((width, height), Image.Resampling.HAMMING, box))


def _center(digit: np.ndarray) -> np.ndarray:
    """Places the digit in 28 x 28 by its center of mass, in whole pixels.

    MNIST's centers of mass lie at pixel 14 of 0 to 27, give or take half a pixel.
    """
    digit = np.clip(digit, 0, 1)
    image = np.zeros((SIDE, SIDE), np.uint8)
    corner = []
    for axis, length in enumerate(digit.shape):
        ink = digit.sum(axis=1 - axis)
        center = float((ink * np.arange(length)).sum() / ink.sum())
        corner.append(min(max(round(SIDE / 2 - center), 0), SIDE - length))
    (top, left), (height, width) = corner, digit.shape
    image[top : top + height, left : left + width] = np.rint(255 * digit)
    return image


def _largest_around(picture: np.ndarray, radius: int) -> np.ndarray:
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
