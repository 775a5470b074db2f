"""What a run says when it ends, and where."""

import os
import shlex
import subprocess
import sys

from mnist_tut.data import locate
from mnist_tut.training import ending, progress
from tests import lessons
from tests.support.paths import ROOT

import pytest

MNIST = locate.DatasetInfo('.', 'mnist', 'sum', {})
DRAWN = locate.DatasetInfo('.', 'synthetic', 'sum', {})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A finished run, relative to the current folder."""
    monkeypatch.chdir(tmp_path)
    folder = 'my runs/one'
    os.makedirs(folder)
    with open(os.path.join(folder, 'model.ckpt-9.json'), 'w') as file:
        file.write('{}')
    return folder


def notes(capsys, folder, lesson='softmax', info=MNIST, plots_dir=None, plots=()):
    """Returns the lines on stdout and those on stderr."""
    ending.show(folder, lesson, info, plots_dir, plots)
    printed = capsys.readouterr()
    return printed.out.splitlines(), printed.err.splitlines()


def test_three_lines_say_where_the_run_is_and_what_comes_next(folder, capsys):
    out, [where, predict, board] = notes(capsys, folder)
    assert out == []
    assert where.startswith('The run is in my runs/one; the notebook is ')
    assert where.endswith('notebooks/beginner_notes.ipynb')
    start, _, command = predict.partition(': ')
    assert start == 'Try it on a digit of your own'
    module = ['-m', 'mnist_tut.predict', 'photo.jpg', '--log_dir=my runs/one']
    assert shlex.split(command)[1:] == module
    start, _, command = board.partition(': ')
    assert start == 'See it in TensorBoard'
    assert shlex.split(command)[1:] == [
        '-m',
        'tensorboard.main',
        '--logdir=my runs/one',
    ]


def test_the_commands_start_this_python(folder, capsys, monkeypatch):
    _, [_, predict, _] = notes(capsys, folder)
    python = shlex.split(predict.partition(': ')[2])[0]
    assert python == 'python' or os.path.abspath(python) == sys.executable
    monkeypatch.setattr(ending.shutil, 'which', lambda name: sys.executable)
    _, [_, predict, _] = notes(capsys, folder)
    assert predict.partition(': ')[2].startswith('python -m ')


def test_a_run_without_a_checkpoint_cannot_predict(folder, capsys):
    os.remove('my runs/one/model.ckpt-9.json')
    _, [_, board] = notes(capsys, folder)
    assert board.startswith('See it in TensorBoard')


def test_a_lesson_of_yours_has_no_notebook(folder, capsys):
    _, [where, *_] = notes(capsys, folder, 'a lesson of yours')
    assert where == 'The run is in my runs/one'


def test_a_model_of_made_up_data_is_not_for_digits(folder, capsys):
    _, lines = notes(capsys, folder, info=locate.fake())
    assert not any('predict' in line for line in lines)


def test_the_pictures_are_named(folder, capsys):
    pictures = ['weights.png', 'loss.png']
    _, [line, *_] = notes(capsys, folder, plots_dir='my plots', plots=pictures)
    assert line == '2 pictures in my plots: weights.png, loss.png'


def test_a_notebook_gets_no_commands(folder, capsys, monkeypatch):
    monkeypatch.setattr(progress, 'in_notebook', lambda: True)
    _, [line] = notes(capsys, folder)
    assert line.startswith('The run is in ')


def test_a_name_with_a_newline_stays_on_its_line(capsys, tmp_path):
    _, lines = notes(capsys, str(tmp_path / 'a\nb'), 'mine')
    assert [line[:8] for line in lines] == ['The run ', 'See it i']


def test_the_notebook_of_a_lesson_builds_its_model():
    names = {lesson.name for lesson in lessons.LESSONS}
    assert set(ending.NOTEBOOKS) == names - {'with_summaries'}
    for lesson, notebook in ending.NOTEBOOKS.items():
        text = (ROOT / 'notebooks' / f'{notebook}.ipynb').read_text(encoding='utf-8')
        assert f'mnist_tut.{lesson}' in text


SHOW = """
from mnist_tut.data import locate
from mnist_tut.training import ending
ending.show('run', '', locate.DatasetInfo('.', 'synthetic', '', {}), None, [])
"""


@pytest.mark.slow
def test_two_files_both_get_the_note_on_drawn_digits(tmp_path):
    run = subprocess.run(
        [sys.executable, '-c', SHOW], cwd=ROOT, capture_output=True, text=True
    )
    assert run.stdout.splitlines() == [DRAWN.disclaimer()]
    assert run.stderr.splitlines()[0] == DRAWN.disclaimer()


@pytest.mark.slow
def test_one_pipe_for_both_gets_it_once():
    output = subprocess.check_output(
        [sys.executable, '-c', SHOW], cwd=ROOT, stderr=subprocess.STDOUT, text=True
    )
    assert output.count(DRAWN.disclaimer()) == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == 'win32', reason='no pseudo-terminals')
@pytest.mark.parametrize('is_stdout', [True, False])
def test_a_terminal_shows_it_once(is_stdout):
    import pty

    terminal, other_end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, '-c', SHOW],
        cwd=ROOT,
        stdout=other_end if is_stdout else subprocess.PIPE,
        stderr=other_end,
        text=True,
    ) as process:
        os.close(other_end)
        rest = process.stdout.read() if process.stdout else ''
        shown = b''
        while True:
            try:
                part = os.read(terminal, 1000)
            except OSError:  # how Linux says that the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(terminal)
    assert shown.decode().count(DRAWN.disclaimer()) == 1
    assert rest.count(DRAWN.disclaimer()) == (0 if is_stdout else 1)
