"""The values of a program's flags, and all that changes them.

Values are changed only in this module, and always through the flags' parsers and
validators: from a command line, from keyword arguments, from a run that is resumed.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from mnist_tut import errors, files
from mnist_tut.flags.command_line import nearest, one_line

from absl import flags as absl_flags

# Flags that do not change what a run trains; --seed does, and is recorded apart.
# A --source_url may hold a password.
_NOT_RECORDED = {
    'resume', 'overwrite', 'log_dir', 'plots_dir', 'seed', 'source_url',
}  # fmt: skip


class Values:
    """The values of a program's flags, and the functions that change them.

    Attributes:
        FLAGS: The values, such as FLAGS.max_steps.
        may_change: Names of flags that a resumed run may change.
    """

    def __init__(self, name: str) -> None:
        self._name = name or 'this program'
        self.FLAGS = absl_flags.FlagValues()
        self.may_change: set[str] = set()
        self._folders: dict[str, bool] = {}  # name: whether it must be writable
        self._common: set[str] = set()  # names of flags that every lesson has
        self._in_use = threading.RLock()
        # For the name of a flag: reads a constant of the module, and its first value.
        self._constants: dict[str, tuple[Callable[[], Any], Any]] = {}

    def follow(self, **constants: Callable[[], Any]) -> None:
        """Lets constants act when they are edited, although flags stand for them.

        A flag takes a constant as its default when the module is imported. Where the
        constant has another value by the time of a run, that is as if the flag had been
        set; a flag that was set itself comes before.

        Args:
            constants: For the name of a flag, a function that returns the constant.
        """
        for name, read in constants.items():
            self._constants[name] = read, read()

    def groups(self) -> tuple[list[absl_flags.Flag], list[absl_flags.Flag]]:
        """Returns the program's own flags, and those that every lesson has."""
        flags = [self.FLAGS[name] for name in self.FLAGS]
        return (
            [flag for flag in flags if flag.name not in self._common],
            [flag for flag in flags if flag.name in self._common],
        )

    def check_folders(self) -> None:
        """Raises FlagError if the folder of a flag cannot be used.

        A folder of data files has to be writable only if it is missing, and does not
        matter if it was not named: then the data may be somewhere else.
        """
        for name, is_output in self._folders.items():
            path = self.FLAGS[name].value
            if path is None or not (is_output or self._is_given(name)):
                continue
            label = f'--{name}={errors.shortened(path)}'
            if not path:
                raise errors.FlagError(f'{label}: empty; expected the path of a folder')
            if '\0' in path:
                raise errors.FlagError(f'{label}: has a zero byte; choose another name')
            if is_output and not _is_utf8(path):
                raise errors.FlagError(
                    f'{label}: is not UTF-8, which TensorFlow needs; choose '
                    'another name'
                )
            files.check_folder(path, label, errors.FlagError, must_write=is_output)

    @contextlib.contextmanager
    def overridden(self, settings: dict[str, Any]) -> Iterator[None]:
        """Sets flags for the duration of a `with`.

        Raises:
            FlagError: If a value is invalid.
            RunError: If another thread is between the two ends of such a `with`.
        """
        if not self._in_use.acquire(blocking=False):
            raise errors.RunError(
                f'{self._name} is running in another thread, and both would change its '
                'flags; wait for that one to end, or start another process'
            )
        before = {
            name: (self.FLAGS[name].value, self.FLAGS[name].using_default_value)
            for name in self.FLAGS
        }
        try:
            self._take_constants()
            self._assign(settings)
            yield
        finally:
            # All flags: resuming a run changes more than those in `settings`.
            for name, (value, is_default) in before.items():
                self.FLAGS[name].value = value
                self.FLAGS[name].using_default_value = is_default
            self._in_use.release()

    def _take_constants(self) -> None:
        """Sets the flags whose constants were edited, unless they are set already."""
        for name, (read, first_value) in self._constants.items():
            flag, value = self.FLAGS[name], read()
            if not flag.using_default_value or value == first_value:
                continue
            if value is None:
                flag.value = None  # SEED = None: each run draws its own
            else:
                self._assign({name: value})

    def _assign(self, settings: dict[str, Any]) -> None:
        """Sets flags through their parsers, then runs all validators."""
        for name, value in settings.items():
            if name not in self.FLAGS:
                raise errors.FlagError(
                    f'{errors.shortened(name)}: no such argument'
                    f'{nearest(self.FLAGS, name)}'
                )
            if isinstance(value, os.PathLike):
                value = os.fspath(value)
            flag = self.FLAGS[name]
            label = f'{name}={errors.shortened(repr(value))}'
            # seed=None draws a seed in any lesson, as SEED = None does.
            if value is None and flag.default is not None and name != 'seed':
                raise errors.FlagError(
                    f'{label}: expected a value; without this argument it is '
                    f'{flag.default!r}'
                )
            try:
                if value is not None:
                    value = flag.parser.parse(value)
            except (absl_flags.Error, TypeError, ValueError) as error:
                raise errors.FlagError(f'{label}: {one_line(error)}') from error
            flag.value = value
            flag.using_default_value = False
        try:
            self.FLAGS.validate_all_flags()
        except absl_flags.Error as error:
            raise errors.FlagError(one_line(error)) from error

    def data_folder(self) -> tuple[str | None, bool]:
        """Returns the name of the flag for the data folder, and whether it is given.

        A lesson may have two such flags; the one defined last has precedence.
        """
        names = [name for name, is_output in self._folders.items() if not is_output]
        given = [name for name in names if self._is_given(name)]
        return next(reversed(given or names[:1]), None), bool(given)

    def settle(self, **values: Any) -> None:
        """Sets flags that were left out to what a run has found, to be recorded."""
        for name, value in values.items():
            self.FLAGS[name].value = value

    def _is_given(self, name: str) -> bool:
        flag = self.FLAGS[name]
        return flag.value is not None and not flag.using_default_value

    def subset(self, *names: str) -> dict[str, Any]:
        """Returns some flags as keyword arguments."""
        return {name: self.FLAGS[name].value for name in names}


