"""contrib.layers' normalizations: over a batch, a layer, groups of channels.

Source:
    TensorFlow 1.2, contrib/layers/python/layers/layers.py; 1.13 for groups.
"""

from collections.abc import Callable
from typing import Any

from mnist_tut.legacy.contrib.layers import utils
from mnist_tut.legacy.contrib.layers.common import ZEROS, add_variable
from mnist_tut.legacy.contrib.scopes import add_arg_scope

import tensorflow.compat.v1 as tf


@add_arg_scope
def batch_norm(
    inputs: Any,
    decay: float = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Callable | None = None,
    param_initializers: dict | None = None,
    param_regularizers: dict | None = None,
    updates_collections: Any = tf.GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    batch_weights: Any = None,
    fused: bool | None = None,
    data_format: str = 'NHWC',
    zero_debias_moving_mean: bool = False,
    scope: Any = None,
    **ignored: Any,
) -> tf.Tensor:
    """Normalizes each channel by the batch's mean and variance, or by the moving ones.

    Variables: BatchNorm/beta, /gamma (with `scale`), /moving_mean and
    /moving_variance.

    Args:
        inputs: [batch, ..., channels].
        decay: Of the moving averages.
        center: Add a trained number, beta.
        scale: Multiply by a trained number, gamma.
        epsilon: Added to the variance.
        activation_fn: None for none.
        param_initializers: By the names of the variables.
        param_regularizers: By 'beta' and 'gamma'.
        updates_collections: Where the ops go that update the moving averages; None to
            update them whenever the output is computed.
        is_training: Whether the batch's own numbers are used; may be a tensor.
        reuse: Use the variables that the scope has.
        variables_collections: For the variables.
        outputs_collections: For the output.
        trainable: Whether beta and gamma are trained.
        batch_weights: [batch], weights of the examples.
        fused: Ignored; the result is the same.
        data_format: 'NCHW' where the channels come second.
        zero_debias_moving_mean: Correct the moving mean for its initial value.
        scope: Name or scope of the layer.
        **ignored: Renormalization's arguments, which have to be off.

    Returns:
        Of the shape of `inputs`.
    """
    del fused
    if ignored.get('renorm'):
        raise ValueError('Batch renormalization is not part of this contrib.layers.')
    with tf.variable_scope(scope, 'BatchNorm', [inputs], reuse=reuse) as sc:
        inputs = tf.convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        channel_axis = 1 if data_format == 'NCHW' else rank - 1
        axes = [axis for axis in range(rank) if axis != channel_axis]
        channels = inputs.shape.as_list()[channel_axis]
        initializers = param_initializers or {}
        regularizers = param_regularizers or {}

        def parameter(name: str, initial: Any, is_trained: bool) -> tf.Variable:
            """Returns one of the layer's variables."""
            return add_variable(
                name,
                [channels],
                inputs,
                initializers.get(name, initial),
                regularizers.get(name),
                variables_collections,
                is_trained,
            )

        zeros, ones = tf.zeros_initializer(), tf.ones_initializer()
        beta = parameter('beta', zeros, trainable) if center else None
        gamma = parameter('gamma', ones, trainable) if scale else None
        moving_mean = parameter('moving_mean', zeros, False)
        moving_variance = parameter('moving_variance', ones, False)

        def batch_moments() -> tuple[tf.Tensor, tf.Tensor]:
            """Returns the batch's mean and variance of each channel."""
            if batch_weights is None:
                return tf.nn.moments(inputs, axes)
            weights = tf.reshape(batch_weights, [-1] + [1] * (rank - 1))
            return tf.nn.weighted_moments(inputs, axes, weights)

        def updates(mean: tf.Tensor, variance: tf.Tensor) -> list:
            """Returns the ops that update the moving averages."""
            debias = zero_debias_moving_mean
            return [
                _assign_moving_average(moving_mean, mean, decay, debias),
                _assign_moving_average(moving_variance, variance, decay, False),
            ]

        def moving() -> tuple[tf.Tensor, tf.Tensor]:
            """Returns the moving averages."""
            return tf.identity(moving_mean), tf.identity(moving_variance)

        if utils.constant_value(is_training) in (False, 0):
            mean, variance = moving()
        elif updates_collections is None:

            def updated() -> tuple[tf.Tensor, tf.Tensor]:
                """Returns the batch's numbers after the updates."""
                mean, variance = batch_moments()
                with tf.control_dependencies(updates(mean, variance)):
                    return tf.identity(mean), tf.identity(variance)

            mean, variance = utils.smart_cond(is_training, updated, moving)
        else:
            batch = batch_moments()
            mean, variance = utils.smart_cond(is_training, lambda: batch, moving)
            for update in updates(mean, variance):
                tf.add_to_collections(updates_collections, update)
        shape = [1] * rank
        shape[channel_axis] = channels
        if data_format == 'NCHW':
            mean, variance, beta, gamma = (
                None if number is None else tf.reshape(number, shape)
                for number in (mean, variance, beta, gamma)
            )
        outputs = tf.nn.batch_normalization(
            inputs, mean, variance, beta, gamma, epsilon
        )
        outputs.set_shape(inputs.shape)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return utils.collect_named_outputs(
            outputs_collections, sc.original_name_scope, outputs
        )


