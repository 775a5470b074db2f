"""Finds the folder of the data, so that all lessons share one.

Each tutorial names a folder of its own: data, MNIST_data or ../MNIST_data. A lesson
that is not told another one looks in the folder of its document first, then in
$MNIST_TUT_DATA_DIR, then in those three, and in ../data, which is where a notebook
finds what a program of the clone has downloaded. What is missing everywhere goes into
one folder: $MNIST_TUT_DATA_DIR, or the one of the document, but never above the current
folder. A folder that the user names is the only one that is looked into.
"""

import os
from collections.abc import Callable

from mnist_tut.data import download

DATA_DIR_ENV = 'MNIST_TUT_DATA_DIR'
FOLDERS = ('data', 'MNIST_data', '../MNIST_data', '../data')


def candidates(default: str) -> list[str]:
    """Returns the folders that a lesson looks into, in that order.

    Args:
        default: Folder of the lesson's document.

    Returns:
        Paths, none of them twice.
    """
    paths = [default, _from_environment(), *FOLDERS]
    by_place = {os.path.realpath(path): path for path in reversed(paths) if path}
    return sorted(by_place.values(), key=paths.index)


def to_write(default: str) -> str:
    """Returns the folder for what is downloaded or drawn.

    Args:
        default: Folder of the lesson's document; `..` at its beginning is left out.
    """
    named = _from_environment()
    if named:
        return named
    parts = os.path.normpath(default).split(os.sep)
    if parts[0] != os.pardir:
        return default
    below = [part for part in parts if part != os.pardir]
    return os.path.join(*below) if below else os.curdir


def first(default: str, holds_data: Callable[[str], bool]) -> str | None:
    """Returns the first folder of `candidates` that holds the data, or None."""
    return next((path for path in candidates(default) if holds_data(path)), None)


def holds_files(folder: str) -> bool:
    """Returns whether four files have the names of MNIST's, whatever they hold."""
    return all(
        os.path.lexists(os.path.join(folder, file.name)) for file in download.FILES
    )


def _from_environment() -> str:
    return os.path.expanduser(os.environ.get(DATA_DIR_ENV, ''))
