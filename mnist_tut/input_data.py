"""The tutorials' input_data: MNIST as three sets that are drawn from in batches.

    mnist = input_data.read_data_sets('MNIST_data/', one_hot=True)
    batch_xs, batch_ys = mnist.train.next_batch(100)

The batches are those of TensorFlow 1.2 to 1.15, byte for byte, for the same seed. What
is different is held inside: images stay the bytes that they are in the file, an epoch
shuffles their row numbers, and only a batch is turned into float32. `images` and
`labels` are made when they are asked for.
"""

import itertools
import operator
import os
import secrets
import sys
from concurrent import futures
from typing import Any, BinaryIO, NamedTuple

from mnist_tut import download, files, idx, sources
from mnist_tut.errors import DataError, FlagError

import numpy as np

DEFAULT_SOURCE_URL = download.MIRRORS[0]

_MAX_INT32 = 2**31 - 1


def read_data_sets(
    train_dir: files.Path,
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = np.float32,
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str | None = None,
    *,
    dataset: str = 'auto',
) -> 'Datasets':
    """Reads MNIST, after fetching it if it is not there.

    Args:
        train_dir: Folder of the four files.
        fake_data: Make all three sets up: 10,000 white images of the digit 0.
        one_hot: Labels as rows of ten numbers instead of digits.
        dtype: uint8 for ink in [0, 255], float32 for ink in [0, 1].
        reshape: Images as [N, 784] instead of [N, 28, 28, 1].
        validation_size: How many of the training examples, from the first on, become
            the validation set.
        seed: Seed of the shuffles. Without it, TensorFlow's graph-level seed if there
            is one, else another one each time.
        source_url: Base URL of a mirror to download from; None for the known ones.
        dataset: Which digits, see `sources.locate`.

    Returns:
        The train, validation and test sets.

    Raises:
        TypeError: If `dtype` is another one.
        FlagError: If `validation_size` or `dataset` cannot be used.
        DataError: If a file is not what it should be, or cannot be fetched.

    Source:
        TensorFlow 1.15, contrib/learn/python/learn/datasets/mnist.py.
    """
    dtype = _checked_dtype(dtype)
    if fake_data:
        train, validation, test = (
            DataSet([], [], fake_data=True, one_hot=one_hot, dtype=dtype)
            for _ in range(3)
        )
        return _share(Datasets(train, validation, test), seed, sources.fake())
    source = sources.locate(train_dir, dataset, source_url or None)

    def extract(name, extract_from, *args):
        with files.open_regular(os.path.join(source.directory, name)) as f:
            return extract_from(f, *args)

    # Decompressing is all the work there is; a second core does its part meanwhile.
    test_path = os.path.join(source.directory, sources.TEST_IMAGES)
    with futures.ThreadPoolExecutor(max_workers=1) as pool:
        reading = pool.submit(idx.read_images, test_path)
        train_images = extract(sources.TRAIN_IMAGES, extract_images)
        train_labels = extract(sources.TRAIN_LABELS, extract_labels, one_hot)
        print('Extracting', files.name_of(test_path))
        test_images = reading.result()[..., np.newaxis]
    test_labels = extract(sources.TEST_LABELS, extract_labels, one_hot)
    for name, images, labels in (
        (sources.TRAIN_IMAGES, train_images, train_labels),
        (sources.TEST_IMAGES, test_images, test_labels),
    ):
        if len(images) != len(labels):
            raise DataError(
                f'{files.name_of(os.path.join(source.directory, name))}: '
                f'{len(images)} images, but {len(labels)} labels in the file beside it'
            )
    if not 0 <= validation_size <= len(train_images):
        raise FlagError(
            f'Validation size should be between 0 and {len(train_images)}. '
            f'Received: {validation_size}.'
        )
    options = {'dtype': dtype, 'reshape': reshape}
    train = DataSet(
        train_images[validation_size:], train_labels[validation_size:], **options
    )
    validation = DataSet(
        train_images[:validation_size], train_labels[:validation_size], **options
    )
    test = DataSet(test_images, test_labels, **options)
    return _share(Datasets(train, validation, test), seed, source)


def maybe_download(
    filename: str, work_directory: files.Path, source_url: str | None
) -> str:
    """Downloads a file, unless it is there.

    Args:
        filename: Name of the file in the folder.
        work_directory: The folder; made if it is missing.
        source_url: URL of the file itself. One of MNIST's four files may come from
            another mirror instead, and is checked.

    Returns:
        The path of the file.

    Raises:
        DataError: If it is not there and cannot be fetched or written.
    """
    path = os.path.join(os.fsdecode(work_directory), filename)
    if os.path.exists(path):
        return path
    last = (source_url or filename).rpartition('/')[2]
    for file in download.FILES:
        if file.name == filename == last:
            mirrors = download.choose_mirrors(source_url)
            return download.fetch(file, work_directory, mirrors)
    return download.fetch_url(source_url or '', path)


