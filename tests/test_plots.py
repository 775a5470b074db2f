"""The plots: what is drawn where, and that equal figures give equal files."""

import subprocess
import sys

from mnist_tut import errors, plots

import numpy as np
import pytest
from matplotlib.figure import Figure


@pytest.fixture
def digits():
    """Thirty pictures, each of one shade, 0.1 to 0.9."""
    shades = np.linspace(0.1, 0.9, 30, dtype=np.float32)
    return np.broadcast_to(shades[:, None, None], (30, 28, 28)).copy()


def shades_of(ax):
    """Returns the shades that are drawn, without the space between."""
    [image] = ax.images
    return [float(shade) for shade in np.unique(image.get_array().compressed())]


def texts_of(ax):
    return [text.get_text() for text in ax.texts]


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


def test_loss_curve_of_few_steps():
    losses = [2.0 / (1 + step) for step in range(40)]
    for steps in (None, list(range(40)), list(range(60, 100))):
        [line] = plots.loss_curve(losses, steps).lines
        assert line.get_xdata().tolist() == list(steps or range(40))
        assert line.get_ydata().tolist() == losses


def test_loss_curve_of_many_steps_adds_their_running_mean():
    losses = np.tile([1.0, 3.0], 500)
    ax = plots.loss_curve(losses)
    each, mean = ax.lines
    assert each.get_ydata().tolist() == losses.tolist()
    assert mean.get_ydata() == pytest.approx(2.0)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        'mean of 20 steps'
    ]


@pytest.mark.parametrize(
    ('last', 'scale'), [(1.0, 'linear'), (0.001, 'log'), (0.0, 'linear')]
)
def test_loss_curve_shows_what_is_small_beside_what_was_large(last, scale):
    ax = plots.loss_curve(np.repeat([8.0, last], 500))
    assert ax.get_yscale() == scale
    low, high = ax.get_ylim()
    assert low <= last < 8 <= high


def test_loss_curve_of_no_steps_is_empty():
    assert plots.loss_curve([]).lines[0].get_xdata().size == 0


def test_confusion_matrix_counts():
    labels = np.array([0, 0, 1, 2, 2, 2], np.uint8)
    predictions = np.array([0, 7, 1, 2, 2, 9])
    ax = plots.confusion_matrix(labels, predictions)
    cells = {text.get_position(): text.get_text() for text in ax.texts}
    assert cells == {(0, 0): '1', (7, 0): '1', (1, 1): '1', (2, 2): '2', (9, 2): '1'}
    assert ax.get_title() == '4 of 6 right (66.67 %)'
    assert (ax.get_xlabel(), ax.get_ylabel()) == ('predicted label', 'true label')


def test_weights_have_one_scale_with_white_at_zero():
    W = np.zeros((784, 10), np.float32)
    W[:, 3] = -4
    W[:, 8] = 1
    ax = plots.weights_grid(W)
    assert shades_of(ax) == [-4, 0, 1]
    assert ax.images[0].get_clim() == (-4, 4)
    assert texts_of(ax)[1:] == list('0123456789')  # after the legend


@pytest.mark.parametrize('shape', [(5, 5, 1, 32), (5, 5, 32, 64), (3, 3, 1, 1)])
def test_conv_filters_draws_every_weight(shape):
    W = np.arange(1, np.prod(shape) + 1, dtype=float).reshape(shape)
    ax = plots.conv_filters(W)
    assert shades_of(ax) == W.ravel().tolist()
    assert ax.images[0].get_clim() == (-W.size, W.size)


def test_axes_that_are_given_are_used(digits):
    labels = np.arange(30) % 10
    figure = Figure()
    for draw in (
        lambda ax: plots.digit_grid(digits, ax=ax),
        lambda ax: plots.prediction_grid(digits, labels, labels, ax=ax),
        lambda ax: plots.loss_curve([1, 2], ax=ax),
        lambda ax: plots.confusion_matrix(labels, labels, ax=ax),
        lambda ax: plots.weights_grid(np.ones((784, 10)), ax=ax),
        lambda ax: plots.conv_filters(np.ones((5, 5, 1, 32)), ax=ax),
    ):
        ax = figure.add_subplot()
        assert draw(ax) is ax
        assert ax.images or ax.lines


@pytest.mark.parametrize(
    ('draw', 'reason'),
    [
        (lambda: plots.digit_grid(np.zeros((5, 27, 28))), '[5, 27, 28]'),
        (lambda: plots.digit_grid(np.zeros((0, 28, 28))), '[0, 28, 28]'),
        (lambda: plots.digit_grid(np.zeros((5, 784)), labels=[1]), '1 labels'),
        (
            lambda: plots.prediction_grid(np.zeros((5, 784)), [1] * 4, [1] * 5),
            '4 predictions',
        ),
        (lambda: plots.loss_curve([[1.0], [2.0]]), '[2, 1]'),
        (lambda: plots.loss_curve([1.0, 2.0], [1]), 'one number for each step'),
        (lambda: plots.confusion_matrix([1, 2], [1]), '1 predictions'),
        (lambda: plots.confusion_matrix([1, 10], [1, 1]), 'digits 0 to 9'),
        (lambda: plots.confusion_matrix([], []), '[0]'),
        (lambda: plots.weights_grid(np.zeros((10, 784))), '[10, 784]'),
        (lambda: plots.conv_filters(np.zeros((5, 5, 32))), '[5, 5, 32]'),
    ],
)
def test_wrong_arrays_get_one_line(draw, reason):
    with pytest.raises(errors.DataError) as caught:
        draw()
    assert reason in str(caught.value)
    assert '\n' not in str(caught.value)


def test_same_figure_gives_same_bytes(tmp_path):
    contents = []
    for folder in ('a', 'b'):
        ax = plots.loss_curve([3, 2, 1])
        path = plots.save(ax, tmp_path / 'new' / folder, 'loss.png')
        assert path == str(tmp_path / 'new' / folder / 'loss.png')
        with open(path, 'rb') as file:
            contents.append(file.read())
        assert [file.name for file in (tmp_path / 'new' / folder).iterdir()] == [
            'loss.png'
        ]
    assert contents[0] == contents[1]
    assert contents[0].startswith(b'\x89PNG')
    assert b'matplotlib' not in contents[0].lower()
    assert b'tIME' not in contents[0]


def test_save_that_cannot_write_says_so_in_one_line(tmp_path):
    (tmp_path / 'file').write_text('mine')
    with pytest.raises(errors.DataError, match='cannot be written') as caught:
        plots.save(plots.loss_curve([1]), tmp_path / 'file', 'loss.png')
    assert '\n' not in str(caught.value)
    assert (tmp_path / 'file').read_text() == 'mine'


def test_matplotlib_is_imported_late_and_pyplot_never():
    code = (
        'import sys; from mnist_tut import plots; '
        'assert "matplotlib" not in sys.modules; '
        'plots.loss_curve([1, 2]); '
        'assert "matplotlib" in sys.modules; '
        'assert "matplotlib.pyplot" not in sys.modules'
    )
    subprocess.run([sys.executable, '-c', code], check=True)
