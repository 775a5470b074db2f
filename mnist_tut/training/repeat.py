"""Many training steps in one call of session.run, for --steps_per_run.

A step of a small network takes less time than it takes to feed a batch and to call
session.run. Most steps of a lesson only train: nothing is printed, evaluated or written
to an event file. Those between two steps that do more are run together, by a loop in
the graph; the others are run by the lesson's own loop, as ever.
"""

import functools
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, NamedTuple

from mnist_tut.training.session import Session
from mnist_tut.training.step_loop import StepLoop

import numpy as np
import tensorflow.compat.v1 as tf


class Step(NamedTuple):
    """What a training step is: the arguments of `Run.repeat`."""

    train_step: tf.Operation
    loss: tf.Tensor
    data: Any
    placeholders: Sequence[tf.Tensor]
    seen: Container[int]
    feeds: Mapping[tf.Tensor, float] = {}
    period: int | None = None

    def examples(self) -> tuple[dict[tf.Tensor, Any], dict[tf.Tensor, float]]:
        """Returns all examples, or a number, by placeholder, and the images' scale."""
        if self.period is None:
            *arrays, scale = self.data.stored()
        else:
            arrays, scale = self.data, 1.0
        examples = dict(zip(self.placeholders, arrays, strict=True))
        return examples | dict(self.feeds), {self.placeholders[0]: scale}

    def rows(self, step: int, batch_size: int) -> np.ndarray:
        """Returns the row numbers of a step's batch, int [batch_size]."""
        if self.period is None:
            return self.data.next_rows(batch_size)
        return step * batch_size % self.period + np.arange(batch_size)


class Repeat:
    """Runs the steps that only train, many at a time."""

    def __init__(self, step: Step, sess: Session, FLAGS: Any, record: Callable):
        """Takes the step of a finished graph; adds no op yet.

        Args:
            step: The step.
            sess: Session.
            FLAGS: Values of the flags.
            record: Is called as record(step, loss=...) for each step.
        """
        self._step = step
        self._sess = sess
        self._batch_size = FLAGS.batch_size
        self._most = FLAGS.steps_per_run
        self._length = FLAGS.steps_per_run if FLAGS.jit else None
        self._record = record

    def is_seen(self, step: int) -> bool:
        """Returns whether the lesson's own loop is to run a step."""
        return step in self._step.seen

    def run(self, start: int, stop: int) -> int:
        """Runs steps that are not seen, and records their losses.

        Args:
            start: Number of the first of them.
            stop: Number of the first step that must not be run with it.

        Returns:
            The number of the last step that was run.
        """
        steps = [start]
        for step in range(start + 1, min(stop, start + self._most)):
            if self.is_seen(step):
                break
            steps.append(step)
        rows = [self._step.rows(step, self._batch_size) for step in steps]
        losses = self._loop.run(np.array(rows, np.int32))
        for step, loss in zip(steps, losses, strict=True):
            self._record(step, loss=loss)
        return steps[-1]

    @functools.cached_property
    def _loop(self) -> StepLoop:
        """The loop; it is added to the graph when it is needed."""
        step = self._step
        return StepLoop(
            step.train_step,
            step.loss,
            *step.examples(),
            self._sess,
            self._batch_size,
            self._length,
        )
