"""Command-line flags, defined as in the tutorials and usable as keyword arguments.

    flags = Flags('softmax')
    FLAGS = flags.FLAGS
    flags.DEFINE_integer('max_steps', 1000, 'Number of training steps.')

    @flags.as_arguments
    def run_training(): ...  # run_training(max_steps=100) is --max_steps=100

    if __name__ == '__main__':
        flags.run(main)

They are absl's flags, but every program has a FlagValues of its own, which is marked as
parsed from the start: two lessons can be imported together although both define
`batch_size`, and a notebook can read `FLAGS.batch_size` without a command line. Values
are changed only in this module, and always through the flags' parsers and validators.
"""

import contextlib
import functools
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from mnist_tut import errors, files

from absl import flags as absl_flags

# Flags that do not change what a run trains; --seed does, and is recorded apart.
_NOT_RECORDED = {'help', 'resume', 'overwrite', 'log_dir', 'plots_dir', 'seed'}


class _Settings:
    """The values of a program's flags, and the functions that change them.

    Attributes:
        FLAGS: The values, such as FLAGS.max_steps.
        may_change: Names of flags that a resumed run may change.
    """

    def __init__(self) -> None:
        self.FLAGS = absl_flags.FlagValues()
        self.may_change: set[str] = set()
        self._folders: dict[str, bool] = {}  # name: whether it must be writable

    def check_folders(self) -> None:
        """Raises FlagError if the folder of a flag cannot be used.

        A folder of data files has to be writable only if it is missing.
        """
        for name, is_output in self._folders.items():
            path = self.FLAGS[name].value
            if path is None:
                continue
            label = f'--{name}={errors.printable(path)}'
            if not path:
                raise errors.FlagError(f'{label}: empty; expected the path of a folder')
            files.check_folder(path, label, errors.FlagError, must_write=is_output)

    @contextlib.contextmanager
    def overridden(self, settings: dict[str, Any]) -> Iterator[None]:
        """Sets flags for the duration of a `with`; FlagError if a value is invalid."""
        before = {
            name: (self.FLAGS[name].value, self.FLAGS[name].using_default_value)
            for name in self.FLAGS
        }
        try:
            self._assign(settings)
            yield
        finally:
            # All flags: resuming a run changes more than those in `settings`.
            for name, (value, is_default) in before.items():
                self.FLAGS[name].value = value
                self.FLAGS[name].using_default_value = is_default

    def _assign(self, settings: dict[str, Any]) -> None:
        """Sets flags through their parsers, then runs all validators."""
        for name, value in settings.items():
            if name not in self.FLAGS:
                raise errors.FlagError(f'{name}: no such flag; see --help')
            if isinstance(value, os.PathLike):
                value = os.fspath(value)
            flag = self.FLAGS[name]
            try:
                if value is not None or flag.default is not None:
                    value = flag.parser.parse(value)
            except (absl_flags.Error, TypeError, ValueError) as error:
                raise errors.FlagError(
                    f'{name}={value!r}: {_one_line(error)}'
                ) from error
            flag.value = value
            flag.using_default_value = False
        try:
            self.FLAGS.validate_all_flags()
        except absl_flags.Error as error:
            raise errors.FlagError(_one_line(error)) from error

    def recorded(self) -> dict[str, Any]:
        """Returns the flags that determine what a run trains and on which data."""
        values = self.FLAGS.flag_values_dict()
        return {
            name: self._absolute(name, value)
            for name, value in sorted(values.items())
            if name not in _NOT_RECORDED
        }

    def subset(self, *names: str) -> dict[str, Any]:
        """Returns some flags as keyword arguments."""
        return {name: self.FLAGS[name].value for name in names}

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


