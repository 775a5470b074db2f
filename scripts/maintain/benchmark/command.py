"""Measures steps of training beside other frameworks, and writes docs/SPEED.md.

    pip install -e '.[bench]'
    python scripts/maintain/benchmark --data_dir=MNIST_data

measures everything on this machine, in about an hour on two cores; keep the machine
quiet meanwhile. What is not installed is left out, with a line. The parts can be
measured one by one:

    python scripts/maintain/benchmark --only=training,steps --models=softmax,deep

Each part replaces its own results in docs/results/benchmark.json and keeps the others,
if they are of the same machine and versions; the tables and the plot of docs/SPEED.md
are written from that file, by `--only=` without measuring. A step is timed
only after its losses and its accuracy on the test set were compared with the bare feed
loop's: same initial values, same batches in the same order.

    python scripts/maintain/benchmark --short --data_dir=... --output=FOLDER

runs a little of each part in a minute or two, to see that it works. Its times mean
nothing.
"""

import json
import os
import pathlib
import shlex
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from benchmark import machine, page, rounds, variants, whole
from benchmark.models import MODELS, Model
from mnist_tut import errors
from mnist_tut.flags import Flags

ROOT = pathlib.Path(__file__).resolve().parents[3]
RESULTS = ROOT / 'docs' / 'results'

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the four files.')
flags.DEFINE_string('dataset', 'mnist', "As the lessons' --dataset.")
flags.DEFINE_string('only', None, 'Parts, separated by commas; else all.')
flags.DEFINE_string('models', None, 'Lessons, separated by commas; else all five.')
flags.DEFINE_string('variants', None, 'Names of variants, for training; else all.')
flags.DEFINE_integer('rounds', 10, 'How many times each has its turn.', 1)
flags.DEFINE_boolean('short', False, 'A little of everything, for a test.')
flags.DEFINE_folder('output', None, 'Where to write, instead of docs/.')
flags.DEFINE_folder('arrays', None, 'Where to keep the batches for the next command.')
flags.DEFINE_boolean('check', False, 'Only report whether the page is up to date.')


