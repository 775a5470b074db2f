"""Times steps in several processes in turn, after their results were compared."""

import dataclasses
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
from typing import Any

from benchmark.models import Model
from mnist_tut import errors

import numpy as np

_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SEED = 0  # of the order within a round


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way to train a model.

    Attributes:
        label: How the tables call it.
        worker: As `worker.make_peer` calls it, or 'lesson'.
        options: Its options.
        needs: Package without which it is left out.
        environment: Variables of its process.
        tolerance: How far its losses may be from the reference, relative to it.
    """

    label: str
    worker: str
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    needs: str = ''
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    tolerance: float = 1e-4

    @property
    def is_installed(self) -> bool:
        """Whether it can be measured here."""
        return not self.needs or importlib.util.find_spec(self.needs) is not None

    def with_way(self, way: str | None) -> 'Variant':
        """Returns it with the way to train that was chosen before."""
        if not way:
            return self
        return dataclasses.replace(self, options={**self.options, 'way': way})


class Worker:
    """A process that trains while it is told to; see `benchmark.worker`."""

    def __init__(self, variant: Variant, folder: str, **options: Any):
        self._label = variant.label
        self._errors = tempfile.TemporaryFile('w+')  # noqa: SIM115  (closed in `close`)
        options = {**variant.options, **options}
        self._process = subprocess.Popen(
            [
                *(sys.executable, '-m', 'benchmark.worker'),
                *(variant.worker, folder, json.dumps(options)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment(variant.worker == 'jax') | variant.environment,
        )

    def ask(self, **command: Any) -> dict:
        """Sends a command and waits for its answer."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(command) + '\n')
        self._process.stdin.flush()
        if not (line := self._process.stdout.readline()):
            self._process.wait()
            self._errors.seek(0)
            last = '\n'.join(self._errors.read().splitlines()[-20:])
            raise errors.RunError(f'{self._label} ended without an answer:\n{last}')
        return json.loads(line)

    def close(self) -> None:
        """Ends the process."""
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            assert stream
            stream.close()
        self._process.wait()


def in_process(task: str, *arguments: Any) -> Any:
    """Returns what a function of `benchmark.tasks` returns, in a process of its own."""
    words = [sys.executable, '-m', 'benchmark.tasks', task, json.dumps(arguments)]
    done = subprocess.run(
        words, capture_output=True, text=True, env=environment(), check=False
    )
    if done.returncode:
        last = '\n'.join(done.stderr.splitlines()[-20:])
        raise errors.RunError(f'{task} ended without a result:\n{last}')
    return json.loads(done.stdout.splitlines()[-1])


def environment(with_jax: bool = False) -> dict[str, str]:
    """Returns the environment of a process that is measured.

    This package is found by its name, and JAX is not found if it is not wanted.
    """
    folders = [_FOLDER, os.environ.get('PYTHONPATH', '')]
    if not with_jax:
        folders.insert(0, os.path.join(_FOLDER, 'benchmark', 'without_jax'))
    path = os.pathsep.join(folders)
    return {**os.environ, 'PYTHONPATH': path.rstrip(os.pathsep)}


def measure(
    model: Model,
    variants: dict[str, Variant],
    folder: str,
    rounds: int,
    steps: int,
    num_losses: int = 6,
) -> dict[str, dict]:
    """Times the variants in turn, each in a process that waits for its turn.

    First the losses of the first steps are compared: those of a lesson's options with
    the lesson's own, those of another framework with the bare loop's, both without
    dropout. A variant with other losses is not timed.

    Args:
        model: Which model.
        variants: 'bare' among them.
        folder: Where the Problem was saved.
        rounds: How many times each one gets its turn; the order is shuffled.
        steps: Steps of a turn.
        num_losses: How many losses are compared.

    Returns:
        For each variant its quartiles in milliseconds a step, and what was compared.
    """
    results: dict[str, dict] = {}
    workers: dict[str, Worker] = {}
    reference: dict[str, list[float]] = {}
    try:
        for name, variant in variants.items():
            worker = workers[name] = Worker(variant, folder)
            if variant.worker == 'lesson':
                answer, kind = worker.ask(steps=max(50, steps)), 'lesson'
            else:
                answer = worker.ask(losses=num_losses, dropout=False)
                kind = 'bare'
            losses = answer['losses'][:num_losses]
            expected = reference.setdefault(kind, losses)
            difference = float(np.max(np.abs(np.divide(losses, expected) - 1)))
            if difference > variant.tolerance:
                raise errors.RunError(
                    f'{model.lesson}, {variant.label}: losses {losses}; expected '
                    f'{expected}, to {variant.tolerance:g} of them'
                )
            results[name] = {'loss_difference': difference}
            if kind == 'bare':
                worker.ask(steps=steps)  # tunes, compiles
        if {'bare', 'lesson'} <= set(reference):
            _require_the_lessons_graph(model, workers['bare'], reference['lesson'])
        seconds = _take_turns(workers, rounds, steps, results)
    finally:
        for worker in workers.values():
            worker.close()
    for name, values in seconds.items():
        lower, median, upper = np.percentile(np.multiply(values, 1000), [25, 50, 75])
        results[name] |= {
            'lower_quartile': round(float(lower), 5),
            'median': round(float(median), 5),
            'upper_quartile': round(float(upper), 5),
            'chunks': len(values),
        }
    return results


def _require_the_lessons_graph(
    model: Model, bare: Worker, expected: list[float]
) -> None:
    """Compares the bare loop with the lesson, bit for bit, dropout included.

    With dropout only the first loss: the lesson's evaluations draw from it, too.
    """
    number = 1 if model.dropout else len(expected)
    losses = bare.ask(losses=number, dropout=True)['losses']
    if losses != expected[:number]:
        raise errors.RunError(
            f'{model.lesson}: the bare loop has the losses {losses}, but the lesson '
            f'{expected[:number]}'
        )


def _take_turns(
    workers: dict[str, Worker], rounds: int, steps: int, results: dict[str, dict]
) -> dict[str, list[float]]:
    """Returns the seconds a step of each chunk, for each worker."""
    order, rng = list(workers), random.Random(_SEED)
    seconds: dict[str, list[float]] = {name: [] for name in order}
    for _ in range(rounds):
        rng.shuffle(order)
        for name in order:
            answer = workers[name].ask(steps=steps)
            seconds[name] += answer['seconds']
            if answer.get('choice'):
                results[name]['choice'] = answer['choice']
    return seconds
