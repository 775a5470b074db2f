"""Writes REPRODUCTION.md, and the README's table, from the stored results.

    python scripts/maintain/write_reproduction.py

Every number of ours comes from a file in docs/results/, which reproduce.py wrote. With
--check nothing is written, and the status is 1 if something would change.
"""

import itertools
import json
import statistics
import sys

from mnist_tut.flags import Flags

import experiments
import markdown
from experiments import Metric

README = experiments.ROOT / 'README.md'
REPRODUCTION = experiments.ROOT / 'REPRODUCTION.md'

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_boolean('check', False, 'Only report whether both are up to date.')


def _stored(experiment: str) -> dict:
    return json.loads((experiments.RESULTS / f'{experiment}.json').read_text())


def _recorded(metric: Metric, runs: list[dict]) -> list[float]:
    """Returns the metric's value in each of the runs that recorded it."""
    values = []
    for run in runs:
        recorded = [
            value
            for step, name, value in run['records']
            if name == metric.name and metric.step in (None, step)
        ]
        values += recorded[-1:]
    return values


def _ours(metric: Metric) -> str:
    """Returns mean, spread and number of runs as text."""
    values = _recorded(metric, _stored(metric.experiment)['runs'])
    text = format(statistics.mean(values), metric.form)
    if len(values) > 1:
        text += f' ± {format(statistics.stdev(values), metric.form)}'
    return f'{text} (n={len(values)})'


def _original_values(metric: Metric) -> list[float]:
    """Returns the results of the original program on the original TensorFlow."""
    values: list[float] = []
    if metric.original is not None:
        values += itertools.chain(*_stored('originals')[metric.original])
    runs = _stored('originals_1.15.5')['runs'].get(metric.experiment, [])
    return values + _recorded(metric, runs)


def _original(metric: Metric) -> str:
    """Returns their range as text."""
    if not (values := _original_values(metric)):
        return ''
    low, high = format(min(values), metric.form), format(max(values), metric.form)
    return f'{_span(low, high)} (n={len(values)})'


def _span(low: str, high: str) -> str:
    return low if low == high else f'{low} to {high}'


def _notes_table(experiment: str) -> tuple[str, str]:
    """Returns the range and the first row of the notes' table on TensorFlow 1.15.5."""
    metrics = [m for m in experiments.METRICS if m.experiment == experiment]
    at_2000 = _original_values(next(m for m in metrics if m.step == 2000))
    row = ', '.join(f'{_original_values(metric)[0]:.4f}' for metric in metrics)
    return _span(f'{min(at_2000):.4f}', f'{max(at_2000):.4f}'), row


def _rows(metrics: list[Metric], original: bool = True) -> list[list[str]]:
    return [
        [
            metric.document,
            metric.what,
            metric.reported or 'not reported',
            *([_original(metric)] if original else []),
            _ours(metric),
            f'`{experiments.EXPERIMENTS[metric.experiment].command()}`',
        ]
        for metric in metrics
    ]


def _seeds(experiment: str) -> str:
    seeds = [str(run['seed']) for run in _stored(experiment)['runs']]
    return ', '.join(seeds)


