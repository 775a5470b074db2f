"""One digit from a pen: its random numbers, its ink and its frame."""

from mnist_tut.data.pen import shapes, strokes

import numpy as np
import pytest

# A hand that writes the shape as it is in the table, with a pen of one width.
STILL = strokes.Style(
    pure=True,
    rare=0,
    jitter=0,
    end_jitter=0,
    bend=0,
    wave=0,
    rotation=0,
    width=0,
    radius=1.2,
    radius_spread=0,
    edge_noise=0,
)
SHAKY = STILL._replace(jitter=0.03, bend=0.1, rotation=0.1, width=0.2, edge_noise=0.05)
BAR = shapes.parse_family(1, 1, ['50,0 50,100'])
DASH = shapes.parse_family(1, 1, ['0,50 100,50'])

every_digit = pytest.mark.parametrize('digit', range(10))


def extent(has_ink):
    """Returns height and width of the ink."""
    rows, columns = (np.flatnonzero(has_ink.any(axis)) for axis in (1, 0))
    return rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def test_random_numbers_are_pcg64s_own_words():
    """The words stand in NumPy's own tests of PCG64, and are promised to stay."""
    rng = strokes.PortableRandom(0xDEADBEAF)
    assert rng.words(2).tolist() == [0x60D24054E17A0698, 0xD5E79D89856E4F12]
    normal = strokes.PortableRandom(1).normal(100_000)
    assert abs(normal.mean()) < 0.02
    assert abs(normal.std() - 1) < 0.02
    assert (normal * 2**10 == np.rint(normal * 2**10)).all()
    noise = strokes.PortableRandom(2).noise(500)
    assert noise.dtype == np.float32
    assert abs(noise.mean()) < 0.02
    assert abs(noise.std() - 1) < 0.02


def test_uniform_numbers_are_below_1_and_exact():
    numbers = strokes.PortableRandom(3).uniform(100, 1000)
    assert 0 <= numbers.min() < 0.001
    assert 0.999 < numbers.max() < 1
    assert abs(numbers.mean() - 0.5) < 0.01
    assert (numbers * 2**32 == np.rint(numbers * 2**32)).all()


def test_each_part_of_a_seed_names_another_stream():
    seeds = [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 1, 1)]
    words = {seed: int(strokes.PortableRandom(*seed).words()) for seed in seeds}
    assert len(set(words.values())) == len(seeds), words


def test_the_approximations_are_near_the_functions():
    x = np.linspace(-2, 2, 401)
    np.testing.assert_allclose(strokes._exp(x), np.exp(x), rtol=0.003)
    np.testing.assert_allclose(strokes._wave(x), np.sin(2 * np.pi * x), atol=0.06)


@every_digit
def test_every_shape_is_drawn(digit):
    for family in shapes.load()[digit]:
        last = family._replace(control_points=family.control_points[-1:])
        images = strokes.draw(last, 2, STILL, strokes.PortableRandom(1))
        assert (images > 250).sum(axis=(1, 2)).min() > 10


@every_digit
def test_each_digit_fits_the_box_and_is_centered_by_its_mass(digit):
    for family in shapes.load()[digit]:
        images = strokes.draw(family, 20, SHAKY, strokes.PortableRandom(digit))
        assert images.shape == (20, 28, 28)
        assert images.dtype == np.uint8
        for image in images:
            assert 19 <= max(extent(image > 0)) <= 20
            for axis in (0, 1):
                ink = image.sum(axis)
                center = (ink * np.arange(28)).sum() / ink.sum()
                # Where the digit is at the edge already, it stays there.
                at_edge = ink[0] or ink[-1]
                assert abs(center - 14) <= 0.5 or at_edge


@every_digit
def test_the_same_random_numbers_give_the_same_bytes(digit):
    family = shapes.load()[digit][0]
    one, same, other = (
        strokes.draw(family, 5, SHAKY, strokes.PortableRandom(seed))
        for seed in (7, 7, 8)
    )
    np.testing.assert_array_equal(one, same)
    assert len({image.tobytes() for image in (*one, *other)}) == 10


def test_a_stroke_is_drawn_the_way_it_runs():
    bar, dash = (
        strokes.draw(family, 10, STILL, strokes.PortableRandom(2))
        for family in (BAR, DASH)
    )
    for image in bar:
        height, width = extent(image > 127)
        assert height > 1.5 * width
    for image in dash:
        height, width = extent(image > 127)
        assert width > 1.5 * height


def test_a_broader_pen_leaves_more_ink():
    ink = [
        strokes.draw(BAR, 20, STILL._replace(radius=radius), strokes.PortableRandom(2))
        for radius in (0.7, 1.2, 2.0)
    ]
    thin, medium, thick = (images.mean() for images in ink)
    assert 1.2 * thin < medium
    assert 1.2 * medium < thick


def test_a_still_hand_draws_less_variety_than_a_shaky_one():
    family = shapes.load()[3][0]
    still, shaky = (
        strokes.draw(family, 100, style, strokes.PortableRandom(4)).astype(float)
        for style in (STILL, SHAKY)
    )
    assert still.std(axis=0).mean() < 0.9 * shaky.std(axis=0).mean()
