"""Stand-in for tensorflow.contrib.losses and slim.losses: predictions come first.

tf.losses, which replaced it, computes the same with the labels first; a call that went
there with positional arguments would train the wrong way, without an error.

Source:
    TensorFlow 1.2, contrib/losses/python/losses/loss_ops.py; 0.9's `targets` and
    `weight` are accepted too.
"""

from collections.abc import Callable
from typing import Any

from mnist_tut.legacy.contrib.scopes import add_arg_scope

import tensorflow.compat.v1 as tf

__all__ = [
    'absolute_difference',
    'add_loss',
    'compute_weighted_loss',
    'cosine_distance',
    'get_losses',
    'get_regularization_losses',
    'get_total_loss',
    'hinge_loss',
    'log_loss',
    'mean_pairwise_squared_error',
    'mean_squared_error',
    'sigmoid_cross_entropy',
    'softmax_cross_entropy',
    'sparse_softmax_cross_entropy',
    'sum_of_pairwise_squares',
    'sum_of_squares',
]

add_loss = tf.losses.add_loss
get_losses = tf.losses.get_losses
get_regularization_losses = tf.losses.get_regularization_losses
get_total_loss = tf.losses.get_total_loss
compute_weighted_loss = add_arg_scope(tf.losses.compute_weighted_loss)


def _of_any_time(
    predictions: Any, labels: Any, weights: Any, old: dict[str, Any]
) -> tuple[Any, Any, Any]:
    """Returns the arguments; 0.9 called them targets and weight."""
    labels = old.pop('targets', labels)
    weights = old.pop('weight', weights)
    if old:
        raise TypeError(f'unexpected keyword argument {next(iter(old))!r}')
    return predictions, labels, weights


def _reversed(loss: Callable, name: str, doc: str) -> Callable:
    """Returns a function of predictions and labels from one of the opposite order."""

    def function(
        predictions: Any,
        labels: Any = None,
        weights: Any = 1.0,
        scope: Any = None,
        **old: Any,
    ) -> tf.Tensor:
        predictions, labels, weights = _of_any_time(predictions, labels, weights, old)
        return loss(labels, predictions, weights=weights, scope=scope)

    function.__name__ = name
    function.__doc__ = doc
    return add_arg_scope(function)


absolute_difference = _reversed(
    tf.losses.absolute_difference,
    'absolute_difference',
    'Adds the mean absolute difference.',
)
mean_squared_error = sum_of_squares = _reversed(
    tf.losses.mean_squared_error,
    'mean_squared_error',
    'Adds the mean squared difference.',
)
mean_pairwise_squared_error = sum_of_pairwise_squares = _reversed(
    tf.losses.mean_pairwise_squared_error,
    'mean_pairwise_squared_error',
    'Adds the mean squared difference of differences.',
)
hinge_loss = _reversed(tf.losses.hinge_loss, 'hinge_loss', 'Adds the hinge loss.')


@add_arg_scope
def log_loss(
    predictions: Any,
    labels: Any = None,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: Any = None,
    **old: Any,
) -> tf.Tensor:
    """Adds the cross-entropy of probabilities."""
    predictions, labels, weights = _of_any_time(predictions, labels, weights, old)
    return tf.losses.log_loss(labels, predictions, weights, epsilon, scope)


@add_arg_scope
def cosine_distance(
    predictions: Any,
    labels: Any = None,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: Any = None,
    **old: Any,
) -> tf.Tensor:
    """Adds the cosine distance of unit vectors; `axis` was `dim`."""
    axis = old.pop('dim', axis)
    predictions, labels, weights = _of_any_time(predictions, labels, weights, old)
    return tf.losses.cosine_distance(labels, predictions, axis, weights, scope)


@add_arg_scope
def softmax_cross_entropy(
    logits: Any,
    onehot_labels: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: Any = None,
    **old: Any,
) -> tf.Tensor:
    """Adds the mean cross-entropy of logits and rows with a single one.

    Args:
        logits: [batch, classes].
        onehot_labels: [batch, classes].
        weights: Number or [batch].
        label_smoothing: How far the labels are moved towards equal ones.
        scope: Name of the op.
        **old: `weight`, the name of `weights` in 0.9.
    """
    logits, onehot_labels, weights = _of_any_time(logits, onehot_labels, weights, old)
    return tf.losses.softmax_cross_entropy(
        onehot_labels, logits, weights, label_smoothing, scope
    )


@add_arg_scope
def sparse_softmax_cross_entropy(
    logits: Any, labels: Any, weights: Any = 1.0, scope: Any = None, **old: Any
) -> tf.Tensor:
    """Adds the mean cross-entropy of logits and class numbers."""
    logits, labels, weights = _of_any_time(logits, labels, weights, old)
    return tf.losses.sparse_softmax_cross_entropy(
        tf.cast(labels, tf.int64), logits, weights, scope
    )


@add_arg_scope
def sigmoid_cross_entropy(
    logits: Any,
    multi_class_labels: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: Any = None,
    **old: Any,
) -> tf.Tensor:
    """Adds the mean cross-entropy of logits and independent labels."""
    logits, given, weights = _of_any_time(logits, multi_class_labels, weights, old)
    return tf.losses.sigmoid_cross_entropy(
        given, logits, weights, label_smoothing, scope
    )
