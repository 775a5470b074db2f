"""The folder of a distributed run, which the chief alone writes to.

Checkpoints, event files and metrics are those of any other run, so `predict`, `export`
and TensorBoard take them. A chief that is started again continues without --resume:
Kubernetes, for example, restarts it with the command of the first start.
"""

import contextlib
import os
import sys
from typing import Any

from mnist_tut import errors, files
from mnist_tut.data.locate import DatasetInfo
from mnist_tut.flags import Flags
from mnist_tut.training import (
    checkpoint,
    ending,
    preparation,
    run_file,
    run_folder,
)
from mnist_tut.training.checkpoint import Checkpoints, compare_variables
from mnist_tut.training.event_writers import EventWriters
from mnist_tut.training.history import History
from mnist_tut.training.interrupts import Interrupts
from mnist_tut.training.previous_run import HISTORY_FILE
from mnist_tut.training.run_file import RUN_FILE
from mnist_tut.training.run_folder import RunFolder, saved_steps

import tensorflow.compat.v1 as tf

_SUMMARY_STEPS = 100


class Chief(contextlib.AbstractContextManager):
    """The folder of a run, locked while the context is entered.

    Attributes:
        log_dir: The folder.
        seed: Seed of the run.
        history: The metrics so far.
    """

    def __init__(self, flags: Flags):
        """Takes the flags; does nothing else."""
        self._flags = flags
        self._checkpoints: Checkpoints | None = None

    def __enter__(self) -> 'Chief':
        """Locks the folder, and continues the run in it, if there is one."""
        flags, FLAGS = self._flags, self._flags.FLAGS
        flags.check_folders()
        folder = FLAGS.log_dir or _unfinished(flags)
        has_run = folder is not None and _holds(folder, RUN_FILE)
        is_continued = FLAGS.resume or (has_run and not FLAGS.overwrite)
        flags.settle(log_dir=folder, resume=is_continued)
        with contextlib.ExitStack() as stack:
            self._folder = stack.enter_context(RunFolder(flags))
            self.seed = self._folder.choose_seed()
            self.log_dir = self._folder.path
            self._events = stack.enter_context(
                EventWriters(self.log_dir, self._folder.own_files.add_events)
            )
            self._exit = stack.pop_all()
        self.history = History(self.log_dir)
        return self

    def prepare(self, data: Any, model: dict[str, Any], saver: tf.train.Saver) -> None:
        """Writes run.json, once the graph is complete.

        Args:
            data: Datasets.
            model: From `preparation.describe_model`.
            saver: Saves the variables.

        Raises:
            errors.RunError: If the folder holds another model's run, or files of others
                under names that a run needs.
        """
        self._info: DatasetInfo = preparation.settle_data(self._flags, data)
        difference = compare_variables(self.log_dir, tf.global_variables())
        self._folder.prepare(difference, self.seed, self._info, model)
        self._saver = saver
        self._writer = self._events.open('', tf.get_default_graph(), ['loss'])

    def has_values_of(self, step: int) -> bool:
        """Returns whether variables at this global step go on with the folder's run.

        They do if this chief, or the one before it, was killed and the parameter
        servers were not: then nothing has to be lost.
        """
        return self._flags.FLAGS.resume and step >= self.num_saved()

    @property
    def has_checkpoint(self) -> bool:
        """Whether `restore` will restore the variables."""
        return self._flags.FLAGS.resume and self.num_saved() > 0

    def restore(self, sess: tf.Session, has_values: bool) -> None:
        """Restores the newest checkpoint, if there is one, into a new session.

        Args:
            sess: The session; its variables are initialized.
            has_values: Whether they have the values of the run, and keep them.
        """
        if self._checkpoints is None:
            parts = {'history': self.history}
            self._checkpoints = Checkpoints(self._folder, self._saver, sess, parts)
            start = 0
            if self._flags.FLAGS.resume:
                start = self._checkpoints.restore(
                    sys.maxsize, [self._events], has_values
                )
                self._folder.write_run_file()
            self._events.start_metrics(self.history.records, start)
        elif not has_values:  # a parameter server was lost
            found = checkpoint.restore(self._saver, sess, self.log_dir)
            self.history.set_state([] if found is None else found[1]['history'])

    def record(self, step: int, metrics: dict[str, float]) -> None:
        """Writes metrics to the event file."""
        self._events.add(step, metrics)

    def hooks(self, num_workers: int, interrupts: Interrupts) -> list[Any]:
        """Returns what saves checkpoints and writes summaries."""
        return [
            _SaveHook(
                self, self._flags.FLAGS.checkpoint_steps, num_workers, interrupts
            ),
            tf.train.SummarySaverHook(
                _SUMMARY_STEPS,
                summary_writer=self._writer,
                summary_op=tf.summary.merge_all(),
            ),
        ]

    @property
    def can_save(self) -> bool:
        """Whether there was a session, with values to save."""
        return self._checkpoints is not None

    def save(self, session: tf.Session, num_done: int) -> None:
        """Saves a checkpoint after a number of steps, unless there is one."""
        assert self._checkpoints is not None  # restore() comes with the first session
        self._checkpoints.sess = session
        if num_done != self.num_saved():
            self._checkpoints.save(num_done - 1, [self._events])

    def num_saved(self) -> int:
        """Returns how many steps were done at the newest checkpoint, or 0."""
        return max(saved_steps(self.log_dir), default=-1) + 1

    def finish(self) -> None:
        """Writes the history, and prints the notes that end a run."""
        path = os.path.join(self.log_dir, HISTORY_FILE)
        files.write_bytes(path, self.history.to_json().encode(), errors.RunError)
        ending.show(self.log_dir, self._flags.lesson, self._info, None, [])

    def __exit__(self, *exception: Any) -> None:
        """Closes the event files, and releases the folder."""
        self._exit.__exit__(*exception)


