"""Small variants of the loop that were tried and did not help, for the table of them.

Each takes the lesson's graph as it is, and changes one thing.
"""

from collections.abc import Callable
from typing import Any

from benchmark.peers.bare import Bare
from benchmark.peers.peer import CHUNK
from benchmark.problem import Problem

import numpy as np
import tensorflow.compat.v1 as tf

_NCHW = 2  # RewriterConfig.NHWC_TO_NCHW, whose enum TensorFlow does not export


class Tried(Bare):
    """The bare loop, or fifty steps in the graph, with one thing changed.

    Args:
        problem: What to train.
        dropout: As for every Peer.
        variant: 'threads', 'ref variables', 'NCHW', 'tf.data', 'while', 'while v2',
            'unrolled', 'xla'; '' changes nothing.
        threads: Number of TensorFlow's threads; 0 for its default.
    """

    def __init__(
        self, problem: Problem, dropout: float, variant: str = '', threads: int = 0
    ):
        config = tf.ConfigProto(
            intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads
        )
        if variant == 'NCHW':
            config.graph_options.rewrite_options.cpu_layout_conversion = _NCHW
        super().__init__(problem, dropout, config, variant != 'ref variables')
        self._variant = variant
        self._many: Callable | None = None
        if variant == 'xla' and problem.model.is_convolutional:
            self.chunk = 1

    def load(self, start: int, stop: int) -> None:
        """Makes the batches, in the graph where the variant has them there."""
        super().load(start, stop)
        build = {
            'tf.data': self._from_dataset,
            'while': self._while,
            'while v2': self._while,
            'unrolled': self._unrolled,
            'xla': self._xla,
        }.get(self._variant)
        if build is None or self._many is not None:
            return
        with self.observed.graph.as_default():
            if build != self._from_dataset:
                self._resident = [self._variable(a) for a in (self.images, self.labels)]
            self._many = build()

    def run(self, begin: int, end: int) -> list[float]:
        """Trains as the variant does."""
        if self._many is None:
            return super().run(begin, end)
        losses: list[float] = []
        for index in range(begin, end, CHUNK):
            losses += list(self._many(index, min(CHUNK, end - index)))
        return losses

    def first_losses(self, num_steps: int) -> list[float]:
        """As ever; what is unrolled always runs fifty."""
        number = CHUNK if self._variant == 'unrolled' else num_steps
        return super().first_losses(number)[:num_steps]

    def _variable(self, array: np.ndarray) -> Any:
        value = tf.placeholder(array.dtype, array.shape)
        variable = tf.Variable(
            value, trainable=False, collections=[], use_resource=True
        )
        self.sess.run(variable.initializer, {value: array})
        return variable

    def _copy(self, images: Any, labels: Any, name: str) -> tuple[Any, Any]:
        """Adds a copy of the training step; returns its op and its loss."""
        seen = self.observed
        handles = [v.handle for v in tf.global_variables()]
        inner = tf.get_default_graph()
        outside = [inner.capture(h) if inner is not seen.graph else h for h in handles]
        known = {
            seen.images.name: tf.reshape(
                images, [-1, *seen.images.shape.as_list()[1:]]
            ),
            seen.labels.name: tf.cast(labels, seen.labels.dtype),
            **{t.name: tf.constant(v, t.dtype) for t, v in seen.others.items()},
            **{h.name: o for h, o in zip(handles, outside, strict=True)},
        }
        wanted = [seen.train_op.name, seen.loss.op.name]
        part = tf.graph_util.extract_sub_graph(seen.graph.as_graph_def(), wanted)
        used = {node.name for node in part.node}  # without dropout, no keep_prob
        known = {name: t for name, t in known.items() if name.partition(':')[0] in used}
        replaced = {name.partition(':')[0] for name in known}
        for node in list(part.node):
            if node.name in replaced:
                part.node.remove(node)
            elif '_class' in node.attr:  # names an op beside which it is to be placed
                del node.attr['_class']
        results = [seen.train_op.name, seen.loss.name]
        return tf.import_graph_def(part, known, results, name=name)

    def _batch(self, index: Any) -> tuple[Any, Any]:
        images, labels = self._resident
        return tf.gather(images, index), tf.gather(labels, index)

    def _loop(self, begin: Any, number: Any) -> Any:
        """Adds a tf.while_loop of training steps; returns their losses."""

        def body(i: Any, losses: Any) -> tuple[Any, Any]:
            with tf.control_dependencies([i]):
                step, loss = self._copy(*self._batch(begin + i), 'step')
            with tf.control_dependencies([step]):
                return tf.identity(i + 1), losses.write(i, loss)

        losses = tf.TensorArray(tf.float32, number)
        loop = tf.while_loop(
            lambda i, _: i < number, body, [0, losses], parallel_iterations=1
        )
        return loop[1].stack()

    def _callable(self, losses: Any, begin: Any, number: Any) -> Callable:
        return lambda index, count: self.sess.run(losses, {begin: index, number: count})

    def _while(self) -> Callable:
        begin, number = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [])
        is_default = tf.control_flow_v2_enabled()
        switch = {True: tf.enable_control_flow_v2, False: tf.disable_control_flow_v2}
        switch[self._variant == 'while v2']()
        losses = self._loop(begin, number)
        switch[is_default]()
        return self._callable(losses, begin, number)

    def _xla(self) -> Callable:
        begin = tf.placeholder(tf.int32, [])

        @tf.function(jit_compile=True, autograph=False)
        def step(index: Any) -> Any:
            train_op, loss = self._copy(*self._batch(index), 'step')
            with tf.control_dependencies([train_op]):
                return tf.identity(loss)

        loss = step(begin)
        return lambda index, count: [
            self.sess.run(loss, {begin: index + i}) for i in range(count)
        ]

    def _unrolled(self) -> Callable:
        begin, number = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [])
        losses: list[Any] = []
        step: list[Any] = []
        for i in range(CHUNK):
            with tf.control_dependencies(step):
                train_op, loss = self._copy(*self._batch(begin + i), f'step{i}')
            step = [train_op]
            losses.append(loss)
        with tf.control_dependencies(step):
            return self._callable(tf.stack(losses), begin, number)

    def _from_dataset(self) -> Callable:
        """Feeds nothing: a tf.data pipeline of bytes gives the batches."""
        problem = self.problem
        size = problem.steps_per_pass
        levels = tf.placeholder(tf.uint8, [None, *problem.batches.shape[1:]])
        labels = tf.placeholder(self.labels.dtype, [None, *self.labels.shape[1:]])
        table = tf.constant(problem.table)
        batches = (
            tf.data.Dataset.from_tensor_slices((levels, labels))
            .unbatch()
            .batch(problem.model.batch_size, drop_remainder=True)
            .map(lambda x, y: (tf.gather(table, tf.cast(x, tf.int32)), y))
            .repeat()
            .prefetch(2)
        )
        iterator = tf.data.make_initializable_iterator(batches)
        images, digits = iterator.get_next()
        step = self._copy(images, digits, 'step')
        super().load(0, size)
        arrays = {levels: problem.batches[:size], labels: self.labels}
        self.sess.run(iterator.initializer, arrays)
        return lambda _, count: [self.sess.run(step)[1] for _ in range(count)]
