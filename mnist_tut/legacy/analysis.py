"""Finds, without running a script, what would be adapted, and how one writes it today.

The types of arguments are known only where the source tells; what it does not tell is
reported as undecided, with the line.
"""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from mnist_tut.legacy import calls, era, names, tree, whole
from mnist_tut.legacy.world import Renamed, numpy_names

if TYPE_CHECKING:
    from mnist_tut.legacy.program import Program


class Change(NamedTuple):
    """A place in a file that is not of today.

    Attributes:
        line: Its first line, from 1.
        start: Where it starts and ends, as (line, byte column), ends excluded.
        end: See `start`.
        old: What stands there.
        today: What one writes today, or what is done instead.
        text: The new source; None if it cannot be written without this package.
    """

    line: int
    start: tuple[int, int]
    end: tuple[int, int]
    old: str
    today: str
    text: str | None


_TF = 'tensorflow.compat.v1'
_INPUT_DATA = 'from mnist_tut import input_data'
# Modules of the time as statements of today.
_TODAY_MODULES = {
    'tf.nn': f'from {_TF} import nn as {{}}',
    'tf.nn.rnn_cell': f'from {_TF}.nn import rnn_cell as {{}}',
    'tf.app': f'from {_TF} import app as {{}}',
    'tf.app.flags': f'from {_TF} import flags as {{}}',
    'tf.gfile': f'from {_TF} import gfile as {{}}',
    'tf.logging': f'from {_TF} import logging as {{}}',
}


def find(program: 'Program') -> dict[str, list[Change]]:
    """Returns the changes of each of the program's files, in the order of the lines."""
    return {path: find_in(program, program.translated(path)) for path in program.trees}


def find_in(program: 'Program', source: str) -> list[Change]:
    """Returns the changes of a source of Python 3, in the order of the lines."""
    return sorted(_File(program, source).changes(), key=lambda change: change.start)


