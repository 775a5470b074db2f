"""What every virtual environment has: a Python, of a version."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV_ENV = 'MNIST_TUT_VENV'
ANOTHER = f'or name another folder in the environment variable {VENV_ENV}'
PYTHONS = 'TensorFlow 2.21 needs 3.11, 3.12 or 3.13'


def python(venv: pathlib.Path) -> pathlib.Path:
    """Returns where the environment's Python is, or would be."""
    return venv / ('Scripts/python.exe' if sys.platform == 'win32' else 'bin/python')


def fits(version: tuple[int, ...]) -> bool:
    """Returns whether TensorFlow can be installed for this version of Python."""
    return (3, 11) <= version[:2] < (3, 14)


def dotted(version: tuple[int, ...]) -> str:
    """Returns a version of Python as it is usually written, '3.11'."""
    return '.'.join(str(part) for part in version[:2])


def ask(venv: pathlib.Path, *arguments: str) -> Any:
    """Returns the JSON that the environment's Python prints; exits if it does not run.

    Args:
        venv: The environment's folder.
        *arguments: Those of its Python.
    """
    command = [str(python(venv)), '-B', *arguments]  # -B: not a byte is written
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        # A sitecustomize module may have printed lines of its own before.
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (OSError, subprocess.CalledProcessError) as error:
        reason = (getattr(error, 'stderr', '') or str(error)).strip().splitlines()[-1]
    except (ValueError, IndexError):
        reason = f'unexpected output of {command[0]}'
    sys.exit(f'{venv}: its Python does not run: {reason}; move it away, {ANOTHER}')


def say(line: str) -> None:
    """Prints a line; standard output is for what the training prints."""
    print(line, file=sys.stderr, flush=True)
