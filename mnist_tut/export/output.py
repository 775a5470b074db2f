"""What every format needs: a new folder that appears whole, and its library."""

import contextlib
import glob
import importlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from mnist_tut import errors, files

import tensorflow.compat.v1 as tf

_SUFFIX = '.part'
_LOCK = '.mnist_tut-export.lock'  # in a folder that is being written


@contextlib.contextmanager
def new_folder(path: str | os.PathLike, flag: str = 'export_dir') -> Iterator[str]:
    """Yields an empty folder that gets the name `path` when the `with` ends well.

    Args:
        path: Folder to write, which must not exist; missing parents are created.
        flag: Name of the flag that names it, for messages.

    Raises:
        errors.FlagError: If `path` is empty.
        errors.RunError: If it exists already or cannot be written.
    """
    if not os.fspath(path):
        raise errors.FlagError(f'--{flag}=: empty; expected the path of a new folder')
    path = os.path.normpath(os.fspath(path))
    where = f'--{flag}={errors.printable(path)}'
    if os.path.lexists(path):
        raise errors.RunError(
            f'{where}: exists already and is not overwritten; choose another name'
        )
    parent = os.path.dirname(path) or os.curdir
    try:
        os.makedirs(parent, exist_ok=True)
        _remove_leftovers(path)
        with (
            tempfile.TemporaryDirectory(
                prefix=f'{os.path.basename(path)}.', suffix=_SUFFIX, dir=parent
            ) as temporary,
            files.locked(os.path.join(temporary, _LOCK)),
        ):
            unfinished = os.path.join(temporary, 'model')
            os.mkdir(unfinished)
            yield unfinished
            os.rename(unfinished, path)
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise errors.RunError(f'{where}: cannot be written: {reason}') from error


def _remove_leftovers(path: str) -> None:
    """Removes what killed exports to `path` have left.

    That is folders whose lock is free, and empty ones that are an hour old without one:
    an export makes it at once. What is not empty is never removed without it.
    """
    pattern = f'{glob.escape(path)}.*{_SUFFIX}'
    for folder in glob.glob(pattern):
        if os.path.islink(folder) or not os.path.isdir(folder):
            continue
        names = set(os.listdir(folder))
        is_ours = re.fullmatch(r'[a-z0-9_]{8}', folder[len(path) + 1 : -len(_SUFFIX)])
        if not names and is_ours and time.time() - os.stat(folder).st_mtime > 3600:
            with contextlib.suppress(OSError):  # no longer empty
                os.rmdir(folder)
            continue
        if _LOCK not in names or not names <= {_LOCK, 'model'}:
            continue  # not of an export
        lock = os.path.join(folder, _LOCK)
        with contextlib.suppress(BlockingIOError):  # an export that is still running
            if stat.S_ISREG(os.lstat(lock).st_mode):
                with files.locked(lock):
                    shutil.rmtree(os.path.join(folder, 'model'), ignore_errors=True)
                os.rmdir(folder)


def require(module: str, extra: str) -> Any:
    """Returns an imported module.

    Raises:
        errors.RunError: If it is missing, with the name of the extra that has it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise errors.RunError(
            f'{module}: not installed, and this format needs it; install it with: '
            f"pip install 'mnist_tut[{extra}]'"
        ) from error