def extract_images(f: BinaryIO) -> np.ndarray:
    """Extracts the images of an open IDX file.

    Args:
        f: File open for reading in binary mode, compressed or not.

    Returns:
        uint8 [N, 28, 28, 1], ink in [0, 255].

    Raises:
        DataError: If anything in it is not right.
    """
    print('Extracting', files.name_of(f))
    return idx.read_images(f)[..., np.newaxis]


def extract_labels(
    f: BinaryIO, one_hot: bool = False, num_classes: int = idx.NUM_CLASSES
) -> np.ndarray:
    """Extracts the labels of an open IDX file.

    Args:
        f: File open for reading in binary mode, compressed or not.
        one_hot: As rows of `num_classes` numbers instead of digits.
        num_classes: Number of classes for the one-hot encoding.

    Returns:
        uint8 [N], or float64 [N, num_classes].

    Raises:
        DataError: If anything in it is not right.
    """
    print('Extracting', files.name_of(f))
    labels = idx.read_labels(f)
    return dense_to_one_hot(labels, num_classes) if one_hot else labels


def dense_to_one_hot(labels_dense: np.ndarray, num_classes: int) -> np.ndarray:
    """Converts class numbers to rows with a single one.

    Args:
        labels_dense: Whole numbers in [0, num_classes), one for each example.
        num_classes: Length of a row.

    Returns:
        float64 [N, num_classes].

    Raises:
        DataError: If a label is out of range. (In the original, it set the one in a
            row of another example.)
    """
    labels = labels_dense.ravel()
    idx.check_labels(labels, 'labels', num_classes)
    labels_one_hot = np.zeros((len(labels), num_classes))
    labels_one_hot[np.arange(len(labels)), labels] = 1
    return labels_one_hot


