"""Segments a handwritten digit from the background of a photo.

`gray` is float32 [H, W], 0 for black to 1 for white; `ink` is float32 [H, W], 0 for
background to 1 for full ink. Lengths are in pixels.
"""

from typing import NamedTuple

from mnist_tut import errors

import numpy as np

# A picture with a side shorter than this is not smoothed.
_SMALL_SIDE = 100
# Anything wider than this part of the shorter side is background, not a stroke: a
# shadow, or the table beside the paper.
_WIDEST_STROKE = 0.3
# The least absorbance of ink; it must also exceed the paper's noise.
_FAINTEST_INK = 0.1
_NOISE_FACTOR = 6


def find_ink(gray: np.ndarray) -> np.ndarray:
    """Returns the ink of each pixel, float32 [H, W], from 0 to 1.

    It is the absorbance, 1 minus picture over background, scaled to 0 for the paper and
    1 for the darkest ink. The background is a grey closing with a window wider
    than the strokes, so it follows shadows and the paper's edge.

    Raises:
        errors.DataError: If nothing contrasts with the background.
    """
    # Smooth noise and the dots of a fax; in a small picture dots may be ink.
    large = min(gray.shape) > _SMALL_SIDE
    picture, radius = _turn_dark_on_light(_blur(gray, 1) if large else gray)
    background = _closing(picture, radius)
    # Smooth, but without making the table beside the paper lighter.
    background = np.minimum(background, _blur(background, radius // 4))
    absorbance = 1 - picture / np.maximum(background, 0.05)

    # At least half of the pixels are paper; their deviation is noise.
    paper = float(np.median(absorbance))
    noise = 1.48 * float(np.median(np.abs(absorbance - paper)))
    darkest = _top_mean(absorbance)
    if darkest - paper < max(_FAINTEST_INK, _NOISE_FACTOR * noise):
        raise errors.DataError(
            'no ink in it; expected a digit that contrasts with its background'
        )
    full = np.percentile(absorbance[absorbance > (paper + darkest) / 2], 70)
    floor = paper + 2 * noise
    ink = (absorbance - floor) / (full - floor)
    return np.clip(2 * ink - 0.5 if large else ink, 0, 1)  # sharpen the edges again


def _turn_dark_on_light(gray: np.ndarray) -> tuple[np.ndarray, int]:
    """Returns the picture with dark ink, and a radius wider than its strokes.

    Measures, for both polarities and growing windows, how many pixels a closing
    removes. Removed area / radius^1.5 is largest for thin strokes, and so for the ink's
    polarity; the exponent above 1 keeps a sheet of paper on a table from winning.

    Args:
        gray: float32 [H, W].

    Returns:
        picture: gray, or its negative, so that the ink is dark.
        radius: Of a window whose closing removes all strokes.
    """
    widest = max(1, round(_WIDEST_STROKE * min(gray.shape) / 2))
    radii = np.array(sorted({min(round(1.4**step), widest) for step in range(20)}))
    sides = (gray, 1 - gray)
    threshold = 0.3 * max(_top_mean(_closing(side, widest) - side) for side in sides)
    removed = np.array(
        [
            [(_closing(side, radius) - side > threshold).sum() for radius in radii]
            for side in sides
        ]
    )
    dark, light = (removed / radii**1.5).max(axis=1)
    side = int(light > dark)
    # Blots and crossings are wider than the stroke.
    radius = 3 * int(radii[(removed[side] / radii).argmax()])
    return sides[side], min(radius, widest)


def _closing(picture: np.ndarray, radius: int) -> np.ndarray:
    """Returns the grey closing: removes dark parts that are narrower than the window.

    The maximum of each window, then the minimum of those.
    """
    return -maximum_filter(-maximum_filter(picture, radius), radius)


def _top_mean(values: np.ndarray) -> float:
    """Returns the mean of the largest thousandth: a maximum without outliers."""
    return float(np.sort(values, axis=None)[-max(1, values.size // 1000) :].mean())


class Component(NamedTuple):
    """A connected component of ink: its bounding box, and its number of pixels."""

    label: int
    top: int
    left: int
    bottom: int
    right: int
    size: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left


def isolate_digit(ink: np.ndarray) -> np.ndarray:
    """Returns the digit's ink alone, without specks and components at the edges.

    The digit is the largest component, with every component that is near it and not
    tiny: the bar of a 5, a stroke where the pen skipped.
    """
    labels, components = label_components(ink > 0.5)
    components = inner_components(components, ink.shape)
    return cut_out(ink, labels, with_strokes(components[:1], components[1:]))


def inner_components(
    components: list[Component], shape: tuple[int, ...]
) -> list[Component]:
    """Returns the components that are not at the picture's edge, the largest first.

    A table or a thumb at the edge is left out; a digit that was cropped so closely that
    it touches the edge itself is not.
    """
    height, width = shape
    components = sorted(components, key=lambda component: -component.size)
    inside = [
        component
        for component in components
        if component.top > 0
        and component.left > 0
        and component.bottom < height
        and component.right < width
    ]
    is_digit = inside and inside[0].size > 0.05 * components[0].size
    return inside if is_digit else components


def with_strokes(kept: list[Component], others: list[Component]) -> list[Component]:
    """Returns the components `kept` with all others that are near and not tiny."""
    kept = list(kept)
    rest = [other for other in others if other.size >= 0.02 * kept[0].size]
    while near := [other for other in rest if _is_near(other, kept)]:
        kept += near
        rest = [other for other in rest if other not in near]
    return kept


def cut_out(ink: np.ndarray, labels: np.ndarray, kept: list[Component]) -> np.ndarray:
    """Returns the ink of some components alone, with the gray edges of their strokes.

    The edges are below the threshold of components, and belong to them.
    """
    mask = np.isin(labels, [component.label for component in kept])
    reach = max(2, round(0.03 * _longer_side(kept)))
    return ink * (maximum_filter(mask.astype(np.float32), reach) > 0)


def bounding_box(components: list[Component]) -> Component:
    """Returns a component as large as all of them together."""
    return Component(
        components[0].label,
        min(c.top for c in components),
        min(c.left for c in components),
        max(c.bottom for c in components),
        max(c.right for c in components),
        sum(c.size for c in components),
    )


def _longer_side(components: list[Component]) -> int:
    box = bounding_box(components)
    return max(box.height, box.width)


def _is_near(component: Component, kept: list[Component]) -> bool:
    """Returns whether `component` is within a quarter of the digit's size from it."""
    limit = 0.25 * _longer_side(kept)
    return any(
        max(component.top - other.bottom, other.top - component.bottom) <= limit
        and max(component.left - other.right, other.left - component.right) <= limit
        for other in kept
    )


def label_components(mask: np.ndarray) -> tuple[np.ndarray, list[Component]]:
    """Labels connected components, diagonal neighbors included.

    Each row is split into runs; a run joins the runs of the row above that it touches.

    Args:
        mask: bool [H, W].

    Returns:
        labels: int [H, W], -1 outside of the mask.
        components: The components, at least one pixel each.
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
    components = []
    for label in np.unique(roots):
        of = roots == label
        components.append(
            Component(
                label=int(label),
                top=int(rows[of].min()),
                left=int(starts[of].min()),
                bottom=int(rows[of].max()) + 1,
                right=int(ends[of].max()),
                size=int((ends[of] - starts[of]).sum()),
            )
        )
    return labels, components


def maximum_filter(picture: np.ndarray, radius: int) -> np.ndarray:
    """Returns the maximum within `radius` rows and columns of each pixel."""
    for _ in 'rows', 'columns':
        picture = np.pad(picture, [(radius, radius), (0, 0)], constant_values=-np.inf)
        length, window = 1, 2 * radius + 1
        while length < window:  # the union of two windows is up to twice as long
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
