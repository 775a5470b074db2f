"""Records what was adapted for a script, and on which of its lines.

An adaptation is recorded where it happens, by the served function itself; the line is
that of the nearest frame that belongs to the script or to a neighbouring file.
"""

import sys
from collections import Counter
from types import FrameType
from typing import NamedTuple

from mnist_tut.errors import printable


class Use(NamedTuple):
    """One kind of adaptation on one line of a script.

    Attributes:
        file: The script or its neighbour.
        line: The line's number, from 1; 0 for the file as a whole.
        old: What stands there, such as 'tf.mul'.
        today: What one writes today, or what was done instead.
        kind: 'name', 'arguments', 'meaning', 'python', 'data', 'world' or 'note'. All
            but a note are adaptations.
    """

    file: str
    line: int
    old: str
    today: str
    kind: str


class Record:
    """All adaptations of a run.

    Attributes:
        files: Paths of the script and of its neighbours, as in their code objects.
        uses: How often each adaptation was used.
        shown: Names for files that the reader knows by another, such as a cell's.
    """

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.uses: Counter[Use] = Counter()
        self.shown: dict[str, str] = {}

    def frame(self) -> FrameType | None:
        """Returns the nearest frame of the script, or None outside of it."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename not in self.files:
            frame = frame.f_back
        return frame

    def place(self) -> str:
        """Returns 'FILE:LINE: ' for the script's line that runs now, or ''."""
        frame = self.frame()
        if frame is None:
            return ''
        return f'{printable(self._file(frame))}:{frame.f_lineno}: '

    def _file(self, frame: FrameType) -> str:
        name = frame.f_code.co_filename
        return self.shown.get(name, name)

    def add(self, old: str, today: str, kind: str = 'name') -> None:
        """Records an adaptation on the line of the script that runs now."""
        frame = self.frame()
        if frame is not None:
            line = frame.f_lineno or 0
            self.uses[Use(self._file(frame), line, old, today, kind)] += 1

    def add_at(self, file: str, line: int, old: str, today: str, kind: str) -> None:
        """Records an adaptation of a line that does not run now."""
        self.uses[Use(file, line, old, today, kind)] += 1

    def adaptations(self) -> list[tuple[Use, int]]:
        """Returns the adaptations with their counts, by file and line."""
        return sorted(
            (use, count) for use, count in self.uses.items() if use.kind != 'note'
        )

    def notes(self) -> list[Use]:
        """Returns the notes, by file and line."""
        return sorted(use for use in self.uses if use.kind == 'note')
