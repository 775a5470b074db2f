"""Softmax regression and the beginner notes' variants of it."""

import re

from mnist_tut import errors, softmax

import numpy as np
import pytest


def test_it_learns(digits_dir, tmp_path, capsys):
    run = softmax.run_training(
        data_dir=digits_dir, log_dir=tmp_path, max_steps=300, seed=1
    )
    assert run.last('test_accuracy') > 0.85
    assert capsys.readouterr().out.splitlines()[-2] == str(
        np.float32(run.last('test_accuracy'))
    )


def test_both_losses_are_the_same_while_no_probability_is_0(
    digits_dir, tmp_path, capsys
):
    flags = {'data_dir': digits_dir, 'max_steps': 30, 'seed': 1, 'learning_rate': 0.05}
    stable = softmax.run_training(log_dir=tmp_path / 'a', **flags)
    log = softmax.run_training(log_dir=tmp_path / 'b', loss='log', **flags)
    np.testing.assert_allclose(stable.values('loss'), log.values('loss'), rtol=1e-5)


def test_the_table_of_accuracy_by_number_of_steps(digits_dir, tmp_path, capsys):
    run = softmax.run_training(
        data_dir=digits_dir,
        log_dir=tmp_path / 'long',
        max_steps=60,
        accuracy_at='20,40,60',
        seed=1,
    )
    assert re.findall(r'(\d+) steps: 0\.\d+', capsys.readouterr().out) == [
        '20',
        '40',
        '60',
    ]
    short = softmax.run_training(
        data_dir=digits_dir, log_dir=tmp_path / 'short', max_steps=20, seed=1
    )
    assert run.values('test_accuracy')[0] == short.last('test_accuracy')


def test_pictures(digits_dir, tmp_path, capsys):
    softmax.run_training(
        data_dir=digits_dir,
        log_dir=tmp_path / 'log',
        plots_dir=tmp_path / 'plots',
        max_steps=10,
    )
    pictures = sorted(path.name for path in (tmp_path / 'plots').iterdir())
    assert pictures == ['confusion.png', 'loss.png', 'weights.png']


def test_an_accuracy_after_the_end_is_refused(tmp_path):
    with pytest.raises(errors.FlagError, match='training ends after 6 steps'):
        softmax.run_training(log_dir=tmp_path / 'log', max_steps=6, accuracy_at=[9])
    assert list(tmp_path.iterdir()) == []
