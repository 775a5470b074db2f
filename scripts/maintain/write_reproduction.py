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


def _values(metric: Metric) -> list[float]:
    """Returns the metric's value in each run."""
    values = []
    for run in _stored(metric.experiment)['runs']:
        recorded = [
            value
            for step, name, value in run['records']
            if name == metric.name and metric.step in (None, step)
        ]
        values.append(recorded[-1])
    return values


def _ours(metric: Metric) -> str:
    """Returns mean, spread and number of runs as text."""
    values = _values(metric)
    text = format(statistics.mean(values), metric.form)
    if len(values) > 1:
        text += f' ± {format(statistics.stdev(values), metric.form)}'
    return f'{text} (n={len(values)})'


def _original(metric: Metric) -> str:
    """Returns the range of the original program on the original TensorFlow."""
    if metric.original is None:
        return ''
    text = (experiments.RESULTS / 'originals.json').read_text()
    values = [*itertools.chain(*json.loads(text)[metric.original])]
    low, high = format(min(values), metric.form), format(max(values), metric.form)
    return f'{low} (n=1)' if len(values) == 1 else f'{low} to {high} (n={len(values)})'


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
        'holds the results of the original programs, run for this comparison on',
        'TensorFlow 1.2.1 and 1.15.5 (`docs/results/originals.json`).',
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
