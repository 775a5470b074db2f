"""Folders that hold more, less or something else than a whole run."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import textwrap

from mnist_tut import errors
from mnist_tut.training import json_file, own_files, run_folder
from tests.support import tiny_lesson
from tests.support.paths import ROOT

import numpy as np
import pytest

FLAGS = {'seed': 1, 'max_steps': 6, 'checkpoint_steps': 2}


class Killed(BaseException):
    """Ends a run as a killed process ends, as far as files show it."""


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A run of six steps with checkpoints at 1, 3 and 5."""
    log = tmp_path_factory.mktemp('trained') / 'log'
    tiny_lesson.run_training(log_dir=log, **FLAGS)
    return log


@pytest.fixture
def log(trained, tmp_path):
    return pathlib.Path(shutil.copytree(trained, tmp_path / 'log'))


def refusal(log, **flags):
    """Returns the line that refuses a run; nothing in the folder has changed."""
    (log / 'run.lock').unlink(missing_ok=True)  # of a run that was killed
    before = {path: content(path) for path in log.rglob('*')}
    with pytest.raises(errors.UserError) as refused:
        tiny_lesson.run_training(log_dir=log, **{**FLAGS, **flags})
    assert {path: content(path) for path in log.rglob('*')} == before
    assert str(refused.value).isprintable()
    return str(refused.value)


def content(path):
    return path.read_bytes() if path.is_file() else path.is_symlink()


# Killed.


def kill_at(patch, call):
    """Lets the run die when it is about to remove or rename a file once more."""
    calls = []

    def counted(function):
        def dying(*arguments, **options):
            calls.append(arguments)
            # A killed process runs no clean-up either.
            if len(calls) >= call:
                raise Killed
            return function(*arguments, **options)

        return dying

    for name in ('remove', 'replace'):
        patch.setattr(os, name, counted(getattr(os, name)))


@pytest.mark.slow
@pytest.mark.parametrize('then', ['resume', 'overwrite', 'neither'])
def test_killed_at_any_moment_of_an_overwrite(trained, tmp_path, monkeypatch, then):
    """Afterwards it is still the old run, or the folder is free for a new one."""
    for call in range(1, 100):
        log = tmp_path / str(call)
        shutil.copytree(trained, log)
        (log / 'notes.txt').write_text('mine')
        new = {**FLAGS, 'seed': 2}
        with monkeypatch.context() as patch:
            kill_at(patch, call)
            with contextlib.suppress(Killed):
                tiny_lesson.run_training(log_dir=log, overwrite=True, **new)
        is_old = (log / 'run.json').exists() and b'"seed": 1' in (
            (log / 'run.json').read_bytes()
        )
        flags = {} if then == 'neither' else {then: True}
        if (log / 'run.json').exists() and then == 'neither':
            assert 'already holds a run' in refusal(log)
        else:
            seed = 1 if is_old and then == 'resume' else 2
            tiny_lesson.run_training(log_dir=log, **{**FLAGS, 'seed': seed}, **flags)
            if seed == 1:
                assert (
                    tiny_lesson.weights(log, 5) == tiny_lesson.weights(trained, 5)
                ).all()
            assert run_folder.saved_steps(str(log)) == [5, 3, 1]
        assert (log / 'notes.txt').read_text() == 'mine'
        if len(list(log.glob('model.ckpt-5.*'))) == 4 and not is_old and call > 20:
            break
    else:
        raise AssertionError('the run was never whole')
    assert call > 20


