"""ONNX: the file is valid, and its numbers are those of the session."""

import dataclasses
import sys

from mnist_tut import errors
from mnist_tut.data import idx, locate
from mnist_tut.export import onnx as onnx_format
from mnist_tut.export import output
from mnist_tut.inference import layers, model, trained
from tests import lessons
from tests.support import exports

import numpy as np
import pytest

every_lesson = pytest.mark.parametrize(
    'name', [lesson.name for lesson in lessons.LESSONS]
)


@pytest.fixture
def onnx():
    return pytest.importorskip('onnx')


@pytest.fixture
def start(onnx):
    """Returns a function that starts ONNX Runtime on the file of a trained model."""
    onnxruntime = pytest.importorskip('onnxruntime')

    def start(restored, folder):
        onnx_format.write(restored, str(folder))
        return onnxruntime.InferenceSession(
            folder / f'{restored.lesson}.onnx', providers=['CPUExecutionProvider']
        )

    return start


@pytest.fixture(scope='module')
def images(few_digits_dir):
    return idx.read_images(few_digits_dir / locate.TEST_IMAGES)


def shapes(infos):
    """Returns the type and shape of a graph's inputs or outputs, by name."""
    return {
        info.name: (
            info.type.tensor_type.elem_type,
            [d.dim_param or d.dim_value for d in info.type.tensor_type.shape.dim],
        )
        for info in infos
    }


@every_lesson
def test_onnx_runtime_computes_what_the_session_computes(
    name, start, short_run, images, tmp_path
):
    restored = trained.restore(short_run(name))
    x = exports.pixels(images, restored.image_shape)
    with model.start(restored) as predictor:
        probabilities = predictor.probabilities(images)
        scores = predictor.sess.run(predictor.outputs['scores'], {predictor.images: x})
    session = start(restored, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f'{name}.onnx']
    for number in (0, 1, len(x)):
        feed = {'images': x[:number]}
        actual = session.run(['scores', 'probabilities'], feed)
        np.testing.assert_allclose(actual[0], scores[:number], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(actual[1], probabilities[:number], atol=1e-5)
    assert np.array_equal(actual[1].argmax(axis=1), probabilities.argmax(axis=1))


def test_a_changed_range_of_pixel_values_is_kept(start, short_run, images, tmp_path):
    """As of a lesson that a student has changed to images from -1 to 1."""
    restored = trained.restore(short_run('softmax'))
    network = dataclasses.replace(layers.network(restored), pixel_range=(-1.0, 1.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers, 'network', lambda model: network)
        session = start(restored, tmp_path)
    feed = {'images': exports.pixels(images, restored.image_shape)}
    [scores] = session.run(['scores'], feed)
    expected = network.logits(images / np.float32(255))
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)


@every_lesson
def test_the_file_is_valid_and_says_what_it_is(name, onnx, short_run, images, tmp_path):
    restored = trained.restore(short_run(name))
    onnx_format.write(restored, str(tmp_path))
    written = onnx.load(tmp_path / f'{name}.onnx')
    onnx.checker.check_model(written, full_check=True)
    assert written.doc_string == restored.description
    assert {entry.key: entry.value for entry in written.metadata_props} == {
        'lesson': name,
        'steps': '3',
        'data': restored.data,
    }
    # Old enough for runtimes of 2021.
    assert [(entry.domain, entry.version) for entry in written.opset_import] == [
        ('', 13)
    ]
    assert written.ir_version == 7

    float32 = onnx.TensorProto.FLOAT
    ten = (float32, ['N', 10])
    assert shapes(written.graph.input) == {
        'images': (float32, ['N', *restored.image_shape])
    }
    assert shapes(written.graph.output) == {'scores': ten, 'probabilities': ten}
    # Without the shapes that the file states, they follow from the ops.
    for info in written.graph.output:
        info.type.tensor_type.ClearField('shape')
    inferred = onnx.shape_inference.infer_shapes(
        written, check_type=True, strict_mode=True, data_prop=True
    )
    assert shapes(inferred.graph.output) == {'scores': ten, 'probabilities': ten}


@every_lesson
def test_the_standards_own_interpreter_agrees(name, onnx, short_run, images, tmp_path):
    from onnx import reference

    restored = trained.restore(short_run(name))
    onnx_format.write(restored, str(tmp_path))
    with model.start(restored) as predictor:
        expected = predictor.probabilities(images[:2])
    interpreter = reference.ReferenceEvaluator(str(tmp_path / f'{name}.onnx'))
    feed = {'images': exports.pixels(images[:2], restored.image_shape)}
    [actual] = interpreter.run(['probabilities'], feed)
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.slow
@pytest.mark.mnist
@every_lesson
def test_a_trained_lesson_agrees_on_ten_thousand_digits(
    name, start, mnist_dir, tmp_path, tmp_path_factory
):
    root = tmp_path_factory.getbasetemp()
    restored = trained.restore(exports.train_on_mnist(name, mnist_dir, root))
    images = idx.read_images(mnist_dir / locate.TEST_IMAGES)
    with model.start(restored) as predictor:
        expected = predictor.probabilities(images)
    session = start(restored, tmp_path)
    feeds = np.split(exports.pixels(images, restored.image_shape), 20)
    parts = [session.run(['probabilities'], {'images': feed})[0] for feed in feeds]
    assert len(images) == 10_000
    np.testing.assert_allclose(np.concatenate(parts), expected, atol=1e-5)


def test_a_missing_library_is_one_line_and_leaves_nothing(
    short_run, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, 'onnx', None)
    restored = trained.restore(short_run('softmax'))
    with (
        pytest.raises(errors.RunError) as caught,
        output.new_folder(tmp_path / 'model') as folder,
    ):
        onnx_format.write(restored, folder)
    assert "pip install 'mnist_tut[onnx]'" in str(caught.value)
    assert '\n' not in str(caught.value)
    assert not list(tmp_path.iterdir())
