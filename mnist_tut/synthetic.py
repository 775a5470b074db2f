"""Handwritten-looking digits drawn by code: the data set that is always there.

A machine that cannot download MNIST still has to run every lesson, so the package
draws 60,000 + 10,000 digits of its own and writes them in MNIST's own four files. How
a digit is drawn is told in `strokes`. No pixel of MNIST is in the set, nor a weight
learned from it; the shapes and their spreads were chosen by eye and by coarse
statistics. The set comes in two styles:

    matched  looks like MNIST, and the lessons print MNIST-like figures on it
    wild     differs more from hand to hand: for a model that is to read real digits

The bytes are the same on every machine. `SUMS` holds their SHA-256, so that a set can
be told from MNIST, and a damaged set from a good one.
"""

import gzip
import hashlib
import os
import struct
import tempfile
import zlib

from mnist_tut import errors, strokes

import numpy as np
from tqdm.std import tqdm

VERSION = 1  # goes up whenever a pixel changes
SEED = 1998  # MNIST's year
MARK = 'SYNTHETIC.txt'
SPLITS = {'train': 60000, 't10k': 10000}

_WILD = strokes.Style(
    pure=True,
    rare=0.0,
    jitter=0.054,
    end_jitter=0.09,
    bend=0.27,
    wave=0.055,
    rotation=0.14,
    width=0.28,
    radius=1.2,
    radius_spread=0.3,
    ragged=0.08,
)
_MATCHED = strokes.Style(
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
)
_STYLES = {'matched': _MATCHED, 'wild': _WILD}
STYLES = tuple(_STYLES)

# SHA-256 of the files as they are before compression: deflate may differ, pixels may
# not. Made by `python scripts/synthetic_report.py --sums`.
SUMS: dict[str, dict[str, str]] = {
    'matched': {
        'train-images-idx3-ubyte.gz': (
            '8096ae611fd635f48e10a68819c522942d8c0986b99ac0a6c18a7b24e47f9092'
        ),
        'train-labels-idx1-ubyte.gz': (
            '23301b41532a7ee3134f6860c1189922f5acc477f6b507adbc80ceeeb29c05f7'
        ),
        't10k-images-idx3-ubyte.gz': (
            'ef53c8e1c2be6e7967f676699b77180c52d0d9644422c1cfacdab54978fe3a49'
        ),
        't10k-labels-idx1-ubyte.gz': (
            'bc5070b0f505378a5deb94364d2051ebfc6e51c190550291c17a3e520090ce84'
        ),
    },
    'wild': {
        'train-images-idx3-ubyte.gz': (
            '1c06616a65391488819cabaa0ced858e156027cfcb21595ca88d969ac4dd6630'
        ),
        'train-labels-idx1-ubyte.gz': (
            '23301b41532a7ee3134f6860c1189922f5acc477f6b507adbc80ceeeb29c05f7'
        ),
        't10k-images-idx3-ubyte.gz': (
            '3d5935bf2ec58cb544a54d3ab597f23dc39268d5e2d32ec788d192b4e6ee1f1b'
        ),
        't10k-labels-idx1-ubyte.gz': (
            'bc5070b0f505378a5deb94364d2051ebfc6e51c190550291c17a3e520090ce84'
        ),
    },
}

_BATCH = 100  # images drawn at a time; so many fit into a processor's cache


