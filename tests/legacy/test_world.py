"""What drifted beside TensorFlow, and MNIST's files where a script looks for them."""

from mnist_tut.data import locate
from tests.legacy import scripts

import numpy as np
import pytest


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_numpy_of_that_time(here):
    result = scripts.run(
        here,
        """
        import numpy as np
        a = np.zeros(3, np.float)
        b = np.fromstring(b'\\x01\\x02', dtype=np.uint8)
        b[0] = 5
        c = np.reshape(np.arange(4), newshape=[2, 2])
        d = np.array([[1, 2], [3]])
        np.save('made/d.npy', [[1, 2], [3]])
        e = np.load('made/d.npy')
        text = a.tostring()
        f = np.asscalar(np.array([7]))
        """,
    )
    assert result['b'].tolist() == [5, 2]
    assert result['c'].shape == (2, 2)
    assert result['d'].dtype == result['e'].dtype == object
    assert result['text'] == bytes(24)
    assert result['f'] == 7


def test_pictures_of_scipy(here):
    from PIL import Image

    result = scripts.run(
        here,
        """
        import numpy as np
        import scipy.misc
        from scipy.misc import imsave
        x = np.linspace(-1, 1, 16).reshape(4, 4)
        imsave('pictures/x.png', x)
        y = scipy.misc.imread('pictures/x.png')
        z = scipy.misc.imresize(y, (8, 6))
        """,
    )
    assert result['y'].min() == 0
    assert result['y'].max() == 255
    assert result['z'].shape == (8, 6)
    with Image.open(here / 'pictures' / 'x.png') as picture:
        assert picture.size == (4, 4)


def test_plots_are_saved_and_never_block(here):
    scripts.run(
        here,
        """
        import matplotlib
        matplotlib.use('TkAgg')
        import matplotlib.pyplot as plt
        import matplotlib.animation as animation
        turns = []
        figure = plt.figure()
        plt.plot([1, 2])
        a = animation.FuncAnimation(figure, turns.append, frames=5)
        plt.show()
        f, axes = plt.subplots(1, 2)
        f.show()
        plt.draw()
        plt.waitforbuttonpress()
        assert turns == [0, 1, 2, 3, 4]
        """,
    )
    assert sorted(p.name for p in here.glob('*.png')) == ['old_1.png', 'old_2.png']


def test_the_four_files_come_from_us(here, digits_dir):
    result = scripts.run(
        here,
        """
        import gzip, os, urllib, urllib2
        import numpy as np
        URL = 'http://yann.lecun.com/exdb/mnist/'
        os.mkdir('a')
        name = 't10k-labels-idx1-ubyte.gz'
        path, _ = urllib.urlretrieve(URL + name, 'a/' + name)
        with gzip.open(path) as f:
            labels = np.frombuffer(f.read()[8:], dtype=np.uint8)
        content = urllib2.urlopen(URL + name).read()
        with open('b/t10k-labels-idx1-ubyte', 'rb') as f:
            plain = f.read()
        """,
        data_dir=str(digits_dir),
    )
    assert len(result['labels']) == 10000
    assert result['plain'][8:] == result['labels'].tobytes()
    assert result['content'][:2] == b'\x1f\x8b'
    assert (here / 'a' / locate.TEST_LABELS).is_symlink()


def test_keras_and_scikit_learn_get_the_same_digits(here, digits_dir):
    pytest.importorskip('sklearn')
    result = scripts.run(
        here,
        """
        import tensorflow as tf
        from sklearn.datasets import fetch_mldata
        (x, y), (tx, ty) = tf.keras.datasets.mnist.load_data()
        mnist = fetch_mldata('MNIST original')
        """,
        data_dir=str(digits_dir),
    )
    assert result['x'].shape == (60000, 28, 28)
    assert result['mnist'].data.shape == (70000, 784)
    assert np.all(np.diff(result['mnist'].target[:60000]) >= 0)
    assert result['mnist'].data[:60000].sum() == result['x'].sum()


def test_a_copy_of_input_data_with_functions_of_its_own_is_run(here):
    (here / 'input_data.py').write_text(
        '# train-images-idx3-ubyte\ndef read_data_sets(): pass\n'
        'def own(n):\n    return n / 2\n'
    )
    text = 'import input_data\nprint "Python 2"\nx = input_data.own(7)\n'
    assert scripts.run(here, text)['x'] == 3


def test_keras_1_says_it_in_other_words(tmp_path):
    """The layers' arguments, where they lived, and the history's 'acc'."""
    result = scripts.run(
        tmp_path,
        """
        import numpy as np
        from keras.models import Sequential, Model
        from keras.layers import Input, Convolution2D, Dropout, Flatten
        from keras.layers.core import Dense
        from keras.layers.normalization import BatchNormalization
        from keras.optimizers import SGD
        from keras.utils import np_utils
        model = Sequential()
        model.add(Convolution2D(4, 3, 5, border_mode='same', subsample=(2, 2),
                                input_shape=(8, 8, 1), dim_ordering='tf'))
        model.add(BatchNormalization(mode=0))
        model.add(Dropout(p=0.5))
        model.add(Flatten())
        model.add(Dense(output_dim=2, init='glorot_uniform', activation='softmax'))
        model.compile(SGD(lr=0.1, decay=1e-6), 'categorical_crossentropy',
                      metrics=['accuracy'])
        y = np_utils.to_categorical(np.zeros(6), 2)
        history = model.fit(np.ones([6, 8, 8, 1]), y, nb_epoch=2, verbose=0)
        acc = history.history['acc']
        shape = model.layers[0].get_weights()[0].shape
        inputs = Input(shape=(3,))
        other = Model(input=inputs, output=Dense(7)(inputs))
        width = other.predict(np.ones([1, 3])).shape
        """,
    )
    assert len(result['acc']) == 2
    assert result['shape'] == (3, 5, 1, 4)
    assert result['width'] == (1, 7)
