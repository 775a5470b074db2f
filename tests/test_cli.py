"""From the command line: one line for a mistake, status 1, nothing lost."""

import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time

from mnist_tut import cli, errors, fully_connected_feed, softmax
from tests.conftest import ROOT

import pytest
from absl import flags


def lesson(*arguments, name='softmax', **options):
    """Runs a lesson as a user does; returns the finished process."""
    return subprocess.run(
        [sys.executable, '-m', f'mnist_tut.{name}', *map(str, arguments)],
        capture_output=True,
        text=True,
        **{'cwd': ROOT, **options},
    )


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (
            ['--batch_size=0'],
            '--batch_size=0: 0 is not an integer in the range [1, 55000]',
        ),
        (['--batch_size=x'], '--batch_size=x: invalid literal for int()'),
        (['--max_steps=-1'], '--max_steps=-1'),
        (['--learning_rate=nan'], 'learning_rate=nan: expected a finite number'),
        (['--learning_rate=inf'], 'learning_rate=inf: expected a finite number'),
        (['--accuracy_at=1,x'], '--accuracy_at=1,x'),
        (['--no_such_flag'], "Unknown command line flag 'no_such_flag'"),
        (['stray'], 'stray: not a flag; see --help'),
        (['--data_dir=LICENSE'], '--data_dir=LICENSE: LICENSE is a file'),
        (['--log_dir='], '--log_dir=: empty'),
        (['--plots_dir=LICENSE/x'], '--plots_dir=LICENSE/x: LICENSE is a file'),
    ],
)
def test_a_mistake_is_one_line_and_status_1(capsys, monkeypatch, arguments, expected):
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit) as stopped:
        cli.run(softmax.main, fresh(softmax.FLAGS), ['softmax', *arguments])
    printed = capsys.readouterr()
    assert stopped.value.code == 1
    assert printed.out == ''
    assert printed.err.count('\n') == 1
    assert expected in printed.err


def fresh(values):
    """Parsing changes flags; this undoes it when the test is over."""
    for name in values:
        values[name].unparse()
    return values


@pytest.fixture(autouse=True)
def restored_flags():
    kept = [(values, values.flag_values_dict()) for values in (softmax.FLAGS,)]
    yield
    for values, before in kept:
        for name, value in before.items():
            values[name].value = value


def test_huge_layers_are_refused_before_they_are_made(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.run(
            fully_connected_feed.main,
            fresh(fully_connected_feed.FLAGS),
            ['fully_connected_feed', '--hidden1=1000000000'],
        )
    fully_connected_feed.FLAGS.hidden1 = 128
    line = capsys.readouterr().err
    assert stopped.value.code == 1
    assert 'hidden1=1000000000' in line
    assert 'more than 2 GB' in line


def test_help_tells_every_flag(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.run(softmax.main, softmax.FLAGS, ['softmax', '--help'])
    text = capsys.readouterr().out
    assert stopped.value.code == 0
    assert text.startswith('Softmax regression')
    for name in softmax.FLAGS:
        assert re.search(rf'--{name}: \S.{{20,}}', text), name


def test_keyword_arguments_are_flags_for_one_call():
    values = flags.FlagValues()
    flags.DEFINE_integer('size', 3, 'A size.', lower_bound=1, flag_values=values)
    values.mark_as_parsed()

    @cli.with_flags(values)
    def size():
        return values.size

    assert size() == 3
    assert size(size='7') == 7
    assert size() == 3
    with pytest.raises(errors.FlagError, match='size=0'):
        size(size=0)
    with pytest.raises(errors.FlagError, match='colour: no such flag'):
        size(colour=1)
    assert size() == 3


def test_a_good_run_prints_the_documents_lines_alone(digits_dir, tmp_path):
    run = lesson(
        f'--data_dir={digits_dir}',
        '--max_steps=20',
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
    # On stderr: which data is used, and that it is not MNIST. Nothing of TensorFlow's.
    told = run.stderr.splitlines()
    assert told
    assert all('synthetic' in line.lower() for line in told), run.stderr


def test_a_real_warning_still_shows():
    code = """
from mnist_tut import runtime
import tensorflow.compat.v1 as tf
tf.logging.warning('the sky is falling')
tf.logging.warning('The name tf.x is deprecated.')
"""
    run = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT
    )
    assert 'the sky is falling' in run.stderr
    assert 'deprecated' not in run.stderr


def test_native_output_that_is_no_banner_still_shows():
    from mnist_tut import runtime

    banner = 'I0000 00:00:1 1 port.cc:153] oneDNN custom operations are on. You may\n'
    trouble = 'E0000 00:00:1 1 cuda_dnn.cc:1] Could not load library cudnn\n'
    assert runtime._shown(banner + trouble) == trouble


@pytest.mark.parametrize(
    ('number', 'status'), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_saves_and_says_how_to_go_on(digits_dir, tmp_path, number, status):
    log = tmp_path / 'log'
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
    _, told = run.communicate()
    assert run.returncode == status
    assert f'{signal.Signals(number).name}: stopped and saved after' in told
    assert f'--resume --log_dir={log}' in told
    assert 'Traceback' not in told
    assert list(log.glob('model.ckpt-*.json'))


def test_a_reader_that_has_seen_enough_ends_the_run_quietly(digits_dir, tmp_path):
    run = subprocess.run(
        f'{sys.executable} -u -m mnist_tut.deep --data_dir={digits_dir} '
        f'--log_dir={tmp_path}/log --max_steps=101 --batch_size=2 --seed=1 | head -1',
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert 'Traceback' not in run.stderr
    assert 'Exception' not in run.stderr


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
