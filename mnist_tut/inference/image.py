"""Converts a picture of digits to MNIST's format.

MNIST's digits were cut out of scanned forms, black on white without gray, scaled to fit
a box of 20 x 20, which made their edges gray, and placed in 28 x 28 by their center of
mass. A photo or a drawing is converted likewise, after its background has been
removed (see `segment`).

Lengths are in pixels; `ink` is float32 [H, W], 0 for background to 1 for full ink.
"""

import contextlib
import os
import warnings
from collections.abc import Iterator

from mnist_tut import errors, files
from mnist_tut.inference import row, segment

import numpy as np
from PIL import Image, ImageOps

SIDE = 28
BOX = 20

# Photos are shrunk to this many pixels on the longer side: strokes are still wider than
# a pixel, and everything below takes a fraction of a second.
_WORK_SIDE = 400
_ROW_SIDE = 800  # with several digits in it
# Strokes thinner than this in the box of 20 x 20 are thickened to it, the thinnest pens
# of MNIST. A large digit in ballpoint would turn gray otherwise.
_THINNEST_STROKE = 1.7


def read(path: str | os.PathLike) -> np.ndarray:
    """Reads a picture of one digit, or of a row of them, in MNIST's format.

    Accepts what Pillow reads (of several frames the first), dark ink on light paper and
    light on dark, uneven light, transparent background, colors, 16 bits and any size.

    Args:
        path: Path of the file.

    Returns:
        uint8 [N, 28, 28], the digits from left to right; 0 is background, 255 is full
        ink.

    Raises:
        errors.DataError: If it is no picture, is damaged, shows no ink, or digits that
            cannot be told apart.
    """
    gray = _read_gray(path, _WORK_SIDE)
    try:
        digits = row.separate(segment.find_ink(gray))
        if len(digits) > 1:  # each of them has few pixels now
            digits = row.separate(segment.find_ink(_read_gray(path, _ROW_SIDE)))
        images = np.stack([_center(_fit(_thicken(ink))) for ink in digits])
        row.require_single(images)
    except errors.DataError as error:
        raise errors.DataError(f'{errors.printable(path)}: {error}') from error
    return images


def from_gray(gray: np.ndarray) -> np.ndarray:
    """Converts a picture of one digit to MNIST's format; other marks are left out.

    Args:
        gray: float [H, W], 0 for black to 1 for white.

    Returns:
        uint8 [28, 28]; 0 is background, 255 is full ink.

    Raises:
        errors.DataError: If the picture shows no ink.
    """
    ink = segment.isolate_digit(segment.find_ink(np.asarray(gray, np.float32)))
    return _center(_fit(_thicken(ink)))


def thumbnail(path: str | os.PathLike, width: int, height: int) -> Image.Image:
    """Returns a picture for people to look at, in RGB, at most that wide and tall.

    Raises:
        errors.DataError: If it is no picture, or damaged.
    """
    with _opened(path, max(width, height)) as image:
        small = ImageOps.exif_transpose(image)
        if small.mode[0] in 'IFL':  # LA and LAB have no colors to lose either
            small = Image.fromarray(np.uint8(255 * _to_gray(image, 2 * width)))
        elif small.has_transparency_data:
            paper = Image.new('RGBA', small.size, 'white')
            small = Image.alpha_composite(paper, small.convert('RGBA'))
        small = small.convert('RGB')
        small.thumbnail((width, height))
        return small


def is_picture(path: str | os.PathLike) -> bool:
    """Returns whether a file begins like a picture that Pillow reads."""
    try:
        with files.open_regular(path) as file, warnings.catch_warnings():
            warnings.simplefilter('ignore')
            Image.open(file, formats=_formats()).close()
    except (Image.UnidentifiedImageError, errors.DataError):
        return False
    except Exception:
        return True  # damaged, or too large: reading it says what is wrong
    return True


def _read_gray(path: str | os.PathLike, side: int) -> np.ndarray:
    """Returns the picture in gray, float32 [H, W], at most `side` on a side."""
    with _opened(path, side) as image:
        return _to_gray(image, side)


