"""The loop in the graph computes what single steps compute, to the bit."""

from mnist_tut.data.dataset import DataSet
from mnist_tut.data.scaled import Scaled
from mnist_tut.training.repeat import Step
from mnist_tut.training.session import Session
from mnist_tut.training.step_loop import StepLoop

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

BATCH = 6


def every_grey(dtype=np.uint8):
    """Returns 32 images that hold all 256 pixel values: [32, 784]."""
    values = np.arange(32 * 784) % 256
    return values.reshape(32, 784).astype(dtype)


def rows(count, seed=0):
    return np.random.RandomState(seed).randint(0, 32, (count, BATCH)).astype(np.int32)


def one_layer(dropout):
    """Returns placeholders, training op and loss of a layer with dropout."""
    x = tf.placeholder(tf.float32, [None, 784])
    y = tf.placeholder(tf.float32, [None, 10])
    keep_prob = tf.placeholder(tf.float32)
    W = tf.Variable(tf.truncated_normal([784, 10], stddev=0.1))
    hidden = tf.nn.dropout(x, keep_prob) if dropout else x * keep_prob
    logits = tf.matmul(hidden, W)
    loss = tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits)
    )
    train_step = tf.train.AdamOptimizer(0.01).minimize(loss)
    return x, y, keep_prob, train_step, loss


