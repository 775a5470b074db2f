"""A session counts what random ops draw, and draws it again in another session."""

import sys

from mnist_tut.training.session import Session

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


def dropout(x):
    return tf.nn.dropout(tf.matmul(x, tf.ones([6, 5])), 0.5)


def images(x):
    """Of a rank that dropout of a feature map has."""
    return tf.nn.dropout(tf.reshape(x, [-1, 3, 2, 1]), 0.5)


def noise(x):
    return x + tf.random_normal(tf.shape(x))


def truncated_noise(x):
    return x + tf.truncated_normal(tf.shape(x))


def random_flips(x):
    return x * tf.cast(tf.random_uniform(tf.shape(x), 0, 2, tf.int32), tf.float32)


@pytest.mark.parametrize(
    'build', [dropout, images, noise, truncated_noise, random_flips]
)
def test_another_session_continues_where_the_first_one_was(build):
    with tf.Graph().as_default():
        tf.set_random_seed(7)
        x = tf.placeholder(tf.float32, [None, 6])
        y = build(x)
        feeds = [{x: np.ones((rows, 6))} for rows in (4, 9, 1, 30, 8)]
        states, values = [], []
        with Session() as sess:
            for feed in feeds:
                states.append(sess.get_state())
                values.append(sess.run(y, feed_dict=feed))
        assert len({value.tobytes() for value in values}) == len(values)
        for state, feed, value in zip(states, feeds, values, strict=True):
            with Session() as sess:
                sess.set_state(state)
                np.testing.assert_array_equal(sess.run(y, feed_dict=feed), value)
                assert sess.get_state() != state


def test_only_what_runs_is_counted():
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 6])
        mean = tf.reduce_mean(x)
        dropped = dropout(x)
        num_ops = len(graph.get_operations())
        with Session() as sess:
            feed = {x: np.ones((3, 6))}
            sess.run(mean, feed)
            assert sess.get_state() == {}
            sess.run([mean, dropped], feed)
            sess.run({'a': [dropped], 'b': mean}, feed)
            sess.run(dropped.name, feed)
            dropped.eval(feed)
            sess.run((dropped.op, dropped), feed)
            [count] = sess.get_state().values()
            assert count == 5 * 3 * 5
        assert len(graph.get_operations()) == num_ops


def test_values_are_those_of_any_session():
    with tf.Graph().as_default():
        tf.set_random_seed(7)
        dropped = dropout(tf.ones([4, 6]))
        fetches = {'one': dropped, 'more': (dropped.op, [tf.constant(3)])}
        with Session() as sess:
            here = sess.run(fetches)
        with tf.Session() as sess:
            there = sess.run(fetches)
    np.testing.assert_array_equal(here['one'], there['one'])
    assert here['more'] == there['more'] == (None, [3])


def test_more_than_a_chunk_is_drawn_again(monkeypatch):
    from mnist_tut.training import session

    monkeypatch.setattr(session, '_CHUNK', 7)
    with tf.Graph().as_default():
        tf.set_random_seed(7)
        dropped = dropout(tf.ones([4, 6]))
        with Session() as sess:
            sess.run(dropped)
            state = sess.get_state()
            expected = sess.run(dropped)
        with Session() as sess:
            sess.set_state(state)
            np.testing.assert_array_equal(sess.run(dropped), expected)


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_an_error_of_a_summary_is_raised_and_not_printed_too(value, capfd):
    with tf.Graph().as_default(), Session() as sess:
        summary = tf.summary.histogram('h', tf.constant([value]))
        with pytest.raises(tf.errors.InvalidArgumentError, match='for: h'):
            sess.run(tf.summary.merge([summary]))
    assert capfd.readouterr().err == ''


def test_an_error_of_the_file_system_is_raised_and_not_printed_too(capfd):
    with (
        tf.Graph().as_default(),
        Session() as sess,
        pytest.raises(tf.errors.NotFoundError, match='no such file'),
    ):
        sess.run(tf.io.read_file('no such file'))
    assert 'no such file' not in capfd.readouterr().err


def test_what_native_code_prints_without_an_error_is_shown(capfd):
    with tf.Graph().as_default(), Session() as sess:
        with tf.control_dependencies([tf.print('noticed', output_stream=sys.stderr)]):
            text = tf.identity(tf.constant('text'))
        assert sess.run(text) == b'text'
    assert 'noticed' in capfd.readouterr().err
