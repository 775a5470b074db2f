"""Provides the virtual environment that train.py and test.py run in.

Uses only the standard library, since a new machine has nothing else. The environment is
`.venv`, or the folder that MNIST_TUT_VENV names.

One that these scripts made has a stamp, and pip installs over it what is missing or has
changed (`ours`). Any other is used if it has what is needed, and nothing is written to
it (`foreign`). Neither is ever cleared.
"""

from __future__ import annotations  # so that an old Python gets to the line about it

import os
import pathlib
import sys

from _setup import environment, foreign, ours
from _setup.environment import ROOT, say
from _setup.process import run

__all__ = ['ROOT', 'python_for', 'run']


def python_for(*locks: str, extras: tuple[str, ...] = ()) -> str:
    """Returns the path of a Python that has what is needed; installs it if need be.

    Args:
        *locks: Names of lock files, any of which will do; the first is installed if
            none is. A development environment can train too.
        extras: The extras of pyproject.toml that an environment made by someone else
            must have beside the project's dependencies.

    Raises:
        SystemExit: With one line, if there is no such environment.
    """
    named = os.environ.get(environment.VENV_ENV)
    venv = pathlib.Path(os.path.abspath(named or ROOT / '.venv'))
    try:
        if not os.path.lexists(venv):
            ours.create(venv)
        if ours.is_ours(venv):
            ours.complete(venv, locks)
        else:
            foreign.check(venv, extras)
    except OSError as error:
        sys.exit(
            f'{venv}: cannot be set up ({error.filename or venv}: '
            f'{error.strerror or error}); change that, {environment.ANOTHER}'
        )
    except KeyboardInterrupt:
        say(f'{venv}: stopped; run this again to go on')
        sys.exit(130)
    return str(environment.python(venv))
