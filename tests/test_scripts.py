"""The two commands, and the documents that a script writes."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tomllib

from tests.support.paths import ROOT

import pytest


@pytest.fixture
def setup(monkeypatch, tmp_path):
    """scripts/_setup.py with an environment of its own and pip replaced by a note."""
    monkeypatch.syspath_prepend(ROOT / 'scripts')
    import _setup

    installed = []

    def install(python, lock):
        installed.append(lock)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text('')

    monkeypatch.setattr(_setup, 'VENV', tmp_path / '.venv')
    monkeypatch.setattr(_setup, '_install', install)
    _setup.installed = installed
    return _setup


def test_set_up_happens_once(setup):
    first = setup.python_for('requirements.lock', 'requirements-dev.lock')
    again = setup.python_for('requirements.lock', 'requirements-dev.lock')
    assert first == again
    assert setup.installed == ['requirements.lock']


def test_the_environment_for_the_tests_can_train_too(setup):
    setup.python_for('requirements.lock', 'requirements-dev.lock')
    setup.python_for('requirements-dev.lock')
    setup.python_for('requirements.lock', 'requirements-dev.lock')
    assert setup.installed == ['requirements.lock', 'requirements-dev.lock']


def test_a_changed_lock_file_or_a_lost_python_means_a_new_environment(
    setup, monkeypatch, tmp_path
):
    for name in ('requirements.lock', 'pyproject.toml'):
        (tmp_path / name).write_text((ROOT / name).read_text())
    monkeypatch.setattr(setup, 'ROOT', tmp_path)
    python = setup.python_for('requirements.lock')
    (tmp_path / 'requirements.lock').write_text('tensorflow==2.21.1')
    setup.python_for('requirements.lock')
    pathlib.Path(python).unlink()
    setup.python_for('requirements.lock')
    assert len(setup.installed) == 3


def test_an_unknown_python_is_one_line(setup, monkeypatch):
    monkeypatch.setattr(sys, 'version_info', (3, 10, 2))
    with pytest.raises(SystemExit, match=r'Python 3\.10; TensorFlow 2\.21 needs'):
        setup.python_for('requirements.lock')
    assert setup.installed == []


@pytest.mark.parametrize('name', ['train', 'test', '_setup'])
def test_the_two_commands_need_only_the_standard_library(name):
    code = f'import sys; sys.path.insert(0, "scripts"); import {name}'
    subprocess.run([sys.executable, '-I', '-S', '-c', code], cwd=ROOT, check=True)


def test_arguments_and_status_are_passed_on(setup, monkeypatch):
    import train

    ran = []
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


@pytest.mark.parametrize('lock', ['requirements.lock', 'requirements-dev.lock'])
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


def test_reproduction_and_readme_are_what_the_script_writes():
    run = subprocess.run(
        [sys.executable, 'scripts/maintain/write_reproduction.py', '--check'],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
