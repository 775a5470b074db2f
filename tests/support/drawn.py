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
from collections.abc import Iterator
from unittest import mock

from tests import lessons
from tests.support.paths import GOLDENS, ROOT

import numpy as np
import PIL.Image
import tensorflow.compat.v1 as tf

GOLDEN = GOLDENS / 'drawn.json'

# Durations, which differ from run to run.
_TIMES = re.compile(r'\d+\.\d+ (sec|ms)\b')
_NUMBER = re.compile(r'-?\d+\.\d*(e[-+]\d+)?|-?\d+(e[-+]\d+)?')


def run(lesson: lessons.Lesson, name: str, data_dir: pathlib.Path) -> dict:
    """Trains a lesson as `lesson.drawn[name]` says.

    Returns:
        records: Content of the history.
        printed: The lines on stdout, without times and paths.
        scalar_feeds: All values fed to each scalar placeholder, such as keep_prob.
        model: What run.json says about the model.
        pictures: Width and height of each plot, in pixels.
    """
    with tempfile.TemporaryDirectory() as folder, scalar_feeds() as scalars:
        log_dir, plots_dir = pathlib.Path(folder, 'log'), pathlib.Path(folder, 'plots')
        flags = {'plots_dir': plots_dir, **lesson.drawn[name]}
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            history = lesson.train(data_dir, log_dir, **flags)
        model = json.loads((log_dir / 'run.json').read_text())['model']
        pictures = {}
        for path in sorted(plots_dir.glob('*.png')):
            with PIL.Image.open(path) as picture:
                pictures[path.name] = list(picture.size)
    text = _TIMES.sub(r'# \1', printed.getvalue()).replace(str(data_dir), 'DATA')
    return {
        'records': history.records,
        'printed': text.splitlines(),
        'scalar_feeds': {key: sorted(values) for key, values in scalars.items()},
        'model': model,
        'pictures': pictures,
    }


@contextlib.contextmanager
def scalar_feeds() -> Iterator[dict[str, set[float]]]:
    """Collects the scalars that are fed in all sessions, by the placeholder's name."""
    seen: dict[str, set[float]] = {}
    original = tf.Session.run

    def run(self, fetches, feed_dict=None, *args, **kwargs):
        for key, value in (feed_dict or {}).items():
            if isinstance(value, (int, float, np.number)):  # not a Saver's path
                seen.setdefault(getattr(key, 'name', key), set()).add(float(value))
        return original(self, fetches, feed_dict, *args, **kwargs)

    with mock.patch.object(tf.Session, 'run', run):
        yield seen


def flags(lesson: lessons.Lesson) -> dict:
    """Returns what each flag is by default, its bounds, and whether it may change."""
    values = lesson.module.FLAGS
    changing = lesson.module.flags.may_change
    return {
        name: {
            'default': values[name].default,
            'lower_bound': getattr(values[name].parser, 'lower_bound', None),
            'upper_bound': getattr(values[name].parser, 'upper_bound', None),
            'may_change': name in changing,
        }
        for name in sorted(values)
    }


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
                'flags': flags(lesson),
                **{
                    name: run(lesson, name, pathlib.Path(data_dir))
                    for name in lesson.drawn
                },
            }
    GOLDEN.write_text(json.dumps(content, indent=1) + '\n')


if __name__ == '__main__':
    record()
