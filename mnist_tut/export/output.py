"""What every format needs: a new folder that appears whole, and its library."""

import contextlib
import importlib
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from mnist_tut import errors

import tensorflow.compat.v1 as tf


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
        with tempfile.TemporaryDirectory(
            prefix=f'{os.path.basename(path)}.', suffix='.part', dir=parent
        ) as temporary:
            unfinished = os.path.join(temporary, 'model')
            os.mkdir(unfinished)
            yield unfinished
            os.rename(unfinished, path)
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise errors.RunError(f'{where}: cannot be written: {reason}') from error


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
