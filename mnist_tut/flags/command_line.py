"""Parses a command line into flags, with one short line for each mistake."""

import difflib
import re
from collections.abc import Sequence

from mnist_tut import errors

from absl import flags as absl_flags

# What absl's parsers and Python say, and what was expected.
_EXPECTED = {
    r'invalid literal for int\(\).*': 'expected a whole number',
    r'could not convert string to float.*': 'expected a number',
    r'Expect argument to be a string or int, .*': 'expected a whole number',
    r'Expect argument to be a string, int, or float, .*': 'expected a number',
    r'flag value must be a string, .*': 'expected a string',
}


def parse(
    FLAGS: absl_flags.FlagValues,
    argv: Sequence[str],
    has_arguments: bool,
    passes_on: bool = False,
) -> list[str]:
    """Sets flags from a command line, and returns what is left of it.

    Args:
        FLAGS: The flags to set.
        argv: The program's name, flags and positional arguments.
        has_arguments: Whether the program has positional arguments. Without them,
            `--fake_data True` is `--fake_data=True`, as for the originals.
        passes_on: Whether all that is not a flag of the program is returned as it is,
            for another program.

    Raises:
        FlagError: If a flag does not exist, or its value is invalid.
    """
    argv = list(argv) if has_arguments else _join_booleans(FLAGS, argv)
    try:
        # absl would compare unknown flags with all others, recursively.
        rest = FLAGS(argv, known_only=True)
    except (absl_flags.Error, ValueError) as error:
        raise errors.FlagError(errors.shortened(one_line(error), 400)) from error
    if passes_on:
        return rest
    end = rest.index('--') if '--' in rest else len(rest)
    for argument in rest[1:end]:
        if argument.startswith('-') and argument.strip('-'):
            name = argument.lstrip('-').partition('=')[0]
            raise errors.FlagError(
                f'--{errors.shortened(name)}: no such flag'
                f'{nearest(FLAGS, name, "--") or "; see --help"}'
            )
    arguments = rest[1:end] + rest[end + 1 :]
    if arguments and not has_arguments:
        raise errors.FlagError(
            f'{errors.shortened(arguments[0])}: not a flag; see --help'
        )
    return [rest[0], *arguments]


def _join_booleans(FLAGS: absl_flags.FlagValues, argv: Sequence[str]) -> list[str]:
    """Returns a command line with `--flag true` as `--flag=true`."""
    joined = list(argv[:1])
    for argument in argv[1:]:
        before = joined[-1] if len(joined) > 1 else ''
        name = before.lstrip('-')
        takes_it = before.startswith('-') and name in FLAGS and FLAGS[name].boolean
        if takes_it and not argument.startswith('-'):
            joined[-1] = f'{before}={argument}'
        else:
            joined.append(argument)
    return joined


def nearest(FLAGS: absl_flags.FlagValues, name: str, dashes: str = '') -> str:
    """Returns the question whether a flag with a name like this one was meant.

    Args:
        FLAGS: The flags that there are.
        name: The name of none of them.
        dashes: What stands before a flag, on the command line.

    Returns:
        '; did you mean --max_steps?', or '' if there is no such name.
    """
    names = list(FLAGS)
    if dashes:
        names += [f'no{name}' for name in FLAGS if FLAGS[name].boolean]
    found = [other for other in names if name and other.startswith(name)]
    found = (found or difflib.get_close_matches(name, names))[:3]
    if not found:
        return ''
    return f'; did you mean {" or ".join(dashes + name for name in found)}?'


def one_line(error: Exception) -> str:
    """Returns the message of an error of absl's parsers, in plain words."""
    line = ' '.join(str(error).split()).removeprefix('flag ')
    for pattern, expected in _EXPECTED.items():
        line = re.sub(pattern, expected, line)
    return line
