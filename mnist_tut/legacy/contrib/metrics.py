"""Stand-in for tensorflow.contrib.metrics and slim.metrics: predictions come first.

Source:
    TensorFlow 1.2, contrib/metrics/python/ops/metric_ops.py and
    metrics/classification.py.
"""

from collections.abc import Callable
from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf

__all__ = [
    'accuracy',
    'aggregate_metric_map',
    'aggregate_metrics',
    'confusion_matrix',
    'streaming_accuracy',
    'streaming_auc',
    'streaming_mean',
    'streaming_mean_absolute_error',
    'streaming_mean_squared_error',
    'streaming_precision',
    'streaming_recall',
    'streaming_recall_at_k',
    'streaming_root_mean_squared_error',
    'streaming_sparse_recall_at_k',
]

streaming_mean = tf.metrics.mean
streaming_mean_tensor = tf.metrics.mean_tensor


def _reversed(metric: Callable, name: str) -> Callable:
    """Returns a function of predictions and labels from one of the opposite order."""

    def function(predictions: Any, labels: Any, *args: Any, **kwargs: Any) -> Any:
        return metric(labels, predictions, *args, **kwargs)

    function.__name__ = name
    function.__doc__ = f'Returns value and update op of tf.metrics.{metric.__name__}.'
    return function


streaming_accuracy = _reversed(tf.metrics.accuracy, 'streaming_accuracy')
streaming_auc = _reversed(tf.metrics.auc, 'streaming_auc')
streaming_precision = _reversed(tf.metrics.precision, 'streaming_precision')
streaming_recall = _reversed(tf.metrics.recall, 'streaming_recall')
streaming_true_positives = _reversed(
    tf.metrics.true_positives, 'streaming_true_positives'
)
streaming_false_positives = _reversed(
    tf.metrics.false_positives, 'streaming_false_positives'
)
streaming_false_negatives = _reversed(
    tf.metrics.false_negatives, 'streaming_false_negatives'
)
streaming_mean_absolute_error = _reversed(
    tf.metrics.mean_absolute_error, 'streaming_mean_absolute_error'
)
streaming_mean_squared_error = _reversed(
    tf.metrics.mean_squared_error, 'streaming_mean_squared_error'
)
streaming_root_mean_squared_error = _reversed(
    tf.metrics.root_mean_squared_error, 'streaming_root_mean_squared_error'
)
streaming_sparse_recall_at_k = _reversed(
    tf.metrics.recall_at_k, 'streaming_sparse_recall_at_k'
)


def streaming_recall_at_k(
    predictions: Any, labels: Any, k: int, *args: Any, **kwargs: Any
) -> tuple:
    """Returns value and update op: how often the label is among the first k."""
    found = tf.cast(
        tf.nn.in_top_k(predictions, tf.cast(labels, tf.int64), k), tf.float32
    )
    return tf.metrics.mean(found, *args, **kwargs)


def accuracy(predictions: Any, labels: Any, weights: Any = None) -> tf.Tensor:
    """Returns the share of predictions that are right, in this batch."""
    is_right = tf.cast(tf.equal(predictions, labels), tf.float32)
    if weights is None:
        return tf.reduce_mean(is_right)
    weights = tf.cast(weights, tf.float32)
    return tf.reduce_sum(is_right * weights) / tf.reduce_sum(
        tf.ones_like(is_right) * weights
    )


confusion_matrix = tf.math.confusion_matrix


def aggregate_metrics(*value_update_tuples: tuple) -> tuple[list, list]:
    """Returns the values and the update ops of some metrics."""
    if not value_update_tuples:
        raise ValueError('Expected at least one value_tensor/update_op pair')
    values, updates = zip(*value_update_tuples, strict=True)
    return list(values), list(updates)


def aggregate_metric_map(names_to_tuples: dict[str, tuple]) -> tuple[dict, dict]:
    """Returns the values and the update ops of some metrics, by their names."""
    values = {name: value for name, (value, _) in names_to_tuples.items()}
    return values, {name: update for name, (_, update) in names_to_tuples.items()}
