"""Opens files without blocking, writes them atomically, and locks them.

A user's path may lead to a folder, a pipe without a writer, or a dangling link. Each
has its own message, and opening it never blocks.

A file is written under a temporary name in the same folder and renamed once it is
complete. A killed process leaves its temporary file behind; the next process to write
to the folder removes it, unless it is locked: the operating system releases a lock when
its process ends.
"""

import contextlib
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from typing import IO, BinaryIO

from mnist_tut.errors import DataError, UserError, printable, shortened

if sys.platform == 'win32':
    import msvcrt
else:
    import fcntl

Path = str | bytes | os.PathLike

_PREFIX, _SUFFIX = '.mnist_tut-', '.part'
# What file systems allow, less the names of the files in the folder. os.makedirs calls
# itself for each folder of a path.
_LONGEST_NAME, _LONGEST_PATH, _DEEPEST = 255, 3900, 500
# Of a disk that has no locks, as some network disks do.
_WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def display_name(source: Path | IO) -> str:
    """Returns the name of a path, or of an open file, for a message."""
    name = getattr(source, 'name', None) if hasattr(source, 'read') else source
    if isinstance(name, (str, bytes, os.PathLike)):
        return printable(name)
    return f'<{type(source).__name__} without a name>'


def open_regular(
    path: Path, failure: type[UserError] = DataError, expected: str = 'a data file'
) -> BinaryIO:
    """Opens a regular file for reading, without blocking.

    Args:
        path: Path of the file; a symbolic link is followed.
        failure: Class of the error.
        expected: What the file should be, for the message.

    Raises:
        failure: If it is not a regular file, or cannot be opened.
    """
    name = printable(path)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode):
            return open(path, 'rb', opener=_open_nonblocking)
    except FileNotFoundError as error:
        what = 'a dangling symbolic link' if os.path.islink(path) else 'missing'
        raise failure(f'{name} is {what}; expected {expected}') from error
    except OSError as error:
        raise failure(f'{name} cannot be opened: {error.strerror}') from error
    except ValueError as error:  # a path with a zero byte
        raise failure(f'{name} cannot be opened: {error}') from error
    what = 'a folder' if stat.S_ISDIR(mode) else 'a pipe or a device'
    raise failure(f'{name} is {what}; expected {expected}')


def _open_nonblocking(path: str, flags: int) -> int:
    # The path may have become a pipe since its mode was read.
    return os.open(path, flags | getattr(os, 'O_NONBLOCK', 0))


def check_folder(
    folder: str,
    label: str = '',
    error: type[UserError] = DataError,
    must_write: bool = True,
) -> None:
    """Raises `error` unless `folder` is a folder or can be created.

    Args:
        folder: Path of the folder; '' is the current one.
        label: Start of the message, for example the flag; the path if ''.
        error: Class of the error.
        must_write: Whether an existing folder must be writable.
    """
    label = label or shortened(folder or os.curdir)
    if _is_too_long(folder):
        raise error(
            f'{label}: too long for a folder; choose a shorter path, with names of at '
            f'most {_LONGEST_NAME} bytes'
        )
    nearest = folder = folder or os.curdir
    while not os.path.lexists(nearest):
        nearest = os.path.dirname(nearest) or os.curdir
    if not os.path.isdir(nearest):
        raise error(
            f'{label}: {printable(nearest)} is not a folder; expected a folder, or a '
            'path where one can be made'
        )
    writable = os.access(nearest, os.W_OK | os.X_OK)
    if (must_write or nearest != folder) and not writable:
        raise error(
            f'{label}: {printable(nearest)} cannot be written to; choose another '
            'folder or change its permissions'
        )


def _is_too_long(folder: str) -> bool:
    """Returns whether no folder of that name can be made.

    It is asked before the search for the data, which takes seconds: a missing folder is
    not made before there is something to write.
    """
    if os.path.lexists(folder):
        return False
    names = os.fsencode(folder).split(os.fsencode(os.sep))
    return (
        len(names) > _DEEPEST
        or max(map(len, names)) > _LONGEST_NAME
        or (len(os.fsencode(folder)) > _LONGEST_PATH)
    )


