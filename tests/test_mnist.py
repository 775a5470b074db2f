"""The four functions of Mechanics 101: what each adds to the graph."""

from mnist_tut import mnist

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

H1, H2, B = 128, 32, 50
LAYERS = {'hidden1': (784, H1), 'hidden2': (H1, H2), 'softmax_linear': (H2, 10)}


@pytest.fixture
def graph():
    """A new graph with a seed, and a session: (images, logits, session)."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        images = tf.placeholder(tf.float32, [B, 784])
        logits = mnist.inference(images, H1, H2)
        sess.run(tf.global_variables_initializer())
        yield images, logits, sess


def values_by_name(sess):
    return {v.op.name: sess.run(v) for v in tf.global_variables()}


def random_logits(seed=0):
    random = np.random.RandomState(seed)
    logits = 5 * random.randn(B, 10).astype(np.float32)
    return logits, random.randint(0, 10, B).astype(np.int32)


def cross_entropy(logits, labels):
    """Returns the mean loss in nats, in float64."""
    logits = np.float64(logits)
    logits -= logits.max(axis=1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(labels)), labels].mean()


# inference.


def test_inference_makes_six_variables_of_the_documents_names(graph):
    shapes = {v.op.name: tuple(v.shape) for v in tf.trainable_variables()}
    expected = {}
    for scope, (fan_in, fan_out) in LAYERS.items():
        expected[f'{scope}/weights'] = (fan_in, fan_out)
        expected[f'{scope}/biases'] = (fan_out,)
    assert shapes == expected
    assert sum(np.prod(shape) for shape in shapes.values()) == 104_938


@pytest.mark.parametrize('scope', LAYERS)
def test_initial_weights_have_the_deviation_of_their_fan_in(graph, scope):
    values = values_by_name(graph[2])
    weights, deviation = values[f'{scope}/weights'], 1 / np.sqrt(LAYERS[scope][0])
    assert abs(weights).max() <= 2 * deviation * 1.000001
    # A normal distribution that is cut off at two deviations has 0.8796 of its own;
    # the last layer has so few weights that chance is within a tenth.
    assert weights.std() == pytest.approx(0.8796 * deviation, rel=0.1)
    assert abs(weights.mean()) < 0.2 * deviation
    assert not values[f'{scope}/biases'].any()


def test_logits_are_two_relu_layers_and_a_linear_one(graph):
    images, logits, sess = graph
    random = np.random.RandomState(0)
    for variable in tf.trainable_variables():  # biases, too
        variable.load(0.1 * random.randn(*variable.shape), sess)
    batch = random.rand(B, 784).astype(np.float32)
    values = values_by_name(sess)
    x = np.float64(batch)
    for scope in LAYERS:
        x = x @ values[f'{scope}/weights'] + values[f'{scope}/biases']
        if scope != 'softmax_linear':
            x = np.maximum(x, 0)
    actual = sess.run(logits, {images: batch})
    assert actual.shape == (B, 10)
    np.testing.assert_allclose(actual, x, rtol=1e-3, atol=1e-4)


def test_images_of_another_size_are_refused():
    with tf.Graph().as_default(), pytest.raises(ValueError, match='784'):
        mnist.inference(tf.placeholder(tf.float32, [10, 700]), 128, 32)


# loss.


def test_the_loss_is_the_mean_cross_entropy():
    logits, labels = random_logits()
    with tf.Graph().as_default(), tf.Session() as sess:
        loss = mnist.loss(tf.constant(logits), tf.constant(labels))
        assert loss.op.name == 'xentropy_mean'
        assert loss.shape == []
        assert sess.run(loss) == pytest.approx(cross_entropy(logits, labels), rel=1e-5)


def test_the_loss_of_equal_logits_is_that_of_a_guess():
    with tf.Graph().as_default(), tf.Session() as sess:
        loss = mnist.loss(tf.fill([B, 10], 3.0), tf.range(B) % 10)
        assert sess.run(loss) == pytest.approx(np.log(10))


def test_the_loss_is_finite_for_logits_that_overflow_an_exponential():
    with tf.Graph().as_default(), tf.Session() as sess:
        loss = mnist.loss(tf.constant([[1e4] + [0.0] * 9] * 2), tf.constant([0, 1]))
        assert sess.run(loss) == pytest.approx(5000)


# training.


def test_a_step_goes_down_the_gradient_and_is_counted():
    with tf.Graph().as_default(), tf.Session() as sess:
        place = tf.Variable([3.0, -1.0])
        train_op = mnist.training(tf.reduce_sum(place * place), 0.25)
        sess.run(tf.global_variables_initializer())
        [global_step] = [v for v in tf.global_variables() if v is not place]
        assert global_step.op.name == 'global_step'
        assert global_step.dtype.base_dtype == tf.int32
        assert tf.trainable_variables() == [place]
        for step in range(3):
            expected = np.float32([3, -1]) / 2**step
            np.testing.assert_array_equal(sess.run(place), expected)
            assert sess.run(global_step) == step
            sess.run(train_op)


def test_the_summary_has_the_tag_loss():
    with tf.Graph().as_default(), tf.Session() as sess:
        place = tf.Variable(3.0)
        mnist.training(place * place, 0.25)
        sess.run(tf.global_variables_initializer())
        summary = tf.Summary.FromString(sess.run(tf.summary.merge_all()))
    [value] = summary.value
    assert (value.tag, value.simple_value) == ('loss', 9)


# evaluation.


def test_evaluation_counts_right_predictions():
    logits, labels = random_logits(seed=1)
    labels[:20] = logits[:20].argmax(axis=1)
    with tf.Graph().as_default(), tf.Session() as sess:
        count = mnist.evaluation(tf.constant(logits), tf.constant(labels))
        assert count.dtype == tf.int32
        assert count.shape == []
        num_right = sess.run(count)
    assert num_right == (logits.argmax(axis=1) == labels).sum()
    assert 20 <= num_right < B


@pytest.mark.parametrize('right', [True, False])
def test_evaluation_counts_all_or_none(right):
    logits, _ = random_logits(seed=2)
    best = logits.argmax(axis=1).astype(np.int32)
    labels = best if right else (best + 1) % 10
    with tf.Graph().as_default(), tf.Session() as sess:
        count = mnist.evaluation(tf.constant(logits), tf.constant(labels))
        assert sess.run(count) == (B if right else 0)