class Flags(_Settings):
    """The flags of one program: a lesson or a command.

    The DEFINE functions take absl's arguments, in absl's order. `may_change` allows a
    resumed run another value than the one that it was started with.

    Attributes:
        FLAGS: The values, such as FLAGS.max_steps.
        lesson: Name of the lesson's module, whose runs go to logs/<lesson>/; '' for a
            command.
    """

    def __init__(self, lesson: str = '', seed: int | None = None):
        """Defines --help and, for a lesson, the flags that every lesson has.

        Args:
            lesson: Name of the lesson's module.
            seed: Default of --seed; without one, each run draws its own.
        """
        super().__init__()
        self.lesson = lesson
        self.DEFINE_boolean('help', False, 'Show this help.')
        if lesson:
            _define_common_flags(self, lesson, seed)
        self._common = set(self.FLAGS)
        self.FLAGS.mark_as_parsed()

    def DEFINE_string(
        self, name: str, default: str | None, help: str, may_change: bool = False
    ) -> None:
        """Defines a string flag."""
        absl_flags.DEFINE_string(name, default, help, flag_values=self.FLAGS)
        self._register(name, may_change)

    def DEFINE_boolean(self, name: str, default: bool, help: str) -> None:
        """Defines a boolean flag, --name or --noname."""
        absl_flags.DEFINE_boolean(name, default, help, flag_values=self.FLAGS)

    def DEFINE_enum(
        self,
        name: str,
        default: str,
        enum_values: list[str],
        help: str,
        may_change: bool = False,
    ) -> None:
        """Defines a flag whose value is one of `enum_values`."""
        absl_flags.DEFINE_enum(name, default, enum_values, help, flag_values=self.FLAGS)
        self._register(name, may_change)

    def DEFINE_integer(
        self,
        name: str,
        default: int | None,
        help: str,
        lower_bound: int = 0,
        upper_bound: int | None = None,
        may_change: bool = False,
    ) -> None:
        """Defines an integer flag; the bounds are inclusive."""
        absl_flags.DEFINE_integer(
            name, default, help, lower_bound, upper_bound, flag_values=self.FLAGS
        )
        self._register(name, may_change)

    def DEFINE_float(
        self,
        name: str,
        default: float,
        help: str,
        lower_bound: float = 0.0,
        upper_bound: float = math.inf,
        may_change: bool = False,
    ) -> None:
        """Defines a flag for a finite float; absl's own accepts nan and inf."""
        most = '' if upper_bound == math.inf else f' and at most {upper_bound:g}'
        absl_flags.DEFINE_float(name, default, help, flag_values=self.FLAGS)
        absl_flags.register_validator(
            name,
            lambda value: math.isfinite(value) and lower_bound <= value <= upper_bound,
            f'expected a finite number at least {lower_bound:g}{most}',
            self.FLAGS,
        )
        self._register(name, may_change)

    def DEFINE_probability(self, name: str, default: float, help: str) -> None:
        """Defines a flag for a float above 0 and at most 1."""
        absl_flags.DEFINE_float(name, default, help, flag_values=self.FLAGS)
        absl_flags.register_validator(
            name,
            lambda value: 0 < value <= 1,
            'expected a number above 0 and at most 1',
            self.FLAGS,
        )

    def DEFINE_steps(self, name: str, help: str, at_most: str) -> None:
        """Defines a flag for a list of step numbers, --name=500,1000; [] by default.

        Args:
            name: Name of the flag.
            help: Help text.
            at_most: Name of the flag that limits them, the number of steps of the run.
        """
        serializer = absl_flags.CsvListSerializer(',')
        absl_flags.DEFINE(_StepsParser(), name, [], help, self.FLAGS, serializer)

        def are_reached(values: dict[str, Any]) -> bool:
            if max(values[name], default=0) > values[at_most]:
                raise absl_flags.ValidationError(
                    f'training ends after {values[at_most]} steps; raise --{at_most}'
                )
            return True

        absl_flags.register_multi_flags_validator(
            [name, at_most], are_reached, flag_values=self.FLAGS
        )
        self._register(name, may_change=True)

    def DEFINE_folder(
        self, name: str, default: str | None, help: str, is_output: bool = False
    ) -> None:
        """Defines a flag for a folder of data files, or for output."""
        absl_flags.DEFINE_string(
            name,
            default,
            help,
            flag_values=self.FLAGS,
            allow_override=True,  # absl.logging has a --log_dir of its own
        )
        self._folders[name] = is_output
        self._register(name, may_change=True)

    def DEFINE_trained_run(self) -> None:
        """Defines --log_dir for a command that uses a trained model."""
        self.DEFINE_folder(
            'log_dir',
            None,
            'Folder of a run of any lesson. Without it the newest run below logs/ is '
            'used.',
        )

    def _register(self, name: str, may_change: bool) -> None:
        if may_change:
            self.may_change.add(name)

    def as_arguments(self, function: Callable[[], Any]) -> Callable[..., Any]:
        """Decorates a function that reads FLAGS so that flags become its arguments.

        `run_training(max_steps=100)` is `--max_steps=100`; after the call the flags
        have their old values again. An unknown name or an invalid value raises
        FlagError.
        """

        @functools.wraps(function)
        def call(**settings: Any) -> Any:
            with self.overridden(settings):
                return function()

        return call

    def run(
        self,
        main: Callable[[list[str]], Any],
        argv: Sequence[str] | None = None,
        arguments: str | None = None,
    ) -> NoReturn:
        """Parses the command line and runs `main`, as tf.app.run did.

        A user's mistake is one line on stderr and exit status 1.

        Args:
            main: Called with the program's name and its positional arguments.
            argv: Command line; sys.argv if None.
            arguments: Name of the positional arguments; None to refuse them.

        Raises:
            SystemExit: Always. Status 0; 1 for a mistake; 128 + the signal's number.
        """
        try:
            args = self.FLAGS(list(sys.argv if argv is None else argv))
        except absl_flags.Error as error:
            _fail(_one_line(error))
        if self.FLAGS['help'].value:
            print(self._help(main))
            sys.exit(0)
        if arguments is None and len(args) > 1:
            _fail(f'{args[1]}: not a flag; see --help')
        _run(main, args)

    def _help(self, main: Callable) -> str:
        """Returns the module's docstring and all flags, the program's own first."""
        text = sys.modules[main.__module__].__doc__ or ''
        lines = [text.rstrip(), '', 'Flags:']
        for name in sorted(self.FLAGS, key=lambda name: (name in self._common, name)):
            flag = self.FLAGS[name]
            default = '' if flag.default is None else f' (default: {flag.default})'
            lines.append(f'  --{name}: {flag.help}{default}')
        return '\n'.join(lines)


