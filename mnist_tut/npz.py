"""The lecture's mnist_data.npz: the four arrays of MNIST in one file.

An npz file is a zip of .npy arrays. NumPy's own loader believes the sizes that are
written in it, unpickles objects where it is allowed to, and takes a saved web page for
a pickle. Here the zip's directory and each array's header are read and compared first;
no object is ever unpickled.
"""

import io
import zipfile
from typing import IO, BinaryIO, NamedTuple

from mnist_tut import files, idx
from mnist_tut.errors import DataError, show_path

import numpy as np

KEYS = ('X_train', 'X_test', 'y_train', 'y_test')

_HEADER_BYTES = 1 << 12  # NumPy writes 128
_BLOCK_BYTES = 1 << 16
_TRUSTED_BYTES = 1 << 26  # allocated on the word of a header, as in idx


class Digits(NamedTuple):
    """MNIST's four arrays, in the lecture's order.

    Attributes:
        X_train: uint8 [N, 28, 28], ink in [0, 255]; 0 is background.
        X_test: uint8 [M, 28, 28].
        y_train: uint8 [N], digits 0 to 9.
        y_test: uint8 [M].
    """

    X_train: np.ndarray
    X_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray


def read(path: files.Path) -> Digits:
    """Reads the lecture's file; other arrays in it are left alone.

    Args:
        path: The file.

    Returns:
        The four arrays.

    Raises:
        DataError: If it cannot be read or anything in it is not right.
    """
    name = files.name_of(path)
    with files.open_regular(path) as stream:
        _check_start(stream, name)
        try:
            with zipfile.ZipFile(stream) as archive:
                _check_keys(archive, name)
                digits = Digits(*(_read(archive, key, name) for key in KEYS))
        except DataError:
            raise
        except Exception as error:
            # zipfile and zlib have a dozen ways to say that a file is damaged.
            reason = ' '.join(str(error).split()) or type(error).__name__
            raise DataError(f'{name}: damaged npz file: {reason}') from error
    _check_pairs(digits, name)
    return digits


def write(path: files.Path, digits: Digits) -> None:
    """Writes the lecture's file, compressed, whole or not at all.

    Args:
        path: Where to; a file that is there is replaced.
        digits: The four arrays.

    Raises:
        DataError: If an array is not what it should be, or the file cannot be written.
    """
    for key, array in digits._asdict().items():
        _check_array(array.dtype, array.shape, key, key)
    _check_pairs(digits, files.name_of(path))
    with files.replacing(path) as stream:
        np.savez_compressed(stream, **digits._asdict())


def _check_start(stream: BinaryIO, name: str) -> None:
    """Tells what a file that is not a zip file is likely to be."""
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
    found = sorted(archive.namelist())
    if {f'{key}.npy' for key in KEYS} <= set(found):
        return
    shown = ', '.join(show_path(entry) for entry in found[:10]) or 'nothing'
    more = f' and {len(found) - 10} more' if len(found) > 10 else ''
    raise DataError(
        f'{name}: expected the arrays {", ".join(KEYS)}; found {shown}{more}'
    )


def _read(archive: zipfile.ZipFile, key: str, name: str) -> np.ndarray:
    where = f'{name}: {key}'
    member = archive.getinfo(f'{key}.npy')
    if member.flag_bits & 1:
        raise DataError(f'{where} is encrypted; expected an npz file without password')
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # The other methods take as much memory as a few bytes tell them to.
        raise DataError(f'{where} is compressed in a way that NumPy never writes')
    with archive.open(member) as stream:
        start, shape, by_columns = _read_header(stream, key, where)
    size = shape[0] * (1 if key.startswith('y') else 28 * 28)
    if member.file_size != start + size:
        raise DataError(
            f'{where}: header says {list(shape)}, {start + size} bytes in all; '
            f'the zip directory says {member.file_size}'
        )
    if size > _TRUSTED_BYTES:
        # As in idx: see that it is all there before any of it is kept.
        _read_items(archive, member, start, size, where)
    items = np.empty(size, np.uint8)
    _read_items(archive, member, start, size, where, items)
    return np.ascontiguousarray(items.reshape(shape, order='F' if by_columns else 'C'))


def _read_header(
    stream: IO[bytes], key: str, where: str
) -> tuple[int, tuple[int, ...], bool]:
    """Returns where the items begin, the shape, and whether columns are together."""
    head = io.BytesIO(stream.read(_HEADER_BYTES))
    try:
        version = np.lib.format.read_magic(head)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, by_columns, dtype = read_header(head)
    except Exception as error:  # NumPy evaluates it as Python, so it can be anything
        raise DataError(f'{where} is not an array in .npy format') from error
    _check_array(dtype, shape, key, where)
    return head.tell(), shape, by_columns


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


def _check_pairs(digits: Digits, name: str) -> None:
    """Refuses labels above 9, and images without a label or the other way round."""
    for part in ('train', 'test'):
        num_images = len(getattr(digits, f'X_{part}'))
        labels = getattr(digits, f'y_{part}')
        idx.check_labels(labels, f'{name}: y_{part}')
        if num_images != len(labels):
            raise DataError(
                f'{name}: {num_images} images in X_{part}, but {len(labels)} labels '
                f'in y_{part}'
            )


def _read_items(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    start: int,
    size: int,
    where: str,
    items: np.ndarray | None = None,
) -> None:
    """Reads what follows the header, into `items` if given; at its end is the CRC."""
    with archive.open(member) as stream:
        stream.read(start)
        done = 0
        while block := stream.read(_BLOCK_BYTES):
            if items is not None:
                items[done : done + len(block)] = np.frombuffer(block, np.uint8)
            done += len(block)
    if done != size:
        raise DataError(f'{where}: header says {size} bytes, data holds {done}')
