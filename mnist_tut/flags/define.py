"""Command-line flags, defined as in the tutorials and usable as keyword arguments.

    flags = Flags('softmax')
    FLAGS = flags.FLAGS
    flags.DEFINE_integer('max_steps', 1000, 'Number of training steps.')

    @flags.as_arguments
    def run_training(): ...  # run_training(max_steps=100) is --max_steps=100

    if __name__ == '__main__':
        flags.run(main)

They are absl's flags, but each program has FLAGS of its own, not absl.flags.FLAGS. That
one is for the flags of a whole process, and a process may use several lessons: two that
define `batch_size` could not both be imported, and a notebook could not read a flag,
since nothing has parsed a command line. Here the flags of a lesson count as parsed from
the start: `deep.FLAGS.batch_size` is its default, and inside a call of
`deep.run_training(batch_size=10)` the value of that call.
"""

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from mnist_tut import program
from mnist_tut.flags import command_line
from mnist_tut.flags import help as flag_help
from mnist_tut.flags.values import Settings

from absl import flags as absl_flags

# The largest float32: beyond it a number is infinite in a graph.
_MAX_FLOAT32 = (2 - 2**-23) * 2**127

Result = TypeVar('Result')


class Definitions(Settings):
    """The functions that define flags.

    They take absl's arguments, in absl's order. `may_change` allows a resumed run
    another value than the one that it was started with.
    """

    def DEFINE_string(
        self, name: str, default: str | None, help: str, may_change: bool = False
    ) -> None:
        """Defines a string flag."""
        absl_flags.DEFINE_string(name, default, help, flag_values=self.FLAGS)
        self._register(name, may_change)

    def DEFINE_boolean(self, name: str, default: bool, help: str) -> None:
        """Defines a boolean flag, --name or --noname."""
        flag = absl_flags.BooleanFlag(name, default, help)
        flag.parser = _BooleanParser()
        absl_flags.DEFINE_flag(flag, self.FLAGS)

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
        default: float | None,
        help: str,
        lower_bound: float = 0.0,
        upper_bound: float = _MAX_FLOAT32,
        may_change: bool = False,
    ) -> None:
        """Defines a flag for a finite float; absl's own accepts nan and inf."""
        absl_flags.DEFINE_float(name, default, help, flag_values=self.FLAGS)
        absl_flags.register_validator(
            name,
            lambda value: value is None or lower_bound <= value <= upper_bound,
            f'expected a finite number at least {lower_bound:g} and at most '
            f'{upper_bound:.3g}',
            self.FLAGS,
        )
        self._register(name, may_change)

    def DEFINE_list(self, name: str, help: str) -> None:
        """Defines a flag for a list of strings, --name=a,b; [] by default."""
        absl_flags.DEFINE_list(name, [], help, flag_values=self.FLAGS)
        self._register(name, may_change=True)

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


