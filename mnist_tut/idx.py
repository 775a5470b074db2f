"""The one parser and writer of IDX files, the format that MNIST is published in.

A file is a header (magic number, count and, for images, rows and columns; big-endian
32-bit numbers) and then one byte for each pixel or label, all of it gzip-compressed.
What a header says is checked before anything is allocated, and a file is read to its
end, because only there gzip keeps the CRC. The original loader stopped at the last
pixel: it took flipped bytes, and labels above 9, for good data.
"""

import gzip
import os
import struct
import zlib
from typing import BinaryIO, NamedTuple

from mnist_tut import files, gunzip
from mnist_tut.errors import DataError, show_path
from mnist_tut.files import REMEDY

import numpy as np

MAX_ITEMS = 10**6  # in one file; the largest set like MNIST, EMNIST, has 814,255
NUM_CLASSES = 10

_TRUSTED_BYTES = 1 << 26  # allocated on the word of a header; MNIST needs 47 MB
_BLOCK_BYTES = 1 << 19  # decompressed at a time: all that a block of input gives
_LEFTOVER_BYTES = 1 << 20  # counted, for the error line, after the last item


class _Kind(NamedTuple):
    """What a file of images, or of labels, must be."""

    name: str
    magic: int
    item_shape: tuple[int, ...]
    item_bytes: int


_IMAGE = _Kind('image', 2051, (28, 28), 28 * 28)
_LABEL = _Kind('label', 2049, (), 1)


def read_images(source: files.Path | BinaryIO) -> np.ndarray:
    """Reads a file of images.

    Args:
        source: A path or an open binary file; compressed or not, whatever its name.

    Returns:
        uint8 [N, 28, 28], ink in [0, 255]; 0 is background.

    Raises:
        DataError: If it cannot be read or anything in it is not right.
    """
    return _read(source, _IMAGE)


def read_labels(source: files.Path | BinaryIO) -> np.ndarray:
    """Reads a file of labels.

    Args:
        source: As in `read_images`.

    Returns:
        uint8 [N], digits 0 to 9.

    Raises:
        DataError: If it cannot be read or anything in it is not right.
    """
    labels = _read(source, _LABEL)
    check_labels(labels, files.name_of(source))
    return labels


def write_images(path: files.Path, images: np.ndarray) -> None:
    """Writes a gzip-compressed file of images, whole or not at all.

    Args:
        path: Where to; a file that is there is replaced.
        images: uint8 [N, 28, 28].

    Raises:
        DataError: If the array is not that, or the file cannot be written.
    """
    _write(path, images, _IMAGE)


def write_labels(path: files.Path, labels: np.ndarray) -> None:
    """Writes a gzip-compressed file of labels, whole or not at all.

    Args:
        path: Where to; a file that is there is replaced.
        labels: uint8 [N], digits 0 to 9.

    Raises:
        DataError: If the array is not that, or the file cannot be written.
    """
    check_labels(labels, show_path(path))
    _write(path, labels, _LABEL)


def check_labels(labels: np.ndarray, name: str, num_classes: int = NUM_CLASSES) -> None:
    """Refuses labels that are not in [0, num_classes).

    Args:
        labels: Array of whole numbers.
        name: What to call them in the error.
        num_classes: Number of classes.

    Raises:
        DataError: Naming the first wrong one.
    """
    wrong = np.flatnonzero((labels < 0) | (labels >= num_classes))
    if wrong.size:
        raise DataError(
            f'{name}: label {labels.flat[wrong[0]]} at index {wrong[0]}; '
            f'expected 0 to {num_classes - 1}'
        )


def _read(source: files.Path | BinaryIO, kind: _Kind) -> np.ndarray:
    name = files.name_of(source)
    if not isinstance(source, (str, bytes, os.PathLike)):
        return _parse(source, kind, name)
    with files.open_regular(source) as stream:
        return _parse(stream, kind, name)


