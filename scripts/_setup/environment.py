"""What every virtual environment has: a Python, of a version."""

from __future__ import annotations

import pathlib
import subprocess
import sys

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


def ask(venv: pathlib.Path, *arguments: str) -> str:
    """Returns what the environment's Python prints; exits if it does not run."""
    command = [str(python(venv)), '-B', *arguments]  # -B: not a byte is written
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = (getattr(error, 'stderr', '') or str(error)).strip().splitlines()
        sys.exit(
            f'{venv}: its Python does not run: {reason[-1]}; move it away, {ANOTHER}'
        )
    return done.stdout


def say(line: str) -> None:
    """Prints a line; standard output is for what the training prints."""
    print(line, file=sys.stderr, flush=True)