def generate(
    style: str = 'matched',
    num_train: int = SPLITS['train'],
    num_test: int = SPLITS['t10k'],
    seed: int = SEED,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draws a training and a test set, each with its ten classes of one size.

    Args:
        style: One of STYLES.
        num_train: Number of training images, at least 0.
        num_test: Number of test images, at least 0. They come from other random
            numbers than the training images, and from the same hands.
        seed: Names the set; only the default gives the sums of SUMS.

    Returns:
        (train_images, train_labels, test_images, test_labels): images uint8
        [N, 28, 28], 0 is paper and 255 is ink; labels uint8 [N], 0 to 9.

    Raises:
        errors.UserError: If there is no such style.
    """
    if style not in _STYLES:
        raise errors.UserError(
            f'no synthetic style {style!r}: choose one of {", ".join(STYLES)}'
        )
    with tqdm(
        desc=f'drawing digits ({style})',
        total=num_train + num_test,
        unit='digit',
        leave=False,
        disable=None,  # where stderr is not a terminal
    ) as bar:
        train = _draw_split(style, 0, num_train, seed, bar)
        test = _draw_split(style, 1, num_test, seed, bar)
    return *train, *test


def _draw_split(style, split, count, seed, bar):
    """Draws the classes one after the other, then shuffles them."""
    images = np.empty((count, strokes.SIDE, strokes.SIDE), np.uint8)
    labels = np.empty(count, np.uint8)
    done = 0
    for digit, families in enumerate(strokes.families()):
        of_digit = (count - digit + 9) // 10
        whole = sum(share for share, _ in families)
        before = 0
        for number, (share, family) in enumerate(families):
            dice = strokes.Dice(seed, split, digit, number)
            stop = of_digit * (before + share) // whole
            for start in range(of_digit * before // whole, stop, _BATCH):
                drawn = strokes.draw(
                    family, min(_BATCH, stop - start), _STYLES[style], dice
                )
                images[done : done + len(drawn)] = drawn
                labels[done : done + len(drawn)] = digit
                done += len(drawn)
                bar.update(len(drawn))
            before += share
    order = np.argsort(strokes.Dice(seed, split, 10).words(count), kind='stable')
    return images[order], labels[order]


def write(directory: str | os.PathLike, style: str = 'matched') -> None:
    """Writes the set as MNIST's four files, and a note that says what they are.

    Does nothing where the set is there already. Each file appears whole or not at all,
    the note last, whenever the program is killed and however many do the same at once.

    Args:
        directory: Folder of the files; made where there is none.
        style: One of STYLES.

    Raises:
        errors.UserError: If there is no such style.
        errors.DataError: If the folder holds other files of these names, which are
            never overwritten, or cannot be written.
    """
    if style not in _STYLES:
        generate(style)
    directory = os.fspath(directory)
    try:
        os.makedirs(directory, exist_ok=True)
        if _is_complete(directory, style):
            return
        _check_ours(directory, style)
        files = _files(*generate(style))
        for name, data in files.items():
            _replace(directory, name, gzip.compress(data, 6, mtime=0))
        _replace(directory, MARK, _note(style))
    except OSError as error:
        raise errors.DataError(
            f'{errors.show_path(directory)}: cannot write the synthetic digits: '
            f'{error.strerror or error}'
        ) from error


def identify(directory: str | os.PathLike) -> str | None:
    """Returns the style of the set that a folder is marked as holding, or None."""
    try:
        with open(
            os.path.join(directory, MARK), encoding='ascii', errors='replace'
        ) as file:
            lines = file.read(10000).splitlines()
    except OSError:
        return None
    if f'version: {VERSION}' not in lines:
        return None
    return next((style for style in STYLES if f'style: {style}' in lines), None)


def _files(train_images, train_labels, test_images, test_labels) -> dict[str, bytes]:
    """Returns MNIST's four files, before compression."""
    return {
        'train-images-idx3-ubyte.gz': _idx(train_images),
        'train-labels-idx1-ubyte.gz': _idx(train_labels),
        't10k-images-idx3-ubyte.gz': _idx(test_images),
        't10k-labels-idx1-ubyte.gz': _idx(test_labels),
    }


def _idx(array: np.ndarray) -> bytes:
    """Returns the array in the IDX format: magic number, dimensions, bytes."""
    header = (0x0800 + array.ndim, *array.shape)
    return struct.pack(f'>{len(header)}I', *header) + array.tobytes()


def _note(style: str) -> bytes:
    """Returns the text of SYNTHETIC.txt."""
    sums = ''.join(f'{sum_}  {name}\n' for name, sum_ in SUMS[style].items())
    return (
        'These are not the digits of MNIST. mnist_tut drew them.\n'
        f'style: {style}\nversion: {VERSION}\nseed: {SEED}\n'
        f'SHA-256 of the uncompressed files:\n{sums}'
    ).encode()


def _sum(path: str) -> str | None:
    """Returns the SHA-256 of what is compressed in a file; None if it is damaged."""
    digest = hashlib.sha256()
    limit = SPLITS['train'] * strokes.SIDE**2 + 16
    try:
        with gzip.open(path) as file:
            while limit >= 0 and (data := file.read(1 << 20)):
                digest.update(data)
                limit -= len(data)
    except (FileNotFoundError, EOFError, gzip.BadGzipFile, zlib.error):
        return None
    return digest.hexdigest()


def _is_complete(directory: str, style: str) -> bool:
    """Returns whether the folder holds the whole set and is marked so."""
    return identify(directory) == style and all(
        _sum(os.path.join(directory, name)) == sum_
        for name, sum_ in SUMS[style].items()
    )


def _check_ours(directory: str, style: str) -> None:
    """Raises an error if writing the set would overwrite somebody's files."""
    if os.path.exists(os.path.join(directory, MARK)):
        return
    for name, sum_ in SUMS[style].items():
        path = os.path.join(directory, name)
        if os.path.lexists(path) and _sum(path) != sum_:
            raise errors.DataError(
                f'{errors.show_path(path)} is in the way of the synthetic digits: '
                'move it, or choose an empty folder'
            )


def _replace(directory: str, name: str, data: bytes) -> None:
    """Writes a file that appears under its name whole or not at all."""
    descriptor, part = tempfile.mkstemp(
        dir=directory, prefix=f'{name}.', suffix='.part'
    )
    try:
        with os.fdopen(descriptor, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, 0o644)
        os.replace(part, os.path.join(directory, name))
    except BaseException:
        os.unlink(part)
        raise
