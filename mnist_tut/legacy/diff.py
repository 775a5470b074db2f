"""Writes the modern script: as a unified diff, and the lines it cannot write."""

import ast
import difflib
from typing import TYPE_CHECKING

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
        old = program.source_of(path)
        lines += difflib.unified_diff(
            old.splitlines(keepends=True),
            new.splitlines(keepends=True),
            path,
            f'{path} (today)',
        )
        problems += [
            f'{path}:{change.line}: {change.old}: {change.today}'
            for change in changes
            if change.text is None
        ]
    text = ''.join(line if line.endswith('\n') else line + '\n' for line in lines)
    return text, problems


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
