"""Arrays begin where TensorFlow need not copy them."""

from mnist_tut.data import memory

import numpy as np
import pytest


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
