"""Draws handwritten-looking digits from pen strokes, with NumPy alone.

    shapes -> blend -> deform -> curve -> pen -> fit -> ink -> centre

A *shape* is a digit as somebody might write it: strokes of control points. A *family*
holds shapes that differ in form and not in topology, so that any mixture of them is a
digit again. One sample mixes the shapes of a family, bends the mixture, runs a pen of
its own width along it and is framed as MNIST frames its digits: fitted into a box of
20 x 20 pixels, then moved by whole pixels until the centre of mass is at (14, 14).

The same numbers give the same bytes on every machine, in every NumPy, with any BLAS
and any number of threads, because only this is used:

* random numbers: the raw words of PCG64 (see `Dice`);
* functions: + - * / and square root, which IEEE 754 rounds in one way only.
  Exponential, logarithm and sine differ in the last bit between processors and C
  libraries, so formulas that look alike to a pen stand in for them;
* sums, matrix products above all: of whole numbers (times a power of two) that the
  type holds exactly, so that neither the order of summation nor a fused multiply-add
  matters.
"""

import json
import pathlib
from typing import NamedTuple

import numpy as np

SIDE = 28  # pixels
BOX = 20  # pixels of it that the digit fits into
SHAPES_FILE = pathlib.Path(__file__).with_name('digit_strokes.json')

_SAMPLES = 11  # of the curve, from one control point to the next
_GRID = 2.0**12  # steps a unit in which control points and curve weights are counted
_EDGE = 1.7  # the pen's radius, in widths of the bump that each sample leaves

# By digit: how wide (a logarithm), how much that varies, slant, how much that varies.
_WIDTH = (-0.17, -0.12, -0.03, -0.11, -0.29, -0.04, -0.35, -0.27, -0.27, -0.37)
_SLANT = (0.10, 0.22, 0.00, 0.10, 0.14, 0.11, 0.06, 0.06, 0.16, 0.12)
_SLANT_SPREAD = (0.25, 0.28, 0.24, 0.22, 0.25, 0.27, 0.22, 0.24, 0.25, 0.25)
# How broad the pen is (a logarithm).
_PEN = (0.09, 0.00, 0.05, 0.05, -0.10, -0.03, -0.05, 0.03, -0.02, -0.10)
# How much of a stroke a free end may lack; little where that would open a loop.
_TRIM = (0.012, 0.07, 0.07, 0.07, 0.07, 0.07, 0.03, 0.07, 0.015, 0.03)
# How many radii of the pen a digit with loops is wide, at least, or they fill up.
_LOOP = {0: 3.2, 6: 3.2, 8: 3.7, 9: 3.2}


class Style(NamedTuple):
    """How far hands differ from each other: standard deviations, in digit heights."""

    pure: bool
    rare: float
    jitter: float  # of every control point
    end_jitter: float  # of the ends of strokes, in addition
    bend: float  # quadratic and cubic warp of the plane
    wave: float  # sine warp of the curve
    rotation: float  # radians
    width: float  # of the logarithm of the width
    radius: float  # of the pen, in pixels: the median
    radius_spread: float  # of its logarithm
    ragged: float  # of the ink's edge, in pixels


class Dice:
    """Random numbers that are the same on every machine and in every NumPy.

    NumPy promises that the raw words of a bit generator never change; it does not
    promise that for a Generator's `normal` or `permutation`, whose rare branches also
    call the C library's logarithm.

    Args:
        seed: Non-negative whole numbers; together they name the stream.
    """

    def __init__(self, *seed: int):
        self._raw = np.random.PCG64(list(seed)).random_raw

    def words(self, *shape: int) -> np.ndarray:
        """Returns uint64 words."""
        return self._raw(shape)

    def uniform(self, *shape: int) -> np.ndarray:
        """Returns float64 in [0, 1), multiples of 2**-32."""
        return (self._raw(shape) >> np.uint64(32)) * 2.0**-32

    def normal(self, *shape: int) -> np.ndarray:
        """Returns float64 of mean 0 and deviation 1, multiples of 2**-10 within +-3.47.

        The sum of four uniform numbers, the quarters of a word: a bell to the eye.
        """
        quarters = self._raw(shape).view(np.uint16).reshape(*shape, 4)
        total = quarters.sum(axis=-1, dtype=np.int64) - 131070
        return np.rint(total * 0.0270633) * 2.0**-10


