"""Checks the project: format, lint, types and tests.

    python3 scripts/test.py

sets up a virtual environment if there is none and runs all checks that a change must
pass. Arguments go to pytest: `python3 scripts/test.py -k softmax`.
"""

import sys

import _setup


def main() -> int:
    """Returns 0 if everything passes, else the status of the first failure."""
    python = _setup.python_for('requirements-dev.lock', extras=('dev',))
    for check in (
        ['-m', 'ruff', 'format', '--check', '--quiet'],
        ['-m', 'ruff', 'check', '--quiet'],
        ['-m', 'mypy', '--no-error-summary'],
        ['-m', 'pytest', '--numprocesses=auto', *sys.argv[1:]],
    ):
        status = _setup.run([python, *check], _setup.ROOT)
        if status:
            print(f'failed: {" ".join(check[1:])}', file=sys.stderr)
            return status
    return 0


if __name__ == '__main__':
    sys.exit(main())
