"""contrib.losses and contrib.metrics: the predictions come first."""

from mnist_tut.legacy.contrib import losses, metrics

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

LOGITS = np.array([[2.0, -1.0, 0.5], [0.1, 0.2, 3.0]], np.float32)
LABELS = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], np.float32)


def run(tensor):
    with tf.Session() as session:
        return session.run(tensor)


def expected_softmax():
    exps = np.exp(LOGITS)
    return -(LABELS * np.log(exps / exps.sum(1, keepdims=True))).sum(1)


def test_softmax_cross_entropy_takes_logits_first():
    loss = losses.softmax_cross_entropy(LOGITS, LABELS)
    assert run(loss) == pytest.approx(expected_softmax().mean(), rel=1e-5)
    assert losses.get_losses() == [loss]


def test_arguments_of_0_9_are_accepted():
    loss = losses.softmax_cross_entropy(LOGITS, LABELS, weight=3.0)
    assert run(loss) == pytest.approx(3 * expected_softmax().mean(), rel=1e-5)
    squares = losses.sum_of_squares(LOGITS, targets=LABELS)
    assert run(squares) == pytest.approx(((LOGITS - LABELS) ** 2).mean(), rel=1e-5)
    with pytest.raises(TypeError, match='wieght'):
        losses.softmax_cross_entropy(LOGITS, LABELS, wieght=3.0)


def test_sparse_and_sigmoid_cross_entropy():
    sparse = losses.sparse_softmax_cross_entropy(LOGITS, np.array([1, 2]))
    assert run(sparse) == pytest.approx(expected_softmax().mean(), rel=1e-5)
    chances = 1 / (1 + np.exp(-LOGITS))
    each = -(LABELS * np.log(chances) + (1 - LABELS) * np.log(1 - chances))
    sigmoid = losses.sigmoid_cross_entropy(LOGITS, LABELS)
    assert run(sigmoid) == pytest.approx(each.mean(), rel=1e-4)


def test_log_loss_takes_the_predictions_first():
    chances = np.array([0.9, 0.2], np.float32)
    loss = run(losses.log_loss(chances, np.array([1.0, 0.0], np.float32)))
    assert loss == pytest.approx(-np.log([0.9, 0.8]).mean(), rel=1e-4)


def test_metrics_take_the_predictions_first():
    labels, predictions = tf.constant([1, 1, 1, 0]), tf.constant([1, 1, 0, 0])
    values, updates = metrics.aggregate_metric_map(
        {
            'precision': metrics.streaming_precision(predictions, labels),
            'recall': metrics.streaming_recall(predictions, labels),
            'accuracy': metrics.streaming_accuracy(predictions, labels),
        }
    )
    now = metrics.accuracy(predictions, labels)
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        session.run(list(updates.values()))
        found = session.run(values)
        assert session.run(now) == 0.75
    assert found == {
        'precision': 1.0,
        'recall': pytest.approx(2 / 3),
        'accuracy': 0.75,
    }
