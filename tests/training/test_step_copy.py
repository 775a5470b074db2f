"""A copy of a step draws what the step would draw."""

from mnist_tut import errors
from mnist_tut.training.session import Session
from mnist_tut.training.step_copy import StepCopy

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


def random_step(draw):
    """Returns a step that adds what `draw` draws to a variable, and its sum."""
    total = tf.Variable(tf.zeros([7, 30]), name='total')
    drawn = draw([7, 30])
    return total.assign_add(drawn).op, tf.reduce_sum(drawn), total


@pytest.mark.parametrize('seeds', [(5, None), (0, 3), (2**31 - 1, 2**31 - 1), (-1, -2)])
def test_the_counter_of_each_draw(seeds):
    """Two ops that draw, in the copy as in the kernels, from the first draw on."""
    with tf.Graph().as_default() as graph, Session() as sess:
        tf.set_random_seed(seeds[0])

        def draw(shape):
            return tf.random_uniform(shape, seed=seeds[1]) + tf.random_uniform(shape)

        step, value, total = random_step(draw)
        copy = StepCopy(step, value, [])
        counters = tf.placeholder(tf.uint64, [2, 2])
        copied_step, copied_value, sizes = copy.place({}, counters)
        assert sizes == [210, 210]
        sess.run(tf.global_variables_initializer())
        for turn in range(3):
            num_drawn = dict.fromkeys(copy.random_ops, 210 * turn)
            [fed] = copy.counters(num_drawn, sizes, 1)
            before = sess.run(total)
            _, from_copy = sess.run([copied_step, copied_value], {counters: fed})
            added = sess.run(total) - before
            assert from_copy == sess.run([step, value])[1]
            assert added.any()
        assert copied_step.graph is graph


def test_counters_of_the_next_steps():
    with tf.Graph().as_default():
        step, value, _ = random_step(lambda shape: tf.random_uniform(shape, seed=4))
        copy = StepCopy(step, value, [])
        [(name, op)] = copy.random_ops.items()
        counters = copy.counters({name: 1000}, [210], 3)
        assert counters.dtype == np.uint64
        second = op.get_attr('seed2')
        expected = [[[(1000 + 210 * i) * 256, second]] for i in range(3)]
        np.testing.assert_array_equal(counters, np.array(expected, np.uint64))


def test_other_draws_cannot_be_repeated():
    """They take as many numbers as they happen to need."""
    with tf.Graph().as_default():
        step, value, _ = random_step(tf.random_normal)
        with pytest.raises(errors.RunError, match='RandomStandardNormal'):
            StepCopy(step, value, [])


def test_a_copy_shares_the_variables_and_nothing_else():
    with tf.Graph().as_default() as graph, Session() as sess:
        x = tf.placeholder(tf.float32, [None], name='x')
        total = tf.Variable(1.0, name='total')
        with tf.control_dependencies([total.assign_add(tf.reduce_sum(x))]):
            value = tf.identity(total.read_value() * 2.0)
        copy = StepCopy(value.op, value, [x])
        num_ops = len(graph.get_operations())
        step, copied, sizes = copy.place(
            {x: tf.constant([10.0, 20.0])},
            tf.zeros([0, 2], tf.uint64),
        )
        assert sizes == []
        types = [op.type for op in graph.get_operations()[num_ops:]]
        assert 'VarHandleOp' not in types
        assert 'Placeholder' not in types
        sess.run(total.initializer)
        assert sess.run(copied) == 62.0
        assert sess.run(total) == 31.0
        assert step.name != value.op.name
