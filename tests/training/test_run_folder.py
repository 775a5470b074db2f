"""Which folder a run gets, and which names of folders it cannot have."""

import errno
import subprocess
import sys

from mnist_tut import errors, softmax
from mnist_tut.training import run_folder
from tests.support.paths import ROOT

import pytest


def test_new_folders_are_numbered_and_never_shared(tmp_path):
    root = str(tmp_path / 'logs')
    code = (
        'import sys; from mnist_tut.training import run_folder\n'
        'for _ in range(40): print(run_folder.new_folder(sys.argv[1]))'
    )
    runs = [
        subprocess.Popen(
            [sys.executable, '-c', code, root],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    folders = [line for run in runs for line in run.communicate()[0].split()]
    assert len(set(folders)) == 80
    assert run_folder.newest_folder(root).endswith('run-0080')


def test_a_new_folder_comes_after_all_others(tmp_path):
    (tmp_path / 'run-0005').mkdir()
    assert run_folder.new_folder(str(tmp_path)).endswith('run-0006')


@pytest.mark.parametrize('name', ['exp[1]', 'exp*', 'exp?', 'exp\\\\1', 'ram://exp'])
@pytest.mark.parametrize('flag', [{}, {'resume': True}, {'overwrite': True}])
def test_a_name_that_is_a_pattern_to_tensorflow_is_refused(
    digits_dir, tmp_path, monkeypatch, name, flag
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.FlagError, match=r'--log_dir=exp.* is a pattern to|ram:'):
        softmax.run_training(data_dir=digits_dir, log_dir=name, max_steps=1, **flag)
    assert list(tmp_path.iterdir()) == []


def test_a_relative_folder_below_such_a_name_works(digits_dir, tmp_path, monkeypatch):
    (tmp_path / 'exp[1]').mkdir()
    monkeypatch.chdir(tmp_path / 'exp[1]')
    flags = {'data_dir': digits_dir, 'log_dir': 'log', 'checkpoint_steps': 1}
    softmax.run_training(max_steps=7, **flags)
    softmax.run_training(max_steps=9, resume=True, **flags)
    assert run_folder.saved_steps('log') == [8, 7, 6, 5, 4]


def test_a_folder_that_cannot_be_locked_is_one_line(digits_dir, tmp_path):
    target = tmp_path / 'target'
    for make in (
        lambda lock: lock.write_text('mine'),
        lambda lock: lock.mkdir(),
        lambda lock: lock.symlink_to(target),
    ):
        log = tmp_path / f'log{len(list(tmp_path.iterdir()))}'
        log.mkdir()
        make(log / 'run.lock')
        with pytest.raises(errors.RunError, match=r'run\.lock: cannot be locked'):
            softmax.run_training(data_dir=digits_dir, log_dir=log, max_steps=1)
        assert [path.name for path in log.iterdir()] == ['run.lock']
    assert not target.exists()


def test_a_disk_without_locks_is_said_and_used(
    digits_dir, tmp_path, monkeypatch, capsys
):
    fcntl = pytest.importorskip('fcntl')

    def no_locks(stream, how):
        raise OSError(errno.ENOLCK, 'No locks available')

    monkeypatch.setattr(fcntl, 'flock', no_locks)
    softmax.run_training(data_dir=digits_dir, log_dir=tmp_path / 'log', max_steps=2)
    assert capsys.readouterr().err.count('this disk has no locks') == 1
    assert run_folder.saved_steps(str(tmp_path / 'log')) == [1]
