"""Stand-in for tensorflow.contrib.learn.models (skflow.models).

Source:
    TensorFlow 0.9, contrib/learn/python/learn/models.py.
"""

from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.contrib.learn import ops

import tensorflow.compat.v1 as tf

__all__ = [
    'get_dnn_model',
    'get_rnn_model',
    'linear_regression',
    'linear_regression_zero_init',
    'logistic_regression',
    'logistic_regression_zero_init',
]


def _weights_and_bias(
    inputs: int, outputs: int, mean: float | None, stddev: float
) -> tuple[tf.Variable, tf.Variable]:
    """Returns the variables of a linear layer, normal or with the default."""
    if mean is None:
        weights = ops.variable('weights', [inputs, outputs])
        return weights, ops.variable('bias', [outputs])
    initializer = tf.random_normal_initializer(mean, stddev)
    weights = tf.get_variable('weights', [inputs, outputs], initializer=initializer)
    return weights, tf.get_variable('bias', [outputs], initializer=initializer)


def linear_regression(
    X: Any, y: Any, init_mean: float | None = None, init_stddev: float = 1.0
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns predicted numbers and the loss.

    Variables: linear_regression/weights and linear_regression/bias.
    """
    with tf.variable_scope('linear_regression'):
        outputs = 1 if y.shape.ndims == 1 else y.shape.as_list()[1]
        made = _weights_and_bias(X.shape.as_list()[1], outputs, init_mean, init_stddev)
        return ops.mean_squared_error_regressor(X, y, *made)


def logistic_regression(
    X: Any,
    y: Any,
    class_weight: Any = None,
    init_mean: float | None = None,
    init_stddev: float = 1.0,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns probabilities of the classes and the loss.

    Variables: logistic_regression/weights and logistic_regression/bias.

    Args:
        X: [batch, units].
        y: Rows with a single one.
        class_weight: Factors of the classes; the graph's tensor class_weight, if it
            has one.
        init_mean: Of the normal first values; None for the default.
        init_stddev: Of the normal first values.
    """
    with tf.variable_scope('logistic_regression'):
        made = _weights_and_bias(
            X.shape.as_list()[1], y.shape.as_list()[-1], init_mean, init_stddev
        )
        if class_weight is None:
            try:
                class_weight = tf.get_default_graph().get_tensor_by_name(
                    'class_weight:0'
                )
            except KeyError:
                class_weight = None
        return ops.softmax_classifier(X, y, *made, class_weight=class_weight)


def linear_regression_zero_init(X: Any, y: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns `linear_regression` whose variables are zero at first."""
    return linear_regression(X, y, init_mean=0.0, init_stddev=0.0)


def logistic_regression_zero_init(X: Any, y: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns `logistic_regression` whose variables are zero at first."""
    return logistic_regression(X, y, init_mean=0.0, init_stddev=0.0)


def get_dnn_model(
    hidden_units: Sequence[int],
    target_predictor_fn: Callable,
    dropout: float | None = None,
) -> Callable:
    """Returns a model function: dense layers and what predicts from them."""

    def dnn_estimator(X: Any, y: Any) -> tuple:
        """Builds the graph."""
        layers = ops.dnn(X, hidden_units, dropout=dropout)
        return target_predictor_fn(layers, y)

    return dnn_estimator


def get_rnn_model(
    rnn_size: int,
    cell_type: str,
    num_layers: int,
    input_op_fn: Callable,
    bidirectional: bool,
    target_predictor_fn: Callable,
    sequence_length: Any,
    initial_state: Any,
    *ignored: Any,
) -> Callable:
    """Returns a model function: recurrent layers and what predicts from their end."""
    kinds = {'rnn': 'BasicRNNCell', 'gru': 'GRUCell', 'lstm': 'BasicLSTMCell'}
    if cell_type not in kinds:
        raise ValueError(f'cell_type {cell_type} is not supported. ')
    del ignored

    def cells() -> Any:
        """Returns the layers of one direction."""
        kind = getattr(tf.nn.rnn_cell, kinds[cell_type])
        return tf.nn.rnn_cell.MultiRNNCell([kind(rnn_size) for _ in range(num_layers)])

    def last(state: Any) -> tf.Tensor:
        """Returns the last layer's state as one tensor."""
        state = state[-1]
        return tf.concat(list(state), 1) if cell_type == 'lstm' else state

    def rnn_estimator(X: Any, y: Any) -> tuple:
        """Builds the graph."""
        inputs = input_op_fn(X)
        if bidirectional:
            _, *states = tf.nn.static_bidirectional_rnn(
                cells(),
                cells(),
                inputs,
                initial_state,
                initial_state,
                tf.float32,
                sequence_length,
            )
            encoding = tf.concat([last(state) for state in states], 1)
        else:
            _, state = tf.nn.static_rnn(
                cells(), inputs, initial_state, tf.float32, sequence_length
            )
            encoding = last(state)
        return target_predictor_fn(encoding, y)

    return rnn_estimator
