"""Which folder a run gets, and which files in it are the run's own."""

import json
import os
import subprocess
import sys

from mnist_tut import errors
from mnist_tut.training import run_folder
from tests.support.paths import ROOT

import pytest


def test_own_files_are_those_of_a_run_and_no_others(tmp_path):
    own = [
        'checkpoint', 'run.json', 'history.json', 'model.ckpt-7.meta',
        'model.ckpt-7.index', 'model.ckpt-7.data-00000-of-00001', 'model.ckpt-7.json',
        'events.out.tfevents.123.host', 'train/events.out.tfevents.123.host',
        'test/events.out.tfevents.123.host',
    ]  # fmt: skip
    foreign = [
        'model.ckpt-notes.txt', 'model.ckpt', 'checkpoints', 'my-run.json',
        'train/checkpoint', 'events.txt', 'train-images-idx3-ubyte.gz', 'thesis.pdf',
    ]  # fmt: skip
    for name in own + foreign:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    paths = [os.path.relpath(path, tmp_path) for path in run_folder.own_files(tmp_path)]
    assert sorted(paths) == sorted(own)


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


def test_a_json_file_that_cannot_be_written_leaves_the_old_one(tmp_path, request):
    path = tmp_path / 'run.json'
    run_folder.write_json(str(path), {'a': 1})
    request.getfixturevalue('full_disk')
    with pytest.raises(errors.RunError, match=r'No space left.*is intact'):
        run_folder.write_json(str(path), {'a': 2})
    assert json.loads(path.read_text()) == {'a': 1}
    assert [path.name for path in tmp_path.iterdir()] == ['run.json']
