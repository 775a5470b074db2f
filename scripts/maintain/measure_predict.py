"""Measures how much accuracy `predict` loses when MNIST's test digits become photos.

    python scripts/maintain/measure_predict.py --log_dir=logs/deep/run-0001

Each digit is enlarged, put somewhere on a larger sheet of paper with uneven light, a
shadow and noise, inverted every second time, and compressed; `predict` reads the file
and has to find the digit again. Prints one line:

    plain 0.9803, as pictures 0.9806 (+0.03 points) on the same 10,000 digits: python
    scripts/maintain/measure_predict.py --log_dir=logs/deep/run-0001 --num_digits=10000

after `python -m mnist_tut.deep --max_steps=2000 --seed=1`. The same seed gives the same
pictures.
"""

import io
import os
import shlex
import sys
import tempfile

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
flags.DEFINE_integer('seed', 0, 'Seed of the choice and the pictures.')
flags.DEFINE_string(
    'keep',
    None,
    'Folder for the pictures of digits that are wrong only as pictures.',
)


def draw_picture(digit: np.ndarray, rng: np.random.Generator) -> bytes:
    """Draws a digit as it might look in a photo.

    Args:
        digit: uint8 [28, 28].
        rng: Source of all that is random.

    Returns:
        A JPEG file, or every fifth time a PNG file.
    """
    side = round(28 * np.exp(rng.uniform(np.log(1.5), np.log(20))))
    enlarged = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    height, width = (round(side * rng.uniform(1, 2.2)) for _ in 'hw')
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    ink = np.zeros((height, width))
    ink[top : top + side, left : left + side] = np.asarray(enlarged) / 255

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


def main(_):
    """Measures with the flags of the command line."""
    info = locate.locate(FLAGS.data_dir)
    images = idx.read_images(info.files[locate.TEST_IMAGES])
    labels = idx.read_labels(info.files[locate.TEST_LABELS])
    rng = np.random.default_rng(FLAGS.seed)
    chosen = rng.choice(len(images), min(FLAGS.num_digits, len(images)), replace=False)

    pictures, seen = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'picture')
        for index in chosen:
            pictures.append(draw_picture(images[index], rng))
            with open(path, 'wb') as file:
                file.write(pictures[-1])
            try:
                seen.append(image.read(path))
            except errors.DataError:  # counts as a wrong prediction, nearly always
                seen.append(np.zeros([28, 28], np.uint8))
    with predict.load(FLAGS.log_dir) as predictor:
        plain = predictor.probabilities(images[chosen]).argmax(1) == labels[chosen]
        predictions = predictor.probabilities(np.stack(seen)).argmax(1)
    right = predictions == labels[chosen]
    print(
        f'plain {plain.mean():.4f}, as pictures {right.mean():.4f} '
        f'({100 * (right.mean() - plain.mean()):+.2f} points) on the same '
        f'{len(chosen):,} digits: {shlex.join(["python", *sys.argv])}'
    )
    if FLAGS.keep:
        os.makedirs(FLAGS.keep, exist_ok=True)
        for i in np.flatnonzero(plain & ~right):
            name = f'{chosen[i]}-{labels[chosen[i]]}-taken-for-{predictions[i]}.jpg'
            with open(os.path.join(FLAGS.keep, name), 'wb') as file:
                file.write(pictures[i])


if __name__ == '__main__':
    flags.run(main)
