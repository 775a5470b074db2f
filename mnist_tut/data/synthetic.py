"""The synthetic data set: handwritten-looking digits, drawn by code.

Where MNIST cannot be downloaded, every lesson still runs, on 60,000 + 10,000 digits
that this module draws and writes as MNIST's four files. `data.pen` draws a digit; here
are the set's styles and seeds. It contains no pixel of MNIST, and no weight learned
from it; shapes and variation were chosen by eye and by coarse statistics. Two styles:

    matched  resembles MNIST; the lessons reach MNIST-like accuracies on it
    wild     varies more, for a model that is to read real handwriting

The bytes are the same on every machine, and `SHA256` holds their checksums.
"""

import contextlib
import itertools
import os

from mnist_tut import errors, files, notices
from mnist_tut.data import idx
from mnist_tut.data.pen import shapes, strokes

import numpy as np
import tqdm

VERSION = 1  # goes up whenever a pixel changes
SEED = 1998  # the year of MNIST
NUM_TRAIN, NUM_TEST = 60000, 10000
MARKER_FILE = 'SYNTHETIC.txt'

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
        edge_noise=0.05,
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
        edge_noise=0.08,
    ),
}
STYLES = tuple(_STYLES)

# SHA-256 of the files before compression, because the compressed bytes depend on the
# version of zlib. Printed by `scripts/maintain/synthetic_report.py --sums`.
SHA256: dict[str, dict[str, str]] = {
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
        num_test: Number of test images, at least 0. They are drawn from another random
            stream than the training images, in the same style.
        seed: Identifies the set, at least 0. SHA256 holds for the default.

    Returns:
        (train_images, train_labels, test_images, test_labels): images uint8
        [N, 28, 28], 0 is background; labels uint8 [N], 0 to 9.

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


def write(
    directory: str | os.PathLike, style: str = 'matched'
) -> dict[str, np.ndarray]:
    """Writes the set as MNIST's four files, and a marker file that says what they are.

    Files of the set that exist are kept, and so is, under another name, what somebody
    has put in their place. Each file appears whole or not at all, the marker last, even
    if the process is killed or several write at once.

    Args:
        directory: Folder of the files; created if it is missing.
        style: One of STYLES.

    Returns:
        The content of the four files by name: images uint8 [N, 28, 28], labels
        uint8 [N].

    Raises:
        errors.UserError: If there is no such style.
        errors.DataError: If the folder holds other files of these names, which are
            never overwritten, or cannot be written.
    """
    _check_style(style)
    directory = os.fsdecode(directory)
    files.remove_stale(directory)
    arrays = _read_valid(directory, style)
    missing = [name for name in SHA256[style] if name not in arrays]
    if missing or read_marker(directory) != style:
        _require_no_others(directory, missing)
    if missing:
        arrays = dict(zip(SHA256[style], generate(style), strict=True))
        known_sums = {*SHA256[style].values(), *_read_marker(directory).split()}
        for name in missing:
            path = os.path.join(directory, name)
            _keep_if_unknown(path, known_sums)
            save = idx.write_images if 'images' in name else idx.write_labels
            save(path, arrays[name])
    if missing or read_marker(directory) != style:
        marker = os.path.join(directory, MARKER_FILE)
        files.write_bytes(marker, _marker_text(style).encode())
    return arrays


def _require_no_others(directory: str, missing: list[str]) -> None:
    """Raises DataError for a path that a set of this package would not have there."""
    is_drawn = {'style:', 'version:'} <= set(_read_marker(directory).split())
    for name in [*missing, MARKER_FILE]:
        path = os.path.join(directory, name)
        is_ours = is_drawn and os.path.isfile(path) and not os.path.islink(path)
        if os.path.lexists(path) and not is_ours:
            raise errors.DataError(
                f'{errors.printable(path)} is in the way of the synthetic digits: '
                'move it, or name another folder'
            )


def _keep_if_unknown(path: str, known_sums: set[str]) -> None:
    """Gives a file a second name unless it was drawn, in whatever version."""
    if not os.path.lexists(path):
        return
    with contextlib.suppress(errors.DataError):
        if idx.sha256(idx.reader_for(path)(path)) in known_sums:
            return
    for number in itertools.count():
        backup = f'{path}.bad{number or ""}'
        if os.path.lexists(backup):
            continue
        try:
            os.link(path, backup)
        except FileExistsError:
            continue
        except FileNotFoundError:  # another process has moved it
            return
        except OSError:  # not every file system has hard links
            os.replace(path, backup)
        break
    notices.log(
        f'{errors.printable(path)} is not as it was drawn: kept as '
        f'{errors.printable(backup)}'
    )


def read_marker(directory: str | os.PathLike) -> str | None:
    """Returns the style that the folder's marker file names, or None."""
    lines = _read_marker(directory).splitlines()
    if f'version: {VERSION}' not in lines:
        return None
    return next((style for style in STYLES if f'style: {style}' in lines), None)


def _read_marker(directory: str | os.PathLike) -> str:
    """Returns the text of the marker file; '' if there is none."""
    marker = os.path.join(os.fsdecode(directory), MARKER_FILE)
    try:
        with files.open_regular(marker) as stream:
            return stream.read(10000).decode('utf-8', 'replace')
    except (errors.DataError, OSError):
        return ''


def _read_valid(directory: str, style: str) -> dict[str, np.ndarray]:
    """Returns the content of those files that exist and belong to the set."""
    arrays = {}
    for name, sha256 in SHA256[style].items():
        with contextlib.suppress(errors.DataError):
            array = idx.reader_for(name)(os.path.join(directory, name))
            if idx.sha256(array) == sha256:
                arrays[name] = array
    return arrays


def _check_style(style: str) -> None:
    if style not in _STYLES:
        raise errors.UserError(
            f'no style {style!r} of synthetic digits: expected {" or ".join(STYLES)}'
        )


def _draw_split(
    style: str, count: int, seed: tuple[int, int], bar: tqdm.tqdm
) -> tuple[np.ndarray, np.ndarray]:
    """Draws `count` images, digit by digit and family by family, and shuffles them."""
    images = np.empty((count, strokes.SIDE, strokes.SIDE), np.uint8)
    labels = np.empty(count, np.uint8)
    done = 0
    for digit, families in enumerate(shapes.load()):
        num_of_digit = (count - digit + 9) // 10
        total_share, share_so_far = sum(family.share for family in families), 0
        for number, family in enumerate(families):
            rng = strokes.PortableRandom(*seed, digit, number)
            remaining = num_of_digit * (share_so_far + family.share) // total_share
            remaining -= num_of_digit * share_so_far // total_share
            share_so_far += family.share
            while remaining:
                batch = slice(done, done + min(remaining, _BATCH))
                size = batch.stop - batch.start
                images[batch] = strokes.draw(family, size, _STYLES[style], rng)
                labels[batch] = digit
                done, remaining = batch.stop, remaining - size
                bar.update(size)
    keys = strokes.PortableRandom(*seed, 10).words(count)
    order = np.argsort(keys, kind='stable')
    return images[order], labels[order]


def _marker_text(style: str) -> str:
    sums = ''.join(f'{sha256}  {name}\n' for name, sha256 in SHA256[style].items())
    return (
        'These are not the digits of MNIST. mnist_tut drew them.\n'
        f'style: {style}\nversion: {VERSION}\nseed: {SEED}\n'
        f'SHA-256 of the files before compression:\n{sums}'
    )
