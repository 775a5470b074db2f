"""Reads and writes the lecture's mnist_data.npz: MNIST's four arrays in one file.

An npz file is a zip of .npy arrays. NumPy's own loader allocates whatever size a header
claims, can unpickle objects, and reports a saved web page as a pickle. Here the zip's
directory and each array's header are read and compared first, and nothing is ever
unpickled.
"""

import hashlib
import io
import os
import zipfile
from typing import IO, BinaryIO, NamedTuple

from mnist_tut import files
from mnist_tut.data import folders, idx, locate
from mnist_tut.data.scaled import Scaled as Scaled  # for the lesson
from mnist_tut.errors import DataError, FlagError, printable

import numpy as np

KEYS = ('X_train', 'X_test', 'y_train', 'y_test')
DEFAULT_PATH = 'mnist_data.npz'
_DATA_DIR = 'MNIST_data'  # of the IDX files; the lecture has none

_HEADER_BYTES = 1 << 12  # NumPy writes 128
_MAX_SHOWN = 100  # characters of a text from the file, in a message


class Digits(NamedTuple):
    """MNIST's four arrays, in the lecture's order.

    Attributes:
        X_train: uint8 [N, 28, 28], pixel values in [0, 255]; 0 is background.
        X_test: uint8 [M, 28, 28].
        y_train: uint8 [N], digits 0 to 9.
        y_test: uint8 [M].
    """

    X_train: np.ndarray
    X_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray


def load(
    path: files.Path | None = None,
    data_dir: files.Path | None = None,
    dataset: str = 'auto',
    source_url: str | None = None,
    *,
    search: bool = False,
) -> tuple[dict[str, np.ndarray], locate.DatasetInfo]:
    """Loads the four arrays from the lecture's file, or from MNIST's four IDX files.

    Args:
        path: The npz file. None for mnist_data.npz, in the current folder or, in place
            of the IDX files, in the data folder; not if `dataset` is given.
        data_dir: Folder of the IDX files; if None, MNIST_data or another one in which
            `folders` finds the data.
        dataset: Which data set; see `locate.locate`.
        source_url: Base URL of a mirror to download from.
        search: Whether other folders than `data_dir` are searched, too.

    Returns:
        The arrays by the names in KEYS, and where they come from.

    Raises:
        FlagError: If `path` and `dataset` contradict each other.
        DataError: If a file cannot be read or anything in it is wrong.
    """
    if path is not None and dataset != 'auto':
        raise FlagError(
            f'--npz={printable(path)} --dataset={dataset}: expected one of the two'
        )
    if path is None and dataset == 'auto':
        path = _find(data_dir, search)
    if path is not None:
        digits, sha256 = _read_file(path)
        info = locate.DatasetInfo(os.fsdecode(path), 'npz', sha256[:16])
        locate.log_dataset(info)
    else:
        search = search or data_dir is None
        folder = data_dir or _DATA_DIR
        info = locate.locate(folder, dataset, source_url, search=search)
        digits = _read_idx_files(info)
    for name, least in (('X_train', 25), ('X_test', 5)):  # so many does it show
        pixels = getattr(digits, name)
        if len(pixels) < least:
            raise DataError(
                f'{printable(info.directory)}: {len(pixels)} images in {name}; '
                f'expected at least {least}, which the lecture shows'
            )
        if pixels.min() == pixels.max():
            raise DataError(
                f'{printable(info.directory)}: all pixels of {name} are '
                f'{pixels.min()}; expected images with some contrast'
            )
    return digits._asdict(), info


def _find(data_dir: files.Path | None, search: bool) -> str | None:
    """Returns the path of the lecture's file where it comes before IDX files."""
    searched = [os.fsdecode(data_dir or _DATA_DIR)]
    if search or data_dir is None:
        searched = folders.candidates(*searched)
    if data_dir is None and os.path.lexists(DEFAULT_PATH):
        return DEFAULT_PATH
    for folder in searched:
        path = os.path.join(folder, DEFAULT_PATH)
        if folders.holds_files(folder):
            return None
        if os.path.lexists(path):
            return path
    return None


def _read_idx_files(info: locate.DatasetInfo) -> Digits:
    digits = Digits(
        X_train=idx.read_images(info.files[locate.TRAIN_IMAGES]),
        X_test=idx.read_images(info.files[locate.TEST_IMAGES]),
        y_train=idx.read_labels(info.files[locate.TRAIN_LABELS]),
        y_test=idx.read_labels(info.files[locate.TEST_LABELS]),
    )
    where = printable(info.directory)
    idx.check_lengths(digits.X_train, digits.y_train, f'{where}, training set')
    idx.check_lengths(digits.X_test, digits.y_test, f'{where}, test set')
    return digits


def read(path: files.Path) -> Digits:
    """Reads the lecture's file; other arrays in it are ignored.

    Args:
        path: The file.

    Returns:
        The four arrays.

    Raises:
        DataError: If it cannot be read or anything in it is wrong.
    """
    return _read_file(path)[0]


