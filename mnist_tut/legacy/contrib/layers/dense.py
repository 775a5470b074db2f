"""contrib.layers' dense layers, and the biases and vectors that go with them.

Source:
    TensorFlow 1.2, contrib/layers/python/layers/layers.py; of 0.8 where a
    name says legacy.
"""

import functools
from collections.abc import Callable
from typing import Any

from mnist_tut.legacy.contrib.framework import model_variable
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


def _product(inputs: tf.Tensor, weights: tf.Variable) -> tf.Tensor:
    """Returns inputs [..., units] times weights [units, num_outputs]."""
    if inputs.shape.ndims == 2:
        return tf.matmul(inputs, weights)
    outputs = tf.tensordot(inputs, weights, [[inputs.shape.ndims - 1], [0]])
    outputs.set_shape([*inputs.shape.as_list()[:-1], weights.shape.as_list()[1]])
    return outputs


@add_arg_scope
@with_old_names
def fully_connected(
    inputs: Any,
    num_outputs: Any,
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
        weights = add_variable(
            'weights',
            [units, num_outputs],
            inputs,
            weights_initializer,
            weights_regularizer,
            variables_collections,
            trainable,
        )
        return finish(_product(inputs, weights), sc, num_outputs, None, options)


@add_arg_scope
def bias_add(
    inputs: Any,
    activation_fn: Callable | None = None,
    initializer: Any = ZEROS,
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
        return finish(inputs, sc, channels, data_format, options)


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
    weight_init: Any = XAVIER,
    bias_init: Any = ZEROS,
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
