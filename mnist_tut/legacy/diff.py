"""Writes the modern script: as a unified diff, and the lines it cannot write."""

import ast
import difflib
import re
from typing import TYPE_CHECKING

from mnist_tut.errors import UserError
from mnist_tut.legacy import analysis, era, python2

if TYPE_CHECKING:
    from mnist_tut.legacy.program import Program

_KERAS = ('tf.layers', 'tf.keras', 'tf.nn.rnn_cell', 'tf.models.rnn')
_ENVIRONMENT = "import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'  # needs tf-keras\n"


def modern(program: 'Program') -> tuple[str, list[str]]:
    """Returns the unified diff of all files, and what it cannot write.

    Args:
        program: The program, which does not run.
    """
    lines: list[str] = []
    problems: list[str] = []
    for path, changes in analysis.find(program).items():
        new = program.translated(path)
        if program.python == 2:
            new = python2.complete(new, path)
        new = _rewrite(program, new)
        new = _first_lines(program.trees[path], new)
        old, new = _as_stored(path, program.source_of(path), new)
        lines += difflib.unified_diff(_lines(old), _lines(new), path, f'{path} (today)')
        problems += [
            f'{path}:{change.line}: {change.old}: {change.today}'
            for change in changes
            if change.text is None
        ]
    text = ''.join(
        line if line.endswith('\n') else line + '\n\\ No newline at end of file\n'
        for line in lines
    )
    return text, problems


def _lines(text: str) -> list[str]:
    lines = [line + '\n' for line in text.split('\n')]
    return [*lines[:-1], lines[-1][:-1]] if lines[-1] != '\n' else lines[:-1]


def _as_stored(path: str, old: str, new: str) -> tuple[str, str]:
    """Returns both texts with the file's encoding and line ends, which `patch` needs.

    Bytes that are not UTF-8 become surrogate escapes.
    """
    try:
        with open(path, 'rb') as file:
            content = file.read()
        if python2.read(path) != old:  # a notebook's cells
            return old, new
    except (OSError, UserError):
        return old, new
    encoding = python2.encoding_of(content)
    declared = re.search(rb'\A[^\n]*\n?[^\n]*coding[:=]', content)
    if encoding == 'latin-1' and not declared:
        new = f'# -*- coding: latin-1 -*-\n{new}'
    if 2 * content.count(b'\r\n') > content.count(b'\n'):
        new = new.replace('\n', '\r\n')
    stored = new.encode(encoding)
    return (
        content.decode('utf-8', 'surrogateescape'),
        stored.decode('utf-8', 'surrogateescape'),
    )


def _rewrite(program: 'Program', source: str) -> str:
    """Returns the source with all changes made, those inside of others first."""
    while True:
        changes = [c for c in analysis.find_in(program, source) if c.text is not None]
        inner = [
            change
            for change in changes
            if not any(
                change.start <= other.start and other.end <= change.end
                for other in changes
                if other is not change
            )
        ]
        if not inner:
            return source
        lines = source.encode().split(b'\n')
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        content = source.encode()
        for change in reversed(inner):
            start = starts[change.start[0] - 1] + change.start[1]
            end = starts[change.end[0] - 1] + change.end[1]
            content = content[:start] + (change.text or '').encode() + content[end:]
        source = content.decode()


def _first_lines(module: ast.Module, new: str) -> str:
    """Adds what has to stand before and after the import of TensorFlow."""
    used = era.used_names(module)
    if not used:
        return new
    lines = new.split('\n')
    for number, line in enumerate(lines):
        words = line.split()
        if words[:2] == ['import', 'tensorflow.compat.v1'] and not line[:1].isspace():
            lines.insert(number + 1, f'{words[-1]}.disable_v2_behavior()')
            if any(name.startswith(_KERAS) for name in used):
                lines[number:number] = _ENVIRONMENT.rstrip('\n').split('\n')
            break
    return '\n'.join(lines)