def _read_file(path: files.Path) -> tuple[Digits, str]:
    """Returns the arrays and the SHA-256 of the file."""
    name = files.display_name(path)
    with files.open_regular(path) as stream:
        _check_start(stream, name)
        stream.seek(0)
        sha256 = hashlib.sha256(stream.read()).hexdigest()
        try:
            with zipfile.ZipFile(stream) as archive:
                _check_keys(archive, name)
                digits = Digits(*(_read(archive, key, name) for key in KEYS))
        except DataError:
            raise
        except Exception as error:
            # zipfile and zlib have a dozen ways to say that a file is damaged.
            reason = ' '.join(str(error).split())[:_MAX_SHOWN] or type(error).__name__
            raise DataError(f'{name}: damaged npz file: {printable(reason)}') from error
    _check_digits(digits, name)
    return digits, sha256


def write(path: files.Path, digits: Digits) -> None:
    """Writes the lecture's file, compressed, whole or not at all.

    Args:
        path: Path to write; an existing file is replaced.
        digits: The four arrays.

    Raises:
        DataError: If an array is not what it should be, or the file cannot be written.
    """
    for key, array in digits._asdict().items():
        _check_array(array.dtype, array.shape, key, key)
    _check_digits(digits, files.display_name(path))
    with files.atomic_write(path) as stream:
        np.savez_compressed(stream, **digits._asdict())


def _check_start(stream: BinaryIO, name: str) -> None:
    """Raises DataError unless the file begins as a zip file does."""
    head = stream.read(6)
    if head.startswith(b'PK'):
        return
    expected = f'expected an npz file (a zip of the arrays {", ".join(KEYS)})'
    if not head:
        raise DataError(f'{name}: empty; {expected}')
    if head == b'\x93NUMPY':
        raise DataError(f'{name}: a single array in .npy format; {expected}')
    page = ': a saved web page?' if head.lstrip().startswith(b'<') else ''
    raise DataError(f'{name}: starts with {head[:4]!r}{page}; {expected}')


def _check_keys(archive: zipfile.ZipFile, name: str) -> None:
    names = sorted(archive.namelist())
    if {f'{key}.npy' for key in KEYS} <= set(names):
        return
    shown = (
        ', '.join(printable(entry[:_MAX_SHOWN]) for entry in names[:10]) or 'nothing'
    )
    more = f' and {len(names) - 10} more' if len(names) > 10 else ''
    raise DataError(
        f'{name}: expected the arrays {", ".join(KEYS)}; found {shown}{more}'
    )


def _read(archive: zipfile.ZipFile, key: str, name: str) -> np.ndarray:
    where = f'{name}: {key}'
    member = archive.getinfo(f'{key}.npy')
    if member.flag_bits & 1:
        raise DataError(f'{where} is encrypted; expected an npz file without password')
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # The other methods can allocate gigabytes for a few bytes of input.
        raise DataError(f'{where} is compressed in a way that NumPy never writes')
    with archive.open(member) as stream:
        start, shape, fortran_order = _read_header(stream, key, where)
    size = shape[0] * (1 if key.startswith('y') else 28 * 28)
    if member.file_size != start + size:
        raise DataError(
            f'{where}: header says {list(shape)}, {start + size} bytes in all; '
            f'the zip directory says {member.file_size}'
        )
    if size > idx.MAX_UNCHECKED_BYTES:
        # As in idx: check that the file is complete before allocating.
        _read_items(archive, member, start, size, where)
    items = np.empty(size, np.uint8)
    _read_items(archive, member, start, size, where, items)
    return np.ascontiguousarray(
        items.reshape(shape, order='F' if fortran_order else 'C')
    )


def _read_header(
    stream: IO[bytes], key: str, where: str
) -> tuple[int, tuple[int, ...], bool]:
    """Returns offset and shape of the items, and whether in Fortran order."""
    head = io.BytesIO(stream.read(_HEADER_BYTES))
    try:
        version = np.lib.format.read_magic(head)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, fortran_order, dtype = read_header(head)
    except Exception as error:  # NumPy evaluates it as Python, so it can be anything
        raise DataError(f'{where} is not an array in .npy format') from error
    _check_array(dtype, shape, key, where)
    return head.tell(), shape, fortran_order


def _check_array(dtype: np.dtype, shape: tuple[int, ...], key: str, where: str) -> None:
    item_shape = () if key.startswith('y') else (28, 28)
    if dtype != np.uint8 or not shape or shape[1:] != item_shape:
        expected = ', '.join(['N', *map(str, item_shape)])
        raise DataError(
            f'{where} is {dtype} {list(shape)}; expected uint8 [{expected}]'
        )
    if not 1 <= shape[0] <= idx.MAX_ITEMS:
        raise DataError(
            f'{where}: header says {shape[0]} examples; expected 1 to {idx.MAX_ITEMS}'
        )


def _check_digits(digits: Digits, name: str) -> None:
    """Raises DataError for labels above 9, and unless each image has a label."""
    for part in ('train', 'test'):
        labels = getattr(digits, f'y_{part}')
        idx.check_labels(labels, f'{name}: y_{part}')
        idx.check_lengths(getattr(digits, f'X_{part}'), labels, f'{name}, {part}')


def _read_items(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    start: int,
    size: int,
    where: str,
    items: np.ndarray | None = None,
) -> None:
    """Reads the items, into `items` if given, and checks their size and CRC."""
    with archive.open(member) as stream:
        stream.read(start)
        count = idx.read_exactly(stream, size, items)
        more = len(stream.read(1))
    if count < size or more:
        raise DataError(
            f'{where}: header says {size} bytes, data holds {count}'
            + (' or more' if more else '')
        )
