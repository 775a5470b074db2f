"""Runs of three steps: enough to have a checkpoint."""

import pathlib

from tests import lessons


def train(name: str, data_dir: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """Trains a lesson for three steps and returns the folder of the run."""
    [lesson] = [lesson for lesson in lessons.LESSONS if lesson.name == name]
    flags = {'seed': 1, 'max_steps': 3}
    if name == 'convolutional':
        flags['self_test'] = True  # it needs all 60,000 digits otherwise
    if name == 'softmax':
        flags['checkpoint_steps'] = 1
    lesson.train(data_dir, folder, **flags)
    return folder
