"""Stand-in for tensorflow.contrib.slim.model_analyzer: lists variables and ops.

Source:
    TensorFlow 1.4, contrib/slim/python/slim/model_analyzer.py.
"""

from collections.abc import Iterable
from typing import Any

__all__ = ['analyze_ops', 'analyze_vars', 'tensor_description']


def tensor_description(tensor: Any) -> str:
    """Returns '(float32_ref 5x5x1x32)' for a variable or tensor."""
    dims = tensor.get_shape().dims
    shape = '' if dims is None else 'x'.join(str(dim.value or '?') for dim in dims)
    return f'({tensor.dtype.name} {shape})'


def _print_title(text: str) -> None:
    print('---------')
    print(text)
    print('---------')


def analyze_ops(graph: Any, print_info: bool = False) -> int:
    """Returns how many numbers all operations of a graph return."""
    if print_info:
        _print_title('Operations: name -> (type shapes) [size]')
    total = 0
    for op in graph.get_operations():
        size = sum(t.get_shape().num_elements() or 0 for t in op.outputs)
        total += size
        if print_info:
            shapes = ', '.join(tensor_description(t) for t in op.outputs)
            print(f'{op.name}\t->', shapes or 'No output', f'[{size}]')
    if print_info:
        _print_title(f'Total size: {total}')
    return total


def analyze_vars(variables: Iterable, print_info: bool = False) -> tuple[int, int]:
    """Returns how many numbers, and how many bytes, variables have."""
    if print_info:
        _print_title('Variables: name (type shape) [size]')
    total = num_bytes = 0
    for variable in variables:
        size = variable.get_shape().num_elements() or 0
        total += size
        num_bytes += size * variable.dtype.size
        if print_info:
            of = f'[{size}, bytes: {size * variable.dtype.size}]'
            print(variable.name, tensor_description(variable), of)
    if print_info:
        print(f'Total size of variables: {total}')
        print(f'Total bytes of variables: {num_bytes}')
    return total, num_bytes
