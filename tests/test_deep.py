"""The small functions of the experts' tutorial, against NumPy."""

from mnist_tut import deep

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


def evaluate(build, *arrays):
    """Returns the value of `build` for constants, with fresh variables."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        result = build(*(tf.constant(array, tf.float32) for array in arrays))
        sess.run(tf.global_variables_initializer())
        return sess.run(result)


def convolved(x, W):
    """Returns the sum over each window of a picture with zeros around it."""
    batch, height, width, _ = x.shape
    h, w, _, depth = W.shape
    top, left = (h - 1) // 2, (w - 1) // 2
    padding = [(0, 0), (top, h - 1 - top), (left, w - 1 - left), (0, 0)]
    x = np.pad(x, padding)
    result = np.empty((batch, height, width, depth))
    for row in range(height):
        for column in range(width):
            window = x[:, row : row + h, column : column + w]
            result[:, row, column] = np.tensordot(window, W, 3)
    return result


@pytest.mark.parametrize('window', [(5, 5), (3, 3), (1, 1), (4, 2)])
def test_conv2d_sums_over_windows_with_zeros_around(window):
    random = np.random.RandomState(0)
    x, W = random.randn(2, 7, 6, 3), random.randn(*window, 3, 4)
    actual = evaluate(deep.conv2d, x, W)
    assert actual.shape == (2, 7, 6, 4)
    np.testing.assert_allclose(actual, convolved(x, W), rtol=1e-4, atol=1e-4)


def test_max_pool_2x2_takes_the_maximum_of_each_block():
    x = np.random.RandomState(0).randn(2, 6, 8, 3).astype(np.float32)
    blocks = x.reshape(2, 3, 2, 4, 2, 3)
    np.testing.assert_array_equal(
        evaluate(deep.max_pool_2x2, x), blocks.max(axis=(2, 4))
    )


def test_max_pool_2x2_of_an_odd_size_keeps_the_last_row_and_column():
    x = -np.arange(1, 26, dtype=np.float32).reshape(1, 5, 5, 1)
    pooled = evaluate(deep.max_pool_2x2, x)[0, ..., 0]
    expected = [[-1, -3, -5], [-11, -13, -15], [-21, -23, -25]]
    np.testing.assert_array_equal(pooled, expected)


def test_weights_are_a_truncated_normal_of_deviation_a_tenth():
    values = evaluate(lambda: deep.weight_variable([100, 200]))
    assert values.shape == (100, 200)
    assert values.dtype == np.float32
    assert 0.19 < abs(values).max() <= 0.2
    assert abs(values.mean()) < 0.002
    # A normal distribution that is cut off at two deviations has 0.8796 of its own.
    assert values.std() == pytest.approx(0.08796, rel=0.02)


def test_biases_are_a_tenth():
    values = evaluate(lambda: deep.bias_variable([32]))
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, np.full(32, 0.1, np.float32))


def test_each_call_makes_one_variable_that_is_trained():
    with tf.Graph().as_default():
        variables = [deep.weight_variable([5, 5, 1, 32]), deep.bias_variable([32])]
        assert tf.global_variables() == tf.trainable_variables() == variables
        assert [v.op.name for v in variables] == ['Variable', 'Variable_1']
        assert [v.shape.as_list() for v in variables] == [[5, 5, 1, 32], [32]]


def test_the_window_and_the_pool_make_no_variables():
    with tf.Graph().as_default():
        x, W = tf.zeros([1, 28, 28, 1]), tf.zeros([5, 5, 1, 32])
        assert deep.max_pool_2x2(deep.conv2d(x, W)).shape == [1, 14, 14, 32]
        assert tf.global_variables() == []
