"""Handwritten-looking digits drawn by code: the data set that is always there.

A machine that cannot download MNIST still has to run every lesson, so the package
draws 60,000 + 10,000 digits of its own and writes them as MNIST's four files. How a
digit is drawn is told in `strokes`. No pixel of MNIST is in the set, nor a weight
learned from it; its shapes and spreads were chosen by eye and by coarse statistics.
There are two styles:

    matched  looks like MNIST, and the lessons print MNIST-like figures on it
    wild     differs more from hand to hand: for a model that is to read real digits

The bytes are the same on every machine. `SUMS` holds their SHA-256, by which a drawn
set is told from MNIST, and a damaged one from a good one.
"""

import hashlib
import os
import struct

from mnist_tut import errors, files, idx, partial, shapes, strokes

import numpy as np
import tqdm

VERSION = 1  # goes up whenever a pixel changes
SEED = 1998  # the year of MNIST
NUM_TRAIN, NUM_TEST = 60000, 10000
MARK = 'SYNTHETIC.txt'

_STYLES = {
    'matched': strokes.Style(
        pure=False,
        rare=0.3,
        jitter=0.024,
        end_jitter=0.05,
        bend=0.13,
        wave=0.024,
        rotation=0.10,
        width=0.22,
        radius=1.2,
        radius_spread=0.27,
        ragged=0.05,
    ),
    'wild': strokes.Style(
        pure=True,
        rare=0.0,
        jitter=0.045,
        end_jitter=0.08,
        bend=0.24,
        wave=0.046,
        rotation=0.13,
        width=0.27,
        radius=1.2,
        radius_spread=0.3,
        ragged=0.08,
    ),
}
STYLES = tuple(_STYLES)

# SHA-256 of the files as they are before compression: zlib's versions differ in what
# they write, the digits do not. Printed by `scripts/synthetic_report.py --sums`.
SUMS: dict[str, dict[str, str]] = {
    'matched': {
        'train-images-idx3-ubyte.gz': (
            '96c2f888961ad1b20d42c1fddf2a59008cda617d6e8ef47c29bc871fa6ca786e'
        ),
        'train-labels-idx1-ubyte.gz': (
            '23301b41532a7ee3134f6860c1189922f5acc477f6b507adbc80ceeeb29c05f7'
        ),
        't10k-images-idx3-ubyte.gz': (
            '094814c2810352cbc146fd283d9b46ab47e1b722c2a794f8ced8fabfb0bca252'
        ),
        't10k-labels-idx1-ubyte.gz': (
            'bc5070b0f505378a5deb94364d2051ebfc6e51c190550291c17a3e520090ce84'
        ),
    },
    'wild': {
        'train-images-idx3-ubyte.gz': (
            '099dec1be39a7b8bf962451db6e87ccf42fed72704e0561d3c29f9226f84931c'
        ),
        'train-labels-idx1-ubyte.gz': (
            '23301b41532a7ee3134f6860c1189922f5acc477f6b507adbc80ceeeb29c05f7'
        ),
        't10k-images-idx3-ubyte.gz': (
            'c2a2804f8bb2f7dd70397e5c0daad0782ed9d042d44e0a9510cd29bdcd895ade'
        ),
        't10k-labels-idx1-ubyte.gz': (
            'bc5070b0f505378a5deb94364d2051ebfc6e51c190550291c17a3e520090ce84'
        ),
    },
}

_BATCH = 100  # digits drawn at a time, which fit into a processor's cache