@pytest.mark.slow
@pytest.mark.parametrize('call', [2, 5])
def test_a_real_kill_of_a_start_or_of_a_removal(log, call):
    code = f"""
        import os, signal
        from tests.support import tiny_lesson
        calls = []
        def dying(function):
            def counted(*arguments, **options):
                calls.append(arguments)
                if len(calls) == {call}:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*arguments, **options)
            return counted
        os.remove, os.replace = dying(os.remove), dying(os.replace)
        tiny_lesson.run_training(
            log_dir={str(log)!r}, overwrite=True,
            **{FLAGS!r},
        )
    """
    killed = subprocess.run(
        [sys.executable, '-c', textwrap.dedent(code)], cwd=ROOT, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    flags = {'overwrite': True} if (log / 'run.json').exists() else {}
    tiny_lesson.run_training(log_dir=log, **FLAGS, **flags)
    assert run_folder.saved_steps(str(log)) == [5, 3, 1]
    assert not [path.name for path in log.iterdir() if path.name.startswith('.')]


def test_what_a_killed_save_left_is_removed_by_the_next_run(log):
    ours = 'model.ckpt-5.data-00000-of-00001.tempstate123'
    others = 'model.ckpt-50.data-00000-of-00001.tempstate123'
    for name in (ours, others):
        (log / name).write_bytes(b'half')
    tiny_lesson.run_training(log_dir=log, resume=True, **FLAGS)
    assert not (log / ours).exists()
    assert (log / others).exists()


# Files of others.


def test_files_of_others_are_never_removed(log):
    foreign = ['events.out.tfevents.1.host', 'train/events.out.tfevents.1.host',
               'model.ckpt-70.meta', 'projector_config.pbtxt', 'notes.txt']  # fmt: skip
    for name in foreign:
        (log / name).write_text(name)
    tiny_lesson.run_training(log_dir=log, resume=True, **FLAGS)
    tiny_lesson.run_training(log_dir=log, overwrite=True, **FLAGS)
    assert all((log / name).read_text() == name for name in foreign)


@pytest.mark.parametrize(
    'name',
    [
        'run.json',
        'history.json',
        'checkpoint',
        'model.ckpt-3.index',
        'model.ckpt-3.json',
    ],
)
@pytest.mark.parametrize('flag', ['resume', 'overwrite', 'log_dir'])
def test_another_programs_files_under_our_names_are_kept(tmp_path, name, flag):
    log = tmp_path / 'log'
    log.mkdir()
    (log / name).write_text('{"tool": "another"}')
    flags = {} if flag == 'log_dir' else {flag: True}
    assert name.split('.')[0] in refusal(log, **flags)


def test_another_programs_run_json_in_our_folder_is_kept(log):
    (log / 'run.json').write_text('{"tool": "another"}')
    line = refusal(log, overwrite=True)
    assert 'if it is of the run that you want to remove, remove it yourself' in line
    (log / 'run.json').unlink()
    assert 'run.json is missing' in refusal(log, resume=True)
    assert 'run.json is missing' in refusal(log)
    tiny_lesson.run_training(log_dir=log, overwrite=True, **FLAGS)


def test_a_checkpoint_of_others_is_neither_overwritten_nor_rotated_away(log):
    """It came while the run was stopped, under names that the run will need."""
    for ending in ('.index', '.json'):
        (log / f'model.ckpt-7{ending}').write_text('mine')
    with pytest.raises(errors.RunError, match=r'model\.ckpt-7\.index: was not written'):
        tiny_lesson.run_training(log_dir=log, resume=True, **{**FLAGS, 'max_steps': 20})
    assert (log / 'model.ckpt-7.index').read_text() == 'mine'
    assert (log / 'model.ckpt-7.json').read_text() == 'mine'
    for path in log.glob('model.ckpt-7.*'):
        path.rename(log / f'my-{path.name}')
    tiny_lesson.run_training(log_dir=log, resume=True, **{**FLAGS, 'max_steps': 20})
    assert run_folder.saved_steps(str(log)) == [19, 17, 15, 13, 11]


def test_a_run_of_another_lesson_is_named(log):
    for path in log.glob('model.ckpt*'):
        path.unlink()
    run = json_file.read_json(str(log / 'run.json'))
    run = {**json_file.without_checksum(run), 'lesson': 'deep'}
    json_file.write_json(str(log / 'run.json'), json_file.with_checksum(run))
    line = refusal(log, resume=True)
    assert 'holds a run of deep, not of tiny' in line


def test_the_list_holds_no_more_than_there_is(tmp_path):
    flags = {'seed': 1, 'max_steps': 12, 'checkpoint_steps': 1}
    tiny_lesson.run_training(log_dir=tmp_path, **flags)
    listed = json.loads((tmp_path / 'own_files.json').read_text())['files']
    there = {path.name for path in tmp_path.iterdir()} - {'own_files.json', 'train'}
    events = {name for name in there if 'tfevents' in name}
    assert {name for name in listed if '*' not in name} == there - events
    assert len(there) == 5 * 4 + 3 + len(events)
    assert len([name for name in listed if '*' in name]) == len(events) + 1  # in train/


# Runs of earlier versions, which had no list.


@pytest.fixture
def earlier(log):
    """A run without a list and without a checksum, stopped after four steps."""
    (log / own_files.LIST_FILE).unlink()
    run = json.loads((log / 'run.json').read_text())
    del run['crc32']
    (log / 'run.json').write_text(json.dumps(run))
    for path in log.glob('model.ckpt-5*'):
        path.unlink()
    (log / 'events.out.tfevents.1.host').write_text('whose is it?')
    return log


def test_an_earlier_run_is_continued_exactly(earlier, trained, capsys):
    tiny_lesson.run_training(log_dir=earlier, resume=True, **FLAGS)
    assert 'was started by an earlier version' in capsys.readouterr().err
    np.testing.assert_array_equal(
        tiny_lesson.weights(earlier, 5), tiny_lesson.weights(trained, 5)
    )
    tiny_lesson.run_training(log_dir=earlier, overwrite=True, **FLAGS)
    assert (earlier / 'events.out.tfevents.1.host').read_text() == 'whose is it?'


def test_an_earlier_run_is_not_overwritten(earlier):
    line = refusal(earlier, overwrite=True)
    assert 'earlier version, which did not write down which files are its own' in line


def test_a_refused_resume_of_an_earlier_run_keeps_all_its_files(earlier):
    before = {path: content(path) for path in earlier.rglob('*')}
    with pytest.raises(errors.RunError, match='has done 4 steps'):
        tiny_lesson.run_training(log_dir=earlier, resume=True, max_steps=2)
    assert before.items() <= {p: content(p) for p in earlier.rglob('*')}.items()
    (earlier / 'run.json').unlink()
    assert 'run.json is missing' in refusal(earlier)