def _holds(folder: str, name: str) -> bool:
    return os.path.lexists(os.path.join(folder, name))


def _unfinished(flags: Flags) -> str | None:
    """Returns the folder of the newest run, if the same command would continue it."""
    folder = run_folder.newest_folder(os.path.join('logs', flags.lesson))
    if folder is None or not _holds(folder, RUN_FILE) or _holds(folder, HISTORY_FILE):
        return None
    try:
        run = run_file.read(folder)
    except errors.RunError:  # a new folder serves as well
        return None
    is_same = run['seed'] == flags.FLAGS.seed and flags.agree_with(run['flags'])
    return folder if is_same else None


class _SaveHook(tf.train.SessionRunHook):
    """Saves a checkpoint when one is due, after a signal, and at the end."""

    def __init__(
        self,
        chief: Chief,
        every: int,
        num_workers: int,
        interrupts: Interrupts,
    ):
        self._chief = chief
        self._every = every
        self._num_workers = num_workers
        self._interrupts = interrupts
        self._global_step = tf.train.get_global_step()
        self._saved = 0  # steps that were done at the newest checkpoint
        self._is_close = False  # whether the next one may be due

    def after_create_session(self, session: tf.Session, coord: Any) -> None:
        # Not the global step: the others may have gone on while there was no chief.
        self._saved = self._chief.num_saved()
        self._is_close = True

    def before_run(self, run_context: Any) -> tf.train.SessionRunArgs:
        # Before the next step, so that the metrics of the last one are saved, too.
        is_stopped = bool(self._interrupts.signal)
        if self._is_close or is_stopped:
            session = run_context.session
            step = int(session.run(self._global_step))
            if self._is_due(step) or is_stopped:
                self._chief.save(session, step)
                self._saved = step
        if is_stopped:
            self._interrupts.check()
        return tf.train.SessionRunArgs(self._global_step)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        # What is read beside a step may be the number before it, and others go on.
        at_most = int(run_values.results) + self._num_workers
        self._is_close = self._is_due(at_most)

    def _is_due(self, step: int) -> bool:
        return step // self._every > self._saved // self._every

    def end(self, session: tf.Session) -> None:
        step = int(session.run(self._global_step))
        if step > self._saved:
            self._chief.save(session, step)
