"""Runs a lesson's main with that lesson's own flags.

Each lesson keeps its flags in a `FlagValues` of its own, parsed from the start: two
lessons can then be imported together although both define `batch_size`, and a notebook
reads `FLAGS.batch_size` without a command line. `define_flags` adds what every lesson
has; the flags of the document are written out in the lesson.
"""

import contextlib
import functools
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from mnist_tut import errors

from absl import flags

# Folders that are only read where the files are already there.
_DATA_DIRS = ('data_dir', 'train_dir', 'input_data_dir')
# Folders that the run writes to.
_OUTPUT_DIRS = ('log_dir', 'plots_dir')


def define_flags(lesson: str, checkpoint_steps: int = 1000) -> flags.FlagValues:
    """Returns the flags that every lesson has, to which the lesson adds its own.

    Args:
        lesson: Name of the lesson's module; its runs go to logs/<lesson>/.
        checkpoint_steps: Default number of training steps between two checkpoints.

    Returns:
        A FlagValues that counts as parsed.
    """
    values = flags.FlagValues()
    flags.DEFINE_boolean('help', False, 'Show this help.', flag_values=values)
    flags.DEFINE_enum(
        'dataset',
        'auto',
        ['auto', 'mnist', 'synthetic', 'synthetic_wild'],
        'Which digits: what the data folder holds, else a download, else drawn by code '
        '(auto); MNIST or nothing (mnist); drawn by code at once (the other two).',
        flag_values=values,
    )
    flags.DEFINE_string(
        'source_url',
        None,
        'Base URL of a mirror of your own to download MNIST from.',
        flag_values=values,
    )
    flags.DEFINE_integer(
        'seed',
        None,
        'Seed of everything random: batch order, initial values, dropout. Without it '
        'and without a default each run draws one; its run.json keeps it.',
        lower_bound=0,
        upper_bound=2**31 - 1,
        flag_values=values,
    )
    flags.DEFINE_string(
        'log_dir',
        None,
        'Folder for checkpoints and, where the lesson writes them, event files. '
        f'Without it each run gets a new one under logs/{lesson}/.',
        flag_values=values,
        allow_override=True,  # absl.logging has a flag of this name too
    )
    flags.DEFINE_boolean(
        'resume',
        False,
        'Go on where the run in --log_dir (or the newest one) stopped.',
        flag_values=values,
    )
    flags.DEFINE_boolean(
        'overwrite',
        False,
        'Start anew in a --log_dir that holds a run: its own files are removed first, '
        'and nothing else.',
        flag_values=values,
    )
    flags.DEFINE_integer(
        'checkpoint_steps',
        checkpoint_steps,
        'Training steps between two checkpoints: the most work that a kill can cost. '
        'The newest five are kept.',
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_string(
        'plots_dir',
        None,
        'Folder to write pictures (PNG) to.',
        flag_values=values,
    )
    values.mark_as_parsed()
    return values


def define_float(
    values: flags.FlagValues,
    name: str,
    default: float,
    text: str,
    lower: float = 0.0,
    upper: float = math.inf,
    above: bool = False,
) -> None:
    """Defines a flag for a finite number; absl's own bounds let nan and inf through.

    Args:
        values: The lesson's flags.
        name: Name of the flag.
        default: Default value.
        text: What --help says of it, with the unit.
        lower: Smallest value allowed, or with `above` the largest that is not.
        upper: Largest value allowed.
        above: Whether `lower` itself is refused.
    """
    edge = 'above' if above else 'at least'
    most = '' if upper == math.inf else f' and at most {upper:g}'
    flags.DEFINE_float(name, default, text, flag_values=values)
    flags.register_validator(
        name,
        lambda value: (
            math.isfinite(value)
            and (value > lower if above else value >= lower)
            and value <= upper
        ),
        message=f'expected a finite number {edge} {lower:g}{most}',
        flag_values=values,
    )


def define_steps(values: flags.FlagValues, name: str, text: str) -> None:
    """Defines a flag for a list of numbers of steps, `--name=500,1000`; empty at first.

    Args:
        values: The lesson's flags.
        name: Name of the flag.
        text: What --help says of it.
    """
    flags.DEFINE(_StepsParser(), name, [], text, values, flags.CsvListSerializer(','))


class _StepsParser(flags.ArgumentParser):
    """'500,1000' or [500, 1000] to [500, 1000]."""

    syntactic_help = 'whole numbers, at least 1, with commas between them'

    def parse(self, argument: Any) -> list[int]:
        words = argument.split(',') if isinstance(argument, str) else argument
        steps = [int(word) for word in words]
        if min(steps, default=1) < 1:
            raise ValueError(f'{min(steps)} is not at least 1')
        return steps


def limit_weights(
    values: flags.FlagValues, names: list[str], num_weights: Callable[..., int]
) -> None:
    """Refuses layers whose weights would take more than 2 GB, before they are made.

    Args:
        values: The lesson's flags.
        names: The flags that say how wide the layers are.
        num_weights: From their values, by name, to the number of float32 weights.
    """

    def fits(settings: dict[str, int]) -> bool:
        return 4 * num_weights(**settings) <= 2**31

    flags.register_multi_flags_validator(
        names,
        fits,
        message='the weights would take more than 2 GB; choose smaller layers',
        flag_values=values,
    )


def with_flags(values: flags.FlagValues) -> Callable[[Callable], Callable]:
    """Lets a function that reads `values` be called with flags as keyword arguments.

    `run_training(max_steps=100)` then is what `--max_steps=100` is on the command line;
    the flags have their old values again afterwards.

    Args:
        values: The flags of the function's module.

    Returns:
        A decorator. The decorated function raises FlagError for a name that is not a
        flag and for a value that the flag refuses.
    """

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def call(**settings: Any) -> Any:
            with _overridden(values, settings):
                return function()

        return call

    return decorate


@contextlib.contextmanager
def _overridden(values: flags.FlagValues, settings: dict[str, Any]) -> Iterator[None]:
    before = {
        name: (values[name].value, values[name].using_default_value) for name in values
    }
    try:
        for name, value in settings.items():
            if name not in values:
                raise errors.FlagError(f'{name}: no such flag; see --help')
            if isinstance(value, os.PathLike):
                value = os.fspath(value)
            try:
                if value is not None:
                    value = values[name].parser.parse(value)
                setattr(values, name, value)
            except (flags.Error, TypeError, ValueError) as error:
                raise errors.FlagError(
                    f'{name}={value!r}: {_one_line(error)}'
                ) from error
        yield
    finally:
        # All of them: a run that goes on takes over the flags that it was started with.
        for name, (value, is_default) in before.items():
            values[name].value = value
            values[name].using_default_value = is_default


def check_dirs(values: flags.FlagValues) -> None:
    """Refuses folders that cannot serve, before anything is downloaded or built.

    Args:
        values: Parsed flags; those named in _DATA_DIRS and _OUTPUT_DIRS are looked at.

    Raises:
        errors.FlagError: If a folder is a file, is empty text, cannot be made, or is to
            be written to and cannot be.
    """
    for name in (*_DATA_DIRS, *_OUTPUT_DIRS):
        path = values[name].value if name in values else None
        if path is None:
            continue
        where = f'--{name}={errors.show_path(path)}'
        if not path:
            raise errors.FlagError(f'{where}: empty; expected the path of a folder')
        nearest = path
        while not os.path.lexists(nearest):
            nearest = os.path.dirname(nearest) or os.curdir
        if not os.path.isdir(nearest):
            raise errors.FlagError(
                f'{where}: {errors.show_path(nearest)} is a file; expected a folder, '
                'or a path where one can be made'
            )
        must_write = name in _OUTPUT_DIRS or nearest != path
        if must_write and not os.access(nearest, os.W_OK | os.X_OK):
            raise errors.FlagError(
                f'{where}: {errors.show_path(nearest)} cannot be written to; '
                'choose another folder or change its permissions'
            )


def check_batch_size(values: flags.FlagValues, **splits: int) -> None:
    """Refuses a batch larger than a set that it is drawn from.

    Args:
        values: Parsed flags with a `batch_size`.
        **splits: Number of examples of each set, by its name.

    Raises:
        errors.FlagError: Naming the first set that is too small.
    """
    for split, num_examples in splits.items():
        if values.batch_size > num_examples:
            raise errors.FlagError(
                f'--batch_size={values.batch_size}: the {split} set has only '
                f'{num_examples} examples; choose at most that many'
            )


def run(
    main: Callable[[list[str]], Any],
    values: flags.FlagValues,
    argv: Sequence[str] | None = None,
    arguments: str | None = None,
) -> NoReturn:
    """Parses the command line and runs `main`; a user's mistake is one line, status 1.

    Args:
        main: The lesson's main; gets the program's name and what is not a flag.
        values: The lesson's flags.
        argv: Command line; sys.argv if None.
        arguments: What the words that are not flags stand for, or None to refuse them.

    Raises:
        SystemExit: Always. 0; 1 for a mistake; 128 + the signal's number after one.
    """
    argv = list(sys.argv if argv is None else argv)
    try:
        words = values(argv)
    except flags.Error as error:
        _fail(_one_line(error))
    if values['help'].value:
        print(_help(main, values))
        sys.exit(0)
    if arguments is None and len(words) > 1:
        _fail(f'{words[1]}: not a flag; see --help')
    try:
        main(words)
        sys.stdout.flush()
    except errors.UserError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader of our output, `head` say, has seen enough. Python would complain
        # once more when it flushes stdout at exit, unless that leads nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _fail(_one_line(error))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _fail(line: str) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(1)


def _one_line(error: Exception) -> str:
    return ' '.join(str(error).split())


def _help(main: Callable, values: flags.FlagValues) -> str:
    """Returns the lesson's docstring and its flags, the document's own ones first."""
    text = sys.modules[main.__module__].__doc__ or ''
    common = set(define_flags(''))
    lines = [text.rstrip(), '', 'Flags:']
    for name in sorted(values, key=lambda name: (name in common, name)):
        flag = values[name]
        default = '' if flag.default is None else f' (default: {flag.default})'
        lines.append(f'  --{name}: {flag.help}{default}')
    return '\n'.join(lines)
