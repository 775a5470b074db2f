"""contrib.layers' layers with weights: dense, convolutional, normalizing.

The variables have the original's names and collections, made by plain ops.

Source:
    TensorFlow 1.2, contrib/layers/python/layers/layers.py; arguments of 0.8 are
    accepted by their names.
"""

import functools
from collections.abc import Callable
from typing import Any

from mnist_tut.legacy.contrib.framework import model_variable
from mnist_tut.legacy.contrib.layers import utils
from mnist_tut.legacy.contrib.layers.initializers import xavier_initializer
from mnist_tut.legacy.contrib.scopes import add_arg_scope

import tensorflow.compat.v1 as tf

_XAVIER = xavier_initializer()
_ZEROS = tf.zeros_initializer()
# Arguments of TensorFlow 0.8, and what they are called since 0.9.
_OLD_NAMES = {
    'x': 'inputs',
    'tensor_in': 'inputs',
    'num_output_units': 'num_outputs',
    'num_output_channels': 'num_outputs',
    'weight_init': 'weights_initializer',
    'bias_init': 'biases_initializer',
    'weight_regularizer': 'weights_regularizer',
    'bias_regularizer': 'biases_regularizer',
    'output_collections': 'outputs_collections',
    'name': 'scope',
}


def _with_old_names(layer: Callable) -> Callable:
    """Lets a layer be called with the argument names of TensorFlow 0.8.

    A call that uses one of them also gets the default of that version, no activation.
    """

    @functools.wraps(layer)
    def called(*args: Any, **kwargs: Any) -> Any:
        """Calls the layer by today's names."""
        old = {'weight_collections': 'weights', 'bias_collections': 'biases'}
        given = {old[n]: list(kwargs.pop(n) or ()) for n in [*kwargs] if n in old}
        renamed = {_OLD_NAMES.get(n, n): value for n, value in kwargs.items()}
        if given:
            renamed['variables_collections'] = given
        if (given or set(renamed) != set(kwargs)) and len(args) < 3:
            renamed.setdefault('activation_fn', None)
        # In 0.8, what follows a convolution's size was the activation.
        if len(args) > 3 and callable(args[3]) and layer.__name__ == 'convolution2d':
            args, renamed['activation_fn'] = (*args[:3], *args[4:]), args[3]
        return layer(*args, **renamed)

    return called


def _variable(
    name: str,
    shape: Any,
    inputs: tf.Tensor,
    initializer: Any,
    regularizer: Any,
    variables_collections: Any,
    trainable: bool,
) -> tf.Variable:
    """Returns a layer's variable, in the collections for its name."""
    return model_variable(
        name,
        shape=shape,
        dtype=inputs.dtype.base_dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=utils.get_variable_collections(variables_collections, name),
    )


def _finish(
    outputs: tf.Tensor,
    sc: tf.VariableScope,
    num_outputs: int,
    data_format: str | None,
    options: dict[str, Any],
) -> tf.Tensor:
    """Normalizes a layer's product or adds its biases, and applies the activation."""
    if options['normalizer_fn'] is not None:
        outputs = options['normalizer_fn'](
            outputs, **(options['normalizer_params'] or {})
        )
    elif options['biases_initializer'] is not None:
        biases = _variable(
            'biases',
            [num_outputs],
            outputs,
            options['biases_initializer'],
            options['biases_regularizer'],
            options['variables_collections'],
            options['trainable'],
        )
        if data_format is None or not data_format.startswith('NC'):
            outputs = tf.nn.bias_add(outputs, biases)
        else:
            outputs = tf.nn.bias_add(outputs, biases, data_format=data_format)
    if options['activation_fn'] is not None:
        outputs = options['activation_fn'](outputs)
    return utils.collect_named_outputs(
        options['outputs_collections'], sc.original_name_scope, outputs
    )


