"""TensorFlow's banners are removed, and nothing else; threads fit the model."""

import os
import subprocess
import sys

from mnist_tut import runtime
from tests.support.paths import ROOT

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


def python(code):
    """Runs code in a process; with Keras 3, whatever a test of an old script chose."""
    environment = {**os.environ, 'TF_USE_LEGACY_KERAS': '0'}
    return subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
    )


def test_a_real_warning_still_shows():
    code = """
from mnist_tut import runtime
import tensorflow.compat.v1 as tf
tf.logging.warning('the sky is falling')
tf.logging.warning('The name tf.x is deprecated.')
"""
    run = python(code)
    assert 'the sky is falling' in run.stderr
    assert 'deprecated' not in run.stderr


def test_keras_and_what_it_brings_are_not_imported_with_a_lesson():
    code = """
import sys
import mnist_tut
for name in (*mnist_tut.LESSONS, 'mnist'):
    assert getattr(mnist_tut, name)
unused = {'keras', 'tf_keras', 'matplotlib', 'pandas', 'PIL.PngImagePlugin'}
assert not unused & set(sys.modules), unused & set(sys.modules)
assert not [f for f in sys.meta_path if type(f).__module__.startswith('mnist_tut')]
"""
    run = python(code)
    assert run.returncode == 0, run.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    'use',
    [
        'import tensorflow as tf; used = tf.keras.layers',
        'import tensorflow.compat.v1 as tf; used = tf.keras.layers',
        'from tensorflow.keras import layers as used',
        'import tensorflow.keras.layers as used',
        'import keras; used = keras.layers',
        'import tensorflow as tf; used = tf.keras.layers; tf.optimizers.SGD(0.1)',
    ],
)
def test_keras_is_there_when_it_is_used(use):
    code = f'from mnist_tut import runtime; {use}; print(used.Dense(3))'
    run = python(code)
    assert run.stdout.startswith('<Dense '), run.stderr


def test_native_output_that_is_no_banner_still_shows():
    banner = 'I0000 00:00:1 1 port.cc:153] oneDNN custom operations are on. You may\n'
    trouble = 'E0000 00:00:1 1 cuda_dnn.cc:1] Could not load library cudnn\n'
    assert runtime._without(runtime._BANNERS, banner + trouble) == trouble


ECHO = (
    'W0000 00:00:1 1 op_kernel.cc:1858] OP_REQUIRES failed at save.cc:1 : NO SPACE\n'
    'W0000 00:00:1 1 local_rendezvous.cc:412] Local rendezvous is aborting with '
    'status: NO SPACE\n\t [[{{node save/SaveV2}}]]\n'
)


def test_an_error_is_printed_once(capfd):
    def save():
        os.write(2, (ECHO + 'another trouble\n').encode())
        raise OSError('NO SPACE')

    with pytest.raises(OSError, match='NO SPACE'), runtime.errors_once():
        save()
    assert capfd.readouterr().err == 'another trouble\n'


def test_without_an_error_every_line_is_printed(capfd):
    with runtime.errors_once():
        os.write(2, ECHO.encode())
    assert capfd.readouterr().err == ECHO


# Threads.

ONE, DEFAULT = (1, -1), (0, 0)  # -1: the thread that calls
THREADS_OF_TENSORFLOW = 'TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS'


@pytest.fixture
def choice(monkeypatch):
    """Returns (threads within an op, between ops) for a graph."""
    for name in THREADS_OF_TENSORFLOW:
        monkeypatch.delenv(name, raising=False)

    def choose(batch_size, *shapes, build=lambda: None, jit=False):
        with tf.Graph().as_default() as graph:
            for shape in shapes:
                tf.Variable(tf.zeros(shape))
            build()
            config = runtime.training_config(graph, batch_size, jit=jit)
        return config.intra_op_parallelism_threads, config.inter_op_parallelism_threads

    return choose


@pytest.mark.parametrize(
    ('expected', 'batch_size', 'shapes'),
    [
        (ONE, 100, [[784, 10], [10]]),
        (ONE, 100, [[784, 128], [128], [128, 32], [32, 10]]),
        (ONE, 20, [[1000, 1000]]),
        (DEFAULT, 21, [[1000, 1000]]),
        (DEFAULT, 100, [[784, 500], [500, 10]]),
        (ONE, 32, []),
    ],
)
def test_a_small_dense_net_gets_one_thread(choice, expected, batch_size, shapes):
    assert choice(batch_size, *shapes) == expected


def test_a_compiled_net_gets_one_thread_if_it_is_smaller(choice):
    softmax, two_layers = [[784, 10], [10]], [[784, 128], [128], [128, 32], [32, 10]]
    assert choice(100, *softmax, jit=True) == ONE
    assert choice(100, *two_layers, jit=True) == DEFAULT


def test_what_is_not_trained_does_not_count(choice):
    def optimize():
        x = tf.Variable(tf.zeros([100, 1000]))
        tf.Variable(tf.zeros([5000, 1000]), trainable=False)
        tf.train.AdamOptimizer().minimize(tf.reduce_sum(x))

    assert choice(100, build=optimize) == ONE


@pytest.mark.parametrize(
    'convolve',
    [
        lambda x: tf.nn.conv2d(x, tf.zeros([3, 3, 1, 2]), 1, 'SAME'),
        lambda x: tf.nn.depthwise_conv2d(x, tf.zeros([3, 3, 1, 2]), [1] * 4, 'SAME'),
        lambda x: tf.nn.conv2d_transpose(x, tf.zeros([3, 3, 1, 1]), [1, 9, 9, 1], 1),
    ],
)
def test_a_convolution_gets_all_threads(choice, convolve):
    assert choice(1, [2, 2], build=lambda: convolve(tf.zeros([1, 9, 9, 1]))) == DEFAULT


@pytest.mark.parametrize('name', THREADS_OF_TENSORFLOW)
@pytest.mark.parametrize('value', ['0', '1', '7'])
def test_a_user_who_sets_threads_gets_them(choice, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert choice(100, [784, 10]) == DEFAULT  # so that TensorFlow reads the variable


def test_sessions_that_do_not_train_have_all_threads():
    config = runtime.session_config()
    assert config.intra_op_parallelism_threads == 0
    assert config.inter_op_parallelism_threads == 0


@pytest.mark.skipif(not os.path.isdir('/proc/self/task'), reason='counts by /proc')
def test_a_session_has_its_own_threads_whatever_came_before():
    with tf.Graph().as_default():
        product = tf.matmul(tf.ones([8, 8]), tf.ones([8, 8]))
        with tf.Session() as sess:
            expected = sess.run(product)
        before = len(os.listdir('/proc/self/task'))
        config = tf.ConfigProto(intra_op_parallelism_threads=6)
        with tf.Session(config=config) as sess:
            np.testing.assert_array_equal(sess.run(product), expected)
            during = len(os.listdir('/proc/self/task'))
    assert during >= before + 6
