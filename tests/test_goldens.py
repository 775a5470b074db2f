"""The lessons are the original programs: same batches, same losses, same weights."""

import hashlib
import re
import types

from mnist_tut import fully_connected_feed, mnist, runtime
from tests import lessons
from tests.support.paths import GOLDENS, ROOT

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

pytestmark = [pytest.mark.mnist, pytest.mark.slow]

CASES = [
    pytest.param(lesson, golden, id=golden.file.removesuffix('.json'))
    for lesson in lessons.LESSONS
    for golden in lesson.goldens
]


class Retyped(types.ModuleType):
    """TensorFlow as a lesson sees it, with some of its names replaced."""

    def __init__(self, original, **replaced):
        super().__init__(original.__name__)
        self.__dict__.update(replaced)
        self._original = original

    def __getattr__(self, name):
        return getattr(self._original, name)


def in_float64(names):
    """Adds what turns a lesson to float64: the default type of all that it makes."""

    def with_dtype(function):
        return lambda *args, **kwargs: function(
            *args, **{'dtype': tf.float64, **kwargs}
        )

    def top_k(predictions, targets, k):
        return tf.nn.in_top_k(tf.cast(predictions, tf.float32), targets, k)

    names['float32'] = tf.float64
    for name in ('zeros', 'constant', 'truncated_normal', 'get_variable'):
        names[name] = with_dtype(getattr(tf, name))
    names['nn'] = Retyped(names.get('nn', tf.nn), in_top_k=top_k)


def with_initial_values(names, recipe):
    """Adds an initializer that gives the trainable variables the goldens' values."""

    def initializer():
        random = np.random.RandomState(0)
        with tf.control_dependencies([tf.global_variables_initializer()]):
            return tf.group(
                *(
                    variable.assign(
                        recipe(
                            variable.op.name, tuple(variable.shape), random.randn
                        ).astype(np.float32)
                    )
                    for variable in tf.trainable_variables()
                )
            )

    names['global_variables_initializer'] = initializer


@pytest.fixture
def record(monkeypatch, mnist_dir, tmp_path):
    """Runs a lesson as its golden was recorded; returns the losses."""

    def run(lesson, golden, float64=False, **flags):
        names = {}
        if golden.without_dropout:
            names['nn'] = Retyped(tf.nn, dropout=lambda x, *args, **kwargs: x)
        if float64:
            in_float64(names)
        if golden.init:
            with_initial_values(names, golden.init)
        for module in (lesson.module, mnist):
            monkeypatch.setattr(module, 'tf', Retyped(tf, **names))
        history = lesson.train(mnist_dir, tmp_path / 'log', **{**golden.flags, **flags})
        return history.values('loss')

    return run


@pytest.mark.parametrize(('lesson', 'golden'), CASES)
def test_float64_losses_are_the_originals(record, lesson, golden):
    losses = record(lesson, golden, float64=True)
    expected = golden.losses('tf1.15.5_float64')
    assert len(losses) == len(expected) == 200
    np.testing.assert_allclose(losses, expected, rtol=1e-9)


@pytest.mark.parametrize(('lesson', 'golden'), CASES)
def test_float32_losses_are_the_originals(record, lesson, golden):
    steps = golden.float32_steps
    flags = {'max_steps': steps} if steps < 200 else {}
    losses = record(lesson, golden, **flags)
    assert len(losses) == steps
    # 1.2.1 drew seeded initial weights that differ in their last digit.
    older = ['tf1.2.1'] if golden.init else []
    for version in ['tf1.15.5', 'tf2.21.0', *older]:
        np.testing.assert_allclose(losses, golden.losses(version)[:steps], rtol=1e-5)


@pytest.mark.parametrize(('lesson', 'golden'), CASES)
def test_initial_weights_are_bit_equal(record, tmp_path, lesson, golden):
    # A step of length 0, so that there is a checkpoint of the initial values.
    record(lesson, golden, max_steps=2, learning_rate=0.0)
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(tmp_path / 'log'))
    for name, shape, digest, *_ in golden.read('tf1.15.5')['init']:
        value = reader.get_tensor(name)
        assert list(value.shape) == shape
        if not shape:
            continue  # the step counter, which has counted since
        assert hashlib.sha256(value.tobytes()).hexdigest().startswith(digest), name


def test_convolutional_prints_the_metrics_of_step_0(mnist_dir, tmp_path, capsys):
    from mnist_tut import convolutional

    convolutional.run_training(
        data_dir=mnist_dir, log_dir=tmp_path / 'log', max_steps=1
    )
    printed = capsys.readouterr().out
    assert 'Minibatch loss: 8.334, learning rate: 0.010000\n' in printed
    assert 'Minibatch error: 85.9%\n' in printed
    assert 'Validation error: 84.6%\n' in printed


@pytest.mark.parametrize(
    ('version', 'num_correct'), [('tf1.2.1', 8990), ('tf1.15.5', 9050)]
)
def test_old_checkpoints_restore(mnist_dir, capsys, version, num_correct):
    from mnist_tut import input_data

    test = input_data.read_data_sets(mnist_dir).test
    with tf.Graph().as_default():
        images, labels = fully_connected_feed.placeholder_inputs(100)
        logits = mnist.inference(images, 128, 32)
        mnist.training(mnist.loss(logits, labels), 0.01)
        eval_correct = mnist.evaluation(logits, labels)
        saver = tf.train.Saver()
        with tf.Session(config=runtime.session_config()) as sess:
            path = GOLDENS / 'checkpoints' / version / 'model.ckpt-1999'
            saver.restore(sess, str(path))
            fully_connected_feed.do_eval(sess, eval_correct, images, labels, test)
    assert f'Num correct: {num_correct} ' in capsys.readouterr().out


def test_the_readmes_lines_restore_an_old_checkpoint(
    mnist_dir, tmp_path, monkeypatch, capsys
):
    readme = (ROOT / 'README.md').read_text('utf-8')
    [lines] = [
        block
        for block in re.findall(r'```python\n(.*?)```', readme, re.S)
        if 'model.ckpt-1999' in block
    ]
    for path in (GOLDENS / 'checkpoints' / 'tf1.2.1').iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / 'MNIST_data').symlink_to(mnist_dir)
    monkeypatch.chdir(tmp_path)
    exec(lines, {})
    assert capsys.readouterr().out.splitlines()[-1] == '0.899'
