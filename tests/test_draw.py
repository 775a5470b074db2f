"""The command that serves the page: what it prints, serves, leaves and refuses."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import webbrowser

from mnist_tut import deep, draw
from tests.support.paths import ROOT

import pytest

# A shell's background jobs, and all below them, start with SIGINT ignored.
PROGRAM = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module('mnist_tut.draw', run_name='__main__', alter_sys=True)
"""


@contextlib.contextmanager
def started(folder, *words):
    """Runs the command in `folder`; yields the process and its lines up to the URL."""
    (folder / 'temporary').mkdir()
    environment = {
        **os.environ,
        'PYTHONPATH': str(ROOT),
        'TMPDIR': str(folder / 'temporary'),
    }
    with subprocess.Popen(
        [sys.executable, '-c', PROGRAM, '--noopen_browser', *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment,
    ) as process:
        try:
            lines = []
            while not lines or not lines[-1].startswith('http'):
                lines.append(process.stdout.readline())
                assert lines[-1], process.stderr.read()
            yield process, lines
        finally:
            process.kill()


def get(url):
    """Returns the content and the type of a URL, without a proxy."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url) as response:
        return response.read(), response.headers['Content-Type']


@pytest.mark.slow
@pytest.mark.parametrize(
    ('number', 'status'), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_the_page_is_served_until_a_signal_and_nothing_stays(
    number, status, short_run, tmp_path
):
    runs = [short_run('softmax'), short_run('tanh_mlp')]
    with started(tmp_path, *runs) as (process, lines):
        assert lines[:2] == [
            f'Drawing on {runs[0]}: softmax, 3 steps on a set that is not MNIST\n',
            f'Drawing on {runs[1]}: tanh_mlp, 3 steps on a set that is not MNIST\n',
        ]
        [url] = re.findall(r'^(http://127\.0\.0\.1:\d+/) \(Ctrl-C ends it\)$', lines[2])
        page, kind = get(url)
        assert b'Draw a digit' in page
        assert kind == 'text/html'
        assert get(f'{url}app.js')[1] == 'text/javascript'
        for name in ('models.json', 'softmax.bin', 'tanh_mlp.bin', 'examples.bin'):
            assert get(f'{url}{name}')[0]
        with pytest.raises(urllib.error.HTTPError, match='404'):
            get(f'{url}../../run.json')
        process.send_signal(number)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (status, '', '')
    assert not list((tmp_path / 'temporary').iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ['temporary']


@pytest.fixture
def serve_nothing(monkeypatch):
    """Ends the command with Ctrl-C when it begins to serve."""

    def interrupt(server):
        raise KeyboardInterrupt

    monkeypatch.setattr(draw.Server, 'serve_forever', interrupt)


def run_main(*words, browser=False):
    """Runs the command in this process and returns its exit status."""
    words = [*words] if browser else ['--noopen_browser', *words]
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended, draw.flags.overridden({}):
        draw.flags.run(draw.main, ['draw', *map(str, words)], 'RUN...')
    draw.FLAGS.unparse_flags()
    draw.FLAGS.mark_as_parsed()
    assert signal.getsignal(signal.SIGTERM) == before
    return ended.value.code


def test_the_page_can_be_kept(short_run, serve_nothing, tmp_path, capsys):
    assert run_main(short_run('softmax'), f'--export_dir={tmp_path}/new/page') == 130
    assert (tmp_path / 'new' / 'page' / 'index.html').is_file()
    assert (tmp_path / 'new' / 'page' / 'softmax.bin').is_file()


def test_without_a_name_the_newest_run_is_served(
    short_run, serve_nothing, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(short_run('softmax'), tmp_path / 'logs' / 'softmax' / 'run-0001')
    assert run_main() == 130
    assert 'Drawing on logs/softmax/run-0001: softmax' in capsys.readouterr().out


def test_without_any_run_deep_is_trained_briefly(
    short_run, serve_nothing, tmp_path, monkeypatch, capsys
):
    run, trained = short_run('deep'), []

    def run_training(**settings):
        trained.append(settings)
        shutil.copytree(run, tmp_path / 'logs' / 'deep' / 'run-0001')

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(deep, 'run_training', run_training)
    assert run_main('--data_dir=digits') == 130
    assert trained == [{'max_steps': 600, 'data_dir': 'digits'}]
    announced, drawing, _ = capsys.readouterr().out.splitlines()[-3:]
    assert announced.startswith('No run below logs/: training deep for 600 steps')
    assert drawing.startswith('Drawing on logs/deep/run-0001: deep, 3 steps')


class Browser:
    """A browser that only remembers what it has opened."""

    def __init__(self, name):
        self.name = name
        self.opened = []

    def open(self, url):
        self.opened.append(url)


@pytest.mark.parametrize(('name', 'count'), [('firefox', 1), ('w3m', 0)])
def test_the_browser_opens_unless_it_is_one_for_text(
    name, count, short_run, monkeypatch, capsys
):
    run = short_run('softmax')
    browser = Browser(name)
    monkeypatch.setattr(webbrowser, 'get', lambda: browser)

    class Thread:
        """Runs at once."""

        def __init__(self, target, args, daemon):
            self.start = lambda: target(*args)

    def interrupt(server):
        raise KeyboardInterrupt

    monkeypatch.setattr(draw.Server, 'serve_forever', interrupt)
    monkeypatch.setattr(draw.threading, 'Thread', Thread)
    assert run_main(run, browser=True) == 130
    assert len(browser.opened) == count
    assert all(url in capsys.readouterr().out for url in browser.opened)


def test_a_machine_without_a_browser_serves_all_the_same(
    short_run, serve_nothing, monkeypatch, capsys
):
    def get():
        raise webbrowser.Error('could not locate runnable browser')

    monkeypatch.setattr(webbrowser, 'get', get)
    assert run_main(short_run('softmax'), browser=True) == 130
    assert 'http://127.0.0.1:' in capsys.readouterr().out


@pytest.fixture
def mistakes(short_run, tmp_path, monkeypatch):
    """A folder with a good run, a damaged one, a file, and a port that is in use."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(short_run('softmax'), tmp_path / 'good')
    shutil.copytree(short_run('softmax'), tmp_path / 'damaged')
    for path in (tmp_path / 'damaged').glob('model.ckpt*'):
        path.write_bytes(b'')
    (tmp_path / 'file').write_text('mine')
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen()
        yield {'port': listener.getsockname()[1]}


@pytest.mark.parametrize(
    ('words', 'reason'),
    [
        (['missing'], 'missing'),
        (['good', 'missing'], 'missing'),
        (['damaged'], 'damaged: holds no checkpoint'),
        (['good', '--export_dir=file'], 'exists already'),
        (['good', '--export_dir=good'], 'exists already'),
        (['good', '--export_dir=file/below'], 'cannot be written'),
        (['good', '--export_dir='], 'empty'),
        (['good', '--port={port}'], '--port={port}: cannot be used'),
        (['good', '--port=70000'], '70000'),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    words, reason, mistakes, serve_nothing, tmp_path, capsys
):
    before = sorted(tmp_path.rglob('*'))
    assert run_main(*(word.format(**mistakes) for word in words)) == 1
    said = capsys.readouterr()
    assert said.out == ''
    assert reason.format(**mistakes) in said.err.splitlines()[-1]
    assert sorted(tmp_path.rglob('*')) == before
