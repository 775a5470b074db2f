"""MNIST in one file, as Keras and deeplearning.net publish it.

Old programs download these files, or expect them beside themselves; they are made from
the verified ones.
"""

import gzip
import pickle
from typing import Any

from mnist_tut import files

import numpy as np

NAMES = ('mnist.npz', 'mnist.pkl', 'mnist.pkl.gz')

# A set: images [N, 28, 28] and labels [N].
Part = tuple[np.ndarray, np.ndarray]


def write(path: str, train: Part, test: Part) -> None:
    """Writes the archive whose name the path ends with."""
    if path.endswith('.npz'):
        names = ('x_train', 'y_train', 'x_test', 'y_test')
        arrays = dict(zip(names, (*train, *test), strict=True))
        with files.atomic_write(path) as stream:
            np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
        return
    content = pickle.dumps(_as_theano(train, test), protocol=2)
    if path.endswith('.gz'):
        content = gzip.compress(content, 1, mtime=0)
    files.write_bytes(path, content)


def _as_theano(train: Part, test: Part) -> tuple[Any, Any, Any]:
    """Returns the three sets of deeplearning.net's tutorials, pixels from 0 to 1."""
    (images, labels), last = (
        (images.reshape(len(images), -1).astype(np.float32) / 255, labels.astype(int))
        for images, labels in (train, test)
    )
    num_train = len(images) * 5 // 6
    first = (images[:num_train], labels[:num_train])
    return first, (images[num_train:], labels[num_train:]), last
