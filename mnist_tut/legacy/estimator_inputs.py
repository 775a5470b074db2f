"""Input functions for Estimators: arrays in memory as batches of tensors.

Source:
    TensorFlow 1.15, tensorflow_estimator/python/estimator/inputs/numpy_io.py and
    pandas_io.py; TensorFlow 1.2, contrib/learn/python/learn/learn_io/data_feeder.py.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from mnist_tut import runtime  # noqa: F401  (TensorFlow, quietly)

import numpy as np
import tensorflow.compat.v1 as tf


def _next(dataset: Any) -> Any:
    """Returns the tensors of a data set's next element.

    The session that an Estimator makes initializes the iterator with the tables.
    """
    iterator = tf.data.make_initializable_iterator(dataset)
    tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, iterator.initializer)
    return iterator.get_next()


def call_input_fn(input_fn: Callable, **given: Any) -> tuple[Any, Any]:
    """Returns the features and labels of an input function; labels may be None.

    Args:
        input_fn: Function that returns tensors or a data set.
        **given: The arguments that it may have: mode, params, config.
    """
    try:
        names = inspect.signature(input_fn).parameters
    except (TypeError, ValueError):
        names = {}  # type: ignore[assignment]
    result = input_fn(**{name: given[name] for name in names if name in given})
    if isinstance(result, tf.data.Dataset) or hasattr(result, 'make_one_shot_iterator'):
        result = _next(result)
    elif hasattr(result, 'get_next') and hasattr(result, 'initializer'):
        tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, result.initializer)
        result = result.get_next()
    if isinstance(result, tuple | list):
        if len(result) != 2:
            raise ValueError('input_fn should return (features, labels).')
        return result[0], result[1]
    return result, None


def _flat(tree: Any) -> dict[str, np.ndarray]:
    """Returns arrays by name; '' is the name of a single one."""
    if isinstance(tree, dict):
        return {name: np.asarray(values) for name, values in tree.items()}
    return {'': np.asarray(tree)}


def _tensors(source: Any, names: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Returns the rows of arrays, as a dictionary of tensors or as one."""
    types = [arrays[name].dtype for name in names]
    values = tf.py_func(
        lambda rows: [arrays[name][rows] for name in names], [source], types, False
    )
    for name, value in zip(names, values, strict=True):
        value.set_shape([None, *arrays[name].shape[1:]])
    return dict(zip(names, values, strict=True))


def numpy_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
) -> Callable:
    """Returns an input function that batches arrays.

    Args:
        x: Array or dictionary of arrays, an example a row.
        y: Labels, likewise; None for none.
        batch_size: Examples in a batch; a batch may span two epochs.
        num_epochs: How often each example comes; None for without end.
        shuffle: Whether the order is random.
        queue_capacity: Ignored.
        num_threads: Ignored.

    Raises:
        ValueError: If the lengths differ, or `shuffle` is neither True nor False.
    """
    del queue_capacity, num_threads
    if not isinstance(shuffle, bool):
        raise ValueError(
            'shuffle must be provided and explicitly set as boolean (it is recommended '
            f'to set it as True for training); got {shuffle}'
        )

    def input_fn() -> Any:
        """Returns the tensors of one batch."""
        arrays = {('x', name): values for name, values in _flat(x).items()}
        if y is not None:
            arrays |= {('y', name): values for name, values in _flat(y).items()}
        lengths = {len(values) for values in arrays.values()}
        if len(lengths) != 1:
            raise ValueError(
                'Length of tensors in x and y is mismatched. All elements in x and y '
                f'must have the same length; got {sorted(lengths)}'
            )
        (length,) = lengths
        rows = tf.data.Dataset.range(length)
        if shuffle:
            rows = rows.shuffle(length)
        rows = _next(rows.repeat(num_epochs).batch(batch_size))
        tensors = _tensors(rows, list(arrays), arrays)  # type: ignore[arg-type]

        def tree(kind: str, like: Any) -> Any:
            """Returns features or labels as they were given."""
            if isinstance(like, dict):
                return {name: tensors[kind, name] for name in like}
            return tensors[kind, '']

        return tree('x', x) if y is None else (tree('x', x), tree('y', y))

    return input_fn


def pandas_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
    target_column: str = 'target',
) -> Callable:
    """Returns an input function that batches a DataFrame; see `numpy_input_fn`."""
    del target_column
    columns = {name: x[name].to_numpy() for name in x.columns}
    labels = None if y is None else y.to_numpy()
    return numpy_input_fn(
        columns, labels, batch_size, num_epochs, shuffle, queue_capacity, num_threads
    )


def _of_today(values: Any) -> Any:
    """Returns arrays with the types that a model computes with."""
    if isinstance(values, dict):
        return {name: _of_today(value) for name, value in values.items()}
    values = np.asarray(values)
    return values.astype(np.float32) if values.dtype == np.float64 else values


def feed_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int | None = None,
    shuffle: bool = True,
) -> Callable:
    """Returns the input function that contrib.learn makes of arrays.

    The order is that of the original: random numbers with seed 42, and the last batch
    of an epoch may be smaller.

    Args:
        x: Array or dictionary of arrays, an example a row.
        y: Labels, likewise; None for none.
        batch_size: Examples in a batch; None for all.
        epochs: How often each example comes; None for without end.
        shuffle: Whether the order is random.
    """
    features, labels = _of_today(x), None if y is None else _of_today(y)
    first = next(iter(features.values())) if isinstance(features, dict) else features
    length = len(first)

    def rows() -> Iterator[np.ndarray]:
        """Yields the row numbers of each batch."""
        random = np.random.RandomState(42)
        epoch = 0
        while epochs is None or epoch < epochs:
            order = random.permutation(length) if shuffle else np.arange(length)
            for start in range(0, length, batch_size or max(length, 1)):
                yield order[start : start + (batch_size or length)]
            epoch += 1

    def input_fn() -> Any:
        """Returns the tensors of one batch."""
        batch = _next(tf.data.Dataset.from_generator(rows, tf.int64, [None]))
        arrays = {('x', name): values for name, values in _flat(features).items()}
        if labels is not None:
            arrays |= {('y', name): values for name, values in _flat(labels).items()}
        tensors = _tensors(batch, list(arrays), arrays)  # type: ignore[arg-type]
        given: list[Any] = []
        for kind, like in [('x', features), ('y', labels)]:
            if like is None:
                given.append(None)
            elif isinstance(like, dict):
                given.append({name: tensors[kind, name] for name in like})
            else:
                given.append(tensors[kind, ''])
        return given[0], given[1]

    return input_fn
