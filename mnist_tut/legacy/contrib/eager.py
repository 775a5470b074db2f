"""Stand-in for tensorflow.contrib.eager, where eager execution came from.

Source:
    TensorFlow 1.7, contrib/eager/python/tfe.py, network.py and datasets.py.
"""

from collections.abc import Callable
from collections.abc import Iterator as Iterator_
from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf

__all__ = [
    'Iterator',
    'Network',
    'Variable',
    'defun',
    'enable_eager_execution',
    'executing_eagerly',
    'gradients_function',
    'implicit_gradients',
    'implicit_value_and_gradients',
    'in_eager_mode',
    'num_gpus',
    'py_func',
    'value_and_gradients_function',
]

defun = tf.function
executing_eagerly = in_eager_mode = tf.executing_eagerly
py_func = tf.py_function
Variable = tf.Variable


def enable_eager_execution(*args: Any, **kwargs: Any) -> None:
    """Does nothing: the command has found the call and has started eagerly.

    Raises:
        RuntimeError: If it has not.
    """
    del args, kwargs
    if not tf.executing_eagerly():
        tf.enable_eager_execution()


def num_gpus() -> int:
    """Returns how many GPUs there are."""
    return len(tf.config.list_physical_devices('GPU'))


class Iterator:
    """The elements of a data set, one after the other."""

    def __init__(self, dataset: Any):
        self._elements = iter(dataset)

    def __iter__(self) -> Iterator_:
        return self

    def __next__(self) -> Any:
        """Returns the next element."""
        return next(self._elements)

    next = __next__


class Network:
    """A net of layers; a program extends it, with layers in __init__ and `call`."""

    call: Callable[..., Any]

    def __init__(self, name: str | None = None):
        self.name = name or type(self).__name__.lower()
        self._layers: list[Any] = []

    def track_layer(self, layer: Any) -> Any:
        """Returns a layer, whose variables become the net's."""
        self._layers.append(layer)
        return layer

    def __setattr__(self, name: str, value: Any) -> None:
        is_layer = hasattr(value, 'variables') and hasattr(value, 'trainable_variables')
        if is_layer and all(value is not layer for layer in self._layers):
            self._layers.append(value)
        super().__setattr__(name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Applies the net."""
        return self.call(*args, **kwargs)

    @property
    def layers(self) -> list:
        """The layers."""
        return list(self._layers)

    @property
    def variables(self) -> list:
        """The variables of the layers."""
        return [v for layer in self._layers for v in layer.variables]

    weights = variables

    @property
    def trainable_variables(self) -> list:
        """Those that are trained."""
        return [v for layer in self._layers for v in layer.trainable_variables]

    trainable_weights = trainable_variables


def implicit_value_and_gradients(function: Callable) -> Callable:
    """Returns a function of the same arguments that also differentiates.

    The result is the function's value, and pairs of gradient and variable for each
    trained variable that it used.
    """

    def differentiated(*args: Any, **kwargs: Any) -> tuple[Any, list]:
        """Returns the value and the gradients."""
        with tf.GradientTape() as tape:
            value = function(*args, **kwargs)
        variables = tape.watched_variables()
        if not variables:
            raise ValueError('No trainable variables were accessed while the function')
        gradients = tape.gradient(value, variables)
        return value, list(zip(gradients, variables, strict=True))

    return differentiated


def implicit_gradients(function: Callable) -> Callable:
    """Returns a function of the same arguments: pairs of gradient and variable."""
    differentiated = implicit_value_and_gradients(function)
    return lambda *args, **kwargs: differentiated(*args, **kwargs)[1]


def value_and_gradients_function(function: Callable, params: Any = None) -> Callable:
    """Returns a function of the same arguments that also differentiates.

    Args:
        function: The function.
        params: Numbers of the arguments to differentiate by; all by default.
    """

    def differentiated(*args: Any) -> tuple[Any, list]:
        """Returns the value, and the gradients of the arguments."""
        numbers = range(len(args)) if params is None else params
        tensors = [tf.convert_to_tensor(arg) for arg in args]
        with tf.GradientTape() as tape:
            for number in numbers:
                tape.watch(tensors[number])
            value = function(*tensors)
        return value, tape.gradient(value, [tensors[number] for number in numbers])

    return differentiated


def gradients_function(function: Callable, params: Any = None) -> Callable:
    """Returns a function of the same arguments: its gradients."""
    differentiated = value_and_gradients_function(function, params)
    return lambda *args: differentiated(*args)[1]
