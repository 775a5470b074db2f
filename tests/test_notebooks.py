"""The notebooks are what their sources say, are clean, and run on any machine."""

import ast
import copy
import importlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys

from mnist_tut import errors
from mnist_tut.data import download
from tests import lessons
from tests.support import cells, corpus
from tests.support.paths import ROOT

import jupytext
import nbformat
import pytest
import tensorflow.compat.v1 as tf

# One for each document, and what makes it short.
NOTEBOOKS = {
    'beginner_notes': {'ACCURACY_AT': [2, 4], 'DEEP_STEPS': 2},
    'convolutional_trial': {'NUM_EPOCHS': 0.004},
    'deep_mnist': {'SOFTMAX_STEPS': 5, 'DEEP_STEPS': 2},
    'mechanics_101': {'MAX_STEPS': 20},
    'mnist_lecture': {'EPOCHS': 1},
}
# Which lesson's model is built in which cells, and with which flags.
MODELS = [
    ('beginner_notes', 'softmax', {'loss': 'log', 'learning_rate': 0.05}),
    ('beginner_notes', 'deep', {}),
    ('convolutional_trial', 'convolutional', {}),
    ('deep_mnist', 'softmax', {}),
    ('deep_mnist', 'deep', {}),
    ('mechanics_101', 'fully_connected_feed', {}),
    ('mnist_lecture', 'tanh_mlp', {}),
]
WIDGET = 'application/vnd.jupyter.widget-view+json'
every_notebook = pytest.mark.parametrize('name', NOTEBOOKS)
exercises = cells.load_exercises()


