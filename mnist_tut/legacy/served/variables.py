"""Variables: only their initializer where a script gives none."""

from typing import Any

from mnist_tut.legacy import current
from mnist_tut.legacy.served.registry import serves

import tensorflow.compat.v1 as tf


def default_initializer(dtype: Any) -> Any:
    """Returns the initializer of a variable for which neither script nor scope has one.

    Before 1.0 it was uniform_unit_scaling, since then glorot_uniform: other numbers
    from the first step on, by a factor of sqrt(2) for a square matrix.

    Source:
        TensorFlow 0.12, python/ops/variable_scope.py, _get_default_initializer.

    Returns:
        The initializer; None for today's.
    """
    scope = tf.get_variable_scope()
    dtype = tf.as_dtype(dtype or scope.dtype)
    if scope.initializer is not None or not current.before('1.0'):
        return None
    if not dtype.is_floating:
        return None
    current.note(
        'a variable without an initializer',
        'initializer=tf.uniform_unit_scaling_initializer()',
        'meaning',
    )
    return tf.uniform_unit_scaling_initializer(dtype=dtype)


@serves('tf.get_variable')
def get_variable(
    name: str, shape: Any = None, dtype: Any = None, *args: Any, **kwargs: Any
) -> Any:
    """Makes or finds a variable."""
    if not args and kwargs.get('initializer') is None:
        kwargs['initializer'] = default_initializer(dtype)
    elif args and args[0] is None:
        args = (default_initializer(dtype), *args[1:])
    return tf.get_variable(name, shape, dtype, *args, **kwargs)
