"""The house: imports go downwards, and no fact stands in two places."""

import ast
import configparser
import tomllib

from tests.conftest import ROOT

import pytest

FLOORS = [
    {'__init__', '__version__', 'errors', 'partial', 'files', 'transfer', 'download',
     'excerpt', 'progress', 'run_folder', 'cli'},
    {'gunzip', 'idx', 'npz', 'shapes', 'strokes', 'synthetic', 'sources', 'input_data',
     'history', 'plots', 'photo', 'preprocess'},
    {'runtime', 'checkpoint', 'loop', 'summaries', 'projector'},
    {'softmax', 'deep', 'mnist', 'fully_connected_feed', 'tanh_mlp', 'convolutional',
     'with_summaries'},
    {'trained', 'predict', 'export'},
]  # fmt: skip
HEAVY = {'tensorflow': 2, 'numpy': 1, 'matplotlib': 1, 'PIL': 1}
MODULES = sorted((ROOT / 'mnist_tut').glob('*.py'))


def floor_of(name):
    [floor] = [number for number, names in enumerate(FLOORS) if name in names]
    return floor


def imports(path):
    """Yields (imported module, whether it is ours) of a source file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split('.')[0], False
        elif isinstance(node, ast.ImportFrom) and node.module == 'mnist_tut':
            for alias in node.names:
                yield alias.name, True
        elif isinstance(node, ast.ImportFrom):
            parts = node.module.split('.')
            yield (parts[1], True) if parts[0] == 'mnist_tut' else (parts[0], False)


@pytest.mark.parametrize('path', MODULES, ids=lambda path: path.stem)
def test_imports_go_downwards(path):
    floor = floor_of(path.stem)
    for name, ours in imports(path):
        if ours:
            assert floor_of(name) <= floor, f'{path.name} imports {name} from above'
        else:
            assert HEAVY.get(name, 0) <= floor, f'{path.name} imports {name}'


def test_the_plan_of_the_house_is_whole():
    plan = (ROOT / 'CONTRIBUTING.md').read_text().split()
    for path in MODULES:
        assert path.stem == '__init__' or path.stem in plan, path.stem


def test_imports_have_no_circle():
    graph = {
        path.stem: {name for name, ours in imports(path) if ours} for path in MODULES
    }

    graph['__version__'] = set()

    def reach(name, trail):
        assert name not in trail, ' -> '.join([*trail, name])
        for other in graph[name]:
            reach(other, [*trail, name])

    for name in graph:
        reach(name, [])


def test_lessons_do_not_share_a_graph():
    lessons = FLOORS[3]
    for path in MODULES:
        if path.stem in lessons - {'fully_connected_feed'}:
            used = {name for name, ours in imports(path) if ours}
            assert not used & lessons, f'{path.stem} takes its graph from a lesson'


def test_lessons_import_tensorflow_as_conventions_say():
    for name in FLOORS[3]:
        text = (ROOT / 'mnist_tut' / f'{name}.py').read_text()
        assert '\nimport tensorflow.compat.v1 as tf\n' in text
        assert 'runtime' in text[: text.index('import tensorflow')]


def test_no_fact_stands_in_both_configurations():
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())
    setup = configparser.ConfigParser()
    setup.read(ROOT / 'setup.cfg')
    tools = {section.split('-')[0].split(':')[-1] for section in setup.sections()}
    assert tools == {'pytest', 'mypy'}
    assert not tools & set(project['tool'])
    assert not {'metadata', 'options'} & set(setup.sections())


def test_ci_runs_the_readmes_test_command():
    command = 'python3 scripts/test.py'
    assert command in (ROOT / '.ci' / 'run').read_text()
    assert command in (ROOT / 'README.md').read_text()
