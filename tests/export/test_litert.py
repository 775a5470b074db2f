"""LiteRT: four files, whose numbers and labels are those of the session."""

import dataclasses
import functools
import os

from mnist_tut import errors
from mnist_tut.data import idx, locate
from mnist_tut.export import litert, output
from mnist_tut.inference import model, trained
from tests import lessons
from tests.support import exports

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

# Converting the 13 MB of `deep` takes longer than a test that is not slow may.
every_lesson = pytest.mark.parametrize(
    'name',
    [
        pytest.param(lesson.name, marks=[pytest.mark.slow] * (lesson.name == 'deep'))
        for lesson in lessons.LESSONS
    ],
)


@pytest.fixture(scope='module')
def images(few_digits_dir):
    return idx.read_images(few_digits_dir / locate.TEST_IMAGES)


@pytest.fixture(scope='module')
def written(short_run, tmp_path_factory):
    """Writes the files of a lesson when they are first needed: name -> folder."""

    @functools.cache
    def write(name):
        folder = tmp_path_factory.mktemp(name)
        litert.write(trained.restore(short_run(name)), str(folder))
        return folder

    return write


def with_other_graph(restored, classify):
    """Returns a changed lesson: from images [N, 784] to probabilities [N, 10]."""
    with tf.Graph().as_default() as graph:
        images = tf.placeholder(tf.float32, [None, 784], name='images')
        probabilities = tf.identity(classify(images), name='probabilities')
    return dataclasses.replace(
        restored,
        graph_def=graph.as_graph_def(),
        inputs={'images': images.name},
        outputs={'scores': probabilities.name, 'probabilities': probabilities.name},
    )


class Interpreter:
    """One of the files, in an interpreter that is not TensorFlow's."""

    def __init__(self, path):
        interpreter = pytest.importorskip('ai_edge_litert.interpreter')
        self.interpreter = interpreter.Interpreter(str(path))
        self.run = self.interpreter.get_signature_runner()
        [self.input] = self.interpreter.get_input_details()
        [self.output] = self.interpreter.get_output_details()

    def probabilities(self, images):
        """Returns float32 [N, 10] of uint8 images [N, 28, 28]."""
        image_shape = self.input['shape_signature'][1:]
        if self.input['dtype'] == np.uint8:
            result = self.run(images=images.reshape(-1, *image_shape))
            return result['probabilities'] / np.float32(256)
        return self.run(images=exports.pixels(images, image_shape))['probabilities']


@every_lesson
def test_there_are_four_files_with_one_signature(name, written, short_run):
    folder = written(name)
    assert {path.name for path in folder.iterdir()} == {
        f'{name}-{kind}.tflite' for kind in litert.FILES
    }
    image_shape = trained.restore(short_run(name)).image_shape
    for kind in litert.FILES:
        file = Interpreter(folder / f'{name}-{kind}.tflite')
        assert file.interpreter.get_signature_list() == {
            'serving_default': {'inputs': ['images'], 'outputs': ['probabilities']}
        }
        assert list(file.input['shape_signature']) == [-1, *image_shape]
        assert list(file.output['shape_signature']) == [-1, 10]
        if kind == 'int8':
            assert file.input['dtype'] == file.output['dtype'] == np.uint8
            # A pixel value is a byte of the image, a probability so many 256ths.
            assert file.input['quantization'] == (pytest.approx(1 / 255), 0)
            assert file.output['quantization'] == (pytest.approx(1 / 256), 0)
        else:
            assert file.input['dtype'] == file.output['dtype'] == np.float32


@every_lesson
def test_the_files_compute_what_the_session_computes(name, written, short_run, images):
    with model.load(short_run(name)) as predictor:
        expected = predictor.probabilities(images)
    for kind, tolerance in {
        'float32': 1e-5,
        'float16': 0.005,
        'dynamic_int8': 0.1,
        'int8': 0.15,
    }.items():
        file = Interpreter(written(name) / f'{name}-{kind}.tflite')
        for number in (1, len(images), 3):  # any number of images
            actual = file.probabilities(images[:number])
            np.testing.assert_allclose(
                actual, expected[:number], rtol=0, atol=tolerance, err_msg=kind
            )


