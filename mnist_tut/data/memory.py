"""Arrays that TensorFlow reads where they are.

It copies what it is fed, unless that begins at a multiple of 64 bytes; NumPy's arrays
begin at a multiple of 16.
"""

import math
from typing import Any

import numpy as np

_ALIGNMENT = 64  # bytes


def aligned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Returns a new array, not filled, that TensorFlow need not copy."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % _ALIGNMENT
    return memory[begin : begin + size].view(dtype).reshape(shape)
