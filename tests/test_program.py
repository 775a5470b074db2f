"""How a program begins and ends: help, Ctrl-C, closed and full streams."""

import errno
import os
import signal
import subprocess
import sys
import threading

from mnist_tut import COMMANDS, LESSONS, errors, program
from tests.support.paths import ROOT

import pytest

WITH_FLAGS = sorted({*LESSONS, *COMMANDS} - {'legacy'})
only_posix = pytest.mark.skipif(os.name == 'nt', reason='needs a POSIX shell')


def start(*arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments],
        **{
            'capture_output': True,
            'text': True,
            'cwd': ROOT,
            'env': {**os.environ, 'PYTHONIOENCODING': 'utf-8'},
            **options,
        },
    )


def shell(line, **environment):
    """Runs a line in which $PYTHON is this Python."""
    return subprocess.run(
        line,
        shell=True,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, 'PYTHON': sys.executable, **environment},
    )


@pytest.mark.parametrize('name', WITH_FLAGS)
def test_help_imports_no_tensorflow_and_fits_a_terminal(name):
    run = start('-X', 'importtime', '-m', f'mnist_tut.{name}', '--help')
    assert run.returncode == 0, run.stderr
    assert 'mnist_tut' in run.stderr
    for package in ('tensorflow.python', 'tensorflow._api', 'keras', 'matplotlib'):
        assert f' {package}' not in run.stderr
    assert max(map(len, run.stdout.splitlines())) <= 80
    assert '\nFlags' in run.stdout


@pytest.mark.slow
def test_help_of_an_old_script_is_its_own(tmp_path):
    (tmp_path / 'old.py').write_text(
        'import sys\nimport tensorflow as tf\nprint(sys.argv[1:], tf.constant)\n'
    )
    run = start('-m', 'mnist_tut.legacy', tmp_path / 'old.py', '--help')
    assert run.stdout.startswith("['--help'] <function constant")


@pytest.mark.slow
def test_help_of_another_program_leaves_tensorflow_alone(tmp_path):
    (tmp_path / 'other.py').write_text(
        'from mnist_tut import runtime\nprint(runtime.tf.constant)\n'
    )
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join([str(ROOT)])}
    run = start('-m', 'other', '--help', cwd=tmp_path, env=environment)
    assert run.stdout.startswith('<function constant'), run.stderr


@pytest.mark.parametrize(
    ('argv', 'expected'),
    [
        (['x', '-h'], True),
        (['x', 'a.png', '--help'], True),
        (['x', '--helpshort'], True),
        (['x', '--', '--help'], False),
        (['--help'], False),
        (['x', '--helpless'], False),
    ],
)
def test_help_is_asked_for_before_two_dashes(argv, expected):
    assert program.wants_help(argv) is expected


def test_the_package_lists_its_programs():
    run = start('-m', 'mnist_tut')
    assert run.returncode == 0
    for name in (*LESSONS, *COMMANDS):
        assert f'\n  {name} ' in run.stdout
    assert 'Softmax regression: one linear layer' in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80
    assert start('-m', 'mnist_tut', '--help').stdout == run.stdout


def test_the_package_with_an_argument_says_what_to_run():
    run = start('-m', 'mnist_tut', 'deap')
    assert (run.returncode, run.stdout) == (1, '')
    assert run.stderr == 'deap: expected no argument; try python -m mnist_tut.deep\n'


@pytest.mark.slow
def test_the_module_that_is_not_to_be_run_says_what_to_run():
    run = start('-m', 'mnist_tut.mnist')
    assert (run.returncode, run.stdout, run.stderr.count('\n')) == (1, '', 1)
    assert 'run python -m mnist_tut.fully_connected_feed' in run.stderr


