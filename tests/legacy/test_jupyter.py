"""%load_ext mnist_tut.legacy: the cells that follow are old ones, until the end."""

import atexit
import builtins
import os
import subprocess
import sys
import textwrap
import warnings

from mnist_tut.legacy import jupyter
from tests.legacy import notebooks
from tests.support.paths import ROOT

import pytest
import tensorflow as tf

LOAD, UNLOAD = '%load_ext mnist_tut.legacy', '%unload_ext mnist_tut.legacy'


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """IPython's shell, without a history, in a folder of its own."""
    from IPython.core import interactiveshell
    from traitlets.config import Config

    monkeypatch.setenv('IPYTHONDIR', str(tmp_path / 'ipython'))
    monkeypatch.chdir(tmp_path)
    main, path, hook = sys.modules['__main__'], list(sys.path), sys.excepthook
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = 'nocolor'
    shell = interactiveshell.InteractiveShell(config=config)
    yield shell
    jupyter.unload(shell)
    atexit.unregister(shell.atexit_operations)
    shell.atexit_operations()
    sys.path[:], sys.excepthook, sys.modules['__main__'] = path, hook, main


def run(shell, *cells):
    """Runs cells, and returns the last one's value; raises what they raise."""
    for cell in cells:
        result = shell.run_cell(cell, store_history=True)
        result.raise_error()
    return result.result


def test_the_softmax_document_cell_by_cell(shell, few_digits_dir, capsys):
    run(shell, LOAD, f'%legacy --data_dir={few_digits_dir}', notebooks.SEED)
    *cells, last = notebooks.SOFTMAX
    run(shell, *cells)
    capsys.readouterr()
    accuracy = run(shell, last)
    assert accuracy > 0.5
    assert 'Out[' in capsys.readouterr().out  # is displayed
    assert run(shell, '_') == accuracy


def test_a_session_stays_open_between_cells(shell):
    cells = ['import tensorflow as tf', 'sess = tf.InteractiveSession()',
             'w = tf.Variable(3.)', 'sess.run(tf.initialize_all_variables())',
             'tf.mul(w, 2.).eval()']  # fmt: skip
    assert run(shell, LOAD, *cells) == 6


def test_a_number_of_numpys_is_shown_as_at_the_time(shell, capsys):
    run(shell, LOAD, 'import numpy as np', 'np.float32(0.5)')
    assert capsys.readouterr().out.endswith('0.5\n')
    run(shell, UNLOAD, 'np.float32(0.5)')
    assert capsys.readouterr().out.endswith('np.float32(0.5)\n')


def test_unload_restores_everything(shell, monkeypatch):
    monkeypatch.delenv('TF_USE_LEGACY_KERAS', raising=False)
    run(shell, 'import tensorflow as tf', 'a = 1')
    before = (
        list(shell.ast_transformers),
        list(shell.input_transformers_post),
        set(shell.magics_manager.magics['line']),
        list(warnings.filters),
        shell.user_ns['__builtins__'],
        dict(vars(builtins)),
        tf.compat.v1.resource_variables_enabled(),
        tf.compat.v1.control_flow_v2_enabled(),
    )
    run(shell, LOAD, 'tf.InteractiveSession()', 'x = tf.placeholder("float")')
    assert shell.user_ns['tf'] is not tf
    assert os.environ['TF_USE_LEGACY_KERAS'] == '1'
    run(shell, UNLOAD)
    after = (
        list(shell.ast_transformers),
        list(shell.input_transformers_post),
        set(shell.magics_manager.magics['line']),
        list(warnings.filters),
        shell.user_ns['__builtins__'],
        dict(vars(builtins)),
        tf.compat.v1.resource_variables_enabled(),
        tf.compat.v1.control_flow_v2_enabled(),
    )
    assert after == before
    assert 'TF_USE_LEGACY_KERAS' not in os.environ
    assert shell.user_ns['tf'] is tf
    if tf.executing_eagerly():  # unless another test has ended that for good
        assert run(shell, '(tf.constant(1) + a).numpy() + 3 / 2') == 3.5


def test_it_can_be_loaded_again(shell):
    run(shell, LOAD, 'import tensorflow as tf\nx = tf.placeholder("float")', UNLOAD)
    run(shell, LOAD, 'import tensorflow as tf\ny = tf.placeholder("float")')
    assert run(shell, 'y.graph is x.graph') is False
    run(shell, '%reload_ext mnist_tut.legacy')
    run(shell, 'import tensorflow as tf\ntf.placeholder("float")')


