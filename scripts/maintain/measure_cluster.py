"""Measures a step of distributed training beside one process, and the bytes it sends.

    unshare --user --map-root-user --net sh -c 'ip link set lo up; exec "$@"' - \
        python scripts/maintain/measure_cluster.py --data_dir=MNIST_data
    python scripts/maintain/measure_cluster.py --write

The first command trains both models in five ways, in random order, and adds what it has
measured to docs/results/cluster.json. Linux alone has `unshare`, which gives it a
network of its own, so that every byte on it is the training's, and `tc` can limit it. A
round takes four minutes on two cores. It waits while other programs need the processor,
and repeats a run that they have disturbed. The second command writes the tables of
docs/DISTRIBUTED.md; --check writes nothing, and exits with status 1 if they are not up
to date.

A time is that of a chunk of steps between two looks at the clock in a worker's loop.
The first chunks are left out, and so are those in which another worker did not train.
"""

import contextlib
import itertools
import json
import os
import pathlib
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from mnist_tut import distributed, errors
from mnist_tut.cluster.run import ClusterRun
from mnist_tut.flags import Flags
from mnist_tut.processes import free_addresses

import cluster_arithmetic
import cluster_page

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the four real MNIST files.')
flags.DEFINE_integer('rounds', 4, 'How often to measure each way.', 1)
flags.DEFINE_boolean('write', False, 'Write the tables of what is stored, no more.')
flags.DEFINE_boolean('check', False, 'Report whether the tables are up to date.')
flags.DEFINE_string('task', None, 'For the tasks that this script starts: settings.')

_WORKER_STEPS = {'fully_connected_feed': 1500, 'deep': 100}
_CHUNK_STEPS = {'fully_connected_feed': 100, 'deep': 10}
_LEFT_OUT = 3  # chunks, at the start of each worker
_MOST_BY_OTHERS = 0.05  # of the processor's time
_LOOK_SEC = 3.0  # at what other programs need

Mark = tuple[float, int, int]  # seconds, global step, bytes


def sent_bytes() -> int:
    """Returns how many bytes the loopback interface has sent."""
    with open('/proc/net/dev') as file:
        [line] = [line for line in file if line.strip().startswith('lo:')]
    return int(line.partition(':')[2].split()[8])


@contextlib.contextmanager
def network(bits_per_sec: float) -> Iterator[None]:
    """Limits the loopback interface in the `with`; both directions share the rate."""
    if not bits_per_sec:
        yield
        return
    command = 'tc qdisc {} dev lo root'
    limit = f'tbf rate {bits_per_sec:.0f}bit burst 1mb latency 400ms'
    subprocess.run([*command.format('add').split(), *limit.split()], check=True)
    try:
        yield
    finally:
        subprocess.run(command.format('del').split(), check=True)


def run_task(settings: dict[str, Any], chunk_steps: int, path: str) -> None:
    """Trains as one task, and writes a mark at each chunk of a worker's own steps."""
    marks: list[Mark] = []
    record = ClusterRun.record
    num_done = 0

    def marked(self: ClusterRun, step: int, **metrics: Any) -> None:
        nonlocal num_done
        record(self, step, **metrics)
        if 'loss' in metrics:
            if num_done % chunk_steps == 0:
                marks.append((time.monotonic(), int(step), sent_bytes()))
            num_done += 1

    ClusterRun.record = marked  # type: ignore[method-assign]
    distributed.run_training(**settings)
    pathlib.Path(path).write_text(json.dumps(marks))


def train(model: str, way: str) -> dict[str, list[float]]:
    """Trains once.

    Returns:
        For each chunk 'worker_ms', of a step of a worker, and of the chief's chunks
        'global_ms', of a global step, and 'bytes', sent in a worker's step.
    """
    chosen = cluster_page.WAYS[way]
    num_workers, is_sync = chosen.num_workers, chosen.batches > 1
    num_steps = _WORKER_STEPS[model] * (1 if is_sync else max(1, num_workers))
    settings = {
        'model': model,
        'batch_size': cluster_arithmetic.BATCH_SIZES[model],
        'data_dir': FLAGS.data_dir,
        'dataset': 'mnist',
        'max_steps': num_steps,
        'checkpoint_steps': 10**6,
    }
    tasks: dict[str, dict[str, Any]] = {'alone': {}}
    if num_workers:
        ps, *workers = free_addresses(1 + num_workers)
        hosts = {'ps_hosts': [ps], 'worker_hosts': workers, 'sync_replicas': is_sync}
        tasks = {
            f'{job} {index}': {'job_name': job, 'task_index': index, **hosts}
            for job, size in (('ps', 1), ('worker', num_workers))
            for index in range(size)
        }
    with tempfile.TemporaryDirectory() as folder, network(chosen.bits_per_sec):
        settings['log_dir'] = os.path.join(folder, 'run')
        processes = []
        for name, of_task in tasks.items():
            path = os.path.join(folder, name)
            task = [{**settings, **of_task}, _CHUNK_STEPS[model], path]
            command = [sys.executable, __file__, f'--task={json.dumps(task)}']
            with open(f'{path}.txt', 'w') as log:
                processes.append(subprocess.Popen(command, stdout=log, stderr=log))
        started = list(zip(tasks, processes, strict=True))
        for name, process in reversed(started):  # parameter servers end last
            if process.wait():
                for other in processes:
                    other.kill()
                print(pathlib.Path(folder, f'{name}.txt').read_text())
                raise errors.RunError(f'{model} {way}: {name} failed, see above')
        workers_marks = [
            json.loads(pathlib.Path(folder, name).read_text())
            for name in tasks
            if not name.startswith('ps ')
        ]
    return chunks(workers_marks, _CHUNK_STEPS[model], chosen.batches)


