"""A whole set is counted at once: the same number, and nothing else changes."""

from mnist_tut import fully_connected_feed, input_data, mnist
from mnist_tut.data.dataset import DataSet
from mnist_tut.training import counting
from mnist_tut.training.session import Session

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


@pytest.fixture
def model():
    """Mechanics 101's, for batches of 50: (placeholders, train_op, eval_correct)."""
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        placeholders = fully_connected_feed.placeholder_inputs(50)
        logits = mnist.inference(placeholders[0], 16, 8)
        train_op = mnist.training(mnist.loss(logits, placeholders[1]), 0.1)
        yield placeholders, train_op, mnist.evaluation(logits, placeholders[1])


def whole_epochs(sess, model, data_set):
    """Returns do_eval's count; it starts at the beginning of an epoch."""
    placeholders, _, eval_correct = model
    with fully_connected_feed.flags.overridden({'batch_size': 50}):
        fraction = fully_connected_feed.do_eval(
            sess, eval_correct, *placeholders, data_set
        )
    return round(fraction * data_set.num_examples)


@pytest.mark.parametrize('sizes', [(20_000, 500), (7, 2), (1000, 1000)])
def test_the_count_is_that_of_do_eval(model, digits_dir, monkeypatch, sizes):
    monkeypatch.setattr(counting, '_FEED_SIZE', sizes[0])
    monkeypatch.setattr(counting, '_BATCH_SIZE', sizes[1])
    sets = input_data.read_data_sets(digits_dir, seed=1)
    placeholders, train_op, eval_correct = model
    with Session() as sess:
        sess.run(tf.global_variables_initializer())
        counts = []
        for _ in range(2):  # the second time with other variables
            count = counting.count_correct(
                sess, eval_correct, *placeholders, sets.validation
            )
            assert count == whole_epochs(sess, model, sets.validation)
            counts.append(count)
            for _ in range(100):
                feeds = zip(placeholders, sets.train.next_batch(50), strict=True)
                sess.run(train_op, dict(feeds))
        assert counts[0] < counts[1]


def test_the_lesson_goes_on_as_without_it(model, digits_dir):
    sets = input_data.read_data_sets(digits_dir, seed=1)
    placeholders, _, eval_correct = model
    graph = tf.get_default_graph()
    with Session() as sess:
        sess.run(tf.global_variables_initializer())
        graph.finalize()  # nothing may be added
        before = sets.get_state(), sess.get_state()
        counting.count_correct(sess, eval_correct, *placeholders, sets.test)
        assert (sets.get_state(), sess.get_state()) == before
    assert tf.get_default_graph() is graph
    assert tf.control_flow_v2_enabled()


def same_pixel(images, labels):
    """Returns how many images begin with the pixel that NumPy makes of the label."""
    pixels = np.multiply(np.arange(256).astype(np.float32), 1.0 / 255.0)
    right = tf.equal(images[:, 0], tf.gather(tf.constant(pixels), labels))
    return tf.reduce_sum(tf.cast(right, tf.int32))


@pytest.mark.parametrize('dtype', [np.uint8, np.float64])
def test_pixels_are_those_of_next_batch(dtype):
    """Each of the 256 values, to the last bit."""
    values = np.arange(256)
    data_set = DataSet(values.astype(dtype).reshape(256, 1, 1, 1), values)
    with tf.Graph().as_default(), tf.Session() as sess:
        images = tf.placeholder(tf.float32, [None, 1])
        labels = tf.placeholder(tf.int32, [None])
        correct = same_pixel(images, labels)
        batch = dict(zip((images, labels), data_set.next_batch(256), strict=True))
        assert sess.run(correct, batch) == 256
        assert counting.count_correct(sess, correct, images, labels, data_set) == 256


def test_pixels_that_are_not_scaled_stay_so():
    white = DataSet(np.full([3, 1, 1, 1], 255, np.uint8), np.arange(3), dtype=np.uint8)
    with tf.Graph().as_default(), tf.Session() as sess:
        images = tf.placeholder(tf.float32, [None, 1])
        labels = tf.placeholder(tf.int32, [None])
        correct = tf.reduce_sum(tf.cast(images[:, 0] > 254.9, tf.int32))
        correct += tf.reduce_sum(labels)
        assert counting.count_correct(sess, correct, images, labels, white) == 3 + 3


def test_made_up_data(model):
    sets = input_data.read_data_sets('', fake_data=True)
    placeholders, train_op, eval_correct = model
    with Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(20):
            feeds = zip(placeholders, sets.train.next_batch(50), strict=True)
            sess.run(train_op, dict(feeds))
        count = counting.count_correct(sess, eval_correct, *placeholders, sets.test)
    assert count == 10_000
