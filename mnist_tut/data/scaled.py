"""Pixels that become floats when they are read.

As floats the training set takes four times the memory that it takes as bytes, and a
step reads only a batch of it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

_ROWS = 1000  # at a time


class Scaled:
    """The floats that a function makes of an array of bytes, to be indexed as they are.

    The function is computed once for each pixel value, and its results are looked up.

    Attributes:
        pixels: uint8, as given.
        table: float32 [256], the float for each value from the smallest pixel to the
            largest; else 0.
    """

    def __init__(self, function: Callable[[np.ndarray], np.ndarray], pixels: Any):
        """Computes the table.

        Args:
            function: From pixels to float32. What it makes of one may depend on the
                smallest and the largest of all, and on nothing else.
            pixels: uint8 [N, ...], N at least 1.
        """
        values = np.arange(int(pixels.min()), int(pixels.max()) + 1, dtype=np.uint8)
        self._values = values
        self.table = np.zeros(256, np.float32)
        self.table[values] = function(values)
        self.pixels = pixels

    @property
    def divisor(self) -> float | None:
        """The pixels' divisor, if dividing gives all floats exactly; else None."""
        largest, floats = self._values[-1], self.table[self._values]
        if floats[-1]:
            divisor = largest / floats[-1]
            if np.array_equal(self._values / divisor, floats):
                return float(divisor)
        return None

    @property
    def shape(self) -> tuple[int, ...]:
        """As that of an array."""
        return self.pixels.shape

    @property
    def ndim(self) -> int:
        """As that of an array."""
        return self.pixels.ndim

    @property
    def dtype(self) -> np.dtype:
        """Of what is read: float32."""
        return self.table.dtype

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Returns the floats of some rows, float32."""
        # All are in range; with this mode NumPy is faster.
        return self.table.take(self.pixels[index], mode='clip')

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Returns all floats, as NumPy asks for them."""
        if copy is False:
            raise ValueError('the floats are computed, so there is nothing to share')
        return self[:].astype(dtype or self.dtype, copy=False)


def as_bytes(floats: np.ndarray) -> tuple[np.ndarray, float, float] | None:
    """Finds the bytes of which floats were made by (byte - offset) / divisor.

    Args:
        floats: float [N, ...].

    Returns:
        The bytes, uint8 [N, ...], the offset and the divisor, with which float32
        arithmetic gives `floats` to the bit; None if there are none.
    """
    lowest, highest = float(floats.min()), float(floats.max())
    if not lowest < highest:
        return None
    divisor = np.float32(255 / (highest - lowest))
    offset = np.float32(-lowest * divisor)
    pixels = np.empty(floats.shape, np.uint8)
    for start in range(0, len(floats), _ROWS):
        rows = slice(start, start + _ROWS)
        part = floats[rows]
        pixels[rows] = np.rint(part * divisor + offset)
        again = (pixels[rows].astype(np.float32) - offset) / divisor
        if again.astype(floats.dtype).tobytes() != part.tobytes():
            return None
    return pixels, float(offset), float(divisor)
