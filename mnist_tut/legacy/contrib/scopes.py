"""arg_scope: default arguments for the layers that are called inside a block.

Source:
    TensorFlow 1.2, contrib/framework/python/ops/arg_scope.py.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

# What the open blocks have set, innermost last: arguments by the function's key.
_open: list[dict[str, dict]] = [{}]
_scoped: set[str] = set()


def _key(function: Callable) -> str:
    """Returns what names a function in a scope."""
    return getattr(function, '_key_op', str(function))


def add_arg_scope(function: Callable) -> Callable:
    """Decorates a function so that an `arg_scope` can set its arguments."""

    @functools.wraps(function)
    def with_scope(*args: Any, **kwargs: Any) -> Any:
        """Calls the function with the arguments of the open blocks."""
        return function(*args, **{**_open[-1].get(key, {}), **kwargs})

    key = _key(function)
    vars(with_scope)['_key_op'] = key
    _scoped.add(key)
    return with_scope


def has_arg_scope(function: Callable) -> bool:
    """Returns whether an `arg_scope` can set a function's arguments."""
    return _key(function) in _scoped


def arg_scoped_arguments(function: Callable) -> tuple[str, ...]:
    """Returns the names of the arguments that an `arg_scope` can set."""
    code = function.__wrapped__.__code__  # type: ignore[attr-defined]
    return code.co_varnames[code.co_argcount - len(_defaults(function)) :]


def _defaults(function: Callable) -> tuple:
    """Returns the default values of a decorated function."""
    return function.__wrapped__.__defaults__ or ()  # type: ignore[attr-defined]


@contextlib.contextmanager
def arg_scope(
    list_ops_or_scope: list | tuple | dict, **kwargs: Any
) -> Iterator[dict[str, dict]]:
    """Sets arguments of the functions for the calls in this block.

    Args:
        list_ops_or_scope: The functions, or what an earlier block was given by `as`.
        **kwargs: The arguments and their values.

    Yields:
        The scope, to be opened again.

    Raises:
        TypeError: If it is neither.
        ValueError: If a function is not decorated, or a scope is given arguments.
    """
    if isinstance(list_ops_or_scope, dict):
        if kwargs:
            raise ValueError(
                'When attempting to re-use a scope by suppling a dictionary, kwargs '
                'must be empty.'
            )
        scope = dict(list_ops_or_scope)
    elif isinstance(list_ops_or_scope, list | tuple):
        scope = dict(_open[-1])
        for function in list_ops_or_scope:
            if not has_arg_scope(function):
                raise ValueError(f'{function} is not decorated with @add_arg_scope')
            key = _key(function)
            scope[key] = {**scope.get(key, {}), **kwargs}
    else:
        raise TypeError(
            'list_ops_or_scope must either be a list/tuple or reused scope (i.e. dict)'
        )
    _open.append(scope)
    try:
        yield scope
    finally:
        _open.pop()
