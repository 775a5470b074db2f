"""Help on flags: for --help, for help(run_training), for Shift-Tab in a notebook."""

import inspect
import os
import textwrap
from collections.abc import Callable, Collection, Sequence
from typing import Any

from absl import flags as absl_flags

_WIDTH = 80  # of a terminal
_TYPES = {'int': int, 'float': float, 'bool': bool, 'list of int': list[int]}


def format_help(docstring: str, groups: dict[str, list[absl_flags.Flag]]) -> str:
    """Returns the text that --help prints.

    Args:
        docstring: Of the program's module.
        groups: The flags, by the title of their group.
    """
    parts = [wrap_text(docstring)]
    for title, flags in groups.items():
        parts.append('\n'.join([f'{title}:', *map(_format_flag, flags)]))
    return '\n\n'.join(parts)


def wrap(text: str, start: str = '', indent: int | None = None) -> str:
    """Returns text in lines that fit a terminal.

    Args:
        text: One paragraph.
        start: What its first line begins with.
        indent: Indentation of the other lines; the length of `start` if None.
    """
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=start,
        subsequent_indent=' ' * (len(start) if indent is None else indent),
        break_on_hyphens=False,
    )


def wrap_text(text: str) -> str:
    """Returns a docstring in lines that fit; indented lines are left as they are."""
    paragraphs = []
    for paragraph in inspect.cleandoc(text).split('\n\n'):
        if not any(line.startswith(' ') for line in paragraph.splitlines()):
            paragraph = wrap(paragraph)
        paragraphs.append(paragraph)
    return '\n\n'.join(paragraphs)


def _format_flag(flag: absl_flags.Flag) -> str:
    name = f'--[no]{flag.name}' if flag.boolean else f'--{flag.name}'
    return wrap(f'{name}: {describe(flag)}', '  ', 6)


def describe(flag: absl_flags.Flag) -> str:
    """Returns what a flag means, and its default."""
    # absl puts the values of an enum before its help.
    text = flag.help.removeprefix(f'<{"|".join(_choices(flag))}>: ')
    facts = ' | '.join(_choices(flag))
    default = '' if flag.default in (None, []) else f'default: {flag.default}'
    facts = '; '.join(filter(None, [facts, default]))
    return f'{text} ({facts})' if facts else text


def _choices(flag: absl_flags.Flag) -> list[str]:
    return getattr(flag.parser, 'enum_values', [])


def document(
    function: Callable, flags: Sequence[absl_flags.Flag], folders: Collection[str]
) -> None:
    """Sets the signature of a function that has flags as keyword arguments.

    Adds a section on them to its docstring.

    Args:
        function: The function.
        flags: The flags.
        folders: Names of those that hold a path.
    """
    parameters = [
        inspect.Parameter(
            flag.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=flag.default,
            annotation=_annotation(flag, flag.name in folders),
        )
        for flag in flags
    ]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    arguments = [wrap(f'{flag.name}: {describe(flag)}', ' ' * 4, 8) for flag in flags]
    text = inspect.cleandoc(function.__doc__ or 'Runs with these flags.')
    before, returns, after = text.partition('\n\nReturns:')
    section = '\n'.join(['Args:', *arguments])
    function.__doc__ = f'{before}\n\n{section}{returns}{after}'


def _annotation(flag: absl_flags.Flag, is_folder: bool) -> Any:
    kind: Any = _TYPES.get(flag.parser.flag_type(), str)
    if is_folder:
        kind = str | os.PathLike
    return kind if flag.default is not None else kind | None