def _parse(stream: BinaryIO, kind: _Kind, name: str) -> np.ndarray:
    try:
        reader = gunzip.open_reader(stream, name)
        count = _read_header(reader, kind, name)
        if count * kind.item_bytes > _TRUSTED_BYTES:
            # A few kilobytes can claim to be 784 MB, and can even hold them and more:
            # see that all is right before any of it is kept.
            _read_items(reader, kind, name, count)
            stream.seek(-reader.num_consumed, os.SEEK_CUR)
            reader = gunzip.open_reader(stream, name)
            count = _read_header(reader, kind, name)
        items = np.empty(count * kind.item_bytes, np.uint8)
        _read_items(reader, kind, name, count, items)
    except zlib.error as error:
        raise DataError(f'{name}: damaged: {error}; {REMEDY}') from error
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f'{name} cannot be read: {reason}') from error
    return items.reshape(count, *kind.item_shape)


def _read_header(reader: gunzip.Plain | gunzip.Gunzip, kind: _Kind, name: str) -> int:
    """Returns the number of items, after checking all that the header says."""
    size = 8 + 4 * len(kind.item_shape)
    header = b''
    while len(header) < size and (block := reader.read(size - len(header))):
        header += block
    magic = int.from_bytes(header[:4], 'big')
    if len(header) >= 4 and magic != kind.magic:
        raise DataError(
            f'Invalid magic number {magic} in MNIST {kind.name} file: {name}; '
            f'expected {kind.magic}'
        )
    if len(header) < size:
        raise DataError(
            f'{name}: holds {len(header)} bytes, too few for the header of a file of '
            f'{kind.name}s, which has {size}; {REMEDY}'
        )
    count, *item_shape = struct.unpack(f'>{size // 4 - 1}I', header[4:])
    if tuple(item_shape) != kind.item_shape:
        raise DataError(
            f'{name}: header says {count} images of {item_shape[0]}x{item_shape[1]} '
            'pixels; expected 28x28'
        )
    if not 1 <= count <= MAX_ITEMS:
        raise DataError(
            f'{name}: header says {count} {kind.name}s; expected 1 to {MAX_ITEMS}'
        )
    return count


def _read_items(
    reader: gunzip.Plain | gunzip.Gunzip,
    kind: _Kind,
    name: str,
    count: int,
    items: np.ndarray | None = None,
) -> None:
    """Reads all that follows the header, into `items` if given, and checks the end."""
    total = count * kind.item_bytes
    done = 0
    while done < total and (block := reader.read(min(total - done, _BLOCK_BYTES))):
        if items is not None:
            items[done : done + len(block)] = np.frombuffer(block, np.uint8)
        done += len(block)
    if done < total:
        whole, rest = divmod(done, kind.item_bytes)
        raise DataError(
            f'{name}: header says {count} {kind.name}s, data holds {whole}'
            + (f' and {rest} bytes of one more; {REMEDY}' if rest else f'; {REMEDY}')
        )
    left = 0
    while left < _LEFTOVER_BYTES and (block := reader.read(_BLOCK_BYTES)):
        left += len(block)
    if left:
        more = ' or more' if left >= _LEFTOVER_BYTES else ''
        raise DataError(
            f'{name}: {left}{more} bytes left over after the {count} {kind.name}s that '
            f'the header says; {REMEDY}'
        )
    reader.finish()


def _write(path: files.Path, items: np.ndarray, kind: _Kind) -> None:
    if items.dtype != np.uint8 or items.shape[1:] != kind.item_shape or not len(items):
        expected = ', '.join(['N', *map(str, kind.item_shape)])
        raise DataError(
            f'{show_path(path)} cannot be written: the {kind.name}s are {items.dtype} '
            f'{list(items.shape)}; expected uint8 [{expected}]'
        )
    header = struct.pack(f'>{1 + items.ndim}I', kind.magic, *items.shape)
    # No name and no time inside: the same digits are always the same bytes.
    with (
        files.replacing(path) as stream,
        gzip.GzipFile('', 'wb', compresslevel=6, fileobj=stream, mtime=0) as file,
    ):
        file.write(header)
        file.write(np.ascontiguousarray(items).data)
