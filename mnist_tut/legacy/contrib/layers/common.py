"""What the layers with weights share: variables, biases, names of arguments.

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

import tensorflow.compat.v1 as tf

XAVIER = xavier_initializer()
ZEROS = tf.zeros_initializer()
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


def with_old_names(layer: Callable) -> Callable:
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


def add_variable(
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


def finish(
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
        biases = add_variable(
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
