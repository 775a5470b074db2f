"""Runs of every lesson on drawn digits, whose numbers hold on any machine.

The recordings of the original programs need the real MNIST files. These need no files,
so they run wherever the tests run. tests/goldens/drawn.json holds the numbers of this
package at a commit at which it agreed with the originals;

    python -m tests.support.drawn

records them again, after checking that it still agrees (which needs the real files).
"""

import contextlib
import io
import json
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

from tests import lessons
from tests.support.paths import GOLDENS, ROOT

GOLDEN = GOLDENS / 'drawn.json'

# Durations, which differ from run to run.
_TIMES = re.compile(r'\d+\.\d+ (sec|ms)\b')
_NUMBER = re.compile(r'-?\d+\.\d*(e[-+]\d+)?|-?\d+(e[-+]\d+)?')


def run(lesson: lessons.Lesson, name: str, data_dir: pathlib.Path) -> dict:
    """Trains a lesson as `lesson.drawn[name]` says.

    Returns:
        records: What the history holds.
        printed: The lines on stdout, times and paths aside.
    """
    with tempfile.TemporaryDirectory() as folder:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            history = lesson.train(data_dir, folder, **lesson.drawn[name])
    text = _TIMES.sub(r'# \1', printed.getvalue()).replace(str(data_dir), 'DATA')
    return {'records': history.records, 'printed': text.splitlines()}


def defaults(lesson: lessons.Lesson) -> dict:
    """Returns the default of each flag."""
    flags = lesson.module.FLAGS
    return {name: flags[name].default for name in sorted(flags)}


def split_numbers(line: str) -> tuple[str, list[float]]:
    """Returns a line with # for each number, and the numbers."""
    return _NUMBER.sub('#', line), [float(m[0]) for m in _NUMBER.finditer(line)]


def record() -> None:
    """Writes the golden."""
    from mnist_tut.data import synthetic

    check = [sys.executable, '-m', 'pytest', '-q', 'tests/test_goldens.py']
    if subprocess.run(check, cwd=ROOT).returncode:
        sys.exit('the package does not agree with the originals; nothing was recorded')
    git = ['git', 'describe', '--always', '--dirty', '--abbrev=12']
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True).stdout
    if commit.strip().endswith('-dirty'):
        sys.exit('there are uncommitted changes; commit them first')
    content: dict = {
        'about': 'Recorded with this package on drawn digits, by python -m '
        'tests.support.drawn, at a commit at which tests/test_goldens.py passed on '
        'the real MNIST files.',
        'commit': commit.strip(),
        'python': platform.python_version(),
        'machine': platform.machine(),
        'lessons': {},
    }
    with tempfile.TemporaryDirectory() as data_dir:
        synthetic.write(data_dir)
        for lesson in lessons.LESSONS:
            content['lessons'][lesson.name] = {
                'defaults': defaults(lesson),
                **{
                    name: run(lesson, name, pathlib.Path(data_dir))
                    for name in lesson.drawn
                },
            }
    GOLDEN.write_text(json.dumps(content, indent=1) + '\n')


if __name__ == '__main__':
    record()
