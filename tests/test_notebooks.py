"""The notebooks are what their sources say, are clean, and run on any machine."""

import ast
import copy
import importlib
import importlib.util
import re
import shutil
import subprocess
import sys

from mnist_tut.data import download
from notebooks import excerpt
from tests.support import corpus
from tests.support.paths import ROOT

import jupytext
import nbformat
import pytest

# One for each document, and what makes it short.
NOTEBOOKS = {
    'beginner_notes': {'ACCURACY_AT': [2, 4], 'DEEP_STEPS': 2},
    'convolutional_trial': {'MAX_STEPS': 2},
    'deep_mnist': {'SOFTMAX_STEPS': 5, 'DEEP_STEPS': 2},
    'mechanics_101': {'MAX_STEPS': 20},
    'mnist_lecture': {'MAX_STEPS': 20},
}
every_notebook = pytest.mark.parametrize('name', NOTEBOOKS)


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
    """Yields all text of the outputs, but for the lessons' source that is shown."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == 'stream':
                yield output.text
            elif 'text/markdown' not in output.data:
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
        assert names - {'excerpt'} == set(NOTEBOOKS)


@every_notebook
def test_cells_are_those_of_the_source(name):
    expected = jupytext.read(source(name), fmt='py:percent').cells
    cells = committed(name).cells
    assert [(cell.cell_type, cell.source) for cell in cells] == [
        (cell.cell_type, cell.source) for cell in expected
    ]
    assert len({cell.id for cell in cells}) == len(cells)


@every_notebook
def test_source_imports_its_functions(name):
    tree = ast.parse(source(name).read_text(encoding='utf-8'))
    definitions = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
    assert not [node for node in ast.walk(tree) if isinstance(node, definitions)]


@every_notebook
def test_source_that_is_shown_is_that_of_today(name):
    shown = [
        cell for cell in code_cells(committed(name)) if 'excerpt.show' in cell.source
    ]
    assert shown
    names = {'excerpt': excerpt}
    imports = re.findall(r'^from mnist_tut.*', source(name).read_text(), re.MULTILINE)
    exec('\n'.join(imports), names)
    for cell in shown:
        text = cell.outputs[0].data['text/plain']
        remedy = f'has changed: run scripts/maintain/build_notebooks.py {name}'
        assert repr(eval(cell.source, names)) == text, remedy


@every_notebook
def test_outputs_were_made_on_mnist_and_name_nothing_of_the_machine(name):
    notebook = committed(name)
    nbformat.validate(notebook)
    assert 'path' not in str(notebook.metadata)
    assert set(notebook.metadata) == {'kernelspec', 'language_info'}
    for number, cell in enumerate(code_cells(notebook), 1):
        assert cell.execution_count == number
        assert 'execution' not in cell.metadata
        assert all(output.output_type != 'error' for output in cell.outputs)
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
    lines = [f'{variable} = {value}' for variable, value in NOTEBOOKS[name].items()]
    for line in lines:
        assert line.split()[0] in notebook.cells[position].source
    short = nbformat.v4.new_code_cell('\n'.join(lines))
    notebook.cells.insert(position + 1, short)

    builder.execute(notebook, tmp_path)  # raises if a cell does

    assert len(pictures(notebook)) == len(pictures(committed(name)))
    if name not in ('beginner_notes', 'deep_mnist'):
        assert 'SYNTHETIC' in ''.join(texts(notebook))
    assert {path.name for path in tmp_path.iterdir()} == {'MNIST_data', 'logs'}


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
    assert done.stdout.count('is up to date') == len(NOTEBOOKS)


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
