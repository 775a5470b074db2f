"""A set so small that a lesson trains on it in seconds."""

import pathlib

from mnist_tut import idx, sources, synthetic

NUM_TRAIN = 5_300  # less the 5,000 of the validation set
NUM_TEST = 230


def write(folder: pathlib.Path) -> pathlib.Path:
    """Draws the four files into a new folder and returns it."""
    images, labels, test_images, test_labels = synthetic.generate(
        num_train=NUM_TRAIN, num_test=NUM_TEST
    )
    folder.mkdir()
    idx.write_images(folder / sources.TRAIN_IMAGES, images)
    idx.write_labels(folder / sources.TRAIN_LABELS, labels)
    idx.write_images(folder / sources.TEST_IMAGES, test_images)
    idx.write_labels(folder / sources.TEST_LABELS, test_labels)
    return folder
