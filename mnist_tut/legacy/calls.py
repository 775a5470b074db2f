"""Calls whose arguments have changed their meaning, as one writes them today."""

import ast
from collections.abc import Callable
from typing import Any, Protocol


class File(Protocol):
    """What a function here has to know of the file in which a call stands."""

    def segment(self, node: ast.AST) -> str:
        """Returns the source of a node."""

    def name_of(self, node: ast.AST) -> str:
        """Returns 'tf.a.b' for an expression that names it, or ''."""

    def is_whole(self, node: ast.AST) -> bool | None:
        """Returns whether an expression is a whole number; None if unknown."""

    def is_before(self, version: str) -> bool:
        """Returns whether the program is of a time before a version of TensorFlow."""

    def is_unpacked(self, call: ast.Call) -> bool:
        """Returns whether the result of a call is assigned to several names."""


# By the old name: returns the new source, or None if the call can stay as it is.
TODAY: dict[str, Callable[[File, ast.Call], str | None]] = {}


def _call(*old_names: str) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        for name in old_names:
            TODAY[name] = function
        return function

    return register


def _rest(file: File, node: ast.Call, skip: int = 0) -> list[str]:
    return [
        *(file.segment(arg) for arg in node.args[skip:]),
        *(f'{k.arg}={file.segment(k.value)}' for k in node.keywords if k.arg),
    ]


def _write(file: File, node: ast.Call, arguments: list[str], name: str = '') -> str:
    function = file.segment(node.func)
    if name:
        function = f'{function.rpartition(".")[0]}.{name}'
    return f'{function}({", ".join(arguments)})'


@_call('tf.concat')
def _concat(file: File, node: ast.Call) -> str | None:
    keywords = {k.arg: k.value for k in node.keywords}
    if len(node.args) >= 2 and file.is_whole(node.args[0]):
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
def _split(file: File, node: ast.Call) -> str | None:
    if len(node.args) == 3 and file.is_whole(node.args[0]):
        if file.is_whole(node.args[2]):
            return None
        dim, num, value = (file.segment(arg) for arg in node.args)
        return _write(file, node, [value, num, dim, *_rest(file, node, 9)])
    return None


@_call(
    'tf.nn.softmax_cross_entropy_with_logits',
    'tf.nn.sparse_softmax_cross_entropy_with_logits',
    'tf.nn.sigmoid_cross_entropy_with_logits',
)
def _cross_entropy(file: File, node: ast.Call) -> str | None:
    parts = ['logits', 'labels', 'name']
    given = [f'{n}={file.segment(a)}' for n, a in zip(parts, node.args, strict=False)]
    given += [
        f'{"labels" if k.arg == "targets" else k.arg}={file.segment(k.value)}'
        for k in node.keywords
    ]
    changed = node.args or any(k.arg == 'targets' for k in node.keywords)
    return _write(file, node, given) if changed else None


@_call('tf.nn.softmax', 'tf.nn.log_softmax')
def _softmax(file: File, node: ast.Call) -> str | None:
    second = node.args[1] if len(node.args) == 2 else None
    if not isinstance(second, ast.Constant) or not isinstance(second.value, str):
        return None
    x, name = (file.segment(arg) for arg in node.args)
    return _write(file, node, [x, f'name={name}'])


@_call('tf.reverse')
def _reverse(file: File, node: ast.Call) -> str | None:
    if len(node.args) == 2 and isinstance(node.args[1], ast.List):
        values = [getattr(e, 'value', None) for e in node.args[1].elts]
        if values and all(isinstance(value, bool) for value in values):
            axes = [i for i, value in enumerate(values) if value]
            return _write(file, node, [file.segment(node.args[0]), str(axes)])
    return None


@_call('tf.image.resize_images')
def _resize(file: File, node: ast.Call) -> str | None:
    if len(node.args) >= 3 and not isinstance(node.args[1], ast.List | ast.Tuple):
        x, height, width, *rest = (file.segment(arg) for arg in node.args)
        return _write(
            file, node, [x, f'[{height}, {width}]', *rest, *_rest(file, node, 9)]
        )
    return None


@_call('tf.batch_matmul')
def _matmul(file: File, node: ast.Call) -> str | None:
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
def _pack(file: File, node: ast.Call) -> str | None:
    return _write(file, node, _rest(file, node), 'stack')


@_call('tf.unpack')
def _unpack(file: File, node: ast.Call) -> str | None:
    return _write(file, node, _rest(file, node), 'unstack')


@_call('tf.nn.bidirectional_rnn')
def _bidirectional(file: File, node: ast.Call) -> str | None:
    text = _write(file, node, _rest(file, node), 'static_bidirectional_rnn')
    if not file.is_before('0.8') or file.is_unpacked(node):
        return text
    return f'{text}[0]'


@_call('tf.nn.rnn_cell.BasicLSTMCell', 'tf.nn.rnn_cell.LSTMCell')
def _lstm(file: File, node: ast.Call) -> str | None:
    given = _rest(file, node)
    position = 2 if file.name_of(node.func).endswith('BasicLSTMCell') else 1
    if len(node.args) > position and file.is_whole(node.args[position]):
        del given[position]
    given = [argument for argument in given if not argument.startswith('input_size=')]
    is_given = any(k.arg == 'state_is_tuple' for k in node.keywords)
    if file.is_before('0.11') and not is_given:
        given.append('state_is_tuple=False')
    return _write(file, node, given)


@_call('tf.nn.rnn_cell.BasicRNNCell', 'tf.nn.rnn_cell.GRUCell')
def _cell(file: File, node: ast.Call) -> str | None:
    given = _rest(file, node)
    if len(node.args) > 1 and file.is_whole(node.args[1]):
        del given[1]
    given = [argument for argument in given if not argument.startswith('input_size=')]
    return _write(file, node, given)
