"""Products the other way round: the same bits, or the usual way."""

from mnist_tut import runtime
from mnist_tut.training import swapped_products
from mnist_tut.training.session import Session
from mnist_tut.training.step_loop import StepLoop

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

BATCH = 32


def two_layers(width=1300):
    """Returns placeholder, training op and loss of a net whose second layer is large.

    `width` squared is the number of its weights.
    """
    x = tf.placeholder(tf.float32, [None, 20])
    first = tf.Variable(tf.truncated_normal([20, width]), name='first')
    second = tf.Variable(
        tf.truncated_normal([width, width], stddev=0.03), name='second'
    )
    hidden = tf.nn.relu(tf.matmul(x, first))
    loss = tf.reduce_mean(tf.square(tf.matmul(hidden, second)))
    return x, tf.train.GradientDescentOptimizer(0.01).minimize(loss), loss


def choose(graph, monkeypatch, equal=True):
    monkeypatch.setattr(swapped_products, '_is_equal', lambda *_: equal)
    ops = graph.get_operations()
    return swapped_products.choose(ops, BATCH, runtime.session_config())


def test_the_gradient_through_a_large_layer_is_chosen(graph, monkeypatch):
    two_layers()
    assert choose(graph, monkeypatch) == {'gradients/MatMul_1_grad/MatMul'}
    assert choose(graph, monkeypatch, equal=False) == set()


def test_a_small_layer_is_left_as_it_is(graph, monkeypatch):
    two_layers(width=900)
    assert choose(graph, monkeypatch) == set()


@pytest.mark.parametrize('batch_size', [1, 7, 16, 50])
def test_the_trial_tells_whether_the_bits_are_equal(graph, batch_size):
    """Other numbers than the trial's agree with it, whatever this processor does."""
    matrix = tf.random_normal([1100, 1000], seed=1)
    grad = tf.random_normal([batch_size, 1000], seed=2)
    usual = tf.matmul(grad, matrix, transpose_b=True)
    other = tf.transpose(tf.matmul(matrix, grad, transpose_b=True))
    with Session() as sess:
        first, second = sess.run([usual, other])
        np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-3)
        chosen = swapped_products.choose([usual.op], batch_size, sess.config)
    assert (chosen == {usual.op.name}) == np.array_equal(first, second)


@pytest.mark.parametrize('is_swapped', [True, False])
def test_a_loop_gives_the_same_either_way(graph, monkeypatch, is_swapped):
    x, train_step, loss = two_layers()
    init = tf.global_variables_initializer()
    values = np.random.default_rng(1).normal(size=[40, 20]).astype(np.float32)
    rows = np.random.default_rng(2).integers(0, 40, [6, BATCH], np.int32)
    with Session() as sess:
        sess.run(init)
        expected = [sess.run([train_step, loss], {x: values[i]})[1] for i in rows]
        expected_weights = sess.run(tf.trainable_variables())
    monkeypatch.setattr(swapped_products, '_is_equal', lambda *_: is_swapped)
    with Session() as sess:
        sess.run(init)
        loop = StepLoop(train_step, loss, {x: values}, {}, sess, BATCH, None)
        losses = loop.run(rows)
        weights = sess.run(tf.trainable_variables())
    names = [op.name for op in graph.get_operations() if op.name.endswith('/swapped')]
    assert len(names) == is_swapped
    compare = (
        np.testing.assert_allclose if is_swapped else np.testing.assert_array_equal
    )
    options = {'rtol': 1e-4, 'atol': 1e-6} if is_swapped else {}
    compare(losses, expected, **options)
    for value, wanted in zip(weights, expected_weights, strict=True):
        compare(value, wanted, **options)


def test_none_is_tried_for_a_loop_that_is_compiled(graph, monkeypatch):
    def trial(*_):
        raise AssertionError('XLA computes products in its own way')

    monkeypatch.setattr(swapped_products, '_is_equal', trial)
    x, train_step, loss = two_layers()
    values = np.zeros([40, 20], np.float32)
    with Session() as sess:
        StepLoop(train_step, loss, {x: values}, {}, sess, BATCH, length=2)
