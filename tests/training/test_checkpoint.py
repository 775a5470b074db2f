"""Checkpoints that are damaged, missing, foreign or cannot be written."""

import errno
import json
import os
import pathlib
import random
import shutil
import zlib

from mnist_tut import errors, softmax
from mnist_tut.inference import model
from mnist_tut.training import run_file, run_folder

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

FLAGS = {'seed': 1, 'max_steps': 12, 'checkpoint_steps': 3}


@pytest.fixture(scope='module')
def trained(digits_dir, tmp_path_factory):
    """A run of twelve steps with checkpoints at 2, 5, 8 and 11."""
    log = tmp_path_factory.mktemp('trained') / 'log'
    softmax.run_training(data_dir=digits_dir, log_dir=log, **FLAGS)
    return log


@pytest.fixture
def log(trained, tmp_path):
    """A copy of it, to be damaged."""
    return pathlib.Path(shutil.copytree(trained, tmp_path / 'log'))


def final_weights(folder):
    return tf.train.load_variable(str(folder / 'model.ckpt-11'), 'Variable')


def damage_truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_flipped(path):
    content = bytearray(path.read_bytes())
    content[random.Random(4).randrange(len(content))] ^= 0x10
    path.write_bytes(bytes(content))


def damage_emptied(path):
    path.write_bytes(b'')


@pytest.mark.parametrize(
    'damage', [damage_truncated, damage_flipped, damage_emptied, pathlib.Path.unlink]
)
@pytest.mark.parametrize('ending', ['.data-00000-of-00001', '.index', '.json'])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    digits_dir, log, trained, capsys, damage, ending
):
    damage(log / f'model.ckpt-11{ending}')
    softmax.run_training(data_dir=digits_dir, log_dir=log, resume=True, **FLAGS)
    err = capsys.readouterr().err
    assert 'continuing after 9 steps' in err
    if (damage, ending) != (pathlib.Path.unlink, '.json'):  # else it was not complete
        assert 'model.ckpt-11: this checkpoint is damaged' in err
    assert (final_weights(log) == final_weights(trained)).all()


def test_when_every_checkpoint_is_damaged_nothing_is_overwritten(digits_dir, log):
    for path in log.glob('*.data*'):
        damage_truncated(path)
    before = {path.name: path.read_bytes() for path in log.glob('model*')}
    with pytest.raises(errors.RunError, match='every checkpoint in it is damaged'):
        softmax.run_training(data_dir=digits_dir, log_dir=log, resume=True, **FLAGS)
    assert before == {path.name: path.read_bytes() for path in log.glob('model*')}


@pytest.mark.parametrize('content', ['', '{', '[]', '"run"'])
def test_a_damaged_run_file_is_one_line(digits_dir, log, content):
    (log / 'run.json').write_text(content)
    with pytest.raises(errors.RunError, match=r'run\.json: not .*choose'):
        softmax.run_training(data_dir=digits_dir, log_dir=log, resume=True, **FLAGS)


@pytest.mark.parametrize(('flag', 'value'), [('seed', 2), ('batch_size', 50)])
def test_resuming_with_another_flag_is_refused(digits_dir, log, flag, value):
    flags = {**FLAGS, flag: value}
    with pytest.raises(errors.RunError, match=f'--{flag}={value}: the run in .* was'):
        softmax.run_training(data_dir=digits_dir, log_dir=log, resume=True, **flags)


def test_resuming_takes_over_the_flags_of_the_run(digits_dir, tmp_path, trained):
    flags = {'seed': 4, 'batch_size': 20, 'learning_rate': 0.25, 'checkpoint_steps': 3}
    whole = softmax.run_training(
        data_dir=digits_dir, log_dir=tmp_path / 'whole', max_steps=9, **flags
    )
    parts = tmp_path / 'parts'
    softmax.run_training(data_dir=digits_dir, log_dir=parts, max_steps=9, **flags)
    for path in parts.glob('model.ckpt-8*'):
        path.unlink()
    before = softmax.FLAGS.flag_values_dict()
    again = softmax.run_training(log_dir=parts, resume=True)
    assert again.records == whole.records
    assert softmax.FLAGS.flag_values_dict() == before
    with pytest.raises(errors.RunError, match=r'--learning_rate=0\.5: the run in'):
        softmax.run_training(log_dir=parts, resume=True, learning_rate=0.5)


