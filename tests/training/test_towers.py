"""Copies of a network have the variables of the first one."""

from mnist_tut.training.towers import SharedVariables

import tensorflow.compat.v1 as tf


def network(x):
    w = tf.Variable(tf.random_normal([3, 2], seed=1), name='w')
    b = tf.Variable(tf.zeros([2]), name='b')
    return tf.matmul(x, w) + b


def test_the_copies_have_the_variables_of_the_first():
    with tf.Graph().as_default():
        x, shared = tf.ones([4, 3]), SharedVariables()
        outputs = []
        for _ in range(3):
            with shared.copy():
                outputs.append(network(x))
        assert [v.op.name for v in tf.trainable_variables()] == ['w', 'b']
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            first, second, third = sess.run(outputs)
        assert (first == second).all()
        assert (first == third).all()
        other = tf.Variable(1.0)  # outside of a copy
        assert other in tf.trainable_variables()
