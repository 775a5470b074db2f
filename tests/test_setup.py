"""The environment of train.py and test.py: made once, added to, never cleared.

Real environments and a real pip, on a project whose packages are a few bytes on the
disk: nothing here uses a network.
"""

import ast
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

from tests.support import environments, wheels
from tests.support.paths import ROOT

import pytest

posix = pytest.mark.skipif(sys.platform == 'win32', reason='a POSIX shell and signals')
TENSORFLOW = [('tensorflow', '2.21.0')]
DEV = [*TENSORFLOW, ('mypy', '1.11'), ('pytest', '8.2'), ('ruff', '0.6')]


@pytest.fixture
def project(tmp_path):
    return environments.Project(tmp_path / 'a clone')


def one_line(outcome):
    """Returns the only line of a script that refused."""
    assert outcome.status == 1, outcome
    assert outcome.stdout == ''
    [line] = outcome.stderr.splitlines()
    return line


# An environment that a user made.


@pytest.mark.parametrize(
    ('script', 'packages'),
    [('train', TENSORFLOW), ('train', [('tensorflow-cpu', '2.21.1')]), ('test', DEV)],
)
def test_a_foreign_environment_with_what_is_needed_is_used_as_it_is(
    project, script, packages
):
    environments.make(project.venv, packages=packages, project=project)
    before = environments.contents(project.venv)
    outcome = project.run(script, '--max_steps=3', PYTHONDONTWRITEBYTECODE='1')
    assert (outcome.status, outcome.stderr) == (0, '')
    if script == 'train':
        assert outcome.stdout == f'{project.venv} --max_steps=3\n'
    assert environments.contents(project.venv) == before


@pytest.mark.parametrize('script', ['train', 'test'])
def test_a_foreign_environment_without_what_is_needed_survives(project, script):
    environments.make(project.venv, packages=[('ruff', '0.5'), ('mypy', '1')])
    before = environments.contents(project.venv)
    line = one_line(project.run(script))
    lacking = {'train': '', 'test': 'ruff>=0.6, pytest>=8, '}[script]
    assert line.startswith(f'{project.venv}: lacks tensorflow<2.22,>=2.21, {lacking}')
    assert 'did not make it and leaves it as it is' in line
    assert 'MNIST_TUT_VENV' in line
    assert environments.contents(project.venv) == before


@pytest.mark.parametrize(
    ('has_pip', 'command'),
    [(True, "/bin/python' -m pip install -e"), (False, 'uv pip install --python')],
)
@posix
def test_what_is_missing_comes_with_the_command_for_it(project, has_pip, command):
    environments.make(project.venv)
    if has_pip:
        [site] = project.venv.rglob('site-packages')
        (site / 'pip.py').touch()
    assert command in one_line(project.run('train'))
    assert f"-e '{project.folder}[dev]'" in one_line(project.run('test'))


@pytest.mark.parametrize('version', ['2.20.0', '2.22.0', 'unknown'])
def test_another_version_of_a_requirement_is_missing(project, version):
    environments.make(project.venv, packages=[('tensorflow', version)], project=project)
    assert 'lacks tensorflow<2.22,>=2.21.' in one_line(project.run('train'))


def test_metadata_without_a_version_are_missing(project):
    environments.make(project.venv, packages=TENSORFLOW, project=project)
    [metadata] = project.venv.rglob('tensorflow-2.21.0.dist-info/METADATA')
    metadata.unlink()
    assert 'lacks tensorflow' in one_line(project.run('train'))


def test_the_package_of_another_folder_is_not_run(project, tmp_path):
    (tmp_path / 'other').mkdir()
    other = environments.Project(tmp_path / 'other' / 'clone')
    environments.make(project.venv, packages=TENSORFLOW, project=other)
    line = one_line(project.run('train'))
    assert 'lacks mnist_tut of this folder. ' in line
    assert f"--no-deps -e '{project.folder}'" in line


