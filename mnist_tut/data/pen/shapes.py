"""The shapes of handwritten digits: control points, to be mixed and drawn.

A *shape* is one way to write a digit: strokes of control points. A *family* holds
shapes of the same topology, so that any mixture of them is a digit again. They are in
digit_shapes.json, made by hand, common ones before rare ones, and each family has a
share of its digit's images.

All numbers here are exact, multiples of a power of two: `strokes` explains why.
"""

import json
import pathlib
from typing import NamedTuple

import numpy as np

SHAPES_FILE = pathlib.Path(__file__).with_name('digit_shapes.json')

_SAMPLES = 11  # of the curve, from one control point to the next


class Family(NamedTuple):
    """Shapes of one topology: K shapes, P control points, T samples of the strokes.

    Attributes:
        digit: 0 to 9.
        share: Its part of the digit's images, relative to the other families.
        control_points: float64 [K, P, 2], (x, y) in whole percents from the middle.
            Points that coincide in every shape are one point, so that corners and
            joints stay together however the points are moved.
        free_end: bool [P], whether the point is the end of a stroke and no joint.
        basis: float64 [T, P], from control points to samples of the curve.
        arc_position: float64 [T], 0 at the start of the sample's stroke, 1 at its end.
        connected: bool [T - 1], whether the sample and the next are of one stroke.
        free: bool [2, T], whether the start and the end of the sample's stroke are
            free ends.
    """

    digit: int
    share: int
    control_points: np.ndarray
    free_end: np.ndarray
    basis: np.ndarray
    arc_position: np.ndarray
    connected: np.ndarray
    free: np.ndarray


def load() -> list[list[Family]]:
    """Returns the families of each digit."""
    table = json.loads(SHAPES_FILE.read_text('utf-8'))
    return [
        [parse_family(digit, **family) for family in table[str(digit)]]
        for digit in range(10)
    ]


def parse_family(digit: int, share: int, shapes: list[str]) -> Family:
    """Parses a family of the table.

    Args:
        digit: 0 to 9.
        share: Its part of the digit's images, relative to the other families.
        shapes: Each 'x,y x,y ...;x,y ...': strokes of points, x to the right, y down,
            in percent of the height. All have the same numbers of strokes and points.

    Returns:
        The family.

    Raises:
        ValueError: If the shapes differ in the number of strokes or points.
    """
    lengths, points = _parse_points(digit, shapes)
    _, first, index = np.unique(
        points.transpose(1, 0, 2).reshape(sum(lengths), -1),
        axis=0,
        return_index=True,
        return_inverse=True,
    )
    index = index.reshape(-1)  # of each point, among those that differ

    stops = np.cumsum(lengths)
    ends = np.stack([index[stops - lengths], index[stops - 1]])
    free = np.bincount(index)[ends] == 1
    free_end = np.zeros(len(first), bool)
    free_end[ends[free]] = True

    num_samples = [_SAMPLES * (length - 1) + 1 for length in lengths]
    stroke = np.repeat(np.arange(len(lengths)), num_samples)
    basis = np.zeros((len(stroke), len(first)))
    for number, (length, stop) in enumerate(zip(lengths, stops, strict=True)):
        part = _catmull_rom(length)
        for column, point in enumerate(index[stop - length : stop]):
            basis[stroke == number, point] += part[:, column]
    return Family(
        digit,
        share,
        control_points=points[:, first] - 50,
        free_end=free_end,
        basis=basis,
        arc_position=np.concatenate([np.arange(n) / (n - 1) for n in num_samples]),
        connected=stroke[1:] == stroke[:-1],
        free=np.repeat(free, num_samples, axis=1),
    )


def _parse_points(digit: int, shapes: list[str]) -> tuple[list[int], np.ndarray]:
    """Returns the number of points of each stroke, and all points [K, points, 2]."""
    parsed = [[stroke.split() for stroke in text.split(';')] for text in shapes]
    lengths = [len(stroke) for stroke in parsed[0]]
    for text, strokes in zip(shapes, parsed, strict=True):
        if [len(stroke) for stroke in strokes] != lengths:
            raise ValueError(f'{digit}: its shapes differ in strokes or points: {text}')
    points = [[p.split(',') for stroke in shape for p in stroke] for shape in parsed]
    return lengths, np.array(points, np.float64)


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
