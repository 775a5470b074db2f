"""Pixels that become floats when they are read."""

import tracemalloc

from mnist_tut import tanh_mlp
from mnist_tut.data.scaled import Scaled, as_bytes

import numpy as np
import pytest


def stretch(x):
    """As tanh_mlp.normalize_data: by the smallest and the largest of all."""
    return (x.astype(np.float32) - x.min()) / (x.max() - x.min())


@pytest.mark.parametrize(('low', 'high'), [(0, 255), (0, 254), (7, 200), (3, 4)])
@pytest.mark.parametrize('function', [stretch, tanh_mlp.normalize_data])
def test_what_is_read_is_what_the_function_makes_of_all(low, high, function):
    pixels = np.random.default_rng(1).integers(low, high + 1, (50, 784), np.uint8)
    pixels[9, :2] = low, high
    expected, scaled = function(pixels), Scaled(function, pixels)
    for index in (0, -1, slice(3, 9), slice(None), [4, 2], (1, slice(5)), (2, 3)):
        np.testing.assert_array_equal(scaled[index], expected[index])
        assert scaled[index].dtype == np.float32
    np.testing.assert_array_equal(np.asarray(scaled), expected)
    assert (scaled.shape, scaled.ndim, len(scaled)) == ((50, 784), 2, 50)
    assert scaled.dtype == expected.dtype
    assert np.ndim(scaled) == 2
    assert np.asarray(scaled, np.float64).dtype == np.float64


def test_what_is_read_is_the_readers_own():
    pixels = np.arange(8, dtype=np.uint8).reshape(2, 4)
    scaled = Scaled(stretch, pixels)
    scaled[0][:] = 9
    assert scaled[0].max() < 1
    assert pixels.max() == 7
    with pytest.raises(ValueError, match='nothing to share'):
        scaled.__array__(copy=False)


def test_the_lecture_holds_no_float_of_an_image(capsys):
    """As floats the images alone would be four times as large as in bytes."""
    pixels = np.random.default_rng(1).integers(0, 256, (2000, 28, 28), np.uint8)
    labels = np.zeros(2000, np.uint8)
    mnist = {'X_train': pixels, 'X_test': pixels, 'y_train': labels, 'y_test': labels}
    tanh_mlp.preprocess(mnist)  # NumPy prepares itself to print
    tracemalloc.start()
    try:
        data = tanh_mlp.preprocess(mnist)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    one_hot_bytes = 2 * 2000 * 10 * 8
    assert peak < one_hot_bytes + pixels.nbytes / 2
    np.testing.assert_array_equal(
        np.asarray(data[0]), tanh_mlp.normalize_data(pixels.reshape(-1, 784))
    )


@pytest.mark.parametrize(
    ('function', 'divisor'),
    [
        (lambda x: x.astype(np.float32) / 255, 255.0),
        (lambda x: x.astype(np.float32) / np.float32(3), 3.0),
        (lambda x: x.astype(np.float32), 1.0),
        # Rounds otherwise for some of the values.
        (lambda x: x.astype(np.float32) * np.float32(1 / 255), None),
        (lambda x: (x.astype(np.float32) - 127.5) / 255, None),
        (lambda x: x.astype(np.float32) * 0, None),
    ],
)
def test_what_the_pixels_are_divided_by(function, divisor):
    pixels = np.arange(256, dtype=np.uint8).reshape(4, 64)
    assert Scaled(function, pixels).divisor == divisor


@pytest.mark.parametrize('dtype', [np.float16, np.float32])
@pytest.mark.parametrize('function', [lambda x: (x - 127.5) / 255, lambda x: x / 255])
def test_floats_of_bytes_are_found_to_be_that(function, dtype):
    pixels = np.random.default_rng(2).integers(0, 256, (2100, 7), np.uint8)
    floats = function(pixels.astype(np.float32)).astype(dtype)
    found, offset, divisor = as_bytes(floats)
    np.testing.assert_array_equal(found, pixels)
    again = (found.astype(np.float32) - np.float32(offset)) / np.float32(divisor)
    assert again.astype(dtype).tobytes() == floats.tobytes()


def test_other_floats_are_left_alone():
    floats = np.random.default_rng(3).random((2100, 7), np.float32)
    assert as_bytes(floats) is None
    assert as_bytes(np.ones((5, 7), np.float32)) is None
    assert as_bytes(np.full((5, 7), np.nan, np.float32)) is None
    floats = np.repeat(np.float32([0, 85, 255]), 700).reshape(2100, 1)
    assert as_bytes(floats) is not None
    floats[-800] = np.nextafter(np.float32(85), np.float32(84))
    assert as_bytes(floats) is None