def test_an_empty_environment_lists_what_to_install(project):
    environments.make(project.venv)
    [site] = project.venv.rglob('site-packages')
    (site / 'packaging').rename(project.folder / 'packaging')
    assert ': lacks tensorflow, tzdata' in one_line(project.run('train'))


@posix
def test_an_environment_behind_a_link_is_used_but_never_written_to(project, tmp_path):
    project.venv.symlink_to(tmp_path / 'real')
    environments.make(tmp_path / 'real', packages=TENSORFLOW, project=project)
    (tmp_path / 'real' / 'mnist_tut.stamp').touch()
    before = environments.contents(tmp_path / 'real')
    assert project.run('train').stdout == f'{project.venv}\n'
    assert 'lacks mypy' in one_line(project.run('test'))
    assert project.venv.is_symlink()
    assert environments.contents(tmp_path / 'real') == before


@posix
@pytest.mark.parametrize(
    ('make', 'expected'),
    [
        (lambda venv: venv.write_text('mine'), 'is a file'),
        (lambda venv: venv.symlink_to('nowhere'), 'is a link to nothing'),
        (lambda venv: venv.mkdir(), 'is not a virtual environment: no bin/python'),
        (lambda venv: link_python(venv, '/nowhere/python3'), 'its Python does not run'),
        (lambda venv: write_python(venv, 'exit 3'), 'its Python does not run'),
        (lambda venv: write_python(venv, 'exit'), 'unexpected output'),
        (
            lambda venv: write_python(venv, 'echo; echo {\\"version\\": [3, 8]}'),
            r'has Python 3.8; TensorFlow 2.21 needs 3.11, 3.12 or 3.13',
        ),
    ],
)
def test_what_is_no_environment_is_left_alone(project, make, expected):
    make(project.venv)
    before = environments.contents(project.folder / '.venv')
    assert expected in one_line(project.run('train'))
    assert environments.contents(project.folder / '.venv') == before
    assert os.path.lexists(project.venv)
    assert sorted(path.name for path in project.folder.glob('.venv*')) == ['.venv']


def link_python(venv, target):
    (venv / 'bin').mkdir(parents=True)
    (venv / 'bin' / 'python').symlink_to(target)


def write_python(venv, code):
    (venv / 'bin').mkdir(parents=True)
    (venv / 'bin' / 'python').write_text(f'#!/bin/sh\n{code}\n')
    (venv / 'bin' / 'python').chmod(0o755)


# An environment that the scripts make.


@pytest.mark.slow
def test_the_scripts_share_an_environment_and_add_to_it(project):
    trained = project.run('train', '--max_steps=3')
    assert trained.stdout == f'{project.venv} --max_steps=3\n'
    assert 'Setting up' in trained.stderr
    [site] = project.venv.rglob('site-packages')
    mine = site / 'mine.py'
    mine.write_text('a user added this')
    before = environments.contents(site)

    tested = project.run('test', '-k', 'softmax')
    assert tested.status == 0, tested.stderr
    assert [line.split()[0] for line in tested.stdout.splitlines()] == [
        'ruff', 'ruff', 'mypy', 'pytest',
    ]  # fmt: skip
    assert tested.stdout.endswith('--numprocesses=auto -k softmax\n')
    after = environments.contents(site)
    assert after['mine.py'] == before['mine.py']
    assert after['tensorflow.py'] == before['tensorflow.py']

    # Nothing is left to do for either.
    for script in 'train', 'test':
        assert project.run(script).stderr == ''

    # A change installs the difference.
    before = environments.contents(site)
    lock = (project.folder / 'requirements-dev.lock').read_text()
    newer = project.pin('mypy', '9.1')
    changed, count = re.subn(r'mypy==9\.0 .*\n.*\n', lambda _: newer, lock)
    assert count == 1
    project.write_lock('requirements-dev.lock', changed)
    updated = project.run('test')
    assert 'what has changed in requirements-dev.lock' in updated.stderr
    assert 'mypy 9.1' in updated.stdout
    after = environments.contents(site)
    for name in 'mine.py', 'tensorflow.py', 'ruff.py', 'pytest.py':
        assert after[name] == before[name]
    assert after['mypy.py'] != before['mypy.py']
    assert project.run('train').stderr == ''  # its own lock file is as it was


