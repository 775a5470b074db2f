"""The folder that a run owns, and what it may do there.

A run never wipes a folder. It gets a new one, goes on in its own, or removes, when it
is told to, the files that a run makes and no others.
"""

import contextlib
import glob
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

from mnist_tut import errors

from absl import flags

PREFIX = 'model.ckpt'
RUN_FILE = 'run.json'
LOCK_FILE = 'run.lock'

# The files of a run, relative to its folder. --overwrite removes these and no others.
_SAVED = rf'{re.escape(PREFIX)}-\d+\.(index|meta|json|data-\d{{5}}-of-\d{{5}})'
_EVENTS = r'events\.(tmp|out\.tfevents\.\d+\.[^/]*)'
_PROJECTOR = r'projector(_config\.pbtxt|-sprite\.png|-(vectors|labels)\.tsv)'
_OWN_FILES = re.compile(
    rf'({_SAVED}|checkpoint|history\.json|run\.(json|lock)'
    rf'|((train|test)/)?({_EVENTS}|{_PROJECTOR}))(\.tmp)?'
)


# Flags that may differ when a run goes on: how far and where to, not what is trained.
_MAY_CHANGE = (
    'max_steps',
    'epochs',
    'num_epochs',
    'accuracy_at',
    'checkpoint_steps',
    'dataset',
    'source_url',
    'data_dir',
    'train_dir',
    'input_data_dir',
    'npz',
)


def own_files(folder: str) -> list[str]:
    """Returns the paths in `folder` that are a run's own, sorted."""
    found = []
    for below in ('', 'train', 'test'):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            for name in os.listdir(os.path.join(folder, below)):
                relative = f'{below}/{name}' if below else name
                if _OWN_FILES.fullmatch(relative):
                    found.append(os.path.join(folder, relative))
    return sorted(found)


def holds_run(folder: str) -> bool:
    """Returns whether a run has been here; a lock alone does not count."""
    return any(os.path.basename(path) != LOCK_FILE for path in own_files(folder))


def remove_run(folder: str) -> None:
    """Removes a run's own files from `folder`, except the lock that we hold."""
    for path in own_files(folder):
        if os.path.basename(path) != LOCK_FILE:
            os.remove(path)


def new_folder(root: str) -> str:
    """Makes and returns the next free root/run-NNNN; safe beside other processes."""
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


@contextlib.contextmanager
def locked(folder: str) -> Iterator[None]:
    """Keeps a second trainer out of `folder` as long as this process lives.

    The operating system drops the lock when the process ends, however it ends.

    Raises:
        errors.RunError: If another process holds it.
    """
    path = os.path.join(folder, LOCK_FILE)
    while True:
        with open(path, 'a+b') as file:
            try:
                _lock(file.fileno())
            except OSError as error:
                raise errors.RunError(
                    f'{errors.show_path(folder)}: another process is training in this '
                    'folder; wait for it, or choose another --log_dir'
                ) from error
            if not os.path.exists(path) or not os.path.samestat(
                os.fstat(file.fileno()), os.stat(path)
            ):
                continue  # its last owner removed it between our two calls
            try:
                yield
            finally:
                with contextlib.suppress(OSError):
                    os.remove(path)
            return


if sys.platform == 'win32':
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def write_bytes(path: str, content: bytes) -> None:
    """Writes a file so that `path` holds either what was there or all of `content`.

    Raises:
        errors.RunError: If it cannot be written.
    """
    temporary = f'{path}.tmp'
    try:
        with open(temporary, 'wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise errors.RunError(
            f'{errors.show_path(path)}: cannot be written: {error.strerror}; '
            'what was saved before is intact'
        ) from error


def write_json(path: str, content: Any) -> None:
    """Writes JSON as `write_bytes` does."""
    write_bytes(path, json.dumps(content).encode())


def read_json(path: str) -> Any:
    """Returns the content of a JSON file.

    Raises:
        errors.RunError: If it is not there or not JSON.
    """
    try:
        with open(path, encoding='utf-8') as file:
            content = json.load(file)
    except (OSError, ValueError) as error:
        raise errors.RunError(
            f'{errors.show_path(path)}: not a readable {os.path.basename(path)}: '
            f'{getattr(error, "strerror", None) or error}; choose the folder of a run, '
            'or another --log_dir'
        ) from error
    if not isinstance(content, dict):
        raise errors.RunError(
            f'{errors.show_path(path)}: not of a run: {type(content).__name__} instead '
            'of an object; choose the folder of a run, or another --log_dir'
        )
    return content


def steps_saved(folder: str) -> list[int]:
    """Returns the step of each complete checkpoint in `folder`, newest first."""
    pattern = os.path.join(glob.escape(folder), f'{PREFIX}-*.json')
    found = [
        re.search(rf'{re.escape(PREFIX)}-(\d+)\.json$', path)
        for path in glob.glob(pattern)
    ]
    return sorted((int(match[1]) for match in found if match), reverse=True)


def path_of(folder: str, step: int) -> str:
    """Returns the path that TensorFlow calls the checkpoint of `step`."""
    return os.path.join(folder, f'{PREFIX}-{step}')


