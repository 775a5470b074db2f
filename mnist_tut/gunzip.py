"""Reads a gzip file a little at a time, and to its very end.

Python's own gzip module checks the CRC only if one reads on after the last byte wanted,
and takes a second member, or garbage, for more of the same. Here a file is one member,
and what it holds is never more than what was asked for.
"""

import zlib
from typing import BinaryIO

from mnist_tut.errors import DataError
from mnist_tut.files import REMEDY

try:
    # ISA-L inflates twice as fast as zlib, and loading MNIST is little else.
    from isal import isal_zlib as inflater
except ImportError:  # there are processors that it is not made for
    inflater = zlib  # type: ignore[misc]

_MAGIC = b'\x1f\x8b'
_BLOCK_BYTES = 1 << 16  # read from the file at a time
_PADDING_BYTES = 1 << 20  # of zeros that may follow, as on a tape


class Plain:
    """The bytes of a file that is not compressed.

    Attributes:
        num_consumed: Bytes read from the file so far.
    """

    def __init__(self, stream: BinaryIO, head: bytes):
        self._stream = stream
        self._head = head
        self.num_consumed = len(head)

    def read(self, size: int) -> bytes:
        """Returns up to `size` bytes, none at the end."""
        if self._head:
            block, self._head = self._head[:size], self._head[size:]
            return block
        block = self._stream.read(size)
        self.num_consumed += len(block)
        return block

    def finish(self) -> None:
        """Has nothing to check: the end of the file is the end of the data."""


class Gunzip:
    """The bytes inside a gzip file of exactly one member.

    Attributes:
        num_consumed: Bytes read from the file so far.
    """

    def __init__(self, stream: BinaryIO, head: bytes, name: str):
        self._stream = stream
        self._name = name
        self._input = head
        self._inflate = inflater.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self.num_consumed = len(head)

    def read(self, size: int) -> bytes:
        """Returns up to `size` bytes; none at the end, when the CRC was found right.

        Raises:
            DataError: If the file ends before its data.
            zlib.error: If it is damaged.
        """
        while not self._inflate.eof:
            block = self._input or self._next_block()
            if not block:
                raise DataError(
                    f'{self._name}: truncated gzip at byte {self.num_consumed}; '
                    + REMEDY
                )
            try:
                data = self._inflate.decompress(block, size)
            except inflater.error as error:  # type: ignore[misc]
                raise zlib.error(str(error)) from error
            self._input = self._inflate.unconsumed_tail
            if data:
                return data
        return b''

    def finish(self) -> None:
        """Looks at what follows the data; zeros may, as the gzip program has it.

        Raises:
            DataError: If it is anything else.
        """
        num_zeros = 0
        rest = self._inflate.unused_data or self._next_block()
        while rest:
            found = rest.lstrip(b'\0')
            num_zeros += len(rest) - len(found)
            if found or num_zeros > _PADDING_BYTES:
                what = f'garbage, {found[:4]!r},' if found else 'too much padding'
                if found.startswith(_MAGIC):
                    what = 'a second gzip member'
                raise DataError(f'{self._name}: {what} after the data; {REMEDY}')
            rest = self._next_block()

    def _next_block(self) -> bytes:
        block = self._stream.read(_BLOCK_BYTES)
        self.num_consumed += len(block)
        return block


def open_reader(stream: BinaryIO, name: str) -> Plain | Gunzip:
    """Tells a compressed file from one of plain binary numbers by its first bytes.

    Args:
        stream: The open file.
        name: How to call it in an error.

    Returns:
        The reader of its data.

    Raises:
        DataError: If it is neither.
    """
    head = stream.read(4)
    if not head:
        raise DataError(f'{name}: empty; expected a gzip file; {REMEDY}')
    if head.startswith(_MAGIC) or head == _MAGIC[:1]:
        return Gunzip(stream, head, name)
    if not head.startswith(b'\0'):
        page = ': a saved web page?' if head.lstrip().startswith(b'<') else ''
        raise DataError(
            f'{name}: not a gzip file, starts with {head!r}{page}; {REMEDY}'
        )
    return Plain(stream, head)
