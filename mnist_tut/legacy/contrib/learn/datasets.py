"""Stand-in for tensorflow.contrib.learn.datasets: MNIST, by our input_data.

Source:
    TensorFlow 1.2, contrib/learn/python/learn/datasets/__init__.py and mnist.py.
"""

import collections
import types
from typing import Any

from mnist_tut import input_data
from mnist_tut.errors import UserError
from mnist_tut.input_data import DataSet, Datasets
from mnist_tut.legacy import current

Dataset = collections.namedtuple('Dataset', ['data', 'target'])

__all__ = ['DataSet', 'Dataset', 'Datasets', 'load_dataset', 'load_mnist', 'mnist']


def read_data_sets(train_dir: str, *args: Any, **kwargs: Any) -> Datasets:
    """Reads MNIST; in a program that the command runs, by the command's rules."""
    program = current.program()
    if program is not None:
        return program.data.read_data_sets(train_dir, *args, **kwargs)
    return input_data.read_data_sets(train_dir, *args, **kwargs)


def load_mnist(train_dir: str = 'MNIST-data') -> Datasets:
    """Reads MNIST, with labels from 0 to 9."""
    return read_data_sets(train_dir)


def load_dataset(
    name: str, size: str = 'small', test_with_fake_data: bool = False
) -> Datasets:
    """Reads a data set by its name.

    Args:
        name: 'mnist'; the others came with TensorFlow and left with it.
        size: Ignored.
        test_with_fake_data: Ignored.

    Raises:
        UserError: If it is another one.
    """
    del size, test_with_fake_data
    if name != 'mnist':
        raise UserError(
            f'learn.datasets.load_dataset({name!r}): only mnist is served; the other '
            'data sets left with TensorFlow 1 (sklearn.datasets has load_iris)'
        )
    return load_mnist()


def _missing(name: str) -> Any:
    """Returns a function that says that a data set is not served."""

    def load(*args: Any, **kwargs: Any) -> Any:
        """Raises UserError."""
        del args, kwargs
        return load_dataset(name)

    return load


load_iris = _missing('iris')
load_boston = _missing('boston')
mnist = types.SimpleNamespace(
    **{
        **{name: getattr(input_data, name) for name in input_data.__all__},
        'read_data_sets': read_data_sets,
        'load_mnist': load_mnist,
    }
)
base = types.SimpleNamespace(
    Dataset=Dataset,
    Datasets=Datasets,
    load_iris=load_iris,
    load_boston=load_boston,
    maybe_download=input_data.maybe_download,
)
