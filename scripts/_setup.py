"""Creates the virtual environment that train.py and test.py run in.

Uses only the standard library, since a new machine has nothing else. A lock file lists
the packages with their hashes; a stamp in the environment holds a hash of that file, so
that a second run has nothing to do.
"""

import hashlib
import pathlib
import signal
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / '.venv'


def python_for(*locks: str) -> str:
    """Returns the environment's Python, after installing a lock file if need be.

    Args:
        *locks: Names of lock files, any of which will do; the first is installed if
            none is. A development environment can train too.

    Raises:
        SystemExit: With one line, if Python is too old or an installation fails.
    """
    if not (3, 11) <= sys.version_info < (3, 14):
        version = '.'.join(str(part) for part in sys.version_info[:2])
        sys.exit(
            f'{sys.executable}: Python {version}; TensorFlow 2.21 needs 3.11, 3.12 or '
            '3.13; run this script with one of them'
        )
    scripts = 'Scripts/python.exe' if sys.platform == 'win32' else 'bin/python'
    python = VENV / scripts
    stamp = VENV / 'mnist_tut.stamp'
    known = stamp.read_text().split() if stamp.is_file() else []
    if not python.exists() or not any(_digest(lock) in known for lock in locks):
        _install(python, locks[0])
        stamp.write_text(_digest(locks[0]))
    return str(python)


def run(command: list[str], folder: pathlib.Path | None = None) -> int:
    """Runs a command to its end and returns its exit status.

    Args:
        command: What to run.
        folder: Where; the current folder if None.
    """
    process = subprocess.Popen(command, cwd=folder)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            continue  # the command got the signal too, and saves its work
        return status if status >= 0 else 128 - status


def _digest(lock: str) -> str:
    """Returns a hash of everything that the environment depends on."""
    parts = [(ROOT / lock).read_bytes(), (ROOT / 'pyproject.toml').read_bytes()]
    parts.append(f'{VENV} {sys.version}'.encode())
    return hashlib.sha256(b'\0'.join(parts)).hexdigest()


def _install(python: pathlib.Path, lock: str) -> None:
    print(f'Setting up {VENV.name} from {lock} (once) ...', file=sys.stderr)
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(
            f'{VENV}: the virtual environment cannot be made: {error}; '
            'on Debian and Ubuntu, install python3-venv'
        )
    pip = [str(python), '-m', 'pip', 'install', '-qq', '--disable-pip-version-check']
    for arguments in (
        ['--require-hashes', '--requirement', lock],
        ['--no-deps', '--no-build-isolation', '--editable', '.'],
    ):
        if subprocess.run([*pip, *arguments], cwd=ROOT).returncode:
            sys.exit(
                f'{lock}: pip could not install it (see above); check the connection '
                'to the package registry and run this again'
            )