class Settings(Values):
    """Values that a run records, and takes over again when it is resumed."""

    def recorded(self) -> dict[str, Any]:
        """Returns the flags that determine what a run trains and on which data."""
        values = self.FLAGS.flag_values_dict()
        return {
            name: self._absolute(name, value)
            for name, value in sorted(values.items())
            if name not in _NOT_RECORDED
        }

    def agree_with(self, recorded: dict[str, Any]) -> bool:
        """Returns whether a run with these recorded flags trains the same model."""
        values = self.FLAGS.flag_values_dict()
        return all(
            values.get(name) == value
            for name, value in recorded.items()
            if name not in self.may_change
        )

    def take_over(self, recorded: dict[str, Any], folder: str) -> None:
        """Sets the flags that the user left out to the values of the resumed run.

        Args:
            recorded: What `recorded()` returned when the run was started.
            folder: Folder of the run, for messages.

        Raises:
            RunError: If a flag was set to another value and may not change.
            FlagError: If a recorded value is invalid.
        """
        not_set = {}
        for name in sorted(set(recorded) & set(self.FLAGS)):
            flag, value = self.FLAGS[name], recorded[name]
            self.require_unchanged(name, value, folder)
            if flag.using_default_value and self._absolute(name, flag.value) != value:
                not_set[name] = value
        self._assign(not_set)

    def require_unchanged(self, name: str, value: Any, folder: str) -> None:
        """Raises RunError if a flag was set to another value and may not change.

        Args:
            name: Name of the flag.
            value: The value that the run was started with.
            folder: Folder of the run, for the message.
        """
        flag = self.FLAGS[name]
        is_changed = not flag.using_default_value and flag.value != value
        if is_changed and name not in self.may_change:
            raise errors.RunError(
                f'--{name}={flag.value}: the run in {errors.printable(folder)} was '
                f'started with --{name}={value}; leave it out to continue that run, or '
                'choose another --log_dir'
            )

    def _absolute(self, name: str, value: Any) -> Any:
        """Returns a folder as an absolute path: a run may be resumed from elsewhere."""
        return os.path.abspath(value) if name in self._folders and value else value


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:  # bytes that Python could not decode
        return False
    return True
