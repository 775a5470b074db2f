"""Lessons run as programs: what they print, and where."""

import os
import re
import subprocess
import sys

from tests.support.paths import ROOT


def test_a_good_run_prints_the_documents_lines_alone(digits_dir, tmp_path):
    arguments = [f'--data_dir={digits_dir}', '--max_steps=20']
    run = subprocess.run(
        [sys.executable, '-m', 'mnist_tut.softmax', *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    assert run.returncode == 0, run.stderr
    extracting = [
        f'Extracting {digits_dir}/{name}-ubyte.gz'
        for name in (
            'train-images-idx3',
            'train-labels-idx1',
            't10k-images-idx3',
            't10k-labels-idx1',
        )
    ]
    lines = run.stdout.splitlines()
    assert [line for line in lines if line.startswith('Extracting')] == extracting
    assert re.fullmatch(r'0\.\d+', lines[-2])
    # On stderr: which data is used, that it is not MNIST, and what comes next. Nothing
    # of TensorFlow's.
    *notes, where, predict, board = run.stderr.splitlines()
    assert notes
    assert all('synthetic' in line.lower() for line in notes), run.stderr
    assert where.startswith('The run is in logs/softmax/run-0001')
    assert predict.endswith(
        'mnist_tut.predict photo.jpg --log_dir=logs/softmax/run-0001'
    )
    assert board.endswith(' -m tensorboard.main --logdir=logs/softmax/run-0001')


def test_a_reader_that_has_seen_enough_ends_the_run_quietly(digits_dir, tmp_path):
    run = subprocess.run(
        f'{sys.executable} -u -m mnist_tut.deep --data_dir={digits_dir} '
        f'--log_dir={tmp_path}/log --max_steps=101 --batch_size=2 --seed=1 | head -1',
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    [line] = run.stdout.splitlines()
    assert line.startswith('Data: SYNTHETIC digits')
    assert 'Traceback' not in run.stderr
    assert 'Exception' not in run.stderr
    assert 'flag' not in run.stderr