def _assign_moving_average(
    average: tf.Variable, value: tf.Tensor, decay: float, zero_debias: bool
) -> Any:
    """Returns the op that moves an average towards a value.

    With `zero_debias`, it is divided by what it would be for the constant 1.
    """
    with tf.name_scope('AssignMovingAvg', values=[average, value, decay]) as scope:
        if not zero_debias:
            step = (average - value) * tf.cast(1.0 - decay, value.dtype)
            return tf.assign_sub(average, step, name=scope)
        with tf.variable_scope(average.op.name.split('/')[-1]):
            zeros = tf.zeros_initializer()
            biased = tf.get_variable(
                'biased', average.shape, initializer=zeros, trainable=False
            )
            local_step = tf.get_variable(
                'local_step', [], initializer=zeros, trainable=False
            )
        moved = tf.assign_sub(biased, (biased - value) * (1.0 - decay))
        steps = tf.assign_add(local_step, 1.0)
        return tf.assign(average, moved / (1.0 - tf.pow(decay, steps)), name=scope)


@add_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Callable | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> tf.Tensor:
    """Normalizes each example by its own mean and variance.

    Variables: LayerNorm/beta and LayerNorm/gamma.
    """
    with tf.variable_scope(scope, 'LayerNorm', [inputs], reuse=reuse) as sc:
        inputs = tf.convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        shape = inputs.shape.as_list()[begin_params_axis % rank :]
        beta, gamma = (
            add_variable(
                name, shape, inputs, initial, None, variables_collections, trainable
            )
            if wanted
            else None
            for name, initial, wanted in [
                ('beta', tf.zeros_initializer(), center),
                ('gamma', tf.ones_initializer(), scale),
            ]
        )
        axes = list(range(begin_norm_axis % rank, rank))
        mean, variance = tf.nn.moments(inputs, axes, keep_dims=True)
        outputs = tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, 1e-12)
        outputs.set_shape(inputs.shape)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return utils.collect_named_outputs(
            outputs_collections, sc.original_name_scope, outputs
        )


@add_arg_scope
def group_norm(
    inputs: Any,
    groups: int = 32,
    channels_axis: int = -1,
    reduction_axes: Any = (-3, -2),
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Callable | None = None,
    param_initializers: dict | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
    default_name: str = 'GroupNorm',
) -> tf.Tensor:
    """Normalizes each example's groups of channels, which come last.

    Variables: GroupNorm/beta and GroupNorm/gamma.
    """
    with tf.variable_scope(scope, default_name, [inputs], reuse=reuse) as sc:
        inputs = tf.convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        if channels_axis % rank != rank - 1:
            raise ValueError('The channels have to come last.')
        channels = inputs.shape.as_list()[-1]
        initial = {'beta': ZEROS, 'gamma': tf.ones_initializer()}
        beta, gamma = (
            add_variable(
                name,
                [channels],
                inputs,
                (param_initializers or {}).get(name, initial[name]),
                None,
                variables_collections,
                trainable,
            )
            if wanted
            else None
            for name, wanted in [('beta', center), ('gamma', scale)]
        )
        shape = tf.concat([tf.shape(inputs)[:-1], [groups, channels // groups]], 0)
        grouped = tf.reshape(inputs, shape)
        axes = [*(axis % rank for axis in reduction_axes), rank]
        mean, variance = tf.nn.moments(grouped, axes, keep_dims=True)
        grouped = (grouped - mean) * tf.rsqrt(variance + epsilon)
        outputs = tf.reshape(grouped, tf.shape(inputs))
        outputs.set_shape(inputs.shape)
        if gamma is not None:
            outputs *= gamma
        if beta is not None:
            outputs += beta
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return utils.collect_named_outputs(
            outputs_collections, sc.original_name_scope, outputs
        )


@add_arg_scope
def instance_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    scope: Any = None,
    **options: Any,
) -> tf.Tensor:
    """Normalizes each example's channels; the variables are below InstanceNorm."""
    channels = inputs.shape.as_list()[-1]
    options.pop('data_format', None)
    return group_norm(
        inputs,
        channels,
        center=center,
        scale=scale,
        epsilon=epsilon,
        scope=scope,
        default_name='InstanceNorm',
        **options,
    )
