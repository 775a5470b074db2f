"""The script's own import: neighbours, two scripts in a process, nothing faked."""

import sys

from tests.legacy import scripts

import numpy as np
import pytest


def test_the_process_keeps_the_real_modules(tmp_path):
    import tensorflow

    is_eager = tensorflow.executing_eagerly()
    path, modules = list(sys.path), set(sys.modules)
    scripts.run(
        tmp_path,
        """
        import numpy as np
        import tensorflow as tf
        x = tf.mul(tf.constant(2.0), np.float(3))
        """,
    )
    assert sys.modules['tensorflow'] is tensorflow
    assert not hasattr(tensorflow, 'mul')
    assert not hasattr(np, 'float')
    assert tensorflow.executing_eagerly() == is_eager
    if is_eager:  # unless another test has ended that for good
        assert tensorflow.constant(2.0).numpy() == 2.0
    assert sys.path == path
    assert 'input_data' not in set(sys.modules) - modules


def test_two_scripts_with_a_neighbour_of_the_same_name(tmp_path):
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / 'model.py').write_text(
            f'import tensorflow as tf\nNUMBER = {number}\nx = tf.pack([1])\n'
        )
    text = """
        import tensorflow as tf
        import model
        tf.app.flags.DEFINE_string('data_dir', 'data', 'Both scripts define it.')
        number = model.NUMBER
        def later():
            import model
            return model.NUMBER
    """
    results = [scripts.run(tmp_path / str(number), text) for number in (1, 2)]
    assert [result['number'] for result in results] == [1, 2]
    assert [result['later']() for result in results] == [1, 2]
    assert 'model' not in sys.modules


def test_a_package_beside_the_script(tmp_path):
    (tmp_path / 'net').mkdir()
    (tmp_path / 'net' / '__init__.py').write_text('')
    (tmp_path / 'net' / 'ops.py').write_text('def f(): return 7 / 2\n')
    (tmp_path / 'net' / 'model.py').write_text('import ops\nVALUE = ops.f()\n')
    text = 'from net import model\nprint "Python 2"\nvalue = model.VALUE\n'
    assert scripts.run(tmp_path, text)['value'] == 3


@pytest.mark.parametrize(
    'statement',
    [
        'from tensorflow.models.rnn import rnn, rnn_cell',
        'from tensorflow.python.ops import rnn, rnn_cell',
        'from tensorflow.contrib import slim',
        'import tensorflow.contrib.slim as slim',
        'import tensorflow.python.platform',
        'from tensorflow.python.platform import gfile, app, flags',
        'from tensorflow.python.framework import ops, dtypes',
        'from tensorflow.python.ops import array_ops, math_ops, variable_scope as vs',
        'from tensorflow.python.client import timeline, device_lib',
        'from tensorflow.python.training import moving_averages',
        'from tensorflow.examples.tutorials.mnist import input_data, mnist',
        'import tensorflow.examples.tutorials.mnist.input_data as input_data',
        'import tensorflow.examples.tutorials.mnist.mnist as m',
        'from tensorflow.contrib.learn.python.learn.datasets.mnist import '
        'read_data_sets',
        'from tensorflow.contrib.learn.python.learn.datasets import mnist, base',
        'import input_data',
        'from scipy.misc import imsave, imresize',
        'from six.moves import urllib, xrange',
        'from sklearn.cross_validation import train_test_split',
        'import matplotlib; matplotlib.use("TkAgg"); import pylab',
        'from tensorflow.contrib.tensorboard.plugins import projector',
        'from tensorflow.contrib.layers import xavier_initializer',
        'from tensorflow.core.framework import summary_pb2',
        'import tensorflow.compat.v1 as tf',
    ],
)
def test_a_spelling_of_the_time_is_served(tmp_path, statement):
    if 'sklearn' in statement:
        pytest.importorskip('sklearn')
    scripts.run(tmp_path, statement + '\n')


def test_a_missing_name_says_what_to_write(tmp_path):
    from mnist_tut.legacy.tree import GoneError

    text = 'import tensorflow as tf\ntf.contrib.cudnn_rnn.CudnnLSTM(1, 2)\n'
    with pytest.raises(GoneError, match=r'old\.py:2: tf\.contrib\.cudnn_rnn was rem'):
        scripts.run(tmp_path, text)


def test_a_wrong_name_is_the_scripts_own_error(tmp_path):
    with pytest.raises(AttributeError, match='has no attribute'):
        scripts.run(tmp_path, 'import tensorflow as tf\ntf.no_such_name\n')
    with pytest.raises(ImportError, match='cannot import name'):
        scripts.run(tmp_path, 'from tensorflow import no_such_name\n')


def test_a_traceback_shows_the_scripts_lines(tmp_path):
    import traceback

    text = 'import tensorflow as tf\nprint "x"\n\ndef f():\n\treturn 1 / 0\nf()\n'
    with pytest.raises(ZeroDivisionError) as caught:
        scripts.run(tmp_path, text)
    trace = ''.join(traceback.format_exception(caught.value))
    assert f'File "{tmp_path / "old.py"}", line 5, in f\n    return 1 / 0' in trace
