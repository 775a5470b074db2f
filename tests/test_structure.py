"""The package's structure: imports go down, lessons are small, no fact stands twice."""

import ast
import configparser
import tomllib

from tests import lessons
from tests.support.paths import ROOT

import pytest

# A module may import what is on a lower line; a folder stands for all that is in it.
# Imports between the modules of one line are allowed where none goes in a circle.
LAYERS = [
    ['mnist_tut', 'errors', 'notices', 'processes', 'program'],
    ['files'],
    ['flags', 'runtime'],
    ['data.pen'],
    ['data', 'plots'],
    ['training'],
    ['cluster', 'inference', 'input_data'],
    ['softmax', 'deep', 'mnist', 'fully_connected_feed', 'tanh_mlp', 'convolutional',
     'with_summaries'],
    ['predict', 'export', 'distributed', 'draw', 'legacy', '__main__'],
]  # fmt: skip
LESSONS = {*LAYERS[-2]}
# The first layer that may import a package that takes long to import.
HEAVY = {'numpy': 'data.pen', 'PIL': 'plots', 'matplotlib': 'plots'}
# TensorFlow is for the modules above its own, and for these alone below them.
WITHOUT_TENSORFLOW = {
    'cluster.launch', 'cluster.tasks', 'input_data', 'inference.checksums',
    'inference.contact_sheet', 'inference.image', 'inference.pictures',
    'inference.row', 'inference.segment', 'predict', 'training.history',
    'training.interrupts', 'training.json_file', 'training.own_files',
    'training.previous_run', 'training.progress', 'training.run_file',
    'training.run_folder',
}  # fmt: skip
# Folders in which no module has to see to it that TensorFlow is quiet.
QUIET_FOLDERS = ['export', 'training']


def modules():
    """Returns the path of each module by its dotted name, without 'mnist_tut.'."""
    package = ROOT / 'mnist_tut'
    paths = {}
    for path in sorted(package.rglob('*.py')):
        parts = path.relative_to(package).with_suffix('').parts
        if parts[-1] == '__init__':
            parts = parts[:-1]
        paths['.'.join(parts) or 'mnist_tut'] = path
    return paths


MODULES = modules()
every_module = pytest.mark.parametrize('name', MODULES)


def layer_of(name):
    """Returns the number of a module's layer."""
    while name:
        for number, names in enumerate(LAYERS):
            if name in names:
                return number
        name = name.rpartition('.')[0]
    raise AssertionError(f'{name} is in no layer')


def imports(name):
    """Yields what a module imports: ours by dotted name, and others' packages."""
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split('.')[0]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{name}: a relative import'
            parts = node.module.split('.')
            if parts[0] != 'mnist_tut':
                yield parts[0]
                continue
            for alias in node.names:
                longest = '.'.join([*parts[1:], alias.name])
                yield longest if longest in MODULES else '.'.join(parts[1:])


def our_imports(name):
    return {imported for imported in imports(name) if imported in MODULES} - {name}


@every_module
def test_imports_go_down(name):
    layer = layer_of(name)
    for imported in imports(name):
        if imported in MODULES:
            assert layer_of(imported) <= layer, f'{name} imports {imported} from above'
        elif imported in HEAVY:
            assert layer >= layer_of(HEAVY[imported]), f'{name} imports {imported}'
        elif imported == 'tensorflow':
            is_high = layer >= layer_of('training')
            is_allowed = is_high and name not in WITHOUT_TENSORFLOW
            assert is_allowed or name == 'runtime', f'{name} imports TensorFlow'


def test_imports_have_no_circle():
    done = set()

    def visit(name, trail):
        assert name not in trail, ' -> '.join([*trail, name])
        if name not in done:
            for other in sorted(our_imports(name)):
                visit(other, [*trail, name])
            done.add(name)

    for name in MODULES:
        visit(name, [])


@every_module
def test_tensorflow_is_imported_without_its_banners(name):
    """Something that imports `runtime` comes first."""
    quiet = {'runtime', 'training', 'inference.model', *MODULES}
    quiet -= {module for module in MODULES if layer_of(module) < layer_of('training')}
    quiet |= {'runtime'}
    quiet -= WITHOUT_TENSORFLOW
    imported = list(imports(name))
    if 'tensorflow' not in imported or name == 'runtime':
        return
    if name.split('.')[0] in QUIET_FOLDERS:
        return  # its __init__ imports `runtime`
    assert quiet & set(imported[: imported.index('tensorflow')]), name


@pytest.mark.parametrize('folder', QUIET_FOLDERS)
def test_a_quiet_folder_imports_runtime_first(folder):
    assert list(imports(folder)) == ['runtime']


@pytest.mark.parametrize('name', sorted(LESSONS))
def test_a_lesson_names_at_most_five_things_of_ours(name):
    tree = ast.parse(MODULES[name].read_text())
    ours = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith('mnist_tut')
        for alias in node.names
    ]
    assert 1 <= len(ours) <= 5, ours


@pytest.mark.parametrize('name', sorted(LESSONS))
def test_a_lesson_takes_its_graph_from_no_other(name):
    used = our_imports(name) & LESSONS
    assert used == ({'mnist'} if name == 'fully_connected_feed' else set())


@pytest.mark.parametrize('name', sorted(LESSONS))
def test_a_lesson_imports_tensorflow_as_the_conventions_say(name):
    assert '\nimport tensorflow.compat.v1 as tf\n' in MODULES[name].read_text()


@pytest.mark.parametrize(
    ('name', 'most_lines'), [('softmax', 125), ('fully_connected_feed', 200)]
)
def test_a_lesson_is_short(name, most_lines):
    assert len(MODULES[name].read_text().splitlines()) <= most_lines


@pytest.mark.parametrize('lesson', lessons.LESSONS, ids=lambda lesson: lesson.name)
def test_run_training_is_short(lesson):
    most_lines = 155 if lesson.name == 'convolutional' else 125
    for node in ast.parse(MODULES[lesson.name].read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.name == 'run_training':
            assert node.end_lineno - node.lineno + 1 <= most_lines
            return
    raise AssertionError('there is no run_training')


@every_module
def test_no_class_is_long(name):
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.ClassDef):
            most_lines = 185 if node.name == 'Run' else 200
            assert node.end_lineno - node.lineno + 1 <= most_lines, node.name


@every_module
def test_flags_are_changed_in_flags_alone(name):
    """What FLAGS holds is changed through its parsers and validators."""
    if name.startswith('flags.'):
        return
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            changed = ast.unparse(node)
            assert 'FLAGS' not in changed, changed
            assert not changed.endswith('.value'), changed


def test_the_plan_in_contributing_is_whole():
    plan = (ROOT / 'CONTRIBUTING.md').read_text()
    for name in MODULES:
        # Stand-ins have the names of what they stand in for.
        if name.startswith(('legacy.contrib.', 'legacy.served.', 'legacy.estimator_')):
            continue
        if name != 'mnist_tut' and not name.endswith('__main__'):
            assert name.split('.')[-1] in plan, name


def test_old_scripts_need_nothing_of_training():
    for name in MODULES:
        if name.startswith('legacy'):
            assert not {n for n in imports(name) if n.startswith('training')}, name


def test_each_folder_says_what_belongs_in_it():
    for name, path in MODULES.items():
        if path.stem == '__init__' and name != 'mnist_tut':
            docstring = ast.get_docstring(ast.parse(path.read_text()))
            assert docstring.count('\n') == 0, name
            assert 40 < len(docstring) < 90, name


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