def reproduction() -> str:
    """Returns the text of REPRODUCTION.md."""
    machine = _stored('softmax')['machine']
    head = ['document', 'metric', 'reported', 'TensorFlow 1.x', 'ours', 'command']
    slow_span, slow_row = _notes_table('softmax_notes')
    fast_span, fast_row = _notes_table('softmax_long')
    lines = [
        '# Reproduction',
        '',
        'Every metric that the five documents print, beside ours: the mean over n runs,',
        '± their standard deviation. Each run had another `--seed`; all were on the real',
        f'MNIST files, with TensorFlow {machine["tensorflow"]}, NumPy '
        f'{machine["numpy"]} and Python {machine["python"]} on',
        f'{machine["cores"]} cores of an {machine["processor"]} machine.',
        '',
        'This file is written by `python scripts/maintain/write_reproduction.py` from the stored',
        'runs in `docs/results/`, and those by `python scripts/maintain/reproduce.py`. To the commands',
        'below it adds the data folder, a `--seed` and a `--log_dir`. The column TensorFlow 1.x',
        'holds the results of the original programs, run for this comparison on TensorFlow',
        '1.2.1 and 1.15.5 (`docs/results/originals.json`) and, by',
        '`scripts/maintain/run_originals.py`, on 1.15.5 (`originals_1.15.5.json`); where it',
        'is empty, nothing was run there.',
        '',
        'The documents:',
        '',
        *(f'* **{key}**: {name}' for key, name in experiments.DOCUMENTS.items()),
        '',
        '## Metrics',
        '',
        *markdown.table(head, _rows(experiments.METRICS)),
        "The document's own initial values are fixed only in C, whose seed is in the",
        'program; its metrics of step 0 are equal to the last digit, and later ones',
        'differ by the rounding that a convolutional network amplifies (see below).',
        'Everywhere else the document shows one run of many possible ones. What L prints',
        'of its data (the shapes, the first image as it is and normalized, the labels)',
        'is equal; `tests/test_documents.py` compares it. Left out are durations, counts',
        'that repeat a precision, and what depends on the initial values alone: the',
        "probabilities of L's untrained and overfitted nets and of wrong classes.",
        '',
        "One number cannot be had: B's 0.9143 after 2,000 steps. The notes' own program on",
        f'TensorFlow 1.15.5 gives {slow_span} there with the learning rate that it has, 0.05,',
        f'and {fast_span} with the 0.5 that the text names. The rows of the table, for',
        'seed 1 on that TensorFlow:',
        '',
        *markdown.table(
            ['learning rate', '500, 1,000, 2,000, 5,000 and 10,000 steps'],
            [['0.05', slow_row], ['0.5', fast_row]],
        ),
        "## The documents' names",
        '',
        'Files that the documents list or name, and where their content is here.',
        '',
        *markdown.table(
            ['document', 'there', 'here'], [list(name) for name in experiments.NAMES]
        ),
        '## Beyond the documents',
        '',
        *markdown.table(head, _rows(experiments.BEYOND)),
        '## Quirks',
        '',
        'Unexpected behavior of a document, and what we do.',
        '',
        *markdown.table(
            ['document', 'what it does', 'what we do', 'for the other behavior'],
            [list(quirk) for quirk in experiments.QUIRKS],
        ),
        '## The same program, step for step',
        '',
        'With the same initial values and the same batches the losses are those of the',
        'original programs on TensorFlow 1.15.5, recorded in `tests/goldens/`. In float64',
        'all 200 steps of every model agree to 1e-9; in float32 to 1e-5, for 200 steps of',
        'the dense models and the first 6 of the convolutional ones: those amplify the',
        'last digit, on one TensorFlow as between two. The command that checks it:',
        '',
        '    python scripts/test.py tests/test_goldens.py',
        '',
        '## Our files in TensorFlow 1.x',
        '',
        'A program on TensorFlow 1.15.5 restores the checkpoints of all six lessons, the',
        "optimizers' variables included, into the documents' graphs, and has the accuracy",
        'of the run. The `.meta` files it does not import: TensorFlow 2 writes an attribute',
        'into them (`debug_name`) that TensorFlow 1 does not know, so the graph has to be',
        'built by its program, as the documents do. What `python -m mnist_tut.export` writes',
        'as a SavedModel loads there. To see it, in an environment with TensorFlow 1.15',
        '(`scripts/maintain/run_originals.py` says how to make one):',
        '',
        '    tf1/bin/python scripts/maintain/restore_in_tf1.py MNIST_data logs/deep/RUN',
        '',
        '## Listings',
        '',
        'The lines that the documents print while they train, one by one. Ours are means',
        'over the runs.',
        '',
        '<details><summary>All lines</summary>',
        '',
        *markdown.table(
            head[:3] + head[4:], _rows(experiments.LISTINGS, original=False)
        ),
        '</details>',
        '',
        '## Seeds',
        '',
        *markdown.table(
            ['command', 'seeds'],
            [
                [f'`{experiment.command()}`', _seeds(name)]
                for name, experiment in experiments.EXPERIMENTS.items()
            ],
        ),
    ]
    return '\n'.join(lines)


def readme() -> str:
    """Returns the text of README.md with its table replaced."""
    metrics = [metric for metric in experiments.METRICS if metric.headline]
    rows = [
        [
            experiments.DOCUMENTS[metric.document].split(' (')[0],
            metric.what,
            metric.reported,
            _original(metric),
            _ours(metric),
            f'`{experiments.EXPERIMENTS[metric.experiment].command()}`',
        ]
        for metric in metrics
    ]
    table = markdown.table(
        ['document', 'metric', 'reported', 'TensorFlow 1.x', 'ours', 'command'], rows
    )
    text = README.read_text(encoding='utf-8')
    return markdown.replace_part(text, 'write_reproduction', ['', *table])


def main(_: list[str]) -> None:
    """Writes both files, or with --check reports whether they are up to date."""
    is_stale = False
    for path, text in ((REPRODUCTION, reproduction()), (README, readme())):
        if not FLAGS.check:
            path.write_text(text, encoding='utf-8')
        elif path.read_text(encoding='utf-8') != text:
            print(
                f'{path.name}: not up to date; run scripts/maintain/write_reproduction.py'
            )
            is_stale = True
    sys.exit(int(is_stale))


if __name__ == '__main__':
    flags.run(main)
