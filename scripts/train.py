"""Trains the tutorials' network on a machine that has only Python.

    python3 scripts/train.py --max_steps=2000

sets up a virtual environment if there is none and runs
`python -m mnist_tut.fully_connected_feed` in it, with the same arguments.
"""

import sys

import _setup


def main() -> int:
    """Returns the exit status of the training."""
    python = _setup.python_for('requirements.lock', 'requirements-dev.lock')
    lesson = [python, '-m', 'mnist_tut.fully_connected_feed']
    return _setup.run([*lesson, *sys.argv[1:]])


if __name__ == '__main__':
    sys.exit(main())
