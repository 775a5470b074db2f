"""The Core ML package: its program, run in NumPy, gives the labels of the session."""

import dataclasses
import pathlib
import subprocess
import sys

from mnist_tut import __version__, errors
from mnist_tut.data import idx, locate
from mnist_tut.export import coreml, output
from mnist_tut.inference import layers, model, trained
from tests import lessons
from tests.support import exports

import numpy as np
import pytest

mil_interpreter = pytest.importorskip('tests.support.mil_interpreter')

NUM_DIGITS = 2_000
every_lesson = pytest.mark.parametrize(
    'name',
    [
        pytest.param(lesson.name, marks=pytest.mark.slow)
        if lesson.name in ('deep', 'convolutional')
        else lesson.name
        for lesson in lessons.LESSONS
    ],
)


def write(restored, folder):
    """Exports a trained model; returns the package."""
    coreml.write(restored, str(folder))
    [package] = folder.iterdir()
    assert package.name == f'{restored.lesson}.mlpackage'
    return package


@pytest.fixture(scope='module')
def restored(short_run):
    """A model of which the tests that run no program need just one."""
    return trained.restore(short_run('softmax'))


@pytest.fixture(scope='module')
def package(restored, tmp_path_factory):
    return write(restored, tmp_path_factory.mktemp('softmax'))


def require_the_sessions_labels(restored, images, folder):
    """Requires the labels to be equal, and the probabilities within 1e-5."""
    assert len(images) == NUM_DIGITS
    with model.start(restored) as predictor:
        expected = predictor.probabilities(images)
    program = mil_interpreter.Program(write(restored, folder))
    for number in (1, NUM_DIGITS):
        labels, probabilities = program.probabilities(images[:number])
        np.testing.assert_array_equal(labels, expected[:number].argmax(axis=1))
        np.testing.assert_allclose(probabilities, expected[:number], rtol=0, atol=1e-5)


@every_lesson
def test_the_program_gives_the_labels_of_the_session(
    name, short_run, few_digits_dir, tmp_path
):
    images = idx.read_images(few_digits_dir / locate.TRAIN_IMAGES)[:NUM_DIGITS]
    require_the_sessions_labels(trained.restore(short_run(name)), images, tmp_path)


@pytest.mark.slow
@pytest.mark.mnist
@every_lesson
def test_a_trained_lesson_gives_the_labels_of_the_session_for_mnist(
    name, mnist_dir, tmp_path, tmp_path_factory
):
    root = tmp_path_factory.getbasetemp()
    restored = trained.restore(exports.train_on_mnist(name, mnist_dir, root))
    images = idx.read_images(mnist_dir / locate.TEST_IMAGES)[:NUM_DIGITS]
    require_the_sessions_labels(restored, images, tmp_path)


def test_a_changed_range_of_pixel_values_is_kept(restored, tmp_path, monkeypatch):
    """As of a lesson that a student has changed to images from -1 to 1."""
    network = dataclasses.replace(layers.network(restored), pixel_range=(-1.0, 1.0))
    monkeypatch.setattr(layers, 'network', lambda model: network)
    program = mil_interpreter.Program(write(restored, tmp_path))
    images = np.random.default_rng(0).integers(0, 256, [20, 28, 28], np.uint8)
    expected = layers.softmax(network.logits(images / np.float32(255)))
    np.testing.assert_allclose(program.probabilities(images)[1], expected, atol=1e-5)


def test_the_package_describes_itself(restored, package):
    spec = mil_interpreter.Program(package).spec
    [image] = spec.description.input
    assert (image.type.imageType.width, image.type.imageType.height) == (28, 28)
    assert image.type.imageType.colorSpace == image.type.imageType.GRAYSCALE
    assert 'white (255) on black (0)' in image.shortDescription

    label, probabilities = spec.description.output
    assert (label.name, probabilities.name) == ('classLabel', 'classLabel_probs')
    assert label.type.WhichOneof('Type') == 'stringType'
    assert probabilities.type.dictionaryType.WhichOneof('KeyType') == 'stringKeyType'
    assert label.shortDescription
    assert probabilities.shortDescription

    metadata = spec.description.metadata
    for words in ('softmax, 3 steps on', restored.data, '0 is background'):
        assert words in metadata.shortDescription
    assert metadata.versionString == __version__
    assert metadata.author == 'mnist_tut'
    assert metadata.license == 'Apache-2.0'


def test_the_labels_are_the_digits_in_order(package):
    images = np.zeros([1, 28, 28], np.uint8)
    [row] = mil_interpreter.Program(package).run(images)['classLabel_probs']
    assert list(row) == [str(digit) for digit in range(10)]


def test_coremltools_reads_the_package_and_its_weights(restored, package):
    import coremltools

    loaded = coremltools.models.MLModel(str(package), skip_model_load=True)
    assert loaded.get_spec().specificationVersion == coremltools.target.iOS15
    weights = coremltools.optimize.coreml.get_weights_metadata(loaded, 0)
    [matrix] = [w.val for w in weights.values() if w.val.size == 7840]
    np.testing.assert_array_equal(matrix, restored.arrays['Variable'].T)


def test_missing_library_gets_one_line(restored, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'coremltools', None)
    with pytest.raises(errors.RunError, match=r"'mnist_tut\[coreml\]'") as caught:
        coreml.write(restored, tmp_path)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'error',
    [OSError(28, 'No space left on device'), RuntimeError('[MIL FileWriter]: failed')],
    ids=['python', 'native'],
)
def test_nothing_half_written_stays(restored, tmp_path, monkeypatch, error):
    import coremltools

    def fail(self, path):
        pathlib.Path(path).mkdir()
        raise error

    monkeypatch.setattr(coremltools.models.MLModel, 'save', fail)
    with (
        pytest.raises(errors.RunError, match='model: cannot be written: ') as caught,
        output.new_folder(tmp_path / 'model') as folder,
    ):
        coreml.write(restored, folder)
    assert '\n' not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_real_warnings_stay_visible(capsys):
    with coreml._without_usual_lines():
        print('\rRunning MIL default pipeline:  50%\rRunning out', file=sys.stderr)
        print('the disk is on fire', file=sys.stderr)
    assert capsys.readouterr().err == 'Running out\nthe disk is on fire\n'


@pytest.mark.slow
def test_nothing_is_printed(restored, tmp_path, monkeypatch):
    monkeypatch.delenv('TF_SUPPRESS_LOGS', raising=False)
    code = """
import logging, sys
from mnist_tut.inference import trained
level = logging.getLogger('tensorflow').level
from mnist_tut.export import coreml
coreml.write(trained.restore(sys.argv[1]), sys.argv[2])
assert logging.getLogger('tensorflow').level == level
"""
    command = [sys.executable, '-c', code, restored.log_dir, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, encoding='utf-8', check=True)
    assert (result.stdout, result.stderr) == ('', '')
