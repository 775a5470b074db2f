"""The steps of a run: progress, checkpoints, and an orderly end after a signal."""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from mnist_tut.flags import Flags
from mnist_tut.training import ending
from mnist_tut.training.checkpoint import Checkpoints
from mnist_tut.training.interrupts import Interrupts
from mnist_tut.training.progress import Bar
from mnist_tut.training.repeat import Repeat

import tensorflow.compat.v1 as tf


class Loop(contextlib.AbstractContextManager):
    """Yields the steps of a run, and saves a checkpoint after a step when one is due.

    With a Repeat, it yields those steps whose body must be seen, and runs the others.

    A context manager, because a generator is not closed when the loop's body raises.

    Attributes:
        step: The current step, or the last one.
    """

    def __init__(
        self,
        flags: Flags,
        folder: str,
        checkpoints: Checkpoints,
        writers: Sequence[tf.summary.FileWriter],
        repeat: Repeat | None = None,
    ):
        """Takes the flags, and the run's folder, checkpoints and event files."""
        self._flags = flags
        self._folder = folder
        self._checkpoints = checkpoints
        self._writers = writers
        self._repeat = repeat
        self._exit = contextlib.ExitStack()
        self._bar: Bar | None = None
        self._is_saved = True
        self.step = 0

    def steps(self, start: int, num_steps: int) -> Iterator[int]:
        """Yields start, ... num_steps - 1; with a Repeat, those that it does not run.

        Args:
            start: Number of steps that are done already.
            num_steps: Number of steps of the whole run.

        Raises:
            errors.RunError: If a checkpoint cannot be written.
            KeyboardInterrupt: After SIGINT, when the step is done and saved.
            SystemExit: After SIGTERM, likewise, with status 143.
        """
        lesson = self._flags.lesson
        checkpoint_steps = self._flags.FLAGS.checkpoint_steps
        if self._flags.FLAGS.steps_per_run > 1 and self._repeat is None:
            print(
                f'--steps_per_run: changes nothing in {lesson}, whose steps all do '
                'more than to train',
                file=sys.stderr,
            )
        with self:
            interrupts = self._exit.enter_context(Interrupts())
            self._bar = self._exit.enter_context(Bar(lesson, start, num_steps))
            num_done = start
            while num_done < num_steps:
                until_due = checkpoint_steps - num_done % checkpoint_steps
                stop = min(num_done + until_due, num_steps)
                self._is_saved = False
                self.step = num_done
                if self._repeat is None or self._repeat.is_seen(num_done):
                    yield self.step
                else:
                    self.step = self._repeat.run(num_done, stop)
                self._bar.advance(self.step + 1 - num_done)
                num_done = self.step + 1
                if num_done == stop or interrupts.signal:
                    self._save()
                if interrupts.signal:
                    again = ending.command(
                        f'mnist_tut.{lesson}', '--resume', f'--log_dir={self._folder}'
                    )
                    print(
                        f'{interrupts.name}: stopped and saved after {num_done} steps; '
                        f'continue with {again}',
                        file=sys.stderr,
                    )
                    interrupts.raise_exit()

    def finish(self) -> None:
        """Saves the last step of a loop that was left by `break`."""
        if not self._is_saved:
            self._save()

    def _save(self) -> None:
        self._checkpoints.save(self.step, self._writers)
        self._is_saved = True

    def show(self, metrics: dict[str, float]) -> None:
        """Shows metrics beside the progress bar."""
        if self._bar is not None:
            self._bar.show(metrics)

    def __exit__(self, *exception: Any) -> None:
        """Removes the progress bar, and restores the signals' handlers."""
        self._exit.close()
