"""Stand-in for tensorflow.contrib.data: what tf.data did not take over as it was.

Source:
    TensorFlow 1.4, contrib/data/python/ops/.
"""

from collections.abc import Callable
from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf

__all__ = [
    'AUTOTUNE',
    'Dataset',
    'FixedLengthRecordDataset',
    'Iterator',
    'TFRecordDataset',
    'TextLineDataset',
    'batch_and_drop_remainder',
    'ignore_errors',
    'map_and_batch',
    'parallel_interleave',
    'prefetch_to_device',
    'shuffle_and_repeat',
    'unbatch',
]

AUTOTUNE = tf.data.experimental.AUTOTUNE
Dataset = tf.data.Dataset
Iterator = tf.data.Iterator
FixedLengthRecordDataset = tf.data.FixedLengthRecordDataset
TFRecordDataset = tf.data.TFRecordDataset
TextLineDataset = tf.data.TextLineDataset
ignore_errors = tf.data.experimental.ignore_errors
parallel_interleave = tf.data.experimental.parallel_interleave
prefetch_to_device = tf.data.experimental.prefetch_to_device
unbatch = tf.data.experimental.unbatch


def shuffle_and_repeat(
    buffer_size: int, count: int | None = None, seed: int | None = None
) -> Callable:
    """Returns a function for `Dataset.apply`: shuffles each epoch."""
    return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)


def batch_and_drop_remainder(batch_size: int) -> Callable:
    """Returns a function for `Dataset.apply`: batches of one size."""
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


def map_and_batch(
    map_func: Callable,
    batch_size: int,
    num_parallel_batches: int | None = None,
    drop_remainder: bool = False,
    num_parallel_calls: Any = None,
) -> Callable:
    """Returns a function for `Dataset.apply`: maps, then batches."""
    del num_parallel_batches
    return lambda dataset: dataset.map(map_func, num_parallel_calls).batch(
        batch_size, drop_remainder
    )
