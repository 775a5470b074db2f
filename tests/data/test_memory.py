"""Arrays begin where TensorFlow need not copy them."""

from mnist_tut.data import memory

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


@pytest.mark.parametrize('dtype', [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize('shape', [(0, 784), (1,), (7, 3), (100, 784), (5, 28, 28, 1)])
def test_an_array_begins_at_a_multiple_of_64_bytes(shape, dtype):
    kept = []
    for _ in range(20):
        array = memory.aligned(shape, dtype)
        kept.append(array)
        assert (array.shape, array.dtype) == (shape, dtype)
        assert array.ctypes.data % 64 == 0 or array.size == 0
        assert array.flags.c_contiguous
        assert array.flags.writeable
        array[...] = len(kept)
    for number, array in enumerate(kept, 1):
        assert (array == number).all()  # none lies in another one's memory


def test_tensorflow_reads_it_where_it_is():
    """A change while a graph runs is seen, unless the array had to be copied."""

    def change_while_it_is_fed(array):
        array[:] = 1

        def change():
            array[:] = 2
            return np.float32(0)

        with tf.Graph().as_default(), tf.Session() as sess:
            fed = tf.placeholder(tf.float32, array.shape)
            with tf.control_dependencies([tf.py_func(change, [], tf.float32)]):
                return sess.run(tf.identity(fed), {fed: array})

    array = memory.aligned((101,), np.float32)
    assert (change_while_it_is_fed(array) == 2).all()
    assert (change_while_it_is_fed(array[1:]) == 1).all()
