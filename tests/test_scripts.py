"""The two commands, and the documents that a script writes."""

import os
import re
import signal
import subprocess
import sys
import tomllib

from tests.support.paths import ROOT

import pytest


@pytest.fixture
def setup(monkeypatch):
    """scripts/_setup, which train.py and test.py import."""
    monkeypatch.syspath_prepend(ROOT / 'scripts')
    import _setup

    return _setup


def test_arguments_and_status_are_passed_on(setup, monkeypatch):
    import train

    ran = []
    monkeypatch.setattr(setup, 'python_for', lambda *locks: 'python')
    monkeypatch.setattr(setup, 'run', lambda command: ran.append(command) or 7)
    monkeypatch.setattr(sys, 'argv', ['train.py', '--max_steps=3'])
    assert train.main() == 7
    [[_, *rest]] = ran
    assert rest == ['-m', 'mnist_tut.fully_connected_feed', '--max_steps=3']


@pytest.mark.skipif(sys.platform == 'win32', reason='POSIX signals')
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_command_finish(tmp_path, number):
    child = (
        'import pathlib, signal, sys, time\n'
        'def save(*_):\n'
        '    time.sleep(1)\n'
        '    pathlib.Path("saved").write_text("all of it")\n'
        '    sys.exit(7)\n'
        'for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, save)\n'
        'print("ready", flush=True)\n'
        'time.sleep(60)\n'
    )
    code = (
        f'import sys, _setup; sys.exit(_setup.run([sys.executable, "-c", {child!r}]))'
    )
    outer = subprocess.Popen(
        [sys.executable, '-c', code],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': str(ROOT / 'scripts')},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert outer.stdout.readline() == 'ready\n'
    if number == signal.SIGINT:
        os.killpg(outer.pid, number)  # Ctrl-C reaches both
    else:
        outer.send_signal(number)
    outer.communicate()
    assert outer.returncode == 7
    assert (tmp_path / 'saved').read_text() == 'all of it'


LOCKS = ['requirements.lock', 'requirements-cpu.lock', 'requirements-dev.lock']


@pytest.mark.parametrize('lock', LOCKS)
def test_lock_files_hold_every_dependency_with_hashes(lock):
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    extras = project['optional-dependencies']
    wanted = list(project['dependencies'])
    if 'dev' in lock:
        wanted += extras['dev']
    text = (ROOT / lock).read_text()
    for requirement in wanted:
        if requirement.startswith('mnist_tut['):
            names = requirement.removeprefix('mnist_tut[').removesuffix(']')
            wanted += [other for name in names.split(',') for other in extras[name]]
            continue
        name = re.split('[<>;]', requirement)[0].lower()
        assert f'\n{name}==' in f'\n{text}', name
    pins = text.count('==') - text.count(' ==')
    assert text.count('--hash=sha256:') > pins > 40
    assert '://' not in text


def test_lock_files_share_their_versions():
    """So that what train.py installed stays when test.py adds to it."""
    pins = {}
    for lock in LOCKS:
        text = (ROOT / lock).read_text()
        pins[lock] = set(re.findall(r'^\S+==\S+', text, re.MULTILINE))
    run, cpu, dev = pins.values()
    assert run < dev
    assert len(run) > 40
    [build] = cpu - run
    assert run < cpu
    assert build.replace('-cpu', '') in run


def test_the_sizes_for_a_class_are_those_of_the_lock_files():
    text = (ROOT / 'docs' / 'CLASSROOM.md').read_text()
    for lock in LOCKS[:2]:
        first = (ROOT / lock).read_text().partition('\n')[0]
        match = re.fullmatch(
            r'# linux x86_64: (\d+ MB) to download, (\d+ MB) installed in \d+ s', first
        )
        assert f'| `{lock}` | {match[1]} | {match[2]} |' in text


def test_reproduction_and_readme_are_what_the_script_writes():
    run = subprocess.run(
        [sys.executable, 'scripts/maintain/write_reproduction.py', '--check'],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
