"""Steps that run together: which ones, and what happens on the way."""

from mnist_tut import (
    convolutional,
    errors,
    fully_connected_feed,
    softmax,
    with_summaries,
)
from mnist_tut.training import run_folder, step_loop
from mnist_tut.training.repeat import Repeat, Step
from mnist_tut.training.step_loop import StepLoop

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


class Flags:
    batch_size = 4
    steps_per_run = 5
    jit = False


class Loop:
    """Notes how many steps are run at a time, and with which examples."""

    def __init__(self):
        self.rows = []

    def run(self, rows):
        self.rows.append(rows.tolist())
        return np.arange(len(rows)) + 100.0 * len(self.rows)


@pytest.fixture
def repeat(monkeypatch):
    """A Repeat of a made-up step, whose loop only takes notes."""
    records = []
    arrays = np.zeros((20, 784)), np.zeros(20)
    step = Step(None, None, arrays, [None, None], seen=[3, 9], period=16)
    made = Repeat(step, None, Flags, lambda step, loss: records.append((step, loss)))
    made._loop = Loop()
    made.records = records
    return made


@pytest.mark.parametrize(
    ('start', 'stop', 'last'),
    [(0, 20, 2), (4, 20, 8), (10, 20, 14), (10, 12, 11), (2, 20, 2), (19, 20, 19)],
)
def test_steps_run_up_to_one_that_is_seen(repeat, start, stop, last):
    """0 to 2 before step 3; 4 to 8 before step 9; else five; or up to `stop`."""
    assert repeat.run(start, stop) == last
    steps = range(start, last + 1)
    assert repeat.records == [(step, 100.0 + step - start) for step in steps]
    begins = [step * 4 % 16 for step in steps]
    assert repeat._loop.rows == [
        [list(range(begin, begin + 4)) for begin in begins],
    ]


def test_some_steps_are_seen(repeat):
    assert [step for step in range(20) if repeat.is_seen(step)] == [3, 9]


def calls(monkeypatch):
    """Returns a list that will hold the number of steps of each call."""
    counts = []
    run = StepLoop.run

    def noted(self, rows):
        counts.append(len(rows))
        return run(self, rows)

    monkeypatch.setattr(StepLoop, 'run', noted)
    return counts


@pytest.mark.parametrize(
    ('flags', 'expected'),
    [
        ({}, []),
        ({'steps_per_run': 10}, [10, 10, 10]),
        ({'steps_per_run': 20}, [20, 10]),
        ({'steps_per_run': 10, 'accuracy_at': [6]}, [5, 10, 10, 4]),
        ({'steps_per_run': 10_000, 'checkpoint_steps': 7}, [7, 7, 7, 7, 2]),
    ],
)
def test_softmax_runs_them(
    few_digits_dir, tmp_path, monkeypatch, capsys, flags, expected
):
    counts = calls(monkeypatch)
    run = softmax.run_training(
        data_dir=few_digits_dir, log_dir=tmp_path / 'log', max_steps=30, **flags
    )
    assert counts == expected
    assert run.steps('loss') == list(range(30))


def test_made_up_data(tmp_path, monkeypatch, capsys):
    counts = calls(monkeypatch)
    losses = [
        fully_connected_feed.run_training(
            fake_data=True, log_dir=tmp_path / str(k), max_steps=12, steps_per_run=k,
            seed=2,
        ).values('loss')
        for k in (1, 6)
    ]  # fmt: skip
    assert losses[0] == losses[1]
    assert counts == [6, 4]  # step 0 and the last one print


def test_losses_of_16_bits(tmp_path, capsys):
    losses = [
        convolutional.run_training(
            self_test=True, use_fp16=True, batch_size=4, log_dir=tmp_path / str(k),
            max_steps=6, steps_per_run=k, seed=2,
        ).values('loss')
        for k in (1, 3)
    ]  # fmt: skip
    assert losses[0] == losses[1]


def test_a_loss_that_diverges_ends_the_run_at_its_step(
    few_digits_dir, tmp_path, capsys
):
    told = []
    for k in (1, 16):
        with pytest.raises(errors.DivergedError) as raised:
            softmax.run_training(
                data_dir=few_digits_dir, log_dir=tmp_path / str(k), steps_per_run=k,
                loss='log', learning_rate=50.0, seed=1, max_steps=200,
                checkpoint_steps=1000,
            )  # fmt: skip
        told.append(str(raised.value).replace(str(tmp_path / str(k)), ''))
        assert run_folder.saved_steps(str(tmp_path / str(k))) == []
    assert told[0] == told[1]


def test_a_lesson_whose_steps_all_write_says_so(few_digits_dir, tmp_path, capsys):
    with_summaries.run_training(
        data_dir=few_digits_dir, log_dir=tmp_path / 'log', max_steps=2, steps_per_run=5
    )
    err = capsys.readouterr().err
    assert '--steps_per_run: changes nothing in with_summaries' in err


@pytest.mark.parametrize(
    ('flags', 'line'),
    [
        ({'jit': True}, 'expected --steps_per_run above 1'),
        ({'steps_per_run': 0}, 'steps_per_run=0: '),
        ({'steps_per_run': 10_001}, 'steps_per_run=10001: '),
    ],
)
def test_bad_flags_get_one_line(tmp_path, monkeypatch, flags, line):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.FlagError) as raised:
        softmax.run_training(**flags)
    assert line in str(raised.value)
    assert '\n' not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_compiled_run_cannot_go_on_where_it_would_be_slow(
    tmp_path, monkeypatch, capsys
):
    """The flag comes from the run: to leave it out is no help."""
    flags = {'self_test': True, 'batch_size': 4, 'log_dir': tmp_path / 'log'}
    with monkeypatch.context() as patch:
        patch.setattr(tf.config, 'list_physical_devices', lambda kind: [kind])
        # Only the first step, which is not compiled.
        convolutional.run_training(max_steps=1, steps_per_run=2, jit=True, **flags)
    with pytest.raises(
        errors.FlagError, match=r'--jit: .*, or continue a run where it was started$'
    ):
        convolutional.run_training(max_steps=2, steps_per_run=2, resume=True, **flags)


def test_jit_belongs_to_a_run_and_the_number_of_steps_does_not(
    few_digits_dir, tmp_path, capsys
):
    flags = {'data_dir': few_digits_dir, 'log_dir': tmp_path / 'log', 'seed': 1}
    softmax.run_training(max_steps=4, steps_per_run=2, **flags)
    with pytest.raises(errors.RunError, match='was started with --jit=False'):
        softmax.run_training(
            max_steps=8, steps_per_run=4, jit=True, resume=True, **flags
        )
    run = softmax.run_training(max_steps=8, steps_per_run=4, resume=True, **flags)
    assert run.steps('loss') == list(range(8))


@pytest.mark.slow
def test_the_images_of_convolutional_are_stored_as_bytes(
    digits_dir, tmp_path, monkeypatch, capsys
):
    stored = []
    store = step_loop._store

    def noting(value, sess):
        stored.append((value.dtype, value.shape))
        return store(value, sess)

    monkeypatch.setattr(step_loop, '_store', noting)
    losses = [
        convolutional.run_training(
            data_dir=digits_dir, log_dir=tmp_path / str(k), max_steps=9, batch_size=4,
            steps_per_run=k, seed=5,
        ).values('loss')
        for k in (1, 7)
    ]  # fmt: skip
    assert stored[0] == (np.uint8, (55_000, 28, 28, 1))
    assert losses[0] == losses[1]
