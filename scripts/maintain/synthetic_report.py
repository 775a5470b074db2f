"""Measures the synthetic digits and writes the report into docs/SYNTHETIC.md.

    python scripts/maintain/synthetic_report.py --mnist_dir=MNIST_data
    python scripts/maintain/synthetic_report.py --sums

The first command draws both styles beside real digits (docs/synthetic_digits.png),
compares their statistics, trains lessons on drawn digits and tests the trained models
on real ones: an hour on two cores. Its measurements are stored in
docs/results/synthetic.json with the checksums of the digits; a stored run is not
repeated. The second command prints the SHA-256 sums for mnist_tut/data/synthetic.py.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from mnist_tut import plots, predict
from mnist_tut.data import idx, synthetic
from mnist_tut.flags import Flags

import experiments
import markdown
import numpy as np

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder('mnist_dir', 'MNIST_data', 'Folder of the four real MNIST files.')
flags.DEFINE_boolean('sums', False, 'Only draw the digits and print their checksums.')

DOCUMENT = experiments.ROOT / 'docs' / 'SYNTHETIC.md'
PICTURE = experiments.ROOT / 'docs' / 'synthetic_digits.png'
STORE = experiments.RESULTS / 'synthetic.json'
_SEEDS = (1, 2, 3)
_TRAINED: list[tuple[str, str, list[str]]] = [
    ('matched', 'softmax', []),
    ('matched', 'deep', ['--max_steps=2000']),
    ('wild', 'softmax', []),
    ('wild', 'deep', ['--max_steps=2000']),
    ('wild', 'deep', ['--max_steps=6000']),
    ('wild', 'deep', ['--max_steps=4000', '--learning_rate=0.00025']),
]


def measure(images: np.ndarray) -> dict[str, float]:
    """Returns coarse statistics of a set of images, by name."""
    ink = images / np.float32(255)
    place = np.arange(28)
    total = ink.sum(axis=(1, 2))
    x = (ink.sum(axis=1) * place).sum(axis=1) / total
    y = (ink.sum(axis=2) * place).sum(axis=1) / total
    dx, dy = place - x[:, None], place - y[:, None]
    shear = (dy * (ink * dx[:, None]).sum(axis=2)).sum(axis=1)
    slant = -shear / (ink.sum(axis=2) * dy * dy).sum(axis=1)
    width = _extent((images > 127).any(axis=1))
    height = _extent((images > 127).any(axis=2))
    box = np.maximum(_extent(images.any(axis=1)), _extent(images.any(axis=2)))
    measured = {
        'mean ink': ink.mean(dtype=np.float64),
        'pixels with ink': (images > 0).mean(),
        'of these, 250 or more': int((images >= 250).sum()) / int((images > 0).sum()),
        'slant': slant.mean(),
        'slant, spread': slant.std(),
        'width above 127, pixels': width.mean(),
        'height above 127, pixels': height.mean(),
        'longer side, pixels': box.mean(),
        'longest of all, pixels': box.max(),
        'images with ink in the top row': images[:, 0].any(axis=1).mean(),
        'images with ink in the bottom row': images[:, -1].any(axis=1).mean(),
    }
    return {name: float(value) for name, value in measured.items()}


def _extent(has_ink: Any) -> np.ndarray:
    """Returns the distance from the first to the last True: bool [N, 28] -> [N]."""
    return 28 - has_ink.argmax(axis=1) - has_ink[:, ::-1].argmax(axis=1)


def train(style: str, lesson: str, settings: list[str], seed: int, data: str) -> dict:
    """Trains a lesson on drawn digits, and tests the model on real ones.

    Args:
        style: Style of the drawn digits.
        lesson: Module in mnist_tut.
        settings: Its flags.
        seed: Its seed.
        data: Folder for the drawn digits, shared by all runs.

    Returns:
        The accuracy on the style's own test set, that on MNIST's, and the recall of
        each of MNIST's digits, as fractions.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, *_command(style, lesson, settings)[1:]]
        command += [f'--data_dir={data}', f'--seed={seed}', f'--log_dir={folder}/run']
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, cwd=experiments.ROOT
        )
        history = json.loads(pathlib.Path(folder, 'run', 'history.json').read_text())
        images, labels = _read_real('t10k')
        with predict.load(log_dir=f'{folder}/run') as predictor:
            predictions = predictor.probabilities(images).argmax(axis=1)
    own = [value for _, name, value in history['records'] if name == 'test_accuracy']
    return {
        'seed': seed,
        'own': own[-1],
        'real': float((predictions == labels).mean()),
        'recall': [float((predictions[labels == d] == d).mean()) for d in range(10)],
    }


