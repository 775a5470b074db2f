"""Trains on a cluster of this machine, which may have only Python.

    python3 scripts/run_cluster.py --max_steps=2000

sets up a virtual environment if there is none and runs
`python -m mnist_tut.cluster.launch` in it, with the same arguments: a parameter server
and two workers (--num_ps, --num_workers), with the flags of `mnist_tut.distributed`.
"""

import sys

import _setup


def main() -> int:
    """Returns the exit status of the training."""
    python = _setup.python_for('requirements.lock', 'requirements-dev.lock')
    return _setup.run([python, '-m', 'mnist_tut.cluster.launch', *sys.argv[1:]])


if __name__ == '__main__':
    sys.exit(main())
