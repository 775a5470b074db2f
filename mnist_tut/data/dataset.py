"""Training, validation and test set, in the same batches as the original's.

The batches are those of TensorFlow 1.2 to 1.15, byte for byte, for the same seed.
Internally, images stay uint8: an epoch shuffles row numbers, and only a batch is
converted to float32. `images` and `labels` are computed when they are read.
"""

import html
import itertools
import operator
import secrets
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

from mnist_tut.data import memory
from mnist_tut.data.locate import DatasetInfo
from mnist_tut.errors import DataError, FlagError

import numpy as np

_MAX_INT32 = 2**31 - 1
_PART = 1000  # examples converted at a time


class DataSet:
    """Images and labels, drawn in batches and shuffled at the start of each epoch.

    Attributes:
        one_hot: As given; used for fake data alone.
    """

    def __init__(
        self,
        images: Any,
        labels: Any,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = np.float32,
        reshape: bool = True,
        seed: int | None = None,
    ):
        """Makes a set from arrays, without copying them.

        Args:
            images: [N, rows, columns, 1], pixel values in [0, 255].
            labels: [N] or [N, classes].
            fake_data: Ignore both; the set is 10,000 equal examples.
            one_hot: Whether the labels of fake data are one-hot.
            dtype: uint8 keeps pixel values in [0, 255], float32 scales them to [0, 1].
            reshape: Return images as [B, rows * columns].
            seed: Of the shuffles; see `input_data.read_data_sets`.

        Raises:
            TypeError: If `dtype` is neither.
            DataError: If the arrays do not match.
        """
        self._dtype = check_dtype(dtype)
        self._fake_data = fake_data
        self.one_hot = one_hot
        if fake_data:
            self._num_examples = 10000
        else:
            _check_shapes(images, labels, reshape)
            self._num_examples = images.shape[0]
            if reshape:
                images = images.reshape(len(images), images.shape[1] * images.shape[2])
        self._images = images
        self._labels = labels
        self._reset(_Shuffles(seed), '')

    def _reset(self, shuffles: '_Shuffles', name: str) -> None:
        """Returns to the first example, in the order of the file."""
        self._shuffles = shuffles
        self._name = name
        self._order = np.arange(self._num_examples)  # row numbers
        self._epochs_completed = 0
        self._index_in_epoch = 0
        self._ordered_images: np.ndarray | None = None

    def _shuffle(self) -> None:
        # The original shuffled the arrays, so each order builds on the one before.
        permutation = self._shuffles.draw(self._num_examples, self._name)
        self._order = self._order[permutation]
        self._ordered_images = None

    def _columns(self) -> tuple[str, str, str]:
        """Returns, as text, the number of examples, an image and a label."""
        count = f'{self._num_examples:,}'
        if self._fake_data:
            return count, '784 ones', 'the digit 0'
        shape = ' x '.join(map(str, self._images.shape[1:]))
        labels = 'one-hot' if self._labels.ndim > 1 else 'digit'
        return count, f'{shape} {self._dtype}', labels

    def __repr__(self) -> str:
        count, images, labels = self._columns()
        return f'<DataSet: {count} examples; image: {images}; label: {labels}>'

    def _scaled(self, images: np.ndarray) -> np.ndarray:
        if self._dtype == np.uint8:
            return images
        scaled = memory.aligned(images.shape, np.float32)
        scaled[...] = images
        return np.multiply(scaled, 1.0 / 255.0, out=scaled)

    @property
    def images(self) -> Any:
        """All images in the current order, as `next_batch` returns them; read-only."""
        if self._fake_data:
            return self._images
        if self._ordered_images is None:
            # In parts, so that there is never a second copy of all.
            everything = memory.aligned(self._images.shape, self._dtype)
            for begin in range(0, self._num_examples, _PART):
                rows = self._order[begin : begin + _PART]
                everything[begin : begin + _PART] = self._scaled(self._images[rows])
            self._ordered_images = everything
            self._ordered_images.flags.writeable = False
        return self._ordered_images

    @property
    def labels(self) -> Any:
        """All labels in the current order; read-only."""
        if self._fake_data:
            return self._labels
        labels = self._labels[self._order]
        labels.flags.writeable = False
        return labels

    def stored(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Returns all examples as they are held, without making floats of them.

        Returns:
            images: [N, 784] or [N, 28, 28, 1], whose rows `next_rows` numbers.
            labels: [N] or [N, classes].
            scale: By what the images, as floats, are multiplied in `next_batch`.
        """
        if self._fake_data:
            label = np.eye(10, dtype=np.uint8)[0] if self.one_hot else np.uint8(0)
            images = np.ones([self._num_examples, 784], np.uint8)
            return images, np.array([label] * self._num_examples), 1.0
        scale = 1.0 if self._dtype == np.uint8 else 1.0 / 255.0
        return self._images, self._labels, scale

    def first(self, number: int) -> tuple[Any, Any]:
        """Returns the first examples in the current order, at most all; draws none.

        They are `images[:number]` and `labels[:number]`, and only they are converted.
        """
        if self._fake_data:
            return self._images[:number], self._labels[:number]
        return self.examples(self._order[:number])

    @property
    def num_examples(self) -> int:
        """Number of examples."""
        return self._num_examples

    @property
    def epochs_completed(self) -> int:
        """How many times all examples have been returned."""
        return self._epochs_completed

    def next_batch(
        self, batch_size: int, fake_data: bool = False, shuffle: bool = True
    ) -> tuple[Any, Any]:
        """Returns the next examples; continues with the next epoch where one ends.

        Args:
            batch_size: B, at least 1 and at most the number of examples.
            fake_data: Return white images of the digit 0, as lists.
            shuffle: Whether to shuffle where this call begins an epoch.

        Returns:
            images: [B, 784] or [B, 28, 28, 1], of the set's dtype.
            labels: [B] or [B, classes].

        Raises:
            FlagError: If `batch_size` is out of range. (The original then returned
                empty, short or repeated batches.)
        """
        if fake_data or self._fake_data:
            batch_size = _check_batch_size(batch_size, self._num_examples)
            fake_image = [1] * 784
            fake_label = [1] + [0] * 9 if self.one_hot else 0
            return [fake_image] * batch_size, [fake_label] * batch_size
        return self.examples(self.next_rows(batch_size, shuffle))

    def examples(self, rows: np.ndarray) -> tuple[Any, Any]:
        """Returns images and labels by what `next_rows` returns, as `next_batch`."""
        return self._scaled(self._images[rows]), self._labels[rows]

    def next_rows(self, batch_size: int, shuffle: bool = True) -> np.ndarray:
        """Advances as `next_batch` does, and returns which examples those are.

        Args:
            batch_size: B, at least 1 and at most the number of examples.
            shuffle: Whether to shuffle where this call begins an epoch.

        Returns:
            int64 [B], row numbers into the set as it was read, whatever its order is
            now. Of fake data, which stay where they are, always row 0.

        Raises:
            FlagError: If `batch_size` is out of range.
        """
        batch_size = _check_batch_size(batch_size, self._num_examples)
        if self._fake_data:
            return np.zeros(batch_size, np.int64)
        start = self._index_in_epoch
        if start == 0 and shuffle:  # only the very first batch begins at 0
            self._shuffle()
        end = start + batch_size
        rows = self._order[start:end].copy()
        if end > self._num_examples:
            # The rest of this epoch, and then the beginning of the next one.
            self._epochs_completed += 1
            if shuffle:
                self._shuffle()
            end -= self._num_examples
            rows = np.concatenate([rows, self._order[:end]])
        self._index_in_epoch = end
        return rows


def _check_shapes(images: np.ndarray, labels: np.ndarray, reshape: bool) -> None:
    """Raises DataError if the arrays do not match, or cannot be reshaped."""
    if images.shape[0] != labels.shape[0]:
        raise DataError(f'images.shape: {images.shape} labels.shape: {labels.shape}')
    if reshape and (images.ndim != 4 or images.shape[3] != 1):
        raise DataError(
            f'images.shape: {images.shape}; expected one channel, '
            '(examples, rows, columns, 1)'
        )


def _check_batch_size(batch_size: int, num_examples: int) -> int:
    """Returns the size of a batch; FlagError if the set is smaller."""
    batch_size = operator.index(batch_size)
    if not 1 <= batch_size <= num_examples:
        raise FlagError(
            f'batch_size={batch_size}: the set has {num_examples} examples; choose at '
            'least 1 and at most that many'
        )
    return batch_size


class _Splits(NamedTuple):
    train: DataSet
    validation: DataSet
    test: DataSet


class Datasets(_Splits):
    """The training, validation and test set.

    Attributes:
        info: Where they come from; None for sets that were not read from files.
    """

    info: DatasetInfo | None = None

    def __repr__(self) -> str:
        sets = [f'{name}: {part._columns()[0]}' for name, part in self._parts()]
        _, images, labels = self.train._columns()
        facts = [', '.join(sets), f'image: {images}', f'label: {labels}']
        if self.info is not None:
            facts.append(self.info.describe())
        return f'<Datasets: {"; ".join(facts)}>'

    def _repr_html_(self) -> str:
        """Returns a small table for a notebook."""
        rows = [('', 'examples', 'an image', 'a label')]
        rows += [(name, *part._columns()) for name, part in self._parts()]
        lines = [
            f'<tr>{"".join(f"<td>{html.escape(cell)}</td>" for cell in row)}</tr>'
            for row in rows
        ]
        caption = '' if self.info is None else html.escape(self.info.describe())
        return f'<table><caption>{caption}</caption>{"".join(lines)}</table>'

    def _parts(self) -> Iterable[tuple[str, DataSet]]:
        return self._asdict().items()

    def get_state(self) -> dict[str, Any]:
        """Returns the position in each of the three sets, ready for JSON.

        Raises:
            DataError: If the sets do not come from one `read_data_sets`.
        """
        shuffles = self.train._shuffles
        if any(data_set._shuffles is not shuffles for data_set in self):
            raise DataError('only sets that were read together have a common state')
        runs = itertools.groupby(shuffles.names)
        return {
            'shuffles': [[name, len(list(run))] for name, run in runs],
            'sets': {
                name: [
                    data_set._num_examples,
                    data_set._epochs_completed,
                    data_set._index_in_epoch,
                ]
                for name, data_set in self._asdict().items()
            },
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continues from a state, by repeating its shuffles.

        Args:
            state: From `get_state()` of the same sets, read with the same seed.

        Raises:
            DataError: If the sizes differ.
        """
        sets = self._asdict()
        for name, data_set in sets.items():
            num_examples = state['sets'][name][0]
            if num_examples != data_set._num_examples:
                raise DataError(
                    f'the {name} set has {data_set._num_examples} examples, but had '
                    f'{num_examples} when its state was saved'
                )
        seed_together(self, self.train._shuffles.seed, self.info)
        for name, count in state['shuffles']:
            for _ in range(count):
                sets[name]._shuffle()
        for name, data_set in sets.items():
            _, epochs_completed, index_in_epoch = state['sets'][name]
            data_set._epochs_completed = epochs_completed
            data_set._index_in_epoch = index_in_epoch


class _Shuffles:
    """A stream of random orders, and the names of the sets that drew from it.

    The original seeded and used NumPy's global generator, so its three sets drew from
    one stream. So do ours, from a stream of their own.

    Attributes:
        seed: The seed, drawn if none was given.
        names: Names of the sets that drew, in order.
    """

    def __init__(self, seed: int | None):
        if seed is None:
            seed = _graph_seed()
        if seed is None:
            seed = secrets.randbelow(_MAX_INT32)
        self.seed = operator.index(seed) % _MAX_INT32  # as TensorFlow 1 does
        self.names: list[str] = []
        self._random = np.random.RandomState(self.seed)

    def draw(self, num_examples: int, name: str) -> np.ndarray:
        """Returns the numbers below `num_examples` in random order."""
        self.names.append(name)
        permutation = np.arange(num_examples)
        self._random.shuffle(permutation)
        return permutation


def seed_together(
    data_sets: Datasets, seed: int | None, info: DatasetInfo | None
) -> Datasets:
    """Returns the sets to their first example, on one common stream of shuffles."""
    shuffles = _Shuffles(seed)
    for name, data_set in data_sets._asdict().items():
        data_set._reset(shuffles, name)
    data_sets.info = info
    return data_sets


def _graph_seed() -> int | None:
    """Returns the seed of TensorFlow's default graph, or None."""
    tensorflow = sys.modules.get('tensorflow')
    if tensorflow is None:  # it is not imported just for this
        return None
    return tensorflow.compat.v1.get_default_graph().seed


def check_dtype(dtype: Any) -> np.dtype:
    """Returns NumPy's dtype for NumPy's, Python's or TensorFlow's uint8 or float32."""
    try:
        checked = np.dtype(getattr(dtype, 'as_numpy_dtype', dtype))
    except TypeError:
        checked = None
    if dtype is None or checked not in (np.uint8, np.float32):
        raise TypeError('Invalid image dtype %r, expected uint8 or float32' % (dtype,))
    return checked
