"""Runs a notebook's code cells, in their order, as one old script.

A notebook is a JSON file; formats 1 to 4 differ in where its cells are. Each cell is
compiled by itself, under a name such as 'old.ipynb, cell 3', so that a traceback names
the cell and its line. What only IPython understands (magics, shell commands) is skipped
and said so.
"""

import ast
import json
import linecache
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from mnist_tut.errors import UserError, printable
from mnist_tut.legacy import python2, rewrite, shell
from mnist_tut.legacy.program import Options, Program

# Magics that say what to do with a statement, which is run.
_STATEMENT = re.compile(r'%(?:time|prun|memit|mprun)\b(?:\s+-\S+)*\s+(?P<rest>\S.*)')
# Cell magics under which the rest of the cell is Python.
_PYTHON_CELLS = frozenset(
    ['%%time', '%%timeit', '%%capture', '%%prun', '%%python', '%%python2', '%%python3']
)
# `x = !ls` and `x = %magic`.
_ASSIGNED = re.compile(r'(?P<name>[\w.,\s\[\]]+?)=\s*(?P<command>[!%]\s*\S.*)')
# What IPython takes for a magic without its sign.
_BARE = re.compile(
    r'(pip|conda|cd|ls|ll|cat|mkdir|rm|cp|mv|pwd|matplotlib)\b(\s+[-\w./~].*)?'
)
_TOKENS = re.compile(
    r'''(?P<long>[rRbBuU]{0,2}("""|\'\'\'))'''
    r"""|(?P<short>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
    r'|(?P<comment>\#[^\n]*)|(?P<open>[\[({])|(?P<close>[\])}])'
)


class Cell(NamedTuple):
    """A code cell.

    Attributes:
        number: From 1, among the code cells that are not empty.
        name: For tracebacks, 'old.ipynb, cell 3'.
        text: As it stands.
        source: Without magics, line by line.
        skipped: The lines that are skipped: their number from 1, and their text.
    """

    number: int
    name: str
    text: str
    source: str
    skipped: list[tuple[int, str]]


def is_notebook(path: str) -> bool:
    """Returns whether a path is that of a notebook."""
    return path.lower().endswith('.ipynb')


def open_program(path: str, options: Options | None = None) -> Program:
    """Returns the program of a script, or of a notebook."""
    return Notebook(path, options) if is_notebook(path) else Program(path, options)


def read(path: str) -> tuple[list[str], int | None]:
    """Returns the text of a notebook's code cells, and its Python, if it tells.

    Raises:
        UserError: If the file is no notebook of Python, in one line.
    """
    shown = printable(path)
    try:
        document = json.loads(python2.read(path))
    except ValueError as error:
        if isinstance(error, UserError):
            raise
        raise UserError(
            f'{shown} is not a notebook: it is not JSON: {error}'
        ) from error
    cells = list(_cells(document))
    if not cells:
        raise UserError(f'{shown} is not a notebook with code cells')
    metadata = document.get('metadata')
    metadata = metadata if isinstance(metadata, dict) else {}
    kernel = _dict(metadata.get('kernelspec'))
    info = _dict(metadata.get('language_info'))
    language = str(info.get('name') or kernel.get('language') or 'python').lower()
    if language not in ('python', 'ipython'):
        raise UserError(
            f'{shown} is a notebook of {printable(language)}, not of Python'
        )
    version = str(info.get('version') or kernel.get('name') or '')
    match = re.match(r'(?:python|ipython)?\s*([23])', version, re.IGNORECASE)
    return cells, int(match[1]) if match else None


def _dict(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _cells(document: Any) -> Iterator[str]:
    """Yields the text of the code cells, of any format."""
    document = _dict(document)
    sheets = document.get('worksheets')
    for sheet in sheets if isinstance(sheets, list) else [document]:
        cells = _dict(sheet).get('cells')
        for cell in cells if isinstance(cells, list) else []:
            if _dict(cell).get('cell_type', 'code') != 'code':
                continue
            text = cell.get('source', cell.get('input', cell.get('code', '')))
            if isinstance(text, list):
                text = ''.join(str(line) for line in text)
            if isinstance(text, str) and text.strip():
                yield text.replace('\r\n', '\n').rstrip('\n')


def _continues(text: str) -> bool:
    """Returns whether the last line of a text is not its statement's last."""
    depth, position = 0, 0
    while match := _TOKENS.search(text, position):
        position = match.end()
        if match['long']:
            end = text.find(match['long'][-3:], position)
            if end < 0:
                return True
            position = end + 3
        elif match['open']:
            depth += 1
        elif match['close']:
            depth = max(depth - 1, 0)
    return depth > 0 or text.rstrip('\n').endswith('\\')


def _without_magic(line: str) -> str | None:
    """Returns what is run in place of a line, or None if it is Python."""
    text = line.strip()
    if match := _STATEMENT.fullmatch(text):
        return match['rest']
    if text.startswith(('%', '!', '?')):
        return 'pass'
    if text.endswith('?') and '#' not in text and not python2.parses(text):
        return 'pass'
    if match := _ASSIGNED.fullmatch(text):
        return f'{match["name"].strip()} = []'
    if _BARE.fullmatch(text) and not python2.parses(text):
        return 'pass'
    return None


def without_magics(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Returns a cell without what only IPython understands, and what was skipped.

    Args:
        text: The cell.

    Returns:
        The source with as many lines, and the skipped lines: number from 1 and text.
    """
    lines = text.split('\n')
    skipped = []
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith('%%'):
        skipped.append((first + 1, lines[first].strip()))
        if lines[first].split()[0] not in _PYTHON_CELLS:
            return '\n'.join(['pass', *[''] * (len(lines) - 1)]), skipped
        lines[first] = 'pass'
    number, before = 0, ''
    while number < len(lines):
        line = lines[number]
        # Only the statement that is still open matters.
        new = None if before and _continues(before) else _without_magic(line)
        if new is not None:
            skipped.append((number + 1, line.strip()))
            indent = line[: len(line) - len(line.lstrip())]
            is_continued = line.endswith('\\')
            lines[number] = indent + new.rstrip('\\')
            while is_continued and number + 1 < len(lines):
                number += 1
                is_continued = lines[number].endswith('\\')
                lines[number] = ''
            before = ''
        else:
            before = (
                before + line + '\n' if before and _continues(before) else line + '\n'
            )
        number += 1
    return '\n'.join(lines), skipped


class Notebook(Program):
    """A notebook and its neighbours while they run.

    The script, for whoever reads it as one text, is that of all cells, each below a
    line '# cell 3'.

    Attributes:
        cells: The code cells.
    """

    def __init__(self, path: str, options: Options | None = None):
        options = options or Options()
        texts, version = read(path)
        base = os.path.basename(path)
        self.cells = []
        for number, text in enumerate(texts, 1):
            source, skipped = without_magics(text)
            name = f'{base}, cell {number}'
            self.cells.append(Cell(number, name, text, source, skipped))
        parses = all(python2.parses(cell.source) for cell in self.cells)
        if options.python is None and version is not None:
            # A kernel of Python 3 cannot have run what only Python 2 reads.
            options = options._replace(python=version if parses else 2)
        self._translated: list[str] = []
        self._cell_trees: dict[str, ast.Module] = {}
        super().__init__(path, options)

    def source_of(self, path: str) -> str:
        """Returns the text of one of the program's files; a notebook's as a script."""
        if path != self.path:
            return super().source_of(path)
        return self._join([cell.source for cell in self.cells])

    def _join(self, sources: list[str]) -> str:
        parts = [
            f'# cell {cell.number}\n{source}'
            for cell, source in zip(self.cells, sources, strict=True)
        ]
        return '\n'.join(parts) + '\n'

    def translated(self, path: str) -> str:
        """Returns the text of a file in Python 3."""
        if path != self.path:
            return super().translated(path)
        if not self._translated:
            self._translated = list(self._translate())
            for cell, source in zip(self.cells, self._translated, strict=True):
                self._cell_trees[cell.name] = ast.parse(source, cell.name)
        return self._join(self._translated)

    def _translate(self) -> Iterator[str]:
        """Yields each cell in Python 3."""
        first_line = ''
        for cell in self.cells:
            source = cell.source
            if self.python == 2:
                # As IPython does, a future that one cell imports holds for the next.
                text = python2.translate(first_line + source, cell.name)
                source = text.removeprefix(first_line).rstrip('\n')
                if re.search(r'^from __future__ import .*print_function', source, re.M):
                    first_line = 'from __future__ import print_function\n'
            else:
                try:
                    ast.parse(source)
                except SyntaxError as error:
                    line = python2.syntax_line(source, cell.name, error)
                    raise UserError(line) from error
            yield source

    def tree_of(self, name: str) -> ast.AST | None:
        """Returns the syntax tree of a file or of a cell, by its code's file name."""
        return self._cell_trees.get(name) or super().tree_of(name)

    def place(self, path: str, line: int) -> str:
        """Returns a place in the script as the reader finds it: cell and line."""
        if path != self.path:
            return super().place(path, line)
        left = line - 1
        for cell, source in zip(self.cells, self._translated, strict=True):
            length = source.count('\n') + 1
            if left <= length:
                return f'{cell.name}:{max(left, 1)}'
            left -= length + 1
        return f'{path}:{line}'

    def execute(self, path: str, names: dict[str, Any]) -> None:
        """Executes all cells in a namespace, or a neighbour."""
        if path != self.path:
            super().execute(path, names)
            return
        self.translated(path)
        names['__builtins__'] = self.builtins
        names.setdefault('get_ipython', shell.NoShell)
        names.setdefault('display', shell.display)
        division = 'floor' if self.python == 2 else 'note'
        for cell, source in zip(self.cells, self._translated, strict=True):
            self.record.files.add(cell.name)
            for line, text in cell.skipped:
                self.record.add_at(
                    cell.name, line, text.split()[0], 'skipped: no Python', 'note'
                )
                shown = printable(text[:60])
                print(f'legacy: {cell.name}: skipped: {shown}', file=sys.stderr)
            if self.python == 2 and source != cell.source:
                self.record.add_at(cell.name, 0, 'Python 2', 'Python 3', 'python')
            lines = [f'{line}\n' for line in cell.text.split('\n')]
            linecache.cache[cell.name] = (len(cell.text), None, lines, cell.name)
            tree = rewrite.rewrite(source, cell.name, division, self.limits.active)
            if rewrite.imports_division(tree):
                division = ''
            self._execute_cell(cell, tree, names)
            self.plots.show_open()

    def _execute_cell(self, cell: Cell, tree: ast.Module, names: dict) -> None:
        """Executes a cell, and prints the value of its last expression."""
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            tree.body.pop()
        exec(compile(tree, cell.name, 'exec', dont_inherit=True), names)
        if isinstance(last, ast.Expr):
            expression = ast.Expression(last.value)
            code = compile(expression, cell.name, 'eval', dont_inherit=True)
            value = eval(code, names)
            if value is not None and not cell.source.rstrip().endswith(';'):
                names['_'] = value
                shell.display(value, before=f'Out[{cell.number}]: ')