@contextlib.contextmanager
def _opened(path: str | os.PathLike, side: int) -> Iterator[Image.Image]:
    """Opens a picture of which at least `side` pixels on the longer side are needed.

    Raises:
        errors.DataError: If it cannot be opened, or the block fails to decode it.
    """
    where = errors.printable(path)
    expected = 'expected a picture of a digit, such as a PNG or JPEG file'
    try:
        with files.open_regular(path) as file, warnings.catch_warnings():
            # Pictures above Pillow's limit are refused before they are decoded.
            warnings.simplefilter('error', Image.DecompressionBombWarning)
            # Ignore metadata warnings.
            warnings.simplefilter('ignore', UserWarning)
            with Image.open(file, formats=_formats()) as image:
                image.draft(None, (2 * side, 2 * side))
                yield image
    except errors.DataError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise errors.DataError(
            f'{where}: more than {Image.MAX_IMAGE_PIXELS:,} pixels; {expected}; make '
            'it smaller'
        ) from error
    except Image.UnidentifiedImageError as error:
        raise errors.DataError(
            f'{where}: not a picture that Pillow reads; {expected}'
        ) from error
    except Exception as error:  # Pillow's plugins raise many kinds for damaged files
        reason = errors.printable(' '.join(str(error).split()) or type(error).__name__)
        raise errors.DataError(
            f'{where}: cannot be read: {reason}; {expected}'
        ) from error


def _formats() -> list[str]:
    """Returns all of Pillow's formats except EPS, which runs another program."""
    Image.init()
    return [name for name in Image.OPEN if name != 'EPS']


def _to_gray(image: Image.Image, side: int) -> np.ndarray:
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith('I'):  # 16 bits, which Pillow cannot shrink as they are
        image = Image.fromarray(np.asarray(image, np.float32) / 257)
    elif image.mode == 'F':  # without a fixed range
        levels = np.asarray(image)
        low, high = float(levels.min()), float(levels.max())
        image = Image.fromarray(
            (levels - low) * np.float32(255 / max(high - low, 1e-9))
        )
    elif image.has_transparency_data:
        image = image.convert('RGBA')
    elif image.mode == 'LAB':
        image = image.getchannel('L')
    elif image.mode != 'L':
        image = image.convert('RGB')
    factor = -(-max(image.size) // side)
    image = image.reduce(factor)
    if image.mode == 'RGBA':
        return _on_background(image)
    return _most_contrast(np.asarray(image, np.float32) / 255)


def _most_contrast(colors: np.ndarray) -> np.ndarray:
    """Returns luminance, or one color where its contrast is much larger: a yellow pen.

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
    """Fills transparent pixels with a background that contrasts with the rest."""
    alpha = np.asarray(image.getchannel('A'), np.float32) / 255
    gray = np.asarray(image.convert('RGB').convert('F'), np.float32) / 255
    mean = float((gray * alpha).sum() / max(alpha.sum(), 1))
    # If most of it is opaque, that is paper, and the transparent rest is not ink.
    background = mean if alpha.mean() > 0.6 else float(mean < 0.5)
    return gray * alpha + background * (1 - alpha)


def _box(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Returns top, left, bottom and right of the ink."""
    rows, columns = (np.nonzero(ink.max(axis=axis) > 0.05)[0] for axis in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _thicken(ink: np.ndarray) -> np.ndarray:
    """Thickens strokes that would be too thin in the box."""
    top, left, bottom, right = _box(ink)
    thinnest = _THINNEST_STROKE * max(bottom - top, right - left) / BOX
    # Per pixel of its length, a stroke of width w has w pixels of ink and two edges.
    ink = np.pad(ink, 1)
    black = (ink > 0.5).astype(np.float32)
    width = 2 * float(black.sum() / np.hypot(*np.gradient(black)).sum())
    growth = (thinnest - width) / 2  # on each side
    if growth <= 0:
        return ink
    ink = np.pad(ink, int(growth) + 1)
    # Interpolate between two whole numbers of pixels.
    part = growth - int(growth)
    less, more = (segment.maximum_filter(ink, int(growth) + extra) for extra in (0, 1))
    return (1 - part) * less + part * more


def _fit(ink: np.ndarray) -> np.ndarray:
    """Fits the ink into a box of 20 x 20, proportions kept and edges gray.

    Returns:
        float32 [h, w], the larger of both 20.
    """
    top, left, bottom, right = _box(ink)
    scale = max(bottom - top, right - left) / BOX
    height, width = (int(np.ceil(n / scale)) for n in (bottom - top, right - left))
    # The shorter side is not a whole number of pixels: include some background.
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
        center = float((ink * np.arange(length)).sum()) / float(ink.sum())
        corner.append(min(max(round(SIDE / 2 - center), 0), SIDE - length))
    (top, left), (height, width) = corner, digit.shape
    image[top : top + height, left : left + width] = np.rint(255 * digit)
    return image
