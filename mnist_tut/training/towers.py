"""Several copies of one network that have their variables in common."""

import contextlib
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf


class SharedVariables:
    """The variables of the first copy, which the other copies are given.

    `tf.Variable` makes a new variable at each call. A copy calls it as often as the
    first one did, and in the same order.
    """

    def __init__(self) -> None:
        """Has no variables yet."""
        self._variables: list[tf.Variable] | None = None

    @contextlib.contextmanager
    def copy(self) -> Any:
        """Has variables be made in the first use of this `with`, and shared later."""
        variables, made = iter(self._variables or []), []

        def create(next_creator: Callable[..., tf.Variable], **options: Any):
            if self._variables is None:
                made.append(next_creator(**options))
                return made[-1]
            return next(variables)

        with tf.variable_creator_scope(create):
            yield
        if self._variables is None:
            self._variables = made
