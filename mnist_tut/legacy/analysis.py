"""Finds, without running a script, what would be adapted, and how one writes it today.

The types of arguments are known only where the source tells; what it does not tell is
reported as undecided, with the line.
"""

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from mnist_tut.legacy import era, names, tree
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
# What only the older form of a call had at this position, and the new order by name.
_CALLS: dict[str, Callable[['_File', ast.Call], str | None]] = {}


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
        self.whole = _whole_names(self.module)
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
            if prefix in _CALLS:
                return
            today = row.today if row else _RENAMED.get(prefix)
            if today is not None:
                can_write = today.startswith(f'{known}.') and not _is_contrib(today)
                new = root + today.removeprefix(known) if can_write else None
                yield self.change(inner, prefix, today, new)
                return
        if _is_contrib(name) and not _is_module(name):
            is_served = tree._stand_in(name) is not tree._MISSING
            what = 'a stand-in of this package' if is_served else 'nothing: it is gone'
            yield self.change(node, name, what)

    def is_unpacked(self, call: ast.Call) -> bool:
        """Returns whether the result of a call is assigned to several names."""
        return any(
            isinstance(node, ast.Assign)
            and node.value is call
            and isinstance(node.targets[0], ast.Tuple | ast.List)
            for node in ast.walk(self.module)
        )

    def _is_called_only(self, name: str) -> bool:
        return name in ('asscalar', 'msort')

    def _call(self, node: ast.Call) -> Iterator[Change]:
        name = self.name_of(node.func)
        make = _CALLS.get(name)
        text = make(self, node) if make is not None else None
        if text is not None:
            old = self.segment(node)
            shown = f'{name}({", ".join(_short(self, arg) for arg in node.args)})'
            if text != old:
                yield self.change(node, shown, text.split('\n')[0], text)

    def _division(self, node: ast.BinOp) -> Iterator[Change]:
        if self.program.python != 2 or _imports_division(self.module):
            return
        left, right = (_is_whole(side, self.whole) for side in (node.left, node.right))
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

    return isinstance(tree._stand_in(name), types.ModuleType)


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
    if not tree._real(module) or not hasattr(tree._real(module)[0], name):
        found = tree._compat(f'tf.{name}')
        if found is not tree._MISSING:
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


def _whole_names(module: ast.Module) -> set[str]:
    """Returns the names that a file only ever gives whole numbers."""
    values: dict[str, list[ast.expr | None]] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    values.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            is_range = isinstance(node.iter, ast.Call) and era.dotted(
                node.iter.func
            ) in ('range', 'xrange')
            one = ast.Constant(1) if is_range else None
            values.setdefault(node.target.id, []).append(one)
        elif isinstance(node, ast.arg):
            values.setdefault(node.arg, []).append(None)
    whole: set[str] = set()
    for _ in range(3):
        whole = {
            name
            for name, given in values.items()
            if all(value is not None and _is_whole(value, whole) for value in given)
        }
    return whole


