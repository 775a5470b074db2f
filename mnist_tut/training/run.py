"""One training run, as a lesson sees it.

    with tf.Graph().as_default(), Run(flags) as run:
        mnist = input_data.read_data_sets(FLAGS.data_dir, **run.data_options)
        ...  # the graph
        sess = run.session(mnist, images=x, scores=y)
        sess.run(tf.global_variables_initializer())
        for step in run.steps(FLAGS.max_steps):
            ...  # the step
            run.record(step, loss=loss_value)
    return run.history

A Run manages the folder and the seed, checkpoints and exact resuming, progress and
interrupts, and checks that all metrics are finite. It adds nothing to the lesson's
graph but the ops of a Saver, once the graph is complete.
"""

import contextlib
import os
from collections.abc import (
    Callable,
    Collection,
    Container,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any, SupportsFloat

from mnist_tut import errors, files, plots, runtime
from mnist_tut.data import locate
from mnist_tut.flags import Flags
from mnist_tut.training import bfloat16, ending, pictures, preparation
from mnist_tut.training.checkpoint import Checkpoints, compare_variables
from mnist_tut.training.event_writers import EventWriters
from mnist_tut.training.explain import explain
from mnist_tut.training.history import History
from mnist_tut.training.loop import Loop
from mnist_tut.training.previous_run import HISTORY_FILE
from mnist_tut.training.repeat import Repeat, Step
from mnist_tut.training.run_folder import RunFolder
from mnist_tut.training.session import Session

import tensorflow.compat.v1 as tf

_HINT = (
    'inside "with Run(flags) as run:" build the graph, call run.session(...), and '
    'write the loop as "for step in run.steps(max_steps):"'
)


class Run(contextlib.AbstractContextManager):
    """One training run, as a context manager.

    Attributes:
        log_dir: Folder of the run, created if it is missing, and locked.
        seed: Seed of batch order, initial values and dropout.
        history: The metrics so far; what `run_training` returns.
        plots: Names of the pictures that were written.
        loss_floor: What the loss cannot fall below, for its picture; None for 0.
        mistakes: What predicts the test set, for its picture.
    """

    loss_floor: float | None = None

    def __init__(self, flags: Flags):
        """Takes the lesson's flags."""
        self._flags = flags
        self._checkpoints: Checkpoints | None = None
        self._loop: Loop | None = None
        self._repeat: Repeat | None = None
        self.plots: list[str] = []

    def __enter__(self) -> 'Run':
        """Locks the folder; FlagError or RunError if it cannot be used."""
        self._flags.check_folders()
        with contextlib.ExitStack() as stack:
            self._folder = stack.enter_context(RunFolder(self._flags))
            self.seed = self._folder.choose_seed()
            bfloat16.check(self._flags)
            self.log_dir = self._folder.path
            self._events = stack.enter_context(
                EventWriters(self.log_dir, self._folder.own_files.add_events)
            )
            self._exit = stack.pop_all()
        self.history = History(self.log_dir)
        return self

    def __getattr__(self, name: str) -> Any:
        """Raises RunError for an attribute that exists only in an entered run."""
        if name in ('log_dir', 'seed', 'history', '_folder'):
            raise errors.RunError(f'run.{name} before the run was entered: {_HINT}')
        raise AttributeError(name)

    @property
    def data_options(self) -> dict[str, Any]:
        """Arguments for `read_data_sets` that come from the run and its flags."""
        return {'seed': self.seed, **preparation.data_source(self._flags)}

    def locate(self, directory: str) -> locate.DatasetInfo:
        """Returns the data set, for a lesson that reads the files itself."""
        return locate.locate(directory, **preparation.data_source(self._flags))

    def session(
        self,
        data: Any,
        *,
        images: tf.Tensor,
        scores: tf.Tensor,
        feeds: dict[tf.Tensor, float] | None = None,
        pixel_range: tuple[float, float] = (0.0, 1.0),
        num_examples: int | None = None,
        saver: tf.train.Saver | None = None,
    ) -> Session:
        """Opens the default session, once the graph is complete.

        Args:
            data: Datasets, or the DatasetInfo of data that is read in file order, or
                None for made-up data.
            images: Placeholder for inference, [B, 784] or [B, 28, 28, 1].
            scores: [B, 10], logits or probabilities; the largest is the prediction.
            feeds: Other placeholders and their values for inference, such as keep_prob.
            pixel_range: Smallest and largest pixel value; the smallest is background.
            num_examples: Size of the training set, unless `data` is Datasets.
            saver: The lesson's own Saver, if its document has one.
        """
        if self._checkpoints is not None:
            raise errors.RunError('run.session(...) was called twice; call it once')
        preparation.check_model_size()
        preparation.check_jit(self._flags)
        preparation.check_batch_size(self._flags, data, images, num_examples)
        self._info = preparation.settle_data(self._flags, data)
        self.mistakes = pictures.Mistakes(data, images, scores, feeds or {})
        model = preparation.describe_model(images, scores, feeds or {}, pixel_range)
        difference = compare_variables(self.log_dir, tf.global_variables())
        self._folder.prepare(difference, self.seed, self._info, model)
        saver = saver or tf.train.Saver()
        sess = self._exit.enter_context(_make_session(self._flags))
        parts = {'history': self.history, 'random_ops': sess, 'data': data}
        self._checkpoints = Checkpoints(self._folder, saver, sess, parts)
        return sess

    def summary_writer(
        self, name: str = '', graph: tf.Graph | None = None, shows: Collection = ()
    ) -> Any:
        """Returns a tf.summary.FileWriter for a folder `name` in the run's folder.

        `shows` names the metrics that the lesson writes there: they have a curve then.
        """
        self._require_session('run.summary_writer()')
        return self._events.open(name, graph, shows)

    def repeat(
        self,
        train_step: tf.Operation,
        loss: tf.Tensor,
        data: Any,
        placeholders: Sequence[tf.Tensor],
        seen: Container[int],
        feeds: Mapping[tf.Tensor, float] | None = None,
        period: int | None = None,
    ) -> None:
        """Takes what a step does, for --steps_per_run; call it before run.steps().

        Args:
            train_step: The training op.
            loss: float scalar, recorded at each step.
            data: DataSet, whose next batch a step takes; or the arrays (images,
                labels), each [N, ...], which are cut into batches in their order.
            placeholders: Those of the images and of the labels.
            seen: The steps at which the loop's body does more than to train.
            feeds: Other placeholders and their values, the same at each step.
            period: For arrays, after how many examples the batches begin anew.
        """
        checkpoints, FLAGS = self._require_session('run.repeat()'), self._flags.FLAGS
        if self._loop is not None:
            raise errors.RunError(
                'run.repeat(...) was called after run.steps(...); call it before'
            )
        if FLAGS.steps_per_run > 1:
            checkpoints.keep_graph()
            step = Step(train_step, loss, data, placeholders, seen, feeds or {}, period)
            self._repeat = Repeat(step, checkpoints.sess, FLAGS, self.record)

    def steps(self, num_steps: int) -> Iterator[int]:
        """Returns the steps to run, from 0; with --resume those that remain.

        Those that `repeat` allows to run together are left out.
        """
        checkpoints, start = self._require_session('run.steps()'), 0
        checkpoints.require_all_variables()
        if self._flags.FLAGS.resume:
            start = checkpoints.restore(num_steps, [self._events])
            self._folder.write_run_file()
        self._events.start_metrics(self.history.records, start)
        self._loop = self._exit.enter_context(
            Loop(self._flags, self.log_dir, checkpoints, [self._events], self._repeat)
        )
        return self._loop.steps(start, num_steps)

    def record(self, step: int, **metrics: SupportsFloat) -> None:
        """Records metrics of `step`; DivergedError if one is nan or infinite."""
        values = self.history.add_finite(step, metrics, self.log_dir)
        self._events.add(step, values)
        if self._loop is not None:
            self._loop.show(values)

    def plot(self, name: str, draw: Callable, *arrays: Any, **options: Any) -> None:
        """Writes the plot draw(*arrays, **options) as `name`, if --plots_dir is set."""
        if (directory := self._flags.FLAGS.plots_dir) is not None:
            plots.save(draw(*arrays, **options), directory, name)
            self.plots.append(name)

    def _require_session(self, what: str) -> Checkpoints:
        if self._checkpoints is None:
            raise errors.RunError(f'{what} before run.session(...): {_HINT}')
        return self._checkpoints

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Writes the history and the pictures, and releases the folder."""
        with self._exit:
            step = 0 if self._loop is None else self._loop.step
            if (explained := explain(error, step, self.log_dir)) is not None:
                raise explained from error
            if error is None:
                if self._loop is None:
                    raise errors.RunError(f'the run ended without steps: {_HINT}')
                self._loop.finish()
                self._events.flush()
                _finish(self, self._flags, self._info)


def _make_session(flags: Flags) -> Session:
    """Returns a session for the default graph, in threads that fit it."""
    wanted = flags.FLAGS.batch_size, bfloat16.is_wanted(flags), flags.FLAGS.jit
    return Session(config=runtime.training_config(tf.get_default_graph(), *wanted))


def _finish(run: Run, flags: Flags, info: locate.DatasetInfo) -> None:
    """Writes the history, draws the pictures, and prints the notes that end a run."""
    path = os.path.join(run.log_dir, HISTORY_FILE)
    files.write_bytes(path, run.history.to_json().encode(), errors.RunError)
    plots_dir = flags.FLAGS.plots_dir
    if plots_dir is not None:
        pictures.draw(run)
    ending.show(run.log_dir, flags.lesson, info, plots_dir, run.plots)
