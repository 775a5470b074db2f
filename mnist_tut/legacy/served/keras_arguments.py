"""The layers of the package keras, with the arguments of Keras 1 too.

Source:
    Keras 2.0, keras/legacy/interfaces.py.
"""

import functools
import inspect
from typing import Any

from mnist_tut.legacy import current

import tensorflow.compat.v1 as tf

_RENAMED = {
    'output_dim': 'units', 'nb_filter': 'filters', 'p': 'rate', 'init':
    'kernel_initializer', 'inner_init': 'recurrent_initializer',
    'inner_activation': 'recurrent_activation', 'border_mode': 'padding',
    'subsample': 'strides', 'bias': 'use_bias', 'dropout_W': 'dropout',
    'dropout_U': 'recurrent_dropout', 'W_regularizer': 'kernel_regularizer',
    'U_regularizer': 'recurrent_regularizer', 'b_regularizer': 'bias_regularizer',
    'W_constraint': 'kernel_constraint', 'b_constraint': 'bias_constraint',
    'dim_ordering': 'data_format', 'sigma': 'stddev', 'atrous_rate': 'dilation_rate',
}  # fmt: skip
_VALUES = {
    'data_format': {'tf': 'channels_last', 'th': 'channels_first', 'default': None}
}


def renamed(function: Any, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict]:
    """Returns the arguments of a layer by the names of Keras 2."""
    known = inspect.signature(function).parameters
    new: dict[str, Any] = {}
    for name, value in kwargs.items():
        today = _RENAMED.get(name, name)
        if name in known or today not in known:
            today = name
        if today != name:
            current.note(f'{name}=', f'{today}=')
            value = _VALUES.get(today, {}).get(value, value)
        new[today] = value
    if 'kernel_size' in known:
        rows = [new.pop(name) for name in ('nb_row', 'nb_col') if name in new]
        if len(args) == 3 and all(isinstance(size, int) for size in args[1:]):
            rows, args = [*args[1:]], args[:1]
        if len(rows) == 2:
            current.note('Convolution2D(n, 3, 3)', 'Conv2D(n, (3, 3))')
            new['kernel_size'] = tuple(rows)
    return args, new


@functools.cache
def layer_class(name: str) -> Any:
    """Returns a class of layers that takes the arguments of Keras 1 too."""
    base = getattr(tf.keras.layers, name)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        args, kwargs = renamed(base, args, kwargs)
        kwargs.pop('mode', None)  # of BatchNormalization
        super(made, self).__init__(*args, **kwargs)

    made: Any = type(name, (base,), {'__init__': __init__, '__doc__': base.__doc__})
    return made


_LAYERS = (
    *('Dense', 'Dropout', 'Embedding', 'BatchNormalization', 'GaussianNoise'),
    *('LSTM', 'GRU', 'SimpleRNN', 'Conv1D', 'Convolution1D', 'Conv2D', 'Convolution2D'),
    *('MaxPooling2D', 'AveragePooling2D', 'UpSampling2D', 'ZeroPadding2D'),
)


def layers() -> dict[str, Any]:
    """Returns the layers whose arguments had other names in Keras 1."""
    return {name: layer_class(name) for name in _LAYERS}