@pytest.fixture(scope='module')
def builder():
    path = ROOT / 'scripts' / 'maintain' / 'build_notebooks.py'
    spec = importlib.util.spec_from_file_location('build_notebooks', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def source(name):
    return ROOT / 'notebooks' / f'{name}.py'


def committed(name):
    return nbformat.read(source(name).with_suffix('.ipynb'), as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == 'code']


def texts(notebook):
    """Yields all text of the outputs."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == 'stream':
                yield output.text
            else:
                yield output.data['text/plain']


def pictures(notebook):
    return [
        output.data['image/png']
        for cell in code_cells(notebook)
        for output in cell.outputs
        if 'image/png' in output.get('data', {})
    ]


def test_all_notebooks_are_tested():
    for suffix in ('py', 'ipynb'):
        names = {path.stem for path in (ROOT / 'notebooks').glob(f'*.{suffix}')}
        assert names == {'index', *NOTEBOOKS}


@pytest.mark.parametrize('name', ['index', *NOTEBOOKS])
def test_cells_are_those_of_the_source(name):
    expected = jupytext.read(source(name), fmt='py:percent').cells
    cells = committed(name).cells
    assert [(cell.cell_type, cell.source) for cell in cells] == [
        (cell.cell_type, cell.source) for cell in expected
    ]
    assert len({cell.id for cell in cells}) == len(cells)


@every_notebook
def test_source_uses_no_private_names(name):
    for node in ast.walk(ast.parse(source(name).read_text(encoding='utf-8'))):
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith('_')
        if isinstance(node, ast.ImportFrom):
            assert not any(alias.name.startswith('_') for alias in node.names)


def test_the_index_names_every_notebook_once():
    notebook = committed('index')
    assert not code_cells(notebook)
    [cell] = notebook.cells
    links = re.findall(r'\]\((\w+)\.ipynb\)', cell.source)
    assert sorted(links) == sorted(NOTEBOOKS)


def nodes(graph):
    """Returns the nodes of a GraphDef by name, but for those of a Saver."""
    found = {}
    for node in graph.node:
        for name in [name for name in node.attr if name.startswith('_')]:
            del node.attr[name]  # shapes, which only a checkpoint's graph has
        found[node.name] = node
    return {name: node for name, node in found.items() if not name.startswith('save/')}


@pytest.mark.slow
@pytest.mark.parametrize(
    ('notebook', 'name', 'flags'),
    MODELS,
    ids=[f'{notebook}-{name}' for notebook, name, _ in MODELS],
)
def test_cells_build_and_train_the_lesson(
    few_digits_dir, digits_dir, tmp_path, notebook, name, flags
):
    data_dir = digits_dir if name == 'convolutional' else few_digits_dir
    graph, losses = cells.run(
        notebook, name, data_dir, NOTEBOOKS[notebook], tmp_path / 'cells'
    )
    [lesson] = [lesson for lesson in lessons.LESSONS if lesson.name == name]
    if name != 'convolutional':  # which has the document's seed
        flags = flags | {'seed': 1}
    log_dir = tmp_path / 'run'
    history = lesson.train(data_dir, log_dir, max_steps=2, **flags)

    [checkpoint] = log_dir.glob('*.meta')
    of_lesson = tf.MetaGraphDef.FromString(checkpoint.read_bytes()).graph_def
    built, expected = nodes(graph), nodes(of_lesson)
    assert built.keys() == expected.keys()
    assert [key for key in built if built[key] != expected[key]] == []
    assert losses[:2] == history.values('loss')


@every_notebook
def test_exercises_change_what_is_in_the_cells(name):
    text = source(name).read_text(encoding='utf-8')
    numbers = set()
    for exercise in exercises.EXERCISES:
        if exercise.notebook == name:
            assert all(old in text for old in exercise.changes)
            assert all(f'\n{variable} = ' in text for variable in exercise.settings)
            numbers.add(exercise.name[0])
    assert sorted(numbers) == re.findall(r'\*\*Exercise (\d)', text) == ['1', '2', '3']


@every_notebook
def test_figures_in_the_answers_were_measured(name):
    recorded = json.loads(exercises.RESULTS.read_text())[name]
    assert list(recorded) == [e.name for e in exercises.EXERCISES if e.notebook == name]
    lines = [line for lines in recorded.values() for line in lines]
    measured = re.findall(r'\d+\.\d+', '\n'.join([*lines, *texts(committed(name))]))
    answers = re.findall(r'<details>(.*?)</details>', source(name).read_text(), re.S)
    assert len(answers) == 3
    for figure in re.findall(r'\d+\.\d+', ''.join(answers)):
        digits = len(figure.partition('.')[2])
        assert any(f'{float(other):.{digits}f}' == figure for other in measured), figure


@pytest.mark.slow
def test_an_exercise_is_measured_in_the_changed_cells(few_digits_dir, tmp_path):
    graph, _ = cells.run(
        'mechanics_101',
        'fully_connected_feed',
        few_digits_dir,
        {'MAX_STEPS': 3},
        tmp_path / 'cells',
        exercise='1: without ReLU',
    )
    assert 'hidden1/MatMul' in nodes(graph)
    assert not [name for name in nodes(graph) if 'Relu' in name]


@every_notebook
def test_outputs_were_made_on_mnist_and_name_nothing_of_the_machine(builder, name):
    notebook = committed(name)
    nbformat.validate(notebook)
    assert 'path' not in str(notebook.metadata)
    assert set(notebook.metadata) == {'kernelspec', 'language_info'}
    for number, cell in enumerate(builder.executed_cells(notebook), 1):
        assert cell.execution_count == number
        assert 'execution' not in cell.metadata
        for output in cell.outputs:
            assert output.output_type != 'error'
            assert output.get('name') != 'stderr'  # which Jupyter shows in red
            assert WIDGET not in output.get('data', {})
    text = '\n'.join(texts(notebook))
    assert 'Data: MNIST, in MNIST_data\n' in text
    for pattern in (
        r'(?<![\w.])/\w+/',  # an absolute path
        r'[A-Z]:\\',
        r'\d\d:\d\d',  # a time of day, or left
        r'\b20\d\d-\d\d',
        r'\d (sec|ms)\b',
        r'it/s|steps?/s|\r',
        r'(?i)warning|traceback|synthetic|^INFO',
    ):
        assert not re.search(pattern, text, re.MULTILINE), pattern
    assert len(pictures(notebook)) >= 3
    assert source(name).with_suffix('.ipynb').stat().st_size < 1_000_000


@pytest.mark.slow
@every_notebook
def test_runs_offline(builder, digits_dir, tmp_path, monkeypatch, name):
    # Nothing listens at port 9, so that a download fails as if offline.
    monkeypatch.setenv('MNIST_TUT_SOURCE_URL', 'http://127.0.0.1:9/')
    data_dir = tmp_path / 'MNIST_data'
    if name in ('beginner_notes', 'deep_mnist'):
        corpus.write_drawn_digits(data_dir)
    elif name != 'mechanics_101':  # that one has to draw its digits itself
        data_dir.mkdir()
        for file in download.FILES:
            shutil.copy(digits_dir / file.name, data_dir)
    notebook = builder.make(source(name))
    [position] = [
        i
        for i, cell in enumerate(notebook.cells)
        if 'parameters' in cell.metadata.get('tags', [])
    ]
    settings = dict(NOTEBOOKS[name])
    if name == 'mechanics_101':
        settings['BATCH_SIZE'] = 64  # which leaves an incomplete batch at the end
    lines = [f'{variable} = {value}' for variable, value in settings.items()]
    for line in lines:
        assert line.split()[0] in notebook.cells[position].source
    short = nbformat.v4.new_code_cell('\n'.join(lines))
    notebook.cells.insert(position + 1, short)

    builder.execute(notebook, tmp_path)  # raises if a cell does

    assert len(pictures(notebook)) == len(pictures(committed(name)))
    if name not in ('beginner_notes', 'deep_mnist'):
        assert 'SYNTHETIC' in ''.join(texts(notebook))
    left = {'MNIST_data', 'logs'} if name == 'mechanics_101' else {'MNIST_data'}
    assert {path.name for path in tmp_path.iterdir()} == left


def test_check_says_which_are_stale(builder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(builder, 'NOTEBOOKS', tmp_path)
    builder.FLAGS.check = True
    for name in ('deep_mnist', 'mechanics_101', 'mnist_lecture'):
        shutil.copy(source(name), tmp_path)
        shutil.copy(source(name).with_suffix('.ipynb'), tmp_path)
    with pytest.raises(SystemExit, match='0'):
        builder.main(['build_notebooks.py'])
    (tmp_path / 'deep_mnist.ipynb').unlink()
    with open(tmp_path / 'mechanics_101.py', 'a') as file:
        file.write('\n# %%\n1 + 1\n')
    lecture = committed('mnist_lecture')
    code_cells(lecture)[3].execution_count = 40
    nbformat.write(lecture, tmp_path / 'mnist_lecture.ipynb')
    capsys.readouterr()
    with pytest.raises(SystemExit, match='1'):
        builder.main(['build_notebooks.py'])
    assert capsys.readouterr().out.splitlines() == [
        'deep_mnist.ipynb is missing',
        'mechanics_101.ipynb has other cells than its source',
        'mnist_lecture.ipynb was not run from its first cell to its last',
    ]


def test_all_are_up_to_date():
    command = [sys.executable, 'scripts/maintain/build_notebooks.py', '--check']
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count('is up to date') == len(NOTEBOOKS) + 1


def tiny_notebook(builder, tmp_path, text):
    """Returns the notebook of a percent script, not yet run."""
    (tmp_path / 'tiny.py').write_text(text)
    return builder.make(tmp_path / 'tiny.py')


@pytest.mark.slow
def test_training_in_a_notebook_leaves_no_widget(builder, few_digits_dir, tmp_path):
    pytest.importorskip('ipywidgets')  # with which a progress bar is a widget
    notebook = tiny_notebook(
        builder,
        tmp_path,
        '# %%\nfrom mnist_tut import softmax\n'
        f'softmax.run_training(data_dir={str(few_digits_dir)!r}, max_steps=5)\n',
    )
    builder.execute(notebook, tmp_path)
    [cell] = notebook.cells
    assert cell.outputs
    assert WIDGET not in nbformat.writes(notebook)
    assert 'widgets' not in notebook.metadata


@pytest.mark.slow
def test_a_widget_in_an_output_is_refused(builder, tmp_path):
    pytest.importorskip('ipywidgets')
    notebook = tiny_notebook(
        builder, tmp_path, '# %%\nimport ipywidgets\nipywidgets.IntSlider()\n'
    )
    with pytest.raises(errors.RunError, match='a widget is left'):
        builder.execute(notebook, tmp_path)


def test_outputs_do_not_depend_on_the_clock(builder):
    def stream(name, text):
        return nbformat.v4.new_output('stream', name=name, text=text)

    picture = nbformat.v4.new_output('display_data', {'image/png': 'AAAA'})
    one = [
        stream('stdout', 'Step 0: loss = 2.30 (0.012 sec)\nStep 250 (epoch 0.29), '),
        stream(
            'stderr', 'See it in TensorBoard: /a/b/python -m tensorboard.main --x\n'
        ),
        stream('stdout', '4.1 ms\nloss 3.25\n'),
        picture,
    ]
    other = [
        stream('stderr', 'See it in TensorBoard: ../python3 -m tensorboard.main --x\n'),
        stream('stdout', 'Step 0: loss = 2.30 (1.500 sec)\n'),
        stream('stdout', 'Step 250 (epoch 0.29), 20.2 ms\nloss 3.25\n'),
        picture,
    ]
    settled = builder._settle(copy.deepcopy(one))
    assert settled == builder._settle(copy.deepcopy(other))
    assert [output.get('text') for output in settled] == [
        'See it in TensorBoard: python -m tensorboard.main --x\n',
        'Step 0: loss = 2.30 (… sec)\nStep 250 (epoch 0.29), … ms\nloss 3.25\n',
        None,
    ]


@every_notebook
def test_finds_the_data_that_the_programs_of_the_clone_have(name):
    text = source(name).read_text(encoding='utf-8')
    calls = re.findall(r'(?:read_data_sets|locate\.locate|npz\.load)\(.*', text)
    assert calls
    assert all('DATA_DIR' in call and 'search=True' in call for call in calls)
