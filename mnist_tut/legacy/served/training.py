"""Optimizers, savers and readers, where they have changed."""

import functools
import os
from typing import Any

from mnist_tut.legacy import current
from mnist_tut.legacy.served.registry import arguments, provides, serves

import tensorflow.compat.v1 as tf

_OPTIMIZERS = (
    'AdadeltaOptimizer AdagradOptimizer AdagradDAOptimizer AdamOptimizer '
    'FtrlOptimizer GradientDescentOptimizer MomentumOptimizer '
    'ProximalAdagradOptimizer ProximalGradientDescentOptimizer RMSPropOptimizer'
)


@functools.cache
def optimizer_class(name: str) -> Any:
    """Returns an optimizer that counts its steps, where it takes them eagerly.

    It also works under `reuse_variables()`.
    Before 1.0 the slots of an optimizer were made whatever the scope said; since then a
    scope that reuses variables refuses to make them.
    """
    base = getattr(tf.train, name)

    def apply_gradients(self: Any, *args: Any, **kwargs: Any) -> Any:
        program = current.program()
        if tf.executing_eagerly() and program is not None:
            program.limits.count_step(id(self))
        scope = tf.get_variable_scope()
        if scope.reuse is not True:
            return base.apply_gradients(self, *args, **kwargs)
        current.note(f'{name} in a scope that reuses', 'a scope that does not')
        with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
            return base.apply_gradients(self, *args, **kwargs)

    return type(
        name, (base,), {'apply_gradients': apply_gradients, '__doc__': base.__doc__}
    )


for _name in _OPTIMIZERS.split():
    provides(f'tf.train.{_name}')(lambda program, name=_name: optimizer_class(name))


class Saver(tf.train.Saver):
    """Is tf.train.Saver; the folder of a checkpoint is made if it is missing."""

    def save(self, sess: Any, save_path: Any, *args: Any, **kwargs: Any) -> Any:
        """Saves the variables."""
        folder = os.path.dirname(os.fspath(save_path))
        if folder and not os.path.isdir(folder):
            os.makedirs(folder, exist_ok=True)
            current.note(f'the folder {folder} is missing', 'it is made', 'world')
        # A bare name was a path in the current folder.
        path = save_path if folder else os.path.join(os.curdir, save_path)
        return super().save(sess, path, *args, **kwargs)


serves('tf.train.Saver')(Saver)


@serves('tf.parse_single_example')
def parse_single_example(serialized: Any, *args: Any, **kwargs: Any) -> Any:
    """Parses an Example; features were given in parts before 0.7.

    Source:
        TensorFlow 0.6, python/ops/parsing_ops.py.
    """
    if not {'dense_keys', 'sparse_keys'} & set(kwargs):
        return tf.parse_single_example(serialized, *args, **kwargs)
    current.note('parse_single_example(dense_keys=...)', 'features={...}')
    keys = kwargs.get('dense_keys') or []
    types = kwargs.get('dense_types') or [tf.float32] * len(keys)
    shapes = kwargs.get('dense_shapes') or [[]] * len(keys)
    defaults = kwargs.get('dense_defaults') or {}
    features: dict[str, Any] = {
        key: tf.FixedLenFeature(shape, dtype, defaults.get(key))
        for key, dtype, shape in zip(keys, types, shapes, strict=True)
    }
    sparse = kwargs.get('sparse_keys') or []
    for key, dtype in zip(sparse, kwargs.get('sparse_types') or [], strict=True):
        features[key] = tf.VarLenFeature(dtype)
    return tf.parse_single_example(serialized, features)


@serves('tf.train.exponential_decay')
def exponential_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, *args: Any, **kwargs: Any
) -> Any:
    """Decays a learning rate; its steps may be whole or not."""
    given = arguments('decay_rate staircase name', args, kwargs)
    return tf.train.exponential_decay(learning_rate, global_step, decay_steps, **given)
