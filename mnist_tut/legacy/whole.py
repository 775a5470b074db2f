"""Which names and expressions of a source are whole numbers, as far as it tells.

In Python 2 a quotient of two of them is a whole number, too.
"""

import ast

from mnist_tut.legacy import era


def find_names(module: ast.Module) -> set[str]:
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
            if all(value is not None and is_whole(value, whole) for value in given)
        }
    return whole


def is_whole(node: ast.AST, whole: set[str]) -> bool | None:
    """Returns whether an expression is a whole number; None if that is not known."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int)
    if isinstance(node, ast.Name):
        return True if node.id in whole else None
    if isinstance(node, ast.UnaryOp):
        return is_whole(node.operand, whole)
    if isinstance(node, ast.BinOp):
        sides = (is_whole(node.left, whole), is_whole(node.right, whole))
        if False in sides:
            return False
        return True if sides == (True, True) else None
    if isinstance(node, ast.Call):
        name = era.dotted(node.func)
        if name in ('len', 'int'):
            return True
        return False if name == 'float' else None
    return None
