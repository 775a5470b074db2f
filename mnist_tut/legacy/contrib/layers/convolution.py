"""contrib.layers' convolutions.

Source:
    TensorFlow 1.2, contrib/layers/python/layers/layers.py.
"""

from collections.abc import Callable
from typing import Any

from mnist_tut.legacy.contrib.layers import utils
from mnist_tut.legacy.contrib.layers.common import (
    XAVIER,
    ZEROS,
    add_variable,
    finish,
    with_old_names,
)
from mnist_tut.legacy.contrib.scopes import add_arg_scope

import tensorflow.compat.v1 as tf


@add_arg_scope
@with_old_names
def convolution2d(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = 'SAME',
    data_format: str | None = None,
    rate: Any = 1,
    activation_fn: Callable | None = tf.nn.relu,
    normalizer_fn: Callable | None = None,
    normalizer_params: dict | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Callable | None = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Callable | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> tf.Tensor:
    """Adds a convolution in as many dimensions as the inputs have, without two.

    Variables: Conv/weights [*kernel_size, channels, num_outputs] and Conv/biases. The
    arguments that `fully_connected` also has are explained there.

    Args:
        inputs: [batch, rows, columns, channels].
        num_outputs: Number of filters.
        kernel_size: Rows and columns of a filter, or one number for both.
        stride: Of the filters, likewise.
        padding: 'SAME' or 'VALID'.
        data_format: 'NCHW' where the channels come second.
        rate: Dilation of the filters.
        activation_fn: None for none.
        normalizer_fn: Applied instead of adding biases.
        normalizer_params: Its arguments.
        weights_initializer: For the weights.
        weights_regularizer: For the weights.
        biases_initializer: None for no biases.
        biases_regularizer: For the biases.
        reuse: Use the variables that the scope has.
        variables_collections: For the variables.
        outputs_collections: For the output.
        trainable: Whether the variables are trained.
        scope: Name or scope of the layer.

    Returns:
        [batch, rows, columns, num_outputs].
    """
    options = dict(locals())
    with tf.variable_scope(scope, 'Conv', [inputs], reuse=reuse) as sc:
        inputs = tf.convert_to_tensor(inputs)
        dims = inputs.shape.ndims - 2
        is_channels_first = (data_format or '').startswith('NC')
        channels = inputs.shape.as_list()[1 if is_channels_first else -1]
        num_outputs = int(num_outputs)
        weights = add_variable(
            'weights',
            [*utils.positive_integers(dims, kernel_size), channels, num_outputs],
            inputs,
            weights_initializer,
            weights_regularizer,
            variables_collections,
            trainable,
        )
        outputs = tf.nn.convolution(
            inputs,
            weights,
            padding=padding.upper(),
            strides=utils.positive_integers(dims, stride),
            dilation_rate=utils.positive_integers(dims, rate),
            data_format=data_format,
        )
        return finish(outputs, sc, num_outputs, data_format, options)


@add_arg_scope
def convolution2d_transpose(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = 'SAME',
    data_format: str = 'NHWC',
    activation_fn: Callable | None = tf.nn.relu,
    normalizer_fn: Callable | None = None,
    normalizer_params: dict | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Callable | None = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Callable | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> tf.Tensor:
    """Adds a transposed convolution: `stride` times as many rows and columns.

    Variables: Conv2d_transpose/weights [rows, columns, num_outputs, channels] and
    Conv2d_transpose/biases. The arguments are those of `convolution2d`.
    """
    options = dict(locals())
    with tf.variable_scope(scope, 'Conv2d_transpose', [inputs], reuse=reuse) as sc:
        inputs = tf.convert_to_tensor(inputs)
        strides = utils.two_element_tuple(stride)
        kernel = utils.two_element_tuple(kernel_size)
        is_channels_first = data_format == 'NCHW'
        channels = inputs.shape.as_list()[1 if is_channels_first else 3]
        weights = add_variable(
            'weights',
            [*kernel, num_outputs, channels],
            inputs,
            weights_initializer,
            weights_regularizer,
            variables_collections,
            trainable,
        )
        first = 2 if is_channels_first else 1
        known = inputs.shape.as_list()
        fed = tf.shape(inputs)

        def enlarged(axis: int) -> Any:
            """Returns the rows or columns of the output."""
            size = known[first + axis]
            size = fed[first + axis] if size is None else size
            extra = kernel[axis] - strides[axis] if padding.upper() == 'VALID' else 0
            return size * strides[axis] + max(extra, 0)

        batch = fed[0] if known[0] is None else known[0]
        area = [enlarged(0), enlarged(1)]
        shape = (
            [batch, num_outputs, *area]
            if is_channels_first
            else [batch, *area, num_outputs]
        )
        outputs = tf.nn.conv2d_transpose(
            inputs,
            weights,
            tf.stack(shape),
            [1, 1, *strides] if is_channels_first else [1, *strides, 1],
            padding=padding.upper(),
            data_format=data_format,
        )
        outputs.set_shape([None if tf.is_tensor(size) else size for size in shape])
        return finish(outputs, sc, num_outputs, data_format, options)


@add_arg_scope
def separable_convolution2d(
    inputs: Any,
    num_outputs: int | None,
    kernel_size: Any,
    depth_multiplier: int = 1,
    stride: Any = 1,
    padding: str = 'SAME',
    rate: Any = 1,
    activation_fn: Callable | None = tf.nn.relu,
    normalizer_fn: Callable | None = None,
    normalizer_params: dict | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Callable | None = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Callable | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> tf.Tensor:
    """Adds a convolution of each channel, then one of size 1 over the channels.

    Variables: SeparableConv2d/depthwise_weights, /pointwise_weights and /biases;
    without `num_outputs`, there is no second convolution.
    """
    options = dict(locals())
    with tf.variable_scope(scope, 'SeparableConv2d', [inputs], reuse=reuse) as sc:
        inputs = tf.convert_to_tensor(inputs)
        channels = utils.last_dimension(inputs.shape, min_rank=4)

        def weights(name: str, shape: Any) -> tf.Variable:
            """Returns one of the two variables with weights."""
            keys = utils.get_variable_collections(variables_collections, 'weights')
            regularizer = weights_regularizer
            return add_variable(
                name, shape, inputs, weights_initializer, regularizer, keys, trainable
            )

        shape = [*utils.two_element_tuple(kernel_size), channels, depth_multiplier]
        strides = [1, *utils.two_element_tuple(stride), 1]
        outputs = tf.nn.depthwise_conv2d(
            inputs,
            weights('depthwise_weights', shape),
            strides,
            padding.upper(),
            rate=utils.two_element_tuple(rate),
        )
        channels *= depth_multiplier
        if num_outputs is not None:
            pointwise = weights('pointwise_weights', [1, 1, channels, num_outputs])
            outputs = tf.nn.conv2d(outputs, pointwise, [1, 1, 1, 1], 'VALID')
            channels = num_outputs
        return finish(outputs, sc, channels, None, options)


conv1d = conv2d = conv3d = convolution = convolution2d
conv2d_transpose = convolution2d_transpose
separable_conv2d = separable_convolution2d
