"""Data files opened with care and written whole.

A path that a user gives may lead to a folder, a pipe that nobody writes to, or a link
to nothing; each gets its line. Nothing here ever waits.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from typing import IO, BinaryIO

from mnist_tut import partial
from mnist_tut.errors import DataError, show_path

Path = str | bytes | os.PathLike

REMEDY = 'remove it to have it downloaded again'


def name_of(source: Path | IO) -> str:
    """Returns how to call a path, or an open file, in a printed line."""
    name = getattr(source, 'name', None) if hasattr(source, 'read') else source
    if isinstance(name, (str, bytes, os.PathLike)):
        return show_path(name)
    return f'<{type(source).__name__} without a name>'


def open_regular(path: Path) -> BinaryIO:
    """Opens a file for reading, at once.

    Raises:
        DataError: If it is not a file, or cannot be opened.
    """
    name = show_path(path)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode):
            return open(path, 'rb', opener=_open_without_waiting)
    except FileNotFoundError as error:
        what = 'a symbolic link to nothing' if os.path.islink(path) else 'not there'
        raise DataError(f'{name} is {what}; expected a data file') from error
    except OSError as error:
        raise DataError(f'{name} cannot be opened: {error.strerror}') from error
    except ValueError as error:  # a path with a zero byte
        raise DataError(f'{name} cannot be opened: {error}') from error
    what = 'a folder' if stat.S_ISDIR(mode) else 'a pipe or a device'
    raise DataError(f'{name} is {what}; expected a data file')


def _open_without_waiting(path: str, flags: int) -> int:
    # The path may have become a pipe since it was looked at.
    return os.open(path, flags | getattr(os, 'O_NONBLOCK', 0))


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Opens a temporary file that becomes `path` when the block ends without error.

    Raises:
        DataError: If it cannot be written.
    """
    path = os.fsdecode(path)
    try:
        with partial.open_new(os.path.dirname(path) or '.') as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            if os.name == 'nt':
                stream.close()  # Windows renames no file that is open
            os.replace(stream.name, path)
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f'{show_path(path)} cannot be written: {reason}') from error