def test_a_seed_that_has_a_default_is_taken_over_too(tmp_path, capsys):
    from mnist_tut import convolutional

    flags = {'log_dir': tmp_path, 'self_test': True}
    convolutional.run_training(seed=5, max_steps=2, **flags)
    convolutional.run_training(max_steps=3, resume=True, **flags)
    assert run_folder.saved_steps(str(tmp_path)) == [2, 1]


def test_fewer_steps_than_are_done_are_refused(digits_dir, log):
    fewer = {**FLAGS, 'max_steps': 4}
    with pytest.raises(errors.RunError, match='has done 12 steps already'):
        softmax.run_training(data_dir=digits_dir, log_dir=log, resume=True, **fewer)


def test_resume_and_overwrite_contradict_each_other(digits_dir, log):
    before = {path.name: path.read_bytes() for path in log.iterdir()}
    with pytest.raises(errors.FlagError, match='--resume --overwrite'):
        softmax.run_training(log_dir=log, resume=True, overwrite=True)
    assert before == {path.name: path.read_bytes() for path in log.iterdir()}


def test_overwrite_removes_nothing_where_no_run_has_been(digits_dir, tmp_path):
    (tmp_path / 'history.json').write_text('the history of Rome')
    with pytest.raises(errors.RunError, match=r'history\.json that no run wrote down'):
        softmax.run_training(
            data_dir=digits_dir, log_dir=tmp_path, overwrite=True, max_steps=1
        )
    assert [path.name for path in tmp_path.iterdir()] == ['history.json']


@pytest.mark.parametrize('missing', ['lesson', 'seed', 'data', 'flags'])
def test_an_incomplete_run_file_is_one_line(digits_dir, log, missing):
    content = run_file.read(str(log))
    del content[missing]
    run_file.write(str(log), content)
    with pytest.raises(errors.RunError, match=f'not a complete .*: no {missing}'):
        softmax.run_training(data_dir=digits_dir, log_dir=log, resume=True, **FLAGS)


def test_a_folder_that_cannot_be_made_is_named(digits_dir, tmp_path, monkeypatch):
    def makedirs(*_, **options):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(os, 'makedirs', makedirs)
    with pytest.raises(errors.FlagError, match=r'--log_dir=.*cannot be made'):
        softmax.run_training(data_dir=digits_dir, log_dir=tmp_path / 'log')


def test_a_refused_run_leaves_no_folder(tmp_path):
    with pytest.raises(errors.DataError):
        softmax.run_training(
            data_dir=tmp_path,
            log_dir=tmp_path / 'log',
            dataset='mnist',
            source_url='http://127.0.0.1:9/',
        )
    assert not (tmp_path / 'log').exists()


def test_resuming_on_other_data_is_refused(digits_dir, log):
    run_file.write(str(log), {**run_file.read(str(log)), 'data': 'other'})
    with pytest.raises(errors.RunError, match='was trained on other data'):
        softmax.run_training(data_dir=digits_dir, log_dir=log, resume=True, **FLAGS)


def test_a_run_can_be_made_longer(digits_dir, log):
    longer = {**FLAGS, 'max_steps': 15}
    run = softmax.run_training(data_dir=digits_dir, log_dir=log, resume=True, **longer)
    assert run.steps('loss') == list(range(15))
    # The newest five are kept, each with its state file.
    assert run_folder.saved_steps(str(log)) == [14, 11, 8, 5, 2]


