"""Writes docs/LEGACY.md's tables, from the tables that the package itself uses."""

import pathlib

from mnist_tut.legacy import names, rewrite
from mnist_tut.legacy.hooks import LOST
from mnist_tut.legacy.world import Renamed, numpy_names

import markdown

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'LEGACY.md'


def lines() -> list[str]:
    """Returns the generated part."""
    rows = names.table().values()
    served = [
        [f'`{row.old}`', row.removed, f'`{row.today}`'] for row in rows if row.today
    ]
    gone = [[f'`{row.old}`', row.removed, row.advice] for row in rows if not row.today]
    world = [
        [f'`np.{name}`', f'`{value.today}`']
        for name, value in numpy_names().items()
        if isinstance(value, Renamed)
    ]
    world += [[f'`.{name}`', f'`{LOST[name][1]}`'] for name in sorted(rewrite.METHODS)]
    return [
        '',
        '### Names that are served under another name',
        '',
        *markdown.table(['name', 'removed in', 'today'], sorted(served)),
        '### Names that cannot be served',
        '',
        *markdown.table(['name', 'removed in', 'what one does instead'], sorted(gone)),
        '### NumPy, and methods that arrays, figures and dictionaries have lost',
        '',
        *markdown.table(['name', 'today'], sorted(world)),
    ]


def main() -> None:
    """Replaces the generated part of the document."""
    text = DOCUMENT.read_text('utf-8')
    DOCUMENT.write_text(markdown.replace_part(text, 'write_legacy', lines()), 'utf-8')


if __name__ == '__main__':
    main()
