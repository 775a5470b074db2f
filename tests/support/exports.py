"""What the tests of all export formats need: images as a model takes them, and runs."""

import functools
import pathlib

from tests import lessons

import numpy as np

# Steps after which a lesson knows most digits, where that takes over a hundred.
_STEPS = {'deep': 500, 'fully_connected_feed': 2000, 'tanh_mlp': 1000}


def pixels(images: np.ndarray, image_shape: list[int]) -> np.ndarray:
    """Returns uint8 images [N, 28, 28] as float32 [N, *image_shape], in [0, 1]."""
    return (images / np.float32(255)).reshape(-1, *image_shape)


@functools.cache
def train_on_mnist(
    name: str, mnist_dir: pathlib.Path, root: pathlib.Path
) -> pathlib.Path:
    """Trains a lesson for a while, once in this process; returns the run's folder."""
    [lesson] = [lesson for lesson in lessons.LESSONS if lesson.name == name]
    folder = root / 'trained' / name
    lesson.train(mnist_dir, folder, seed=1, max_steps=_STEPS.get(name, 100))
    return folder