def test_each_file_is_smaller_than_the_one_before(written):
    float32, float16, dynamic_int8, int8 = (
        (written('with_summaries') / f'with_summaries-{kind}.tflite').stat().st_size
        for kind in litert.FILES
    )
    weights = 4 * 397_510  # bytes
    assert float32 == pytest.approx(weights, rel=0.02)
    assert float16 == pytest.approx(weights / 2, rel=0.02)
    assert dynamic_int8 == pytest.approx(weights / 4, rel=0.02)
    assert int8 == pytest.approx(weights / 4, rel=0.02)


@pytest.mark.parametrize('kind', ['dynamic_int8', 'int8'])
def test_interpreters_of_2023_read_the_dense_layers(kind, written):
    """They know one scale for all weights of a layer, not one for each unit."""
    file = Interpreter(written('softmax') / f'softmax-{kind}.tflite')
    [weights] = [
        tensor
        for tensor in file.interpreter.get_tensor_details()
        if list(tensor['shape']) == [10, 784]
    ]
    assert weights['dtype'] == np.int8
    assert len(weights['quantization_parameters']['scales']) == 1


def test_what_computes_in_float16_becomes_float32(short_run, images, tmp_path):
    """As `convolutional` does with --use_fp16."""

    def classify(images):
        weights = np.random.default_rng(0).normal(size=[784, 10])
        logits = tf.matmul(tf.cast(images, tf.float16), tf.constant(weights, 'float16'))
        return tf.cast(tf.nn.softmax(logits), tf.float32)

    changed = with_other_graph(trained.restore(short_run('softmax')), classify)
    with model.start(changed) as predictor:
        expected = predictor.probabilities(images)
    litert.write(changed, str(tmp_path))
    actual = Interpreter(tmp_path / 'softmax-float32.tflite').probabilities(images)
    # The session rounds what it computes to float16.
    np.testing.assert_allclose(actual, expected, rtol=0, atol=0.02)


@pytest.mark.slow
@pytest.mark.mnist
@every_lesson
def test_a_trained_lesson_is_as_accurate_on_ten_thousand_digits(
    name, mnist_dir, tmp_path, tmp_path_factory
):
    root = tmp_path_factory.getbasetemp()
    restored = trained.restore(exports.train_on_mnist(name, mnist_dir, root))
    images = idx.read_images(mnist_dir / locate.TEST_IMAGES)
    labels = idx.read_labels(mnist_dir / locate.TEST_LABELS)
    assert len(images) == 10_000
    with model.start(restored) as predictor:
        expected = predictor.probabilities(images)
    accuracy = (expected.argmax(axis=1) == labels).mean()
    assert accuracy > 0.85
    litert.write(restored, str(tmp_path))
    for kind in litert.FILES:
        file = Interpreter(tmp_path / f'{name}-{kind}.tflite')
        parts = [file.probabilities(part) for part in np.split(images, 20)]
        actual = np.concatenate(parts)
        if kind == 'float32':
            np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5)
        same = (actual.argmax(axis=1) == labels).mean()
        assert same == pytest.approx(accuracy, abs=0.002), kind


def test_nothing_is_printed(short_run, tmp_path, capfd):
    restored = trained.restore(short_run('softmax'))
    capfd.readouterr()
    litert.write(restored, str(tmp_path))
    assert capfd.readouterr() == ('', '')


def test_a_real_warning_is_printed(capfd):
    note = 'W0000 00:00:1 1 tf_tfl_flatbuffer_helpers.cc:364] Ignored output_format.\n'
    warning = 'W0000 00:00:1 1 quantize.cc:1] The weights are all zero.\n'
    with litert._without_notes():
        os.write(2, (note + warning).encode())
    assert capfd.readouterr().err == warning


def test_an_op_that_litert_lacks_is_one_line_and_leaves_nothing(
    short_run, tmp_path, capfd
):
    def classify(images):
        return tf.py_func(lambda pixels: pixels[:, :10], [images], tf.float32)

    changed = with_other_graph(trained.restore(short_run('softmax')), classify)
    capfd.readouterr()
    with (
        pytest.raises(errors.RunError) as caught,
        output.new_folder(tmp_path / 'model') as folder,
    ):
        litert.write(changed, folder)
    assert str(caught.value) == (
        f'{changed.description}: cannot be converted to float32: LiteRT has no '
        'PyFunc; export it as saved_model'
    )
    assert capfd.readouterr() == ('', '')
    assert not list(tmp_path.iterdir())
