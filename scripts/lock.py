"""Resolves the dependencies anew and writes the two lock files.

    uv run --no-project scripts/lock.py

needs uv. The lock files hold names, versions and hashes for every platform and every
Python that pyproject.toml allows.
"""

import subprocess
import sys

import _setup


def main() -> int:
    """Writes requirements.lock, and requirements-dev.lock with the same versions."""
    command = ['uv', 'pip', 'compile', '--quiet', '--universal', '--generate-hashes']
    command += ['--python-version=3.11', '--no-header', '--no-annotate', '--upgrade']
    for arguments in (
        ['pyproject.toml', '--extra=dev', '--output-file=requirements-dev.lock'],
        [
            'pyproject.toml',
            '--constraint=requirements-dev.lock',
            '--output-file=requirements.lock',
        ],
    ):
        status = _setup.run([*command, *arguments], _setup.ROOT)
        if status:
            return status
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except (FileNotFoundError, subprocess.SubprocessError) as error:
        sys.exit(f'uv: {error}; expected it on the PATH; see its installation guide')
