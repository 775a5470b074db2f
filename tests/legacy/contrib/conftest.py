"""Each test has a graph of its own, and one has digits that can be learned."""

import os

# Before TensorFlow is imported: the cells come from tf-keras.
os.environ.setdefault('TF_USE_LEGACY_KERAS', '1')

from mnist_tut import runtime  # noqa: F401  (TensorFlow, quietly)
from tests.support import corpus

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


@pytest.fixture(autouse=True)
def graph():
    """An empty graph with a seed."""
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(1)
        yield graph


@pytest.fixture(scope='session')
def digits():
    """Images float32 [400, 784] and labels int32 [400], for training; then 100."""
    images, labels = corpus.digits(500)
    images = images.reshape(500, 784).astype(np.float32) / 255
    labels = labels.astype(np.int32)
    return images[:400], labels[:400], images[400:], labels[400:]