def _is_whole(node: ast.AST, whole: set[str]) -> bool | None:
    """Returns whether an expression is a whole number; None if that is not known."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int)
    if isinstance(node, ast.Name):
        return True if node.id in whole else None
    if isinstance(node, ast.UnaryOp):
        return _is_whole(node.operand, whole)
    if isinstance(node, ast.BinOp):
        sides = (_is_whole(node.left, whole), _is_whole(node.right, whole))
        if False in sides:
            return False
        return True if sides == (True, True) else None
    if isinstance(node, ast.Call):
        name = era.dotted(node.func)
        if name in ('len', 'int'):
            return True
        return False if name == 'float' else None
    return None


def _call(*old_names: str) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        for name in old_names:
            _CALLS[name] = function
        return function

    return register


def _rest(file: _File, node: ast.Call, skip: int = 0) -> list[str]:
    return [
        *(file.segment(arg) for arg in node.args[skip:]),
        *(f'{k.arg}={file.segment(k.value)}' for k in node.keywords if k.arg),
    ]


def _write(file: _File, node: ast.Call, arguments: list[str], name: str = '') -> str:
    function = file.segment(node.func)
    if name:
        function = f'{function.rpartition(".")[0]}.{name}'
    return f'{function}({", ".join(arguments)})'


@_call('tf.concat')
def _concat(file: _File, node: ast.Call) -> str | None:
    keywords = {k.arg: k.value for k in node.keywords}
    if len(node.args) >= 2 and _is_whole(node.args[0], file.whole):
        dim, values, *rest = (file.segment(arg) for arg in node.args)
        return _write(file, node, [values, dim, *rest, *_rest(file, node, 9)])
    if 'concat_dim' in keywords and not node.args:
        given = {'concat_dim': 'axis'}
        return _write(
            file,
            node,
            [f'{given.get(k or "", k)}={file.segment(v)}' for k, v in keywords.items()],
        )
    return None


@_call('tf.split')
def _split(file: _File, node: ast.Call) -> str | None:
    if len(node.args) == 3 and _is_whole(node.args[0], file.whole):
        if _is_whole(node.args[2], file.whole):
            return None
        dim, num, value = (file.segment(arg) for arg in node.args)
        return _write(file, node, [value, num, dim, *_rest(file, node, 9)])
    return None


@_call(
    'tf.nn.softmax_cross_entropy_with_logits',
    'tf.nn.sparse_softmax_cross_entropy_with_logits',
    'tf.nn.sigmoid_cross_entropy_with_logits',
)
def _cross_entropy(file: _File, node: ast.Call) -> str | None:
    parts = ['logits', 'labels', 'name']
    given = [f'{n}={file.segment(a)}' for n, a in zip(parts, node.args, strict=False)]
    given += [
        f'{"labels" if k.arg == "targets" else k.arg}={file.segment(k.value)}'
        for k in node.keywords
    ]
    changed = node.args or any(k.arg == 'targets' for k in node.keywords)
    return _write(file, node, given) if changed else None


@_call('tf.nn.softmax', 'tf.nn.log_softmax')
def _softmax(file: _File, node: ast.Call) -> str | None:
    second = node.args[1] if len(node.args) == 2 else None
    if not isinstance(second, ast.Constant) or not isinstance(second.value, str):
        return None
    x, name = (file.segment(arg) for arg in node.args)
    return _write(file, node, [x, f'name={name}'])


@_call('tf.reverse')
def _reverse(file: _File, node: ast.Call) -> str | None:
    if len(node.args) == 2 and isinstance(node.args[1], ast.List):
        values = [getattr(e, 'value', None) for e in node.args[1].elts]
        if values and all(isinstance(value, bool) for value in values):
            axes = [i for i, value in enumerate(values) if value]
            return _write(file, node, [file.segment(node.args[0]), str(axes)])
    return None


@_call('tf.image.resize_images')
def _resize(file: _File, node: ast.Call) -> str | None:
    if len(node.args) >= 3 and not isinstance(node.args[1], ast.List | ast.Tuple):
        x, height, width, *rest = (file.segment(arg) for arg in node.args)
        return _write(
            file, node, [x, f'[{height}, {width}]', *rest, *_rest(file, node, 9)]
        )
    return None


@_call('tf.batch_matmul')
def _matmul(file: _File, node: ast.Call) -> str | None:
    new = {'adj_x': 'adjoint_a', 'adj_y': 'adjoint_b'}
    given = [file.segment(arg) for arg in node.args[:2]]
    given += [
        f'{n}={file.segment(a)}'
        for n, a in zip(('adjoint_a', 'adjoint_b'), node.args[2:], strict=False)
    ]
    given += [
        f'{new.get(k.arg or "", k.arg)}={file.segment(k.value)}' for k in node.keywords
    ]
    return _write(file, node, given, 'matmul')


@_call('tf.pack')
def _pack(file: _File, node: ast.Call) -> str | None:
    return _write(file, node, _rest(file, node), 'stack')


@_call('tf.unpack')
def _unpack(file: _File, node: ast.Call) -> str | None:
    return _write(file, node, _rest(file, node), 'unstack')


@_call('tf.nn.bidirectional_rnn')
def _bidirectional(file: _File, node: ast.Call) -> str | None:
    text = _write(file, node, _rest(file, node), 'static_bidirectional_rnn')
    if not file.program.era.is_before('0.8') or file.is_unpacked(node):
        return text
    return f'{text}[0]'


@_call('tf.nn.rnn_cell.BasicLSTMCell', 'tf.nn.rnn_cell.LSTMCell')
def _lstm(file: _File, node: ast.Call) -> str | None:
    given = _rest(file, node)
    position = 2 if file.name_of(node.func).endswith('BasicLSTMCell') else 1
    if len(node.args) > position and _is_whole(node.args[position], file.whole):
        del given[position]
    given = [argument for argument in given if not argument.startswith('input_size=')]
    is_given = any(k.arg == 'state_is_tuple' for k in node.keywords)
    if file.program.era.is_before('0.11') and not is_given:
        given.append('state_is_tuple=False')
    return _write(file, node, given)


@_call('tf.nn.rnn_cell.BasicRNNCell', 'tf.nn.rnn_cell.GRUCell')
def _cell(file: _File, node: ast.Call) -> str | None:
    given = _rest(file, node)
    if len(node.args) > 1 and _is_whole(node.args[1], file.whole):
        del given[1]
    given = [argument for argument in given if not argument.startswith('input_size=')]
    return _write(file, node, given)
