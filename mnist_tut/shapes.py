"""The shapes of handwritten digits: control points, to be mixed and drawn.

A *shape* is a digit as somebody might write it: strokes of control points. A *family*
holds shapes that differ in form and not in topology, so that any mixture of them is a
digit again. They lie in digit_shapes.json, drawn by hand, with the common ones before
the rare ones, and each family has a share of its digit's images.

Everything here is a whole multiple of a power of two, or made of such, and exact: see
`strokes` for why.
"""

import json
import pathlib

import numpy as np

SHAPES_FILE = pathlib.Path(__file__).with_name('digit_shapes.json')

_SAMPLES = 11  # of the curve, from one control point to the next


class Family:
    """Shapes of one topology, and what follows from it.

    Args:
        digit: 0 to 9.
        share: How many of the digit's images it makes, beside the other families.
        shapes: Each 'x,y x,y ...;x,y ...': strokes of points, x to the right, y down,
            in percent of the height. All have the same numbers of strokes and points.

    Attributes:
        keys: float64 [K, P, 2], the shapes' points (x, y), whole percents from the
            middle. Points that lie in one place in every shape are one point, so that
            corners and joints hold whatever happens to the points.
        curve: float64 [T, P], from points to samples of the strokes.
        along: float64 [T], 0 at the start of the sample's stroke and 1 at its end.
        joined: bool [T - 1], the sample and the next belong to one stroke.
        free: bool [2, T], the start and the end of the sample's stroke are no joints.
        loose: bool [P], the point is such a free end.
    """

    def __init__(self, digit: int, share: int, shapes: list[str]):
        self.digit, self.share = digit, share
        split = [[stroke.split() for stroke in text.split(';')] for text in shapes]
        lengths = [len(stroke) for stroke in split[0]]
        for text, strokes in zip(shapes, split, strict=True):
            if [len(stroke) for stroke in strokes] != lengths:
                raise ValueError(f'{digit}: not of the same strokes as others: {text}')
        places = np.array(
            [[p.split(',') for stroke in shape for p in stroke] for shape in split],
            np.float64,
        )  # [K, points with repetitions, 2]
        _, first, index = np.unique(
            places.transpose(1, 0, 2).reshape(sum(lengths), -1),
            axis=0,
            return_index=True,
            return_inverse=True,
        )
        index = index.reshape(-1)
        self.keys = places[:, first] - 50

        stops = np.cumsum(lengths)
        ends = np.stack([index[stops - lengths], index[stops - 1]])
        free = np.bincount(index)[ends] == 1
        self.loose = np.zeros(len(first), bool)
        self.loose[ends[free]] = True

        num_samples = [_SAMPLES * (n - 1) + 1 for n in lengths]
        self.free = np.repeat(free, num_samples, axis=1)
        self.along = np.concatenate([np.arange(n) / (n - 1) for n in num_samples])
        stroke = np.repeat(np.arange(len(lengths)), num_samples)
        self.joined = stroke[1:] == stroke[:-1]
        self.curve = np.zeros((len(stroke), len(first)))
        for number, (length, stop) in enumerate(zip(lengths, stops, strict=True)):
            part = _catmull_rom(length)
            for column, point in enumerate(index[stop - length : stop]):
                self.curve[stroke == number, point] += part[:, column]


def load() -> list[list[Family]]:
    """Returns the families of each digit."""
    table = json.loads(SHAPES_FILE.read_text('utf-8'))
    return [
        [Family(digit, **family) for family in table[str(digit)]] for digit in range(10)
    ]


def _catmull_rom(num_points: int) -> np.ndarray:
    """Returns the matrix [T, num_points] from control points to a smooth curve."""
    points = np.eye(num_points)
    # A point before the first and one after the last let the ends curve as well.
    if num_points > 2:
        before = 2.5 * points[0] - 2 * points[1] + 0.5 * points[2]
        after = 2.5 * points[-1] - 2 * points[-2] + 0.5 * points[-3]
    else:
        before, after = 2 * points[0] - points[1], 2 * points[1] - points[0]
    p = np.concatenate([[before], points, [after]])[:, None]
    t = np.arange(_SAMPLES)[:, None] / _SAMPLES
    spans = 0.5 * (
        2 * p[1:-2]
        + t * (p[2:-1] - p[:-3])
        + t * t * (2 * p[:-3] - 5 * p[1:-2] + 4 * p[2:-1] - p[3:])
        + t * t * t * (3 * p[1:-2] - p[:-3] - 3 * p[2:-1] + p[3:])
    )  # [num_points - 1, _SAMPLES, num_points]
    samples = np.concatenate([spans.reshape(-1, num_points), points[-1:]])
    return np.rint(samples * 2.0**12) / 2.0**12
