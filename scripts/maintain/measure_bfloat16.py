"""Measures what --bfloat16 gains in time and costs in accuracy.

    python scripts/maintain/measure_bfloat16.py --data_dir=MNIST_data
    python scripts/maintain/measure_bfloat16.py --write

The first command trains the two convolutional lessons with three seeds each, in float32
and in bfloat16, and times their steps, in turn. It stores all of it in
docs/results/bfloat16.json; what is stored already is not measured again. A quarter of
an hour on two cores, which should have nothing else to do while the steps are timed.
The second command writes the table between the marks of docs/SPEED.md.
"""

import itertools
import json
import os
import statistics
import tempfile
import time
from typing import Any

from mnist_tut import convolutional, deep, errors
from mnist_tut.flags import Flags
from mnist_tut.training.run import Run

import experiments
import markdown
from benchmark import machine

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the four real MNIST files.')
flags.DEFINE_boolean('write', False, 'Write the table of what is stored, no more.')

STORE = experiments.RESULTS / 'bfloat16.json'
DOCUMENT = experiments.ROOT / 'docs' / 'SPEED.md'
_SEEDS = (1, 2, 3)
_TYPES = ('float32', 'bfloat16')
_ROUNDS = 5
_TIMED_STEPS = 150  # of each type in each round

# The lesson, its settings, and the metric that measures the trained model.
_LESSONS: dict[str, tuple[Any, dict[str, int], str]] = {
    'deep': (deep, {'max_steps': 2000}, 'test_accuracy'),
    'convolutional': (convolutional, {}, 'test_error'),
}


def train(lesson: str, dtype: str, **settings: Any) -> tuple[float, float]:
    """Trains once.

    Returns:
        The metric that measures the trained model, and the median of the milliseconds
        from one recorded loss to the next.
    """
    module, _, metric = _LESSONS[lesson]
    times = []
    record = Run.record

    def timed(self: Run, step: int, **metrics: Any) -> None:
        if 'loss' in metrics:
            times.append(time.perf_counter())
        record(self, step, **metrics)

    Run.record = timed  # type: ignore[method-assign]
    try:
        with tempfile.TemporaryDirectory() as folder:
            history = module.run_training(
                data_dir=FLAGS.data_dir,
                dataset='mnist',
                log_dir=os.path.join(folder, 'log'),
                bfloat16=dtype == 'bfloat16',
                **settings,
            )
    finally:
        Run.record = record  # type: ignore[method-assign]
    gaps = [1000 * (end - begin) for begin, end in itertools.pairwise(times)]
    return history.values(metric)[-1], statistics.median(gaps)


def measure(lesson: str, stored: dict[str, Any]) -> None:
    """Adds to `stored` what it lacks of a lesson, and writes it."""
    _, settings, metric = _LESSONS[lesson]
    results = stored.setdefault(lesson, {'metric': metric, 'settings': settings})
    for seed in _SEEDS:
        for dtype in _TYPES:
            values = results.setdefault(dtype, {})
            if str(seed) not in values:
                values[str(seed)], _ = train(lesson, dtype, seed=seed, **settings)
                _save(stored)
    if 'milliseconds' not in results:
        rounds: dict[str, list[float]] = {dtype: [] for dtype in _TYPES}
        for _ in range(_ROUNDS):
            for dtype in _TYPES:
                _, gap = train(lesson, dtype, seed=1, max_steps=_TIMED_STEPS)
                rounds[dtype].append(round(gap, 3))
        results['milliseconds'] = rounds
        _save(stored)


def _save(stored: dict[str, Any]) -> None:
    STORE.write_text(json.dumps(stored, indent=1) + '\n')


def filled(text: str, stored: dict[str, Any]) -> str:
    """Returns docs/SPEED.md with its table of bfloat16 replaced."""
    return markdown.replace_part(text, 'measure_bfloat16', report(stored))


def report(stored: dict[str, Any]) -> list[str]:
    """Returns the lines of the generated part of docs/SPEED.md."""
    rows = []
    for lesson in _LESSONS:
        results = stored[lesson]
        times = results['milliseconds']
        pairs = zip(*(times[dtype] for dtype in reversed(_TYPES)), strict=True)
        ratios = [half / single for half, single in pairs]
        for dtype in _TYPES:
            scale = 100 if results['metric'] == 'test_accuracy' else 1  # percent
            values = [scale * value for value in results[dtype].values()]
            rows.append(
                [
                    lesson,
                    dtype,
                    f'{statistics.median(times[dtype]):.1f} '
                    f'({min(times[dtype]):.1f} to {max(times[dtype]):.1f})',
                    '1' if dtype == 'float32' else f'{statistics.median(ratios):.2f}',
                    f'{results["metric"].replace("_", " ")} '
                    f'{statistics.mean(values):.2f} % '
                    f'({", ".join(f"{value:.2f}" for value in values)})',
                ]
            )
    head = ['lesson', 'type', 'ms a step', 'ratio', 'seeds 1, 2 and 3: mean (each)']
    about = stored['machine']
    return [
        '',
        *markdown.table(head, rows),
        f'Times: medians of {_ROUNDS} rounds in turn (smallest to largest), on '
        f'{about["cores"]} cores of {about["processor"]}, with TensorFlow '
        f'{about["versions"]["tensorflow"]}.',
        'Measured by `python scripts/maintain/measure_bfloat16.py`.',
        '',
    ]


def main(_: list[str]) -> None:
    """Measures what is not stored yet, or writes the table."""
    stored = json.loads(STORE.read_text()) if STORE.exists() else {}
    if FLAGS.write:
        text = DOCUMENT.read_text(encoding='utf-8')
        DOCUMENT.write_text(filled(text, stored), encoding='utf-8')
        return
    if stored and not machine.is_here(stored['machine']):
        raise errors.RunError(f'{STORE}: is of another machine or version; remove it')
    stored['machine'] = machine.describe()
    for lesson in _LESSONS:
        measure(lesson, stored)


if __name__ == '__main__':
    flags.run(main)
