"""Evaluates a whole set of examples in batches, and summaries with their traces.

Ten thousand images at once take gigabytes of memory in some lessons. Here they are fed
some hundred at a time, with the result of the whole set.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from mnist_tut import runtime
from mnist_tut.training.graph_copy import upstream_ops

import numpy as np
import tensorflow.compat.v1 as tf

EVAL_BATCH_SIZE = 1000
# For the accuracy alone, whose batches do not matter to it. Fewer are slower in `deep`,
# which reads 13 MB of weights for each batch; more take 100 MB for each thousand.
ACCURACY_BATCH_SIZE = 500

Feeds = dict[tf.Tensor, Any]


def accuracy_in_batches(
    sess: tf.Session, accuracy: tf.Tensor, feed_dict: Feeds
) -> np.float32:
    """Returns `accuracy.eval(feed_dict)`, computed in batches.

    Args:
        sess: Session.
        accuracy: Scalar, the accuracy on the examples that are fed.
        feed_dict: Arrays of the same length N, which are cut into batches, and
            numbers, which are fed with each batch.

    Returns:
        The accuracy on all N examples, a fraction in [0, 1].
    """
    num_correct = num_examples = 0
    for size, feeds in _batches(feed_dict, ACCURACY_BATCH_SIZE):
        num_correct += _count(size, sess.run(accuracy, feeds))
        num_examples += size
    return np.float32(num_correct / num_examples)


def run_in_batches(
    sess: tf.Session, merged: tf.Tensor, accuracy: tf.Tensor, feed_dict: Feeds
) -> tuple[tf.Summary, np.float32]:
    """Returns `sess.run([merged, accuracy], feed_dict)`, computed in batches.

    Args:
        sess: Session.
        merged: The merged summary op; its scalars are means over the examples.
        accuracy: As in `accuracy_in_batches`.
        feed_dict: As in `accuracy_in_batches`.

    Returns:
        The Summary of all N examples, and the accuracy on them.
    """
    parts, sizes, num_correct = [], [], 0
    for size, feeds in _batches(feed_dict, EVAL_BATCH_SIZE):
        part, fraction = sess.run([merged, accuracy], feeds)
        parts.append(tf.Summary.FromString(part))
        sizes.append(size)
        num_correct += _count(size, fraction)
    summary = _merge(parts, sizes, _tags_of_examples(merged, feed_dict))
    return summary, np.float32(num_correct / sum(sizes))


def run_traced(
    sess: tf.Session, fetches: Any, feed_dict: Feeds, step: int
) -> tuple[Any, tf.RunMetadata | None]:
    """Runs a step with a trace of the time and memory of each op.

    Args:
        sess: Session.
        fetches: What to run.
        feed_dict: Feeds.
        step: Number of the step, for the message.

    Returns:
        The values, and the trace; None instead of it, with a line on stderr, if the
        device does not support traces.
    """
    run_metadata = tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    try:
        with runtime.filtered_stderr():
            return sess.run(fetches, feed_dict, options, run_metadata), run_metadata
    except tf.errors.InvalidArgumentError:
        raise  # a histogram of nan; the trace is not the cause
    except tf.errors.OpError as error:
        print(f'step {step}: not traced: {error.message}', file=sys.stderr)
        return sess.run(fetches, feed_dict), None


def summarize_before_update(merged: tf.Tensor, train_step: tf.Operation) -> None:
    """Makes a step that fetches both read the variables before it updates them.

    Without this a summary of a variable is read before the update, after it or while it
    is written, whichever thread comes first.

    Args:
        merged: The merged summary op.
        train_step: The training op, of a graph that no session has run yet.

    Graph:
        A control dependency of each op that updates a variable; no op is added.
    """
    for op in upstream_ops([train_step]):
        if op.type.startswith('ResourceApply'):
            # There is no public way for an op that exists: the document makes the
            # training op before the last summaries.
            op._add_control_input(merged.op)


def _batches(feed_dict: Feeds, batch_size: int) -> Iterator[tuple[int, Feeds]]:
    """Yields the size and the feeds of each batch."""
    num_examples = max(len(value) for value in feed_dict.values() if np.ndim(value))
    for begin in range(0, num_examples, batch_size):
        end = min(begin + batch_size, num_examples)
        feeds = {
            tensor: value[begin:end] if np.ndim(value) else value
            for tensor, value in feed_dict.items()
        }
        yield end - begin, feeds


def _count(size: int, fraction: float) -> int:
    """Returns the number of right examples; in float32, 915 may be 914.99994."""
    return round(size * float(fraction))


def _tags_of_examples(merged: tf.Tensor, feed_dict: Feeds) -> set[str]:
    """Returns the tags of those histograms that depend on the examples fed."""
    fed = {tensor.op for tensor, value in feed_dict.items() if np.ndim(value)}
    return {
        tf.get_static_value(op.inputs[0]).item().decode()
        for op in upstream_ops([merged.op])
        if op.type == 'HistogramSummary' and fed & set(upstream_ops([op]))
    }


def _merge(
    parts: Sequence[tf.Summary], sizes: Sequence[int], tags_of_examples: set[str]
) -> tf.Summary:
    """Merges the summaries of batches into that of the whole set.

    Args:
        parts: Summary of each batch, all with the same tags in the same order.
        sizes: Number of examples of each batch.
        tags_of_examples: Tags of the histograms that depend on the examples.

    Returns:
        The Summary: scalars averaged; histograms of the examples added up; images, and
        histograms of variables, which are the same in every batch, from the first one.
    """
    summary = tf.Summary()
    for values in zip(*(part.value for part in parts), strict=True):
        value = summary.value.add()
        value.CopyFrom(values[0])
        if value.HasField('simple_value'):
            scalars = [value.simple_value for value in values]
            value.simple_value = np.average(scalars, weights=sizes)
        elif value.tag in tags_of_examples:
            value.histo.CopyFrom(_add_histograms([value.histo for value in values]))
    return summary


def _add_histograms(histograms: Sequence[tf.HistogramProto]) -> tf.HistogramProto:
    """Returns the histogram of all values; TensorFlow's bucket limits are fixed."""
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