class DataSet:
    """Images and labels that are drawn from in batches, in another order each epoch.

    Attributes:
        one_hot: As given; only fake data depends on it.
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
        """Makes a set from arrays, which are kept and not copied.

        Args:
            images: [N, rows, columns, 1], ink in [0, 255].
            labels: [N] or [N, classes].
            fake_data: Ignore both; there are 10,000 examples, all of them equal.
            one_hot: Whether the labels of fake data are.
            dtype: uint8 leaves the ink as it is, float32 scales it to [0, 1].
            reshape: Give out images as [B, rows * columns].
            seed: Of the shuffles; see `read_data_sets`.

        Raises:
            TypeError: If `dtype` is another one.
            DataError: If the arrays do not fit each other.
        """
        self._dtype = _checked_dtype(dtype)
        self._fake_data = fake_data
        self.one_hot = one_hot
        if fake_data:
            self._num_examples = 10000
        else:
            if images.shape[0] != labels.shape[0]:
                raise DataError(
                    f'images.shape: {images.shape} labels.shape: {labels.shape}'
                )
            self._num_examples = images.shape[0]
            if reshape:
                if images.ndim != 4 or images.shape[3] != 1:
                    raise DataError(
                        f'images.shape: {images.shape}; expected one channel, '
                        '(examples, rows, columns, 1)'
                    )
                images = images.reshape(len(images), images.shape[1] * images.shape[2])
        self._images = images
        self._labels = labels
        self._restart(_Shuffles(seed), '')

    def _restart(self, shuffles: '_Shuffles', name: str) -> None:
        """Goes back to the first example, in the order of the file."""
        self._shuffles = shuffles
        self._name = name
        self._order = np.arange(self._num_examples)  # row numbers
        self._epochs_completed = 0
        self._index_in_epoch = 0
        self._shown_images: np.ndarray | None = None

    def _shuffle(self) -> None:
        # The original shuffled the arrays, so each epoch's order builds on the last's.
        permutation = self._shuffles.draw(self._num_examples, self._name)
        self._order = self._order[permutation]
        self._shown_images = None

    def _scaled(self, images: np.ndarray) -> np.ndarray:
        if self._dtype == np.uint8:
            return images
        images = images.astype(np.float32)
        return np.multiply(images, 1.0 / 255.0, out=images)

    @property
    def images(self) -> Any:
        """All images in the present order, as `next_batch` gives them; read-only."""
        if self._fake_data:
            return self._images
        if self._shown_images is None:
            self._shown_images = self._scaled(self._images[self._order])
            self._shown_images.flags.writeable = False
        return self._shown_images

    @property
    def labels(self) -> Any:
        """All labels in the present order; read-only."""
        if self._fake_data:
            return self._labels
        labels = self._labels[self._order]
        labels.flags.writeable = False
        return labels

    @property
    def num_examples(self) -> int:
        """Number of examples."""
        return self._num_examples

    @property
    def epochs_completed(self) -> int:
        """How often all examples have been given out."""
        return self._epochs_completed

    def next_batch(
        self, batch_size: int, fake_data: bool = False, shuffle: bool = True
    ) -> tuple[Any, Any]:
        """Returns the next examples; goes on with the next epoch where one ends.

        Args:
            batch_size: B, at least 1 and at most the number of examples.
            fake_data: Return white images of the digit 0, as lists.
            shuffle: Shuffle, where this call begins an epoch.

        Returns:
            images: [B, 784] or [B, 28, 28, 1], of the set's dtype.
            labels: [B] or [B, classes].

        Raises:
            FlagError: If `batch_size` is out of range. (The original gave empty, short
                or repeated batches for ever.)
        """
        batch_size = operator.index(batch_size)
        if not 1 <= batch_size <= self._num_examples:
            raise FlagError(
                f'batch_size={batch_size}: the set has {self._num_examples} examples; '
                'choose at least 1 and at most that many'
            )
        if fake_data or self._fake_data:
            fake_image = [1] * 784
            fake_label = [1] + [0] * 9 if self.one_hot else 0
            return [fake_image] * batch_size, [fake_label] * batch_size
        start = self._index_in_epoch
        if start == 0 and shuffle:  # only the very first batch begins at 0
            self._shuffle()
        end = start + batch_size
        rows = self._order[start:end]
        if end > self._num_examples:
            # The rest of this epoch, and then the beginning of the next one.
            self._epochs_completed += 1
            if shuffle:
                self._shuffle()
            end -= self._num_examples
            rows = np.concatenate([rows, self._order[:end]])
        self._index_in_epoch = end
        return self._scaled(self._images[rows]), self._labels[rows]


class _Splits(NamedTuple):
    train: DataSet
    validation: DataSet
    test: DataSet


class Datasets(_Splits):
    """The train, validation and test sets.

    Attributes:
        source: Where they came from; None for sets that were put together by hand.
    """

    source: sources.Source | None = None

    def position(self) -> dict[str, Any]:
        """Returns where in their batches the three sets are, ready for JSON.

        Raises:
            DataError: If the sets do not come from one `read_data_sets`.
        """
        shuffles = self.train._shuffles
        if any(data_set._shuffles is not shuffles for data_set in self):
            raise DataError('only sets that were read together have one position')
        runs = itertools.groupby(shuffles.drawn_by)
        return {
            'seed': shuffles.seed,
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

    def seek(self, position: dict[str, Any]) -> None:
        """Goes to a position, by repeating its shuffles; batches then go on from there.

        Args:
            position: From `position()` of sets of the same sizes.

        Raises:
            DataError: If the sizes differ.
        """
        sets = self._asdict()
        for name, data_set in sets.items():
            num_examples = position['sets'][name][0]
            if num_examples != data_set._num_examples:
                raise DataError(
                    f'the {name} set has {data_set._num_examples} examples, but had '
                    f'{num_examples} when its position was saved'
                )
        _share(self, position['seed'], self.source)
        for name, count in position['shuffles']:
            for _ in range(count):
                sets[name]._shuffle()
        for name, data_set in sets.items():
            _, epochs_completed, index_in_epoch = position['sets'][name]
            data_set._epochs_completed = epochs_completed
            data_set._index_in_epoch = index_in_epoch


class _Shuffles:
    """A stream of random orders, and which sets drew from it.

    The original seeded and used NumPy's global generator, so its three sets drew from
    one stream. This one is theirs alone.

    Attributes:
        seed: The seed, drawn if none was given.
        drawn_by: Names of the sets that drew, in order; a position needs no more.
    """

    def __init__(self, seed: int | None):
        if seed is None:
            seed = _graph_seed()
        if seed is None:
            seed = secrets.randbelow(_MAX_INT32)
        self.seed = operator.index(seed) % _MAX_INT32  # as TensorFlow 1 cut them
        self.drawn_by: list[str] = []
        self._random = np.random.RandomState(self.seed)

    def draw(self, num_examples: int, name: str) -> np.ndarray:
        """Returns the numbers below `num_examples` in random order."""
        self.drawn_by.append(name)
        permutation = np.arange(num_examples)
        self._random.shuffle(permutation)
        return permutation


def _share(
    data_sets: Datasets, seed: int | None, source: sources.Source | None
) -> Datasets:
    """Lets the sets begin anew, on one stream."""
    shuffles = _Shuffles(seed)
    for name, data_set in data_sets._asdict().items():
        data_set._restart(shuffles, name)
    data_sets.source = source
    return data_sets


def _graph_seed() -> int | None:
    """Returns the seed of TensorFlow's default graph, if somebody has set one."""
    tensorflow = sys.modules.get('tensorflow')
    if tensorflow is None:  # and none is imported for this
        return None
    return tensorflow.compat.v1.get_default_graph().seed


def _checked_dtype(dtype: Any) -> np.dtype:
    """Returns NumPy's dtype for NumPy's, Python's or TensorFlow's uint8 or float32."""
    try:
        checked = np.dtype(getattr(dtype, 'as_numpy_dtype', dtype))
    except TypeError:
        checked = None
    if dtype is None or checked not in (np.uint8, np.float32):
        raise TypeError('Invalid image dtype %r, expected uint8 or float32' % (dtype,))
    return checked
