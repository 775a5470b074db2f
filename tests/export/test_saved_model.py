"""The SavedModel: another program gets the predictions of the trained model."""

from mnist_tut import errors, predict
from mnist_tut.data import idx, locate
from mnist_tut.export import saved_model
from mnist_tut.inference.model import load
from tests.support import corpus, short_runs

import numpy as np
import pytest
import tensorflow

# `deep` needs a keep_prob, `convolutional` 64 images at a time and other pixel values.
TRAITS = ('deep', 'convolutional')


@pytest.fixture(scope='module')
def data_dir(tmp_path_factory):
    return corpus.write_drawn_digits(tmp_path_factory.mktemp('data') / 'digits')


@pytest.fixture(scope='module', params=TRAITS)
def run(request, data_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp('logs') / request.param
    return short_runs.train(request.param, data_dir, folder)


def test_another_program_gets_the_same_predictions(run, data_dir, tmp_path, capsys):
    images = idx.read_images(data_dir / locate.TEST_IMAGES)[:70]
    with load(run) as predictor:
        expected = predictor.probabilities(images)
    assert f'{run.name}, 3 steps' in saved_model.export(run, tmp_path / 'new' / 'model')

    model = tensorflow.saved_model.load(str(tmp_path / 'new' / 'model'))
    assert set(model.signatures) == {'serving_default', 'predict_images'}
    shape = (-1, 28, 28, 1) if run.name == 'convolutional' else (-1, 784)
    pixels = tensorflow.constant((images / np.float32(255)).reshape(shape))
    for signature in model.signatures.values():
        assert list(signature.structured_input_signature[1]) == ['images']
        for number in (1, 70):
            outputs = signature(images=pixels[:number])
            assert set(outputs) == {'scores', 'probabilities'}
            probabilities = outputs['probabilities'].numpy()
            np.testing.assert_allclose(
                probabilities, expected[:number], rtol=1e-4, atol=1e-6
            )
            assert np.array_equal(
                outputs['scores'].numpy().argmax(1), expected[:number].argmax(1)
            )
    with predict.load(saved_model=tmp_path / 'new' / 'model') as predictor:
        np.testing.assert_allclose(
            predictor.probabilities(images), expected, rtol=1e-4, atol=1e-6
        )


def test_nothing_is_overwritten_and_nothing_left_behind(run, tmp_path, monkeypatch):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'file').write_text('mine')
    for name in ('mine', 'file'):
        with pytest.raises(errors.RunError, match='exists already'):
            saved_model.export(run, tmp_path / name)
    with pytest.raises(errors.RunError, match='cannot be written'):
        saved_model.export(run, tmp_path / 'file' / 'below')

    def fail(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(saved_model, '_write', fail)
    with pytest.raises(errors.RunError, match='No space left'):
        saved_model.export(run, tmp_path / 'model')
    assert sorted(path.name for path in tmp_path.iterdir()) == ['file', 'mine']


def test_folder_that_is_no_saved_model_gets_one_line(tmp_path):
    (tmp_path / 'saved_model.pb').write_bytes(b'no protocol buffer')
    for folder in (tmp_path, tmp_path / 'missing'):
        with pytest.raises(errors.RunError, match='not a SavedModel') as caught:
            predict.load(saved_model=folder)
        assert '\n' not in str(caught.value)