@pytest.mark.slow
def test_a_failed_installation_is_one_line_and_can_be_repeated(project):
    lock = (project.folder / 'requirements.lock').read_text()
    project.write_lock('requirements.lock', lock[:-65] + '0' * 64 + '\n')
    failed = project.run('train')
    assert failed.status == 1
    assert failed.stderr.splitlines()[-1].startswith(
        'requirements.lock: pip could not install it (see above)'
    )
    project.write_lock('requirements.lock', lock)
    assert project.run('train').stdout == f'{project.venv}\n'


@posix
@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_installation_goes_on_where_it_stopped(project, number):
    building = project.folder / 'building'
    process = project.start('train', **{wheels.SLOW_ENV: str(building)})
    while not building.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    os.killpg(process.pid, number)
    stopped = environments.end(process)
    if number == signal.SIGINT:
        assert stopped.status == 130
        last = stopped.stderr.splitlines()[-1]
        assert last == f'{project.venv}: stopped; run this again to go on'
        assert 'Traceback' not in stopped.stderr
    [module] = project.venv.rglob('site-packages/tensorflow.py')
    time_ns = module.stat().st_mtime_ns
    assert project.run('train').stdout == f'{project.venv}\n'
    assert module.stat().st_mtime_ns == time_ns


@pytest.mark.slow
def test_a_package_that_was_half_installed_is_installed_again(project):
    assert project.run('train').status == 0
    # What a kill leaves of a wheel that begins with its metadata.
    [module] = project.venv.rglob('site-packages/tensorflow.py')
    module.unlink()
    [installer] = project.venv.rglob('tensorflow-2.21.0.dist-info/INSTALLER')
    installer.unlink()
    (project.venv / 'mnist_tut.stamp').write_text('')
    assert project.run('train').stdout == f'{project.venv}\n'
    assert module.exists()
    assert installer.exists()


@pytest.mark.slow
def test_scripts_that_start_together_install_once(project):
    processes = [project.start('train') for _ in range(4)]
    outcomes = [environments.end(process) for process in processes]
    assert {outcome.stdout for outcome in outcomes} == {f'{project.venv}\n'}
    notices = ''.join(outcome.stderr for outcome in outcomes)
    assert notices.count('Setting up') == notices.count('is ready') == 1
    assert sorted(path.name for path in project.folder.glob('.venv*')) == ['.venv']


def test_another_folder_can_be_named(project, tmp_path):
    project.venv.write_text('mine')
    elsewhere = tmp_path / 'new' / 'environment'
    environments.make(elsewhere, packages=TENSORFLOW, project=project)
    outcome = project.run('train', MNIST_TUT_VENV=str(elsewhere))
    assert outcome.stdout == f'{elsewhere}\n'
    assert project.venv.read_text() == 'mine'


def test_a_folder_below_a_file_is_one_line(project, tmp_path):
    (tmp_path / 'file').touch()
    line = one_line(project.run('train', MNIST_TUT_VENV=str(tmp_path / 'file' / 'env')))
    assert f'cannot be set up ({tmp_path / "file"}: ' in line
    assert 'MNIST_TUT_VENV' in line


@posix
@pytest.mark.skipif(
    hasattr(os, 'geteuid') and os.geteuid() == 0, reason='root may write anywhere'
)
def test_a_read_only_folder_is_one_line(project):
    project.folder.chmod(0o500)
    try:
        assert 'Permission denied' in one_line(project.run('train'))
    finally:
        project.folder.chmod(0o700)


@pytest.fixture
def setup(monkeypatch, tmp_path):
    """scripts/_setup, for an environment of its own."""
    monkeypatch.syspath_prepend(ROOT / 'scripts')
    monkeypatch.setenv('MNIST_TUT_VENV', str(tmp_path / 'env'))
    import _setup

    return _setup


