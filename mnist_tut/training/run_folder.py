"""The folder of a run: how it is chosen, locked, and prepared for a run.

A run never empties a folder. It gets a new one, continues in its own, or, with
--overwrite, removes the files that a run wrote down as its own, and no others.
"""

import contextlib
import glob
import os
import re
import sys
from typing import Any

from mnist_tut import errors, files
from mnist_tut.data.locate import DatasetInfo
from mnist_tut.flags import Flags
from mnist_tut.training import run_file
from mnist_tut.training.previous_run import CHECKPOINT_PREFIX, PreviousRun

LOCK_FILE = 'run.lock'

# TensorFlow reads a path with one of these as a pattern when it looks for a checkpoint
# and when it removes one: 'exp[1]' is 'exp1' to it. '://' is a file system of its own.
_PATTERN = re.compile(r'[*?[]|://' if os.name == 'nt' else r'[*?[\\]|://')


def require_plain(folder: str, flag: str = '--log_dir') -> None:
    """Raises FlagError if TensorFlow would read the name of a folder as a pattern."""
    if match := _PATTERN.search(folder):
        raise errors.FlagError(
            f'{flag}={errors.printable(folder)}: {match[0]} in a name is a pattern to '
            'TensorFlow, which would not find the checkpoints again; choose a name '
            'without *, ?, [, \\ and ://'
        )


def saved_steps(folder: str) -> list[int]:
    """Returns the step of each complete checkpoint in `folder`, newest first."""
    pattern = os.path.join(glob.escape(folder), f'{CHECKPOINT_PREFIX}-*.json')
    matches = (
        re.search(rf'{re.escape(CHECKPOINT_PREFIX)}-(\d+)\.json$', path)
        for path in glob.glob(pattern)
    )
    return sorted((int(match[1]) for match in matches if match), reverse=True)


def checkpoint_path(folder: str, step: int) -> str:
    """Returns the path of the checkpoint of `step`, as TensorFlow takes it."""
    return os.path.join(folder, f'{CHECKPOINT_PREFIX}-{step}')


def new_folder(root: str) -> str:
    """Creates and returns the next free root/run-NNNN, safely among processes."""
    os.makedirs(root, exist_ok=True)
    number = max(_numbered(root), default=0) + 1
    while True:
        folder = os.path.join(root, f'run-{number:04d}')
        try:
            os.mkdir(folder)
        except FileExistsError:
            number += 1
        else:
            return folder


def newest_folder(root: str) -> str | None:
    """Returns the root/run-NNNN of the highest number, or None."""
    numbered = _numbered(root)
    return os.path.join(root, numbered[max(numbered)]) if numbered else None


def _numbered(root: str) -> dict[int, str]:
    if not os.path.isdir(root):
        return {}
    names = [name for name in os.listdir(root) if re.fullmatch(r'run-\d+', name)]
    return {int(name.removeprefix('run-')): name for name in names}


class RunFolder(contextlib.AbstractContextManager):
    """The folder of one run, locked while the context is entered.

    Attributes:
        path: The folder.
        own_files: The list of the files in it that are the run's own.
    """

    def __init__(self, flags: Flags):
        """Takes the lesson's flags; does nothing else."""
        self._flags = flags
        self._exit = contextlib.ExitStack()
        self._is_new = False
        self._entries: dict[str, Any] = {}
        self.path = ''

    def __enter__(self) -> 'RunFolder':
        """Creates the folder if it is missing, and locks it.

        Raises:
            errors.FlagError: If flags contradict each other or it cannot be made.
            errors.RunError: If another process is training in it.
        """
        if self._flags.FLAGS.resume and self._flags.FLAGS.overwrite:
            raise errors.FlagError(
                '--resume --overwrite: expected one of the two; --resume continues the '
                'run, --overwrite removes it'
            )
        self.path = self._resolve_path()
        with contextlib.ExitStack() as stack:
            stack.callback(self._remove_if_empty)
            self._lock(stack)
            files.remove_stale(self.path)
            self._previous = PreviousRun(self._flags, self.path)
            self.own_files = self._previous.own_files
            self._exit = stack.pop_all()
        return self

    def _resolve_path(self) -> str:
        root = os.path.join('logs', self._flags.lesson)
        folder = self._flags.FLAGS.log_dir
        if folder is None and self._flags.FLAGS.resume:
            folder = newest_folder(root)
        try:
            if folder is None:
                self._is_new = True
                return new_folder(root)
            require_plain(folder)
            self._is_new = not os.path.lexists(folder)
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise errors.FlagError(
                f'--log_dir={errors.printable(folder or root)}: cannot be made: '
                f'{error.strerror}; choose another folder'
            ) from error
        return folder

    def _lock(self, stack: contextlib.ExitStack) -> None:
        path = os.path.join(self.path, LOCK_FILE)
        where = errors.printable(self.path)
        try:
            has_locks = stack.enter_context(files.locked(path))
        except BlockingIOError as error:
            raise errors.RunError(
                f'{where}: another process is training in this folder; wait for it, or '
                'choose another --log_dir'
            ) from error
        except OSError as error:
            raise errors.RunError(
                f'{errors.printable(path)}: cannot be locked: {error.strerror}; remove '
                'it, or choose another --log_dir'
            ) from error
        if not has_locks:
            print(
                f'{where}: this disk has no locks; see to it that no other process '
                'trains in this folder',
                file=sys.stderr,
            )

    def choose_seed(self) -> int:
        """Returns the previous run's seed on --resume, else --seed, else a new one.

        On --resume the flags take over the previous run's values, too.

        Raises:
            errors.RunError: If a flag contradicts the run, or the folder holds a run of
                the same model that may be neither resumed nor overwritten.
        """
        return self._previous.choose_seed()

    def prepare(
        self,
        difference: str | None,
        seed: int,
        info: DatasetInfo,
        model: dict[str, Any],
    ) -> None:
        """Prepares the folder for a new run, or checks the run that is resumed.

        Args:
            difference: How the checkpoint in the folder differs from the model, or
                None.
            seed: Of the run.
            info: The data.
            model: What `inference` has to know about the model.

        Raises:
            errors.RunError: If the folder holds another model's checkpoint, a run that
                may be neither resumed nor overwritten, one on other data, or files of
                others under names that a run needs. The folder is unchanged then.
        """
        self._entries = {
            'lesson': self._flags.lesson,
            'seed': seed,
            'data': info.fingerprint,
            'data_kind': info.kind,
            'model': model,
        }
        if self._previous.is_continued(difference, info.fingerprint):
            return
        self._previous.make_room()
        if not self._flags.FLAGS.resume:
            self.write_run_file()

    def write_run_file(self) -> None:
        """Writes run.json: what the run trains, on which data, and with which flags."""
        run_file.write(self.path, {**self._entries, 'flags': self._flags.recorded()})
        self.own_files.set_started(True)

    def _remove_if_empty(self) -> None:
        if self._is_new:
            with contextlib.suppress(OSError):
                os.rmdir(self.path)

    def __exit__(self, *exception: Any) -> None:
        """Releases the folder, and removes it if it is new and has stayed empty."""
        self._exit.close()
