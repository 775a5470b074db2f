"""An environment that these scripts made: what is missing is installed over it.

It has a stamp: the lock files that are installed, with a hash of everything that they
depend on, so that a second run has nothing to do. An installation that was interrupted
leaves no line in it, and is done again; what pip has installed, it keeps.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

from _setup import environment, sizes
from _setup.environment import PYTHONS, ROOT, say
from _setup.process import run

if sys.platform == 'win32':
    import msvcrt
else:
    import fcntl

_STANDARD_ERROR = 2


def create(venv: pathlib.Path) -> None:
    """Makes the folder with an empty stamp in it, for other processes both at once."""
    _check_this_python()
    venv.parent.mkdir(parents=True, exist_ok=True)
    made = venv.with_name(f'{venv.name}.{secrets.token_hex(4)}')
    made.mkdir()
    _stamp(made).touch()
    try:
        made.rename(venv)
    except OSError:
        _stamp(made).unlink()
        made.rmdir()
        if not os.path.lexists(venv):
            raise
        # Else another process was faster.


def is_ours(venv: pathlib.Path) -> bool:
    """Returns whether it has our stamp; what is behind a link is never ours."""
    stamp = _stamp(venv)
    return stamp.is_file() and not stamp.is_symlink() and not venv.is_symlink()


def complete(venv: pathlib.Path, locks: tuple[str, ...]) -> None:
    """Installs the first lock file, unless one of them is installed as it is now."""
    if not _is_complete(venv, locks):
        with _locked(venv / 'mnist_tut.lock', venv):
            if not _is_complete(venv, locks):  # another process may have done it
                _install(venv, locks[0])


def _check_this_python() -> None:
    """Exits unless an environment can be made with the Python that runs this."""
    version = environment.dotted(sys.version_info[:2])
    if not environment.fits(sys.version_info[:2]):
        names = (f'python3.{minor}' for minor in (13, 12, 11))
        found = next(filter(shutil.which, names), None)
        advice = f'use {found} {sys.argv[0]}' if found else 'run this with one of them'
        sys.exit(f'{sys.executable}: Python {version}; {PYTHONS}: {advice}')
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as error:
        sys.exit(
            f'{sys.executable}: cannot make a virtual environment ({error}); on Debian '
            f'and Ubuntu, install python{version}-venv'
        )


def _stamp(venv: pathlib.Path) -> pathlib.Path:
    return venv / 'mnist_tut.stamp'


def _installed(venv: pathlib.Path) -> dict[str, str]:
    """Returns the hash of each lock file that has been installed, by its name."""
    lines = [line.split() for line in _stamp(venv).read_text().splitlines()]
    return {line[0]: line[1] for line in lines if len(line) == 2}


def _is_complete(venv: pathlib.Path, locks: tuple[str, ...]) -> bool:
    if not os.path.lexists(environment.python(venv)):
        return False
    known = _installed(venv)
    return any(known.get(lock) == _digest(venv, lock) for lock in locks)


def _digest(venv: pathlib.Path, lock: str) -> str:
    """Returns a hash of everything that the installation of a lock file depends on."""
    code = 'import sys; print(list(sys.version_info[:2]))'
    version = tuple(environment.ask(venv, '-c', code))
    if not environment.fits(version):
        sys.exit(
            f'{venv}: has Python {environment.dotted(version)}; {PYTHONS}; '
            f'move it away, {environment.ANOTHER}'
        )
    parts = [(ROOT / lock).read_bytes(), (ROOT / 'pyproject.toml').read_bytes()]
    parts.append(f'{ROOT} {version}'.encode())
    return hashlib.sha256(b'\0'.join(parts)).hexdigest()


def _install(venv: pathlib.Path, lock: str) -> None:
    started = time.monotonic()
    known = _installed(venv)
    say(sizes.announce(venv, lock, list(known)))
    if not os.path.lexists(environment.python(venv)):
        _check_this_python()
        from venv import EnvBuilder

        EnvBuilder(symlinks=sys.platform != 'win32').create(venv)
    ensurepip = ['ensurepip', '--upgrade', '--default-pip']
    _step(venv, lock, ensurepip, stdout=subprocess.DEVNULL)
    pip = ['pip', '--disable-pip-version-check', 'install']
    # On a terminal pip shows what it does; elsewhere only what goes wrong.
    pip += [] if sys.stderr.isatty() else ['--quiet']
    locked = [*pip, '--require-hashes', '--requirement']
    half = venv / 'mnist_tut.half.txt'
    half.write_text(_half_installed(venv, lock))
    if half.stat().st_size:
        _step(venv, lock, [*locked, str(half), '--no-deps', '--ignore-installed'])
    _step(venv, lock, [*locked, lock])
    _step(venv, lock, [*pip, '--no-deps', '--no-build-isolation', '--editable', '.'])
    known[lock] = _digest(venv, lock)
    _stamp(venv).write_text(''.join(f'{name} {known[name]}\n' for name in known))
    say(f'{venv} is ready after {time.monotonic() - started:.0f} seconds.')


def _half_installed(venv: pathlib.Path, lock: str) -> str:
    """Returns the lines of a lock file for packages of which a part was installed.

    To pip a package is there as soon as its METADATA is, of which TensorFlow's comes
    before 20,000 other files. The last file that pip writes is INSTALLER.
    """
    half = set()
    for pattern in 'lib/python3*/site-packages', 'Lib/site-packages':
        for info in venv.glob(f'{pattern}/*.dist-info'):
            if not (info / 'INSTALLER').exists():
                name, _, version = info.stem.rpartition('-')
                half.add(f'{re.sub("[-_.]+", "-", name).lower()}=={version}')
    entries = re.findall(
        r'^(\S+==\S+)((?:.*\\\n)*.*\n)', (ROOT / lock).read_text(), re.MULTILINE
    )
    return ''.join(pin + rest for pin, rest in entries if pin in half)


def _step(
    venv: pathlib.Path, lock: str, module: list[str], stdout: int = _STANDARD_ERROR
) -> None:
    """Runs a module in the environment; exits if it fails."""
    interrupts: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:  # a whole step ends before we do: pip tidies up after itself
        status = run([str(environment.python(venv)), '-m', *module], ROOT, stdout)
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupts:
        raise KeyboardInterrupt
    if status:
        sys.exit(
            f'{lock}: {module[0]} could not install it (see above); check the '
            'connection to the package registry and the space on the disk, and run '
            'this again'
        )


@contextlib.contextmanager
def _locked(path: pathlib.Path, venv: pathlib.Path) -> Iterator[None]:
    """Holds a lock until the block, or the process, ends; waits for another process."""
    with open(path, 'ab') as stream:
        is_waiting = False
        while not _try_lock(stream.fileno()):
            if not is_waiting:
                say(f'{venv}: another process installs into it; waiting for it ...')
            is_waiting = True
            time.sleep(0.2)
        yield


def _try_lock(descriptor: int) -> bool:
    """Returns False if another process has the lock."""
    try:
        if sys.platform == 'win32':
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        pass  # some network file systems have no locks
    return True