def test_an_old_python_is_one_line_and_leaves_nothing(setup, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, 'version_info', (3, 10, 2))
    with pytest.raises(SystemExit, match=r'Python 3\.10; TensorFlow 2\.21 needs 3\.11'):
        setup.python_for('requirements.lock')
    assert list(tmp_path.iterdir()) == []


def test_a_python_without_venv_is_one_line_and_leaves_nothing(
    setup, monkeypatch, tmp_path
):
    monkeypatch.setitem(sys.modules, 'ensurepip', None)
    with pytest.raises(
        SystemExit, match=r'on Debian and Ubuntu, install python3\.1\d-'
    ):
        setup.python_for('requirements.lock')
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_line(setup, monkeypatch):
    def mkdir(path, *arguments, **keywords):
        raise PermissionError(13, 'Permission denied', str(path))

    monkeypatch.setattr(pathlib.Path, 'mkdir', mkdir)
    with pytest.raises(SystemExit, match=r'Permission denied\); change that, or'):
        setup.python_for('requirements.lock')


@posix
@pytest.mark.parametrize(
    ('code', 'expected'),
    [('exit 3', 'its Python does not run'), ('echo [3, 14]', r'has Python 3\.14')],
)
def test_a_python_that_is_gone_in_our_environment_is_one_line(
    setup, tmp_path, code, expected
):
    write_python(tmp_path / 'env', code)
    (tmp_path / 'env' / 'mnist_tut.stamp').write_text('requirements.lock 123\n')
    with pytest.raises(SystemExit, match=expected):
        setup.python_for('requirements.lock')


@pytest.mark.parametrize('path', sorted((ROOT / 'scripts' / '_setup').glob('*.py')))
def test_an_old_python_can_read_the_line_about_it(path):
    ast.parse(path.read_text(), feature_version=(3, 8))


def test_the_scripts_need_only_the_standard_library():
    code = 'import sys; sys.path.insert(0, "scripts"); import train, test'
    subprocess.run([sys.executable, '-I', '-S', '-c', code], cwd=ROOT, check=True)


# What is announced.


@pytest.fixture
def sizes(setup, monkeypatch, tmp_path):
    from _setup import sizes

    monkeypatch.setattr(sizes, 'ROOT', tmp_path)
    monkeypatch.setattr(sys, 'platform', 'linux')
    monkeypatch.setattr('platform.machine', lambda: 'x86_64')
    (tmp_path / 'one.lock').write_text(
        '# linux aarch64: 1 MB to download\n'
        '# linux x86_64: 500 MB to download, 2000 MB installed in 50 s\n'
    )
    (tmp_path / 'two.lock').write_text(
        '# linux x86_64: 800 MB to download, 2500 MB installed in 80 s\n'
    )
    (tmp_path / 'other.lock').write_text('# linux x86_64: 900 MB to download\n')
    (tmp_path / 'none.lock').write_text('tensorflow==2.21.0\n')
    return sizes


@pytest.mark.parametrize(
    ('lock', 'known', 'expected'),
    [
        ('one', [], ': 500 MB to download, 2000 MB on the disk; about 2 min at 100'),
        ('two', ['one.lock'], ': 300 MB to download, 500 MB on the disk; about 1 min'),
        ('other', [], ': 900 MB to download; about 2 min at 100 Mbit/s ...'),
        ('none', [], 'Setting up env from none.lock, once ...'),
        ('one', ['one.lock'], 'Installing into env what has changed in one.lock ...'),
    ],
)
def test_sizes_and_time_are_announced(sizes, lock, known, expected):
    assert expected in sizes.announce(pathlib.Path('env'), f'{lock}.lock', known)


@pytest.mark.parametrize('name', ['', '-cpu', '-dev'])
def test_lock_files_say_what_is_downloaded_on_each_platform(name):
    lines = (ROOT / f'requirements{name}.lock').read_text().splitlines()
    stated = [line.split(':')[0] for line in lines if 'MB to download' in line]
    assert stated == [
        '# linux x86_64',
        '# linux aarch64',
        '# darwin arm64',
        '# win32 AMD64',
    ]
