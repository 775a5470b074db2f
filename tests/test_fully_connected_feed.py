"""Mechanics 101, beyond what holds for every lesson."""

import re

from mnist_tut import errors, fully_connected_feed

import pytest
import tensorflow.compat.v1 as tf


def test_fake_data_gives_ten_thousand_of_ten_thousand(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fully_connected_feed.run_training(fake_data=True, max_steps=20)
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r'Step 0: loss = \d\.\d\d \(\d+\.\d{3} sec\)', lines[0])
    score = '  Num examples: 10000  Num correct: 10000  Precision @ 1: 1.0000'
    assert lines[1:] == [
        'Training Data Eval:',
        score,
        'Validation Data Eval:',
        score,
        'Test Data Eval:',
        score,
    ]
    assert not (tmp_path / 'data').exists()


def test_checkpoints_and_scores_come_each_thousand_steps(digits_dir, tmp_path, capsys):
    run = fully_connected_feed.run_training(
        train_dir=digits_dir, log_dir=tmp_path, max_steps=2050, hidden1=8, hidden2=4
    )
    assert run.steps('test_precision') == [999, 1999, 2049]
    names = sorted(path.name for path in tmp_path.glob('*.index'))
    assert names == [f'model.ckpt-{step}.index' for step in (1999, 2049, 999)]
    printed = capsys.readouterr().out
    assert printed.count('Training Data Eval:') == 3
    assert re.findall(r'Step (\d+): ', printed) == [str(s) for s in range(0, 2050, 100)]


def test_a_batch_size_that_does_not_divide_leaves_out_the_rest(
    digits_dir, tmp_path, capsys
):
    fully_connected_feed.run_training(
        train_dir=digits_dir, log_dir=tmp_path, max_steps=1, batch_size=300
    )
    numbers = re.findall(r'Num examples: (\d+)', capsys.readouterr().out)
    assert numbers == ['54900', '4800', '9900']


def test_the_later_name_of_the_data_folder(digits_dir, tmp_path, capsys):
    fully_connected_feed.run_training(
        train_dir=tmp_path / 'none',
        input_data_dir=digits_dir,
        log_dir=tmp_path / 'log',
        max_steps=1,
    )
    assert f'Extracting {digits_dir}/train-images' in capsys.readouterr().out
    assert not (tmp_path / 'none').exists()


def test_a_batch_larger_than_a_set_is_refused(tmp_path, capsys):
    from tests.support import corpus

    corpus.write_data_set(tmp_path / 'small', 5200, 150, seed=1)
    with pytest.raises(errors.FlagError, match='--batch_size=180: the test set has'):
        fully_connected_feed.run_training(
            train_dir=tmp_path / 'small', log_dir=tmp_path / 'log', batch_size=180
        )


def test_the_event_file_has_one_tag(digits_dir, tmp_path, capsys):
    fully_connected_feed.run_training(
        train_dir=digits_dir, log_dir=tmp_path, max_steps=101
    )
    [path] = tmp_path.glob('events.out.tfevents.*')
    tags = [
        (event.step, value.tag)
        for event in map(tf.Event.FromString, tf.io.tf_record_iterator(str(path)))
        for value in event.summary.value
    ]
    assert tags == [(0, 'loss'), (100, 'loss')]
