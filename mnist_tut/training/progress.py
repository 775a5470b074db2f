"""A progress bar that never mixes with the lines that a lesson prints.

It is drawn on stderr, and only on a terminal or in a notebook. stdout gets the same
bytes with and without it.
"""

import contextlib
import sys
from typing import Any, TextIO

from tqdm import std

_CELL_WIDTH = 80  # characters


class Bar(contextlib.AbstractContextManager):
    """Steps done, steps per second, time left and the newest metrics of a run."""

    def __init__(self, lesson: str, start: int, total: int):
        """Starts the bar at step `start` of `total`."""
        self._bar = _make_bar(desc=lesson, initial=start, total=total, unit='step')
        self._stdout: TextIO | None = None

    def __enter__(self) -> 'Bar':
        """Redirects stdout if both it and the bar are on the terminal."""
        if not self._bar.disable and sys.stdout.isatty():
            self._stdout = sys.stdout
            sys.stdout = _StdoutAboveBar(self._stdout, self._bar)
        return self

    def advance(self, count: int = 1) -> None:
        """Counts `count` steps."""
        if isinstance(sys.stdout, _StdoutAboveBar) and sys.stdout.in_mid_line:
            self._bar.n += count  # drawn once the line is finished
        else:
            self._bar.update(count)

    def show(self, metrics: dict[str, float]) -> None:
        """Shows metrics beside the bar the next time it is drawn."""
        if not self._bar.disable:
            text = ' '.join(f'{name}={value:.4g}' for name, value in metrics.items())
            self._bar.set_postfix_str(text, refresh=False)

    def __exit__(self, *exception: Any) -> None:
        """Removes the bar; the lesson's lines stay."""
        if self._stdout is not None:
            sys.stdout = self._stdout
        self._bar.close()


class _StdoutAboveBar:
    """stdout that clears the bar before a line is printed in its place."""

    def __init__(self, stream: TextIO, bar: std.tqdm):
        self._stream = stream
        self._bar = bar
        self.in_mid_line = False

    def write(self, text: str) -> int:
        if text:
            if not self.in_mid_line:
                self._bar.clear()
            self.in_mid_line = not text.endswith('\n')
        count = self._stream.write(text)
        self._stream.flush()
        return count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _make_bar(**settings: Any) -> std.tqdm:
    """Returns tqdm's bar for a notebook or a terminal; elsewhere a disabled one."""
    settings |= {'leave': False}
    if in_notebook():
        return std.tqdm(**settings, file=_Cell(), ncols=_CELL_WIDTH, ascii=False)
    return std.tqdm(**settings, dynamic_ncols=True, disable=None)


class _Cell:
    """A stream that shows what is written last, below a notebook's cell.

    tqdm's own bar for notebooks is a widget, which a saved notebook still names but no
    longer has. What this one shows is text; at the end an output without content stays.
    """

    def __init__(self) -> None:
        self._handle: Any = None
        self._line = ''

    def write(self, text: str) -> int:
        from IPython import display

        line = text.strip()
        if line != self._line:
            self._line = line
            content = {'text/plain': line} if line else {}
            if self._handle is None:
                self._handle = display.display(content, raw=True, display_id=True)
            else:
                self._handle.update(content, raw=True)
        return len(text)

    def flush(self) -> None:
        """Does nothing: an update is shown at once."""


def in_notebook() -> bool:
    """Returns whether this process is a Jupyter kernel."""
    ipython = sys.modules.get('IPython')
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, 'kernel')
