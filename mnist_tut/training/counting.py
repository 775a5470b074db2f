"""Counts the right predictions in a whole set at once.

The documents feed a set a hundred images at a time, as floats. Here all images are fed
once, as the bytes that a DataSet holds, and a loop inside a graph makes floats of a few
hundred at a time, on all cores, and runs the lesson's own ops on them.

That graph is a copy, with a session of its own: the lesson's graph gets no op, and its
random ops draw nothing, so that whatever follows has the same numbers as without it.
"""

import os
import weakref
from typing import Any

from mnist_tut import runtime
from mnist_tut.training.graph_copy import loops_of_v1, record, upstream_ops

import numpy as np
import tensorflow.compat.v1 as tf

# Examples fed at a time: what is not aligned is copied, 16 MB of bytes.
_FEED_SIZE = 20_000
_BATCH_SIZE = 500  # their floats, 1.6 MB for each core, stay in its cache

_copies: weakref.WeakKeyDictionary[tf.Session, dict[Any, '_Copy']]
_copies = weakref.WeakKeyDictionary()


def count_correct(
    sess: tf.Session,
    eval_correct: tf.Tensor,
    images_placeholder: tf.Tensor,
    labels_placeholder: tf.Tensor,
    data_set: Any,
) -> int:
    """Counts the right predictions in a data set, faster than do_eval.

    The arguments are those of `fully_connected_feed.do_eval`. The first call with an
    `eval_correct` copies the model and takes a little longer.

    Args:
        sess: Session in which the model has been trained.
        eval_correct: Integer scalar, the number of right predictions in a batch. Only
            the placeholders may fix the size of the batch, no other op.
        images_placeholder: Images placeholder.
        labels_placeholder: Labels placeholder.
        data_set: The DataSet, which does not advance.

    Returns:
        The number of right predictions among all examples of the set.
    """
    images, labels, scale = data_set.stored()
    ops = eval_correct.op, images_placeholder.op, labels_placeholder.op
    copies = _copies.setdefault(sess, {})
    if (key := (*ops, images.dtype)) not in copies:
        copies[key] = _Copy(
            eval_correct, images_placeholder, labels_placeholder, images.dtype
        )
    return copies[key].count(sess, images, labels, scale)


class _Copy:
    """The loop over a copy of a model's ops, in a graph and a session of its own."""

    def __init__(
        self, correct: tf.Tensor, images: tf.Tensor, labels: tf.Tensor, dtype: np.dtype
    ):
        """Builds the loop for images that are held as `dtype`."""
        graph_def, self._reads = _cut(correct.op, [images.op, labels.op])
        with tf.Graph().as_default() as graph, loops_of_v1():
            self._images = tf.placeholder(dtype, [None, *images.shape[1:]])
            self._labels = tf.placeholder(labels.dtype, [None, *labels.shape[1:]])
            self._scale = tf.placeholder(images.dtype, [])
            self._values = [tf.placeholder(t.dtype, t.shape) for t in self._reads]
            num_examples = tf.shape(self._images)[0]

            def add_batch(begin: tf.Tensor, count: tf.Tensor) -> list[tf.Tensor]:
                end = tf.minimum(begin + _BATCH_SIZE, num_examples)
                pixels = tf.cast(self._images[begin:end], images.dtype) * self._scale
                inputs = {images.name: pixels, labels.name: self._labels[begin:end]}
                for tensor, value in zip(self._reads, self._values, strict=True):
                    inputs[tensor.name] = value
                [more] = tf.import_graph_def(graph_def, inputs, [correct.name])
                return [end, count + more]

            # The batches do not depend on each other: each core takes one.
            _, self._count = tf.while_loop(
                lambda begin, count: begin < num_examples,
                add_batch,
                [tf.constant(0), tf.constant(0, correct.dtype)],
                parallel_iterations=_num_cores(),
            )
        # With threads of its own, because that of a small model may have only one.
        config = runtime.session_config()
        config.use_per_session_threads = True
        config.inter_op_parallelism_threads = _num_cores()
        self._sess = tf.Session(graph=graph, config=config)

    def count(self, sess: tf.Session, images: Any, labels: Any, scale: float) -> int:
        """Counts, with the present values of the variables."""
        feed_dict = dict(zip(self._values, sess.run(self._reads), strict=True))
        feed_dict[self._scale] = scale
        num_correct = 0
        for begin in range(0, len(labels), _FEED_SIZE):
            part = slice(begin, begin + _FEED_SIZE)
            feed_dict |= {self._images: images[part], self._labels: labels[part]}
            num_correct += int(self._sess.run(self._count, feed_dict))
        return num_correct


def _cut(
    wanted: tf.Operation, inputs: list[tf.Operation]
) -> tuple[tf.GraphDef, list[tf.Tensor]]:
    """Returns the nodes between `inputs` and `wanted`, without the variables.

    Returns:
        graph_def: The nodes; those that read variables, and theirs, are left out.
        reads: What was read there.
    """
    found = upstream_ops([wanted], inputs)
    reads = [op for op in found if op.type == 'ReadVariableOp']
    ends = {*inputs, *reads}
    ops = [op for op in upstream_ops([wanted], ends) if op not in ends]
    return record(ops, wanted.graph), [op.outputs[0] for op in reads]


def _num_cores() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
