"""contrib.layers' summaries of activations, tensors and collections.

Source:
    TensorFlow 1.2, contrib/layers/python/layers/summaries.py.
"""

from collections.abc import Callable, Iterable
from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf


def summarize_tensor(tensor: Any, tag: str | None = None) -> tf.Tensor:
    """Adds a scalar for a single number and a histogram for more."""
    tag = tag or f'{tensor.op.name}_summary'
    summary = tf.summary.scalar if tensor.shape.ndims == 0 else tf.summary.histogram
    return summary(tag, tensor)


def summarize_activation(op: Any) -> tf.Tensor:
    """Adds a histogram of an activation, and how much of it was cut off."""
    name, kind, given = op.op.name, op.op.type, [*op.op.inputs][:1]
    if kind in ('Relu', 'Softplus', 'Relu6'):
        zeros = tf.reduce_mean(tf.cast(tf.less(given[0], 0.0), tf.float32))
        tf.summary.scalar(f'{name}/zeros', zeros)
    if kind == 'Relu6':
        sixes = tf.reduce_mean(tf.cast(tf.greater(given[0], 6.0), tf.float32))
        tf.summary.scalar(f'{name}/sixes', sixes)
    return tf.summary.histogram(f'{name}/activation', op)


def summarize_tensors(
    tensors: Iterable[Any], summarizer: Callable = summarize_tensor
) -> list:
    """Adds a summary of each tensor."""
    return [summarizer(tensor) for tensor in tensors]


def summarize_collection(
    collection: str,
    name_filter: str | None = None,
    summarizer: Callable = summarize_tensor,
) -> list:
    """Adds a summary of each tensor in a collection."""
    return summarize_tensors(tf.get_collection(collection, name_filter), summarizer)


def summarize_variables(
    name_filter: str | None = None, summarizer: Callable = summarize_tensor
) -> list:
    """Adds a summary of each variable."""
    return summarize_collection(tf.GraphKeys.GLOBAL_VARIABLES, name_filter, summarizer)


def summarize_weights(
    name_filter: str | None = None, summarizer: Callable = summarize_tensor
) -> list:
    """Adds a summary of each tensor in the collection WEIGHTS."""
    return summarize_collection(tf.GraphKeys.WEIGHTS, name_filter, summarizer)


def summarize_biases(
    name_filter: str | None = None, summarizer: Callable = summarize_tensor
) -> list:
    """Adds a summary of each tensor in the collection BIASES."""
    return summarize_collection(tf.GraphKeys.BIASES, name_filter, summarizer)


def summarize_activations(
    name_filter: str | None = None, summarizer: Callable = summarize_activation
) -> list:
    """Adds a summary of each tensor in the collection ACTIVATIONS."""
    return summarize_collection(tf.GraphKeys.ACTIVATIONS, name_filter, summarizer)
