"""Stand-in for tensorflow.contrib.nn: alpha_dropout, and tf.nn's own functions.

Source:
    TensorFlow 1.4, contrib/nn/python/ops/alpha_dropout.py.
"""

from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf

__all__ = ['alpha_dropout', 'sampled_sparse_softmax_loss']

sampled_sparse_softmax_loss = tf.nn.sampled_softmax_loss


def alpha_dropout(
    x: Any,
    keep_prob: Any,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """Sets values to SELU's lower limit at random; mean 0 and variance 1 stay so.

    Args:
        x: Any shape.
        keep_prob: Probability that a value is kept.
        noise_shape: As in `tf.nn.dropout`.
        seed: Seed of the op.
        name: Of the ops.
    """
    with tf.name_scope(name, 'alpha_dropout', [x]):
        x = tf.convert_to_tensor(x)
        if isinstance(keep_prob, float | int) and keep_prob == 1:
            return x
        alpha = -1.7580993408473766  # -scale * alpha of SELU
        shape = tf.shape(x) if noise_shape is None else noise_shape
        uniform = tf.random_uniform(shape, seed=seed, dtype=x.dtype)
        kept = tf.floor(keep_prob + uniform)
        mixed = x * kept + alpha * (1 - kept)
        a = (keep_prob + alpha**2 * keep_prob * (1 - keep_prob)) ** -0.5
        result = a * mixed - a * alpha * (1 - keep_prob)
        result.set_shape(x.shape)
        return result
