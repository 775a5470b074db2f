"""Reads and writes IDX files, the format that MNIST is published in.

A file is a header (magic number, count and, for images, rows and columns; big-endian
32-bit numbers) and then one byte for each pixel or label, all of it gzip-compressed.
The header is checked before anything is allocated, and a file is read to its end,
because that is where gzip keeps the CRC. The original loader stopped at the last pixel:
it accepted flipped bytes, and labels above 9.
"""

import gzip
import hashlib
import io
import os
import struct
import zlib
from collections.abc import Callable
from typing import IO, BinaryIO, NamedTuple

from mnist_tut import files
from mnist_tut.data import memory
from mnist_tut.errors import DamagedError, DataError, printable

import numpy as np

try:
    # ISA-L inflates twice as fast as zlib, which is most of the work of loading MNIST.
    from isal.igzip import GzipFile
    from isal.isal_zlib import error as inflate_error
except ImportError:  # on processors that it does not support
    from gzip import GzipFile  # type: ignore[assignment]
    from zlib import error as inflate_error  # type: ignore[assignment]

MAX_ITEMS = 10**6  # in one file; the largest set like MNIST, EMNIST, has 814,255
NUM_CLASSES = 10
MAX_UNCHECKED_BYTES = 1 << 26  # allocated before data are checked; MNIST needs 47 MB
HINT = 'remove it to have it downloaded again'

_BLOCK_BYTES = 1 << 19  # read at a time
_LEFTOVER_BYTES = 1 << 20  # after the last item, counted for the message
# ISA-L raises OverflowError for a header that is larger than its buffer.
_BROKEN_GZIP = (
    EOFError, gzip.BadGzipFile, zlib.error, inflate_error, OverflowError,
)  # fmt: skip


class _Format(NamedTuple):
    """The expected format of a file of images, or of labels."""

    name: str
    magic: int
    item_shape: tuple[int, ...]

    @property
    def item_bytes(self) -> int:
        """Bytes of one image or label."""
        return int(np.prod(self.item_shape))


_IMAGES = _Format('image', 2051, (28, 28))
_LABELS = _Format('label', 2049, ())


class IdxFile(os.PathLike):
    """The path of a data file, with its content if verifying it has read that already.

    The content is handed out once, so that a verified file need not be read again to be
    extracted; after that the file is read as usual.

    Args:
        path: The path.
        content: Bytes of the file, if they are in memory.
        array: Images or labels of the file, if they have been parsed.
    """

    def __init__(
        self,
        path: files.Path,
        content: bytes | None = None,
        array: np.ndarray | None = None,
    ):
        self.path = os.fsdecode(path)
        self._content = content
        self._array = array

    def __fspath__(self) -> str:
        """Returns the path."""
        return self.path

    def take_array(self) -> np.ndarray | None:
        """Returns the array if the file has been parsed, and releases it."""
        array, self._array = self._array, None
        return array

    def open(self) -> BinaryIO:
        """Opens the file, or its content if that is in memory."""
        content, self._content = self._content, None
        return files.open_regular(self) if content is None else io.BytesIO(content)


Source = files.Path | BinaryIO | IdxFile


def read_images(source: Source) -> np.ndarray:
    """Reads a file of images.

    Args:
        source: A path, an IdxFile or an open binary file; compressed or not, whatever
            its name.

    Returns:
        uint8 [N, 28, 28], pixel values in [0, 255]; 0 is background.

    Raises:
        DamagedError: If the file is cut short or corrupt.
        DataError: If it cannot be read or anything in it is wrong.
    """
    return _read(source, _IMAGES)


def read_labels(source: Source) -> np.ndarray:
    """Reads a file of labels.

    Args:
        source: As in `read_images`.

    Returns:
        uint8 [N], digits 0 to 9.

    Raises:
        DamagedError, DataError: As in `read_images`.
    """
    return _read(source, _LABELS)


def reader_for(name: str) -> Callable[[Source], np.ndarray]:
    """Returns `read_images` or `read_labels`, by the name of one of MNIST's files."""
    return read_images if 'images' in os.path.basename(name) else read_labels


