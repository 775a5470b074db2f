"""What is packed, and the files that other tools read: they are valid and agree."""

import pathlib
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile

from tests.support.paths import ROOT

import pytest
import yaml

PYPROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())
# What a repository has beside the sources.
HOUSEKEEPING = {
    '.ci',
    '.gitattributes',
    '.github',
    '.gitignore',
    '.pre-commit-config.yaml',
}


def tracked():
    """Returns the paths that git knows or would add."""
    names = subprocess.run(
        ['git', 'ls-files', '--cached', '--others', '--exclude-standard', '-z'],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split('\0')
    return {name for name in names if name and (ROOT / name).is_file()}


@pytest.fixture
def tree(tmp_path):
    """A copy of the repository, since setuptools leaves a build folder in the tree."""
    for name in tracked():
        copy = tmp_path / 'tree' / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
    return tmp_path / 'tree'


def test_a_wheel_holds_every_module_and_data_file(tree, tmp_path):
    pip = [sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps']
    pip += ['--no-build-isolation', '--no-index', '--wheel-dir', tmp_path / 'wheels']
    subprocess.run([*pip, tree], check=True)
    [wheel] = (tmp_path / 'wheels').iterdir()
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if '.dist-info/' not in name}
    package = ROOT / 'mnist_tut'
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
    }
    assert 'mnist_tut/data/pen/digit_shapes.json' in expected
    assert packed == expected


def test_a_source_archive_holds_the_repository_and_nothing_that_runs_left(
    tree, tmp_path
):
    for left in 'notebooks/logs/run-0001/run.json', 'notebooks/data/t10k.gz':
        (tree / left).parent.mkdir(parents=True)
        (tree / left).touch()
    build = 'import setuptools.build_meta as b, sys; b.build_sdist(sys.argv[1])'
    subprocess.run(
        [sys.executable, '-c', build, tmp_path],
        cwd=tree,
        check=True,
        capture_output=True,
    )
    [archive] = tmp_path.glob('*.tar.gz')
    with tarfile.open(archive) as packed:
        names = {member.name.partition('/')[2] for member in packed if member.isfile()}
    made = {name for name in names if '.egg-info/' in name} | {'PKG-INFO'}
    kept = {name for name in tracked() if name.split('/')[0] not in HOUSEKEEPING}
    # setup.cfg is written anew, with the same sections.
    assert names - made == kept


def test_the_pythons_are_the_same_everywhere():
    versions = ['3.11', '3.12', '3.13']
    project = PYPROJECT['project']
    assert project['requires-python'] == '>=3.11,<3.14'
    prefix = 'Programming Language :: Python :: '
    classified = [c.removeprefix(prefix) for c in project['classifiers'] if prefix in c]
    assert [version for version in classified if '.' in version] == versions
    assert workflow()['jobs']['test']['strategy']['matrix']['python'] == versions


def test_the_addresses_are_for_the_owner_to_fill_in_at_one_place():
    text = (ROOT / 'pyproject.toml').read_text()
    [place] = re.findall(r'(?m)^# FOR THE OWNER TO FILL IN.*\n((?:# .*\n)+)', text)
    filled_in = tomllib.loads(re.sub(r'(?m)^# ', '', place))
    assert list(filled_in['project']['urls']) == ['Homepage', 'Source', 'Issues']


def workflow():
    return yaml.safe_load((ROOT / '.github' / 'workflows' / 'test.yml').read_text())


def test_the_workflow_runs_the_command_of_the_readme():
    [job] = workflow()['jobs'].values()
    commands = [step['run'] for step in job['steps'] if 'run' in step]
    assert commands == ['python3 scripts/test.py']
    assert commands[0] in (ROOT / 'README.md').read_text()
    assert commands[0] in (ROOT / '.ci' / 'run').read_text()
    # YAML reads the key `on` as true.
    assert workflow()[True] == ['push', 'pull_request']


def test_a_commit_is_checked_as_the_script_checks():
    hooks = yaml.safe_load((ROOT / '.pre-commit-config.yaml').read_text())
    commands = [hook['entry'] for repo in hooks['repos'] for hook in repo['hooks']]
    tools = [command.removeprefix('.venv/bin/python -m ') for command in commands]
    assert tools == ['ruff format', 'ruff check', 'mypy']
    script = (ROOT / 'scripts' / 'test.py').read_text()
    for tool in tools:
        assert ', '.join(repr(word) for word in tool.split()) in script


def test_the_citation_is_that_of_the_project():
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert {'cff-version', 'message', 'title', 'authors'} <= set(citation)
    assert citation['cff-version'] == '1.2.0'
    project = PYPROJECT['project']
    assert citation['title'] == project['name']
    assert citation['abstract'] == project['description'] + '.'
    assert citation['authors'] == project['authors']
    assert citation['keywords'] == project['keywords']
    assert citation['license'] == project['license']


def ignored(names):
    """Returns those of the names that git ignores."""
    run = subprocess.run(
        ['git', 'check-ignore', '--no-index', '--stdin'],
        cwd=ROOT,
        input=''.join(f'{name}\n' for name in names),
        capture_output=True,
        text=True,
    )
    return set(run.stdout.splitlines())


def test_what_commands_write_is_ignored():
    """By default, and with the names that the documents give to it."""
    names = set()
    default = r"DEFINE_\w+\(\s*'(?:data|train|log|export|plots)_dir',\s*'([\w./-]+)'"
    for path in [*(ROOT / 'mnist_tut').rglob('*.py'), *ROOT.glob('scripts/*.py')]:
        names |= set(re.findall(default, path.read_text()))
        names |= set(re.findall(r"'output',\s*'([\w./-]+)'", path.read_text()))
    pattern = (
        r'--(?:export_dir|plots_dir|output|show|log_dir)=([\w/.-]*[a-z_])\b(?![\w/])'
    )
    for path in [ROOT / 'README.md', *(ROOT / 'docs').glob('*.md')]:
        names |= set(re.findall(pattern, path.read_text()))
    assert {'data', 'export_model', 'mnist_data.npz', 'plots', 'logs/mine'} <= names
    # What a folder is to be called ends in a slash, for git.
    paths = {name if pathlib.Path(name).suffix else f'{name}/' for name in names}
    paths |= {
        '.venv', '.venv-3.13/', 'logs/', 'notebooks/logs/', 'notebooks/data/',
        'MNIST_data/t10k-images-idx3-ubyte.gz.bad', 'export_model.x.part',
    }  # fmt: skip
    assert paths - ignored(paths) == set()


def test_nothing_that_belongs_to_the_project_is_ignored():
    assert ignored(tracked()) == set()
