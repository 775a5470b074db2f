"""contrib.layers' layers without variables, and `stack` and `repeat`.

Source:
    TensorFlow 1.2, contrib/layers/python/layers/layers.py and encoders.py.
"""

from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.contrib.layers import utils
from mnist_tut.legacy.contrib.scopes import add_arg_scope

import tensorflow.compat.v1 as tf


def _pool2d(
    pool: Callable,
    inputs: Any,
    kernel_size: Any,
    stride: Any,
    padding: str,
    data_format: str,
) -> tf.Tensor:
    """Returns the largest or the average value of each window."""
    height, width = utils.two_element_tuple(kernel_size)
    rows, columns = utils.two_element_tuple(stride)
    if data_format not in ('NCHW', 'NHWC'):
        raise ValueError('data_format has to be either NCHW or NHWC.')
    if data_format == 'NCHW':
        ksize, strides = [1, 1, height, width], [1, 1, rows, columns]
    else:
        ksize, strides = [1, height, width, 1], [1, rows, columns, 1]
    return pool(inputs, ksize, strides, padding.upper(), data_format)


@add_arg_scope
def max_pool2d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = 'VALID',
    data_format: str = 'NHWC',
    outputs_collections: Any = None,
    scope: Any = None,
) -> tf.Tensor:
    """Returns the largest value of each window, per channel.

    Args:
        inputs: [batch, rows, columns, channels].
        kernel_size: Rows and columns of a window, or one number for both.
        stride: Of the windows, likewise.
        padding: 'VALID' or 'SAME'.
        data_format: 'NCHW' where the channels come second.
        outputs_collections: Collections for the output.
        scope: Name of the op.
    """
    with tf.name_scope(scope, 'MaxPool2D', [inputs]) as sc:
        outputs = _pool2d(
            tf.nn.max_pool, inputs, kernel_size, stride, padding, data_format
        )
        return utils.collect_named_outputs(outputs_collections, sc, outputs)


@add_arg_scope
def avg_pool2d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = 'VALID',
    data_format: str = 'NHWC',
    outputs_collections: Any = None,
    scope: Any = None,
) -> tf.Tensor:
    """Returns the average of each window; the arguments are `max_pool2d`'s."""
    with tf.name_scope(scope, 'AvgPool2D', [inputs]) as sc:
        outputs = _pool2d(
            tf.nn.avg_pool, inputs, kernel_size, stride, padding, data_format
        )
        return utils.collect_named_outputs(outputs_collections, sc, outputs)


@add_arg_scope
def dropout(
    inputs: Any,
    keep_prob: Any = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Any = None,
    scope: Any = None,
    seed: int | None = None,
) -> tf.Tensor:
    """Sets values to zero at random while training, and scales the others.

    Args:
        inputs: Any shape.
        keep_prob: Probability that a value is kept.
        noise_shape: As in `tf.nn.dropout`.
        is_training: Whether anything is done; may be a tensor.
        outputs_collections: Collections for the output.
        scope: Name of the op.
        seed: Seed of the op.
    """
    with tf.variable_scope(scope, 'Dropout', [inputs]) as sc:
        inputs = tf.convert_to_tensor(inputs)
        outputs = utils.smart_cond(
            is_training,
            lambda: tf.nn.dropout(
                inputs, rate=1 - keep_prob, noise_shape=noise_shape, seed=seed
            ),
            lambda: tf.identity(inputs),
        )
        return utils.collect_named_outputs(
            outputs_collections, sc.original_name_scope, outputs
        )


@add_arg_scope
def flatten(
    inputs: Any, outputs_collections: Any = None, scope: Any = None
) -> tf.Tensor:
    """Returns [batch, ...] as [batch, units]."""
    with tf.name_scope(scope, 'Flatten', [inputs]) as sc:
        inputs = tf.convert_to_tensor(inputs)
        if inputs.shape.ndims is None or inputs.shape.ndims < 2:
            raise ValueError('Inputs must be have a least 2 dimensions')
        units = inputs.shape[1:].num_elements()
        batch = inputs.shape.as_list()[0]
        if units is None:
            rows = tf.shape(inputs)[0] if batch is None else batch
            outputs = tf.reshape(inputs, tf.stack([rows, -1]))
        else:
            outputs = tf.reshape(inputs, [-1, units])
        outputs.set_shape([batch, units])
        return utils.collect_named_outputs(outputs_collections, sc, outputs)