def write_images(path: files.Path, images: np.ndarray) -> None:
    """Writes a gzip-compressed file of images, whole or not at all.

    Args:
        path: Path to write; an existing file is replaced.
        images: uint8 [N, 28, 28].

    Raises:
        DataError: If the array is not that, or the file cannot be written.
    """
    _write(path, images, _IMAGES)


def write_labels(path: files.Path, labels: np.ndarray) -> None:
    """Writes a gzip-compressed file of labels, whole or not at all.

    Args:
        path: Path to write; an existing file is replaced.
        labels: uint8 [N], digits 0 to 9.

    Raises:
        DataError: If the array is not that, or the file cannot be written.
    """
    check_labels(labels, printable(path))
    _write(path, labels, _LABELS)


def sha256(array: np.ndarray) -> str:
    """Returns the SHA-256 of the IDX file of an array, before compression."""
    digest = hashlib.sha256(_header(array))
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def check_labels(labels: np.ndarray, name: str, num_classes: int = NUM_CLASSES) -> None:
    """Raises DataError if a label is not in [0, num_classes).

    Args:
        labels: Array of whole numbers.
        name: Their name in the message.
        num_classes: Number of classes.
    """
    wrong = np.flatnonzero((labels < 0) | (labels >= num_classes))
    if wrong.size:
        raise DataError(
            f'{name}: label {labels.flat[wrong[0]]} at index {wrong[0]}; '
            f'expected 0 to {num_classes - 1}'
        )


def check_lengths(images: np.ndarray, labels: np.ndarray, name: str) -> None:
    """Raises DataError unless there is a label for each image."""
    if len(images) != len(labels):
        raise DataError(
            f'{name}: {len(images)} images, but {len(labels)} labels; expected one '
            'label for each image'
        )


def read_exactly(reader: IO[bytes], size: int, items: np.ndarray | None = None) -> int:
    """Reads `size` bytes, into `items` unless that is None.

    Args:
        reader: Open file.
        size: How many bytes to read.
        items: uint8 [size].

    Returns:
        How many there were: `size`, or fewer at the end of the file.
    """
    done = 0
    while done < size and (block := reader.read(min(size - done, _BLOCK_BYTES))):
        if items is not None:
            items[done : done + len(block)] = np.frombuffer(block, np.uint8)
        done += len(block)
    return done


def _read(source: Source, format_: _Format) -> np.ndarray:
    name = files.display_name(source)
    if isinstance(source, IdxFile):
        array = source.take_array()
        if array is None:
            with source.open() as stream:
                array = _parse(stream, format_, name)
    elif isinstance(source, (str, bytes, os.PathLike)):
        with files.open_regular(source) as stream:
            array = _parse(stream, format_, name)
    else:
        array = _parse(source, format_, name)
    if format_ is _LABELS:
        check_labels(array, name)
    return array


def _parse(stream: BinaryIO, format_: _Format, name: str) -> np.ndarray:
    try:
        start = stream.tell()
        reader = _open_reader(stream, name)
        try:
            count = _read_header(reader, format_, name)
            if count * format_.item_bytes > MAX_UNCHECKED_BYTES:
                # A few kilobytes can claim to be 784 MB, and can inflate to more than
                # that: check everything before allocating.
                _read_items(reader, format_, name, count)
                stream.seek(start)
                reader = _open_reader(stream, name)
                _read_header(reader, format_, name)
            items = memory.aligned((count * format_.item_bytes,), np.uint8)
            _read_items(reader, format_, name, count, items)
        except DataError:
            _read_to_end(reader)  # a damaged stream raises its own error here
            raise
    except EOFError as error:
        raise DamagedError(
            f'{name}: truncated gzip at byte {stream.tell() - start}, or more bytes '
            f'after its end; {HINT}'
        ) from error
    except _BROKEN_GZIP as error:  # type: ignore[misc]
        raise DamagedError(f'{name}: damaged: {error}; {HINT}') from error
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f'{name} cannot be read: {reason}') from error
    return items.reshape(count, *format_.item_shape)


