"""A row of digits is read from left to right, and a digit of several strokes is one."""

from mnist_tut import errors
from mnist_tut.inference import row, segment
from tests.support.pictures import BODY, draw

import numpy as np
import pytest
from PIL import Image, ImageDraw

# Strokes in a box of 100 x 100, as in tests.support.pictures.
SEVEN = [(32, 14), (64, 14), (44, 84)]
ONE = [(50, 12), (50, 84)]
ZERO = [(50, 12), (34, 30), (34, 66), (50, 84), (66, 66), (66, 30), (50, 12)]
OPEN_FOUR = [[(38, 14), (34, 50), (56, 50)], [(64, 12), (64, 84)]]


def ink_of(*digits, size=200):
    """Returns the ink of digits side by side, each a list of points."""
    return np.hstack([draw(size, points=points) for points in digits]).astype('f4')


def tall_places(digits):
    """Returns the first column of each digit's ink."""
    return [int(np.flatnonzero(digit.max(axis=0) > 0.5)[0]) for digit in digits]


def test_digits_are_separated_from_left_to_right():
    ink = ink_of(SEVEN, BODY, ZERO, ONE)
    digits = row.separate(ink)
    assert len(digits) == 4
    assert tall_places(digits) == sorted(tall_places(digits))
    np.testing.assert_array_equal(sum(digits), ink)
    for number, points in enumerate((SEVEN, BODY, ZERO, ONE)):
        part = digits[number][:, 200 * number : 200 * (number + 1)]
        np.testing.assert_array_equal(part, draw(200, points=points).astype('f4'))


def test_a_single_digit_is_that_of_segment():
    ink = ink_of(BODY)
    ink[4:7, 4:7] = 1  # a speck
    [digit] = row.separate(ink)
    np.testing.assert_array_equal(digit, segment.isolate_digit(ink))
    assert digit[:10, :10].max() == 0


@pytest.mark.parametrize(
    'strokes',
    [
        [BODY[1:], [(46, 7), (68, 5)]],
        OPEN_FOUR,
        [[(50, 12), (36, 26), (50, 44)], [(53, 12), (66, 26), (53, 44)],
         [(50, 50), (34, 66), (50, 84), (66, 66), (50, 50)]],
        [[(50, 12), (50, 40)], [(50, 46), (50, 84)]],
    ],
    ids=['5 with a bar', 'open 4', 'broken 8', 'broken 1'],
)  # fmt: skip
def test_a_digit_of_several_strokes_is_one(strokes):
    ink = np.clip(sum(ink_of(points) for points in strokes), 0, 1)
    assert len(segment.label_components(ink > 0.5)[1]) == 2
    [digit] = row.separate(ink)
    np.testing.assert_array_equal(digit, ink)
    beside = np.hstack([ink_of(SEVEN), ink, ink_of(ZERO)])
    np.testing.assert_array_equal(row.separate(beside)[1][:, 200:400], ink)


def test_digits_that_touch_in_one_place_are_cut_apart():
    apart = ink_of(ZERO, [(12, 14), (76, 14), (44, 84)])
    # Moves the 7 to the left until its bar meets the 0.
    for shift in range(200):
        ink = np.zeros_like(apart)
        ink[:, :200] = apart[:, :200]
        ink[:, 200 - shift : 400 - shift] = np.maximum(
            ink[:, 200 - shift : 400 - shift], apart[:, 200:]
        )
        if len(segment.label_components(ink > 0.5)[1]) == 1:
            break
    digits = row.separate(np.hstack([ink_of(BODY), ink]))
    assert len(digits) == 3
    assert tall_places(digits)[2] - tall_places(digits)[1] > 50


def test_a_shape_much_wider_than_tall_is_refused():
    picture = Image.new('L', (500, 200))
    ImageDraw.Draw(picture).ellipse((60, 40, 440, 160), outline=255, width=9)
    with pytest.raises(errors.DataError, match='too wide for one digit'):
        row.separate(np.asarray(picture, np.float32) / 255)


def with_holes(*boxes):
    """Returns a digit of rings, uint8 [1, 28, 28]."""
    picture = Image.new('L', (28, 28), 0)
    for box in boxes:
        ImageDraw.Draw(picture).ellipse(box, outline=255, width=2)
    return np.asarray(picture)[None]


def test_two_zeros_that_touch_are_refused_and_an_eight_is_not():
    row.require_single(with_holes((8, 4, 19, 14), (8, 13, 19, 23)))
    with pytest.raises(errors.DataError, match='two digits that touch'):
        row.require_single(with_holes((4, 4, 14, 23), (13, 4, 23, 23)))


def test_two_rows_are_refused():
    ink = np.vstack([ink_of(SEVEN, BODY), ink_of(ZERO, ONE)])
    with pytest.raises(errors.DataError, match='more than one row'):
        row.separate(ink)


def test_lines_and_the_edge_of_the_paper_are_no_digits():
    ink = ink_of(SEVEN, BODY, ZERO)
    expected = row.separate(ink)
    ink[190:194, 20:580] = 1  # underlined
    ink[:, :6] = 1  # the table
    digits = row.separate(ink)
    assert len(digits) == 3
    for digit, alone in zip(digits, expected, strict=True):
        np.testing.assert_array_equal(digit, alone)


def test_a_digit_that_is_cropped_at_the_edge_is_not_lost():
    for points in (SEVEN, ONE):
        ink = ink_of(ZERO, points)
        bottom = int(np.flatnonzero(ink[:, 200:].max(axis=1) > 0.5)[-1])
        assert len(row.separate(ink[: bottom - 2])) == 2
    thumb = ink_of(ZERO, ONE)
    thumb[60:, 330:] = 1
    assert len(row.separate(thumb)) == 2


def test_real_digits_stay_whole_and_rows_of_them_are_counted(mnist_dir):
    from mnist_tut.data import idx, locate

    images = idx.read_images(mnist_dir / locate.TEST_IMAGES)[:400]
    large = [
        np.asarray(Image.fromarray(i).resize((112, 112)), np.float32) / 255
        for i in images
    ]
    assert [len(row.separate(ink)) for ink in large] == [1] * 400
    row.require_single(images)
    rows = [np.hstack(large[begin : begin + 4]) for begin in range(0, 400, 4)]
    assert np.mean([len(row.separate(ink)) == 4 for ink in rows]) > 0.95
