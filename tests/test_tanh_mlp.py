"""The lecture, beyond what holds for every lesson."""

from mnist_tut import errors, tanh_mlp
from mnist_tut.data import npz
from tests.support import corpus

import numpy as np
import pytest


def test_normalize_data_stretches_to_0_and_1():
    x = np.array([[3, 13], [8, 23]], np.uint8)
    scaled = tanh_mlp.normalize_data(x)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, np.float32([[0, 0.5], [0.25, 1]]))


def test_images_without_contrast_are_refused(tmp_path):
    white = np.full([30, 28, 28], 255, np.uint8)
    _, labels = corpus.digits(30)
    corpus.write_files(tmp_path / 'data', white, labels, white, labels)
    with pytest.raises(errors.DataError, match='all pixels of X_train are 255'):
        tanh_mlp.run_training(data_dir=tmp_path / 'data', log_dir=tmp_path / 'log')


def test_to_one_hot():
    one_hot = tanh_mlp.to_one_hot(np.array([2, 0]), 3)
    assert one_hot.dtype == np.float64
    np.testing.assert_array_equal(one_hot, [[0, 0, 1], [1, 0, 0]])
    with pytest.raises(IndexError):
        tanh_mlp.to_one_hot(np.array([3]), 3)


def test_the_lectures_file_is_read_where_it_is(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X_train, y_train = corpus.digits(640, seed=1)
    X_test, y_test = corpus.digits(100, seed=2)
    npz.write('mnist_data.npz', npz.Digits(X_train, X_test, y_train, y_test))
    run = tanh_mlp.run_training(epochs=1, seed=1)
    printed = capsys.readouterr()
    assert printed.out.startswith('(640, 28, 28)\n(100, 28, 28)\n')
    assert 'mnist_data.npz' in printed.err
    assert len(run.values('loss')) == 20


def test_one_softmax_falls_below_the_bound_of_two(digits_dir, tmp_path, capsys):
    bound = np.log(1 + 9 / np.e)
    flags = {'data_dir': digits_dir, 'max_steps': 300, 'seed': 1}
    twice = tanh_mlp.run_training(log_dir=tmp_path / 'twice', **flags)
    once = tanh_mlp.run_training(
        log_dir=tmp_path / 'once', double_softmax=False, **flags
    )
    assert min(twice.values('loss')) > bound
    assert min(once.values('loss')) < 1.0


def test_what_the_lecture_prints_while_it_trains(digits_dir, tmp_path, capsys):
    tanh_mlp.run_training(
        data_dir=digits_dir, log_dir=tmp_path, max_steps=130, batch_size=1000, seed=1
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith('Epoch:')] == [
        'Epoch: 0',
        'Epoch: 1',
        'Epoch: 2',
    ]
    [before] = [i for i, line in enumerate(lines) if line.startswith('[array([[')]
    assert before < lines.index('Epoch: 0')
    assert any(line.startswith('Accuracy on training data: 0.') for line in lines)
    assert any(line.startswith('Accuracy on test data: 0.') for line in lines)


def test_fitted_to_five_digits_it_knows_them(digits_dir, tmp_path, capsys):
    tanh_mlp.run_training(data_dir=digits_dir, log_dir=tmp_path, max_steps=0, seed=1)
    printed = capsys.readouterr().out
    fitted = printed[printed.index('dtype=float32)]') + len('dtype=float32)]') :]
    rows = fitted[: fitted.index(']]')].replace('[', ' ').replace(']', ' ').split()
    probabilities = np.array(rows, float).reshape(5, 10)
    assert probabilities.max(axis=1).min() > 0.99


def test_a_named_file_is_never_silently_ignored(digits_dir, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.DataError, match=r'typo\.npz is missing'):
        tanh_mlp.run_training(npz='typo.npz', max_steps=1)
    with pytest.raises(errors.FlagError, match=r'--npz=x\.npz --dataset=synthetic'):
        tanh_mlp.run_training(npz='x.npz', dataset='synthetic', max_steps=1)


def test_a_named_folder_comes_before_a_file_that_is_there(
    digits_dir, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'mnist_data.npz').write_text('not read')
    tanh_mlp.run_training(data_dir=digits_dir, max_steps=0)
    assert '(60000, 28, 28)' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('num_train', 'num_test', 'reason'),
    [
        (24, 5, '24 images in X_train; expected at least 25'),
        (25, 4, '4 images in X_test; expected at least 5'),
    ],
)
def test_fewer_digits_than_the_lecture_shows_are_refused(
    tmp_path, capsys, num_train, num_test, reason
):
    folder = corpus.write_data_set(tmp_path / 'data', num_train, num_test)
    with pytest.raises(errors.DataError, match=reason):
        tanh_mlp.run_training(data_dir=folder, log_dir=tmp_path / 'log')
    assert capsys.readouterr().out == ''


def test_as_few_digits_as_the_lecture_shows_are_enough(tmp_path, capsys):
    folder = corpus.write_data_set(tmp_path / 'data', 25, 5)
    plots_dir = tmp_path / 'plots'
    run = tanh_mlp.run_training(
        data_dir=folder, log_dir=tmp_path / 'log', batch_size=5, plots_dir=plots_dir
    )
    assert len(run.values('loss')) == 25
    assert sorted(path.name for path in plots_dir.iterdir()) == [
        'confusion.png',
        'digits.png',
        'first_digit.png',
        'loss.png',
        'single_digits.png',
    ]
