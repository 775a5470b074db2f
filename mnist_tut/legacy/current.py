"""The program that runs now; served functions ask it for its era and its record."""

import ast
import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

from mnist_tut.legacy.era import Era
from mnist_tut.legacy.limits import Limits
from mnist_tut.legacy.record import Record


class Program(Protocol):
    """What the parts of a program know of the whole; `program.Program` is one.

    Attributes:
        path: Of the script, as it was given.
        folder: Of the script.
        path_before: sys.path without what the script adds.
        python: 2 or 3.
        era: For which versions of TensorFlow it was written.
        trees: Syntax trees of its files, by path.
        record: What was adapted.
        limits: How long its loops may take.
        globals: Of the script.
        flags: Its flags' values, an absl FlagValues.
        flags_module: What it knows as tf.app.flags; None until it is read.
        data: Its `data.Data`.
        hooks: Its `hooks.Hooks`.
        importer: Its `imports.Importer`.
        plots: Its `outputs.Plots`.
        tree: Its `tree.Tree`.
        world: Its `world.World`.
    """

    path: str
    folder: str
    path_before: list[str]
    python: int
    era: Era
    trees: dict[str, Any]
    record: Record
    limits: Limits
    globals: dict[str, Any]
    flags: Any
    flags_module: Any
    data: Any
    hooks: Any
    importer: Any
    plots: Any
    tree: Any
    world: Any

    def execute(self, path: str, names: dict[str, Any]) -> None:
        """Executes one of the program's files in a namespace."""

    def source_of(self, path: str) -> str:
        """Returns the text of one of the program's files, as it is."""

    def tree_of(self, name: str) -> ast.AST | None:
        """Returns the syntax tree of a file, by the file name in its code."""

    def unpacks(self) -> int:
        """Returns into how many the script's current line unpacks its value."""


_programs: list[Program] = []


def program() -> Program | None:
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
def running(program: Program) -> Iterator[None]:
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
