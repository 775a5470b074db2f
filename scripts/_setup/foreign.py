"""An environment that these scripts did not make: used as it is, or left alone."""

from __future__ import annotations

import os
import pathlib
import shlex
import sys

from _setup import environment
from _setup.environment import ANOTHER, PYTHONS, ROOT

_LEFT = 'This script did not make it and leaves it as it is'


def check(venv: pathlib.Path, extras: tuple[str, ...]) -> None:
    """Returns if the environment has what is needed, else exits with one line."""
    python = environment.python(venv)
    if not venv.is_dir():
        kind = 'a link to nothing' if venv.is_symlink() else 'a file'
        sys.exit(f'{venv}: is {kind}, not a folder; move it away, {ANOTHER}')
    if not os.path.lexists(python):
        sys.exit(
            f'{venv}: is not a virtual environment: no {python.relative_to(venv)}. '
            f'{_LEFT}: move it away, {ANOTHER}'
        )
    probe = str(pathlib.Path(__file__).with_name('missing.py'))
    found = environment.ask(venv, probe, *extras)
    if not environment.fits(tuple(found['version'])):
        sys.exit(
            f'{venv}: has Python {environment.dotted(found["version"])}; {PYTHONS}. '
            f'{_LEFT}: move it away, {ANOTHER}'
        )
    missing = found['missing']
    if missing or not found['is_linked']:
        command = [str(python), '-m', 'pip', 'install']
        if not found['has_pip']:  # uv makes such environments
            command = ['uv', 'pip', 'install', '--python', str(venv)]
        # Alone, so that tensorflow-cpu, which will do, is not joined by tensorflow.
        command += [] if missing else ['--no-deps']
        wanted = f'{ROOT}[{",".join(extras)}]' if extras else str(ROOT)
        names = (
            missing if found['is_linked'] else [*missing, 'mnist_tut of this folder']
        )
        sys.exit(
            f'{venv}: lacks {_enumerate(names)}. {_LEFT}: install it with '
            f'{shlex.join([*command, "-e", wanted])}, {ANOTHER}'
        )


def _enumerate(names: list[str]) -> str:
    """Returns all names, or the first of many and how many more there are."""
    if len(names) > 4:
        return f'{", ".join(names[:3])} and {len(names) - 3} more'
    return ', '.join(names)
