"""Measures what the exercises of the notebooks lead to.

    python scripts/maintain/measure_exercises.py --data_dir=MNIST_data [NAME...]

makes the change that an exercise asks for in the notebook's own cells, runs them as far
as the accuracy, and prints what they print. The results are kept in
docs/results/exercises.json; a test compares the figures in the notebooks with them.
"""

import contextlib
import dataclasses
import io
import json
import pathlib
import re
from collections.abc import Iterator
from typing import Any

from mnist_tut import errors, files
from mnist_tut.flags import Flags

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / 'notebooks'
RESULTS = ROOT / 'docs' / 'results' / 'exercises.json'

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the real MNIST files.')

_NUM_LINES = 6  # of output that are kept: all accuracies, or the last evaluation
_HEADER = re.compile(r'^# %%(.*)\n', re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Exercise:
    """A change of a notebook's cells.

    Attributes:
        notebook: Name of the notebook.
        name: What its answer is called in the results.
        lesson: The cells are run as far as the one with the tag lesson-LESSON.
        changes: What is replaced in the cells, and by what.
        settings: Values of the variables in the cell with the parameters.
    """

    notebook: str
    name: str
    lesson: str
    changes: dict[str, str] = dataclasses.field(default_factory=dict)
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)


_SHORT = {'SOFTMAX_STEPS': 1, 'DEEP_STEPS': 300}
_PIXELS = 'x_image = tf.reshape(x, [-1, 28, 28, 1])'
_LINEAR = {
    'hidden1 = tf.nn.relu(tf.matmul(images, weights) + biases)': (
        'hidden1 = tf.matmul(images, weights) + biases'
    ),
    'hidden2 = tf.nn.relu(tf.matmul(hidden1, weights) + biases)': (
        'hidden2 = tf.matmul(hidden1, weights) + biases'
    ),
}

EXERCISES = [
    Exercise(
        'deep_mnist',
        '1: random weights',
        'softmax',
        {
            'W = tf.Variable(tf.zeros([784, 10]))': (
                'W = tf.Variable(tf.truncated_normal([784, 10], stddev=0.1))'
            )
        },
    ),
    Exercise('deep_mnist', '2: as it is', 'deep', settings=_SHORT),
    Exercise('deep_mnist', '2: step 1e-3', 'deep', {'1e-4': '1e-3'}, _SHORT),
    Exercise(
        'deep_mnist',
        '3: shuffled pixels',
        'deep',
        {
            _PIXELS: (
                'shuffle = np.random.RandomState(0).permutation(784)\n'
                'x_image = tf.reshape(tf.gather(x, shuffle, axis=1), [-1, 28, 28, 1])'
            )
        },
        _SHORT,
    ),
    Exercise(
        'beginner_notes',
        '1: step 0.5',
        'softmax',
        {'Optimizer(0.05)': 'Optimizer(0.5)'},
    ),
    Exercise(
        'beginner_notes',
        '2: step 20',
        'softmax',
        {'Optimizer(0.05)': 'Optimizer(20.0)'},
        {'ACCURACY_AT': [500]},
    ),
    Exercise(
        'beginner_notes',
        '2: step 20, loss from the scores',
        'softmax',
        {
            'Optimizer(0.05)': 'Optimizer(20.0)',
            '(-tf.reduce_sum(y_ * tf.log(y), reduction_indices=[1]))': (
                '(tf.nn.softmax_cross_entropy_with_logits('
                'labels=y_, logits=tf.matmul(x, W) + b))'
            ),
        },
        {'ACCURACY_AT': [500]},
    ),
    Exercise(
        'beginner_notes',
        '3: as it is',
        'deep',
        settings={'ACCURACY_AT': [1], 'DEEP_STEPS': 300},
    ),
    Exercise(
        'beginner_notes',
        '3: four filters',
        'deep',
        {
            '[5, 5, 1, 32]': '[5, 5, 1, 4]',
            'bias_variable([32])': 'bias_variable([4])',
            '[5, 5, 32, 64]': '[5, 5, 4, 64]',
        },
        {'ACCURACY_AT': [1], 'DEEP_STEPS': 300},
    ),
    Exercise('mechanics_101', '1: without ReLU', 'fully_connected_feed', _LINEAR),
    Exercise(
        'mechanics_101',
        '2: rate 0.1',
        'fully_connected_feed',
        settings={'LEARNING_RATE': 0.1},
    ),
    Exercise(
        'mechanics_101',
        '2: rate 0.1 without ReLU',
        'fully_connected_feed',
        _LINEAR,
        {'LEARNING_RATE': 0.1},
    ),
    Exercise(
        'mechanics_101',
        '3: zero weights',
        'fully_connected_feed',
        {
            'def inference(images': (
                'def zero_weights(shape, stddev):\n'
                '    return tf.zeros(shape)\n\n\n'
                'def inference(images'
            ),
            'tf.truncated_normal(': 'zero_weights(',
        },
    ),
    Exercise(
        'mnist_lecture',
        '1: one softmax',
        'tanh_mlp',
        {'tf.log(tf.nn.softmax(class_probs))': 'tf.log(class_probs)'},
    ),
    Exercise(
        'mnist_lecture',
        '2: pixels up to 255',
        'tanh_mlp',
        {'return (x.astype(np.float32) - L) / (H - L)': 'return x.astype(np.float32)'},
    ),
    Exercise(
        'mnist_lecture', '3: eight units', 'tanh_mlp', {'h1_sz = 64': 'h1_sz = 8'}
    ),
    Exercise(
        'convolutional_trial',
        '1: without dropout',
        'convolutional',
        {'    if train:': '    if False:'},
    ),
    Exercise(
        'convolutional_trial',
        '2: without L2',
        'convolutional',
        {'loss += 5e-4 * regularizers': 'loss += 0.0 * regularizers'},
    ),
    Exercise(
        'convolutional_trial',
        '3: two epochs',
        'convolutional',
        settings={'NUM_EPOCHS': 2},
    ),
]


