"""Digits side by side, and predictions above them."""

from mnist_tut import plots
from tests.support.axes import shades_of, texts_of

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg


def test_digit_grid_draws_each_digit_dark_on_light(digits):
    ax = plots.digit_grid(digits[:6], columns=3, labels='abcdef')
    assert shades_of(ax) == pytest.approx(1 - digits[5::-1, 0, 0])
    assert texts_of(ax) == list('abcdef')
    left_to_right = [text.get_position() for text in ax.texts]
    assert left_to_right[0][1] == left_to_right[2][1] < left_to_right[3][1]
    assert left_to_right[0][0] == left_to_right[3][0] < left_to_right[1][0]


def test_digits_come_in_every_shape_that_lessons_have(digits):
    pixels = np.rint(255 * digits).astype(np.uint8)
    pictures = [
        plots.digit_grid(images).images[0].get_array().filled(-1)
        for images in (
            pixels,
            pixels.reshape(30, 784),
            pixels.reshape(30, 28, 28, 1) / np.float32(255),
        )
    ]
    assert np.allclose(pictures[0], pictures[1])
    assert np.allclose(pictures[0], pictures[2])


def test_prediction_grid_inverts_wrong_predictions(digits):
    labels = np.arange(30) % 10
    predictions = labels.copy()
    predictions[[4, 17]] = [8, 3]
    ax = plots.prediction_grid(digits, predictions, labels, rows=5, columns=6, seed=0)
    wrong = [text for text in texts_of(ax) if '(' in text]
    assert sorted(wrong) == ['Guess: 3 (7)', 'Guess: 8 (4)']
    assert texts_of(ax).count('Guess: 5') == 3
    expected = 1 - digits[:, 0, 0]
    expected[[4, 17]] = digits[[4, 17], 0, 0]
    assert shades_of(ax) == pytest.approx(sorted(set(expected.tolist())))


def test_prediction_grid_is_the_documents_and_follows_its_seed():
    rng = np.random.default_rng(0)
    images = rng.random((300, 28, 28))
    labels = rng.integers(10, size=300)
    drawn = [
        plots.prediction_grid(images, labels, labels, seed=seed).images[0].get_array()
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(drawn[0].filled(-1), drawn[1].filled(-1))
    assert not np.array_equal(drawn[0].filled(-1), drawn[2].filled(-1))
    assert len(plots.prediction_grid(images, labels, labels).texts) == 12 * 15


def test_prediction_grid_of_few_digits_shows_each_once(digits):
    labels = np.zeros(30, int)
    ax = plots.prediction_grid(digits, labels, labels)
    assert shades_of(ax) == pytest.approx(np.sort(1 - digits[:, 0, 0]))


def test_the_lecture_shows_digits_white_on_black(digits):
    ax = plots.digit_grid(digits[:4], white_on_black=True, title='Four')
    assert shades_of(ax) == pytest.approx(digits[:4, 0, 0])
    assert ax.get_title() == 'Four'


def test_prediction_grid_says_what_is_wrong_and_how_it_is_marked(digits):
    labels = np.arange(30) % 10
    predictions = labels.copy()
    predictions[[4, 17]] = [8, 3]
    ax = plots.prediction_grid(digits, predictions, labels)
    assert ax.get_title().startswith('Predictions for 30 of 30 digits; 2 of them wrong')
    assert 'white on black' in ax.get_title()


@pytest.mark.parametrize('columns', [1, 5, 15])
def test_texts_stay_within_their_pictures(digits, columns):
    ax = plots.digit_grid(
        digits[:columns], columns=columns, labels=['7: 100.00 %'] * columns
    )
    canvas = FigureCanvasAgg(ax.get_figure(root=True))
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in ax.texts]
    assert len(boxes) == columns
    assert all(box.width <= canvas.figure.bbox.width / columns for box in boxes)
