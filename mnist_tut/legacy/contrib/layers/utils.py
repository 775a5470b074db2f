"""Helpers of contrib.layers that slim's programs also call.

Source:
    TensorFlow 1.2, contrib/layers/python/layers/utils.py.
"""

import collections
from collections.abc import Callable
from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf

# The other names of a tensor, in the graph's collection of this name.
_ALIASES = '__mnist_tut_aliases'


def collect_named_outputs(keys: Any, alias: str, outputs: tf.Tensor) -> tf.Tensor:
    """Adds a layer's output to collections, under the name of its layer."""
    if keys:
        tf.add_to_collection(_ALIASES, (outputs.name, alias.rstrip('/')))
        tf.add_to_collections(keys, outputs)
    return outputs


def convert_collection_to_dict(
    collection: str, clear_collection: bool = False
) -> dict[str, tf.Tensor]:
    """Returns the outputs in a collection by the names of their layers."""
    aliases = collections.defaultdict(list)
    for name, alias in tf.get_collection(_ALIASES):
        aliases[name].append(alias)
    outputs = collections.OrderedDict(
        (alias, tensor)
        for tensor in tf.get_collection(collection)
        for alias in aliases.get(tensor.name, [tensor.op.name])
    )
    if clear_collection:
        tf.get_default_graph().clear_collection(collection)
    return outputs


def constant_value(value: Any) -> Any:
    """Returns what a value is when the graph is built, or None."""
    if isinstance(value, tf.Variable):
        return None
    if tf.is_tensor(value):
        constant = tf.get_static_value(value)
        return None if constant is None else constant.item()
    return value


def smart_cond(pred: Any, fn1: Callable, fn2: Callable, name: str | None = None) -> Any:
    """Returns fn1() or fn2(); as `tf.cond` if that depends on what is fed."""
    constant = constant_value(pred)
    if constant is None:
        return tf.cond(pred, fn1, fn2, name=name)
    return fn1() if constant else fn2()


def get_variable_collections(variables_collections: Any, name: str) -> Any:
    """Returns the collections of one of a layer's variables."""
    if isinstance(variables_collections, dict):
        return variables_collections.get(name)
    return variables_collections


def positive_integers(count: int, value: Any) -> tuple[int, ...]:
    """Returns `count` numbers from one number or from as many.

    Raises:
        ValueError: If there are others.
    """
    numbers = (value,) * count if isinstance(value, int) else tuple(value)
    if len(numbers) == 1:
        numbers *= count
    numbers = tuple(int(number) for number in numbers)
    if len(numbers) != count or min(numbers, default=1) < 1:
        raise ValueError(f'Must be {count} positive integers. Received: {value}')
    return numbers


def two_element_tuple(value: Any) -> tuple[int, ...]:
    """Returns height and width from one number or from two."""
    return positive_integers(2, value)


def last_dimension(shape: tf.TensorShape, min_rank: int = 1) -> int:
    """Returns the size of a shape's last dimension.

    Raises:
        ValueError: If it is unknown, or the shape has too few dimensions.
    """
    if shape.ndims is None or shape.ndims < min_rank:
        raise ValueError(
            f'rank of shape must be at least {min_rank} not: {shape.ndims}'
        )
    size = tf.TensorShape(shape).as_list()[-1]
    if size is None:
        raise ValueError('last dimension shape must be known but is None')
    return size
