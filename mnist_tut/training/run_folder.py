"""The folder of a run: how it is chosen, locked and cleared, and the files in it.

A run never empties a folder. It gets a new one, continues in its own, or, with
--overwrite, removes the files that a run writes and no others.
"""

import contextlib
import glob
import json
import os
import re
import secrets
from typing import Any, NoReturn

from mnist_tut import errors, files
from mnist_tut.data.locate import DatasetInfo
from mnist_tut.flags import Flags

CHECKPOINT_PREFIX = 'model.ckpt'
RUN_FILE = 'run.json'
HISTORY_FILE = 'history.json'
LOCK_FILE = 'run.lock'

_INTACT = 'what was saved before is intact'
# Entries that run.json must have for a run to be resumed, and their types.
_REQUIRED_ENTRIES = {'lesson': str, 'seed': int, 'data': str, 'flags': dict}

# The files of a run, relative to its folder. --overwrite removes these and no others.
_CHECKPOINT = (
    rf'{re.escape(CHECKPOINT_PREFIX)}-\d+\.(index|meta|json|data-\d{{5}}-of-\d{{5}})'
)
_EVENTS = r'events\.out\.tfevents\.\d+\.[^/]*'
_PROJECTOR = r'projector(_config\.pbtxt|-sprite\.png|-(vectors|labels)\.tsv)'
_OWN_FILES = re.compile(
    rf'{_CHECKPOINT}|checkpoint|history\.json|run\.(json|lock)'
    rf'|((train|test)/)?({_EVENTS}|{_PROJECTOR})'
)


def own_files(folder: str) -> list[str]:
    """Returns the paths in `folder` that have names of a run's files, sorted."""
    paths = []
    for subfolder in ('', 'train', 'test'):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            for name in os.listdir(os.path.join(folder, subfolder)):
                relative = f'{subfolder}/{name}' if subfolder else name
                if _OWN_FILES.fullmatch(relative):
                    paths.append(os.path.join(folder, relative))
    return sorted(paths)


def holds_run(folder: str) -> bool:
    """Returns whether `folder` holds files of a run; a lock alone does not count."""
    return any(os.path.basename(path) != LOCK_FILE for path in own_files(folder))


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


def write_json(path: str, content: Any) -> None:
    """Writes a JSON file of a run atomically; RunError if that fails."""
    files.write_bytes(path, json.dumps(content).encode(), errors.RunError, _INTACT)


def read_json(path: str) -> dict[str, Any]:
    """Returns the object in a JSON file of a run.

    Raises:
        errors.RunError: If it is missing, not JSON or not an object.
    """
    where = errors.printable(path)
    hint = 'choose the folder of a run, or another --log_dir'
    try:
        with open(path, encoding='utf-8') as file:
            content = json.load(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise errors.RunError(
            f'{where}: not a readable {os.path.basename(path)}: {reason}; {hint}'
        ) from error
    if not isinstance(content, dict):
        raise errors.RunError(
            f'{where}: not of a run: {type(content).__name__} instead of an object; '
            f'{hint}'
        )
    return content


class RunFolder(contextlib.AbstractContextManager):
    """The folder of one run, locked while the context is entered.

    Attributes:
        path: The folder.
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
        try:
            self._exit.enter_context(files.locked(os.path.join(self.path, LOCK_FILE)))
        except BlockingIOError as error:
            raise errors.RunError(
                f'{errors.printable(self.path)}: another process is training in this '
                'folder; wait for it, or choose another --log_dir'
            ) from error
        files.remove_stale(self.path)
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
            self._is_new = not os.path.lexists(folder)
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise errors.FlagError(
                f'--log_dir={errors.printable(folder or root)}: cannot be made: '
                f'{error.strerror}; choose another folder'
            ) from error
        return folder

    def previous_run(self) -> dict[str, Any] | None:
        """Returns the content of run.json in the folder, or None if it is missing.

        Raises:
            errors.RunError: If it is damaged.
        """
        path = os.path.join(self.path, RUN_FILE)
        if not os.path.exists(path):
            return None
        content = read_json(path)
        for name, kind in _REQUIRED_ENTRIES.items():
            if not isinstance(content.get(name), kind):
                raise errors.RunError(
                    f'{errors.printable(path)}: not a complete run.json: no {name}; '
                    'choose the folder of a run, or another --log_dir'
                )
        return content

    def choose_seed(self) -> int:
        """Returns the previous run's seed on --resume, else --seed, else a new one.

        On --resume the flags take over the previous run's values, too.

        Raises:
            errors.RunError: If a flag contradicts the run, or the folder holds a run of
                the same model that may be neither resumed nor overwritten.
        """
        FLAGS = self._flags.FLAGS
        previous = None if FLAGS.overwrite else self.previous_run()
        if previous is not None and previous['lesson'] == self._flags.lesson:
            if FLAGS.resume:
                self._flags.require_unchanged('seed', previous['seed'], self.path)
                self._flags.take_over(previous['flags'], self.path)
                return previous['seed']
            if self._flags.agree_with(previous['flags']):
                self._refuse_to_overwrite()
        return secrets.randbelow(2**31) if FLAGS.seed is None else FLAGS.seed

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
                may be neither resumed nor overwritten, or one on other data. The folder
                is unchanged then.
        """
        if holds_run(self.path):
            self._check(difference, info.fingerprint)
            if self._flags.FLAGS.overwrite:
                self._clear()
        self._entries = {
            'lesson': self._flags.lesson,
            'seed': seed,
            'data': info.fingerprint,
            'data_kind': info.kind,
            'model': model,
        }
        if not self._flags.FLAGS.resume:
            self.write_run_file()

    def _check(self, difference: str | None, fingerprint: str) -> None:
        if difference:
            self._refuse(
                f"holds another model's checkpoint: {difference}; nothing was touched; "
                'choose another --log_dir'
            )
        if self._flags.FLAGS.overwrite:
            if not os.path.exists(os.path.join(self.path, RUN_FILE)):
                self._refuse(
                    'holds files named like those of a run but no run.json, so they '
                    'may be yours; nothing was touched; choose another --log_dir'
                )
            return
        if not self._flags.FLAGS.resume:
            self._refuse_to_overwrite()
        previous = self.previous_run()
        if previous is None or previous['lesson'] != self._flags.lesson:
            self._refuse(
                f'its checkpoint was not written by {self._flags.lesson}, so its '
                'position in the data is unknown and --resume cannot be exact; choose '
                'another --log_dir'
            )
        if previous['data'] != fingerprint:
            self._refuse(
                'this run was trained on other data; bring back the files that it '
                'started with, or choose another --log_dir'
            )

    def _clear(self) -> None:
        """Removes the previous run's files, except the lock that this run holds."""
        for path in own_files(self.path):
            if os.path.basename(path) != LOCK_FILE:
                os.remove(path)

    def _refuse_to_overwrite(self) -> NoReturn:
        self._refuse(
            'already holds a run; continue it with --resume, or start again with '
            '--overwrite, which removes its files and nothing else'
        )

    def _refuse(self, reason: str) -> NoReturn:
        raise errors.RunError(f'--log_dir={errors.printable(self.path)}: {reason}')

    def write_run_file(self) -> None:
        """Writes run.json: what the run trains, on which data, and with which flags."""
        content = {**self._entries, 'flags': self._flags.recorded()}
        write_json(os.path.join(self.path, RUN_FILE), content)

    def __exit__(self, *exception: Any) -> None:
        """Releases the folder, and removes it if it is new and has stayed empty."""
        self._exit.close()
        if self._is_new:
            with contextlib.suppress(OSError):
                os.rmdir(self.path)
