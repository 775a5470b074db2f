"""What each framework's side of the comparison offers."""

import abc
import time
from collections.abc import Callable, Sequence

from benchmark.problem import Problem

import numpy as np

CHUNK = 50  # steps that are timed together
_TUNING_SECONDS = 0.5


class Peer(abc.ABC):
    """One framework, with the weights and batches that all have.

    Attributes:
        problem: What to train.
        dropout: Rate of dropout; 0 for comparing losses, since each framework draws
            its own.
        choice: What tuning chose, in words; '' if there was nothing to choose.
        chunk: Steps that are timed together.
        scores_at_once: N, how many images `scores` takes.
    """

    choice = ''
    chunk = CHUNK
    scores_at_once = 1000

    def __init__(self, problem: Problem, dropout: float):
        self.problem = problem
        self.dropout = dropout

    @abc.abstractmethod
    def reset(self) -> None:
        """Returns to the initial weights."""

    @abc.abstractmethod
    def load(self, start: int, stop: int) -> None:
        """Makes the batches of these steps ready, as float32; not timed."""

    @abc.abstractmethod
    def run(self, begin: int, end: int) -> Sequence[float]:
        """Trains with the batches `begin` to `end` of those loaded; losses."""

    @abc.abstractmethod
    def scores(self, images: np.ndarray) -> np.ndarray:
        """Returns the scores of images: float32 [N, 784] -> [N, 10]."""

    def ways(self) -> dict[str, Callable[[], None]]:
        """Returns the ways to train that are tried: names, and what sets one up."""
        return {}

    def tune(self) -> None:
        """Chooses the fastest way to train, where there are several."""
        if ways := self.ways():
            self.load(0, CHUNK)
            self.use(min(ways, key=lambda name: self._seconds(ways[name])))

    def use(self, way: str) -> None:
        """Sets up one of the ways, by its name."""
        self.ways()[way]()
        self.choice = way

    def first_losses(self, num_steps: int) -> list[float]:
        """Returns the losses of the first steps, from the initial weights."""
        self.reset()
        self.load(0, num_steps)
        return [float(loss) for loss in self.run(0, num_steps)]

    def train(self) -> float:
        """Trains from the initial weights; the accuracy on the test set."""
        problem = self.problem
        self.reset()
        num_steps, size = len(problem.batches), problem.steps_per_pass
        for start in range(0, num_steps, size):
            stop = min(start + size, num_steps)
            self.load(start, stop)
            self.run(0, stop - start)
        return self.accuracy()

    def accuracy(self) -> float:
        """Returns the fraction of the test digits that are right."""
        images, size = self.problem.test_pixels, self.scores_at_once
        predicted = np.zeros(len(images), np.int64)
        for end in [*range(size, len(images), size), len(images)]:
            predicted[end - size : end] = self.scores(images[end - size : end]).argmax(
                1
            )
        return float(np.mean(predicted == self.problem.test_digits))

    def prepare(self) -> None:
        """Makes ready for `times`: batches at hand, everything compiled."""
        self._position = 0
        self.reset()
        self.load(0, self.problem.steps_per_pass)

    def times(self, num_steps: int) -> list[float]:
        """Trains on, from batch to batch; the seconds a step of each chunk."""
        seconds = []
        for _ in range(max(1, num_steps // CHUNK)):
            if self._position + self.chunk > self.problem.steps_per_pass:
                self._position = 0
            start = time.perf_counter()
            self.run(self._position, self._position + self.chunk)
            seconds.append((time.perf_counter() - start) / self.chunk)
            self._position += self.chunk
        return seconds

    def _seconds(self, set_up: Callable[[], None]) -> float:
        """Returns the seconds a step that a way takes when everything is compiled."""
        set_up()
        self.reset()
        self.run(0, 2)  # compiles
        num_steps, end, best = 2, time.perf_counter() + _TUNING_SECONDS, float('inf')
        while time.perf_counter() < end or best == float('inf'):
            start = time.perf_counter()
            self.run(0, num_steps)
            seconds = time.perf_counter() - start
            best = min(best, seconds / num_steps)
            if seconds < _TUNING_SECONDS / 20:
                num_steps = min(CHUNK, 2 * num_steps)
        return best
