"""Measures whole processes: training to the accuracy, start-up, memory, loading."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

from benchmark.models import SEED, Model
from benchmark.rounds import Variant, Worker, environment
from mnist_tut import errors

# A line that each lesson prints at its first step, or just before it.
_FIRST_LINES = {
    'softmax': ('1 steps:', ['--accuracy_at=1']),
    'fully_connected_feed': ('Step 0:', []),
    'tanh_mlp': ('Epoch: 0', []),
    'convolutional': ('Initialized!', []),
    'deep': ('step 0,', []),
}


def _command(
    model: Model, data_dir: str, dataset: str, num_steps: int, *options: str
) -> list[str]:
    """Returns the command that trains a lesson, as a user types it."""
    return [
        *(sys.executable, '-u', '-m', f'mnist_tut.{model.lesson}'),
        f'--{model.data_flag}={data_dir}',
        f'--dataset={dataset}',
        f'--max_steps={num_steps}',
        f'--seed={SEED}',
        *options,
    ]


def flags_of(variant: Variant) -> list[str]:
    """Returns the options of a lesson's variant as flags."""
    return [
        f'--{name}' if value is True else f'--{name}={value}'
        for name, value in variant.options.items()
    ]


def train_lesson(
    model: Model, variant: Variant, data_dir: str, dataset: str, num_steps: int
) -> dict[str, Any]:
    """Trains with a lesson's command: seconds, accuracy and peak memory."""
    with tempfile.TemporaryDirectory() as log_dir:
        flags = [*flags_of(variant), f'--log_dir={log_dir}']
        command = _command(model, data_dir, dataset, num_steps, *flags)
        seconds, peak = run(command)
        history = json.loads(pathlib.Path(log_dir, 'history.json').read_text())
    value = [v for _, name, v in history['records'] if name == model.metric][-1]
    return {
        'seconds': round(seconds, 2),
        'accuracy': round(model.accuracy(value), 4),
        'peak_mb': round(peak / 1e6),
    }


def run(command: list[str]) -> tuple[float, int]:
    """Runs a command; the seconds it took, and its peak memory in bytes."""
    start = time.perf_counter()
    with tempfile.TemporaryFile('w+') as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=environment()
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            last = '\n'.join(output.read().splitlines()[-20:])
            raise errors.RunError(f'{" ".join(command)} failed:\n{last}')
    scale = 1 if sys.platform == 'darwin' else 1024
    return time.perf_counter() - start, usage.ru_maxrss * scale


def train_peer(variant: Variant, folder: str) -> dict[str, Any]:
    """Trains with another framework: seconds, accuracy and peak memory.

    The way is chosen before, in a process whose time does not count. If it compiles,
    eager is tried, too, because compiling takes longer than a short training.
    """
    worker = Worker(variant, folder)
    choice = worker.ask(tune=True)['choice']
    worker.close()
    best: dict[str, Any] = {}
    for way in dict.fromkeys(
        [
            choice,
            choice.replace('compiled loss', 'eager').replace('compiled step', 'eager'),
        ]
    ):
        start = time.perf_counter()
        worker = Worker(variant, folder, **({'way': way} if way else {}))
        answer = worker.ask(train=True)
        worker.close()
        seconds = time.perf_counter() - start
        result = {
            'seconds': round(seconds, 2),
            'accuracy': round(answer['accuracy'], 4),
            'peak_mb': round(answer['peak'] / 1e6),
        }
        if not best or seconds < best['seconds']:
            best = result | ({'way': way} if way else {})
    return best | ({'choice': choice} if choice else {})


def start(model: Model, data_dir: str, dataset: str, *options: str) -> float:
    """Returns the seconds from a lesson's start to its line of _FIRST_LINES."""
    line, flags = _FIRST_LINES[model.lesson]
    with tempfile.TemporaryDirectory() as log_dir:
        flags = [*flags, *options, f'--log_dir={log_dir}']
        command = _command(model, data_dir, dataset, 1, *flags)
        begin = time.perf_counter()
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment(),
        ) as process:
            assert process.stdout
            for printed in process.stdout:
                if printed.startswith(line):
                    seconds = time.perf_counter() - begin
                    process.stdout.read()
                    return seconds
    raise errors.RunError(f'{" ".join(command)} did not print {line!r}')


def import_tensorflow() -> float:
    """Returns the seconds of a process that only imports TensorFlow."""
    command = [sys.executable, '-c', 'import tensorflow.compat.v1']
    begin = time.perf_counter()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL, env=environment())
    return time.perf_counter() - begin


def loading(data_dir: str) -> dict[str, dict[str, list[float]]]:
    """Returns seconds and bytes of loading MNIST, here and in the original's way."""
    script = os.path.join(os.path.dirname(__file__), '..', 'benchmark_input_data.py')
    results = {}
    for way in ('original', 'mnist_tut'):
        command = [sys.executable, script, f'--data_dir={data_dir}', f'--way={way}']
        output = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        loaded, drawn = json.loads(output.splitlines()[-1])
        results[way] = {'loaded': loaded, 'first_batch': drawn}
    return results
