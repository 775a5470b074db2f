"""Losses and activations whose positional arguments changed their order."""

from typing import Any

from mnist_tut.legacy import current
from mnist_tut.legacy.served.registry import arguments, renamed, serves

import tensorflow.compat.v1 as tf


def _cross_entropy(name: str) -> None:
    """Serves a cross-entropy: (logits, labels) before 1.0; by name since."""

    def cross_entropy(*args: Any, **kwargs: Any) -> Any:
        kwargs = renamed(kwargs, targets='labels', _sentinel='sentinel')
        kwargs.pop('sentinel', None)
        if args and args[0] is None:  # the sentinel of 1.0 and later
            args = args[1:]
            given = arguments('labels logits dim name', args, kwargs)
        elif args:
            given = arguments('logits labels name', args, kwargs)
            # A loss fed with one-hot labels where the script swapped them by name.
            current.note(
                f'{name}(logits, labels)',
                f'{name}(labels=labels, logits=logits)',
                'meaning',
            )
        else:
            given = kwargs
        given = renamed(given, dim='axis') if 'softmax' in name else given
        if name.startswith('sparse'):
            given.pop('axis', None)
            labels = tf.convert_to_tensor(given['labels'])
            if labels.dtype not in (tf.int32, tf.int64, tf.int16):
                given['labels'] = tf.cast(labels, tf.int64)
        elif name.startswith('softmax'):
            logits = tf.convert_to_tensor(given['logits'])
            labels = tf.convert_to_tensor(given['labels'])
            if labels.dtype != logits.dtype and labels.dtype.is_integer:
                labels = tf.cast(labels, logits.dtype)
            given = {**given, 'logits': logits, 'labels': labels}
            # Labels got no gradient before softmax_..._v2, and still get none.
        return getattr(tf.nn, name)(**given)

    cross_entropy.__name__ = name
    serves(f'tf.nn.{name}')(cross_entropy)


for _name in (
    'softmax_cross_entropy_with_logits',
    'sparse_softmax_cross_entropy_with_logits',
    'sigmoid_cross_entropy_with_logits',
):
    _cross_entropy(_name)


@serves('tf.nn.weighted_cross_entropy_with_logits')
def weighted_cross_entropy_with_logits(*args: Any, **kwargs: Any) -> Any:
    """Weighted cross-entropy: (logits, targets) before 1.0, (targets, logits) since.

    Source:
        TensorFlow 0.12 and 1.0, python/ops/nn_impl.py.
    """
    names = 'labels logits pos_weight name'
    if args and current.before('1.0'):
        names = 'logits labels pos_weight name'
        current.note(
            'weighted_cross_entropy_with_logits(logits, targets)',
            'weighted_cross_entropy_with_logits(targets, logits)',
            'meaning',
        )
    given = arguments(names, args, renamed(kwargs, targets='labels'))
    return tf.nn.weighted_cross_entropy_with_logits(**given)


def _activation(name: str) -> None:
    """Serves softmax or log_softmax, whose second argument was the name."""

    def activation(logits: Any, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], str):
            current.note(f"tf.nn.{name}(x, 'name')", f"tf.nn.{name}(x, name='name')")
            return getattr(tf.nn, name)(logits, name=args[0], **kwargs)
        given = arguments('axis name', args, renamed(kwargs, dim='axis'))
        return getattr(tf.nn, name)(logits, **given)

    activation.__name__ = name
    serves(f'tf.nn.{name}')(activation)


for _name in ('softmax', 'log_softmax'):
    _activation(_name)


def _sampled(name: str) -> None:
    """Serves a sampled loss: (inputs, labels) before 1.0, (labels, inputs) since."""

    def sampled(weights: Any, biases: Any, *args: Any, **kwargs: Any) -> Any:
        names = 'labels inputs num_sampled num_classes num_true sampled_values'
        if args and _is_float(args[0]):
            names = names.replace('labels inputs', 'inputs labels')
            current.note(
                f'tf.nn.{name}(weights, biases, inputs, labels)',
                f'tf.nn.{name}(weights, biases, labels, inputs)',
                'meaning',
            )
        given = arguments(f'{names} remove_accidental_hits', args, kwargs)
        return getattr(tf.nn, name)(weights, biases, **given)

    sampled.__name__ = name
    serves(f'tf.nn.{name}')(sampled)


def _is_float(value: Any) -> bool:
    dtype = getattr(value, 'dtype', None)
    return bool(getattr(dtype, 'is_floating', False))


for _name in ('nce_loss', 'sampled_softmax_loss'):
    _sampled(_name)


@serves('tf.nn.l2_normalize')
def l2_normalize(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Normalizes; the axis was called dim."""
    given = arguments('axis epsilon name', args, renamed(kwargs, dim='axis'))
    return tf.nn.l2_normalize(x, **given)


@serves('tf.nn.moments')
def moments(x: Any, axes: Any, *args: Any, **kwargs: Any) -> Any:
    """Returns mean and variance; the third argument was the name."""
    if args and isinstance(args[0], str):
        args = (None, *args)
    names = 'shift name keep_dims'
    return tf.nn.moments(x, axes, **arguments(names, args, kwargs))
