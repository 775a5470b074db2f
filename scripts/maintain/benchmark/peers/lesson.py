"""The lesson itself, as a user runs it, paused between chunks of its steps."""

import importlib
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from benchmark.models import SEED
from benchmark.peers.peer import CHUNK
from benchmark.problem import Problem
from mnist_tut.training.progress import Bar
from mnist_tut.training.run import Run

_MANY = 200_000  # steps, more than are ever measured


class Lesson:
    """A run of a lesson that trains only while it is told to.

    What it does between two pauses is what it does without them: batches, recording,
    progress, printed lines, summaries and evaluations.
    """

    def __init__(self, problem: Problem, options: dict[str, Any]):
        """Takes the arguments of run_training(), such as steps_per_run=50."""
        self._problem = problem
        self._options = options

    def follow(self, commands: Callable[[dict | None], dict]) -> None:
        """Trains, and answers commands between two steps.

        Args:
            commands: Sends an answer, None the first time, and returns the next
                command.
        """
        module = importlib.import_module(f'mnist_tut.{self._problem.model.lesson}')
        control = _Control(commands)
        original_steps, original_advance = Run.steps, Bar.advance

        def steps(run: Run, num_steps: int) -> Iterator[int]:
            control.begin(run)
            return original_steps(run, num_steps)

        def advance(bar: Bar, *args: int) -> None:
            original_advance(bar, *args)
            control.count(*args)

        with (
            tempfile.TemporaryDirectory() as log_dir,
            mock.patch.object(Run, 'steps', steps),
            mock.patch.object(Bar, 'advance', advance),
        ):
            module.run_training(
                **self._problem.data,
                **self._problem.model.options,
                **self._options,
                seed=SEED,
                max_steps=_MANY,
                log_dir=log_dir,
                checkpoint_steps=_MANY,
            )


class _Control:
    """Counts a lesson's steps, times them, and waits where it was told to."""

    def __init__(self, commands: Callable[[dict | None], dict]):
        self._commands = commands
        self._remaining = self._in_chunk = 0
        self._start = 0.0
        self._seconds: list[float] = []

    def begin(self, run: Run) -> None:
        """Waits before the first step."""
        self._run = run
        self._wait(None)

    def count(self, num_steps: int = 1) -> None:
        """Notes that steps are done; returns when the next are to be run."""
        now = time.perf_counter()
        self._in_chunk += num_steps
        self._remaining -= num_steps
        if self._in_chunk >= CHUNK:
            self._seconds.append((now - self._start) / self._in_chunk)
            self._in_chunk, self._start = 0, now
        if self._remaining <= 0:
            records = self._run.history.records
            losses = [value for _, name, value in records if name == 'loss']
            self._wait({'seconds': self._seconds, 'losses': losses[:CHUNK]})

    def _wait(self, answer: dict | None) -> None:
        self._remaining = self._commands(answer)['steps']
        self._seconds = []
        self._in_chunk, self._start = 0, time.perf_counter()
