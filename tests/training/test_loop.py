"""Signals, progress and locks around a lesson's loop, as a user meets them."""

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import termios
import time

from mnist_tut import errors, softmax
from tests.support.paths import ROOT

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    ('number', 'status'), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_saves_and_prints_how_to_continue(
    digits_dir, tmp_path, number, status
):
    log = tmp_path / "my 'log"
    run = subprocess.Popen(
        [
            sys.executable,
            '-u',
            '-m',
            'mnist_tut.softmax',
            f'--data_dir={digits_dir}',
            f'--log_dir={log}',
            '--max_steps=1000000',
            '--accuracy_at=50',
            '--seed=1',
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in run.stdout:
        if line.startswith('50 steps'):
            break
    run.send_signal(number)
    _, err = run.communicate()
    assert run.returncode == status
    assert f'{signal.Signals(number).name}: stopped and saved after' in err
    [again] = re.findall('continue with (.*)', err)
    python, *words = shlex.split(again)
    assert python == 'python' or (ROOT / python).samefile(sys.executable)
    assert words == ['-m', 'mnist_tut.softmax', '--resume', f'--log_dir={log}']
    assert 'Traceback' not in err
    assert list(log.glob('model.ckpt-*.json'))


@pytest.mark.slow
def test_two_trainers_in_one_folder(digits_dir, tmp_path):
    log = tmp_path / 'log'
    first = subprocess.Popen(
        [
            sys.executable,
            '-u',
            '-m',
            'mnist_tut.softmax',
            f'--data_dir={digits_dir}',
            f'--log_dir={log}',
            '--max_steps=1000000',
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        while not (log / 'run.json').exists():
            assert first.poll() is None
            time.sleep(0.1)
        with pytest.raises(errors.RunError, match='another process is training'):
            softmax.run_training(data_dir=digits_dir, log_dir=log, resume=True)
    finally:
        first.kill()
        first.communicate()


def on_a_terminal(*arguments):
    """Runs a lesson with stderr on a terminal; returns (stdout, what it showed)."""
    terminal, stderr = pty.openpty()
    termios.tcsetwinsize(stderr, (24, 100))
    run = subprocess.Popen(
        [sys.executable, '-m', *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=stderr,
    )
    os.close(stderr)
    shown = b''
    while True:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
    stdout, _ = run.communicate()
    os.close(terminal)
    assert run.returncode == 0, shown
    return stdout, shown.decode()


@pytest.mark.slow
def test_progress_is_shown_on_a_terminal_and_leaves_stdout_alone(digits_dir, tmp_path):
    arguments = [
        'mnist_tut.deep',
        f'--data_dir={digits_dir}',
        '--max_steps=101',
        '--seed=1',
        '--batch_size=4',
    ]
    with_bar, shown = on_a_terminal(*arguments, f'--log_dir={tmp_path}/a')
    without = subprocess.run(
        [sys.executable, '-m', *arguments, f'--log_dir={tmp_path}/b'],
        cwd=ROOT,
        capture_output=True,
    )
    assert with_bar == without.stdout
    assert re.search(r'deep: +\d+%.*\d+/101 .*step/s.*loss=', shown), shown
    assert b'%' not in without.stderr