@pytest.mark.parametrize('dropout', [False, True])
@pytest.mark.parametrize('seed', [0, 1])
def test_equal_to_single_steps_between_single_steps(graph, dropout, seed):
    """One by one, and then: one, five together, one, three together, two."""
    x, y, keep_prob, train_step, loss = one_layer(dropout)
    images = every_grey()
    labels = np.eye(10)[np.arange(32) % 10]  # float64, as input_data has them
    batches = rows(12, seed)
    data_set = DataSet(images.reshape(32, 28, 28, 1), labels)

    def single(sess, numbers):
        scaled = data_set._scaled(images[numbers])
        feeds = {x: scaled, y: labels[numbers], keep_prob: 0.7}
        return sess.run([train_step, loss], feeds)[1]

    init = tf.global_variables_initializer()
    with Session() as sess:
        sess.run(init)
        expected = [single(sess, numbers) for numbers in batches]
        expected_state = sess.get_state()
        expected_values = sess.run(tf.global_variables())
    with Session() as sess:
        sess.run(init)
        examples = {x: images, y: labels, keep_prob: 0.7}
        loop = StepLoop(train_step, loss, examples, {x: 1 / 255}, sess, BATCH, None)
        losses = [single(sess, batches[0]), *loop.run(batches[1:6])]
        losses += [single(sess, batches[6]), *loop.run(batches[7:10])]
        losses += [single(sess, numbers) for numbers in batches[10:]]
        assert sess.get_state() == expected_state
        values = sess.run(tf.global_variables())
    assert losses == expected
    for value, wanted in zip(values, expected_values, strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_a_state_between_goes_to_another_session(graph):
    """What the loop has drawn is counted, so that a resumed run continues there."""
    x, y, keep_prob, train_step, loss = one_layer(dropout=True)
    examples = {x: every_grey(), y: np.eye(10)[np.arange(32) % 10], keep_prob: 0.5}
    init = tf.global_variables_initializer()
    batches = rows(9)
    with Session() as sess:
        sess.run(init)
        loop = StepLoop(train_step, loss, examples, {x: 1 / 255}, sess, BATCH, None)
        loop.run(batches[:4])
        state = sess.get_state()
        saved = sess.run(tf.global_variables())
        expected = loop.run(batches[4:])
    with Session() as sess:
        for variable, value in zip(tf.global_variables(), saved, strict=True):
            variable.load(value, sess)
        sess.set_state(state)
        loop = StepLoop(train_step, loss, examples, {x: 1 / 255}, sess, BATCH, None)
        np.testing.assert_array_equal(loop.run(batches[4:]), expected)


def test_the_terms_of_a_loss_are_added_in_their_order(graph):
    """Also beside so many examples that TensorFlow would save memory by adding them as
    they are ready."""
    x = tf.placeholder(tf.float32, [BATCH, 1000])
    weights = [tf.Variable(tf.random_normal([1000, 1000 - 199 * i])) for i in range(6)]
    regularizers = tf.nn.l2_loss(weights[0])
    for variable in weights[1:]:
        regularizers += tf.nn.l2_loss(variable)
    loss = tf.reduce_mean(x) + 5e-4 * regularizers
    train_step = tf.train.GradientDescentOptimizer(1e-3).minimize(loss)
    images = np.ones([80_000, 1000], np.float32)
    batches = rows(40)
    init = tf.global_variables_initializer()
    with Session() as sess:
        sess.run(init)
        expected = [
            sess.run([train_step, loss], {x: images[numbers]})[1] for numbers in batches
        ]
    with Session() as sess:
        sess.run(init)
        loop = StepLoop(train_step, loss, {x: images}, {}, sess, BATCH, None)
        np.testing.assert_array_equal(loop.run(batches), expected)


def test_the_lessons_graph_stays_as_it_is(graph):
    x, y, keep_prob, train_step, loss = one_layer(dropout=True)
    init = tf.global_variables_initializer()
    before = {node.name: node for node in graph.as_graph_def().node}
    variables = tf.global_variables()
    with Session() as sess:
        sess.run(init)
        examples = {x: every_grey(), y: np.eye(10)[np.arange(32) % 10], keep_prob: 1.0}
        StepLoop(train_step, loss, examples, {x: 1 / 255}, sess, BATCH, None).run(
            rows(3)
        )
    after = {node.name: node for node in graph.as_graph_def().node}
    assert {name: after.get(name) for name in before} == before
    added = after.keys() - before.keys()
    assert added
    assert all(name.startswith('steps_per_run/') for name in added)
    assert tf.global_variables() == variables
    assert tf.local_variables() == []


@pytest.mark.parametrize('dtype', [tf.float32, tf.float16, tf.uint8, tf.int64])
def test_values_are_fed_as_a_feed_dict_feeds_them(graph, dtype):
    """Pixel values are scaled for floats alone, as in DataSet."""
    x = tf.placeholder(dtype, [None, 784])
    total = tf.Variable(tf.zeros([784], tf.float64))
    added = tf.reduce_sum(tf.cast(x, tf.float64), axis=0)
    train_step = total.assign_add(added).op
    loss = tf.cast(tf.reduce_sum(x), tf.float32)
    images = every_grey()
    batches = rows(3)
    with Session() as sess:
        sess.run(tf.global_variables_initializer())
        StepLoop(train_step, loss, {x: images}, {x: 1 / 255}, sess, BATCH, None).run(
            batches
        )
        value = sess.run(total)
    if dtype.is_floating:
        images = np.multiply(images.astype(np.float32), np.float32(1 / 255))
    fed = images[batches.ravel()].astype(dtype.as_numpy_dtype).astype(np.float64)
    np.testing.assert_allclose(value, fed.sum(0), rtol=1e-12)


def test_only_the_images_of_a_data_set_are_scaled(graph):
    """Labels of the same type, one-hot, are fed as they are."""
    x, y, keep_prob, train_step, loss = one_layer(dropout=False)
    images, labels = every_grey(), np.eye(10, dtype=np.uint8)[np.arange(32) % 10]
    data_set = DataSet(images.reshape(32, 28, 28, 1), labels)
    step = Step(train_step, loss, data_set, [x, y], (), {keep_prob: 1.0})
    init = tf.global_variables_initializer()
    batches = rows(4)
    with Session() as sess:
        sess.run(init)
        expected = []
        for numbers in batches:
            scaled = data_set._scaled(images[numbers])
            feeds = {x: scaled, y: labels[numbers], keep_prob: 1.0}
            expected.append(sess.run([train_step, loss], feeds)[1])
    with Session() as sess:
        sess.run(init)
        loop = StepLoop(train_step, loss, *step.examples(), sess, BATCH, None)
        np.testing.assert_array_equal(loop.run(batches), expected)


@pytest.mark.parametrize(
    ('function', 'is_stored_as_bytes'),
    [
        (lambda x: x.astype(np.float32) / 255, True),
        (lambda x: (x.astype(np.float32) - 127.5) / 255, False),
    ],
)
def test_pixels_that_are_scaled_when_they_are_read(graph, function, is_stored_as_bytes):
    x = tf.placeholder(tf.float32, [None, 784])
    last = tf.Variable(tf.zeros([BATCH, 784]))
    loss = tf.reduce_sum(x)
    images = Scaled(function, every_grey())
    with Session() as sess:
        sess.run(tf.global_variables_initializer())
        step = last.assign(x).op
        loop = StepLoop(step, loss, {x: images}, {}, sess, BATCH, None)
        for numbers in rows(6)[:, np.newaxis]:
            loop.run(numbers)
            np.testing.assert_array_equal(sess.run(last), images[numbers[0]])
    [stored] = [
        op
        for op in graph.get_operations()
        if op.type == 'VarHandleOp' and op.name.startswith('steps_per_run')
    ]
    assert (stored.get_attr('dtype') == tf.uint8) == is_stored_as_bytes


def test_compiled_for_one_length_runs_fewer_steps_too(graph):
    x, y, keep_prob, train_step, loss = one_layer(dropout=False)
    examples = {x: every_grey(), y: np.eye(10)[np.arange(32) % 10], keep_prob: 1.0}
    init = tf.global_variables_initializer()
    batches = rows(10)
    losses = []
    for length in (None, 4):
        with Session() as sess:
            sess.run(init)
            loop = StepLoop(
                train_step, loss, examples, {x: 1 / 255}, sess, BATCH, length
            )
            parts = [
                loop.run(batches[:4]),
                loop.run(batches[4:7]),
                loop.run(batches[7:]),
            ]
            losses.append(np.concatenate(parts))
    assert losses[1].shape == (10,)
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)


def test_loops_of_others_are_as_before(graph):
    x, y, keep_prob, train_step, loss = one_layer(dropout=False)
    was = tf.control_flow_v2_enabled()
    with Session() as sess:
        sess.run(tf.global_variables_initializer())
        examples = {x: every_grey(), y: np.eye(10)[np.arange(32) % 10], keep_prob: 1.0}
        StepLoop(train_step, loss, examples, {x: 1 / 255}, sess, BATCH, None)
    assert tf.control_flow_v2_enabled() == was
