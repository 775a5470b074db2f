"""The SavedModel: other programs get the predictions of the trained model."""

from mnist_tut import errors, predict
from mnist_tut.data import idx, locate
from mnist_tut.export import faithful, saved_model
from mnist_tut.inference import model
from tests import lessons

import numpy as np
import pytest
import tensorflow
import tensorflow.compat.v1 as tf
from tensorflow.python.saved_model.signature_def_utils import is_valid_signature

every_lesson = pytest.mark.parametrize(
    'name', [lesson.name for lesson in lessons.LESSONS]
)
# Signatures with inputs and outputs.
SIGNATURES = {
    'serving_default': (['images'], ['probabilities', 'scores']),
    'predict_images': (['images'], ['classes', 'scores']),
    'classify_images': (['inputs'], ['classes', 'scores']),
}


@pytest.fixture(scope='module')
def images(few_digits_dir):
    return idx.read_images(few_digits_dir / locate.TEST_IMAGES)[:70]


def pixels(images, name):
    """Returns what a lesson's exported model is fed."""
    shape = (-1, 28, 28, 1) if name == 'convolutional' else (-1, 784)
    return (images / np.float32(255)).reshape(shape)


def examples(images):
    """Returns a serialized tf.Example for each image."""
    return [
        tf.train.Example(
            features=tf.train.Features(
                feature={
                    'x': tf.train.Feature(
                        float_list=tf.train.FloatList(value=image.ravel() / 255)
                    )
                }
            )
        ).SerializeToString()
        for image in images
    ]


def load_in_tensorflow_1_style(folder):
    """Returns a session and the signatures by name."""
    sess = tf.Session(graph=tf.Graph())
    tags = [tf.saved_model.tag_constants.SERVING]
    with sess.graph.as_default():
        return sess, tf.saved_model.loader.load(sess, tags, str(folder)).signature_def


@every_lesson
def test_every_signature_gives_the_predictions_of_the_run(
    name, short_run, images, tmp_path
):
    with model.load(short_run(name)) as predictor:
        expected = predictor.probabilities(images)
    description = saved_model.export(short_run(name), tmp_path / 'new' / 'model')
    assert f'run-0001: {name}, 3 steps' in description
    classes = expected.argmax(axis=1)

    loaded = tensorflow.saved_model.load(str(tmp_path / 'new' / 'model' / '1'))
    assert set(loaded.signatures) == set(SIGNATURES)
    for number in (1, 70):
        batch = tensorflow.constant(pixels(images[:number], name))
        default = loaded.signatures['serving_default'](images=batch)
        probabilities = default['probabilities'].numpy()
        np.testing.assert_allclose(probabilities, expected[:number], atol=1e-5)
        predicted = loaded.signatures['predict_images'](images=batch)
        assert np.array_equal(predicted['classes'].numpy(), classes[:number])
        for output in (default, predicted):
            scores = output['scores'].numpy()
            assert np.array_equal(scores.argmax(axis=1), classes[:number])
        classified = loaded.signatures['classify_images'](
            inputs=tensorflow.constant(examples(images[:number]))
        )
        check_classification(
            classified['classes'].numpy(), classified['scores'].numpy(), probabilities
        )


def check_classification(classes, scores, probabilities):
    """Compares strings [N, 10] and scores [N, 10], the largest first."""
    digits = classes.astype(str).astype(int)
    assert np.array_equal(np.sort(digits), [range(10)] * len(digits))
    assert (np.diff(scores) <= 0).all()
    np.testing.assert_allclose(
        scores, np.take_along_axis(probabilities, digits, axis=1), atol=1e-6
    )


@every_lesson
def test_every_signature_is_valid_and_has_its_names(name, short_run, tmp_path):
    saved_model.export(short_run(name), tmp_path / 'model')
    sess, signatures = load_in_tensorflow_1_style(tmp_path / 'model' / '1')
    sess.close()
    assert {
        key: (sorted(signature.inputs), sorted(signature.outputs))
        for key, signature in signatures.items()
    } == SIGNATURES
    for signature in signatures.values():
        assert is_valid_signature(signature)
    methods = {key: signature.method_name for key, signature in signatures.items()}
    assert methods == {
        'serving_default': 'tensorflow/serving/predict',
        'predict_images': 'tensorflow/serving/predict',
        'classify_images': 'tensorflow/serving/classify',
    }


def test_the_weights_are_stored_once(short_run, tmp_path):
    saved_model.export(short_run('deep'), tmp_path / 'model')
    [path] = tmp_path.rglob('saved_model.pb')
    assert 4 * 3_274_634 < path.stat().st_size < 4.1 * 3_274_634


