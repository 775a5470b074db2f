"""Stand-in for tensorflow.contrib.util: values of tensors as protocol buffers.

Source:
    TensorFlow 1.2, contrib/util/__init__.py.
"""

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf

__all__ = ['constant_value', 'make_ndarray', 'make_tensor_proto']

constant_value = tf.get_static_value
make_ndarray = tf.make_ndarray
make_tensor_proto = tf.make_tensor_proto
