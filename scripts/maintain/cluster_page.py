"""Writes the tables of docs/DISTRIBUTED.md, for measure_cluster.py."""

import dataclasses
import statistics
from typing import Any

import cluster_arithmetic
import experiments
import markdown

STORE = experiments.RESULTS / 'cluster.json'
DOCUMENT = experiments.ROOT / 'docs' / 'DISTRIBUTED.md'


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to train.

    Attributes:
        title: In the tables.
        num_workers: Workers beside one parameter server; 0 for one process alone.
        batches: Batches in a global step.
        bits_per_sec: Limit of the network, both directions together; 0 for none.
    """

    title: str
    num_workers: int
    batches: int = 1
    bits_per_sec: float = 0.0


WAYS = {
    'alone': Way('one process', 0),
    'one': Way('1 worker', 1),
    'async': Way('2 workers', 2),
    'sync': Way('2 workers, `--sync_replicas`', 2, batches=2),
    'limited': Way('2 workers, network of 1 Gbit/s', 2, bits_per_sec=1e9),
}
_NUM_PS = (1, 2, 3)
_NETWORKS = {'1 Gbit/s': 1e9, '10 Gbit/s': 1e10}

Results = dict[str, Any]
Lines = list[str]


def pooled(stored: Results, model: str, way: str, metric: str) -> list[float]:
    """Returns the chunks of all rounds."""
    return [value for run in stored['runs'][model][way] for value in run[metric]]


def lower_quartile(values: list[float]) -> float:
    """Returns the lower quartile."""
    return statistics.quantiles(values, n=4, method='inclusive')[0]


def step_sec(stored: Results, model: str) -> float:
    """Returns the seconds of a step of one process."""
    return lower_quartile(pooled(stored, model, 'alone', 'global_ms')) / 1000


def _spread(values: list[float]) -> str:
    low, _, high = statistics.quantiles(values, n=4, method='inclusive')
    return f'{_digits(low)} (to {_digits(high)})'


def _digits(value: float) -> str:
    """Returns three digits of a number, '49.0' and '12,300' for example."""
    if value < 100:
        return f'{value:#.3g}'
    return f'{float(f"{value:.3g}"):,.0f}'


def times(stored: Results) -> Lines:
    """Returns the table of measured steps."""
    rows = []
    for model, batch_size in cluster_arithmetic.BATCH_SIZES.items():
        alone = step_sec(stored, model)
        for name, way in WAYS.items():
            in_worker, in_all = (
                pooled(stored, model, name, metric)
                for metric in ('worker_ms', 'global_ms')
            )
            batch_sec = lower_quartile(in_all) / 1000 / way.batches
            rows.append(
                [
                    model,
                    way.title,
                    _spread(in_worker),
                    _spread(in_all),
                    _digits(batch_size / batch_sec),
                    f'{alone / batch_sec:.2f}',
                ]
            )
    head = ['model', 'tasks', "ms, a worker's step", 'ms, a global step']
    about = stored['machine']
    rounds = min(len(runs) for of in stored['runs'].values() for runs in of.values())
    return [
        *markdown.table([*head, 'images a second', 'speedup'], rows),
        f'At least {rounds} rounds in random order, on {about["cores"]} cores of '
        f'{about["processor"]}, which all tasks share, with TensorFlow '
        f'{about["tensorflow"]}, Python {about["python"]}.',
        '',
    ]


def traffic(stored: Results) -> Lines:
    """Returns the table of the bytes that a worker's step sends."""
    rows = []
    for model in cluster_arithmetic.BATCH_SIZES:
        placed = cluster_arithmetic.place(model, 1)
        counted = [
            f'{statistics.median(pooled(stored, model, way, "bytes")):,.0f}'
            for way in ('one', 'async', 'sync')
        ]
        rows.append(
            [
                model,
                f'{placed.num_parameters:,}',
                f'{placed.step_bytes:,}',
                *counted,
                f'{sum(placed.slots):,}',
            ]
        )
    head = ['model', 'parameters', 'bytes, computed', 'counted: 1 worker', '2 workers']
    return markdown.table([*head, '`--sync_replicas`', "optimizer's values"], rows)


def shares(stored: Results) -> Lines:
    """Returns the table of what each parameter server has."""
    rows = []
    for model in cluster_arithmetic.BATCH_SIZES:
        for num_ps in _NUM_PS:
            placed = cluster_arithmetic.place(model, num_ps)
            held = ', '.join(f'{number:,}' for number in placed.weights)
            share = f'{100 * placed.largest_share:.2f} %'
            rows.append([model, str(num_ps), held, share])
    head = ['model', 'parameter servers', 'parameters of each', 'largest share']
    return markdown.table(head, rows)


def limits(stored: Results) -> Lines:
    """Returns the table of what a network allows, and of one that was tried."""
    rows = []
    for model in cluster_arithmetic.BATCH_SIZES:
        alone = step_sec(stored, model)
        placed = cluster_arithmetic.place(model, 1)
        for name, rate in _NETWORKS.items():
            bounds = cluster_arithmetic.bounds(alone, placed, rate)
            rows.append(
                [
                    model,
                    name,
                    f'{_digits(1000 * alone)} ms',
                    f'{_digits(1000 * bounds.transfer_sec)} ms',
                    f'{bounds.max_speedup:.2f}',
                    f'{bounds.workers_overlap:.1f} to {bounds.workers_in_turn:.1f}',
                    f'{bounds.max_speedup_sync:.2f}',
                ]
            )
    head = ['model', 'network', 'T', 't', 'most speedup', 'at N workers']
    return markdown.table([*head, 'with `--sync_replicas`'], rows)


def tried(stored: Results) -> Lines:
    """Returns the lines that compare the bound with the limited network."""
    rows = []
    rate = WAYS['limited'].bits_per_sec
    for model in cluster_arithmetic.BATCH_SIZES:
        expected = 8000 * cluster_arithmetic.place(model, 1).step_bytes / rate
        found = pooled(stored, model, 'limited', 'global_ms')
        rows.append([model, f'{expected:.2f} ms', f'{statistics.median(found):.2f} ms'])
    return markdown.table(['model', '2t, computed', 'a global step, median'], rows)


_PARTS = {
    'times': times,
    'traffic': traffic,
    'shares': shares,
    'limits': limits,
    'tried': tried,
}


def filled(text: str, stored: Results) -> str:
    """Returns the page with its generated parts replaced."""
    for part, lines_of in _PARTS.items():
        lines = ['', *lines_of(stored)]
        text = markdown.replace_part(text, 'measure_cluster', lines, part)
    return text