class Flags(Definitions):
    """The flags of one program: a lesson or a command.

    Attributes:
        FLAGS: The values, such as FLAGS.max_steps.
        lesson: Name of the lesson's module, whose runs go to logs/<lesson>/; '' for a
            command.
    """

    def __init__(
        self, lesson: str = '', seed: int | None = None, own_loop: bool = False
    ):
        """Defines, for a lesson, the flags that every lesson has.

        Args:
            lesson: Name of the lesson's module.
            seed: Default of --seed; without one, each run draws its own.
            own_loop: Whether the lesson's loop is not that of `Run.steps`, and the
                flags that stand for parts of it are left out.
        """
        super().__init__(lesson)
        self.lesson = lesson
        if lesson:
            _define_run_flags(self, lesson, seed)
        if lesson and not own_loop:
            _define_loop_flags(self)
        self._common = set(self.FLAGS)
        self.FLAGS.mark_as_parsed()

    def as_arguments(self, function: Callable[[], Result]) -> Callable[..., Result]:
        """Decorates a function that reads FLAGS so that flags become its arguments.

        `run_training(max_steps=100)` is `--max_steps=100`; after the call the flags
        have their old values again. Signature and docstring show the flags that are
        defined so far.

        Returns:
            The function, which raises FlagError for an unknown name or an invalid
            value, and RunError while it runs in another thread.
        """

        @functools.wraps(function)
        def call(**settings: Any) -> Result:
            with self.overridden(settings):
                return function()

        own, common = self.groups()
        flag_help.document(call, [*own, *common], self._folders)
        return call

    def run(
        self,
        main: Callable[[list[str]], Any],
        argv: Sequence[str] | None = None,
        arguments: str | None = None,
        passes_on: bool = False,
    ) -> NoReturn:
        """Parses the command line and runs `main`, as tf.app.run did.

        A user's mistake is one line on stderr and exit status 1.

        Args:
            main: Called with the program's name and its positional arguments.
            argv: Command line; sys.argv if None.
            arguments: Name of the positional arguments; None to refuse them.
            passes_on: Whether `main` gets flags that are not defined here, too.

        Raises:
            SystemExit: Always. Status 0; 1 for a mistake; 128 + the signal's number.
        """
        line = list(sys.argv if argv is None else argv)

        def run() -> None:
            if program.wants_help(line):
                is_short = not {'-helpshort', '--helpshort'}.isdisjoint(line)
                print(_help(self, sys.modules[main.__module__].__doc__ or '', is_short))
            else:
                has_arguments = arguments is not None
                if passes_on:  # a word between flags does not end them
                    self.FLAGS.set_gnu_getopt(True)
                main(command_line.parse(self.FLAGS, line, has_arguments, passes_on))

        program.run(run)


def _help(flags: Flags, docstring: str, is_short: bool) -> str:
    """Returns the text of --help, or of --helpshort."""
    own, common = flags.groups()
    groups = {f'Flags of {flags.lesson}' if flags.lesson else 'Flags': own}
    if common and not is_short:
        groups['Flags of every lesson (--helpshort leaves them out)'] = common
    return flag_help.format_help(docstring, groups)


def _define_run_flags(flags: Flags, lesson: str, seed: int | None) -> None:
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
        'Folder for checkpoints, event files and metrics. Without it each run gets a '
        f'new one below logs/{lesson}/.',
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


def _define_loop_flags(flags: Flags) -> None:
    flags.DEFINE_integer(
        'steps_per_run',
        1,
        'Training steps to run in one call of TensorFlow, where nothing is printed or '
        'written between them. The results are the same; small models train faster.',
        lower_bound=1,
        upper_bound=10_000,
        may_change=True,
    )
    flags.DEFINE_boolean(
        'jit', False, 'Compile those steps with XLA, which rounds differently.'
    )
    flags.DEFINE_folder('plots_dir', None, 'Folder for pictures (PNG).', is_output=True)

    def has_steps(values: dict[str, Any]) -> bool:
        if values['jit'] and values['steps_per_run'] == 1:
            raise absl_flags.ValidationError(
                'compiles steps that run together; expected --steps_per_run above 1, '
                '50 for example'
            )
        return True

    absl_flags.register_multi_flags_validator(
        ['jit', 'steps_per_run'], has_steps, flag_values=flags.FLAGS
    )


class _StepsParser(absl_flags.ArgumentParser):
    """Parses '500,1000' or [500, 1000] to [500, 1000]."""

    syntactic_help = 'whole numbers, at least 1, separated by commas'

    def flag_type(self) -> str:
        """Returns the type as absl and `help` name it."""
        return 'list of int'

    def parse(self, argument: Any) -> list[int]:
        """Returns the numbers."""
        items = argument.split(',') if isinstance(argument, str) else argument
        steps = [int(item) for item in items]
        if min(steps, default=1) < 1:
            raise ValueError(f'{min(steps)} is not at least 1')
        return steps


class _BooleanParser(absl_flags.BooleanParser):
    """Parses true and false, with a message that says so."""

    def parse(self, argument: Any) -> bool:
        """Returns the value."""
        try:
            return super().parse(argument)
        except (TypeError, ValueError):
            raise ValueError('expected true or false') from None
