"""Array functions whose arguments changed their order or meaning."""

import numbers
from typing import Any

from mnist_tut.legacy import current
from mnist_tut.legacy.served.registry import arguments, renamed, serves

import numpy as np
import tensorflow.compat.v1 as tf


def is_scalar(value: Any) -> bool:
    """Returns whether a value is a number, or a tensor or array of rank 0."""
    if isinstance(value, numbers.Integral | np.integer):
        return True
    if isinstance(value, tf.Tensor | tf.Variable):
        return value.shape.rank == 0
    return isinstance(value, np.ndarray) and value.ndim == 0


@serves('tf.concat')
def concat(*args: Any, **kwargs: Any) -> Any:
    """Joins tensors: (concat_dim, values) before 1.0, (values, axis) since.

    Source:
        TensorFlow 0.12 and 1.0, python/ops/array_ops.py.
    """
    if 'concat_dim' in kwargs or (args and is_scalar(args[0])):
        given = arguments('concat_dim values name', args, kwargs)
        current.note('tf.concat(dim, values)', 'tf.concat(values, axis)')
        given = renamed(given, concat_dim='axis')
    else:
        given = arguments('values axis name', args, kwargs)
    values = given['values']
    if isinstance(values, (list, tuple)) and len(values) == 1:
        return tf.identity(values[0])
    return tf.concat(**given)


@serves('tf.split')
def split(*args: Any, **kwargs: Any) -> Any:
    """Splits a tensor: (dim, num, value) before 1.0, (value, num, axis) since.

    Source:
        TensorFlow 0.12 and 1.0, python/ops/array_ops.py.
    """
    is_old = 'split_dim' in kwargs or 'num_split' in kwargs
    if len(args) >= 3 and not is_old:
        is_old = is_scalar(args[0]) and not is_scalar(args[2])
    elif len(args) == 2 and 'value' in kwargs:
        is_old = True
    if is_old:
        given = arguments('split_dim num_split value name', args, kwargs)
        current.note('tf.split(dim, n, value)', 'tf.split(value, n, axis)')
        given = renamed(given, split_dim='axis', num_split='num_or_size_splits')
    else:
        given = arguments('value num_or_size_splits axis num name', args, kwargs)
    return tf.split(**given)


@serves('tf.reverse')
def reverse(tensor: Any, *args: Any, **kwargs: Any) -> Any:
    """Reverses dimensions: a list of booleans before 1.0, of axes since.

    Today's function takes [False, True] for the axes 0 and 1, and says nothing.

    Source:
        TensorFlow 0.12, python/ops/array_ops.py.
    """
    given = arguments('axis name', args, renamed(kwargs, dims='axis'))
    axis = given['axis']
    if isinstance(axis, tf.Tensor) and axis.dtype == tf.bool:
        axis = tf.get_static_value(axis)
    elements = np.ravel(axis) if not isinstance(axis, tf.Tensor) else np.array([0])
    if elements.dtype == bool:
        given['axis'] = [int(i) for i in np.flatnonzero(elements)]
        current.note('tf.reverse(x, booleans)', 'tf.reverse(x, axes)', 'meaning')
    return tf.reverse(tensor, **given)


@serves('tf.batch_matmul')
def batch_matmul(
    x: Any,
    y: Any,
    adj_x: bool | None = None,
    adj_y: bool | None = None,
    name: str | None = None,
) -> Any:
    """Multiplies matrices of a batch.

    Source:
        TensorFlow 0.12, python/ops/gen_math_ops.py.
    """
    current.note('tf.batch_matmul', 'tf.matmul', 'name')
    return tf.matmul(x, y, adjoint_a=bool(adj_x), adjoint_b=bool(adj_y), name=name)


@serves('tf.pack')
def pack(values: Any, *args: Any, **kwargs: Any) -> Any:
    """Stacks tensors: (values, name) in 0.5 to 0.9, (values, axis, name) later."""
    current.note('tf.pack', 'tf.stack', 'name')
    if args and isinstance(args[0], str):
        args = (0, *args)
    return tf.stack(values, **arguments('axis name', args, kwargs))


@serves('tf.unpack')
def unpack(value: Any, *args: Any, **kwargs: Any) -> Any:
    """Unstacks a tensor: (value, num, name) in 0.5 to 0.9, then with an axis."""
    current.note('tf.unpack', 'tf.unstack', 'name')
    if len(args) >= 2 and isinstance(args[1], str):
        args = (args[0], 0, *args[1:])
    return tf.unstack(value, **arguments('num axis name', args, kwargs))


@serves('tf.expand_dims')
def expand_dims(input: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: A002
    """Adds a dimension; the argument was called dim."""
    return tf.expand_dims(
        input, **arguments('axis name', args, renamed(kwargs, dim='axis'))
    )


@serves('tf.squeeze')
def squeeze(input: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: A002
    """Removes dimensions; the argument was called squeeze_dims."""
    return tf.squeeze(
        input, **arguments('axis name', args, renamed(kwargs, squeeze_dims='axis'))
    )


@serves('tf.transpose')
def transpose(a: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Permutes dimensions."""
    if 'x' in kwargs:
        a = kwargs.pop('x')
    return tf.transpose(a, *args, **kwargs)


@serves('tf.linspace')
def linspace(start: Any, stop: Any, num: Any, name: str | None = None) -> Any:
    """Makes evenly spaced numbers; whole numbers counted as floats."""
    if isinstance(start, int):
        start, stop = float(start), float(stop)
    return tf.linspace(start, stop, num, name=name)


@serves('tf.op_scope')
def op_scope(values: Any, name: Any, default_name: Any = None) -> Any:
    """Opens a name scope; (values, name, default) before 1.0."""
    current.note('tf.op_scope', 'tf.name_scope(name, default_name, values)')
    return tf.name_scope(name, default_name, values)


@serves('tf.variable_op_scope')
def variable_op_scope(
    values: Any, name_or_scope: Any, default_name: Any = None, *args: Any, **kwargs: Any
) -> Any:
    """Opens a variable scope; the values came first before 1.0."""
    current.note('tf.variable_op_scope', 'tf.variable_scope(name, default, values)')
    return tf.variable_scope(name_or_scope, default_name, values, *args, **kwargs)