class Family:
    """Shapes of one topology, and what follows from it.

    Args:
        digit: 0 to 9.
        shapes: Each 'x,y x,y ...;x,y ...': strokes of points, x to the right, y down,
            in percent of the height. All have the same numbers of strokes and points.

    Attributes:
        keys: float64 [K, P, 2], the shapes' points (x, y), in heights from the middle.
            Points of equal place in every shape are one point, so that corners and
            joints hold whatever happens to the points.
        curve: float64 [T, P], points to samples of the strokes (Catmull-Rom).
        along: float64 [T], 0 at the start of the sample's stroke and 1 at its end.
        joined: bool [T - 1], the sample and the next belong to one stroke.
        free: bool [2, T], the start and the end of the sample's stroke are no joints.
        loose: bool [P], the point is such a free end.
    """

    def __init__(self, digit: int, shapes: list[str]):
        self.digit = digit
        strokes = [[s.split() for s in shape.split(';')] for shape in shapes]
        lengths = [len(stroke) for stroke in strokes[0]]
        for shape, text in zip(strokes, shapes, strict=True):
            if [len(stroke) for stroke in shape] != lengths:
                raise ValueError(f'digit {digit}: not of its family: {text}')
        places = np.array(
            [[p.split(',') for stroke in shape for p in stroke] for shape in strokes],
            np.float64,
        )
        _, first, index = np.unique(
            places.transpose(1, 0, 2).reshape(sum(lengths), -1),
            axis=0,
            return_index=True,
            return_inverse=True,
        )
        index = index.reshape(-1)
        self.keys = places[:, first] / 100 - 0.5

        stops = np.cumsum(lengths)
        ends = np.stack([index[stops - lengths], index[stops - 1]])
        free = np.bincount(index)[ends] == 1
        self.loose = np.zeros(len(first), bool)
        self.loose[ends[free]] = True
        per_stroke = [_SAMPLES * (n - 1) + 1 for n in lengths]
        self.free = np.repeat(free, per_stroke, axis=1)
        self.along = np.concatenate([np.linspace(0, 1, n) for n in per_stroke])
        self.joined = np.repeat(np.arange(len(lengths)), per_stroke)
        self.joined = self.joined[1:] == self.joined[:-1]
        pick = np.eye(len(first))[index]
        self.curve = np.concatenate(
            [
                _catmull_rom(n) @ pick[s - n : s]
                for n, s in zip(lengths, stops, strict=True)
            ]
        )


def _catmull_rom(num_points: int) -> np.ndarray:
    """Returns the matrix [T, num_points] from control points to curve samples."""
    points = np.eye(num_points)
    if num_points > 2:
        before = 2.5 * points[0] - 2 * points[1] + 0.5 * points[2]
        after = 2.5 * points[-1] - 2 * points[-2] + 0.5 * points[-3]
    else:
        before, after = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    p = np.concatenate([[before], points, [after]])[:, None]
    t = np.arange(_SAMPLES)[:, None] / _SAMPLES
    spans = 0.5 * (
        2 * p[1:-2]
        + t * (p[2:-1] - p[:-3])
        + t * t * (2 * p[:-3] - 5 * p[1:-2] + 4 * p[2:-1] - p[3:])
        + t * t * t * (3 * p[1:-2] - p[:-3] - 3 * p[2:-1] + p[3:])
    )
    samples = np.concatenate([spans.reshape(-1, num_points), points[-1:]])
    return np.rint(samples * _GRID) / _GRID


def families() -> list[list[tuple[int, Family]]]:
    """Returns, by digit, the families with their shares (whole numbers)."""
    table = json.loads(SHAPES_FILE.read_text('utf-8'))
    return [
        [(f['share'], Family(digit, f['shapes'])) for f in table[str(digit)]]
        for digit in range(10)
    ]


def draw(family: Family, count: int, style: Style, dice: Dice) -> np.ndarray:
    """Draws samples of a family.

    Args:
        family: What to draw.
        count: B, how many; a hundred at a time is quickest.
        style: How much they differ.
        dice: Where the differences come from.

    Returns:
        uint8 [B, 28, 28], 0 is paper and 255 is ink.
    """
    points = _blend(family, count, style, dice)  # [B, P, 2]
    points = _deform(points, family, style, dice)
    path = _curve(points, family, style, dice)  # [B, T, 2]
    live = _trim(family, count, dice)  # [B, T]
    radius, wobble = _pen(family, count, style, dice)  # [B, 1], [B, T]
    path, radius = _fit(path, live, radius, wobble, family)
    images = _ink(path, live, radius, wobble, family, style, dice)
    return _centre(images)


def _exp(x):
    """Returns nearly e**x, for |x| up to about 2."""
    y = 1 + x / 1024
    for _ in range(10):
        y = y * y
    return y