@contextlib.contextmanager
def atomic_write(
    path: Path, error: type[UserError] = DataError, hint: str = ''
) -> Iterator[BinaryIO]:
    """Opens a temporary file that becomes `path` if the block ends without an error.

    Args:
        path: Final path. A missing folder is created.
        error: Class of the error if the file cannot be written.
        hint: What to do about it, added to the message.

    Yields:
        The temporary file, open for writing.
    """
    path = os.fsdecode(path)
    if '\0' in path:
        raise error(f'{printable(path)} cannot be written: its name has a zero byte')
    try:
        with _temporary_file(os.path.dirname(path) or os.curdir) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            if os.name == 'nt':
                stream.close()  # Windows does not rename an open file
            os.replace(stream.name, path)
    except OSError as failure:
        reason = failure.strerror or failure
        hint = hint and f'; {hint}'
        raise error(f'{printable(path)} cannot be written: {reason}{hint}') from failure


def write_bytes(
    path: Path, content: bytes, error: type[UserError] = DataError, hint: str = ''
) -> None:
    """Writes a file as `atomic_write` does."""
    with atomic_write(path, error, hint) as stream:
        stream.write(content)


@contextlib.contextmanager
def _temporary_file(folder: str) -> Iterator[BinaryIO]:
    """Opens a new locked file in `folder`; removes it unless it has been renamed."""
    os.makedirs(folder, exist_ok=True)
    while True:
        path = os.path.join(folder, f'{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}')
        stream = open(path, 'xb')  # noqa: SIM115
        if sys.platform == 'win32':  # where an open file cannot be removed
            break
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(stream, fcntl.LOCK_EX)
        # Another process may have removed it before it was locked: make a new one.
        if os.path.exists(path):
            break
        stream.close()
    try:
        with stream:
            yield stream
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def remove_stale(folder: str) -> None:
    """Removes the temporary files that killed processes left in `folder`."""
    try:
        names = os.listdir(folder or os.curdir)
    except OSError:
        return
    for name in names:
        if name.startswith(_PREFIX) and name.endswith(_SUFFIX):
            with contextlib.suppress(OSError):
                _remove_unless_locked(os.path.join(folder, name))


def _remove_unless_locked(path: str) -> None:
    if not stat.S_ISREG(os.lstat(path).st_mode):
        return  # not one of ours
    if sys.platform == 'win32':
        os.unlink(path)
        return
    with open(path, 'rb', opener=_open_nonblocking) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)


@contextlib.contextmanager
def locked(path: str) -> Iterator[bool]:
    """Holds the lock file `path` until the block, or the process, ends.

    Yields:
        Whether the disk has locks; on one without, nothing keeps others out.

    Raises:
        BlockingIOError: If another process holds it.
        OSError: If the file is not one of ours, which are empty, or cannot be made.
    """
    while True:
        with open(path, 'r+b', buffering=0, opener=_open_lock_file) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size:
                raise FileExistsError(errno.EEXIST, 'not an empty file', path)
            has_locks = _lock(stream.fileno())
            try:
                is_ours = os.path.samestat(status, os.stat(path))
            except FileNotFoundError:
                is_ours = False
            if not is_ours:
                continue  # its last owner removed it after we opened it
            try:
                yield has_locks
            finally:
                with contextlib.suppress(OSError):
                    os.remove(path)
            return


def _open_lock_file(path: str, flags: int) -> int:
    # Never through a symbolic link, and never waiting for a pipe.
    careful = getattr(os, 'O_NOFOLLOW', 0) | getattr(os, 'O_NONBLOCK', 0)
    return os.open(path, flags | os.O_CREAT | careful, 0o666)


def _lock(descriptor: int) -> bool:
    """Locks a file; returns whether its disk has locks, or raises BlockingIOError."""
    if sys.platform == 'win32':
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _WITHOUT_LOCKS:
            raise
        return False
    return True
