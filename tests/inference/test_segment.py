"""The digit is segmented from any background, without other marks."""

import itertools

from mnist_tut import errors
from mnist_tut.inference import segment
from tests.support.pictures import BODY, draw, put_on_paper

import numpy as np
import pytest


def rng():
    return np.random.default_rng(0)


# Ink.


def shadow(size):
    """Returns light that falls off to the right."""
    return np.linspace(1, 0.5, size)[None] * np.ones((size, 1))


@pytest.mark.parametrize(
    'gray',
    [
        put_on_paper(draw()),
        1 - put_on_paper(draw()),
        put_on_paper(draw(), paper=0.5, pen=0.6),
        put_on_paper(draw(), shadow(300)),
        put_on_paper(draw()) + rng().normal(scale=0.02, size=(300, 300)),
    ],
    ids=['dark on light', 'light on dark', 'pale', 'shadow', 'noise'],
)
def test_ink_is_found_on_any_background(gray):
    drawn, ink = draw(), segment.find_ink(gray.astype(np.float32))
    assert ink.shape == drawn.shape
    assert ink.dtype == np.float32
    assert ink.min() == 0
    assert ink.max() == 1
    # Edges may move by a part of a pixel.
    assert np.abs(ink - drawn).sum() < 0.1 * drawn.sum()


def test_a_small_picture_keeps_its_grays():
    gray = put_on_paper(draw(size=40, frame=0.8)).astype(np.float32)
    ink = segment.find_ink(gray)
    assert (ink > 0.05).sum() > (ink > 0.95).sum() > 0
    np.testing.assert_allclose(ink, draw(size=40, frame=0.8), atol=0.1)


@pytest.mark.parametrize(
    'gray',
    [
        np.full((200, 150), 0.8),
        np.zeros((1, 1)),
        0.6 + 0.4 * shadow(200),
        0.8 + rng().normal(scale=0.02, size=(200, 200)),
    ],
    ids=['blank', 'pixel', 'shadow', 'noise'],
)
def test_paper_alone_has_no_ink(gray):
    with pytest.raises(errors.DataError, match='no ink in it; expected a digit'):
        segment.find_ink(gray.astype(np.float32))


# The digit's own ink.


def test_a_digit_alone_stays_as_it_is():
    ink = draw(frame=0.7).astype(np.float32)
    np.testing.assert_array_equal(segment.isolate_digit(ink), ink)


def test_specks_are_removed():
    digit = draw(frame=0.7).astype(np.float32)
    ink = digit.copy()
    ink[150:153, 5:8] = ink[20:22, 150:152] = 1
    ink[103:106, 166:169] = 1  # inside the bow of the 5
    np.testing.assert_array_equal(segment.isolate_digit(ink), digit)


def test_what_touches_the_edge_is_removed():
    digit = draw(frame=0.6).astype(np.float32)
    ink = digit.copy()
    ink[:20] = ink[:, -15:] = 1  # the table, larger than the digit
    np.testing.assert_array_equal(segment.isolate_digit(ink), digit)


def test_a_digit_that_touches_the_edge_itself_stays():
    whole = draw(frame=0.9).astype(np.float32)
    top = np.flatnonzero(whole.any(axis=1))[0]
    cropped = whole[top + 3 :]
    np.testing.assert_array_equal(segment.isolate_digit(cropped), cropped)


def test_a_detached_bar_is_kept():
    body = draw(points=BODY[1:], frame=0.8)
    bar = draw(points=[(46, 0), (66, -2)], frame=0.8)
    ink = (body + bar).clip(0, 1).astype(np.float32)
    assert len(segment.label_components(ink > 0.5)[1]) == 2
    np.testing.assert_array_equal(segment.isolate_digit(ink), ink)


def test_a_second_digit_far_away_is_removed():
    ink = np.zeros((300, 600), np.float32)
    ink[:, :300] = draw(frame=0.6)
    ink[50:250, 350:550] = draw(size=200, frame=0.6)
    expected = ink.copy()
    expected[:, 300:] = 0
    np.testing.assert_array_equal(segment.isolate_digit(ink), expected)


# Components.


def test_components_are_separated_and_measured():
    mask = np.array(
        [
            [1, 0, 1, 0, 0, 0],
            [1, 0, 1, 0, 1, 1],
            [1, 1, 1, 0, 0, 0],
            [0, 0, 0, 1, 0, 0],
            [0, 0, 0, 0, 0, 1],
        ],
        bool,
    )
    labels, components = segment.label_components(mask)
    assert (labels >= 0).tolist() == mask.tolist()
    boxes = {component[1:] for component in components}
    assert boxes == {(0, 0, 4, 4, 8), (1, 4, 2, 6, 2), (4, 5, 5, 6, 1)}
    for component in components:
        assert (labels == component.label).sum() == component.size


def test_components_are_those_of_a_flood_fill():
    generator = rng()
    for _ in range(20):
        mask = generator.random((12, 15)) < generator.uniform(0.2, 0.7)
        expected = set()
        left = {tuple(pixel) for pixel in np.argwhere(mask).tolist()}
        while left:
            component, border = set(), {left.pop()}
            while border:
                component |= border
                around = {
                    (row + down, column + right)
                    for row, column in border
                    for down, right in itertools.product((-1, 0, 1), repeat=2)
                }
                border = (around & left) - component
                left -= border
            expected.add(frozenset(component))
        labels, components = segment.label_components(mask)
        labeled = {
            frozenset(map(tuple, np.argwhere(labels == component.label).tolist()))
            for component in components
        }
        assert labeled == expected


def test_an_empty_mask_has_no_components():
    labels, components = segment.label_components(np.zeros((4, 5), bool))
    assert (labels == -1).all()
    assert components == []


# Filters.


@pytest.mark.parametrize('radius', [0, 1, 2, 3, 7, 20])
def test_the_maximum_filter_finds_the_maximum_of_each_window(radius):
    picture = rng().random((9, 14)).astype(np.float32)
    expected = [
        [
            picture[
                max(row - radius, 0) : row + radius + 1,
                max(column - radius, 0) : column + radius + 1,
            ].max()
            for column in range(14)
        ]
        for row in range(9)
    ]
    filtered = segment.maximum_filter(picture, radius)
    np.testing.assert_array_equal(filtered, np.float32(expected))


def test_a_closing_removes_what_is_narrower_than_its_window():
    picture = np.ones((30, 40), np.float32)
    picture[:, 5:9] = 0  # 4 wide
    picture[:, 20:30] = 0  # 10 wide
    expected = np.ones_like(picture)
    expected[:, 20:30] = 0
    np.testing.assert_array_equal(segment._closing(picture, 3), expected)


def test_a_blur_keeps_the_sum_and_spreads_a_point_evenly():
    picture = np.zeros((21, 31), np.float32)
    picture[10, 15] = 1
    blurred = segment._blur(picture, 2)
    assert blurred.shape == picture.shape
    assert blurred.sum() == pytest.approx(1)
    assert blurred.argmax() == picture.argmax()
    np.testing.assert_allclose(blurred, blurred[::-1, ::-1], atol=1e-7)
    rows, columns = np.nonzero(blurred > 1e-6)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (6, 14, 11, 19)
