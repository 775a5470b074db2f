"""A training, a validation and a test set of so few digits that any epoch is short."""

from mnist_tut import input_data
from mnist_tut.data import idx
from tests.support import corpus

import numpy as np

NUM_TRAIN, NUM_VALIDATION, NUM_TEST = 40, 12, 9
SPLITS = ('train', 'validation', 'test')


def write(directory):
    """Writes the four files; returns the folder as a Path."""
    return corpus.write_data_set(directory, NUM_TRAIN + NUM_VALIDATION, NUM_TEST)


def read(directory, **options):
    """Reads the three sets."""
    options.setdefault('validation_size', NUM_VALIDATION)
    return input_data.read_data_sets(directory, **options)


def training_arrays(directory):
    """Returns images [52, 28, 28, 1] and labels [52] of the training files."""
    images = idx.read_images(directory / corpus.TRAIN_IMAGES)[..., np.newaxis]
    return images, idx.read_labels(directory / corpus.TRAIN_LABELS)


def assert_same(batch, expected):
    """Requires the same images and labels, of the same types."""
    for array, wanted in zip(batch, expected, strict=True):
        assert array.dtype == wanted.dtype, (array.dtype, wanted.dtype)
        np.testing.assert_array_equal(array, wanted)