class Benchmark:
    """The parts, and the file with their results."""

    def __init__(self) -> None:
        self._folder = pathlib.Path(FLAGS.output) if FLAGS.output else RESULTS
        self._path = self._folder / 'benchmark.json'
        self.results: dict[str, Any] = {}
        if self._path.exists():
            self.results = json.loads(self._path.read_text())
            if not machine.is_here(self.results['machine']):
                raise errors.RunError(
                    f'{self._path}: is of another machine or version; remove it, or '
                    'choose another --output'
                )
        self.results['machine'] = machine.describe()
        self._variants = chosen(FLAGS.variants, variants.PEERS, 'variants')
        self._problems: dict[str, str] = {}

    def keep(self, part: str, model: str, result: dict[str, Any]) -> None:
        """Stores what was measured."""
        self.results.setdefault(part, {})[model] = result
        commands = self.results.setdefault('commands', {})
        commands.setdefault(part, {})[model] = command(part)
        text = json.dumps(self.results, indent=1, sort_keys=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._path.write_text(text + '\n')
        print(f'{part}: {model}: {", ".join(result)}', flush=True)

    def problem(self, model: Model) -> str:
        """Returns the folder with the arrays that all get; written when needed."""
        if model.lesson not in self._problems:
            name = f'{model.lesson}-{FLAGS.dataset}-{num_steps(model)}'
            folder = os.path.join(FLAGS.arrays or _arrays_folder.name, name)
            # Written last: what an interrupted command has left is made again.
            if not os.path.exists(os.path.join(folder, 'problem.json')):
                # In a process of its own: TensorFlow would count as memory of those
                # that this one starts.
                os.makedirs(folder, exist_ok=True)
                data = FLAGS.data_dir, FLAGS.dataset
                made = folder, model.lesson, *data, num_steps(model)
                rounds.in_process('make', *made)
            self._problems[model.lesson] = folder
        return self._problems[model.lesson]

    def training(self, model: Model) -> None:
        """Trains with each variant; those with another accuracy are not timed later."""
        found = self.results.get('training', {}).get(model.lesson, {})
        for name, variant in variants.of(model).items():
            if name not in self._variants:
                continue
            if variant.worker == 'lesson':
                data = FLAGS.data_dir, FLAGS.dataset
                result = whole.train_lesson(model, variant, *data, num_steps(model))
            else:
                result = whole.train_peer(variant, self.problem(model))
            found[name] = result
            self.keep('training', model.lesson, found)

    def steps(self, model: Model) -> None:
        """Times a step of each variant, in turns."""
        trained = self.results.get('training', {}).get(model.lesson, {})
        if 'bare' not in trained:
            raise errors.FlagError(
                f'--only=steps: the accuracies of {model.lesson} have not been '
                'compared yet; add training to --only'
            )
        chosen = {}
        for name, variant in variants.of(model).items():
            if name not in trained:
                print(f'{variant.label}: not trained, so not timed', file=sys.stderr)
                continue
            apart = abs(trained[name]['accuracy'] - trained['bare']['accuracy'])
            if apart > model.tolerance and not FLAGS.short:
                raise errors.RunError(
                    f'{model.lesson}, {variant.label}: accuracy '
                    f'{trained[name]["accuracy"]}; expected '
                    f'{trained["bare"]["accuracy"]} to {model.tolerance}'
                )
            chosen[name] = variant.with_way(trained[name].get('choice'))
        folder = self.problem(model)
        times = rounds.measure(model, chosen, folder, num_rounds(), turn(model))
        self.keep('steps', model.lesson, times)

    def limit(self, model: Model) -> None:
        """Measures what the arithmetic and the bytes of a step cost."""
        result = rounds.in_process('limit', self.problem(model))
        self.keep('limit', model.lesson, result)

    def ops(self, model: Model) -> None:
        """Measures where a step's time goes."""
        self.keep('ops', model.lesson, rounds.in_process('ops', self.problem(model)))

    def start(self, model: Model) -> None:
        """Times the start, and beside it that of a process that imports TensorFlow."""
        times: dict[str, list[float]] = {'import': [], 'first_step': []}
        for _ in range(1 if FLAGS.short else 5):
            times['import'].append(round(whole.import_tensorflow(), 3))
            data = FLAGS.data_dir, FLAGS.dataset
            times['first_step'].append(round(whole.start(model, *data), 3))
        self.keep('start', model.lesson, times)

    def evaluation(self, model: Model) -> None:
        """Times the evaluation of many images at once, each way in a process."""
        result = {
            way: rounds.in_process('evaluation', self.problem(model), way)
            for way in _EVALUATIONS.get(model.lesson, ())
        }
        if result:
            self.keep('evaluation', model.lesson, result)

    def loading(self, model: Model) -> None:
        """Times loading the data; once, with the first model."""
        if model.lesson == 'softmax' and FLAGS.dataset == 'mnist':
            number = 1 if FLAGS.short else 5
            measured = [whole.loading(FLAGS.data_dir) for _ in range(number)]
            self.keep('loading', 'mnist', {'rounds': measured})

    def tried(self, model: Model) -> None:
        """Times what was tried and did not help."""
        if not (chosen := variants.tried(model)):
            return
        folder = self.problem(model)
        times = rounds.measure(model, chosen, folder, num_rounds(), turn(model))
        self.keep('tried', model.lesson, times)


PARTS: dict[str, Callable[[Benchmark, Model], None]] = {
    'training': Benchmark.training,
    'limit': Benchmark.limit,
    'steps': Benchmark.steps,
    'ops': Benchmark.ops,
    'start': Benchmark.start,
    'evaluation': Benchmark.evaluation,
    'loading': Benchmark.loading,
    'tried': Benchmark.tried,
}
# As `tasks.evaluation` calls them.
_EVALUATIONS = {
    'fully_connected_feed': ('count_correct', "the document's do_eval"),
    'deep': ('accuracy_in_batches',),
}
_arrays_folder = tempfile.TemporaryDirectory()


def num_steps(model: Model) -> int:
    """Returns how long a model is trained."""
    return min(100, model.num_steps) if FLAGS.short else model.num_steps


def num_rounds() -> int:
    """Returns how many times each variant has its turn."""
    return 1 if FLAGS.short else FLAGS.rounds


def turn(model: Model) -> int:
    """Returns the steps of a turn: some tenths of a second."""
    return 50 if model.is_convolutional or FLAGS.short else 500


def command(part: str) -> str:
    """Returns the command that measures a part again."""
    rest = [f'--rounds={FLAGS.rounds}'] if part in ('steps', 'tried') else []
    words = ['python', 'scripts/maintain/benchmark', f'--only={part}', *rest]
    return shlex.join(words)


def chosen(names: str | None, known: dict[str, Any], flag: str) -> list[str]:
    """Returns the names in a flag, or all."""
    if names is None:
        return list(known)
    for name in names.split(','):
        if name not in known:
            raise errors.FlagError(f'--{flag}={name}: not one of {", ".join(known)}')
    return names.split(',')


def measure(parts: list[str]) -> None:
    """Measures some parts."""
    benchmark = Benchmark()
    for variant in variants.missing():
        print(f'{variant.label}: {variant.needs} is not installed; left out')
    for name in chosen(FLAGS.models, MODELS, 'models'):
        for part in parts:
            PARTS[part](benchmark, MODELS[name])


def main(_: list[str]) -> None:
    """Measures, and writes the page."""
    if FLAGS.check:
        sys.exit(int(not page.is_up_to_date(RESULTS / 'benchmark.json')))
    if FLAGS.short and FLAGS.output is None:
        raise errors.FlagError(
            '--short: would replace what was measured; set --output to another folder'
        )
    if FLAGS.only != '':
        measure(chosen(FLAGS.only, PARTS, 'only'))
    if FLAGS.output is None:
        page.write(RESULTS / 'benchmark.json')
