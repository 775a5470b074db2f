"""A loop in the graph that runs a training step again and again.

The examples lie in variables of their own, so that only row numbers are fed. The loop
runs a copy of the step's ops for each batch: the same ops, on the same values, in the
same order, so the results are equal to the bit. If XLA compiles it, it rounds
differently.
"""

import contextlib
from collections.abc import Callable, Container, Mapping
from typing import Any

from mnist_tut import runtime
from mnist_tut.data.scaled import Scaled, as_bytes
from mnist_tut.training import swapped_products
from mnist_tut.training.graph_copy import loops_of_v1
from mnist_tut.training.session import Session
from mnist_tut.training.step_copy import StepCopy

import numpy as np
import tensorflow.compat.v1 as tf

_LARGE_BYTES = 10**7  # of floats, which are stored as bytes if they can


class StepLoop:
    """The loop of one training step."""

    def __init__(
        self,
        train_step: tf.Operation,
        loss: tf.Tensor,
        examples: Mapping[tf.Tensor, Any],
        scales: Mapping[tf.Tensor, float],
        sess: Session,
        batch_size: int,
        length: int | None,
    ):
        """Adds the loop to the graph, and stores the examples on the device.

        Args:
            train_step: Training op.
            loss: float scalar.
            examples: For each placeholder its value for all examples, [N, ...], or a
                number that is the same at each step.
            scales: By what uint8 is multiplied for a placeholder of floats; one that is
                not here is fed the values as they are.
            sess: Session.
            batch_size: B.
            length: Number of steps that XLA compiles the loop for, which can run at
                most that many at a time; None for TensorFlow's own loop, of any length.

        Graph:
            Ops and untrained variables in the scope steps_per_run, in no collection.
        """
        self._sess = sess
        self._length = length
        self._is_first = length is not None

        def choose(ops: list[tf.Operation]) -> Container[str]:
            if length is not None:  # XLA computes products in its own way
                return ()
            return swapped_products.choose(ops, batch_size, sess.config)

        self._copy = StepCopy(train_step, loss, list(examples), choose)
        self._sizes: list[int] = []  # of what the random ops draw in a step
        self._numbers: dict[tf.Tensor, float] = {}
        num_ops = len(self._copy.random_ops)
        with sess.graph.as_default(), tf.name_scope('steps_per_run'), loops_of_v1():
            self._num_steps = tf.placeholder(tf.int32, [])
            self._rows = tf.placeholder(tf.int32, [length, batch_size])
            self._counters = tf.placeholder(tf.uint64, [length, num_ops, 2])
            batches = {
                placeholder: self._batches(placeholder, value, scales.get(placeholder))
                for placeholder, value in examples.items()
            }
            loop = self._make_loop(batches)
            if length is not None:
                loop = tf.function(loop, autograph=False, jit_compile=True)
            self._losses = loop(self._num_steps, self._rows, self._counters)

    def _batches(
        self, placeholder: tf.Tensor, value: Any, scale: float | None
    ) -> Callable:
        """Returns a function from row numbers [B] to what the placeholder is fed."""
        dtype = placeholder.dtype
        if np.ndim(value) == 0:
            number = self._feed(value, dtype)
            return lambda rows: number
        value, to_floats = self._as_stored(value, scale, dtype)
        # Read as a whole, which copies nothing; gathering from a variable copies it.
        stored = _store(value, self._sess).read_value()

        def batch(rows: tf.Tensor) -> tf.Tensor:
            found = tf.gather(stored, rows)
            if to_floats is not None:
                found = to_floats(tf.cast(found, tf.float32))
            return tf.cast(found, dtype)

        return batch

    def _as_stored(
        self, value: Any, scale: float | None, dtype: tf.DType
    ) -> tuple[np.ndarray, Callable | None]:
        """Returns what is stored, bytes if possible, and what makes floats of them.

        The floats are those of DataSet, of Scaled or of the array, to the bit.
        """
        if isinstance(value, Scaled) and value.divisor is not None:
            divisor = self._feed(value.divisor)
            return value.pixels, lambda pixels: pixels / divisor
        if scale is not None and value.dtype == np.uint8 and dtype.is_floating:
            factor = self._feed(scale)
            return value, lambda pixels: pixels * factor
        value = np.asarray(value, dtype.as_numpy_dtype)
        is_large = dtype.is_floating and value.nbytes > _LARGE_BYTES
        if is_large and (found := as_bytes(value)) is not None:
            value, offset, divisor = found[0], *map(self._feed, found[1:])
            return value, lambda pixels: (pixels - offset) / divisor
        return value, None

    def _feed(self, number: float, dtype: tf.DType = tf.float32) -> tf.Tensor:
        """Returns a placeholder that is fed a number at each run.

        With a constant TensorFlow's optimizer would compute in another order, or divide
        by multiplying, and round differently.
        """
        placeholder = tf.placeholder(dtype, [])
        self._numbers[placeholder] = number
        return placeholder

    def _make_loop(self, batches: Mapping[tf.Tensor, Callable]) -> Callable:
        def body(i, losses, rows, counters):
            feeds = {fed: batch(rows[i]) for fed, batch in batches.items()}
            step, loss, self._sizes = self._copy.place(feeds, counters[i])
            with tf.control_dependencies([step]):  # before the next step
                return i + 1, losses.write(i, tf.cast(loss, tf.float32)), rows, counters

        def loop(num_steps, rows, counters):
            size = num_steps if self._length is None else self._length
            losses = tf.TensorArray(tf.float32, size, element_shape=[])
            _, losses, _, _ = tf.while_loop(
                lambda i, *_: i < num_steps,
                body,
                [0, losses, rows, counters],
                parallel_iterations=1,
            )
            return losses.stack()

        return loop

    def run(self, rows: np.ndarray) -> np.ndarray:
        """Runs a step for each batch.

        Args:
            rows: int32 [K, B], the numbers of its examples.

        Returns:
            float32 [K], the losses, each before the update of its step.
        """
        count = len(rows)
        ops = self._copy.random_ops
        counters = self._copy.counters(self._sess.get_state(), self._sizes, count)
        feeds = {
            **self._numbers,
            self._num_steps: count,
            self._rows: self._padded(rows),
            self._counters: self._padded(counters),
        }
        # While XLA compiles, TensorFlow reports that it cannot estimate some costs.
        is_first, self._is_first = self._is_first, False
        with runtime.filtered_stderr() if is_first else contextlib.nullcontext():
            losses = self._sess.run(self._losses, feeds)
        for name, size in zip(ops, self._sizes, strict=True):
            self._sess.skip(name, count * size)
        return losses[:count]

    def _padded(self, array: np.ndarray) -> np.ndarray:
        """Returns an array of the length that XLA compiled the loop for."""
        if self._length is None or len(array) == self._length:
            return array
        padded = np.zeros([self._length, *array.shape[1:]], array.dtype)
        padded[: len(array)] = array
        return padded


def _store(value: np.ndarray, sess: Session) -> tf.Variable:
    """Returns a variable with the value, which neither a Saver nor a lesson sees."""
    fed = tf.placeholder(value.dtype, value.shape)
    variable = tf.Variable(fed, trainable=False, collections=[])
    sess.run(variable.initializer, {fed: value})
    return variable