def test_garbage_is_collected_again_when_all_is_imported(tmp_path):
    # A module in TensorFlow's place that does what a program does after its imports.
    (tmp_path / 'tensorflow').mkdir()
    (tmp_path / 'tensorflow' / '__init__.py').write_text(
        'import gc\n'
        'print(gc.isenabled(), gc.get_freeze_count() > 0)\n'
        'from mnist_tut import program\n'
        'program.run('
        'lambda: print(gc.isenabled(), gc.get_freeze_count() > 0))\n'
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    run = start('-m', 'mnist_tut.deep', env={**os.environ, 'PYTHONPATH': path})
    assert run.stdout == 'False False\nTrue True\n', run.stderr


def test_garbage_is_collected_as_before_where_no_program_starts():
    code = (
        'import gc, mnist_tut\nfrom mnist_tut import program\n'
        'print(gc.isenabled())\n'
        'program.imports_done()\nprint(gc.isenabled(), gc.get_freeze_count())'
    )
    assert start('-c', code).stdout == 'True\nTrue 0\n'


@only_posix
@pytest.mark.parametrize('name', ['deep', 'export'])
def test_ctrl_c_during_the_imports_is_quiet(name, tmp_path):
    # A module in TensorFlow's place that says when it is being imported.
    (tmp_path / 'tensorflow').mkdir()
    (tmp_path / 'tensorflow' / '__init__.py').write_text(
        'import time\nprint("importing", flush=True)\ntime.sleep(60)\n'
    )
    process = subprocess.Popen(
        [sys.executable, '-m', f'mnist_tut.{name}'],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={
            **os.environ,
            'PYTHONPATH': os.pathsep.join([str(tmp_path), str(ROOT)]),
        },
    )
    assert process.stdout.readline() == 'importing\n'
    process.send_signal(signal.SIGINT)
    assert process.communicate() == ('', '')
    assert process.returncode == 130


@only_posix
@pytest.mark.parametrize('name', ['softmax', 'predict', 'legacy'])
def test_a_closed_stdout_is_one_line(name):
    run = shell(f'"$PYTHON" -m mnist_tut.{name} --help >&-')
    assert run.returncode == 1
    assert run.stderr == (
        b'standard output is closed; send it to a file, or to /dev/null\n'
    )


@pytest.mark.slow
@only_posix
def test_a_closed_stderr_is_none_of_the_files_that_are_opened(tmp_path):
    run = shell(
        f'"$PYTHON" -m mnist_tut.with_summaries --fake_data --max_steps=1 --seed=1 '
        f'--log_dir={tmp_path}/log 2>&-'
    )
    assert run.returncode == 0
    assert b'Data: made up' not in run.stdout
    for path in (tmp_path / 'log').rglob('*'):
        assert path.is_dir() or b'Data: made up' not in path.read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='needs /dev/full')
@pytest.mark.parametrize('arguments', ['softmax --help', 'with_summaries --fake_data'])
def test_a_full_stdout_is_one_line(arguments, tmp_path):
    run = shell(
        f'"$PYTHON" -m mnist_tut.{arguments} --max_steps=1 --log_dir={tmp_path} '
        '> /dev/full'
    )
    assert run.returncode == 1
    [line] = [
        line for line in run.stderr.decode().splitlines() if not line.startswith('Data')
    ]
    assert line == 'standard output cannot be written: No space left on device'


@pytest.mark.slow
@only_posix
@pytest.mark.parametrize('encoding', ['ascii', 'latin-1'])
def test_a_name_that_the_terminals_encoding_lacks_is_escaped(
    encoding, digits_dir, tmp_path
):
    (tmp_path / 'Ziffern-数字').symlink_to(digits_dir)
    run = shell(
        f'cd {tmp_path} && "$PYTHON" -m mnist_tut.softmax --data_dir=Ziffern-数字 '
        '--max_steps=1 --batch_size=2',
        LC_ALL='C',
        PYTHONIOENCODING=encoding,
        PYTHONPATH=str(ROOT),
    )
    assert run.returncode == 0, run.stderr
    assert rb'Extracting Ziffern-\u6570\u5b57/train-images' in run.stdout


def run_in_process(main):
    with pytest.raises(SystemExit) as stopped:
        program.run(main)
    return stopped.value.code


def test_errors_of_the_system_and_of_users_are_one_printable_line(capsys):
    def refuse():
        raise errors.RunError('a\x1b[31m\nb')

    def miss():
        raise FileNotFoundError(errno.ENOENT, 'No such file', 'a\nb')

    def encode():
        'a\udcff'.encode()

    assert run_in_process(encode) == 1
    assert capsys.readouterr().err.startswith(r'a\udcff: is not in the encoding utf-8;')
    assert run_in_process(refuse) == 1
    assert capsys.readouterr().err == 'a\\x1b[31m\\nb\n'
    assert run_in_process(miss) == 1
    assert capsys.readouterr().err.count('\n') == 1


def test_a_mistake_of_the_program_itself_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        program.run(lambda: 1 // 0)


def test_ctrl_c_ends_a_program_with_status_130(capsys):
    def interrupt():
        raise KeyboardInterrupt

    assert run_in_process(interrupt) == 130
    assert capsys.readouterr().err == ''


def test_a_handler_of_another_program_is_left_alone():
    if threading.current_thread() is not threading.main_thread():
        pytest.skip('signal handlers are for the main thread')
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        program.imports_done()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
