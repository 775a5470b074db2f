"""The bar is on stderr alone, and never in the middle of what a lesson prints."""

import contextlib
import functools
import io
import os
import sys
import types

from mnist_tut.training import progress
from mnist_tut.training.progress import Bar
from tests.support.paths import ROOT

import pytest
from tqdm import std


class Terminal(io.StringIO):
    """A stream that also shows what a terminal would display."""

    def isatty(self):
        return True

    def lines(self):
        """Returns the lines on the screen; a carriage return writes over a line."""
        screen = []
        for line in self.getvalue().split('\n'):
            seen = ''
            for part in line.split('\r'):
                seen = part + seen[len(part) :]
            screen.append(seen.rstrip())
        return screen


@contextlib.contextmanager
def streams(stdout, stderr):
    """Writes to other streams; pytest sets its own before each test."""
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        yield


@pytest.fixture
def terminal(monkeypatch):
    """A terminal on which the bar is drawn at each step, however short it is."""
    always = functools.partial(std.tqdm, mininterval=0, miniters=1)
    monkeypatch.setattr(progress, 'std', types.SimpleNamespace(tqdm=always))
    return Terminal()


def test_the_bar_shows_lesson_steps_and_metrics(terminal):
    with streams(terminal, terminal), Bar('softmax', 3, 10) as bar:
        assert 'softmax:  30%' in terminal.lines()[-1]
        assert '3/10' in terminal.lines()[-1]
        bar.show({'loss': 0.123456, 'test_accuracy': 0.5})
        bar.advance()
        assert '4/10' in terminal.lines()[-1]
        assert 'loss=0.1235 test_accuracy=0.5' in terminal.lines()[-1]


@pytest.mark.parametrize('error', [None, KeyError, KeyboardInterrupt])
def test_the_bar_is_removed_at_the_end(terminal, error):
    def run():
        with Bar('softmax', 0, 10) as bar:
            bar.advance()
            assert '1/10' in terminal.lines()[-1]
            if error:
                raise error

    with streams(terminal, terminal):
        with pytest.raises(error) if error else contextlib.nullcontext():
            run()
        assert sys.stdout is terminal
    assert terminal.lines() == ['']


def test_printed_lines_take_the_place_of_the_bar(terminal):
    with streams(terminal, terminal), Bar('softmax', 0, 3) as bar:
        for step in range(3):
            print(f'step {step}')
            print(end='')  # writes nothing, and begins no line
            bar.advance()
            assert terminal.lines()[step] == f'step {step}'
            assert f'{step + 1}/3' in terminal.lines()[-1]
    assert terminal.lines() == ['step 0', 'step 1', 'step 2', '']


def test_the_bar_waits_until_a_line_is_finished(terminal):
    with streams(terminal, terminal), Bar('softmax', 0, 3) as bar:
        print('Epoch:', end=' ')
        bar.advance()
        bar.advance()
        print(end='')
        assert terminal.lines() == ['Epoch:']
        print('0')
        assert terminal.lines() == ['Epoch: 0', '']
        bar.advance()
        assert '3/3' in terminal.lines()[-1]  # the others were counted
    assert terminal.lines() == ['Epoch: 0', '']


def test_stdout_is_still_a_stream_with_all_its_methods(terminal):
    with streams(terminal, terminal), Bar('softmax', 0, 3):
        assert sys.stdout is not terminal
        assert sys.stdout.isatty()
        assert sys.stdout.write('') == 0
        assert sys.stdout.write('ab\n') == 3
        sys.stdout.flush()


def test_a_file_gets_the_same_bytes_as_without_a_bar(terminal):
    file = io.StringIO()
    with streams(file, terminal), Bar('softmax', 0, 2) as bar:
        assert sys.stdout is file
        print('step 0')
        bar.advance()
        assert '1/2' in terminal.lines()[-1]
    assert file.getvalue() == 'step 0\n'
    assert terminal.lines() == ['']


def test_without_a_terminal_nothing_is_shown():
    out, err = io.StringIO(), io.StringIO()
    with streams(out, err), Bar('softmax', 0, 2) as bar:
        assert sys.stdout is out
        bar.show({'loss': 1.0})
        bar.advance()
        print('step 0')
    assert out.getvalue() == 'step 0\n'
    assert err.getvalue() == ''


class Display:
    """IPython's display, with what is on the screen and all that ever was."""

    def __init__(self):
        self.shown = []

    def display(self, content, raw, display_id):
        assert raw
        assert display_id
        self.shown.append(content)
        return self

    def update(self, content, raw):
        assert raw
        self.shown.append(content)


@pytest.fixture
def kernel(monkeypatch):
    """Makes this process look like that of a notebook."""
    shell = types.SimpleNamespace(kernel='a kernel', display=Display())
    ipython = types.SimpleNamespace(
        get_ipython=lambda: shell, display=types.SimpleNamespace()
    )
    ipython.display.display = shell.display.display
    monkeypatch.setitem(sys.modules, 'IPython', ipython)
    return shell


def test_a_notebook_shows_the_bar_and_removes_it(kernel, terminal):
    out, err = io.StringIO(), io.StringIO()
    with streams(out, err), Bar('softmax', 0, 2) as bar:
        bar.show({'loss': 0.5})
        bar.advance()
    first, *_, last_line, last = kernel.display.shown
    assert first['text/plain'].startswith('softmax:   0%')
    assert '1/2' in last_line['text/plain']
    assert last_line['text/plain'].endswith('loss=0.5]')
    assert last == {}
    assert out.getvalue() == err.getvalue() == ''


def test_an_interactive_shell_is_no_notebook(kernel):
    del kernel.kernel
    err = io.StringIO()
    with streams(io.StringIO(), err), Bar('softmax', 0, 2):
        pass
    assert err.getvalue() == ''
    assert kernel.display.shown == []


CELL = """
import time
from mnist_tut.training.progress import Bar
with Bar('softmax', 0, 4) as bar:
    for step in range(4):
        print('step', step)
        time.sleep(0.15)
        bar.advance()
"""


@pytest.mark.parametrize('is_disabled', [False, True])
def test_a_notebook_that_was_run_holds_no_bar(is_disabled, monkeypatch):
    """With ipywidgets installed tqdm would show a widget, which cannot be saved."""
    nbclient = pytest.importorskip('nbclient')
    nbformat = pytest.importorskip('nbformat')
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    shown = []

    class Client(nbclient.NotebookClient):
        def process_message(self, msg, cell, cell_index):
            if msg['msg_type'].endswith('display_data'):
                shown.append(msg['content']['data'])
            assert not msg['msg_type'].startswith('comm_')
            return super().process_message(msg, cell, cell_index)

    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    environment |= {'TQDM_DISABLE': '1'} if is_disabled else {}
    Client(notebook).execute(env=environment)
    [cell] = notebook.cells
    printed = [o.text for o in cell.outputs if o.output_type == 'stream']
    assert ''.join(printed) == 'step 0\nstep 1\nstep 2\nstep 3\n'
    rest = [o for o in cell.outputs if o.output_type != 'stream']
    if is_disabled:
        assert (shown, rest) == ([], [])
    else:
        assert len(shown) > 3
        assert all(list(data) == ['text/plain'] for data in shown[:-1])
        assert any('2/4' in data['text/plain'] for data in shown[:-1])
        assert [output.data for output in rest] == [{}]
