"""Counts of mistakes."""

from mnist_tut import plots

import numpy as np


def test_confusion_matrix_counts():
    labels = np.array([0, 0, 1, 2, 2, 2], np.uint8)
    predictions = np.array([0, 7, 1, 2, 2, 9])
    ax = plots.confusion_matrix(labels, predictions)
    cells = {text.get_position(): text.get_text() for text in ax.texts}
    assert cells == {(0, 0): '1', (7, 0): '1', (1, 1): '1', (2, 2): '2', (9, 2): '1'}
    assert ax.get_title() == '4 of 6 right (66.67 %)'
    assert (ax.get_xlabel(), ax.get_ylabel()) == ('predicted label', 'true label')