def _wave(turns):
    """Returns nearly sin(2 pi turns): parabolas."""
    t = 2 * (turns - np.floor(turns)) - 1
    return 4 * t * (np.abs(t) - 1)


def _blend(family, count, style, dice):
    """Mixes the shapes; most weight goes to few of them, or all digits look alike."""
    num_keys = len(family.keys)
    luck = dice.normal(count, num_keys)
    luck = luck * luck
    if style.pure:
        luck = luck * luck
    luck = np.rint(luck * 2.0**20 / (1 + style.rare * np.arange(num_keys))) + 1
    weights = luck / luck.sum(axis=1, keepdims=True)
    # A little beyond the shapes, so that they are not the end of what can be.
    weights = np.rint((1.3 * weights - 0.3 / num_keys) * _GRID) / _GRID
    # In whole percent, so that the product is exact.
    keys = np.rint(family.keys * 100).reshape(num_keys, -1)
    return (weights @ keys).reshape(count, -1, 2) / 100


def _deform(points, family, style, dice):
    """Moves the control points: each for itself, then all together."""
    count, num_points, _ = points.shape
    spread = style.jitter + 0.6 * style.end_jitter * family.loose
    points = points + dice.normal(count, num_points, 2) * spread[:, None]
    x, y = points[..., 0], points[..., 1]
    a = dice.normal(8, count, 1) * style.bend
    x, y = (
        x + a[0] * y * y + a[1] * x * y + 0.7 * a[2] * x * x + 2 * a[6] * y * y * y,
        y + a[3] * x * x + a[4] * x * y + a[5] * y * y + a[7] * x * x * x,
    )
    digit = family.digit
    n = dice.normal(3, count, 1)
    x = x * _exp(_WIDTH[digit] + style.width * (1.3 if digit == 0 else 1.0) * n[0])
    x = x - y * (_SLANT[digit] + _SLANT_SPREAD[digit] * n[1])
    half = style.rotation * n[2] / 2  # the tangent of half the angle, nearly
    cos, sin = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def _curve(points, family, style, dice):
    """Runs smooth strokes through the control points and lets the hand tremble."""
    points = np.rint(points * _GRID) / _GRID
    path = family.curve @ points
    x, y = path[..., 0], path[..., 1]
    count = len(points)
    height = dice.normal(2, count, 1) * style.wave
    rate, phase = 0.6 + 1.2 * dice.uniform(2, count, 1), dice.uniform(2, count, 1)
    x = x + height[0] * _wave(rate[0] * y + phase[0])
    y = y + height[1] * _wave(rate[1] * x + phase[1])
    return np.stack([x, y], axis=-1)


def _trim(family, count, dice):
    """Lifts the pen a little early at free ends; returns where it is down."""
    lack = np.abs(dice.normal(2, count, 1)) * _TRIM[family.digit] * family.free[:, None]
    return (family.along >= lack[0]) & (family.along <= 1 - lack[1])


def _pen(family, count, style, dice):
    """Chooses the pen's radius in pixels, and how it changes along the strokes."""
    n = dice.normal(3, count, 1)
    spread = _PEN[family.digit] + style.radius_spread * n[0]
    most = 2.4
    if family.digit == 1:
        spread, most = spread + 0.08 + 0.28 * n[1], 3.2
    radius = np.clip(style.radius * _exp(spread), 0.6, most)
    steps = np.arange(len(family.along)) / len(family.along)
    rate, phase = 3 * dice.uniform(3, count, 1), dice.uniform(3, count, 1)
    waves = _wave(rate * steps + phase) * dice.normal(3, count, 1)
    return radius, _exp(0.13 * (waves[0] + waves[1] + waves[2]) + 0.06 * n[2])


def _fit(path, live, radius, wobble, family):
    """Scales the strokes, ink included, to MNIST's box of 20 pixels; adapts the pen."""
    margin = np.where(live, 0.0, -np.inf)[..., None]  # what is not drawn has no size
    size = np.maximum(_span(path, margin)[1], 1e-3)
    larger = np.maximum(size[:, :1], size[:, 1:])
    if family.digit in _LOOP:
        width = (BOX - 2 * radius) / larger * size[:, :1]
        radius = np.minimum(radius, np.maximum(width / _LOOP[family.digit], 0.6))
    path = path * ((BOX - 2 * radius) / larger)[..., None]
    # The pen is not of one width: measure what it drew, and correct.
    margin = margin + (radius * wobble)[..., None]
    size = _span(path, margin)[1]
    larger = np.maximum(size[:, :1], size[:, 1:])
    path = path * ((BOX - 2 * radius) / (larger - 2 * radius))[..., None]
    middle, _ = _span(path, margin)
    return path - middle[:, None] + (BOX - 1) / 2, radius


