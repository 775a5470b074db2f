"""Where notices are printed, and how often."""

import os
import subprocess
import sys

from mnist_tut import notices
from tests.support.paths import ROOT

import pytest

PROGRAM = "from mnist_tut import notices; notices.announce('the line', ', why')"


def test_a_notice_goes_to_stderr(capsys):
    notices.log('the line')
    assert capsys.readouterr() == ('', 'the line\n')


def test_an_announcement_goes_to_both_and_its_detail_to_stderr(capsys):
    notices.announce('the line', ', why')
    assert capsys.readouterr() == ('the line\n', 'the line, why\n')


def test_it_is_printed_once_where_both_end():
    result = subprocess.run(
        [sys.executable, '-c', PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        text=True,
        check=True,
    )
    assert result.stdout == 'the line, why\n'


@pytest.mark.skipif(os.name == 'nt', reason='needs a pseudo-terminal')
@pytest.mark.parametrize('to_file', [False, True])
def test_it_is_printed_once_on_a_terminal(to_file, tmp_path):
    import pty

    outer, inner = pty.openpty()
    with open(tmp_path / 'out', 'w+') as file:
        stdout = file if to_file else inner
        subprocess.run(
            [sys.executable, '-c', PROGRAM],
            stdout=stdout,
            stderr=inner,
            cwd=ROOT,
            check=True,
        )
        file.seek(0)
        assert file.read() == ('the line\n' if to_file else '')
    shown = os.read(outer, 1000).decode()
    os.close(inner)
    os.close(outer)
    assert shown.splitlines() == ['the line, why']


def test_a_notebook_gets_it_on_stdout(capsys, monkeypatch):
    class Stream:
        __module__ = 'ipykernel.iostream'

    monkeypatch.setattr(sys, 'stderr', Stream())
    notices.announce('the line', ', why')
    notices.log('another')
    assert capsys.readouterr().out == 'the line, why\nanother\n'