def _command(style: str, lesson: str, settings: list[str]) -> list[str]:
    """Returns the command line, without seed and folders."""
    dataset = {'matched': 'synthetic', 'wild': 'synthetic_wild'}[style]
    return ['python', '-m', f'mnist_tut.{lesson}', f'--dataset={dataset}', *settings]


def _read_real(split: str) -> tuple[np.ndarray, np.ndarray]:
    folder = pathlib.Path(FLAGS.mnist_dir)
    images = idx.read_images(folder / f'{split}-images-idx3-ubyte.gz')
    return images, idx.read_labels(folder / f'{split}-labels-idx1-ubyte.gz')


def draw_contact_sheet(sets: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Draws the first nine digits of each class of each set, the sets side by side."""
    gap = np.zeros((1, 28, 28), np.uint8)
    tiles = []
    for digit in range(10):
        for images, labels in sets.values():
            tiles += [images[labels == digit][:9], gap]
        tiles.pop()
    axes = plots.digit_grid(np.concatenate(tiles), columns=10 * len(sets) - 1)
    plots.save(axes, PICTURE.parent, PICTURE.name)


def report(stored: dict) -> list[str]:
    """Returns the report on the stored measurements, for the document."""
    names = list(stored['statistics'])
    lines = [
        '## Measurements',
        '',
        f'![Nine of each digit]({PICTURE.name})',
        '',
        f'From left to right: {", ".join(names)}. The picture and all numbers below '
        'were made by',
        '',
        '    python scripts/maintain/synthetic_report.py --mnist_dir=MNIST_data',
        '',
        f'Drawing the 70,000 digits of a style took {stored["seconds"]:.1f} s of one '
        'core. The first 10,000 training images of each set:',
        '',
    ]
    lines += markdown.table(
        ['', *names],
        [
            [name, *(f'{values[name]:.3f}' for values in stored['statistics'].values())]
            for name in next(iter(stored['statistics'].values()))
        ],
    )
    lines += [
        'Accuracy of models trained on drawn digits alone, in percent: mean ± standard '
        f'deviation over the seeds {", ".join(map(str, _SEEDS))}.',
        '',
    ]
    rows, recalls = [], []
    for command, runs in stored['trained'].items():
        own, real = ([run[name] for run in runs] for name in ('own', 'real'))
        rows.append([f'`{command}`', _percent(own), _percent(real)])
        by_digit = zip(*(run['recall'] for run in runs), strict=True)
        recalls.append(
            [f'`{command}`', *(f'{100 * statistics.mean(r):.1f}' for r in by_digit)]
        )
    lines += markdown.table(['command', 'own test set', 'MNIST test set'], rows)
    lines += ['Recall on the MNIST test set, in percent, by digit (mean):', '']
    return lines + markdown.table(['command', *map(str, range(10))], recalls)


def _percent(values: list[float]) -> str:
    return f'{100 * statistics.mean(values):.2f} ± {100 * statistics.stdev(values):.2f}'


def main(_: list[str]) -> None:
    """Makes the measurements that are not stored yet, and writes the report."""
    sets, sums, seconds = {}, {}, []
    for style in synthetic.STYLES:
        start = time.process_time()
        arrays = synthetic.generate(style)
        seconds.append(time.process_time() - start)
        sets[style] = arrays[:2]
        sums[style] = [idx.sha256(array) for array in arrays]
    if FLAGS.sums:
        for style in synthetic.STYLES:
            print(style, *sums[style], sep='\n    ')
        return

    sets['MNIST'] = _read_real('train')
    draw_contact_sheet(sets)
    stored = json.loads(STORE.read_text()) if STORE.exists() else {}
    if stored.get('sums') != sums:  # the digits have changed
        stored = {'sums': sums, 'trained': {}}
    stored['seconds'] = max(seconds)
    stored['statistics'] = {
        name: measure(images[:10000]) for name, (images, _) in sets.items()
    }
    with tempfile.TemporaryDirectory() as data:
        for style, lesson, settings in _TRAINED:
            command = ' '.join(_command(style, lesson, settings))
            runs = stored['trained'].setdefault(command, [])
            for seed in _SEEDS[len(runs) :]:
                runs.append(train(style, lesson, settings, seed, data))
                STORE.write_text(json.dumps(stored, indent=1) + '\n')
    STORE.write_text(json.dumps(stored, indent=1) + '\n')
    text = markdown.replace_part(
        DOCUMENT.read_text(), 'synthetic_report', report(stored)
    )
    DOCUMENT.write_text(text)


if __name__ == '__main__':
    flags.run(main)
