"""Resolves the dependencies and writes the two lock files.

    uv run --no-project scripts/maintain/lock.py

needs uv. The lock files hold names, versions and hashes for every platform and every
Python that pyproject.toml allows.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main() -> None:
    """Writes requirements.lock, and requirements-dev.lock with the same versions."""
    command = ['uv', 'pip', 'compile', '--quiet', '--universal', '--generate-hashes']
    command += ['--python-version=3.11', '--no-header', '--no-annotate', '--upgrade']
    command += ['pyproject.toml']
    dev = ['--extra=dev', '--output-file=requirements-dev.lock']
    run = ['--constraint=requirements-dev.lock', '--output-file=requirements.lock']
    subprocess.run([*command, *dev], cwd=ROOT, check=True)
    subprocess.run([*command, *run], cwd=ROOT, check=True)


if __name__ == '__main__':
    try:
        main()
    except (FileNotFoundError, subprocess.SubprocessError) as error:
        sys.exit(f'uv: {error}; expected it on the PATH; see its installation guide')