class RunFolder(contextlib.AbstractContextManager):
    """One run's folder, locked until it is closed.

    Attributes:
        path: The folder, made if need be.
        found: Content of its run.json where this run goes on from it, else {}.
    """

    def __init__(self, lesson: str, values: flags.FlagValues):
        """Chooses and locks the folder.

        Args:
            lesson: Name of the lesson's module.
            values: The lesson's flags.

        Raises:
            errors.RunError: If the folder is in use, holds a run of the same model and
                neither --resume nor --overwrite was given, or holds a run that was
                started with another seed or batch size.
        """
        self._lesson = lesson
        self._flags = values
        if values.resume and values.overwrite:
            raise errors.FlagError(
                '--resume --overwrite: expected one of the two; --resume goes on with '
                'the run, --overwrite removes it'
            )
        self._made = False
        self.path = self._choose()
        with contextlib.ExitStack() as stack:
            stack.enter_context(locked(self.path))
            self.found = self._look()
            self._lock = stack.pop_all()

    def __exit__(self, *exception: Any) -> None:
        """Lets go of the folder; one that stayed empty is removed again."""
        self._lock.close()
        if self._made:
            with contextlib.suppress(OSError):
                os.rmdir(self.path)

    def _choose(self) -> str:
        root = os.path.join('logs', self._lesson)
        folder = self._flags.log_dir
        if folder is None and self._flags.resume:
            folder = newest_folder(root)
        try:
            if folder is None:
                self._made = True
                return new_folder(root)
            self._made = not os.path.lexists(folder)
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise errors.FlagError(
                f'--log_dir={errors.show_path(folder or root)}: cannot be made: '
                f'{error.strerror}; choose another folder'
            ) from error
        return folder

    def _look(self) -> dict[str, Any]:
        run_file = os.path.join(self.path, RUN_FILE)
        if not holds_run(self.path) or self._flags.overwrite:
            return {}
        found = read_json(run_file) if os.path.exists(run_file) else {}
        missing = {'lesson', 'seed', 'data', 'flags'} - set(found)
        if found and missing:
            raise errors.RunError(
                f'{errors.show_path(run_file)}: not a complete run.json: no '
                f'{min(missing)}; choose the folder of a run, or another --log_dir'
            )
        if found.get('lesson') != self._lesson:
            # Whether it is a different model is told in `admit`, once there is a graph.
            return found if self._flags.resume else {}
        if not self._flags.resume:
            here = self._settings()
            if all(
                here.get(name) == there
                for name, there in found['flags'].items()
                if name not in _MAY_CHANGE
            ):
                self._refuse_run()
            return {}
        for name, there in {**found['flags'], 'seed': found['seed']}.items():
            if name in self._flags:
                self._agree(name, there)
        return found

    def _agree(self, name: str, there: Any) -> None:
        """Takes a flag over from the run, or refuses one that contradicts it."""
        flag = self._flags[name]
        here = flag.value
        if flag.using_default_value:
            flag.value = there
            flag.using_default_value = there == flag.default
        elif here != there and name not in _MAY_CHANGE:
            raise errors.RunError(
                f'--{name}={here}: the run in {errors.show_path(self.path)} was '
                f'started with --{name}={there}; leave it out to go on with it, or '
                'choose another --log_dir'
            )

    def _settings(self) -> dict[str, Any]:
        """Returns the flags that make the model and the data what they are."""
        passing = ('help', 'resume', 'overwrite', 'log_dir', 'plots_dir', 'seed')
        settings = self._flags.flag_values_dict()
        return {name: settings[name] for name in settings if name not in passing}

    def _refuse(self, why: str) -> NoReturn:
        raise errors.RunError(f'--log_dir={errors.show_path(self.path)}: {why}')

    def _refuse_run(self) -> NoReturn:
        self._refuse(
            'already holds a run; go on with it by --resume, or start anew by '
            '--overwrite, which removes its own files and nothing else'
        )

    def admit(self, difference: str | None, fingerprint: str) -> None:
        """Refuses a folder of another model, and clears it for --overwrite.

        Args:
            difference: How the checkpoint in the folder differs from the model.
            fingerprint: Of the data.

        Raises:
            errors.RunError: If the folder holds another model's checkpoint, a run that
                may be neither resumed nor overwritten, or one on other data. Nothing
                has been written to it then.
        """
        if not holds_run(self.path):
            return
        if difference:
            self._refuse(
                f"holds another model's checkpoint: {difference}; nothing was touched; "
                'choose another --log_dir'
            )
        if self._flags.overwrite:
            if not os.path.exists(os.path.join(self.path, RUN_FILE)):
                self._refuse(
                    'holds files named like those of a run but no run.json, so they '
                    'may be yours; nothing was touched; choose another --log_dir'
                )
            remove_run(self.path)
        elif not self._flags.resume:
            self._refuse_run()
        elif self.found.get('lesson') != self._lesson:
            self._refuse(
                f'its checkpoint was not written by {self._lesson}, so the place in '
                'the data is not known and --resume cannot be exact; '
                'choose another --log_dir'
            )
        elif self.found['data'] != fingerprint:
            self._refuse(
                'this run was trained on other data; bring back the files that it '
                'started with, or choose another --log_dir'
            )

    def write_run_file(self, **facts: Any) -> None:
        """Writes run.json: the lesson, its flags, and what else is to be known."""
        content = {'lesson': self._lesson, 'flags': self._settings(), **facts}
        write_json(os.path.join(self.path, RUN_FILE), content)
