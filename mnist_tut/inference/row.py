"""Separates the digits of a row, such as a number, from left to right.

A digit may be several strokes that do not touch: a 5 with its bar, an open 4. So what
is as tall as a digit is one, unless it and another together are no larger than a digit;
what is smaller is a stroke of the nearest digit. Two digits that touch are cut where a
single stroke joins them; what is much wider than tall without such a place is refused.

`ink` is float32 [H, W], 0 for background to 1 for full ink; lengths are in pixels.
"""

import itertools
from typing import NamedTuple

from mnist_tut import errors
from mnist_tut.inference import segment
from mnist_tut.inference.segment import Component

import numpy as np

# Compared with the component with the most ink, a digit is at least this tall, at most
# that tall, and has at least this part of its ink: a thin 1 beside a bold 0.
_SHORTEST, _TALLEST, _LEAST_INK = 0.5, 2.2, 0.1
_SHORTEST_PART = 0.3  # of a digit that is in two
# Rows of which less than this part is common are not one row.
_SAME_ROW = 0.2
# Strokes side by side whose columns overlap by this part of the narrower one are of one
# digit.
_SAME_COLUMNS = 0.5
# So are two others that are together at most this many times as wide as tall, if there
# is a gap between their columns and if not, or this many times as tall as wide, if one
# is above the other; and whose distance is at most that part of the longer side.
_WIDEST_APART, _WIDEST_CROSSED, _TALLEST_STACK = 0.75, 0.9, 2.0
_GAP, _GAP_IN_STACK = 0.1, 0.25
# A line is this many times as long as wide; the bar of a 5 at most this many times as
# long as a digit is tall.
_LINE, _LONGER_THAN_A_BAR = 4, 1.5
# A digit fills at most this part of its bounding box, unless it is a 1.
_MOST_FILLED = 0.6
_WIDEST = 2.0  # times as wide as tall: 4 of MNIST's 10,000 test digits are wider

_SMALLEST_HOLE = 8  # pixels of 28 x 28


class _Joint(NamedTuple):
    """What a place looks like where two digits touch; in heights, except `widest`.

    Attributes:
        wider_than: Both together are more than this many times as wide as tall.
        tallest: The stroke that joins them is at most this tall.
        shortest: Each of the two digits is at least this tall.
    """

    wider_than: float
    tallest: float
    shortest: float


# A picture of one digit is far more usual than one of two that touch; beside other
# digits it is less so.
_ALONE = _Joint(1.3, 0.35, 0.9)
_IN_ROW = _Joint(1.2, 0.35, 0.8)


def separate(ink: np.ndarray) -> list[np.ndarray]:
    """Returns the ink of each digit, from left to right.

    A single digit is that of `segment.isolate_digit`.

    Raises:
        errors.DataError: If there is more than one row, or a shape too wide for a
            digit.
    """
    labels, components = segment.label_components(ink > 0.5)
    components = _without_lines(components, ink.shape)
    inner = segment.inner_components(components, ink.shape)
    components = inner + [c for c in components if _is_cropped(c, inner)]
    digits = _digits(components)
    if len(digits) == 1:
        digits = [segment.with_strokes(components[:1], components[1:])]
    _require_one_row(digits)
    joint = _ALONE if len(digits) == 1 else _IN_ROW
    return [
        part
        for digit in digits
        for part in _cut_apart(segment.cut_out(ink, labels, digit), joint)
    ]


def _without_lines(
    components: list[Component], shape: tuple[int, ...]
) -> list[Component]:
    """Leaves out the edges of the sheet of paper, and lines below the digits.

    All are returned if there is nothing else.
    """
    height, width = shape
    tallest = max(component.height for component in components)

    def is_line(component: Component) -> bool:
        if component.width > _LINE * component.height:
            is_at_edge = component.top == 0 or component.bottom == height
            return is_at_edge or component.width > _LONGER_THAN_A_BAR * tallest
        is_at_edge = component.left == 0 or component.right == width
        return component.height > _LINE * component.width and is_at_edge

    return [c for c in components if not is_line(c)] or components


def _is_cropped(component: Component, inner: list[Component]) -> bool:
    """Returns whether a component at the picture's edge is a digit beside others.

    A thumb or a piece of the table is not as tall as they are, not beside them, or
    filled.
    """
    largest = inner[0]
    area = component.height * component.width
    is_narrow = component.width < 0.35 * component.height
    is_filled = component.size > _MOST_FILLED * area and not is_narrow
    return (
        component not in inner
        and _SHORTEST <= component.height / largest.height <= 1 / _SHORTEST
        and component.size >= _LEAST_INK * largest.size
        and _common_rows(component, largest) > 0.5 * component.height
        and not is_filled
    )


