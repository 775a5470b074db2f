"""What a run says on stderr when it ends: what it wrote, and what to do with it."""

import os
import pathlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence

import mnist_tut
from mnist_tut import errors, notices
from mnist_tut.data.locate import DatasetInfo
from mnist_tut.training import progress
from mnist_tut.training.run_folder import saved_steps

# The notebook of a lesson's document; that of with_summaries has none.
NOTEBOOKS = {
    'softmax': 'beginner_notes',
    'deep': 'deep_mnist',
    'fully_connected_feed': 'mechanics_101',
    'tanh_mlp': 'mnist_lecture',
    'convolutional': 'convolutional_trial',
}


def show(
    log_dir: str,
    lesson: str,
    info: DatasetInfo,
    plots_dir: str | None,
    plots: Sequence[str],
) -> None:
    """Prints the notes that end a run.

    Args:
        log_dir: Folder of the run.
        lesson: Name of its module.
        info: Its data.
        plots_dir: Folder of its pictures, or None.
        plots: Their names.
    """
    if disclaimer := info.disclaimer():
        notices.announce(disclaimer)
    if plots_dir is not None:
        names = ', '.join(plots)
        notices.log(f'{len(plots)} pictures in {errors.printable(plots_dir)}: {names}')
    notices.log(f'The run is in {errors.printable(log_dir)}{_notebook(lesson)}')
    if progress.in_notebook():
        return  # where commands of a shell are of no use
    if saved_steps(log_dir) and info.kind != 'fake':
        line = command('mnist_tut.predict', 'photo.jpg', f'--log_dir={log_dir}')
        notices.log(f'Try it on a digit of your own: {line}')
    line = command('tensorboard.main', f'--logdir={log_dir}')
    notices.log(f'See it in TensorBoard: {line}')


def _notebook(lesson: str) -> str:
    """Returns a note of the notebook of a lesson's document, in a clone that has it."""
    root = pathlib.Path(mnist_tut.__file__).resolve().parents[1]
    path = root / 'notebooks' / f'{NOTEBOOKS.get(lesson)}.ipynb'
    return f'; the notebook is {_shortest(str(path))}' if path.is_file() else ''


def command(module: str, *arguments: str) -> str:
    """Returns the command that runs a module, quoted as the shell wants it."""
    is_on_path = shutil.which('python') == sys.executable
    python = 'python' if is_on_path else _shortest(sys.executable)
    words = [errors.printable(word) for word in (python, '-m', module, *arguments)]
    return subprocess.list2cmdline(words) if os.name == 'nt' else shlex.join(words)


def _shortest(path: str) -> str:
    """Returns a path relative to the current folder if that is shorter."""
    try:
        return min(os.path.relpath(path), path, key=len)
    except ValueError:  # on another drive
        return path