def test_only_five_checkpoints_are_kept(digits_dir, tmp_path):
    flags = {**FLAGS, 'checkpoint_steps': 1}
    softmax.run_training(data_dir=digits_dir, log_dir=tmp_path, **flags)
    assert run_folder.saved_steps(str(tmp_path)) == [11, 10, 9, 8, 7]
    assert len(list(tmp_path.glob('*.index'))) == 5


def test_a_full_disk_is_one_line_and_keeps_the_older_checkpoint(
    digits_dir, tmp_path, monkeypatch
):
    save = tf.train.Saver.save

    def save_until_full(self, sess, path, global_step):
        if global_step < 6:
            return save(self, sess, path, global_step=global_step)
        raise tf.errors.ResourceExhaustedError(
            None,
            None,
            f'Graph execution error:\n\n{path}-{global_step}.data-00000-of-00001'
            '.tempstate123; No space left on device\n\t [[{{node save/SaveV2}}]]',
        )

    with monkeypatch.context() as patch:
        patch.setattr(tf.train.Saver, 'save', save_until_full)
        with pytest.raises(errors.RunError) as refused:
            softmax.run_training(data_dir=digits_dir, log_dir=tmp_path, **FLAGS)
    line = str(refused.value)
    assert '\n' not in line
    assert 'model.ckpt-8.data-00000-of-00001: cannot be written: No space left' in line
    run = softmax.run_training(
        data_dir=digits_dir, log_dir=tmp_path, resume=True, **FLAGS
    )
    assert run.steps('loss') == list(range(12))


def test_weights_that_are_no_numbers_are_never_saved(digits_dir, tmp_path):
    with pytest.raises(errors.DivergedError, match='--learning_rate'):
        softmax.run_training(
            data_dir=digits_dir,
            log_dir=tmp_path,
            loss='log',
            learning_rate=1e5,
            max_steps=100,
            checkpoint_steps=1,
        )
    for step in run_folder.saved_steps(str(tmp_path)):
        path = run_folder.checkpoint_path(str(tmp_path), step)
        assert np.isfinite(tf.train.load_variable(path, 'Variable')).all()


def test_the_events_of_a_resumed_run_show_no_step_twice(digits_dir, tmp_path):
    from mnist_tut import fully_connected_feed

    flags = {'train_dir': digits_dir, 'log_dir': tmp_path, 'seed': 1}
    fully_connected_feed.run_training(max_steps=250, checkpoint_steps=150, **flags)
    # As if it had been killed at the end: the newest checkpoint is that of step 149.
    for path in tmp_path.glob('model.ckpt-249*'):
        path.unlink()
    fully_connected_feed.run_training(
        max_steps=250, checkpoint_steps=150, resume=True, **flags
    )
    steps = []
    for path in tmp_path.glob('events.out.tfevents*'):
        for record in tf.io.tf_record_iterator(str(path)):
            event = tf.Event.FromString(record)
            steps += [event.step] if event.HasField('summary') else []
    assert sorted(steps) == [0, 100, 200]


def test_a_run_of_version_1_0_is_used_but_not_continued(digits_dir, log):
    """Its state file has another form, and run.json another word."""
    path = log / 'run.json'
    run = json.loads(path.read_text())
    del run['crc32'], run['data_kind']
    run['model']['ink'] = run['model'].pop('pixel_range')
    path.write_text(json.dumps(run))
    (log / 'own_files.json').unlink()
    for path in log.glob('model.ckpt-*.json'):
        state = {'step': 11, 'position': {'seed': 1}, 'history': []}
        crc32 = zlib.crc32(json.dumps(state, sort_keys=True).encode())
        path.write_text(json.dumps({**state, 'crc32': crc32}))
    before = {path: path.read_bytes() for path in log.iterdir()}
    with pytest.raises(errors.RunError, match=r'version 1\.0.*not continued'):
        softmax.run_training(data_dir=digits_dir, log_dir=log, resume=True, **FLAGS)
    assert {path: path.read_bytes() for path in log.iterdir()} == before
    with model.load(log) as predictor:
        assert 'softmax, 12 steps' in predictor.description