class _File:
    """One file of a program, in Python 3."""

    def __init__(self, program: 'Program', source: str):
        self.program = program
        self.source = source
        self.module = ast.parse(source)
        self._whole = whole.find_names(self.module)
        self.roots = self._find_roots()

    def _find_roots(self) -> dict[str, str]:
        """Returns what the file's names for modules mean: {'tf': 'tf'}."""
        roots = {}
        for node in ast.walk(self.module):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    parts = alias.name.split('.')
                    if parts[0] == 'tensorflow':
                        name = '.'.join(['tf', *parts[1:]])
                        name = name.replace('tf.compat.v1', 'tf', 1)
                        roots[alias.asname or 'tensorflow'] = (
                            name if alias.asname else 'tf'
                        )
                    elif parts[0] == 'numpy' and len(parts) == 1:
                        roots[alias.asname or 'numpy'] = 'np'
            elif isinstance(node, ast.ImportFrom) and (node.module or '').startswith(
                'tensorflow'
            ):
                for alias in node.names:
                    full = f'{node.module}.{alias.name}'
                    full = full.replace('tensorflow.compat.v1', 'tensorflow', 1)
                    space = names.MODULES.get(full, (f'tf{full[10:]}',))[0]
                    roots[alias.asname or alias.name] = space
        return roots

    def segment(self, node: ast.AST) -> str:
        """Returns the source of a node."""
        return ast.get_source_segment(self.source, node) or ast.unparse(node)

    def name_of(self, node: ast.AST) -> str:
        """Returns 'tf.a.b' for an expression that names it, or ''."""
        name = era.dotted(node)
        root, _, rest = name.partition('.')
        if root not in self.roots or not name:
            return ''
        return '.'.join(part for part in (self.roots[root], rest) if part)

    def change(
        self, node: Any, old: str, today: str, text: str | None = None
    ) -> Change:
        """Returns a change of a whole node."""
        return Change(
            node.lineno,
            (node.lineno, node.col_offset),
            (node.end_lineno, node.end_col_offset),
            old,
            today,
            text,
        )

    def changes(self) -> Iterator[Change]:
        """Yields all changes."""
        outer: set[ast.AST] = set()
        for node in ast.walk(self.module):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from self._import(node)
            elif isinstance(node, ast.Call):
                yield from self._call(node)
            elif isinstance(node, ast.Attribute) and node not in outer:
                outer.update(child for child in ast.walk(node) if child is not node)
                yield from self._attribute(node)
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                yield from self._division(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> Iterator[Change]:
        old = self.segment(node)
        lines = []
        if isinstance(node, ast.ImportFrom):
            if not (node.module or '').startswith('tensorflow') or node.level:
                return
            for alias in node.names:
                lines.append(
                    _import_line(
                        f'{node.module}.{alias.name}', alias.asname or alias.name
                    )
                )
        else:
            if not any(
                alias.name.split('.')[0] in ('tensorflow', 'input_data')
                for alias in node.names
            ):
                return
            for alias in node.names:
                if alias.name in ('tensorflow', _TF):
                    lines.append(f'import {_TF} as {alias.asname or "tensorflow"}')
                elif alias.name == 'tensorflow.python.platform':
                    lines.append('pass')
                else:
                    lines.append(_import_line(alias.name, alias.asname or ''))
        base = f'{node.module}.' if isinstance(node, ast.ImportFrom) else ''
        for alias in node.names:
            row = _gone(base + alias.name)
            if row is not None:
                yield self.change(node, row.old, row.advice)
                return
        if None in lines:
            yield self.change(node, old, 'a stand-in of this package')
            return
        indent = '\n' + ' ' * node.col_offset
        text = indent.join(line for line in lines if line)
        if text != old:
            yield self.change(node, old, text.replace(indent, '; '), text)

    def _attribute(self, node: ast.Attribute) -> Iterator[Change]:
        name = self.name_of(node)
        parts = name.split('.')
        if parts[0] == 'np' and len(parts) >= 2:
            adapted = numpy_names().get(parts[1])
            if isinstance(adapted, Renamed) and not self._is_called_only(parts[1]):
                inner = _prefix(node, len(parts) - 2)
                text = adapted.today.replace(
                    'np.', self.segment(inner)[: -len(parts[1])]
                )
                is_name = text.replace('.', '').isidentifier()
                yield self.change(
                    inner, self.segment(inner), adapted.today, text if is_name else None
                )
            return
        root = self.segment(node).split('.')[0]
        known = self.roots.get(root, '')
        if parts[0] != 'tf' or len(parts) < 2:
            return
        for length in range(len(parts), known.count('.') + 1, -1):
            prefix = '.'.join(parts[:length])
            inner = _prefix(node, len(parts) - length)
            row = names.table().get(prefix)
            if row is not None and not row.today:
                yield self.change(inner, row.old, row.advice)
                return
            if prefix in calls.TODAY:
                return
            today = row.today if row else _RENAMED.get(prefix)
            if today is not None:
                can_write = today.startswith(f'{known}.') and not _is_contrib(today)
                new = root + today.removeprefix(known) if can_write else None
                yield self.change(inner, prefix, today, new)
                return
        if _is_contrib(name) and not _is_module(name):
            is_served = tree.find_stand_in(name) is not tree.MISSING
            what = 'a stand-in of this package' if is_served else 'nothing: it is gone'
            yield self.change(node, name, what)

    def is_before(self, version: str) -> bool:
        """Returns whether the program is of a time before a version of TensorFlow."""
        return self.program.era.is_before(version)

    def is_unpacked(self, call: ast.Call) -> bool:
        """Returns whether the result of a call is assigned to several names."""
        return any(
            isinstance(node, ast.Assign)
            and node.value is call
            and isinstance(node.targets[0], ast.Tuple | ast.List)
            for node in ast.walk(self.module)
        )

    def is_whole(self, node: ast.AST) -> bool | None:
        """Returns whether an expression is a whole number; None if unknown."""
        return whole.is_whole(node, self._whole)

    def _is_called_only(self, name: str) -> bool:
        return name in ('asscalar', 'msort')

    def _call(self, node: ast.Call) -> Iterator[Change]:
        name = self.name_of(node.func)
        make = calls.TODAY.get(name)
        text = make(self, node) if make is not None else None
        if text is not None:
            old = self.segment(node)
            shown = f'{name}({", ".join(_short(self, arg) for arg in node.args)})'
            if text != old:
                yield self.change(node, shown, text.split('\n')[0], text)

    def _division(self, node: ast.BinOp) -> Iterator[Change]:
        if self.program.python != 2 or _imports_division(self.module):
            return
        left, right = self.is_whole(node.left), self.is_whole(node.right)
        if left and right:
            between = self.segment(node)
            a, b = self.segment(node.left), self.segment(node.right)
            operator = (
                between[len(a) : len(between) - len(b)] if between.endswith(b) else ''
            )
            if between.startswith(a) and operator.strip() == '/':
                start = (node.left.end_lineno or 0, node.left.end_col_offset or 0)
                end = (node.right.lineno, node.right.col_offset)
                text = operator.replace('/', '//')
                yield Change(node.lineno, start, end, 'a / b', 'a // b', text)
        elif left is not False and right is not False:
            yield self.change(node, self.segment(node), 'a // b if both are whole')


# Functions of which only the name, and the meaning of the arguments, are new.
_RENAMED = {
    'tf.train.SummaryWriter': 'tf.summary.FileWriter',
    'tf.initialize_all_variables': 'tf.global_variables_initializer',
    'tf.scalar_summary': 'tf.summary.scalar',
    'tf.histogram_summary': 'tf.summary.histogram',
    'tf.image_summary': 'tf.summary.image',
}


def _prefix(node: ast.AST, drop: int) -> ast.AST:
    for _ in range(drop):
        assert isinstance(node, ast.Attribute)
        node = node.value
    return node


def _short(file: _File, node: ast.AST) -> str:
    text = file.segment(node).replace('\n', ' ')
    return text if len(text) <= 20 else '...'


def _is_contrib(name: str) -> bool:
    return name.startswith(('tf.contrib', 'tf.estimator'))


def _is_module(name: str) -> bool:
    import types

    return isinstance(tree.find_stand_in(name), types.ModuleType)


def _gone(full: str) -> names.Name | None:
    """Returns the row of an imported module or name that cannot be served, or None."""
    short = full.replace('tensorflow', 'tf', 1)
    row = names.find(short) or names.find(short.replace('.python.', '.', 1))
    return row if row is not None and not row.today else None


def _import_line(full: str, bound: str) -> str | None:
    """Returns today's statement for an imported module or name; None if it is ours."""
    if full.endswith('.input_data') or full == 'input_data':
        suffix = '' if bound in ('', 'input_data') else f' as {bound}'
        return _INPUT_DATA + suffix
    if full.endswith('tutorials.mnist.mnist'):
        return 'from mnist_tut import mnist' + (
            '' if bound == 'mnist' else f' as {bound}'
        )
    if full.endswith('tutorials.mnist'):
        return f'import mnist_tut as {bound}  # and: import mnist_tut.input_data'
    for space in names.MODULES.get(full, ()):
        if space in _TODAY_MODULES:
            return _TODAY_MODULES[space].format(bound)
    if 'contrib' in full or 'estimator' in full:
        return None
    module, _, name = full.rpartition('.')
    if not tree.find_modules(module) or not hasattr(tree.find_modules(module)[0], name):
        found = tree.find_compat(f'tf.{name}')
        if found is not tree.MISSING:
            return f'from {_TF} import {name} as {bound}'
        return None
    if module in ('tensorflow', _TF):
        return f'from {_TF} import {name}' + ('' if bound == name else f' as {bound}')
    return f'from {module} import {name}' + ('' if bound == name else f' as {bound}')


def _imports_division(module: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == '__future__'
        and any(alias.name == 'division' for alias in node.names)
        for node in module.body
    )
