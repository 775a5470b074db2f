"""contrib.layers' initializers and regularizers.

Source:
    TensorFlow 1.2, contrib/layers/python/layers/initializers.py and regularizers.py.
"""

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf


def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: Any = tf.float32
) -> Callable:
    """Returns Xavier Glorot's initializer: the same variance in both directions."""
    return variance_scaling_initializer(1.0, 'FAN_AVG', uniform, seed, dtype)


xavier_initializer_conv2d = xavier_initializer


def variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = 'FAN_IN',
    uniform: bool = False,
    seed: int | None = None,
    dtype: Any = tf.float32,
) -> Callable:
    """Returns an initializer whose variance follows the number of a layer's units.

    Args:
        factor: Factor of the variance.
        mode: 'FAN_IN', 'FAN_OUT' or 'FAN_AVG', the number that divides it.
        uniform: A uniform instead of a truncated normal distribution.
        seed: Seed of the op.
        dtype: A floating-point type.

    Raises:
        ValueError: If `mode` is none of them.
    """
    if mode not in ('FAN_IN', 'FAN_OUT', 'FAN_AVG'):
        raise ValueError(f'Unknown mode {mode} [FAN_IN, FAN_OUT, FAN_AVG]')

    def _initializer(
        shape: Any, dtype: Any = dtype, partition_info: Any = None
    ) -> tf.Tensor:
        """Returns values of a shape; its last two dimensions are units in and out."""
        del partition_info
        dims = [float(d) for d in tf.TensorShape(shape).as_list()] or [1.0]
        area = math.prod(dims[:-2])
        fan_in = dims[-2 if len(dims) > 1 else -1] * area
        fan_out = dims[-1] * area
        n = {'FAN_IN': fan_in, 'FAN_OUT': fan_out, 'FAN_AVG': (fan_in + fan_out) / 2}
        if uniform:
            limit = math.sqrt(3.0 * factor / n[mode])
            return tf.random_uniform(shape, -limit, limit, dtype, seed=seed)
        # 1.3 makes up for the truncation.
        stddev = math.sqrt(1.3 * factor / n[mode])
        return tf.truncated_normal(shape, 0.0, stddev, dtype, seed=seed)

    return _initializer


def _check_scale(scale: Any) -> None:
    """Raises ValueError if a regularizer's scale is a whole or a negative number."""
    if isinstance(scale, numbers.Integral):
        raise ValueError(f'scale cannot be an integer: {scale}')
    if isinstance(scale, numbers.Real) and scale < 0.0:
        raise ValueError(f'Setting a scale less than 0 on a regularizer: {scale}')


def l1_regularizer(scale: Any, scope: str | None = None) -> Callable:
    """Returns a function of weights: `scale` times the sum of their magnitudes."""
    _check_scale(scale)

    def l1(weights: tf.Tensor, name: str | None = None) -> tf.Tensor | None:
        """Returns the penalty."""
        if isinstance(scale, numbers.Real) and scale == 0.0:
            return None
        with tf.name_scope(scope, 'l1_regularizer', [weights]) as name:
            return tf.multiply(scale, tf.reduce_sum(tf.abs(weights)), name=name)

    return l1


def l2_regularizer(scale: Any, scope: str | None = None) -> Callable:
    """Returns a function of weights: `scale` times half the sum of their squares."""
    _check_scale(scale)

    def l2(weights: tf.Tensor) -> tf.Tensor | None:
        """Returns the penalty."""
        if isinstance(scale, numbers.Real) and scale == 0.0:
            return None
        with tf.name_scope(scope, 'l2_regularizer', [weights]) as name:
            return tf.multiply(scale, tf.nn.l2_loss(weights), name=name)

    return l2


def l1_l2_regularizer(
    scale_l1: float = 1.0, scale_l2: float = 1.0, scope: str | None = None
) -> Callable | None:
    """Returns the sum of `l1_regularizer` and `l2_regularizer`."""
    scope = scope or 'l1_l2_regularizer'
    return sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], scope)


def sum_regularizer(
    regularizer_list: Sequence[Callable | None], scope: str | None = None
) -> Callable | None:
    """Returns a function that sums what some regularizers give; None for none."""
    regularizers = [r for r in regularizer_list if r is not None]
    if not regularizers:
        return None

    def sum_reg(weights: tf.Tensor) -> tf.Tensor | None:
        """Returns the penalty."""
        with tf.name_scope(scope, 'sum_regularizer', [weights]) as name:
            penalties = [r(weights) for r in regularizers]
            penalties = [p for p in penalties if p is not None]
            return tf.add_n(penalties, name=name) if penalties else None

    return sum_reg


def apply_regularization(
    regularizer: Callable, weights_list: Sequence[Any] | None = None
) -> tf.Tensor:
    """Returns the penalty of all weights, and adds it to REGULARIZATION_LOSSES.

    Args:
        regularizer: A function of weights.
        weights_list: The weights; those of the collection WEIGHTS if it is empty.
    """
    weights_list = weights_list or tf.get_collection(tf.GraphKeys.WEIGHTS)
    if not weights_list:
        raise ValueError('No weights to regularize.')
    with tf.name_scope('get_regularization_penalty', values=weights_list) as scope:
        penalties = [regularizer(w) for w in weights_list]
        penalties = [
            p if p is not None else tf.constant(0.0, weights_list[0].dtype.base_dtype)
            for p in penalties
        ]
        summed = tf.add_n(penalties, name=scope)
        tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, summed)
        return summed
