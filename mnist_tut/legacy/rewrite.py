"""Compiles a script, with hooks where its meaning has changed or its loops are cut.

The hooks are put into the syntax tree, so every line keeps its number, and a traceback
shows the script's own lines.
"""

import ast
from typing import Any

# The name under which a script's code finds `Hooks`; no program of the time has it.
HOOKS = '__mnist_tut_legacy__'

# Methods that arrays and tensors have lost. `Hooks.method` looks at the object.
METHODS = frozenset(
    [
        *('tostring', 'itemset', 'newbyteorder', 'ptp'),
        *('set_axis_bgcolor', 'hold', 'set_window_title', 'Size'),
        *('iteritems', 'itervalues', 'iterkeys', 'has_key', 'setdefaultencoding'),
    ]
)


class _Rewriter(ast.NodeTransformer):
    """Puts calls of the hooks into a tree.

    Attributes:
        division: Division of whole numbers: 'floor' as in Python 2, 'note' to note
            where that would differ, '' to leave it alone.
        loops: Whether loops are told to `Hooks.loop`.
    """

    def __init__(self, division: str, loops: bool):
        self.division = division
        self.loops = loops

    def _call(self, name: str, *args: ast.expr, at: ast.AST) -> ast.Call:
        function = ast.Attribute(ast.Name(HOOKS, ast.Load()), name, ast.Load())
        call = ast.Call(function, list(args), [])
        return ast.fix_missing_locations(ast.copy_location(call, at))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if self.division and isinstance(node.op, ast.Div):
            return self._call('divide', node.left, node.right, at=node)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not self.division or not isinstance(node.op, ast.Div):
            return node
        value = ast.parse(ast.unparse(node.target), mode='eval').body
        for part in ast.walk(value):
            ast.copy_location(part, node)
        call = self._call('divide_in_place', value, node.value, at=node)
        return ast.copy_location(ast.Assign([node.target], call), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr in METHODS and isinstance(node.ctx, ast.Load):
            return self._call('method', node.value, ast.Constant(node.attr), at=node)
        return node

    def _loop(self, node: Any, name: str, inner: list[ast.expr]) -> ast.With:
        guard = self._call('loop', at=node)
        variable = ast.copy_location(ast.Name(name, ast.Store()), node)
        item = ast.withitem(guard, variable)
        return ast.copy_location(ast.With([item], [node]), node)

    def _guard(self, node: ast.AST, method: str, *args: ast.expr) -> ast.Call:
        name = f'{HOOKS}{node.lineno}_{node.col_offset}'  # type: ignore[attr-defined]
        function = ast.Attribute(ast.Name(name, ast.Load()), method, ast.Load())
        call = ast.Call(function, list(args), [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        if not self.loops:
            return node
        node.iter = self._guard(node, 'turns', node.iter)
        return self._loop(node, f'{HOOKS}{node.lineno}_{node.col_offset}', [])

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        if not self.loops:
            return node
        test = ast.BoolOp(ast.And(), [self._guard(node, 'goes_on'), node.test])
        node.test = ast.fix_missing_locations(ast.copy_location(test, node.test))
        return self._loop(node, f'{HOOKS}{node.lineno}_{node.col_offset}', [])

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        if self.loops and not node.is_async:
            node.iter = self._call('shortened', node.iter, at=node.iter)
        return node


def rewrite(
    source: str, path: str, division: str = '', loops: bool = False
) -> ast.Module:
    """Returns Python 3 source as a syntax tree with the hooks in it.

    Args:
        source: The source.
        path: Of the file, for tracebacks.
        division: 'floor', 'note' or ''; see `_Rewriter`. A file that imports division
            from __future__ is left alone.
        loops: Whether loops can be shortened.
    """
    tree = ast.parse(source, path)
    return with_hooks(tree, '' if imports_division(tree) else division, loops)


def with_hooks(tree: ast.Module, division: str, loops: bool) -> ast.Module:
    """Puts the hooks into a syntax tree, and returns it."""
    return ast.fix_missing_locations(_Rewriter(division, loops).visit(tree))


def imports_division(tree: ast.Module) -> bool:
    """Returns whether whole numbers divide as in Python 3, by a __future__ import."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == '__future__'
        and any(alias.name == 'division' for alias in node.names)
        for node in tree.body
    )


def compile_script(
    source: str, path: str, division: str = '', loops: bool = False
) -> Any:
    """Compiles Python 3 source with the hooks in it; see `rewrite`."""
    tree = rewrite(source, path, division, loops)
    return compile(tree, path, 'exec', dont_inherit=True)
