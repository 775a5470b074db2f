"""Checkpoints of original programs: the lesson is recognized, and it predicts."""

import os
import shutil

from mnist_tut import errors
from mnist_tut.data import idx, locate
from mnist_tut.inference import layers, model, original
from tests import lessons
from tests.support.paths import ROOT

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

CHECKPOINTS = ROOT / 'tests' / 'goldens' / 'checkpoints'


@pytest.fixture(scope='module')
def images(few_digits_dir):
    return idx.read_images(few_digits_dir / locate.TEST_IMAGES)[:50]


@pytest.mark.parametrize(('version', 'right'), [('tf1.2.1', 8990), ('tf1.15.5', 9050)])
def test_what_tensorflow_1_wrote_is_as_accurate_as_there(version, right, mnist_dir):
    images = idx.read_images(mnist_dir / locate.TEST_IMAGES)
    labels = idx.read_labels(mnist_dir / locate.TEST_LABELS)
    restored = original.restore(CHECKPOINTS / version / 'model.ckpt-1999')
    assert restored.lesson == 'fully_connected_feed'
    assert restored.num_steps == 2000
    with model.start(restored) as predictor:
        predicted = predictor.probabilities(images).argmax(axis=1)
    assert (predicted == labels).sum() == right


@pytest.mark.parametrize('lesson', lessons.LESSONS, ids=lambda lesson: lesson.name)
def test_every_lesson_is_recognized(lesson, short_run, images, tmp_path):
    """Without run.json and the graph, as an original program leaves it."""
    folder = short_run(lesson.name)
    for path in folder.glob('model.ckpt-2.[id]*'):
        shutil.copy(path, tmp_path)
    with model.load(folder) as predictor:
        expected = predictor.probabilities(images)
    restored = original.restore(tmp_path / 'model.ckpt-2')
    assert restored.description == (
        f'{tmp_path}/model.ckpt-2: {lesson.name}, 3 steps on data that the checkpoint '
        'does not name'
    )
    with model.start(restored) as predictor:
        actual = predictor.probabilities(images)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)
    assert layers.network(restored).lesson == lesson.name  # so every format exports it


def save(path, variables):
    """Saves arrays by their names as a checkpoint."""
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.Saver(
            {name: tf.Variable(array) for name, array in variables.items()}
        )
        sess.run(tf.global_variables_initializer())
        saver.save(sess, os.fspath(path), write_meta_graph=False)


def arrays(lesson, **shapes):
    """Returns random arrays for a lesson's variables."""
    rng = np.random.default_rng(0)
    return {
        name: rng.normal(size=shape, scale=0.05).astype(np.float32)
        for (name, shape) in shapes.items()
    }


def conv_net(names, width):
    shapes = [[5, 5, 1, 4], [4], [5, 5, 4, 6], [6], [294, width], [width], [width, 10]]
    return arrays('deep', **dict(zip(names, [*shapes, [10]], strict=True)))


NUMBERED = ['Variable', *(f'Variable_{number}' for number in range(1, 8))]


@pytest.mark.parametrize(
    ('variables', 'lesson'),
    [
        (conv_net(NUMBERED, 20), 'deep'),
        (conv_net(NUMBERED, 512), 'convolutional'),
        ({**conv_net(NUMBERED, 20), 'Variable/Momentum': np.zeros(3)}, 'convolutional'),
        ({**conv_net(NUMBERED, 512), 'Variable/Adam': np.zeros(3)}, 'deep'),
        (
            conv_net(
                [f'{scope}/Variable{end}' for scope in ('conv1', 'conv2', 'fc1', 'fc2')
                 for end in ('', '_1')], 20,
            ),
            'deep',
        ),
        (
            {
                **conv_net([f'Variable_{number}' for number in range(2, 10)], 20),
                **arrays('softmax', Variable=[784, 10], Variable_1=[10]),
            },
            'deep',
        ),
        (
            arrays('mlp', W1=[784, 7], Variable=[7], W2=[7, 10], Variable_1=[10]),
            'tanh_mlp',
        ),
    ],
    ids=['sizes', 'narrow', 'momentum', 'Adam', 'mnist_deep.py', 'notes', 'tanh'],
)  # fmt: skip
def test_sizes_and_lesson_are_read_from_names_and_shapes(
    variables, lesson, images, tmp_path
):
    save(tmp_path / 'model.ckpt', variables)
    restored = original.restore(tmp_path / 'model.ckpt')
    assert restored.lesson == lesson
    assert restored.num_steps is None
    network = layers.network(restored)  # which compares the graph with NumPy
    with model.start(restored) as predictor:
        actual = predictor.probabilities(images)
    expected = layers.softmax(network.logits(images / np.float32(255)))
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.parametrize('ending', ['.index', '.data-00000-of-00001', ''])
def test_any_of_its_files_or_its_folder_names_it(ending, images):
    path = CHECKPOINTS / 'tf1.2.1'
    named = original.restore(path / f'model.ckpt-1999{ending}')
    assert named.checkpoint == original.restore(path).checkpoint


def test_what_is_no_checkpoint_of_a_lesson_is_one_line(tmp_path):
    save(tmp_path / 'other.ckpt', arrays('x', weights=[3, 10], biases=[10]))
    save(
        tmp_path / 'nan.ckpt',
        {
            'Variable': np.full([784, 10], np.nan, 'f4'),
            'Variable_1': np.zeros(10, 'f4'),
        },
    )
    (tmp_path / 'text').write_text('nothing')
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'folder.index').mkdir()
    (tmp_path / 'link.index').symlink_to('nowhere')
    for path in (CHECKPOINTS / 'tf1.2.1').iterdir():
        name = path.name.replace('model.ckpt-1999', 'cut.ckpt')
        content = path.read_bytes()
        keep = len(content) // 2 if 'data' in name else len(content)
        (tmp_path / name).write_bytes(content[:keep])
    for name, reason in {
        'missing': 'no such checkpoint',
        'other.ckpt': r'of none of the lessons .*biases \[10\], weights \[3, 10\]',
        'nan.ckpt': 'not finite',
        'text': 'not a checkpoint',
        'empty': 'without a checkpoint',
        'folder': 'is a folder',
        'link': 'dangling',
        'cut.ckpt': 'damaged',
        'a[1]*': 'no such checkpoint',
    }.items():
        with pytest.raises(errors.UserError, match=reason) as caught:
            original.restore(tmp_path / name)
        assert '\n' not in str(caught.value)
