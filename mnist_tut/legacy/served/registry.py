"""The table of what is served by functions and classes of ours, by old name."""

from collections.abc import Callable
from typing import Any

from mnist_tut.legacy.tree import Provider

# By old name, 'tf.concat'.
PROVIDED: dict[str, Any] = {}


def serves(*names: str) -> Callable[[Any], Any]:
    """Decorates what is served under one or more old names."""

    def register(thing: Any) -> Any:
        for name in names:
            PROVIDED[name] = thing
        return thing

    return register


def provides(*names: str) -> Callable[[Any], Any]:
    """Decorates a function of the program that makes what is served."""

    def register(make: Any) -> Any:
        for name in names:
            PROVIDED[name] = Provider(make)
        return make

    return register


def arguments(names: str, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Returns positional and named arguments by their names of that time.

    Args:
        names: The parameters of the time, separated by spaces.
        args: Positional arguments.
        kwargs: Named arguments; those with other names are kept as they are.
    """
    parameters = names.split()
    if len(args) > len(parameters):
        raise TypeError(
            f'takes {len(parameters)} positional arguments but {len(args)} were given'
        )
    return {**dict(zip(parameters, args, strict=False)), **kwargs}


def renamed(kwargs: dict[str, Any], **new: str) -> dict[str, Any]:
    """Returns named arguments with some old names replaced: old='new'."""
    return {new.get(name, name): value for name, value in kwargs.items()}
