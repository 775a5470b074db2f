"""A small project with the scripts of this one, and environments for it."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import venv
from typing import NamedTuple

from tests.support import wheels
from tests.support.paths import ROOT

import packaging

CHECKS = ('mypy', 'pytest', 'ruff')  # what test.py runs
_PYPROJECT = """
[build-system]
requires = []
build-backend = "wheels"
backend-path = ["."]

[project]
name = "mnist_tut"
dependencies = ["tensorflow>=2.21,<2.22", "tzdata; sys_platform == 'never'"]

[project.optional-dependencies]
more = ["pytest>=8"]
dev = ["mnist_tut[more]", "mypy", "ruff>=0.6"]
"""
# What the network trains in the small project: it says who ran it, and with what.
_LESSON = 'import sys\nprint(sys.prefix, *sys.argv[1:])\n'


class Outcome(NamedTuple):
    """How a script ended."""

    status: int
    stdout: str
    stderr: str


class Project:
    """A clone in which TensorFlow is a few bytes, from wheels on the disk."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.venv = folder / '.venv'
        self._wheels = folder.parent / 'wheels'
        self._wheels.mkdir()
        shutil.copytree(
            ROOT / 'scripts',
            folder / 'scripts',
            ignore=shutil.ignore_patterns('maintain', '__pycache__'),
        )
        shutil.copy(wheels.__file__, folder / 'wheels.py')
        (folder / 'pyproject.toml').write_text(_PYPROJECT)
        (folder / 'mnist_tut').mkdir()
        (folder / 'mnist_tut' / '__init__.py').touch()
        (folder / 'mnist_tut' / 'fully_connected_feed.py').write_text(_LESSON)
        lock = self.pin('tensorflow', '2.21.0')
        self.write_lock('requirements.lock', lock)
        for name in CHECKS:
            lock += self.pin(name, '9.0')
        self.write_lock('requirements-dev.lock', lock)

    def pin(self, name: str, version: str) -> str:
        """Makes a package, and returns its lines for a lock file."""
        module = f'import sys\nprint({name!r}, {version!r}, *sys.argv[1:])\n'
        wheel = wheels.write(self._wheels, name, version, {f'{name}.py': module})
        return wheels.requirement(wheel)

    def write_lock(self, name: str, lock: str) -> None:
        """Writes a lock file."""
        (self.folder / name).write_text(lock)

    def start(self, script: str, *arguments: str, **variables: str) -> subprocess.Popen:
        """Starts train.py or test.py, for which there is no registry."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(('PIP_', 'MNIST_TUT_', 'PYTHON', 'COV_'))
        }
        pip = {'PIP_NO_INDEX': '1', 'PIP_FIND_LINKS': str(self._wheels)}
        return subprocess.Popen(
            [sys.executable, self.folder / 'scripts' / f'{script}.py', *arguments],
            cwd=self.folder,
            env={**kept, **pip, 'PIP_CONFIG_FILE': os.devnull, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, script: str, *arguments: str, **variables: str) -> Outcome:
        """Runs train.py or test.py to its end."""
        return end(self.start(script, *arguments, **variables))


def end(process: subprocess.Popen) -> Outcome:
    """Waits for a script."""
    stdout, stderr = process.communicate()
    return Outcome(process.returncode, stdout, stderr)


def make(folder: pathlib.Path, *, packages=(), project: Project | None = None) -> None:
    """Makes an environment as a user would, without pip and the network.

    Args:
        folder: Its folder.
        packages: Name and version of what is installed, as far as metadata tell.
        project: The project that is installed into it, if any.
    """
    venv.EnvBuilder(symlinks=sys.platform != 'win32').create(folder)
    [site] = folder.rglob('site-packages')
    shutil.copytree(
        packaging.__path__[0],
        site / 'packaging',
        ignore=shutil.ignore_patterns('__pycache__'),
    )
    for name, version in packages:
        info = site / f'{name.replace("-", "_")}-{version}.dist-info'
        info.mkdir()
        (info / 'METADATA').write_text(wheels.metadata(name, version))
        (site / f'{name.replace("-", "_")}.py').write_text('')
    if project:
        (site / 'project.pth').write_text(f'{project.folder}\n')


def contents(folder: pathlib.Path) -> dict[str, str]:
    """Returns every path below a folder with its type, its content and its time."""
    found = {}
    for parent, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            path = pathlib.Path(parent, name)
            if path.is_symlink():
                content = os.readlink(path)
            elif path.is_dir():
                content = 'a folder'
            else:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            time_ns = path.lstat().st_mtime_ns
            found[str(path.relative_to(folder))] = f'{content} {time_ns}'
    return found
