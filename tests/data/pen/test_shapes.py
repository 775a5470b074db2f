"""The table of shapes: strokes, joints, and the curve through control points."""

import collections

from mnist_tut.data.pen import shapes

import numpy as np
import pytest


def test_strokes_that_meet_in_every_shape_are_held_together():
    family = shapes.parse_family(7, 1, ['0,0 50,0;50,0 20,99', '0,9 60,0;60,0 30,99'])
    assert family.control_points.shape == (2, 3, 2)
    moved = np.array([[0.0, 1], [5, 5], [2, 9]])
    path = family.basis @ moved
    starts, ends = path[family.arc_position == 0], path[family.arc_position == 1]
    np.testing.assert_array_equal(ends[0], starts[1])
    assert family.free_end.sum() == 2
    with pytest.raises(ValueError, match=r'7: its shapes differ .*: 1,1 2,2'):
        shapes.parse_family(7, 1, ['0,0 50,0;50,0 20,99', '1,1 2,2'])


def test_strokes_that_meet_in_one_shape_only_are_not_joined():
    family = shapes.parse_family(4, 1, ['0,0 50,0;50,0 20,99', '0,0 50,0;60,0 20,99'])
    assert family.control_points.shape == (2, 4, 2)
    assert family.free_end.all()
    assert family.free.all()


@pytest.mark.parametrize('num_points', [2, 3, 6])
def test_a_curve_goes_through_its_control_points(num_points):
    points = np.random.RandomState(num_points).randint(0, 100, (num_points, 2))
    text = ' '.join(f'{x},{y}' for x, y in points)
    family = shapes.parse_family(3, 1, [text])
    path = family.basis @ family.control_points[0]
    samples = (len(path) - 1) // (num_points - 1)
    order = np.lexsort(points.T[::-1])  # a family sorts its points
    assert family.control_points[0].tolist() == (points[order] - 50).tolist()
    np.testing.assert_array_equal(path[::samples], points - 50)
    assert family.connected.all()
    assert (family.arc_position[[0, -1]] == [0, 1]).all()


def test_a_stroke_of_two_points_is_straight():
    family = shapes.parse_family(1, 1, ['0,0 100,40'])
    path = family.basis @ family.control_points[0]
    expected = np.outer(family.arc_position, [100, 40]) - 50
    np.testing.assert_allclose(path, expected, atol=0.05)


def test_samples_of_two_strokes_are_not_connected():
    family = shapes.parse_family(4, 1, ['0,0 50,0;80,0 20,99'])
    [gap] = np.flatnonzero(~family.connected)
    assert family.arc_position[gap : gap + 2].tolist() == [1, 0]


def test_the_table_has_each_digit_and_no_shape_twice():
    by_digit = shapes.load()
    assert len(by_digit) == 10
    for digit, families in enumerate(by_digit):
        assert {family.digit for family in families} == {digit}
        assert min(family.share for family in families) >= 1
        for family in families:
            points = family.control_points
            assert (points == np.rint(points)).all()
    seen = collections.Counter(
        shape.tobytes()
        for families in by_digit
        for family in families
        for shape in family.control_points
    )
    assert max(seen.values()) == 1, 'one shape twice'
