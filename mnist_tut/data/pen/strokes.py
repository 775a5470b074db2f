"""Draws handwritten-looking digits from pen strokes, with NumPy alone.

    shapes -> blend -> deform -> curve -> pen -> fit -> ink -> center

A digit is a mixture of the shapes of a family (see `shapes`), deformed and drawn with a
pen of random width. It is framed as MNIST frames its digits: fitted into a box of
20 x 20 pixels, which is then moved by whole pixels until the center of mass is at
(14, 14).

The same random numbers give the same bytes on every machine, in every NumPy, with any
BLAS and any number of threads, because only these are used:

* random numbers: the raw words of PCG64 (see `PortableRandom`);
* functions: + - * / and square root, which IEEE 754 rounds in one way only.
  Exponential, logarithm and sine differ in the last bit between processors and C
  libraries; approximations that are good enough for a pen replace them;
* sums, matrix products above all: of whole numbers (times a power of two) that the
  type holds exactly, so that neither the order of summation nor a fused multiply-add
  matters.
"""

from typing import NamedTuple

from mnist_tut.data.pen.shapes import Family

import numpy as np

SIDE = 28  # pixels
BOX = 20  # pixels of it that the digit fits into

_EDGE = 1.7  # the pen's radius, in widths of the bump that each sample leaves
_THIN, _THICK = 0.6, 3.0  # pens, in pixels


class Style(NamedTuple):
    """Standard deviations of the random deformations, in digit heights unless noted."""

    pure: bool  # near one shape of the family, instead of a mixture of several
    rare: float  # how much rarer than the first the later shapes of a family are
    jitter: float  # of every control point
    end_jitter: float  # of the ends of strokes, in addition
    bend: float  # quadratic and cubic warp of the plane
    wave: float  # sine warp of the curve
    rotation: float  # in radians
    width: float  # of the logarithm of the width
    radius: float  # of the pen, in pixels: its median
    radius_spread: float  # of its logarithm
    edge_noise: float  # of the ink on the edge, where full ink is 1


class _DigitStatistics(NamedTuple):
    """How a digit is written on average; chosen to match MNIST's averages."""

    width: float  # logarithm of a factor
    width_spread: float  # a factor on the style's
    slant: float
    slant_spread: float
    pen: float  # logarithm of a factor
    pen_spread: float  # a factor on the style's
    trim: float  # how much of a stroke may be cut off at a free end
    loop: float  # least width in pen radii, or the pen fills the loops


_STATISTICS = (
    _DigitStatistics(-0.17, 1.3, 0.18, 0.25, 0.12, 1.0, 0.012, 3.2),
    _DigitStatistics(-0.25, 1.0, 0.27, 0.24, 0.04, 1.2, 0.070, 0.0),
    _DigitStatistics(+0.00, 1.0, 0.03, 0.24, 0.03, 1.0, 0.070, 0.0),
    _DigitStatistics(-0.01, 1.0, 0.10, 0.24, 0.05, 1.0, 0.070, 0.0),
    _DigitStatistics(-0.27, 1.0, 0.24, 0.29, -0.07, 1.0, 0.070, 0.0),
    _DigitStatistics(-0.02, 1.0, 0.17, 0.28, -0.08, 1.0, 0.070, 0.0),
    _DigitStatistics(-0.31, 1.0, 0.13, 0.22, -0.04, 1.0, 0.030, 3.2),
    _DigitStatistics(-0.25, 1.0, 0.06, 0.23, 0.03, 1.0, 0.070, 0.0),
    _DigitStatistics(-0.27, 1.0, 0.13, 0.25, -0.04, 1.0, 0.015, 3.7),
    _DigitStatistics(-0.32, 1.0, 0.13, 0.24, -0.10, 1.0, 0.030, 3.2),
)


