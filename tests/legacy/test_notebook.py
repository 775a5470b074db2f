"""A notebook's cells are run as one program; a traceback names the cell."""

import importlib.util
import os
import re
import subprocess
import sys

from mnist_tut import legacy
from mnist_tut.errors import UserError
from mnist_tut.legacy import notebook
from tests.legacy import notebooks
from tests.support.paths import ROOT

import pytest


def command(folder, *argv):
    return subprocess.run(
        [sys.executable, '-m', 'mnist_tut.legacy', *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize('write', [notebooks.write, notebooks.write_format3])
def test_code_cells_are_one_program(tmp_path, write):
    path = write(tmp_path, ['a = 1', 'def f():\n  return a + 1', 'a = 5\nb = f()'])
    result = legacy.run(path)
    assert (result['a'], result['b']) == (5, 6)


def test_other_cells_and_empty_ones_are_not_counted(tmp_path):
    cells = [('markdown', '# Title'), 'a = 1', '', ('raw', 'b = 2'), 'c = 3']
    program = notebook.open_program(str(notebooks.write(tmp_path, cells)))
    assert [cell.name for cell in program.cells] == [
        'old.ipynb, cell 1',
        'old.ipynb, cell 2',
    ]
    assert [cell.source for cell in program.cells] == ['a = 1', 'c = 3']


@pytest.mark.parametrize(
    ('text', 'source'),
    [
        ('%matplotlib inline\nx = 1', 'pass\nx = 1'),
        ('!pip install tensorflow\nx = 1', 'pass\nx = 1'),
        ('%%time\nx = 1', 'pass\nx = 1'),
        ('%%capture out\nx = 1', 'pass\nx = 1'),
        ('%%bash\nls *.gz\nrm x', 'pass\n\n'),
        ('%%writefile a.py\nx = (', 'pass\n'),
        ('%time x = f(3)', 'x = f(3)'),
        ('%timeit -n 3 f()', 'pass'),
        ('if x:\n    !ls\n    y = 1', 'if x:\n    pass\n    y = 1'),
        ('files = !ls\nx = 1', 'files = []\nx = 1'),
        ('tf.mul?\n?tf.mul\nx = 1', 'pass\npass\nx = 1'),
        ('pip install tensorflow\ncd data', 'pass\npass'),
        ('!ls \\\n  -l\nx = 1', 'pass\n\nx = 1'),
        # All of these are Python.
        ('print("%d"\n% x)', 'print("%d"\n% x)'),
        ('a = """\n%time\n!ls\n"""', 'a = """\n%time\n!ls\n"""'),
        ("x = '%s' \\\n% y", "x = '%s' \\\n% y"),
        ('x = 5 %3  # 50%?', 'x = 5 %3  # 50%?'),
        ('assert x != 1', 'assert x != 1'),
        ('ls = 1\nls\ncat = ls -1', 'ls = 1\nls\ncat = ls -1'),
        ('# say "it\'s (so"\n%time x = 1', '# say "it\'s (so"\nx = 1'),
    ],
)
def test_what_only_ipython_reads_is_skipped(text, source):
    got, skipped = notebook.without_magics(text)
    assert got == source
    assert bool(skipped) == (text != source)


@pytest.mark.parametrize(
    ('metadata', 'quotient'),
    [
        ({'version': '2.7.6'}, 1),
        ({'kernel': 'python2'}, 1),
        ({'version': '3.5.2'}, 1.5),
        ({'kernel': 'python3'}, 1.5),
        ({}, 1.5),
    ],
)
def test_its_metadata_tells_its_python(tmp_path, metadata, quotient):
    path = notebooks.write(tmp_path, ['a = 3', 'b = a / 2'], **metadata)
    assert legacy.run(path)['b'] == quotient


def test_its_cells_tell_its_python_where_the_metadata_errs(tmp_path):
    path = notebooks.write(tmp_path, ['print "a"', 'b = 3 / 2'], version='3.5')
    assert legacy.run(path)['b'] == 1


def test_a_future_of_one_cell_holds_for_the_next(tmp_path, capsys):
    future = 'from __future__ import print_function, division'
    cells = [future, 'print("a", 3 / 2)']
    legacy.run(notebooks.write(tmp_path, cells, version='2.7'))
    assert capsys.readouterr().out == 'a 1.5\n'


def test_the_last_value_of_a_cell_is_shown(tmp_path, capsys):
    legacy.run(notebooks.write(tmp_path, ['1\n2', 'None', '3;', "'x'"]))
    assert capsys.readouterr().out == "Out[1]: 2\nOut[4]: 'x'\n"


def test_figures_are_saved_cell_by_cell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = ['import matplotlib.pyplot as plt\nplt.plot([1, 2])', 'plt.plot([3])']
    legacy.run(notebooks.write(tmp_path, cells))
    assert sorted(path.name for path in tmp_path.glob('*.png')) == [
        'old_1.png',
        'old_2.png',
    ]


def test_the_softmax_document_learns(tmp_path, few_digits_dir):
    cells = ['%matplotlib inline', notebooks.SEED, *notebooks.SOFTMAX]
    cells[-1] = f'a = {cells[-1]}'
    result = legacy.run(notebooks.write(tmp_path, cells), data_dir=str(few_digits_dir))
    assert result['a'] > 0.5


def test_steps_shorten_its_loops(tmp_path, few_digits_dir):
    cells = [*notebooks.SOFTMAX, 'last = i']
    cells[8] = 'n = 0\n' + cells[8] + '\n  n += 1'
    path = notebooks.write(tmp_path, cells)
    result = legacy.run(path, data_dir=str(few_digits_dir), steps=3)
    assert (result['n'], result['last']) == (3, 59)


@pytest.mark.parametrize(
    ('document', 'message'),
    [
        ({'cells': []}, 'is not a notebook with code cells'),
        ([1], 'is not a notebook with code cells'),
        (
            {
                'cells': [{'cell_type': 'code', 'source': 'x <- 1'}],
                'metadata': {'kernelspec': {'language': 'R', 'name': 'ir'}},
            },
            'is a notebook of r, not of Python',
        ),
        (
            {'cells': [{'cell_type': 'code', 'source': 'a = 1\nb = = 2'}]},
            r'old\.ipynb, cell 1:2: neither Python 3 nor Python 2 can read this',
        ),
    ],
)
def test_what_is_no_notebook_gets_one_line(tmp_path, document, message):
    path = notebooks.write_json(tmp_path, document)
    with pytest.raises(UserError, match=message) as error:
        legacy.run(path)
    assert '\n' not in str(error.value)


def test_a_file_that_is_no_json_gets_one_line(tmp_path):
    path = tmp_path / 'old.ipynb'
    path.write_text('import tensorflow')
    with pytest.raises(UserError, match='it is not JSON'):
        legacy.run(path)


@pytest.mark.slow
def test_the_traceback_names_the_cell(tmp_path):
    cells = ['!ls\ndef f():\n  print "before"\n  {}["key"]', 'a = 1\n\nf()']
    notebooks.write(tmp_path, cells)
    result = command(tmp_path, 'old.ipynb')
    assert (result.returncode, result.stdout) == (1, 'before\n')
    lines = [line.strip() for line in result.stderr.splitlines()]
    assert lines[:2] == [
        'legacy: old.ipynb, cell 1: skipped: !ls',
        'Traceback (most recent call last):',
    ]
    assert 'File "old.ipynb, cell 2", line 3, in <module>' in lines
    assert 'File "old.ipynb, cell 1", line 4, in f' in lines
    assert '{}["key"]' in lines  # the line as it stands
    assert "KeyError: 'key'" in lines


@pytest.mark.slow
def test_check_names_the_cells(tmp_path):
    cells = ['import tensorflow as tf', 'a = 1\nb = tf.mul(a, a)', 'print tf.sub(a, 1)']
    notebooks.write(tmp_path, cells)
    result = command(tmp_path, '--check', 'old.ipynb')
    assert result.returncode == 0
    assert re.search(r'^old\.ipynb, cell 2:2: tf\.mul -> ', result.stdout, re.M)
    assert re.search(r'^old\.ipynb, cell 3:1: tf\.sub -> ', result.stdout, re.M)


def test_a_script_that_was_a_notebook_needs_no_ipython(tmp_path):
    path = tmp_path / 'old.py'
    path.write_text(
        "# coding: utf-8\n# In[1]:\nget_ipython().magic(u'matplotlib inline')\na = 1\n"
    )
    assert legacy.run(path)['a'] == 1


def test_what_ipython_shows_has_stand_ins_without_it(tmp_path, monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        'find_spec',
        lambda name, *args: None if name == 'IPython' else find(name, *args),
    )
    cells = [
        'from IPython.display import Image, clear_output, display\nimport base64',
        'clear_output()\ndisplay(1)\nImage(data=base64.decodestring(b"YQ=="))',
    ]
    legacy.run(notebooks.write(tmp_path, cells))
    assert capsys.readouterr().out == (
        '1\nOut[2]: (not shown: IPython is not installed)\n'
    )
