"""What a folder holds of a previous run, and whether it is continued or removed.

A folder may hold a whole run, what is left of one that was killed while it was started
or removed, a run of an earlier version, or files of other programs under the names that
a run needs. Only the first two are changed; all others are refused in one line.
"""

import os
import re
import secrets
import sys
from typing import Any, NoReturn

from mnist_tut import errors
from mnist_tut.flags import Flags
from mnist_tut.training import run_file
from mnist_tut.training.own_files import OwnFiles
from mnist_tut.training.run_file import RUN_FILE

CHECKPOINT_PREFIX = 'model.ckpt'
HISTORY_FILE = 'history.json'

# What every run writes, whatever its lesson; 'checkpoint' is TensorFlow's.
_FILES = (RUN_FILE, HISTORY_FILE, 'checkpoint')
_CHECKPOINT = re.compile(rf'{re.escape(CHECKPOINT_PREFIX)}-\d+\.(index|json)')


class PreviousRun:
    """The run that a folder holds when a lesson is started in it, if there is one.

    Attributes:
        own_files: The list of its files.
    """

    def __init__(self, flags: Flags, folder: str):
        """Reads what is in a locked folder.

        Raises:
            errors.RunError: If the list of its files is damaged.
        """
        self._flags = flags
        self._folder = folder
        self._run: dict[str, Any] | None = None
        self.own_files = OwnFiles(folder)

    @property
    def _is_unfinished(self) -> bool:
        """Whether it was killed before it had a run.json, or while it was removed."""
        own = self.own_files
        return self._run is None and own.is_known and not own.is_started

    def choose_seed(self) -> int:
        """Returns its seed on --resume, else --seed, else a new one.

        On --resume the flags take over its values, too.

        Raises:
            errors.RunError: If run.json is damaged, a flag contradicts it, or it is of
                the same model and may be neither resumed nor overwritten.
        """
        FLAGS = self._flags.FLAGS
        self._run = self._read()
        if self._run is not None and self._run['lesson'] == self._flags.lesson:
            if FLAGS.resume:
                self._flags.require_unchanged('seed', self._run['seed'], self._folder)
                self._take_over(self._run['flags'])
                return self._run['seed']
            if not FLAGS.overwrite and self._flags.agree_with(self._run['flags']):
                self._refuse_to_overwrite()
        return secrets.randbelow(2**31) if FLAGS.seed is None else FLAGS.seed

    def _read(self) -> dict[str, Any] | None:
        """Returns the content of run.json, or None if there is none."""
        if not os.path.lexists(os.path.join(self._folder, RUN_FILE)):
            return None
        try:
            return run_file.read(self._folder)
        except errors.RunError as error:
            if not self._flags.FLAGS.overwrite or RUN_FILE not in self.own_files:
                raise
            raise errors.RunError(
                f'{error}; if it is of the run that you want to remove, remove it '
                'yourself, and --overwrite removes the rest'
            ) from error

    def _take_over(self, recorded: dict[str, Any]) -> None:
        try:
            self._flags.take_over(recorded, self._folder)
        except (errors.FlagError, ArithmeticError) as error:
            path = os.path.join(self._folder, RUN_FILE)
            raise errors.RunError(
                f'{errors.printable(path)}: its flags cannot be taken over: {error}'
            ) from error

    def is_continued(self, difference: str | None, fingerprint: str) -> bool:
        """Returns whether the run is continued, rather than a new one started.

        Args:
            difference: How its checkpoint differs from the model, or None.
            fingerprint: Of the data.

        Raises:
            errors.RunError: If it can be neither; nothing is changed then.
        """
        if difference and not self._is_unfinished:
            self._refuse(
                f"holds another model's checkpoint: {difference}; nothing was touched; "
                'choose another --log_dir'
            )
        self.own_files.require_regular()
        if self._flags.FLAGS.resume and self._run is not None:
            self._require_same(self._run, fingerprint)
            self.own_files.remove_unfinished()
            if not self.own_files.is_known:
                self._adopt()
            return True
        if not self._flags.FLAGS.overwrite:
            self._require_no_run()
        self._require_no_strangers()
        return False

    def make_room(self) -> None:
        """Removes the run's files, and writes down those of a new one."""
        if self.own_files.is_known:
            self.own_files.remove_all()
        self.own_files.add(*_FILES)

    def _require_same(self, previous: dict[str, Any], fingerprint: str) -> None:
        if previous['lesson'] != self._flags.lesson:
            self._refuse(
                f'holds a run of {errors.printable(previous["lesson"])}, not of '
                f'{self._flags.lesson}; choose another --log_dir'
            )
        if previous['data'] != fingerprint:
            self._refuse(
                'this run was trained on other data; bring back the files that it '
                'started with, or choose another --log_dir'
            )

    def _require_no_run(self) -> None:
        """Refuses unless the folder holds nothing to continue or to lose."""
        if self._run is not None:
            self._refuse_to_overwrite()
        if self._is_unfinished:
            return
        if self.own_files.is_known:
            self._refuse(
                'its run.json is missing, so the run cannot be continued; bring it '
                "back, or remove the run's other files with --overwrite"
            )
        if path := run_file.other_checkpoint(self._folder):
            self._refuse(
                'a TensorFlow checkpoint without the run.json of a lesson, so its '
                'position in the data is unknown and --resume cannot be exact; give it '
                'to python -m mnist_tut.predict (or export) as '
                f'--checkpoint={errors.printable(path)}, or choose another --log_dir'
            )

    def _require_no_strangers(self) -> None:
        """Refuses if a file that a run would write is there and is of no run."""
        if self._run is not None and not self.own_files.is_known:
            self._refuse(
                'holds a run of an earlier version, which did not write down which '
                'files are its own; nothing was touched; remove the folder yourself, '
                'or choose another --log_dir'
            )
        for name in sorted(os.listdir(self._folder)):
            is_needed = name in _FILES or _CHECKPOINT.fullmatch(name)
            if is_needed and name not in self.own_files:
                self._refuse(
                    f'holds a {errors.printable(name)} that no run wrote down as its '
                    'own, so it may be yours; nothing was touched; choose another '
                    '--log_dir'
                )

    def _adopt(self) -> None:
        """Takes over the files of a run of an earlier version, which had no list."""
        self.own_files.adopt_by_name()
        print(
            f'{errors.printable(self._folder)}: was started by an earlier version, '
            'which did not write down its files; its event files stay as they are, so '
            'that TensorBoard may show some steps twice',
            file=sys.stderr,
        )

    def _refuse_to_overwrite(self) -> NoReturn:
        self._refuse(
            'already holds a run; continue it with --resume, or start again with '
            '--overwrite, which removes its files and nothing else'
        )

    def _refuse(self, reason: str) -> NoReturn:
        raise errors.RunError(f'--log_dir={errors.printable(self._folder)}: {reason}')
