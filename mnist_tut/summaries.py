"""The summaries of a whole set of examples, fed in batches.

No lesson evaluates ten thousand images in one go; for some that would take gigabytes.
They go through the network a thousand at a time, and the event file still gets one
summary, with the figures of the whole set.
"""

from collections.abc import Sequence
from typing import Any

from mnist_tut import loop

import numpy as np
import tensorflow.compat.v1 as tf


def run_in_batches(
    sess: tf.Session,
    merged: tf.Tensor,
    accuracy: tf.Tensor,
    feed_dict: dict[tf.Tensor, Any],
) -> tuple[tf.Summary, np.float32]:
    """Runs all summaries and the accuracy over a set too large to be fed at once.

    Args:
        sess: Session.
        merged: The merged summary op; its scalars are means over the examples.
        accuracy: Scalar, the fraction of the examples fed that is right.
        feed_dict: Arrays of the same length N, which are cut into batches, and
            numbers, which are fed with each of them.

    Returns:
        The Summary of all N, and the fraction of them that is right.
    """
    num_examples = max(len(value) for value in feed_dict.values() if np.ndim(value))
    parts, sizes, num_correct = [], [], 0
    for begin in range(0, num_examples, loop.EVAL_BATCH_SIZE):
        end = min(begin + loop.EVAL_BATCH_SIZE, num_examples)
        feed = {
            placeholder: value[begin:end] if np.ndim(value) else value
            for placeholder, value in feed_dict.items()
        }
        part, fraction = sess.run([merged, accuracy], feed_dict=feed)
        parts.append(tf.Summary.FromString(part))
        sizes.append(end - begin)
        # A float32 mean of 1,000 may say 914.99994 right answers: there are 915.
        num_correct += round((end - begin) * float(fraction))
    return merge(parts, sizes), np.float32(num_correct / num_examples)


def merge(parts: Sequence[tf.Summary], sizes: Sequence[int]) -> tf.Summary:
    """Merges the summaries of batches into that of the whole set.

    Args:
        parts: Summary of each batch, all with the same tags in the same order.
        sizes: Number of examples of each batch.

    Returns:
        A Summary: scalars averaged; histograms of activations, which are of the
        examples, added up; histograms of variables, which are the same in every
        batch, and pictures those of the first one.
    """
    whole = tf.Summary()
    for values in zip(*(part.value for part in parts), strict=True):
        value = whole.value.add()
        value.CopyFrom(values[0])
        if value.HasField('simple_value'):
            scalars = [value.simple_value for value in values]
            value.simple_value = np.average(scalars, weights=sizes)
        elif value.tag.endswith('activations'):
            value.histo.CopyFrom(_add([value.histo for value in values]))
    return whole


def _add(histograms: Sequence[tf.HistogramProto]) -> tf.HistogramProto:
    """Returns the histogram of all values. TensorFlow's buckets are always the same."""
    counts: dict[float, float] = {}
    for histogram in histograms:
        for limit, count in zip(histogram.bucket_limit, histogram.bucket, strict=True):
            counts[limit] = counts.get(limit, 0.0) + count
    return tf.HistogramProto(
        min=min(histogram.min for histogram in histograms),
        max=max(histogram.max for histogram in histograms),
        num=sum(histogram.num for histogram in histograms),
        sum=sum(histogram.sum for histogram in histograms),
        sum_squares=sum(histogram.sum_squares for histogram in histograms),
        bucket_limit=sorted(counts),
        bucket=[counts[limit] for limit in sorted(counts)],
    )
