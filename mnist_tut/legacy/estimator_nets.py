"""The graphs of the ready-made models: dense nets, linear models, both together.

Source:
    TensorFlow 1.15, tensorflow_estimator/python/estimator/canned/.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.contrib.layers.feature_columns import (
    RealValuedColumn,
    input_from_feature_columns,
)
from mnist_tut.legacy.contrib.layers.optimizers import make_optimizer
from mnist_tut.legacy.estimator_head import Head, Names
from mnist_tut.legacy.estimator_spec import (
    EstimatorSpec,
    ModeKeys,
)

import tensorflow.compat.v1 as tf


def dense(net: tf.Tensor, units: int, name: str, names: Names) -> tf.Tensor:
    """Returns a dense layer without an activation."""
    with tf.variable_scope(name):
        kernel = tf.get_variable(
            names.weights,
            [net.shape.as_list()[-1], units],
            initializer=tf.glorot_uniform_initializer(),
        )
        bias = tf.get_variable(
            names.biases, [units], initializer=tf.zeros_initializer()
        )
        return tf.nn.bias_add(tf.matmul(net, kernel), bias)


def dense_net(
    features: Any,
    columns: Any,
    hidden_units: Sequence[int],
    head: Head,
    activation: Callable | None,
    dropout: float | None,
    mode: str,
) -> tf.Tensor:
    """Returns the outputs of a dense net; the variables are below dnn/."""
    with tf.variable_scope('dnn'):
        with tf.variable_scope('input_from_feature_columns'):
            net = input_from_feature_columns(features, columns)
        for number, units in enumerate(hidden_units):
            name = f'hiddenlayer_{number}'
            net = dense(net, units, name, head.names)
            if activation is not None:
                net = activation(net)
            if dropout is not None and mode == ModeKeys.TRAIN:
                net = tf.nn.dropout(net, rate=dropout)
            zeros = tf.nn.zero_fraction(net)
            tf.summary.scalar(f'{name}_fraction_of_zero_values', zeros)
            tf.summary.histogram(f'{name}_activation', net)
        return dense(net, head.size, 'logits', head.names)


def linear_model(features: Any, columns: Any, head: Head) -> tf.Tensor:
    """Returns the outputs of a linear model; the variables are below linear/."""
    columns = list(columns)
    with tf.variable_scope('linear'):
        if not all(isinstance(column, RealValuedColumn) for column in columns):
            with warnings.catch_warnings():  # about TensorFlow's own way to do it
                warnings.simplefilter('ignore')
                return tf.feature_column.linear_model(
                    features, columns, units=head.size
                )
        products = []
        for column in sorted(columns, key=lambda column: column.name):
            values = input_from_feature_columns(features, [column])
            with tf.variable_scope(column.name):
                weights = tf.get_variable(
                    'weight',
                    [values.shape.as_list()[-1], head.size],
                    initializer=tf.zeros_initializer(),
                )
            products.append(tf.matmul(values, weights))
        bias = tf.get_variable(
            'bias_weight', [head.size], initializer=tf.zeros_initializer()
        )
        return tf.nn.bias_add(tf.add_n(products), bias)


def linear_optimizer(optimizer: Any, columns: Any) -> Any:
    """Returns a linear model's optimizer, or the usual one."""
    rate = min(0.2, 1.0 / math.sqrt(len(list(columns))))
    return made_by(optimizer or 'Ftrl', rate if optimizer is None else 0.2)


def made_by(optimizer: Any, learning_rate: float) -> Any:
    """Returns an optimizer from a name, a function without arguments or itself."""
    if isinstance(optimizer, str | type):
        return make_optimizer(optimizer, learning_rate)
    return make_optimizer(optimizer, None)


def dense_model_fn(
    hidden_units: Sequence[int],
    columns: Any,
    head: Head,
    optimizer: Any,
    activation: Callable | None,
    dropout: float | None,
) -> Callable:
    """Returns the model function of a dense net."""

    def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        """Builds the graph."""
        logits = dense_net(
            features, columns, hidden_units, head, activation, dropout, mode
        )

        def train(loss: Any) -> Any:
            """Returns the training op."""
            made = made_by(optimizer, 0.05)
            return made.minimize(loss, tf.train.get_global_step())

        return head.spec(features, labels, mode, logits, train)

    return model_fn


def linear_model_fn(columns: Any, head: Head, optimizer: Any) -> Callable:
    """Returns the model function of a linear model."""

    def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        """Builds the graph."""
        logits = linear_model(features, columns, head)

        def train(loss: Any) -> Any:
            """Returns the training op."""
            made = linear_optimizer(optimizer, columns)
            return made.minimize(loss, tf.train.get_global_step())

        return head.spec(features, labels, mode, logits, train)

    return model_fn


def combined_model_fn(
    linear_columns: Any,
    linear_optimizer_: Any,
    dnn_columns: Any,
    dnn_optimizer: Any,
    hidden_units: Sequence[int],
    head: Head,
    activation: Callable | None,
    dropout: float | None,
) -> Callable:
    """Returns the model function of a dense net and a linear model, added up."""

    def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        """Builds the graph."""
        logits = dense_net(
            features, dnn_columns, hidden_units, head, activation, dropout, mode
        ) + linear_model(features, linear_columns, head)

        def train(loss: Any) -> Any:
            """Returns the training op."""
            steps = [
                made.minimize(
                    loss,
                    var_list=tf.get_collection(
                        tf.GraphKeys.TRAINABLE_VARIABLES, scope=scope
                    ),
                )
                for made, scope in [
                    (made_by(dnn_optimizer, 0.05), 'dnn/'),
                    (linear_optimizer(linear_optimizer_, linear_columns), 'linear/'),
                ]
            ]
            with tf.control_dependencies(steps):
                return tf.assign_add(tf.train.get_global_step(), 1).op

        return head.spec(features, labels, mode, logits, train)

    return model_fn
