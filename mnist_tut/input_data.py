"""The tutorials' input_data: MNIST as training, validation and test set.

    mnist = input_data.read_data_sets('MNIST_data/', one_hot=True)
    batch_xs, batch_ys = mnist.train.next_batch(100)

The functions have the names and arguments of TensorFlow 1's, and the batches are those
of TensorFlow 1.2 to 1.15, byte for byte, for the same seed.
"""

import concurrent.futures
import os
from typing import Any

from mnist_tut import files
from mnist_tut.data import dataset as _dataset
from mnist_tut.data import download, folders, idx, locate
from mnist_tut.data.dataset import DataSet, Datasets
from mnist_tut.errors import FlagError

import numpy as np

__all__ = [
    'DEFAULT_SOURCE_URL',
    'DataSet',
    'Datasets',
    'dense_to_one_hot',
    'extract_images',
    'extract_labels',
    'maybe_download',
    'read_data_sets',
]

DEFAULT_SOURCE_URL = download.MIRRORS[0]


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
    search: bool = False,
) -> Datasets:
    """Reads MNIST, and downloads it first if it is missing.

    Args:
        train_dir: Folder of the four files.
        fake_data: Make up all three sets: 10,000 white images of the digit 0.
        one_hot: Labels as rows of ten numbers instead of digits.
        dtype: uint8 for pixel values in [0, 255], float32 for [0, 1].
        reshape: Images as [N, 784] instead of [N, 28, 28, 1].
        validation_size: How many of the training examples, from the first on, become
            the validation set.
        seed: Seed of the shuffles. Without it, TensorFlow's graph-level seed if there
            is one, else a random one.
        source_url: Base URL of a mirror to download from; None for the known ones.
        dataset: Which data set; see `data.locate`.
        search: Whether other folders are searched as well; see `data.folders`.

    Returns:
        The training, validation and test set.

    Raises:
        TypeError: If `dtype` is neither.
        FlagError: If `validation_size` or `dataset` cannot be used.
        DataError: If a file is damaged or wrong, or cannot be downloaded.

    Source:
        TensorFlow 1.15, contrib/learn/python/learn/datasets/mnist.py.
    """
    dtype = _dataset.check_dtype(dtype)
    if fake_data:
        train, validation, test = (
            DataSet([], [], fake_data=True, one_hot=one_hot, dtype=dtype)
            for _ in range(3)
        )
        fake_sets = Datasets(train, validation, test)
        return _dataset.seed_together(fake_sets, seed, locate.fake())
    info = locate.locate(train_dir, dataset, source_url or None, search=search)
    train_file = info.files[locate.TRAIN_IMAGES]
    test_file = info.files[locate.TEST_IMAGES]
    # Decompressing is most of the work; a second core takes the test images.
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
        reading = pool.submit(idx.read_images, test_file)
        train_images = extract_images(train_file)
        train_labels = extract_labels(info.files[locate.TRAIN_LABELS], one_hot)
        print('Extracting', files.display_name(test_file))
        test_images = reading.result()[..., np.newaxis]
    test_labels = extract_labels(info.files[locate.TEST_LABELS], one_hot)
    idx.check_lengths(train_images, train_labels, files.display_name(train_file))
    idx.check_lengths(test_images, test_labels, files.display_name(test_file))
    if not 0 <= validation_size <= len(train_images):
        raise FlagError(
            f'Validation size should be between 0 and {len(train_images)}. '
            f'Received: {validation_size}. {files.display_name(train_file)} holds '
            f'{len(train_images)} training examples; choose a data folder with more, '
            'or in Python a smaller validation_size'
        )
    options = {'dtype': dtype, 'reshape': reshape}
    train = DataSet(
        train_images[validation_size:], train_labels[validation_size:], **options
    )
    validation = DataSet(
        train_images[:validation_size], train_labels[:validation_size], **options
    )
    test = DataSet(test_images, test_labels, **options)
    return _dataset.seed_together(Datasets(train, validation, test), seed, info)


def maybe_download(
    filename: str,
    work_directory: files.Path,
    source_url: str | None,
    *,
    search: bool = False,
) -> str:
    """Downloads a file, unless it exists.

    Args:
        filename: Name of the file in the folder.
        work_directory: The folder; created if it is missing.
        source_url: URL of the file itself. One of MNIST's four files may come from
            another mirror instead, and is verified.
        search: Whether other folders are searched as well, and may be written to; see
            `data.folders`.

    Returns:
        The path of the file.

    Raises:
        DataError: If it is missing and cannot be downloaded or written.
    """
    folder = os.fsdecode(work_directory)
    for searched in folders.candidates(folder) if search else [folder]:
        path = os.path.join(searched, filename)
        if os.path.exists(path):
            return path
    if search:
        folder = folders.to_write(folder)
    last = (source_url or filename).rpartition('/')[2]
    for file in download.FILES:
        if file.name == filename == last:
            mirrors = download.choose_mirrors(source_url)
            return download.fetch(file, folder, mirrors)
    return download.fetch_url(source_url or '', os.path.join(folder, filename))


def extract_images(f: idx.Source) -> np.ndarray:
    """Extracts the images of an IDX file.

    Args:
        f: File open for reading in binary mode, compressed or not, or a path.

    Returns:
        uint8 [N, 28, 28, 1], pixel values in [0, 255].

    Raises:
        DataError: If anything in it is wrong.
    """
    print('Extracting', files.display_name(f))
    return idx.read_images(f)[..., np.newaxis]


def extract_labels(
    f: idx.Source,
    one_hot: bool = False,
    num_classes: int = idx.NUM_CLASSES,
) -> np.ndarray:
    """Extracts the labels of an IDX file.

    Args:
        f: File open for reading in binary mode, compressed or not, or a path.
        one_hot: As rows of `num_classes` numbers instead of digits.
        num_classes: Number of classes for the one-hot encoding.

    Returns:
        uint8 [N], or float64 [N, num_classes].

    Raises:
        DataError: If anything in it is wrong.
    """
    print('Extracting', files.display_name(f))
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
        DataError: If a label is out of range. (The original set the one in the row
            of another example.)
    """
    labels = labels_dense.ravel()
    idx.check_labels(labels, 'labels', num_classes)
    labels_one_hot = np.zeros((len(labels), num_classes))
    labels_one_hot[np.arange(len(labels)), labels] = 1
    return labels_one_hot
