"""MNIST in one file: what Keras and deeplearning.net published."""

from mnist_tut.data import synthetic
from mnist_tut.legacy import command
from tests.legacy import scripts

import numpy as np
import pytest


@pytest.fixture(scope='module')
def options(tmp_path_factory):
    """Returns options that lead to drawn digits."""
    folder = tmp_path_factory.mktemp('data')
    synthetic.write(str(folder / 'synthetic'), 'matched')
    return {'data_dir': str(folder), 'dataset': 'synthetic'}


@pytest.mark.parametrize('name', ['mnist.pkl.gz', 'mnist.pkl'])
def test_a_pickle_has_three_sets(tmp_path, options, name):
    opener = 'gzip.open' if name.endswith('gz') else 'open'
    result = scripts.run(
        tmp_path,
        f"""
        import cPickle, gzip
        file = {opener}({str(tmp_path / 'data' / name)!r}, 'rb')
        train, valid, test = cPickle.load(file)
        file.close()
        """,
        **options,
    )
    train, valid, test = (result[name] for name in ('train', 'valid', 'test'))
    assert len(train[0]) == 5 * len(valid[0]) > 0
    assert len(test[0]) == len(test[1]) > 0
    for images, labels in (train, valid, test):
        assert images.dtype == np.float32
        assert images.shape == (len(labels), 784)
        assert 0.5 < images.max() <= 1
        assert set(labels) <= set(range(10))


@pytest.mark.parametrize(
    'path', ["'mnist.npz'", "tf.keras.utils.get_file('mnist.npz', origin='https://x/')"]
)
def test_keras_file_has_four_arrays(tmp_path, options, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('HOME', str(tmp_path))
    result = scripts.run(
        tmp_path,
        f"""
        import numpy as np
        import tensorflow as tf
        with np.load({path}) as file:
            arrays = dict(file)
        (images, labels), _ = tf.keras.datasets.mnist.load_data()
        """,
        **options,
    )
    arrays = result['arrays']
    assert set(arrays) == {'x_train', 'y_train', 'x_test', 'y_test'}
    np.testing.assert_array_equal(arrays['x_train'], result['images'])
    np.testing.assert_array_equal(arrays['y_train'], result['labels'])


def test_another_data_set_is_named_after_the_script_s_traceback(tmp_path, capfd):
    path = tmp_path / 'old.py'
    path.write_text("import numpy\nnumpy.load('faces.npz')\n")
    assert command.main([str(path)]) == 1
    lines = capfd.readouterr().err.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith('FileNotFoundError'))
    assert 'faces.npz is missing: this script needs another data' in lines[at + 1]


def test_a_missing_file_that_is_no_data_is_not_explained(tmp_path, capfd):
    path = tmp_path / 'old.py'
    path.write_text("open('settings.ini')\n")
    assert command.main([str(path)]) == 1
    assert 'another data set' not in capfd.readouterr().err


def test_numbers_in_lists_are_printed_as_then(tmp_path, capsys):
    scripts.run(tmp_path, 'import numpy\nprint([numpy.float32(0.5)])\n')
    assert capsys.readouterr().out == '[0.5]\n'
    print([np.float32(0.5)])
    assert capsys.readouterr().out == '[np.float32(0.5)]\n'