def chunks(
    workers: list[list[Mark]], chunk_steps: int, batches: int
) -> dict[str, list[float]]:
    """Returns what `train` does, of the time in which all workers train.

    Args:
        workers: The marks of each worker, the chief's first.
        chunk_steps: Steps of a worker from one of its marks to the next.
        batches: Batches in a global step.
    """
    begin = max(marks[_LEFT_OUT][0] for marks in workers)
    end = min(marks[-1][0] for marks in workers)
    found: dict[str, list[float]] = {'worker_ms': [], 'global_ms': [], 'bytes': []}
    for rank, marks in enumerate(workers):
        inside = [mark for mark in marks if begin <= mark[0] <= end]
        for before, after in itertools.pairwise(inside):
            time_ms = 1000 * (after[0] - before[0])
            num_global = after[1] - before[1]
            found['worker_ms'].append(round(time_ms / chunk_steps, 4))
            if rank == 0:
                sent = (after[2] - before[2]) / (num_global * batches)
                found['global_ms'].append(round(time_ms / num_global, 4))
                found['bytes'].append(round(sent))
    return found


class Processor:
    """Tells how much of the processor other programs have needed since it was made."""

    def __init__(self) -> None:
        """Notes the time that all programs, and this one, have had so far."""
        self._before = self._now()

    def _now(self) -> list[float]:
        with open('/proc/stat') as file:
            numbers = [int(number) for number in file.readline().split()[1:9]]
        busy = sum(numbers) - numbers[3] - numbers[4]  # all but idle and iowait
        return [float(sum(numbers)), float(busy), 100 * sum(os.times()[:4])]

    def by_others(self) -> float:
        """Returns their part of the time of all cores; children here have ended."""
        every, busy, own = (
            now - before for now, before in zip(self._now(), self._before, strict=True)
        )
        return max(0.0, busy - own) / every


def measure_once(model: str, way: str) -> dict[str, list[float]]:
    """Returns what `train` does, of a run that other programs have not disturbed."""
    while True:
        processor = Processor()
        time.sleep(_LOOK_SEC)
        if processor.by_others() > _MOST_BY_OTHERS:
            continue
        processor = Processor()
        found = train(model, way)
        if (by_others := processor.by_others()) < _MOST_BY_OTHERS:
            return found
        print(f'{model} {way}: others took {by_others:.0%}; again', flush=True)


def measure() -> None:
    """Trains every way `--rounds` times, and stores the chunks."""
    before = sent_bytes()
    time.sleep(1)
    if sent_bytes() != before:
        raise errors.FlagError(
            'there is other traffic on the loopback interface, which would count; '
            'start this with unshare, as --help shows'
        )
    path = cluster_page.STORE
    stored = json.loads(path.read_text()) if path.exists() else {'runs': {}}
    ways = list(itertools.product(cluster_arithmetic.BATCH_SIZES, cluster_page.WAYS))
    for _ in range(FLAGS.rounds):
        random.shuffle(ways)
        for model, way in ways:
            found = measure_once(model, way)
            runs = stored['runs'].setdefault(model, {}).setdefault(way, [])
            runs.append(found)
            print(f'{model} {way}: {min(found["worker_ms"])} ms a step', flush=True)
            stored['machine'] = {
                'tensorflow': metadata.version('tensorflow'),
                'python': platform.python_version(),
                'processor': _processor(),
                'cores': os.cpu_count(),
            }
            path.write_text(json.dumps(stored) + '\n')


def _processor() -> str:
    """Returns the name of the processor, as Linux knows it."""
    with open('/proc/cpuinfo') as file:
        [name, *_] = [line for line in file if line.startswith('model name')]
    return name.partition(':')[2].strip()


def main(_: list[str]) -> None:
    """Measures, or writes or checks the tables of what is stored."""
    if FLAGS.task:
        run_task(*json.loads(FLAGS.task))
    elif FLAGS.write or FLAGS.check:
        text = cluster_page.DOCUMENT.read_text(encoding='utf-8')
        filled = cluster_page.filled(text, json.loads(cluster_page.STORE.read_text()))
        if FLAGS.write:
            cluster_page.DOCUMENT.write_text(filled, encoding='utf-8')
        elif filled != text:
            sys.exit('docs/DISTRIBUTED.md: not up to date; run this with --write')
    else:
        measure()


if __name__ == '__main__':
    flags.run(main)