def test_a_server_gets_what_it_expects(short_run, images, tmp_path):
    """Feeds both signatures as TensorFlow Serving does, through its own messages."""
    apis = pytest.importorskip('tensorflow_serving.apis')
    assert apis
    from tensorflow_serving.apis import classification_pb2, predict_pb2

    saved_model.export(short_run('deep'), tmp_path / 'model')
    sess, signatures = load_in_tensorflow_1_style(tmp_path / 'model' / '1')
    with sess, model.load(short_run('deep')) as predictor:
        expected = predictor.probabilities(images)

        request = predict_pb2.PredictRequest()
        request.model_spec.name = 'model'
        request.model_spec.signature_name = 'predict_images'
        request.inputs['images'].CopyFrom(tf.make_tensor_proto(pixels(images, 'deep')))
        request = predict_pb2.PredictRequest.FromString(request.SerializeToString())
        signature = signatures[request.model_spec.signature_name]
        feeds = {
            signature.inputs[key].name: tf.make_ndarray(tensor)
            for key, tensor in request.inputs.items()
        }
        response = predict_pb2.PredictResponse()
        for key, info in signature.outputs.items():
            value = tf.make_tensor_proto(sess.run(info.name, feeds))
            assert value.dtype == info.dtype
            response.outputs[key].CopyFrom(value)
        classes = tf.make_ndarray(response.outputs['classes'])
        assert np.array_equal(classes, expected.argmax(axis=1))

        request = classification_pb2.ClassificationRequest()
        request.model_spec.signature_name = 'classify_images'
        for example in examples(images):
            request.input.example_list.examples.add().ParseFromString(example)
        signature = signatures[request.model_spec.signature_name]
        batch = [e.SerializeToString() for e in request.input.example_list.examples]
        labels, scores = sess.run(
            [signature.outputs['classes'].name, signature.outputs['scores'].name],
            {signature.inputs['inputs'].name: batch},
        )
        response = classification_pb2.ClassificationResponse()
        for row in zip(labels, scores, strict=True):
            classifications = response.result.classifications.add()
            for label, score in zip(*row, strict=True):
                classifications.classes.add(label=label, score=score)
    best = [row.classes[0] for row in response.result.classifications]
    assert [int(c.label) for c in best] == expected.argmax(axis=1).tolist()
    np.testing.assert_allclose([c.score for c in best], expected.max(axis=1), rtol=1e-5)


def test_versions_stand_side_by_side_and_predict_takes_the_newest(
    short_run, images, tmp_path
):
    for version, name in ((2, 'softmax'), (10, 'deep'), (9, 'softmax')):
        saved_model.export(short_run(name), tmp_path / 'model', version)
    with pytest.raises(errors.RunError, match='model/9: exists already'):
        saved_model.export(short_run('softmax'), tmp_path / 'model', 9)
    assert sorted(p.name for p in (tmp_path / 'model').iterdir()) == ['10', '2', '9']
    with model.load(short_run('deep')) as predictor:
        expected = predictor.probabilities(images)
    for path in (tmp_path / 'model', tmp_path / 'model' / '10'):
        with predict.load(saved_model=path) as predictor:
            actual = predictor.probabilities(images)
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)


def test_a_changed_byte_is_seen(short_run, tmp_path, capsys):
    saved_model.export(short_run('softmax'), tmp_path / 'model')
    [path] = tmp_path.rglob('saved_model.pb')
    content = path.read_bytes()
    with predict.load(saved_model=tmp_path / 'model'):
        pass
    capsys.readouterr()
    for place in range(0, len(content), len(content) // 20):
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(errors.RunError, match='not as it was written') as caught:
            predict.load(saved_model=tmp_path / 'model')
        assert '\n' not in str(caught.value)
    path.write_bytes(content)
    (path.parent / 'SHA256SUMS').unlink()
    with predict.load(saved_model=tmp_path / 'model'):
        pass
    said = capsys.readouterr().err
    assert 'has no SHA256SUMS' in said
    assert said.count('\n') == 1


@pytest.mark.parametrize('name', ['deep', 'with_summaries'])
def test_nothing_of_dropout_is_left_in_the_file(name, short_run, tmp_path):
    saved_model.export(short_run(name), tmp_path / 'model')
    [path] = tmp_path.rglob('saved_model.pb')
    content = path.read_bytes()
    assert b'MatMul' in content
    for word in (b'RandomUniform', b'dropout', b'SelectV2'):
        assert word not in content


def test_a_folder_with_anything_else_is_left_alone(short_run, tmp_path):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'file').write_text('mine')
    with pytest.raises(errors.RunError, match='holds file, which is no version'):
        saved_model.export(short_run('softmax'), tmp_path / 'mine')
    assert [path.name for path in (tmp_path / 'mine').iterdir()] == ['file']


def test_folder_that_is_no_saved_model_gets_one_line(tmp_path):
    (tmp_path / 'saved_model.pb').write_bytes(b'no protocol buffer')
    for folder in (tmp_path, tmp_path / 'missing'):
        with pytest.raises(errors.RunError, match='not a SavedModel') as caught:
            predict.load(saved_model=folder)
        assert '\n' not in str(caught.value)


# The notes' own export.


def test_the_notes_export_has_their_faults(short_run, images, tmp_path):
    faithful.export(short_run('deep'), tmp_path / 'export_model')
    assert (tmp_path / 'export_model' / 'saved_model.pb').is_file()
    sess, signatures = load_in_tensorflow_1_style(tmp_path / 'export_model')
    with sess, model.load(short_run('deep')) as predictor:
        assert set(signatures) == {'predict_images', 'serving_default'}
        predict_images, classify = (
            signatures['predict_images'],
            signatures['serving_default'],
        )
        assert is_valid_signature(predict_images)
        assert not is_valid_signature(classify)
        feeds = {predict_images.inputs['images'].name: pixels(images, 'deep')}
        scores = sess.run(predict_images.outputs['scores'].name, feeds)
        assert scores.shape == (70, 10)
        assert not scores.any()  # an untrained regression
        y_conv = classify.outputs['scores'].name
        with pytest.raises(tf.errors.InvalidArgumentError, match='placeholder'):
            sess.run(y_conv, feeds)
        # The conv net is there all the same, for who knows the placeholder's name.
        logits = sess.run(y_conv, {**feeds, 'Placeholder_2:0': 1.0})
        expected = predictor.probabilities(images)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        actual = powers / powers.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)


def test_the_notes_export_needs_the_conv_net(short_run, tmp_path):
    with pytest.raises(errors.RunError, match='expected a run of it'):
        faithful.export(short_run('softmax'), tmp_path / 'export_model')
    assert not list(tmp_path.iterdir())
