"""Measures how much accuracy `predict` loses when MNIST's test digits become photos.

    python scripts/maintain/measure_predict.py --log_dir=logs/deep/run-0001

Each digit is enlarged, put somewhere on a larger sheet of paper with uneven light, a
shadow and noise, inverted every second time, and compressed; `predict` reads the file
and has to find the digit again. Prints one line:

    plain 0.9803, as pictures 0.9806 (+0.03 points) on the same 10,000 digits: python
    scripts/maintain/measure_predict.py --log_dir=logs/deep/run-0001 --num_digits=10000

after `python -m mnist_tut.deep --max_steps=2000 --seed=1`. With --num_rows, rows of 2
to 6 digits, 1 to 10 of MNIST's pixels apart, are made into pictures likewise, and a
line more says how many were read completely right, refused, or had another number of
digits.

The same seed gives the same pictures.
"""

import io
import os
import shlex
import sys
import tempfile
from typing import Any

from mnist_tut import errors, predict
from mnist_tut.data import idx, locate
from mnist_tut.flags import Flags
from mnist_tut.inference import image

import numpy as np
from PIL import Image

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_trained_run()
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the data files.')
flags.DEFINE_integer(
    'num_digits', 1000, 'Number of test digits, chosen at random.', 1, 10000
)
flags.DEFINE_integer('num_rows', 0, 'Number of rows of digits.')
flags.DEFINE_integer('seed', 0, 'Seed of the choice and the pictures.')
flags.DEFINE_string(
    'keep',
    None,
    'Folder for the pictures of digits that are wrong only as pictures.',
)


def draw_row(digits: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Puts digits side by side, with a gap of 1 to 10 pixels between their ink.

    Returns:
        uint8 [32, W].
    """
    parts: list[np.ndarray] = []
    for digit in digits:
        columns = np.flatnonzero((digit > 127).any(axis=0))
        ink = digit[:, columns[0] : columns[-1] + 1]
        above = int(rng.integers(5))
        gap = int(rng.integers(1, 11)) if parts else 4
        parts.append(np.pad(ink, [(above, 4 - above), (gap, 0)]))
    return np.pad(np.hstack(parts), [(0, 0), (0, 4)])


def draw_picture(
    digit: np.ndarray, rng: np.random.Generator, largest: float = 20
) -> bytes:
    """Draws a digit as it might look in a photo.

    Args:
        digit: uint8 [h, w], the digit or a row of them.
        rng: Source of all that is random.
        largest: How many times it is enlarged at most.

    Returns:
        A JPEG file, or every fifth time a PNG file.
    """
    scale = np.exp(rng.uniform(np.log(1.5), np.log(largest)))
    tall, wide = (round(length * scale) for length in digit.shape)
    enlarged = Image.fromarray(digit).resize((wide, tall), Image.Resampling.BICUBIC)
    height = round(tall * rng.uniform(1, 2.2))
    width = round(wide * rng.uniform(1, 2.2))
    top, left = rng.integers(height - tall + 1), rng.integers(width - wide + 1)
    ink = np.zeros((height, width))
    ink[top : top + tall, left : left + wide] = np.asarray(enlarged) / 255

    y, x = np.meshgrid(
        np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing='ij'
    )
    angle = rng.uniform(0, 2 * np.pi)
    across = x * np.cos(angle) + y * np.sin(angle)
    light = 1 - rng.uniform(0, 0.25) * (1 + across) / 2  # falls off to one side
    light -= rng.uniform(0, 0.15) * (x**2 + y**2) / 2  # and to the corners
    edge = rng.uniform(-1, 1)
    softness = rng.uniform(0.02, 0.3)
    light *= 1 - rng.uniform(0, 0.35) / (1 + np.exp((edge - y + 0.3 * x) / softness))

    paper = rng.uniform(0.75, 1, 3)  # one color each
    pen = rng.uniform(0, 0.3, 3)
    picture = ink[..., None] * pen + (1 - ink[..., None]) * paper
    picture = picture * light[..., None] + rng.normal(size=(height, width, 1)) * (
        rng.uniform(0, 0.03)
    )
    if rng.random() < 0.5:
        picture = 1 - picture
    levels = np.rint(255 * picture.clip(0, 1)).astype(np.uint8)
    file = io.BytesIO()
    if rng.random() < 0.2:
        Image.fromarray(levels).save(file, 'PNG')
    else:
        quality = int(rng.integers(40, 96))
        Image.fromarray(levels).save(file, 'JPEG', quality=quality)
    return file.getvalue()


def read(picture: bytes) -> np.ndarray:
    """Returns the digits that are found, uint8 [N, 28, 28]; N is 0 if refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'picture')
        with open(path, 'wb') as file:
            file.write(picture)
        try:
            return image.read(path)
        except errors.DataError:
            return np.zeros([0, 28, 28], np.uint8)


def measure_rows(
    predictor: Any, images: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> str:
    """Returns how many rows are read completely right, as text."""
    right = refused = other_length = 0
    for _ in range(FLAGS.num_rows):
        chosen = rng.choice(len(images), rng.integers(2, 7), replace=False)
        digits = read(draw_picture(draw_row(list(images[chosen]), rng), rng, 8))
        predicted = predictor.probabilities(digits).argmax(1)
        right += predicted.tolist() == labels[chosen].tolist()
        refused += len(digits) == 0
        other_length += len(digits) not in (0, len(chosen))
    fractions = [count / FLAGS.num_rows for count in (right, refused, other_length)]
    return (
        'rows {:.4f} completely right, {:.4f} refused, {:.4f} with another number of '
        'digits'.format(*fractions)
    )


def main(_):
    """Measures with the flags of the command line."""
    info = locate.locate(FLAGS.data_dir)
    images = idx.read_images(info.files[locate.TEST_IMAGES])
    labels = idx.read_labels(info.files[locate.TEST_LABELS])
    rng = np.random.default_rng(FLAGS.seed)
    chosen = rng.choice(len(images), min(FLAGS.num_digits, len(images)), replace=False)

    pictures = [draw_picture(images[index], rng) for index in chosen]
    found = [read(picture) for picture in pictures]
    numbers = np.array([len(digits) for digits in found])
    # Anything but one digit counts as a wrong prediction, nearly always.
    blank = np.zeros([28, 28], np.uint8)
    seen = np.stack([digits[0] if len(digits) == 1 else blank for digits in found])
    command = shlex.join(['python', *sys.argv])
    with predict.load(FLAGS.log_dir) as predictor:
        plain = predictor.probabilities(images[chosen]).argmax(1) == labels[chosen]
        predictions = predictor.probabilities(seen).argmax(1)
        if FLAGS.num_rows:
            print(f'{measure_rows(predictor, images, labels, rng)}: {command}')
    right = predictions == labels[chosen]
    print(
        f'plain {plain.mean():.4f}, as pictures {right.mean():.4f} '
        f'({100 * (right.mean() - plain.mean()):+.2f} points; '
        f'{np.mean(numbers == 0):.4f} refused, {np.mean(numbers > 1):.4f} split) '
        f'on the same {len(chosen):,} digits: '
        f'{command}'
    )
    if FLAGS.keep:
        os.makedirs(FLAGS.keep, exist_ok=True)
        for i in np.flatnonzero(plain & ~right):
            name = f'{chosen[i]}-{labels[chosen[i]]}-taken-for-{predictions[i]}.jpg'
            with open(os.path.join(FLAGS.keep, name), 'wb') as file:
                file.write(pictures[i])


if __name__ == '__main__':
    flags.run(main)
