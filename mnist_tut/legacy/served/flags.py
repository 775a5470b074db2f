"""tf.app.flags and tf.app.run, a set of flags for each program.

Until 1.5 flags were argparse's: FLAGS parsed itself at its first use, an unknown flag
was left alone, and a default was kept as it was given. Later they were absl's. These
take what both took.

Source:
    TensorFlow 0.5 to 1.4, python/platform/default/_flags.py, and app.py.
"""

import sys
import types
from collections.abc import Callable
from typing import Any

from mnist_tut.legacy.current import Program
from mnist_tut.legacy.served.registry import provides

from absl import flags as absl_flags


class Flags(absl_flags.FlagValues):
    """The values; parsed from sys.argv when the first is read."""

    def __getattr__(self, name: str) -> Any:
        """Returns the value of a flag."""
        if name == '__flags':  # was a dict
            self._parse_flags()
            return {flag: self[flag].value for flag in self}
        if not name.startswith('_') and not self.is_parsed():
            self._parse_flags()
        return super().__getattr__(name)

    def _parse_flags(self, args: Any = None) -> list[str]:
        """Parses a command line, and returns what is no flag."""
        arguments = list(sys.argv if args is None else [sys.argv[0], *args])
        try:
            return list(self(arguments, known_only=True))
        except absl_flags.Error as error:
            print(f'FATAL Flags parsing error:\n  {error}', file=sys.stderr)
            sys.exit(1)


def _define(program: Program, name: str) -> Callable[..., Any]:
    """Returns a DEFINE function of the program's own flags."""
    define = getattr(absl_flags, name)

    def define_flag(
        flag_name: str,
        default: Any = None,
        help: Any = '',  # noqa: A002
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        for old, new in (('default_value', 'default'), ('docstring', 'help')):
            if old in kwargs:
                value = kwargs.pop(old)
                default, help = (  # noqa: A001
                    (value, help) if new == 'default' else (default, value)
                )
        kwargs['flag_values'] = program.flags
        if flag_name in program.flags:  # a neighbour defines it too
            delattr(program.flags, flag_name)
        if name == 'DEFINE_enum':
            return define(flag_name, default, help, *args, **kwargs)
        try:
            return define(flag_name, default, help or '', *args, **kwargs)
        except (absl_flags.Error, TypeError, ValueError):
            # A default of another type was kept as it was.
            holder = define(flag_name, None, help or '', *args, **kwargs)
            program.flags[flag_name].default = default
            setattr(program.flags, flag_name, default)
            return holder

    return define_flag


@provides('tf.app.flags', 'tf.flags', 'absl.flags', 'tf.python.platform.flags')
def _flags_module(program: Program) -> Any:
    """Returns the module of the program's flags."""
    if program.flags_module is None:
        module = types.ModuleType('flags')
        for name in dir(absl_flags):
            if name.startswith('DEFINE'):
                setattr(module, name, _define(program, name))
            elif not name.startswith('_'):
                setattr(module, name, getattr(absl_flags, name))
        own = vars(module)
        own.update(DEFINE_bool=own['DEFINE_boolean'], FLAGS=program.flags)
        for name in (
            'mark_flag_as_required', 'mark_flags_as_required',
            'mark_flags_as_mutual_exclusive', 'register_validator',
        ):  # fmt: skip
            function = getattr(absl_flags, name)
            setattr(
                module,
                name,
                lambda *args, function=function, **kwargs: function(
                    *args, **{**kwargs, 'flag_values': program.flags}
                ),
            )
        program.flags_module = module
    return program.flags_module


def _run(program: Program) -> Callable[..., None]:
    """Returns tf.app.run: it parses the flags, calls main and exits with its result."""

    def run(main: Any = None, argv: Any = None) -> None:
        rest = program.flags._parse_flags(None if argv is None else argv[1:])
        if main is None:
            main = program.globals.get('main')
        if main is None:
            raise AttributeError('the script has no function main for tf.app.run')
        sys.exit(main(rest))

    return run


provides('tf.app.run', 'absl.app.run')(_run)
