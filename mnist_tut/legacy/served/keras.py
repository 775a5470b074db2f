"""tf.keras, whose data sets come from us and whose training can be shortened."""

import ast
import functools
import os
import re
from typing import Any

from mnist_tut.errors import UserError
from mnist_tut.legacy import current
from mnist_tut.legacy.contrib import shorten
from mnist_tut.legacy.data import file_name
from mnist_tut.legacy.served.registry import provides, renamed

import tensorflow.compat.v1 as tf


@provides('tf.keras.datasets.mnist.load_data')
def _load_data(program: Any) -> Any:
    return program.data.load_arrays


@provides('tf.keras.utils.get_file')
def _get_file(program: Any) -> Any:
    def get_file(fname: Any, origin: Any = None, *args: Any, **kwargs: Any) -> Any:
        if file_name(fname) is None or kwargs.get('untar') or kwargs.get('extract'):
            return tf.keras.utils.get_file(fname, origin, *args, **kwargs)
        folder = kwargs.get('cache_dir') or os.path.join(
            os.path.expanduser('~'), '.keras'
        )
        folder = os.path.join(folder, kwargs.get('cache_subdir', 'datasets'))
        return program.data.provide(os.path.join(folder, os.path.basename(fname)))

    return get_file


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
    """Returns a Keras model whose training ends after the steps that are left."""
    base = getattr(tf.keras, name)

    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        if 'nb_epoch' in kwargs:
            current.note('fit(nb_epoch=)', 'fit(epochs=)')
            kwargs['epochs'] = kwargs.pop('nb_epoch')
        if shorten.is_limited():
            training = shorten.Training(f'{name}.fit')

            def count(*_: Any, **__: Any) -> None:
                if training.is_over():
                    self.stop_training = True

            # Made here: tf.keras may be missing where no program uses it.
            counter = tf.keras.callbacks.LambdaCallback(on_batch_end=count)
            kwargs['callbacks'] = [*(kwargs.get('callbacks') or []), counter]
        # Keras changes the base of the class, to one for graphs, when it makes a model.
        return super(made, self).fit(*args, **kwargs)

    def train_on_batch(self: Any, *args: Any, **kwargs: Any) -> Any:
        program = current.program()
        if program is not None:
            program.limits.count_step(id(self))
        return super(made, self).train_on_batch(*args, **kwargs)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        if 'input' in kwargs and 'output' in kwargs:
            current.note('Model(input=, output=)', 'Model(inputs=, outputs=)')
            kwargs = renamed(kwargs, input='inputs', output='outputs')
        super(made, self).__init__(*args, **kwargs)

    def compile_model(self: Any, *args: Any, **kwargs: Any) -> Any:
        # The history's key was 'acc', whichever of its names a program gave.
        metrics = kwargs.get('metrics')
        program = current.program()
        if metrics and program is not None and _reads_acc(program):
            kwargs['metrics'] = ['acc' if m == 'accuracy' else m for m in metrics]
        return super(made, self).compile(*args, **kwargs)

    own = {
        '__init__': __init__,
        'fit': fit,
        'compile': compile_model,
        'train_on_batch': train_on_batch,
        '__doc__': base.__doc__,
    }
    made: Any = type(name, (base,), own)
    return made


def _reads_acc(program: Any) -> bool:
    """Returns whether a program reads or monitors 'acc', as before 2.0."""
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r'\b(val_)?acc\b', node.value)
        for tree in program.trees.values()
        for node in ast.walk(tree)
    )


def _model(name: str) -> None:
    def make(program: Any) -> Any:
        return _model_class(name)

    provides(f'tf.keras.{name}', f'tf.keras.models.{name}')(make)


for _name in ('Sequential', 'Model'):
    _model(_name)
