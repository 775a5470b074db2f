"""Writes the tables and the plot of docs/SPEED.md from the stored results."""

import json
import pathlib
import statistics
from collections.abc import Callable
from typing import Any

from benchmark import plot
from benchmark.models import MODELS
from benchmark.variants import PEERS, TRIED
from mnist_tut import plots

import markdown

DOCS = pathlib.Path(__file__).resolve().parents[3] / 'docs'

Results = dict[str, Any]
Lines = list[str]


def write(path: pathlib.Path) -> None:
    """Writes the generated parts of the page, and the plot."""
    results = json.loads(path.read_text())
    page = DOCS / 'SPEED.md'
    page.write_text(filled(page.read_text(encoding='utf-8'), results), encoding='utf-8')
    plots.save(plot.steps(results), DOCS, 'speed.png')


def is_up_to_date(path: pathlib.Path) -> bool:
    """Returns whether the page has the stored results; says so if not."""
    text = (DOCS / 'SPEED.md').read_text(encoding='utf-8')
    if filled(text, json.loads(path.read_text())) == text:
        return True
    print('docs/SPEED.md: not up to date; run scripts/maintain/benchmark --only=')
    return False


def filled(text: str, results: Results) -> str:
    """Returns the page with its generated parts replaced."""
    for part, write_part in PARTS.items():
        if results.get(part):
            lines = [*_by(results, part), *write_part(results)]
        else:
            lines = ['Not measured yet.', '']
        text = markdown.replace_part(text, 'benchmark/page', ['', *lines], part)
    return text


def _by(results: Results, part: str) -> Lines:
    """Returns the commands that measured a part; with their models, if they differ."""
    models: dict[str, list[str]] = {}
    for model, command in results['commands'].get(part, {}).items():
        models.setdefault(command, []).append(model)
    commands = []
    for command, names in models.items():
        only = f' --models={",".join(names)}' if len(models) > 1 else ''
        commands.append(f'`{command}{only} --data_dir=MNIST_data`')
    return [', '.join(commands) + ':', ''] if commands else []


def _machine(results: Results) -> Lines:
    about = results['machine']
    versions = ', '.join(
        f'{name} {version}' for name, version in about['versions'].items()
    )
    return [
        f'{about["processor"]}; {about["cores"]} cores, {about["memory_gb"]} GB, '
        f'{about["system"]}; {versions}; {about["date"]}.',
        '',
    ]


def _models(results: Results, part: str) -> list[str]:
    return [name for name in MODELS if name in results.get(part, {})]


def _variants(results: Results, part: str) -> list[str]:
    models = results.get(part, {}).values()
    return [name for name in PEERS if any(name in variants for variants in models)]


def _table(
    results: Results, part: str, cell: Callable[[dict, dict], str], first: str = ''
) -> Lines:
    """Returns a table of variants by models; `cell` gets its result, and the bare's."""
    models = _models(results, part)
    rows = []
    for name in _variants(results, part):
        measured = [results[part][model] for model in models]
        cells = [
            cell(of[name], of.get('bare', {})) if name in of else '' for of in measured
        ]
        rows.append([PEERS[name].label, *cells])
    return markdown.table([first, *models], rows)


def _ms(value: float) -> str:
    return (
        f'{value:.3f}'
        if value < 1
        else f'{value:.1f}'
        if value > 9.95
        else f'{value:.2f}'
    )


def _steps(results: Results) -> Lines:
    def cell(of: dict, bare: dict) -> str:
        ratio = of['lower_quartile'] / bare['lower_quartile']
        return f'{_ms(of["lower_quartile"])} ({ratio:.2f})'

    def spread(of: dict, _: dict) -> str:
        return f'{_ms(of["median"])} (to {_ms(of["upper_quartile"])})'

    choices = [
        f'{PEERS[name].label} in {model}: {of["choice"]}'
        for model in _models(results, 'steps')
        for name, of in results['steps'][model].items()
        if of.get('choice')
    ]
    limits = results.get('limit', {})
    models = _models(results, 'steps')
    table = _table(results, 'steps', cell, 'ms a step (ratio to the plain loop)')
    row = ['the limit, see below']
    for model in models:
        limit = limits.get(model, {}).get('ms')
        bare = results['steps'][model]['bare']['lower_quartile']
        row.append(f'{_ms(limit)} ({limit / bare:.2f})' if limit else '')
    table.insert(-1, '| ' + ' | '.join(row) + ' |')
    return [
        *table,
        '<details><summary>Medians and upper quartiles, and what was chosen</summary>',
        '',
        *_table(results, 'steps', spread, 'median, ms a step (to the upper quartile)'),
        '; '.join(choices) + '.',
        '',
        '</details>',
        '',
    ]


