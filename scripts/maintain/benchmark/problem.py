"""The arrays that all frameworks get: initial values, batches, the test set."""

import dataclasses
import json
import os
from typing import Any

from benchmark.models import MODELS, Model
from mnist_tut.data import idx, locate

import numpy as np


@dataclasses.dataclass
class Problem:
    """What a framework has to train, equal for all of them.

    Attributes:
        model: Which lesson's model.
        data: The lesson's arguments about data.
        weights: Initial values of the trainable variables, in the lesson's order.
        table: float32 [256], the pixel value of each grey level.
        batches: uint8 [T, B, 784], in the order of the steps.
        digits: uint8 [T, B].
        test_images: uint8 [10000, 784].
        test_digits: uint8 [10000].
    """

    model: Model
    data: dict[str, Any]
    weights: list[np.ndarray]
    table: np.ndarray
    batches: np.ndarray
    digits: np.ndarray
    test_images: np.ndarray
    test_digits: np.ndarray

    def pixels(self, start: int, stop: int) -> np.ndarray:
        """Returns the images of some steps, float32 [stop - start, B, 784]."""
        return self.table[self.batches[start:stop]]

    def labels(self, start: int, stop: int) -> np.ndarray:
        """Returns the labels of the same steps, int32 [stop - start, B]."""
        return self.digits[start:stop].astype(np.int32)

    @property
    def test_pixels(self) -> np.ndarray:
        """The test images, float32 [10000, 784]."""
        return self.table[self.test_images]

    @property
    def steps_per_pass(self) -> int:
        """How many steps to hold at a time: a training set's worth of images."""
        return min(len(self.batches), 55_000 // self.model.batch_size // 50 * 50)

    def save(self, folder: str) -> None:
        """Writes the arrays for the processes that measure."""
        arrays = {
            'table': self.table,
            'batches': self.batches,
            'digits': self.digits,
            'test_images': self.test_images,
            'test_digits': self.test_digits,
        }
        for name, array in arrays.items():
            np.save(os.path.join(folder, name), array)
        weights = {f'{i:02d}': value for i, value in enumerate(self.weights)}
        np.savez(os.path.join(folder, 'weights'), **weights)  # type: ignore[arg-type]
        with open(os.path.join(folder, 'problem.json'), 'w') as file:
            json.dump({'lesson': self.model.lesson, 'data': self.data}, file)


def load(folder: str) -> Problem:
    """Returns what `Problem.save` has written."""
    with open(os.path.join(folder, 'problem.json')) as file:
        about = json.load(file)
    with np.load(os.path.join(folder, 'weights.npz')) as archive:
        weights = [archive[name] for name in sorted(archive)]
    arrays = {
        name: np.load(os.path.join(folder, f'{name}.npy'), mmap_mode='r')
        for name in ('table', 'batches', 'digits', 'test_images', 'test_digits')
    }
    return Problem(MODELS[about['lesson']], about['data'], weights, **arrays)


def make(model: Model, data_dir: str, dataset: str, num_steps: int) -> Problem:
    """Takes the problem from the lesson; imports TensorFlow.

    Args:
        model: Which lesson's.
        data_dir: Folder of the data files.
        dataset: As the lessons' flag --dataset.
        num_steps: T, how many batches to note.
    """
    from benchmark import observe

    data = {model.data_flag: data_dir, 'dataset': dataset}
    observed = observe.observe(model, data, num_steps)
    files = locate.locate(data_dir, dataset=dataset).files
    test_images = idx.read_images(files[locate.TEST_IMAGES])
    return Problem(
        model,
        data,
        list(observed.weights.values()),
        observed.table,
        observed.batches,
        observed.digits,
        test_images.reshape(-1, 784),
        idx.read_labels(files[locate.TEST_LABELS]),
    )
