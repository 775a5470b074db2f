"""New folders appear whole or not at all; a missing library is one line."""

import os
import signal
import subprocess
import sys

from mnist_tut import errors
from mnist_tut.export import output
from tests.support.paths import ROOT

import pytest
import tensorflow.compat.v1 as tf


def test_a_folder_appears_when_it_is_complete(tmp_path):
    path = tmp_path / 'parent' / 'model'
    with output.new_folder(path) as folder:
        (tmp_path / folder / 'file').write_text('content')
        assert not path.exists()
    assert (path / 'file').read_text() == 'content'
    assert [p.name for p in path.parent.iterdir()] == ['model']


@pytest.mark.parametrize(
    'error',
    [OSError(28, 'No space left on device'), tf.errors.UnknownError(None, None, 'No')],
)
def test_nothing_half_written_stays(error, tmp_path):
    def write_half():
        with output.new_folder(tmp_path / 'model') as folder:
            (tmp_path / folder / 'file').write_text('half')
            raise error

    with pytest.raises(errors.RunError, match='model: cannot be written: No'):
        write_half()
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'file').write_text('mine')
    (tmp_path / 'link').symlink_to('missing')
    for name in ('mine', 'file', 'link'):
        with (
            pytest.raises(errors.RunError, match=f'{name}: exists already'),
            output.new_folder(tmp_path / name),
        ):
            raise AssertionError('not reached')
    with (
        pytest.raises(errors.RunError, match='cannot be written'),
        output.new_folder(tmp_path / 'file' / 'below'),
    ):
        raise AssertionError('not reached')
    assert (tmp_path / 'file').read_text() == 'mine'
    assert len(list(tmp_path.iterdir())) == 3


def kill_an_export(path):
    """Exports in a process that is killed before it is complete."""
    code = (
        'import os, signal, sys\n'
        'from mnist_tut.export import output\n'
        'with output.new_folder(sys.argv[1]) as folder:\n'
        '    open(os.path.join(folder, "file"), "w").close()\n'
        '    os.kill(os.getpid(), signal.SIGKILL)\n'
    )
    ended = subprocess.run([sys.executable, '-c', code, str(path)], cwd=ROOT)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_what_a_killed_export_left_is_removed_and_nothing_else(tmp_path):
    kill_an_export(tmp_path / 'model')
    [leftover] = tmp_path.iterdir()
    assert leftover.name.startswith('model.')
    mine = tmp_path / 'model.mine.part'
    mine.mkdir()
    (mine / 'file').write_text('mine')
    (tmp_path / 'model.file.part').write_text('mine')
    (tmp_path / 'model.link.part').symlink_to(mine)
    with output.new_folder(tmp_path / 'other'):
        assert leftover.exists()  # of another name
    with output.new_folder(tmp_path / 'model'):
        assert not leftover.exists()
    assert (mine / 'file').read_text() == 'mine'
    assert {path.name for path in tmp_path.iterdir()} == {
        'other', 'model', 'model.mine.part', 'model.file.part', 'model.link.part'
    }  # fmt: skip


def test_an_empty_folder_of_a_killed_export_is_removed_when_it_is_old(tmp_path):
    """One that was killed before it had its lock; a new one may be an export's."""
    killed = tmp_path / 'model.0_abcxyz.part'
    others = [
        tmp_path / 'model.abcd1234.part',  # new
        tmp_path / 'model.mine.part',
        tmp_path / 'other.0_abcxyz.part',
    ]
    for folder in [killed, *others]:
        folder.mkdir()
    for folder in [killed, *others[1:]]:
        os.utime(folder, (0, 0))
    with output.new_folder(tmp_path / 'model'):
        assert not killed.exists()
        assert all(folder.is_dir() for folder in others)


def test_an_export_that_is_still_running_is_left_alone(tmp_path):
    with output.new_folder(tmp_path / 'model') as running:
        with output.new_folder(tmp_path / 'model') as folder:
            assert (tmp_path / running).is_dir()
            (tmp_path / folder / 'file').write_text('second')
        (tmp_path / 'model').rename(tmp_path / 'second')
    assert {path.name for path in tmp_path.iterdir()} == {'model', 'second'}


def test_an_empty_name_is_refused():
    with (
        pytest.raises(errors.FlagError, match='--export_dir=: empty'),
        output.new_folder(''),
    ):
        raise AssertionError('not reached')


def test_a_missing_library_names_its_extra():
    assert output.require('json', 'onnx').loads('1') == 1
    with pytest.raises(errors.RunError) as caught:
        output.require('no_such_module', 'onnx')
    assert "pip install 'mnist_tut[onnx]'" in str(caught.value)
    assert '\n' not in str(caught.value)