@add_arg_scope
def one_hot_encoding(
    labels: Any,
    num_classes: int,
    on_value: float = 1.0,
    off_value: float = 0.0,
    outputs_collections: Any = None,
    scope: Any = None,
) -> tf.Tensor:
    """Returns labels [batch] as rows [batch, num_classes] with a single one."""
    with tf.name_scope(scope, 'OneHotEncoding', [labels, num_classes]) as sc:
        labels = tf.convert_to_tensor(labels)
        outputs = tf.one_hot(labels, num_classes, on_value, off_value)
        return utils.collect_named_outputs(outputs_collections, sc, outputs)


@add_arg_scope
def softmax(logits: Any, scope: Any = None) -> tf.Tensor:
    """Returns probabilities along the last dimension."""
    with tf.variable_scope(scope, 'softmax', [logits]):
        return tf.nn.softmax(logits)


@add_arg_scope
def unit_norm(
    inputs: Any, dim: int, epsilon: float = 1e-7, scope: Any = None
) -> tf.Tensor:
    """Divides the vectors along a dimension by their lengths."""
    with tf.variable_scope(scope, 'UnitNorm', [inputs]):
        squares = tf.reduce_sum(tf.square(inputs), dim, keepdims=True)
        return tf.divide(inputs, tf.sqrt(epsilon + squares))


@add_arg_scope
def maxout(inputs: Any, num_units: int, axis: int = -1, scope: Any = None) -> tf.Tensor:
    """Returns the largest of each group of channels, `num_units` groups."""
    with tf.name_scope(scope, 'MaxOut', [inputs]):
        inputs = tf.convert_to_tensor(inputs)
        axis %= inputs.shape.ndims
        shape = inputs.shape.as_list()
        parts = tf.split(inputs, num_units, axis)
        outputs = tf.stack([tf.reduce_max(part, axis) for part in parts], axis)
        outputs.set_shape([*shape[:axis], num_units, *shape[axis + 1 :]])
        return outputs


def scale_gradient(inputs: Any, gradient_multiplier: Any) -> tf.Tensor:
    """Returns the inputs; their gradient is multiplied."""
    return inputs * gradient_multiplier + tf.stop_gradient(
        inputs * (1.0 - gradient_multiplier)
    )


def bow_encoder(
    ids: Any, vocab_size: int, embed_dim: int, scope: Any = None, **options: Any
) -> tf.Tensor:
    """Returns the mean of the ids' trained vectors, [batch, embed_dim]."""
    from mnist_tut.legacy.contrib.layers.dense import embed_sequence

    options.pop('sparse_lookup', None)
    with tf.variable_scope(scope, 'bow_encoder', [ids]):
        vectors = embed_sequence(ids, vocab_size, embed_dim, **options)
        return tf.reduce_mean(vectors, axis=1)


def _name_of(layer: Callable, default: str) -> str:
    """Returns a layer's name; functools.partial has its function's."""
    return getattr(
        layer, '__name__', getattr(getattr(layer, 'func', None), '__name__', default)
    )


def repeat(
    inputs: Any, repetitions: int, layer: Callable, *args: Any, **kwargs: Any
) -> tf.Tensor:
    """Applies a layer several times, each in a scope of its own: name_1, name_2, ..."""
    scope = kwargs.pop('scope', None)
    with tf.variable_scope(scope, 'Repeat', [inputs]):
        outputs = tf.convert_to_tensor(inputs)
        name = scope or _name_of(layer, 'repeat')
        for number in range(repetitions):
            outputs = layer(outputs, *args, scope=f'{name}_{number + 1}', **kwargs)
        return outputs


def stack(
    inputs: Any, layer: Callable, stack_args: Sequence[Any], **kwargs: Any
) -> tf.Tensor:
    """Applies a layer once for each element of `stack_args`, which are its arguments.

    The scopes are name_1, name_2, ...
    """
    scope = kwargs.pop('scope', None)
    if not isinstance(stack_args, list | tuple):
        raise ValueError('stack_args need to be a list or tuple')
    with tf.variable_scope(scope, 'Stack', [inputs]):
        outputs = tf.convert_to_tensor(inputs)
        name = scope or _name_of(layer, 'stack')
        for number, given in enumerate(stack_args):
            args = given if isinstance(given, list | tuple) else [given]
            outputs = layer(outputs, *args, scope=f'{name}_{number + 1}', **kwargs)
        return outputs
