"""Runs small scripts, written in the style of their time, in this process."""

import textwrap

from mnist_tut import legacy


def run(folder, text, argv=(), name='old.py', **options):
    """Writes a script, runs it, and returns its globals."""
    path = folder / name
    path.write_text(textwrap.dedent(text).lstrip('\n'))
    return legacy.run(path, argv, **options)