def test_python_2_is_read_and_divides(shell, capsys):
    run(shell, LOAD)
    assert run(shell, '3 / 2') == 1.5
    run(shell, 'print "a", 3 / 2')
    assert 'a 1' in capsys.readouterr().out.splitlines()
    assert run(shell, '3 / 2') == 1
    assert run(shell, 'from __future__ import division', '3 / 2') == 1.5


def test_a_function_keeps_its_meaning_after_the_end(shell):
    cell = 'def f():\n  import tensorflow as tf\n  return tf.mul'
    run(shell, LOAD, cell, UNLOAD)
    assert run(shell, 'f()') is tf.multiply


def test_steps_shorten_the_loops_that_follow(shell, few_digits_dir):
    run(shell, LOAD, f'%legacy --data_dir={few_digits_dir} --steps=3')
    cells = list(notebooks.SOFTMAX)
    cells[8] = 'n = 0\n' + cells[8] + '\n  n += 1'
    run(shell, *cells)
    assert run(shell, 'n') == 3
    run(shell, '%legacy --steps=0', cells[8])
    assert run(shell, 'n') == 60


def test_it_tells_what_was_adapted_and_in_which_cell(shell, capsys):
    run(shell, LOAD, 'import tensorflow as tf', 'a = 1\ntf.mul(a, 2)', '%legacy')
    assert 'In[3]:2: tf.mul -> tf.multiply' in capsys.readouterr().out
    run(shell, UNLOAD)
    assert 'legacy: 1 line adapted (tf.mul)' in capsys.readouterr().out


@pytest.mark.parametrize('line', ['--step=3', '--steps=x', '--python=4'])
def test_a_bad_option_is_refused(shell, line):
    run(shell, LOAD)
    with pytest.raises(ValueError, match='%legacy: '):
        run(shell, f'%legacy {line}')


def test_the_files_beside_the_notebook_are_old_too(shell, tmp_path):
    text = 'import tensorflow as tf\ndef f(): return tf.mul\n'
    (tmp_path / 'old_neighbour.py').write_text(text)
    assert run(shell, LOAD, 'import old_neighbour', 'old_neighbour.f()') is tf.multiply
    assert 'old_neighbour' not in sys.modules


def test_flags_of_the_kernel_are_no_flags_of_the_cells(shell, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['launcher', '-f', 'kernel.json'])
    define = 'flags = tf.app.flags\nflags.DEFINE_integer("n", 3, "A number.")'
    cells = ['import tensorflow as tf', define, define, 'flags.FLAGS.n']
    assert run(shell, LOAD, *cells) == 3


@pytest.mark.slow
def test_a_kernel_with_keras_3_gets_one_line(tmp_path):
    program = """
    from IPython.core.interactiveshell import InteractiveShell
    shell = InteractiveShell.instance()
    for cell in ['''import tensorflow.compat.v1 as tf
    try:
        tf.layers.dense
    except AttributeError:
        pass
    ''', '%load_ext mnist_tut.legacy', 'tf.placeholder("float")', 'tf.layers.Dense',
                 'tf.layers.Dense']:
        shell.run_cell(cell)
    """
    environment = {**os.environ, 'PYTHONPATH': str(ROOT), 'IPYTHONDIR': str(tmp_path)}
    environment.pop('TF_USE_LEGACY_KERAS', None)
    result = subprocess.run(
        [sys.executable, '-c', textwrap.dedent(program)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert result.stdout.count('need a restarted kernel') == 1, result


@pytest.mark.slow
def test_the_convolutional_document_in_a_kernel(tmp_path, few_digits_dir):
    import nbclient
    import nbformat

    figure = (
        'import matplotlib.pyplot as plt\n'
        'plt.imshow(mnist.test.images[0].reshape(28, 28))\nplt.show()'
    )
    cells = [
        LOAD, f'%legacy --data_dir={few_digits_dir} --steps=30', '%matplotlib inline',
        notebooks.SEED, *notebooks.SOFTMAX, *notebooks.CONVOLUTIONAL, figure, UNLOAD,
        'import tensorflow as tf\ntf.executing_eagerly()',
    ]  # fmt: skip
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    resources = {'metadata': {'path': str(tmp_path)}}
    client = nbclient.NotebookClient(book, kernel_name='python3', resources=resources)
    client.execute(env={**os.environ, 'PYTHONPATH': str(ROOT)})
    *_, shown, picture, _, eager = book.cells
    assert float(shown.outputs[-1].data['text/plain']) > 0.2
    assert [output.output_type for output in picture.outputs] == ['display_data']
    assert 'image/png' in picture.outputs[0].data
    assert eager.outputs[-1].data['text/plain'] == 'True'