def _product(inputs: tf.Tensor, weights: tf.Variable) -> tf.Tensor:
    """Returns inputs [..., units] times weights [units, num_outputs]."""
    if inputs.shape.ndims == 2:
        return tf.matmul(inputs, weights)
    outputs = tf.tensordot(inputs, weights, [[inputs.shape.ndims - 1], [0]])
    outputs.set_shape([*inputs.shape.as_list()[:-1], weights.shape.as_list()[1]])
    return outputs


@add_arg_scope
@_with_old_names
def fully_connected(
    inputs: Any,
    num_outputs: Any,
    activation_fn: Callable | None = tf.nn.relu,
    normalizer_fn: Callable | None = None,
    normalizer_params: dict | None = None,
    weights_initializer: Any = _XAVIER,
    weights_regularizer: Callable | None = None,
    biases_initializer: Any = _ZEROS,
    biases_regularizer: Callable | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> tf.Tensor:
    """Adds a layer whose units are connected with all inputs.

    Variables: fully_connected/weights and fully_connected/biases.

    Args:
        inputs: [..., units]; the leading dimensions are kept.
        num_outputs: Number of units.
        activation_fn: None for a linear layer.
        normalizer_fn: Applied instead of adding biases.
        normalizer_params: Its arguments.
        weights_initializer: For the weights [units, num_outputs].
        weights_regularizer: What it returns goes to REGULARIZATION_LOSSES.
        biases_initializer: None for a layer without biases.
        biases_regularizer: As for the weights.
        reuse: Use the variables that the scope has.
        variables_collections: More collections for the variables, as a list or as a
            dictionary by the names 'weights' and 'biases'.
        outputs_collections: Collections for the output.
        trainable: Whether the variables are trained.
        scope: Name or scope of the layer.

    Returns:
        [..., num_outputs].
    """
    options = dict(locals())
    if not isinstance(num_outputs, int) and not hasattr(num_outputs, '__index__'):
        raise ValueError(f'num_outputs should be int or long, got {num_outputs}.')
    num_outputs = int(num_outputs)
    with tf.variable_scope(scope, 'fully_connected', [inputs], reuse=reuse) as sc:
        inputs = tf.convert_to_tensor(inputs)
        units = utils.last_dimension(inputs.shape, min_rank=2)
        weights = _variable(
            'weights',
            [units, num_outputs],
            inputs,
            weights_initializer,
            weights_regularizer,
            variables_collections,
            trainable,
        )
        return _finish(_product(inputs, weights), sc, num_outputs, None, options)


@add_arg_scope
@_with_old_names
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
    weights_initializer: Any = _XAVIER,
    weights_regularizer: Callable | None = None,
    biases_initializer: Any = _ZEROS,
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
        weights = _variable(
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
        return _finish(outputs, sc, num_outputs, data_format, options)


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
    weights_initializer: Any = _XAVIER,
    weights_regularizer: Callable | None = None,
    biases_initializer: Any = _ZEROS,
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
        weights = _variable(
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
        return _finish(outputs, sc, num_outputs, data_format, options)


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
    weights_initializer: Any = _XAVIER,
    weights_regularizer: Callable | None = None,
    biases_initializer: Any = _ZEROS,
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
            return _variable(
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
        return _finish(outputs, sc, channels, None, options)


@add_arg_scope
def bias_add(
    inputs: Any,
    activation_fn: Callable | None = None,
    initializer: Any = _ZEROS,
    regularizer: Callable | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    data_format: str = 'NHWC',
    scope: Any = None,
) -> tf.Tensor:
    """Adds a bias to each channel; the variable is BiasAdd/biases."""
    with tf.variable_scope(scope, 'BiasAdd', [inputs], reuse=reuse) as sc:
        inputs = tf.convert_to_tensor(inputs)
        options = {
            'normalizer_fn': None,
            'biases_initializer': initializer,
            'biases_regularizer': regularizer,
            'variables_collections': variables_collections,
            'trainable': trainable,
            'activation_fn': activation_fn,
            'outputs_collections': outputs_collections,
        }
        channels = inputs.shape.as_list()[1 if data_format == 'NCHW' else -1]
        return _finish(inputs, sc, channels, data_format, options)


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
            return _variable(
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
            _variable(
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
        initial = {'beta': _ZEROS, 'gamma': tf.ones_initializer()}
        beta, gamma = (
            _variable(
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


@add_arg_scope
def embed_sequence(
    ids: Any,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Callable | None = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: bool | None = None,
) -> tf.Tensor:
    """Looks up a trained vector for each id; the variable is EmbedSequence/embeddings.

    Args:
        ids: Whole numbers [batch, steps].
        vocab_size: Number of vectors.
        embed_dim: Their length.
        unique: Ignored; the result is the same.
        initializer: For the vectors.
        regularizer: For the vectors.
        trainable: Whether they are trained.
        scope: Name or scope of the layer.
        reuse: Use the variable that the scope has.

    Returns:
        [batch, steps, embed_dim].
    """
    del unique
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError(
            'Must specify vocab size and embedding dimension when notreusing. '
            f'Got vocab_size={vocab_size} and embed_dim={embed_dim}'
        )
    with tf.variable_scope(scope, 'EmbedSequence', [ids], reuse=reuse):
        embeddings = model_variable(
            'embeddings',
            shape=[vocab_size, embed_dim],
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        return tf.nn.embedding_lookup(embeddings, ids)


def legacy_fully_connected(
    x: Any,
    num_output_units: int,
    activation_fn: Callable | None = None,
    weight_init: Any = _XAVIER,
    bias_init: Any = _ZEROS,
    name: Any = None,
    weight_collections: Any = (tf.GraphKeys.WEIGHTS,),
    bias_collections: Any = (tf.GraphKeys.BIASES,),
    output_collections: Any = (tf.GraphKeys.ACTIVATIONS,),
    trainable: bool = True,
    weight_regularizer: Callable | None = None,
    bias_regularizer: Callable | None = None,
) -> tf.Tensor:
    """Adds the dense layer of TensorFlow 0.8.

    Variables: fully_connected/weights and fully_connected/bias.
    """
    with tf.variable_scope(name, 'fully_connected', [x]):
        x = tf.convert_to_tensor(x)
        units = utils.last_dimension(x.shape, min_rank=2)
        weights = tf.get_variable(
            'weights',
            [units, num_output_units],
            dtype=x.dtype.base_dtype,
            initializer=weight_init,
            regularizer=weight_regularizer,
            trainable=trainable,
            collections=[*(weight_collections or ()), tf.GraphKeys.GLOBAL_VARIABLES],
        )
        outputs = _product(x, weights)
        if bias_init is not None:
            bias = tf.get_variable(
                'bias',
                [num_output_units],
                dtype=x.dtype.base_dtype,
                initializer=bias_init,
                regularizer=bias_regularizer,
                trainable=trainable,
                collections=[*(bias_collections or ()), tf.GraphKeys.GLOBAL_VARIABLES],
            )
            outputs = tf.nn.bias_add(outputs, bias)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        tf.add_to_collections(output_collections or (), outputs)
        return outputs


relu = functools.partial(fully_connected, activation_fn=tf.nn.relu)
relu6 = functools.partial(fully_connected, activation_fn=tf.nn.relu6)
elu = functools.partial(fully_connected, activation_fn=tf.nn.elu)
linear = functools.partial(fully_connected, activation_fn=None)
legacy_relu = functools.partial(legacy_fully_connected, activation_fn=tf.nn.relu)
legacy_linear = functools.partial(legacy_fully_connected, activation_fn=None)
conv1d = conv2d = conv3d = convolution = convolution2d
conv2d_transpose = convolution2d_transpose
separable_conv2d = separable_convolution2d