class PortableRandom:
    """Random numbers that are the same on every machine and in every NumPy.

    NumPy promises that the raw words of a bit generator never change; it does not
    promise that for a Generator's `normal` or `permutation`, whose rare branches also
    call the C library's logarithm.

    Args:
        seed: Non-negative whole numbers that identify the stream; zeros at the end do
            not count.
    """

    def __init__(self, *seed: int):
        self.words = np.random.PCG64(list(seed)).random_raw

    def uniform(self, *shape: int) -> np.ndarray:
        """Returns float64 in [0, 1), multiples of 2**-32."""
        return (self.words(shape) >> np.uint64(32)) * 2.0**-32

    def normal(self, *shape: int) -> np.ndarray:
        """Returns float64 of mean 0 and deviation 1, multiples of 2**-10 below 3.5.

        Approximated by the sum of four uniform numbers, the quarters of a word.
        """
        quarters = self.words(shape).view(np.uint16).reshape(*shape, 4)
        total = quarters.sum(axis=-1, dtype=np.int64) - 2 * 65535
        return np.rint(total * 0.0270633) * 2.0**-10  # 2**10 * sqrt(3) / 2**16

    def noise(self, count: int) -> np.ndarray:
        """Returns float32 [B, 20, 20], uniform, of mean 0 and deviation 1."""
        # The first of four numbers in a word is its lowest 16 bits on any machine.
        numbers = self.words((count, BOX, BOX // 4)).astype('<u8').view('<u2')
        return (numbers.astype(np.float32) - 32767.5) * np.float32(5.28588e-05)


def draw(family: Family, count: int, style: Style, rng: PortableRandom) -> np.ndarray:
    """Draws samples of a family.

    Args:
        family: What to draw.
        count: B, how many; a hundred at a time is quickest.
        style: How much they differ.
        rng: Source of all that is random.

    Returns:
        uint8 [B, 28, 28]; 0 is background, 255 is full ink.
    """
    points = _blend(family, count, style, rng)  # [B, P, 2]
    points = _deform(points, family, style, rng)
    path = _curve(points, family, style, rng)  # [B, T, 2]
    pen_down = _trim(family, count, rng)  # [B, T]
    radius, width_profile = _pen(family, count, style, rng)  # [B, 1], [B, T]
    path, radius = _fit(path, pen_down, radius, width_profile, family)
    return _center(_ink(path, pen_down, radius, width_profile, family, style, rng))


def _exp(x):
    """Approximates e**x, for |x| up to about 2."""
    y = 1 + x / 1024
    for _ in range(10):
        y = y * y
    return y


def _wave(turns):
    """Approximates sin(2 pi turns) by parabolas."""
    t = 2 * (turns - np.floor(turns)) - 1
    return 4 * t * (np.abs(t) - 1)


def _blend(family, count, style, rng):
    """Mixes the shapes; a few get most of the weight, or digits would look alike."""
    num_shapes = len(family.control_points)
    weights = rng.normal(count, num_shapes)
    weights = weights * weights  # as shares of the sum: Dirichlet(1/2)
    if style.pure:
        weights = weights * weights
    weights = np.rint(weights * 2.0**20 / (1 + style.rare * np.arange(num_shapes))) + 1
    weights = weights / weights.sum(axis=1, keepdims=True)
    # Extrapolate a little, so that the shapes do not limit the variation.
    weights = np.rint((1.3 * weights - 0.3 / num_shapes) * 2.0**12) / 2.0**12
    blend = weights @ family.control_points.reshape(num_shapes, -1)
    return blend.reshape(count, -1, 2) / 100


def _deform(points, family, style, rng):
    """Moves the control points, each on its own, then warps the whole digit."""
    count, num_points, _ = points.shape
    statistics = _STATISTICS[family.digit]
    spread = style.jitter + 0.6 * style.end_jitter * family.free_end
    points = points + rng.normal(count, num_points, 2) * spread[:, None]
    x, y = points[..., 0], points[..., 1]
    a = rng.normal(8, count, 1) * style.bend
    x, y = (
        x + a[0] * y * y + a[1] * x * y + 0.7 * a[2] * x * x + 2 * a[6] * y * y * y,
        y + a[3] * x * x + a[4] * x * y + a[5] * y * y + a[7] * x * x * x,
    )
    n = rng.normal(3, count, 1)
    x = x * _exp(statistics.width + style.width * statistics.width_spread * n[0])
    x = x - y * (statistics.slant + statistics.slant_spread * n[1])
    half = style.rotation * n[2] / 2  # nearly the tangent of half the angle
    cos, sin = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def _curve(points, family, style, rng):
    """Draws smooth strokes through the control points, with a tremor."""
    path = family.basis @ (np.rint(points * 2.0**12) / 2.0**12)
    x, y = path[..., 0], path[..., 1]
    count = len(points)
    height = rng.normal(2, count, 1) * style.wave
    rate, phase = 0.6 + 1.2 * rng.uniform(2, count, 1), rng.uniform(2, count, 1)
    x = x + height[0] * _wave(rate[0] * y + phase[0])
    y = y + height[1] * _wave(rate[1] * x + phase[1])
    return np.stack([x, y], axis=-1)


def _trim(family, count, rng):
    """Returns where the pen is down: at free ends it is lifted a little early."""
    most = _STATISTICS[family.digit].trim * family.free[:, None]
    cut = np.abs(rng.normal(2, count, 1)) * most
    return (family.arc_position >= cut[0]) & (family.arc_position <= 1 - cut[1])


def _pen(family, count, style, rng):
    """Chooses the pen's radius in pixels, and how it changes along the strokes."""
    statistics = _STATISTICS[family.digit]
    n = rng.normal(2, count, 1)
    spread = statistics.pen + style.radius_spread * statistics.pen_spread * n[0]
    radius = np.clip(style.radius * _exp(spread), _THIN, _THICK)
    place = np.arange(len(family.arc_position)) / len(family.arc_position)
    rate, phase = 3 * rng.uniform(3, count, 1), rng.uniform(3, count, 1)
    waves = _wave(rate * place + phase) * rng.normal(3, count, 1)
    return radius, _exp(0.13 * (waves[0] + waves[1] + waves[2]) + 0.06 * n[1])


def _fit(path, pen_down, radius, width_profile, family):
    """Scales the strokes, ink included, to the box; a pen must not fill the loops."""
    # What is not drawn has no size.
    margin = np.where(pen_down, 0.0, -np.inf)[..., None]
    size = np.maximum(_span(path, margin)[1], 1e-3)
    larger = np.maximum(size[:, :1], size[:, 1:])
    loop = _STATISTICS[family.digit].loop
    if loop:
        width = (BOX - 2 * radius) * size[:, :1] / larger
        radius = np.minimum(radius, np.maximum(width / loop, _THIN))
    path = path * ((BOX - 2 * radius) / larger)[..., None]
    # The pen's width varies along the path: measure what it draws, and correct.
    margin = margin + (radius * width_profile)[..., None]
    size = _span(path, margin)[1] - 2 * radius
    larger = np.maximum(size[:, :1], size[:, 1:])
    path = path * ((BOX - 2 * radius) / larger)[..., None]
    middle, _ = _span(path, margin)
    return path - middle[:, None] + (BOX - 1) / 2, radius


def _span(path, margin):
    """Returns the middle and the size [B, 2] of the path with a margin around it."""
    low, high = (path - margin).min(axis=1), (path + margin).max(axis=1)
    return (low + high) / 2, high - low


def _ink(path, pen_down, radius, width_profile, family, style, rng):
    """Inks the strokes: uint8 [B, 20, 20].

    The ink fades out over about a pixel where the distance from the path is the pen's
    radius, not quite evenly: MNIST's digits were black and white before they were
    scaled down.
    """
    sigma = radius * width_profile / _EDGE
    height = _ridge(path, pen_down, sigma, family) * np.float32(2.0**-20)
    # Undo the bump: distance from the path in its widths; 4 is as far as it reaches.
    root = np.sqrt(np.sqrt(np.sqrt(np.minimum(height, 1))))
    distance = 4 * np.sqrt(1 - root)
    sharp = 0.9 * _exp(0.14 * rng.normal(len(path), 1)) * radius / _EDGE
    ink = 0.5 + (_EDGE - distance) * sharp.astype(np.float32)[..., None]
    ink += rng.noise(len(path)) * np.float32(style.edge_noise)
    ink[height == 0] = 0
    return np.rint(np.clip(ink, 0, 1) * 255).astype(np.uint8)


def _ridge(path, pen_down, sigma, family):
    """Returns float32 [B, 20, 20], how near the path is, in whole numbers.

    Every sample leaves a bump of width sigma, the product of one over x and one over y,
    so that a whole digit is one matrix product, without a search for the nearest point.
    Bumps merge into a ridge of height 2**20; where strokes cross it is higher, but
    stays below 2**24, up to which float32 holds every whole number.
    """
    weight = _weigh(path, pen_down, sigma, family)
    across = np.rint(_bumps(path[..., 0], sigma) * np.float32(2.0**8))
    down = (
        _bumps(path[..., 1], sigma) * (weight * 2.0**12).astype(np.float32)[..., None]
    )
    return np.rint(down).transpose(0, 2, 1) @ across


def _weigh(path, pen_down, sigma, family):
    """Returns the height of the bumps: the length of path that each stands for."""
    x, y = path[..., 0], path[..., 1]
    dx, dy = x[:, 1:] - x[:, :-1], y[:, 1:] - y[:, :-1]
    joined = np.zeros((len(path), pen_down.shape[1] + 1), bool)
    joined[:, 1:-1] = family.connected & pen_down[:, 1:] & pen_down[:, :-1]
    step = np.zeros(joined.shape)
    step[:, 1:-1] = np.sqrt(dx * dx + dy * dy) * joined[:, 1:-1]
    ridge = (step[:, 1:] + step[:, :-1]) / (2 * 2.5066 * sigma)  # sqrt(2 pi)
    ends = ~(joined[:, 1:] & joined[:, :-1])
    return (ridge + 0.7 * ends) * pen_down  # the 0.7 makes the end of a stroke round


def _bumps(place, sigma):
    """Returns float32 [B, T, 20]: a bump of width sigma [B, T] around each place.

    (1 - d^2/16)^8: as good as a Gaussian here, and square roots undo it.
    """
    narrow = 0.25 / sigma
    d = narrow.astype(np.float32)[..., None] * np.arange(BOX, dtype=np.float32)
    d -= (narrow * place).astype(np.float32)[..., None]
    d *= d
    np.subtract(1, d, out=d)
    np.maximum(d, 0, out=d)
    for _ in range(3):
        d *= d
    return d


def _center(boxes):
    """Puts each box where its center of mass comes nearest to pixel (14, 14)."""
    place = np.arange(BOX)
    total = np.maximum(boxes.sum(axis=(1, 2), dtype=np.int64), 1)
    x = (boxes.sum(axis=1, dtype=np.int64) * place).sum(axis=1) / total
    y = (boxes.sum(axis=2, dtype=np.int64) * place).sum(axis=1) / total
    left = np.clip(np.rint(14 - x), 0, SIDE - BOX).astype(np.intp)
    top = np.clip(np.rint(14 - y), 0, SIDE - BOX).astype(np.intp)
    images = np.zeros((len(boxes), SIDE, SIDE), np.uint8)
    for image, box, i, j in zip(images, boxes, top, left, strict=True):
        image[i : i + BOX, j : j + BOX] = box
    return images
