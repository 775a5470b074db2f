"""Runs a script of TensorFlow 0.5 to 1.15 as it was written."""

import os
from collections.abc import Sequence
from typing import Any

__all__ = ['load_ipython_extension', 'run', 'unload_ipython_extension']

# Before TensorFlow reads it: brings back tf.layers, tf.nn.rnn_cell and tf.keras of 1.x.
os.environ.setdefault('TF_USE_LEGACY_KERAS', '1')


def run(path: str | os.PathLike, argv: Sequence[str] = (), **options: Any) -> dict:
    """Runs an old script, unchanged, and returns its globals.

    The code that runs is the script's own: what it reads, writes and fetches is up to
    it, as with Python itself.

    Args:
        path: The script.
        argv: Its own flags.
        **options: As in `program.Options`: steps, seconds, python, era, dataset,
            data_dir.

    Returns:
        The script's globals.

    Raises:
        UserError: If it cannot be run, in one line.
        Exception: What the script itself raises, SystemExit too.
    """
    from mnist_tut.legacy.notebook import open_program
    from mnist_tut.legacy.program import Options, check_path

    path = os.fspath(path)
    check_path(path)
    return open_program(path, Options(**options)).run(argv)


def load_ipython_extension(ipython: Any) -> None:
    """Makes the cells that follow old ones: %load_ext mnist_tut.legacy."""
    before = os.environ.get('TF_USE_LEGACY_KERAS')
    os.environ.setdefault('TF_USE_LEGACY_KERAS', '1')
    from mnist_tut.legacy import jupyter

    jupyter.load(ipython, before)


def unload_ipython_extension(ipython: Any) -> None:
    """Makes the cells that follow ordinary ones: %unload_ext mnist_tut.legacy."""
    from mnist_tut.legacy import jupyter

    jupyter.unload(ipython)
