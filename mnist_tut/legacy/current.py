"""The program that runs now; served functions ask it for its era and its record."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_tut.legacy.program import Program

_programs: list['Program'] = []


def program() -> 'Program | None':
    """Returns the program that runs now, or the last that ran, or None."""
    return _programs[-1] if _programs else None


def note(old: str, today: str, kind: str = 'arguments') -> None:
    """Records an adaptation on the script's current line."""
    if _programs:
        _programs[-1].record.add(old, today, kind)


def before(version: str, default: bool = False) -> bool:
    """Returns whether the script was written before a version of TensorFlow.

    Args:
        version: Such as '0.11'.
        default: What to answer where the script's names do not tell.
    """
    return _programs[-1].era.is_before(version, default) if _programs else default


@contextlib.contextmanager
def running(program: 'Program') -> Iterator[None]:
    """Makes a program the current one."""
    if program in _programs:  # called back after its run, or by a neighbour
        yield
        return
    _programs.append(program)
    try:
        yield
    finally:
        if len(_programs) > 1:
            _programs.remove(program)
