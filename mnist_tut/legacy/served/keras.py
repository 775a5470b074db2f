"""tf.keras, whose data sets come from us and whose training can be shortened."""

import functools
from typing import Any

from mnist_tut.errors import UserError
from mnist_tut.legacy import current
from mnist_tut.legacy.served import provides

import tensorflow.compat.v1 as tf


@provides('tf.keras.datasets.mnist.load_data')
def _load_data(program: Any) -> Any:
    return program.data.load_arrays


@provides('tf.contrib.learn.datasets.load_dataset')
def _load_dataset(program: Any) -> Any:
    def load_dataset(name: str, *_: Any, **__: Any) -> Any:
        if name != 'mnist':
            raise UserError(
                f'this script needs the data set {name}; only MNIST is provided here'
            )
        return program.data.read_data_sets('MNIST-data')

    return load_dataset


def _other_set(name: str) -> None:
    def load_data(*args: Any, **kwargs: Any) -> Any:
        raise UserError(
            f'this script needs the data set {name}; only MNIST is provided here'
        )

    provides(f'tf.keras.datasets.{name}.load_data')(lambda program: load_data)


for _name in ('cifar10', 'cifar100', 'imdb', 'reuters', 'boston_housing'):
    _other_set(_name)


@functools.cache
def _model_class(name: str) -> Any:
    """Returns a Keras model whose `fit` ends after the steps that are left."""
    base = getattr(tf.keras, name)

    class Counter(tf.keras.callbacks.Callback):
        """Counts batches, and stops the training."""

        def __init__(self, limits: Any):
            super().__init__()
            self.limits = limits
            self.steps = 0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            """Counts a batch."""
            self.steps += 1
            self.limits.count_step(id(self.model))
            if self.limits.steps is not None and self.steps >= self.limits.steps:
                self.model.stop_training = True

    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        program = current.program()
        if 'nb_epoch' in kwargs:
            current.note('fit(nb_epoch=)', 'fit(epochs=)')
            kwargs['epochs'] = kwargs.pop('nb_epoch')
        if program is not None and program.limits.active:
            callbacks = [*(kwargs.get('callbacks') or []), Counter(program.limits)]
            kwargs['callbacks'] = callbacks
        return base.fit(self, *args, **kwargs)

    return type(name, (base,), {'fit': fit, '__doc__': base.__doc__})


def _model(name: str) -> None:
    def make(program: Any) -> Any:
        if program.limits.active:
            return _model_class(name)
        return getattr(tf.keras, name)

    provides(f'tf.keras.{name}', f'tf.keras.models.{name}')(make)


for _name in ('Sequential', 'Model'):
    _model(_name)
