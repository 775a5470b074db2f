"""Stand-in for tensorflow.contrib.learn.ops (skflow.ops): layers of TensorFlow 0.8.

Source:
    TensorFlow 0.9, contrib/learn/python/learn/ops/; variables without an initializer
    have the default of that time, uniform unit scaling.
"""

from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.contrib import losses
from mnist_tut.legacy.contrib.layers import utils
from mnist_tut.legacy.contrib.layers.dense import legacy_fully_connected

import tensorflow.compat.v1 as tf

__all__ = [
    'batch_normalize',
    'conv2d',
    'dnn',
    'dropout',
    'embedding_lookup',
    'mean_squared_error_regressor',
    'one_hot_matrix',
    'softmax_classifier',
    'split_squeeze',
]

IS_TRAINING = 'IS_TRAINING'


def variable(name: str, shape: Sequence[Any]) -> tf.Variable:
    """Returns a variable with the default initializer of TensorFlow 0.x."""
    initializer = tf.uniform_unit_scaling_initializer()
    return tf.get_variable(name, list(shape), tf.float32, initializer)


def _is_training() -> Any:
    """Returns whether the graph is for training."""
    return (tf.get_collection(IS_TRAINING) or [1])[-1]


def batch_normalize(
    tensor_in: Any,
    epsilon: float = 1e-5,
    convnet: bool = False,
    decay: float = 0.9,
    scale_after_normalization: bool = True,
) -> tf.Tensor:
    """Normalizes each channel by the batch, or by moving averages after training."""
    del scale_after_normalization
    shape = [tensor_in.shape.as_list()[-1]]
    gamma = tf.get_variable(
        'gamma', shape, initializer=tf.random_normal_initializer(1.0, 0.02)
    )
    beta = tf.get_variable('beta', shape, initializer=tf.zeros_initializer())
    zeros, ones = tf.zeros_initializer(), tf.ones_initializer()
    mean = tf.get_variable('mean', shape, initializer=zeros, trainable=False)
    variance = tf.get_variable('variance', shape, initializer=ones, trainable=False)

    def batch() -> tuple:
        """Returns the batch's numbers, and moves the averages."""
        axes = [0, 1, 2] if convnet else [0]
        batch_mean, batch_variance = tf.nn.moments(tensor_in, axes)
        moves = [
            tf.assign(mean, decay * mean + (1 - decay) * batch_mean),
            tf.assign(variance, decay * variance + (1 - decay) * batch_variance),
        ]
        with tf.control_dependencies(moves):
            return tf.identity(batch_mean), tf.identity(batch_variance)

    def moving() -> tuple:
        """Returns the moving averages."""
        return tf.identity(mean), tf.identity(variance)

    used = utils.smart_cond(_is_training(), batch, moving)
    return tf.nn.batch_normalization(tensor_in, *used, beta, gamma, epsilon)


def conv2d(
    tensor_in: Any,
    n_filters: int,
    filter_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: str = 'SAME',
    bias: bool = True,
    activation: Callable | None = None,
    batch_norm: bool = False,
) -> tf.Tensor:
    """Adds a convolution; the variables are convolution/filters and /bias."""
    with tf.variable_scope('convolution'):
        shape = [*filter_shape, tensor_in.shape.as_list()[3], n_filters]
        filters = variable('filters', shape)
        output = tf.nn.conv2d(tensor_in, filters, strides or [1, 1, 1, 1], padding)
        if bias:
            output += variable('bias', [1, 1, 1, n_filters])
        if batch_norm:
            output = batch_normalize(output, convnet=True)
        return output if activation is None else activation(output)


def dropout(tensor_in: Any, prob: Any, name: str | None = None) -> tf.Tensor:
    """Sets values to zero at random while training; `prob` is how many are kept."""
    with tf.name_scope(name, 'dropout', [tensor_in]):
        return utils.smart_cond(
            _is_training(),
            lambda: tf.nn.dropout(tensor_in, rate=1 - prob),
            lambda: tf.identity(tensor_in),
        )


def dnn(
    tensor_in: Any,
    hidden_units: Sequence[int],
    activation: Callable | None = tf.nn.relu,
    dropout: float | None = None,
    keep_prob: float | None = None,
) -> tf.Tensor:
    """Adds dense layers; the variables are dnn/layer0/fully_connected/weights, ...

    Args:
        tensor_in: [batch, units].
        hidden_units: Number of units of each layer.
        activation: Of each layer.
        dropout: How many values are set to zero.
        keep_prob: How many are kept, in the first versions.
    """
    if keep_prob is not None:
        dropout = 1 - keep_prob
    with tf.variable_scope('dnn'):
        for number, units in enumerate(hidden_units):
            with tf.variable_scope(f'layer{number}'):
                tensor_in = legacy_fully_connected(
                    tensor_in,
                    units,
                    weight_init=tf.uniform_unit_scaling_initializer(),
                    weight_collections=['dnn_weights'],
                    bias_collections=['dnn_biases'],
                )
                if activation is not None:
                    tensor_in = activation(tensor_in)
                if dropout is not None:
                    tensor_in = globals()['dropout'](tensor_in, 1.0 - dropout)
        return tensor_in


def mean_squared_error_regressor(
    tensor_in: Any, labels: Any, weights: Any, biases: Any, name: str | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns what a linear layer predicts, and the mean squared error."""
    with tf.name_scope(name, 'mean_squared_error_regressor', [tensor_in, labels]):
        predictions = tf.nn.xw_plus_b(tensor_in, weights, biases)
        if labels.shape.ndims == 1 and predictions.shape.ndims == 2:
            predictions = tf.squeeze(predictions, [1])
        return predictions, losses.sum_of_squares(predictions, labels)


def softmax_classifier(
    tensor_in: Any,
    labels: Any,
    weights: Any,
    biases: Any,
    class_weight: Any = None,
    name: str | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns a linear layer's probabilities, and the mean cross-entropy."""
    with tf.name_scope(name, 'softmax_classifier', [tensor_in, labels]):
        logits = tf.nn.xw_plus_b(tensor_in, weights, biases)
        if class_weight is not None:
            logits = tf.multiply(logits, class_weight)
        return tf.nn.softmax(logits), losses.softmax_cross_entropy(logits, labels)


def one_hot_matrix(
    tensor_in: Any, num_classes: int, on_value: float = 1.0, off_value: float = 0.0
) -> tf.Tensor:
    """Returns class numbers as rows with a single one."""
    return tf.one_hot(tf.cast(tensor_in, tf.int64), num_classes, on_value, off_value)


def split_squeeze(dim: int, num_split: int, tensor_in: Any) -> list:
    """Returns the slices of a tensor along a dimension."""
    return [tf.squeeze(x, [dim]) for x in tf.split(tensor_in, num_split, dim)]


embedding_lookup = tf.nn.embedding_lookup
