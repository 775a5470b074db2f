"""TensorFlow 1's MNIST tutorials, running again on TensorFlow 2.

Each tutorial is a module with the tutorial's own names (`softmax`, `deep`, `mnist` and
`fully_connected_feed`, `tanh_mlp`, `convolutional`, `with_summaries`), run as
`python -m mnist_tut.<module>`; `python -m mnist_tut` lists them. A module is imported
when it is first used, so that importing the package loads nothing that takes long.
"""

import importlib
import sys
from typing import Any

__version__ = '1.0.0'

# In the order in which to read them.
LESSONS = (
    'softmax',
    'deep',
    'fully_connected_feed',
    'with_summaries',
    'tanh_mlp',
    'convolutional',
)
COMMANDS = ('distributed', 'predict', 'draw', 'export', 'legacy')

# All but `legacy`: importing that selects another Keras for the whole process.
_ATTRIBUTES = {*LESSONS, *COMMANDS, 'mnist', 'input_data', 'plots'} - {'legacy'}


def __getattr__(name: str) -> Any:
    """Imports `mnist_tut.deep` and the like, the first time."""
    if name not in _ATTRIBUTES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return importlib.import_module(f'{__name__}.{name}')


def __dir__() -> list[str]:
    return sorted({*globals(), *_ATTRIBUTES})


if sys.argv[:1] == ['-m']:  # until Python has found the program to run
    from mnist_tut import program

    program.begin()