def _open_reader(stream: BinaryIO, name: str) -> BinaryIO:
    """Returns a reader of the uncompressed data, according to the first bytes."""
    head = stream.read(4)
    stream.seek(-len(head), os.SEEK_CUR)
    if not head:
        raise DamagedError(f'{name}: empty; expected a gzip file; {HINT}')
    if head == b'\x1f':
        raise DamagedError(f'{name}: truncated gzip at byte 1; {HINT}')
    if head.startswith(b'\x1f\x8b'):
        return GzipFile(fileobj=stream)  # type: ignore[return-value]
    if not head.startswith(b'\0'):
        page = ': a saved web page?' if head.lstrip().startswith(b'<') else ''
        raise DamagedError(
            f'{name}: not a gzip file, starts with {head!r}{page}; {HINT}'
        )
    return stream


def _read_header(reader: BinaryIO, format_: _Format, name: str) -> int:
    """Returns the number of items, and checks the header."""
    size = 8 + 4 * len(format_.item_shape)
    header = b''
    while len(header) < size and (block := reader.read(size - len(header))):
        header += block
    magic = int.from_bytes(header[:4], 'big')
    if len(header) >= 4 and magic != format_.magic:
        raise DataError(
            f'Invalid magic number {magic} in MNIST {format_.name} file: {name}; '
            f'expected {format_.magic}'
        )
    if len(header) < size:
        raise DataError(
            f'{name}: holds {len(header)} bytes, too few for the header of a file of '
            f'{format_.name}s, which has {size}; {HINT}'
        )
    count, *item_shape = struct.unpack(f'>{size // 4 - 1}I', header[4:])
    if tuple(item_shape) != format_.item_shape:
        raise DataError(
            f'{name}: header says {count} images of {item_shape[0]}x{item_shape[1]} '
            'pixels; expected 28x28'
        )
    if not 1 <= count <= MAX_ITEMS:
        raise DataError(
            f'{name}: header says {count} {format_.name}s; expected 1 to {MAX_ITEMS}'
        )
    return count


def _read_items(
    reader: BinaryIO,
    format_: _Format,
    name: str,
    count: int,
    items: np.ndarray | None = None,
) -> None:
    """Reads the items, into `items` if given, and checks that the file ends there."""
    total = count * format_.item_bytes
    num_bytes = read_exactly(reader, total, items)
    if num_bytes < total:
        whole, rest = divmod(num_bytes, format_.item_bytes)
        raise DataError(
            f'{name}: header says {count} {format_.name}s, data holds {whole}'
            + (f' and {rest} bytes of one more; {HINT}' if rest else f'; {HINT}')
        )
    # gzip checks its CRC only when it is read past the last item.
    left = 0
    while left < _LEFTOVER_BYTES and (block := reader.read(_BLOCK_BYTES)):
        left += len(block)
    if left:
        more = ' or more' if left >= _LEFTOVER_BYTES else ''
        raise DataError(
            f'{name}: {left}{more} bytes left over after the {count} {format_.name}s '
            f'that the header says; {HINT}'
        )


def _read_to_end(reader: BinaryIO) -> None:
    """Reads the rest, up to a limit, so that gzip checks its CRC."""
    left = MAX_UNCHECKED_BYTES
    while left > 0 and (block := reader.read(_BLOCK_BYTES)):
        left -= len(block)


def _header(array: np.ndarray) -> bytes:
    return struct.pack(f'>{1 + array.ndim}I', 0x0800 + array.ndim, *array.shape)


def _write(path: files.Path, items: np.ndarray, format_: _Format) -> None:
    if (
        items.dtype != np.uint8
        or items.shape[1:] != format_.item_shape
        or not len(items)
    ):
        expected = ', '.join(['N', *map(str, format_.item_shape)])
        raise DataError(
            f'{printable(path)} cannot be written: the {format_.name}s are '
            f'{items.dtype} {list(items.shape)}; expected uint8 [{expected}]'
        )
    # Without a name and a time in its header, equal digits give equal bytes.
    with (
        files.atomic_write(path) as stream,
        gzip.GzipFile('', 'wb', compresslevel=6, fileobj=stream, mtime=0) as file,
    ):
        file.write(_header(items))
        file.write(np.ascontiguousarray(items).data)