def _span(path, margin):
    """Returns the middle and the size [B, 2] of the path with a margin around it."""
    low = (path - margin).min(axis=1)
    high = (path + margin).max(axis=1)
    return (low + high) / 2, high - low


def _ink(path, live, radius, wobble, family, style, dice):
    """Inks the strokes.

    Every sample leaves a bump, the product of one over x and one over y, so that a
    whole digit is one matrix product. The bumps of a stroke run together into a ridge
    of height 1; its height tells how far off the path is, and the ink ends where that
    is the pen's radius.
    """
    sigma = radius * wobble / _EDGE  # width of the bump
    weight = _weigh(path, live, sigma, family)
    across = _bumps(path[..., 0], sigma)  # [B, T, 20]
    down = _bumps(path[..., 1], sigma)
    # Whole numbers, 256 and 4096 steps a unit: up to a height of 16 float32 is exact.
    across = np.rint(across * np.float32(2.0**8))
    down = np.rint(down * (weight * 2.0**12).astype(np.float32)[..., None])
    height = (down.transpose(0, 2, 1) @ across) * np.float32(2.0**-20)  # [B, 20, 20]

    # Undo the bump: distance from the path in its widths; 4 is as far as bumps reach.
    root = np.sqrt(np.sqrt(np.sqrt(np.minimum(height, 1))))
    distance = 4 * np.sqrt(1 - root)
    sharp = 0.9 * _exp(0.14 * dice.normal(len(path), 1)) * radius / _EDGE
    ink = 0.5 + (_EDGE - distance) * sharp.astype(np.float32)[..., None]
    ink += _grain(dice, len(path)) * np.float32(style.ragged)
    ink[height == 0] = 0
    return np.rint(np.clip(ink, 0, 1) * 255).astype(np.uint8)


def _weigh(path, live, sigma, family):
    """Returns the height of the bumps: the length of path that each stands for."""
    x, y = path[..., 0], path[..., 1]
    dx, dy = x[:, 1:] - x[:, :-1], y[:, 1:] - y[:, :-1]
    joined = np.zeros((len(path), live.shape[1] + 1), bool)
    joined[:, 1:-1] = family.joined & live[:, 1:] & live[:, :-1]
    step = np.zeros(joined.shape)
    step[:, 1:-1] = np.sqrt(dx * dx + dy * dy) * joined[:, 1:-1]
    ridge = (step[:, 1:] + step[:, :-1]) / (2 * 2.5066 * sigma)  # sqrt(2 pi)
    ends = ~(joined[:, 1:] & joined[:, :-1])
    return (ridge + 0.7 * ends) * live  # the 0.7 makes the end of a stroke round


def _bumps(place, sigma):
    """Returns float32 [B, T, 20]: a bump of width `sigma` [B, T] around each place.

    (1 - d^2/16)^8: as good as a Gaussian here, and square roots undo it.
    """
    narrow = 0.25 / sigma
    pixels = np.arange(BOX, dtype=np.float32)
    d = narrow.astype(np.float32)[..., None] * pixels
    d -= (narrow * place).astype(np.float32)[..., None]
    d *= d
    np.subtract(1, d, out=d)
    np.maximum(d, 0, out=d)
    for _ in range(3):
        d *= d
    return d


def _grain(dice, count):
    """Returns float32 [B, 20, 20] noise of mean 0, deviation 1, within +-1.74."""
    words = dice.words(count, BOX, BOX // 4).astype('<u8')  # four numbers in each
    return (words.view('<u2').astype(np.float32) - 32767.5) * np.float32(
        3.0**0.5 / 32768
    )


def _centre(images):
    """Puts each box where its centre of mass comes nearest to pixel (14, 14)."""
    count = len(images)
    place = np.arange(BOX)
    total = np.maximum(images.sum(axis=(1, 2), dtype=np.int64), 1)
    x = (images.sum(axis=1, dtype=np.int64) * place).sum(axis=1) / total
    y = (images.sum(axis=2, dtype=np.int64) * place).sum(axis=1) / total
    left = np.clip(np.rint(14 - x), 0, SIDE - BOX).astype(np.intp)
    top = np.clip(np.rint(14 - y), 0, SIDE - BOX).astype(np.intp)
    framed = np.zeros((count, SIDE, SIDE), np.uint8)
    for frame, image, i, j in zip(framed, images, top, left, strict=True):
        frame[i : i + BOX, j : j + BOX] = image
    return framed