def _training(results: Results) -> Lines:
    def cell(of: dict, _: dict) -> str:
        return f'{of["seconds"]:.1f} s, {of["accuracy"]:.4f}, {of["peak_mb"]} MB'

    return _table(
        results, 'training', cell, 'whole process: time, accuracy, peak memory'
    )


def _start(results: Results) -> Lines:
    rows = []
    for model in _models(results, 'start'):
        of = results['start'][model]
        first, least = (statistics.median(of[key]) for key in ('first_step', 'import'))
        rows.append([model, f'{first:.2f} s', f'{least:.2f} s'])
    head = [
        '',
        'process start to the first line of the loop',
        'a process that only imports TensorFlow',
    ]
    return markdown.table(head, rows)


def _evaluation(results: Results) -> Lines:
    rows = [
        [
            f'{model}, {of["images"]:,} images, {way}',
            f'{1000 * statistics.median(of["seconds"]):.0f} ms',
            f'{1000 * of["first"]:.0f} ms',
            f'{of["more_mb"]} MB',
        ]
        for model in _models(results, 'evaluation')
        for way, of in results['evaluation'][model].items()
    ]
    return markdown.table(['', 'again', 'first time', 'memory beyond training'], rows)


def _loading(results: Results) -> Lines:
    rounds = results['loading']['mnist']['rounds']
    rows = []
    for way, label in (('mnist_tut', 'mnist_tut'), ('original', "the original's way")):
        measured = [
            [measure[way][what][i] for measure in rounds]
            for what in ('loaded', 'first_batch')
            for i in (0, 1)
        ]
        load, _, batch, memory = map(statistics.median, measured)
        cells = [f'{load:.2f} s', f'{batch:.2f} s', f'{memory / 1e6:.0f} MB']
        rows.append([label, *cells])
    return markdown.table(
        ['MNIST', 'loaded', 'with the first batch', 'memory for it'], rows
    )


def _limit(results: Results) -> Lines:
    rows = []
    for model in _models(results, 'limit'):
        of = results['limit'][model]
        timed = results.get('steps', {}).get(model, {})
        ours = [
            timed[name]['lower_quartile']
            for name in timed
            if PEERS[name].worker == 'lesson' and name != 'bfloat16'
        ]
        rows.append(
            [
                model,
                f'{of["product_flops"] / 1e6:,.0f} M, {_ms(of["product_ms"])} ms',
                f'{of["convolution_flops"] / 1e6:,.0f} M, '
                f'{_ms(of["convolution_ms"])} ms',
                f'{of["bytes"] / 1e6:.1f} MB, {_ms(of["bytes_ms"])} ms',
                f'{_ms(of["ms"])} ms',
                f'{min(ours) / of["ms"]:.2f}' if ours else '',
            ]
        )
    head = ['', 'matrix products', 'convolutions', 'bytes', 'limit', "mnist_tut's best"]
    return markdown.table(head, rows)


def _ops(results: Results) -> Lines:
    rows = []
    for model in _models(results, 'ops'):
        of = results['ops'][model]
        total = of['total']
        shares = [
            f'{kind} {100 * spent / total:.0f} %'
            for kind, spent in sorted(
                of['kinds'].items(), key=lambda item: item[1], reverse=True
            )[:6]
        ]
        rows.append(
            [model, f'{of["loop_us"]:,.0f} µs', f'{total:,.0f} µs', ', '.join(shares)]
        )
    head = ['', 'a step, untraced', 'in kernels, all threads', 'of which']
    return markdown.table(head, rows)


def _tried(results: Results) -> Lines:
    models = _models(results, 'tried')
    rows = []
    for name, label in TRIED.items():
        cells = []
        for model in models:
            of = results['tried'][model]
            if name not in of:
                cells.append('')
                continue
            value = of[name]['lower_quartile']
            ratio = value / of['bare']['lower_quartile']
            cells.append(f'{_ms(value)} ({ratio:.2f})')
        if any(cells):
            rows.append([label, *cells])
    return markdown.table(['ms a step (ratio to the plain loop)', *models], rows)


PARTS: dict[str, Callable[[Results], Lines]] = {
    'machine': _machine,
    'steps': _steps,
    'limit': _limit,
    'training': _training,
    'start': _start,
    'evaluation': _evaluation,
    'loading': _loading,
    'ops': _ops,
    'tried': _tried,
}