def _run(main: Callable[[list[str]], Any], args: list[str]) -> NoReturn:
    """Runs `main` and exits; a user's mistake prints one line."""
    try:
        main(args)
        sys.stdout.flush()
    except errors.UserError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader of stdout, `head` for example, has closed it. Without a new target
        # Python would report an error when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _fail(_one_line(error))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _define_common_flags(flags: Flags, lesson: str, seed: int | None) -> None:
    flags.DEFINE_enum(
        'dataset',
        'auto',
        ['auto', 'mnist', 'synthetic', 'synthetic_wild'],
        'Data set: the files in the data folder, else a download, else synthetic '
        'digits (auto); MNIST or an error (mnist); synthetic digits at once (the other '
        'two).',
        may_change=True,
    )
    flags.DEFINE_string(
        'source_url',
        None,
        'Base URL of your own mirror to download MNIST from.',
        may_change=True,
    )
    flags.DEFINE_integer(
        'seed',
        seed,
        'Seed of batch order, initial values and dropout. Without one, each run draws '
        'its own and records it in run.json.',
        upper_bound=2**31 - 1,
    )
    flags.DEFINE_folder(
        'log_dir',
        None,
        'Folder for checkpoints and, where the lesson writes them, event files. '
        f'Without it each run gets a new one below logs/{lesson}/.',
        is_output=True,
    )
    flags.DEFINE_boolean(
        'resume', False, 'Continue the run in --log_dir, or the newest one.'
    )
    flags.DEFINE_boolean(
        'overwrite',
        False,
        'Start again in a --log_dir that holds a run: its files are removed first, and '
        'nothing else.',
    )
    flags.DEFINE_integer(
        'checkpoint_steps',
        1000,
        'Training steps between two checkpoints, the most that a killed run can lose. '
        'The newest five are kept.',
        lower_bound=1,
        may_change=True,
    )
    flags.DEFINE_folder('plots_dir', None, 'Folder for pictures (PNG).', is_output=True)


class _StepsParser(absl_flags.ArgumentParser):
    """Parses '500,1000' or [500, 1000] to [500, 1000]."""

    syntactic_help = 'whole numbers, at least 1, separated by commas'

    def parse(self, argument: Any) -> list[int]:
        """Returns the numbers."""
        items = argument.split(',') if isinstance(argument, str) else argument
        steps = [int(item) for item in items]
        if min(steps, default=1) < 1:
            raise ValueError(f'{min(steps)} is not at least 1')
        return steps


def _fail(line: str) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(1)


def _one_line(error: Exception) -> str:
    return ' '.join(str(error).split())
