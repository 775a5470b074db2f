"""The steps of a run: folder, seed, progress, interrupts, checkpoints.

A lesson opens a `Run`, builds its graph, and writes its own visible training loop over
`run.steps(...)`. No op and no variable comes from here but the Saver, which is made
after the lesson's graph is complete.
"""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mnist_tut import checkpoint, cli, errors, progress, run_folder, runtime
from mnist_tut.history import History

import numpy as np
import tensorflow.compat.v1 as tf
from absl import flags

# The most images that are evaluated in one go: ten thousand take gigabytes.
EVAL_BATCH_SIZE = 1000


class Run(contextlib.AbstractContextManager):
    """One training run: its folder, its seed, its figures.

    Attributes:
        log_dir: Folder of the run, made if need be and locked until the run ends.
        seed: Seed of batch order, initial values and dropout.
        history: The figures so far; what `run_training` returns.
    """

    def __init__(self, lesson: str, values: flags.FlagValues):
        """Claims the folder.

        Args:
            lesson: Name of the lesson's module.
            values: The lesson's flags, made by `cli.define_flags`.

        Raises:
            errors.FlagError: If a folder cannot serve.
            errors.RunError: If the folder is in use, or holds a run and neither
                --resume nor --overwrite was given.
        """
        cli.check_dirs(values)
        self._lesson = lesson
        self._flags = values
        self._model: dict[str, Any] = {}
        self._saver: tf.train.Saver | None = None
        self._data: Any = None
        self._signal = 0
        self._bar: progress.Bar | None = None
        self._exit = contextlib.ExitStack()
        self._folder = self._exit.enter_context(run_folder.RunFolder(lesson, values))
        self.log_dir = self._folder.path
        self.seed = self._folder.found.get('seed', values.seed)
        if self.seed is None:
            self.seed = runtime.fresh_seed()
        self.history = History(self.log_dir)

    def describe(
        self,
        images: tf.Tensor,
        scores: tf.Tensor,
        feeds: dict[tf.Tensor, float] | None = None,
        ink: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        """Notes where the model takes images and gives scores, for `predict`.

        Args:
            images: Placeholder, [B, 784] or [B, 28, 28, 1].
            scores: [B, 10], logits or probabilities; the largest is the guess.
            feeds: What else must be fed, such as a dropout's keep_prob.
            ink: Pixel values of background and of full ink.
        """
        self._model = {
            'images': images.name,
            'scores': scores.name,
            'probabilities': scores.op.type == 'Softmax',
            'feeds': {tensor.name: value for tensor, value in (feeds or {}).items()},
            'ink': list(ink),
        }

    def open(self, data: Any, saver: tf.train.Saver | None = None) -> None:
        """Makes the folder ready for the model in the default graph.

        To be called when the graph is complete, before anything is written.

        Args:
            data: A `Datasets`, or the `Source` of data that is read in file order.
            saver: The lesson's own Saver, if its document has one.

        Raises:
            errors.RunError: If the folder holds another model's checkpoint, or a run
                that may be neither resumed nor overwritten, or one on other data.
        """
        variables = {
            variable.op.name: variable.shape.as_list()
            for variable in tf.global_variables()
        }
        self._data = data
        self._source = getattr(data, 'source', data)
        self._folder.admit(
            checkpoint.difference(self.log_dir, variables), self._source.fingerprint
        )
        self._saver = saver or tf.train.Saver()
        self._folder.write_run_file(
            seed=self.seed,
            data=self._source.fingerprint,
            data_kind=self._source.kind,
            model=self._model,
        )

    def enter(self, resource: Any) -> Any:
        """Enters a session or a writer, to be closed when the run ends."""
        return self._exit.enter_context(resource)

    def steps(
        self,
        sess: tf.Session,
        num_steps: int,
        writers: Sequence[tf.summary.FileWriter] = (),
        dropout: tuple[tf.Tensor, Callable[[int], int]] | None = None,
    ) -> Iterator[int]:
        """Yields the training steps that are still to be done, counted from 0.

        After the body of a step: progress, a checkpoint where one is due, and the end
        of the run if a signal has come.

        Args:
            sess: Session with initialized variables.
            num_steps: Number of training steps of the whole run.
            writers: Writers of the event files, flushed before each checkpoint.
            dropout: The output of `tf.nn.dropout`, and a function that says how many
                rows it has drawn before a step; resuming draws them again.

        Yields:
            0, 1, ... num_steps - 1, less the steps that the resumed run had done.

        Raises:
            errors.RunError: If nothing can be restored, or a checkpoint not written.
            KeyboardInterrupt: After SIGINT, when the step is done and saved.
            SystemExit: After SIGTERM, likewise, with status 143.
        """
        assert self._saver is not None, 'call open() first'
        start = self._restore(sess, writers, dropout) if self._flags.resume else 0
        if start > num_steps:
            raise errors.RunError(
                f'{errors.show_path(self.log_dir)}: has done {start} steps already; '
                f'expected at least that many, not {num_steps}'
            )
        # Held by the run too: an error in the lesson's body does not close a generator.
        during = self._exit.enter_context(contextlib.ExitStack())
        during.enter_context(self._signals())
        self._bar = during.enter_context(progress.Bar(self._lesson, start, num_steps))
        for step in range(start, num_steps):
            self._step = step
            yield step
            self._bar.advance()
            done = step + 1
            due = done % self._flags.checkpoint_steps == 0 or done == num_steps
            if due or self._signal:
                self._save(sess, step, writers)
            if self._signal:
                self._leave(done)
        during.close()

    def _save(
        self, sess: tf.Session, step: int, writers: Sequence[tf.summary.FileWriter]
    ) -> None:
        # The loss of a step is from before its update, so it cannot tell of this one.
        variables = tf.trainable_variables()
        for variable, value in zip(variables, sess.run(variables), strict=True):
            if not np.isfinite(value).all():
                raise self._diverged(step, f'{variable.op.name} is no longer finite')
        for writer in writers:
            writer.flush()
        position = getattr(self._data, 'position', None)
        extra = {
            'step': step,
            'position': position() if position else None,
            'history': self.history.records,
        }
        assert self._saver is not None
        checkpoint.save(self._saver, sess, self.log_dir, step, extra)

    def _restore(
        self,
        sess: tf.Session,
        writers: Sequence[tf.summary.FileWriter],
        dropout: tuple[tf.Tensor, Callable[[int], int]] | None,
    ) -> int:
        """Puts everything where it was, and returns the number of steps done."""
        assert self._saver is not None
        restored = checkpoint.restore(self._saver, sess, self.log_dir)
        step, extra = restored or (-1, {'position': None, 'history': []})
        done = step + 1
        for writer in writers:
            writer.flush()  # half a graph in a new file would look like damage
        checkpoint.trim_events(self.log_dir, done)
        if extra['position'] is not None:
            self._data.seek(extra['position'])
        if dropout is not None:
            dropped, rows_before = dropout
            checkpoint.redraw(sess, dropped, rows_before(done))
        for record in extra['history']:
            self.history.add(*record)
        told = f'going on after {done} steps' if restored else 'nothing to go on from'
        print(f'{errors.show_path(self.log_dir)}: {told}', file=sys.stderr)
        return done

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Lets a first SIGINT or SIGTERM wait for the end of the step."""

        def note(number: int, frame: Any) -> None:
            if self._signal:
                os._exit(128 + number)  # asked twice: now, whatever is open
            self._signal = number

        try:
            before = {
                number: signal.signal(number, note)
                for number in (signal.SIGINT, signal.SIGTERM)
            }
        except ValueError:  # not the main thread: no signals here
            before = {}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _leave(self, done: int) -> None:
        name = signal.Signals(self._signal).name
        print(
            f'{name}: stopped and saved after {done} steps; go on with '
            f'python -m mnist_tut.{self._lesson} --resume '
            f'--log_dir={errors.show_path(self.log_dir)}',
            file=sys.stderr,
        )
        if self._signal == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + self._signal)

    def record(self, step: int, **figures: float) -> None:
        """Records figures of `step`, and stops the run where one is not finite.

        Raises:
            errors.DivergedError: If a figure is nan or infinite. The newest checkpoint
                is from before, and stays.
        """
        for name, value in figures.items():
            value = float(value)
            if not np.isfinite(value):
                raise self._diverged(step, f'the {name} is {value}')
            self.history.add(step, name, value)
        if self._bar is not None:
            self._bar.show(figures)

    def _diverged(self, step: int, what: str) -> errors.DivergedError:
        return errors.DivergedError(
            f'step {step}: {what}; expected finite numbers; try a smaller '
            '--learning_rate (what was saved before, if anything, is intact in '
            f'{errors.show_path(self.log_dir)})'
        )

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Keeps the history, says where things are, and lets go of the folder."""
        with self._exit:
            if isinstance(error, tf.errors.InvalidArgumentError):
                # A histogram notices before the loss is looked at.
                found = re.search(
                    r'(Nan|Infinity) in .*istogram for: \S+', error.message
                )
                if found:
                    raise self._diverged(self._step, found[0]) from error
            if isinstance(error, (tf.errors.OpError, OSError)):
                checkpoint.explain_full_disk(self.log_dir, error)
            if kind is not None or self._saver is None:
                return
            run_folder.write_bytes(
                os.path.join(self.log_dir, 'history.json'),
                self.history.to_json().encode(),
            )
            note = self._source.note()
            if note:
                print(note)
                print(note, file=sys.stderr)
            if any('tfevents' in path for path in run_folder.own_files(self.log_dir)):
                print(
                    f'See it in TensorBoard: {_python()} -m tensorboard.main '
                    f'--logdir={errors.show_path(self.log_dir)}',
                    file=sys.stderr,
                )


def _python() -> str:
    """Returns how this Python is called from here, as briefly as it can be."""
    here = os.path.relpath(sys.executable)
    return here if len(here) < len(sys.executable) else sys.executable


def accuracy_in_batches(
    sess: tf.Session,
    accuracy: tf.Tensor,
    examples: dict[tf.Tensor, np.ndarray],
    feeds: dict[tf.Tensor, float] | None = None,
) -> np.float32:
    """Returns the accuracy over all examples, a thousand of them at a time.

    Args:
        sess: Session.
        accuracy: Scalar, the fraction of the examples fed that is right.
        examples: Placeholders and their arrays, all of the same length N.
        feeds: What else is fed, the same for every batch.

    Returns:
        The fraction of all N that is right, in [0, 1].
    """
    num_examples = len(next(iter(examples.values())))
    num_correct = 0
    for begin in range(0, num_examples, EVAL_BATCH_SIZE):
        batch = {
            placeholder: array[begin : begin + EVAL_BATCH_SIZE]
            for placeholder, array in examples.items()
        }
        size = len(next(iter(batch.values())))
        fraction = sess.run(accuracy, feed_dict={**batch, **(feeds or {})})
        # A float32 mean of 1,000 may say 914.99994 right answers: there are 915.
        num_correct += round(size * float(fraction))
    return np.float32(num_correct / num_examples)
