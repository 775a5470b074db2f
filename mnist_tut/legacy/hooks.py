"""What a script's rewritten code calls; see `rewrite`."""

import operator
from collections.abc import Iterable, Iterator
from typing import Any

from mnist_tut.legacy.current import Program
from mnist_tut.legacy.limits import Loop

import numpy as np


def _is_whole(number: Any) -> bool:
    return isinstance(number, int | np.integer) or (
        isinstance(number, np.ndarray) and number.dtype.kind in 'iub'
    )


class Hooks:
    """The hooks of one program."""

    def __init__(self, program: Program):
        self._program = program

    def divide(self, a: Any, b: Any) -> Any:
        """Divides as the script's Python did."""
        if _is_whole(a) and _is_whole(b):
            if self._program.python == 2:
                self._program.record.add('a / b', 'a // b', 'meaning')
                return a // b
            return self._note(a, b)
        dtype: Any = getattr(a, 'dtype', None)
        if self._program.python == 2 and hasattr(dtype, 'is_integer'):
            other = getattr(b, 'dtype', None)
            both = getattr(other, 'is_integer', isinstance(b, int))
            if dtype.is_integer and both:
                self._program.record.add('a / b', 'a // b', 'meaning')
                return a // b
        if type(a).__name__ == 'Dimension' and type(b).__name__ in ('Dimension', 'int'):
            return a // b
        return a / b

    def _note(self, a: Any, b: Any) -> Any:
        """Divides as Python 3, and notes where Python 2 would have differed."""
        quotient = a / b
        if isinstance(a, int) and isinstance(b, int) and a % b:
            self._program.record.add(
                f'{a} / {b}',
                f'gave {quotient:g} as in Python 3; in Python 2 it was {a // b} '
                '(--python=2)',
                'note',
            )
        return quotient

    def divide_in_place(self, a: Any, b: Any) -> Any:
        """Is `a /= b` as the script's Python did it."""
        if self._program.python == 2 and _is_whole(a) and _is_whole(b):
            return self.divide(a, b)
        if isinstance(a, np.ndarray) and a.dtype.kind in 'iub':
            return self.divide(a, b)
        return operator.itruediv(a, b)

    def method(self, thing: Any, name: str) -> Any:
        """Returns a method that arrays, tensors or figures may have lost."""
        try:
            return getattr(thing, name)
        except AttributeError:
            if name in LOST and isinstance(thing, LOST[name][0]):
                self._program.record.add(f'.{name}', LOST[name][1])
                return LOST[name][2](thing)
            raise

    def loop(self) -> Loop:
        """Returns the guard of the loop that begins on the script's current line."""
        frame = self._program.record.frame()
        where = (frame.f_code.co_filename, frame.f_lineno or 0) if frame else ('', 0)
        return Loop(self._program.limits, where)

    def shortened(self, iterable: Iterable) -> Iterator:
        """Yields the items of a comprehension, until the limit is reached."""
        with self.loop() as guard:
            yield from guard.turns(iterable)


def _itemset(array: np.ndarray) -> Any:
    def itemset(*args: Any) -> None:
        *place, value = args
        array[np.unravel_index(place[0], array.shape) if len(place) == 1 else ()] = (
            value
        )

    return itemset


# Method: what lost it, what one writes today, what makes it.
LOST: dict[str, tuple[Any, str, Any]] = {
    'tostring': (np.ndarray, '.tobytes', lambda array: array.tobytes),
    'newbyteorder': (
        np.ndarray,
        'array.view(array.dtype.newbyteorder())',
        lambda array: lambda order='S': array.view(array.dtype.newbyteorder(order)),
    ),
    'ptp': (
        np.ndarray,
        'np.ptp',
        lambda array: lambda *args, **kwargs: np.ptp(array, *args, **kwargs),
    ),
    'itemset': (np.ndarray, 'array[...] = value', _itemset),
    'set_axis_bgcolor': (object, '.set_facecolor', lambda axes: axes.set_facecolor),
    'hold': (object, '(nothing)', lambda axes: lambda *args: None),
    'set_window_title': (
        object,
        '.manager.set_window_title',
        lambda canvas: lambda *args: None,
    ),
    'Size': (object, '.size', lambda file: file.size),
    'iteritems': (dict, '.items', lambda mapping: mapping.items),
    'itervalues': (dict, '.values', lambda mapping: mapping.values),
    'iterkeys': (dict, '.keys', lambda mapping: mapping.keys),
    'has_key': (dict, 'key in mapping', lambda mapping: mapping.__contains__),
    'setdefaultencoding': (object, '(nothing)', lambda module: lambda *args: None),
}
