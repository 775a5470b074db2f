"""Prints notices about a run, each of them once.

stdout belongs to the tutorial, so a notice goes to stderr. One that must not be missed
goes to both, unless both end in the same place, a terminal for example. In a notebook,
where stderr is an alarming red box, all notices go to stdout.
"""

import os
import sys


def log(line: str) -> None:
    """Prints a line on stderr; in a notebook on stdout."""
    print(line, file=sys.stdout if _in_notebook() else sys.stderr, flush=True)


def announce(line: str, detail: str = '') -> None:
    """Prints a line on stdout and on stderr, or once if they are the same.

    Args:
        line: The line.
        detail: More of it, for stderr alone.
    """
    if not _in_notebook() and not _same_place():
        print(line, flush=True)
    log(line + detail)


def _in_notebook() -> bool:
    return type(sys.stderr).__module__ == 'ipykernel.iostream'


def _same_place() -> bool:
    """Returns whether stdout and stderr end in the same terminal, pipe or file."""
    try:
        return os.path.sameopenfile(sys.stdout.fileno(), sys.stderr.fileno())
    except (AttributeError, OSError, ValueError):  # replaced or closed
        return False
