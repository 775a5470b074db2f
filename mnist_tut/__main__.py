"""Lists the lessons and the commands: python -m mnist_tut."""

import ast
import difflib
import pathlib
import sys

from mnist_tut import COMMANDS, LESSONS, errors, program
from mnist_tut.flags import help as flag_help

_FOLDER = pathlib.Path(__file__).parent


def summary(name: str) -> str:
    """Returns the first line of a module's docstring, without importing the module."""
    path = _FOLDER / f'{name}.py'
    if not path.exists():
        path = _FOLDER / name / '__init__.py'
    return (ast.get_docstring(ast.parse(path.read_text('utf-8'))) or '').split('\n')[0]


def main() -> None:
    """Prints the list; a module's name as an argument is answered with its command."""
    names = [argument for argument in sys.argv[1:] if argument not in program.HELP]
    if names:
        nearest = difflib.get_close_matches(names[0], [*LESSONS, *COMMANDS], 1)
        hint = f'python -m mnist_tut.{nearest[0]}' if nearest else 'python -m mnist_tut'
        raise errors.FlagError(
            f'{errors.shortened(names[0])}: expected no argument; try {hint}'
        )
    width = max(map(len, [*LESSONS, *COMMANDS]))
    for title, modules in (('Lessons', LESSONS), ('Commands', COMMANDS)):
        print(f'{title}, python -m mnist_tut.<name>:')
        for name in modules:
            text = flag_help.wrap(summary(name), f'  {name:{width}}  ')
            print(text)
        print()
    print('python -m mnist_tut.<name> --help lists the flags of each.')


if __name__ == '__main__':
    program.run(main)