def generate(
    style: str = 'matched',
    num_train: int = NUM_TRAIN,
    num_test: int = NUM_TEST,
    seed: int = SEED,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draws a training and a test set, the ten classes equally often in each.

    Args:
        style: One of STYLES.
        num_train: Number of training images, at least 0.
        num_test: Number of test images, at least 0. They come from other random
            numbers than the training images, and from the same hands.
        seed: Names the set, at least 0. SUMS is about the default.

    Returns:
        (train_images, train_labels, test_images, test_labels): images uint8
        [N, 28, 28], 0 is paper and 255 is ink; labels uint8 [N], 0 to 9.

    Raises:
        errors.UserError: If there is no such style.
    """
    _check_style(style)
    with tqdm.tqdm(
        desc=f'drawing digits ({style})',
        total=num_train + num_test,
        unit=' digits',
        leave=False,
        disable=None,  # shown only where stderr is a terminal
    ) as bar:
        train = _draw_split(style, num_train, (seed, 0), bar)
        test = _draw_split(style, num_test, (seed, 1), bar)
    return *train, *test


def write(directory: str | os.PathLike, style: str = 'matched') -> None:
    """Writes the set as MNIST's four files, and a note that says what they are.

    Does nothing where the set is there already. A file appears whole or not at all, the
    note last, whenever the program is killed and however many do the same at once.

    Args:
        directory: Folder of the files; made where there is none.
        style: One of STYLES.

    Raises:
        errors.UserError: If there is no such style.
        errors.DataError: If the folder holds other files of these names, which are
            never overwritten, or cannot be written.
    """
    _check_style(style)
    directory = os.fsdecode(directory)
    partial.sweep(directory)
    lacking = [
        name
        for name, sum_ in SUMS[style].items()
        if _sum_of_file(os.path.join(directory, name)) != sum_
    ]
    marked = identify(directory) == style
    if marked and not lacking:
        return
    if not os.path.lexists(os.path.join(directory, MARK)):
        for name in lacking:
            path = os.path.join(directory, name)
            if os.path.lexists(path):
                raise errors.DataError(
                    f'{errors.show_path(path)} is in the way of the synthetic digits: '
                    'move it, or name another folder'
                )
    if lacking:
        arrays = dict(zip(SUMS[style], generate(style), strict=True))
        for name in lacking:
            save = idx.write_images if 'images' in name else idx.write_labels
            save(os.path.join(directory, name), arrays[name])
    with files.replacing(os.path.join(directory, MARK)) as stream:
        stream.write(_note(style).encode())


def identify(directory: str | os.PathLike) -> str | None:
    """Returns the style of the set that a folder is marked as holding, or None."""
    try:
        with files.open_regular(os.path.join(os.fsdecode(directory), MARK)) as stream:
            text = stream.read(10000).decode('utf-8', 'replace')
    except (errors.DataError, OSError):
        return None
    lines = text.splitlines()
    if f'version: {VERSION}' not in lines:
        return None
    return next((style for style in STYLES if f'style: {style}' in lines), None)


def sum_of(array: np.ndarray) -> str:
    """Returns the SHA-256 of an IDX file of the array, before compression."""
    header = (0x0800 + array.ndim, *array.shape)
    digest = hashlib.sha256(struct.pack(f'>{len(header)}I', *header))
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _check_style(style: str) -> None:
    if style not in _STYLES:
        raise errors.UserError(
            f'no style {style!r} of synthetic digits: expected {" or ".join(STYLES)}'
        )


def _draw_split(
    style: str, count: int, seed: tuple[int, int], bar: tqdm.tqdm
) -> tuple[np.ndarray, np.ndarray]:
    """Draws digit after digit, family after family, then shuffles."""
    images = np.empty((count, strokes.SIDE, strokes.SIDE), np.uint8)
    labels = np.empty(count, np.uint8)
    done = 0
    for digit, families in enumerate(shapes.load()):
        of_digit = (count - digit + 9) // 10
        whole, shares = sum(family.share for family in families), 0
        for number, family in enumerate(families):
            dice = strokes.Dice(*seed, digit, number)
            left = of_digit * (shares + family.share) // whole
            left -= of_digit * shares // whole
            shares += family.share
            while left:
                some = slice(done, done + min(left, _BATCH))
                size = some.stop - some.start
                images[some] = strokes.draw(family, size, _STYLES[style], dice)
                labels[some] = digit
                done, left = some.stop, left - size
                bar.update(size)
    order = np.argsort(strokes.Dice(*seed, 10).words(count), kind='stable')
    return images[order], labels[order]


def _sum_of_file(path: str) -> str | None:
    """Returns `sum_of` what a file holds; None if it is missing or damaged."""
    read = idx.read_images if 'images' in os.path.basename(path) else idx.read_labels
    try:
        return sum_of(read(path))
    except errors.DataError:
        return None


def _note(style: str) -> str:
    """Returns the text of SYNTHETIC.txt."""
    sums = ''.join(f'{sum_}  {name}\n' for name, sum_ in SUMS[style].items())
    return (
        'These are not the digits of MNIST. mnist_tut drew them.\n'
        f'style: {style}\nversion: {VERSION}\nseed: {SEED}\n'
        f'SHA-256 of the files before compression:\n{sums}'
    )
