"""Temporary files that are gone when their writer is, however it ends.

A file is written under a temporary name in its final folder and renamed when it is
whole. A writer that is killed cannot remove its temporary file, so the next run sweeps
the folder. It knows the file of a living writer by the lock on it, which the operating
system takes away with the process; an age or a process number would only be a guess.
"""

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from typing import BinaryIO

if sys.platform != 'win32':  # there, nobody can remove a file that is open
    import fcntl

_PREFIX, _SUFFIX = '.mnist_tut-', '.part'


@contextlib.contextmanager
def open_new(folder: str) -> Iterator[BinaryIO]:
    """Opens a new temporary file in `folder`; the block may rename it (`stream.name`).

    Args:
        folder: Made if it is missing.

    Yields:
        The file, open for writing. If it still has its temporary name when the block
        ends, it is removed.
    """
    os.makedirs(folder, exist_ok=True)
    while True:
        path = os.path.join(folder, f'{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}')
        stream = open(path, 'xb')  # noqa: SIM115
        if sys.platform == 'win32':
            break
        with contextlib.suppress(OSError):  # some network disks know no locks
            fcntl.flock(stream, fcntl.LOCK_EX)
        # Another process may have swept it before it was locked: then make a new one.
        if os.path.exists(path):
            break
        stream.close()
    try:
        with stream:
            yield stream
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def sweep(folder: str) -> None:
    """Removes from `folder` the temporary files of killed writers, and no others."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if name.startswith(_PREFIX) and name.endswith(_SUFFIX):
            with contextlib.suppress(OSError):
                _remove_if_dead(os.path.join(folder, name))


def _remove_if_dead(path: str) -> None:
    if sys.platform == 'win32':
        os.unlink(path)
        return
    with open(path, 'rb') as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