@dataclasses.dataclass(frozen=True)
class Cell:
    """A code cell of a percent script: its text, and its tags as in the header."""

    text: str
    tags: str


def code_cells(text: str) -> Iterator[Cell]:
    """Yields the code cells of a percent script; magics stay comments."""
    _, *parts = _HEADER.split(text)
    for header, body in zip(parts[::2], parts[1::2], strict=True):
        if '[markdown]' not in header:
            yield Cell(body, header)


def run(exercise: Exercise, data_dir: str) -> Iterator[tuple[Cell, str, dict]]:
    """Runs the changed cells; yields each with its output and all variables.

    Args:
        exercise: What to change.
        data_dir: Folder of the four files.

    Raises:
        ValueError: If the notebook does not have the text that is to be changed.
    """
    text = (NOTEBOOKS / f'{exercise.notebook}.py').read_text(encoding='utf-8')
    for old, new in exercise.changes.items():
        if old not in text:
            raise ValueError(f'{exercise.notebook}: there is no {old!r}')
        text = text.replace(old, new)
    variables: dict[str, Any] = {}
    for cell in code_cells(text):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(cell.text, variables)
        if 'parameters' in cell.tags:
            variables |= {'DATA_DIR': data_dir, **exercise.settings}
        yield cell, output.getvalue(), variables
        if f'"lesson-{exercise.lesson}"' in cell.tags:
            return


def answer(exercise: Exercise, data_dir: str) -> list[str]:
    """Returns the last lines that the cells print, and the loss of the last step."""
    *_, (_, output, variables) = run(exercise, data_dir)
    lines = output.splitlines()
    variables['sess'].close()
    losses = variables.get('losses') or variables['hist_loss']
    return [*lines[-_NUM_LINES:], f'last loss {losses[-1]:.3g}']


def main(argv):
    """Measures the exercises of the notebooks that are named, or of all."""
    names = argv[1:] or sorted({exercise.notebook for exercise in EXERCISES})
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for name in names:
        if not (NOTEBOOKS / f'{name}.py').is_file():
            raise errors.FlagError(f'{name}: there is no {name}.py in notebooks')
        results[name] = {}
        for exercise in EXERCISES:
            if exercise.notebook == name:
                lines = answer(exercise, FLAGS.data_dir)
                results[name][exercise.name] = lines
                print(f'{name}, {exercise.name}', *lines, sep='\n    ', flush=True)
        files.write_bytes(RESULTS, (json.dumps(results, indent=1) + '\n').encode())


if __name__ == '__main__':
    flags.run(main, arguments='[NAME...]')
