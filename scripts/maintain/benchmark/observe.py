"""Takes a lesson's finished graph and its batches from the lesson itself.

The lesson runs as it is written, with three methods replaced while it does:
`Run.session` and `Run.steps`, which say when the graph is complete, and `Session.run`,
which notes what a training step fetches and feeds, and computes nothing. So no model is
written twice, and what is measured is what the lesson trains.
"""

import contextlib
import dataclasses
import importlib
import io
import tempfile
from collections.abc import Iterator
from typing import Any
from unittest import mock

from benchmark.models import SEED, Model
from mnist_tut.training.run import Run
from mnist_tut.training.session import Session

import numpy as np
import tensorflow.compat.v1 as tf


class _Enough(Exception):  # noqa: N818  (not an error: it ends the lesson)
    """Raised in the lesson's loop after the last step that is observed."""


@dataclasses.dataclass
class Observed:
    """A lesson's graph, and what it feeds.

    Attributes:
        graph: The lesson's graph, complete.
        train_op: Its training op.
        loss: Scalar, the loss of a batch before the update.
        images: Placeholder for a batch of images.
        labels: Placeholder for their labels.
        others: Values of other placeholders, such as keep_prob.
        inference: What the lesson tells `Run.session`: 'images', 'scores', 'feeds'.
        label_dtype: NumPy's, as the lesson feeds labels.
        weights: Initial values of the trainable variables, by name.
        table: float32 [256], the pixel value of each grey level, as the lesson has it.
        batches: uint8 [T, B, 784], the images of each step.
        digits: uint8 [T, B], their labels.
    """

    graph: tf.Graph
    train_op: tf.Operation
    loss: tf.Tensor
    images: tf.Tensor
    labels: tf.Tensor
    others: dict[tf.Tensor, float]
    inference: dict[str, Any]
    label_dtype: Any
    weights: dict[str, np.ndarray]
    table: np.ndarray
    batches: np.ndarray
    digits: np.ndarray

    @property
    def one_hot(self) -> bool:
        """Whether the lesson feeds its labels as rows with a single one."""
        return self.labels.shape.rank == 2


def observe(
    model: Model,
    data: dict[str, Any],
    num_steps: int,
    dropout: bool = True,
    resource_variables: bool = True,
) -> Observed:
    """Runs a lesson as far as its loop, and notes its steps without computing them.

    Args:
        model: Which.
        data: The lesson's arguments about data: its folder, and `dataset`.
        num_steps: T, how many steps to note.
        dropout: Whether to leave dropout in the graph.
        resource_variables: False builds it with TensorFlow 1's ref variables.

    Returns:
        What was observed.
    """
    lesson = importlib.import_module(f'mnist_tut.{model.lesson}')
    notes = _Notes(model, num_steps)
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        log_dir = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(notes.taken())
        if not dropout:
            stack.enter_context(mock.patch.object(tf.nn, 'dropout', _identity))
        if not resource_variables:
            tf.disable_resource_variables()
            stack.callback(tf.enable_resource_variables)
        stack.enter_context(contextlib.suppress(_Enough))
        lesson.run_training(
            **data, seed=SEED, max_steps=num_steps + 1, log_dir=log_dir, **model.options
        )
    return notes.result()


def weight_variables(graph: tf.Graph) -> list[tf.Variable]:
    """Returns the trainable variables; convolutional's step counter is one, too."""
    with graph.as_default():
        return [v for v in tf.trainable_variables() if v.shape.rank]


def _identity(x: Any, *args: Any, **kwargs: Any) -> Any:
    return tf.identity(x)


class _Notes:
    """What is noted while a lesson runs."""

    def __init__(self, model: Model, num_steps: int):
        self._model = model
        self._num_steps = num_steps
        self._has_begun = False
        self._table = np.full(256, np.nan, np.float32)
        self._batches: list[np.ndarray] = []
        self._digits: list[np.ndarray] = []

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Replaces the three methods."""
        original_steps, original_run = Run.steps, Session.run
        original_session = Run.session

        def session(run: Run, *args: Any, **options: Any) -> Any:
            self._inference = options
            return original_session(run, *args, **options)

        def steps(run: Run, num_steps: int) -> Iterator[int]:
            for step in original_steps(run, num_steps):
                if not self._has_begun:
                    self._begin(tf.get_default_session())
                    self._has_begun = True
                yield step

        def run(sess: Any, fetches: Any, feed_dict: Any = None, *rest: Any) -> Any:
            is_step = (
                self._has_begun
                and isinstance(fetches, list)
                and any(isinstance(fetch, tf.Operation) for fetch in fetches)
            )
            if not is_step:
                return original_run(sess, fetches, feed_dict, *rest)
            self._note(fetches, feed_dict)
            return [np.float32(1)] * len(fetches)

        with (
            mock.patch.object(Run, 'session', session),
            mock.patch.object(Run, 'steps', steps),
            mock.patch.object(Session, 'run', run),
        ):
            yield

    def _begin(self, sess: tf.Session) -> None:
        variables = {v.op.name: v for v in weight_variables(sess.graph)}
        self._graph = sess.graph
        self._weights = tf.Session.run(sess, variables)

    def _note(self, fetches: list[Any], feeds: dict[tf.Tensor, Any]) -> None:
        if len(self._batches) == self._num_steps:
            raise _Enough
        arrays = [tensor for tensor, value in feeds.items() if np.ndim(value)]
        images, labels = sorted(arrays, key=lambda t: -np.size(feeds[t]))
        values = np.asarray(feeds[images], np.float32).reshape(-1, 784)
        levels = np.rint((values - self._model.lowest_pixel) * 255).astype(np.uint8)
        self._table[levels] = values
        self._batches.append(levels)
        fed = np.asarray(feeds[labels])
        self._digits.append((fed.argmax(1) if fed.ndim == 2 else fed).astype(np.uint8))
        self._seen = {
            'train_op': next(f for f in fetches if isinstance(f, tf.Operation)),
            'loss': next(f for f in fetches if isinstance(f, tf.Tensor)),
            'images': images,
            'labels': labels,
            'others': {t: v for t, v in feeds.items() if t not in arrays},
            'label_dtype': fed.dtype,
        }

    def result(self) -> Observed:
        # Grey levels that no noted image has are between their neighbours.
        known = np.flatnonzero(np.isfinite(self._table))
        table = np.interp(np.arange(256), known, self._table[known])
        return Observed(
            graph=self._graph,
            weights=self._weights,
            inference=self._inference,
            table=table.astype(np.float32),
            batches=np.stack(self._batches),
            digits=np.stack(self._digits),
            **self._seen,
        )