def _digits(components: list[Component]) -> list[list[Component]]:
    """Returns the components of each digit, from left to right.

    Args:
        components: The largest first, at least one.
    """
    largest = components[0]
    digits: list[list[Component]] = []
    for component in components:
        if not _SHORTEST_PART <= component.height / largest.height <= _TALLEST:
            continue
        for digit in digits:
            if any(_are_strokes_of_one(component, other) for other in digit):
                digit.append(component)
                break
        else:
            digits.append([component])
    boxes = [segment.bounding_box(digit) for digit in digits]
    digits = [
        digit
        for digit, box in zip(digits, boxes, strict=True)
        if box.height >= _SHORTEST * largest.height
        and box.size >= _LEAST_INK * largest.size
    ]
    for component in components:
        if not any(component in digit for digit in digits):
            nearest = min(digits, key=lambda digit: _distance(component, digit))
            nearest[:] = segment.with_strokes(nearest, [component])
    return sorted(digits, key=lambda digit: min(c.left for c in digit))


def _are_strokes_of_one(one: Component, other: Component) -> bool:
    """Returns whether two strokes as tall as digits belong to the same digit."""
    both = segment.bounding_box([one, other])
    longer = max(both.height, both.width)
    distance = _distance(one, [other])
    if _common_rows(one, other) < _SAME_ROW * min(one.height, other.height):
        is_low = both.height <= _TALLEST_STACK * both.width
        return distance <= (_GAP_IN_STACK if is_low else _GAP) * longer
    common = min(one.right, other.right) - max(one.left, other.left)
    if common > _SAME_COLUMNS * min(one.width, other.width):
        return True
    widest = _WIDEST_CROSSED if common > 0 else _WIDEST_APART
    return distance <= _GAP * longer and both.width <= widest * both.height


def _common_rows(one: Component, other: Component) -> int:
    """Returns how many rows two components have in common; a gap is negative."""
    return min(one.bottom, other.bottom) - max(one.top, other.top)


def _distance(component: Component, digit: list[Component]) -> float:
    """Returns the distance between boxes, of the nearest component of a digit."""
    return min(
        float(
            np.hypot(
                max(0, other.left - component.right, component.left - other.right),
                max(0, other.top - component.bottom, component.top - other.bottom),
            )
        )
        for other in digit
    )


def _require_one_row(digits: list[list[Component]]) -> None:
    """Raises DataError unless each digit stands beside the one before it."""
    boxes = [segment.bounding_box(digit) for digit in digits]
    for one, other in itertools.pairwise(boxes):
        if _common_rows(one, other) < _SAME_ROW * min(one.height, other.height):
            raise errors.DataError(
                'digits in more than one row; expected one digit, or one row of them'
            )


def require_single(digits: np.ndarray) -> None:
    """Raises DataError if a digit has two holes side by side: 00 or 88 that touch.

    Args:
        digits: uint8 [N, 28, 28], in MNIST's format.
    """
    for digit in digits:
        background = np.pad(digit < 128, 1, constant_values=True)
        _, components = segment.label_components(background)
        holes = [c for c in components if c.top > 0 and c.size >= _SMALLEST_HOLE]
        for one, other in itertools.combinations(holes, 2):
            is_beside = one.right <= other.left or other.right <= one.left
            lowest = min(one.height, other.height)
            if is_beside and 2 * _common_rows(one, other) >= lowest:
                raise errors.DataError(
                    'two digits that touch; expected digits with gaps between them'
                )


def _cut_apart(ink: np.ndarray, joint: _Joint) -> list[np.ndarray]:
    """Returns the ink of one digit, or of several that touch.

    Raises:
        errors.DataError: If it is too wide for one digit and cannot be cut.
    """
    mask = ink > 0.5
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    height, width = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    column = _find_joint(mask, columns[0], columns[-1], joint, height)
    if column is not None:
        left, right = ink.copy(), ink.copy()
        left[:, column:] = right[:, :column] = 0
        return [*_cut_apart(left, _IN_ROW), *_cut_apart(right, _IN_ROW)]
    if width > _WIDEST * height:
        raise errors.DataError(
            f'a shape of {width} x {height} pixels, too wide for one digit; expected '
            'digits that do not touch each other'
        )
    return [ink]


def _find_joint(
    mask: np.ndarray, first: int, last: int, joint: _Joint, height: int
) -> int | None:
    """Returns the column where one thin stroke joins two digits, or None.

    Args:
        mask: bool [H, W].
        first: First column of the ink.
        last: Last column.
        joint: What the place looks like.
        height: Of the ink.
    """
    if last + 1 - first <= joint.wider_than * height:
        return None
    tops = np.where(mask.any(0), mask.argmax(0), len(mask))
    bottoms = np.where(mask.any(0), len(mask) - mask[::-1].argmax(0), 0)
    left = np.maximum.accumulate(bottoms) - np.minimum.accumulate(tops)
    right = np.maximum.accumulate(bottoms[::-1]) - np.minimum.accumulate(tops[::-1])
    right = right[::-1]
    margin = int(np.ceil(0.25 * height))
    places = [
        column
        for column in range(first + margin, last + 1 - margin)
        if min(left[column - 1], right[column + 1]) >= joint.shortest * height
    ]
    spans = bottoms - tops
    thinnest = min((spans[column] for column in places), default=np.inf)
    if thinnest > joint.tallest * height:
        return None
    same = [column for column in places if spans[column] == thinnest]
    return same[len(same) // 2]
