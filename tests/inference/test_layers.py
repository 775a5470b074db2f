"""The list of layers computes what the session computes."""

import dataclasses

from mnist_tut import errors
from mnist_tut.data import idx, locate
from mnist_tut.inference import layers, model, trained
from tests import lessons

import numpy as np
import pytest

KINDS = {
    'softmax': ['Dense'],
    'deep': ['Conv', 'MaxPool', 'Conv', 'MaxPool', 'Dense', 'Dense'],
    'fully_connected_feed': ['Dense', 'Dense', 'Dense'],
    'tanh_mlp': ['Dense', 'Dense'],
    'convolutional': ['Conv', 'MaxPool', 'Conv', 'MaxPool', 'Dense', 'Dense'],
    'with_summaries': ['Dense', 'Dense'],
}


@pytest.fixture(scope='module')
def images(few_digits_dir):
    return idx.read_images(few_digits_dir / locate.TEST_IMAGES)[:50]


@pytest.mark.parametrize('lesson', lessons.LESSONS, ids=lambda lesson: lesson.name)
def test_the_layers_compute_what_the_session_computes(lesson, short_run, images):
    restored = trained.restore(short_run(lesson.name))
    network = layers.network(restored)
    assert [type(layer).__name__ for layer in network.layers] == KINDS[lesson.name]
    with model.start(restored) as predictor:
        expected = predictor.probabilities(images)
    logits = network.logits(images / np.float32(255))
    np.testing.assert_allclose(layers.softmax(logits), expected, rtol=1e-4, atol=1e-6)


def test_a_lesson_in_float16_gets_layers_in_float32(short_run):
    """--use_fp16 rounds more in the session, and is no changed lesson."""
    restored = trained.restore(short_run('convolutional'))
    arrays = {name: array.astype(np.float16) for name, array in restored.arrays.items()}
    network = layers.network(dataclasses.replace(restored, arrays=arrays))
    assert network.layers[0].weights.dtype == np.float32
    assert network.layers[0].biases.dtype == np.float32


def test_a_changed_lesson_is_refused(short_run):
    """A student's model may have the name of the lesson, and other layers."""
    restored = trained.restore(short_run('fully_connected_feed'))
    one_line = pytest.raises(errors.RunError, match='changed lesson')
    arrays = {**restored.arrays, 'hidden3/weights': np.zeros([32, 32], np.float32)}
    with one_line:
        layers.network(dataclasses.replace(restored, arrays=arrays))
    # Other activation functions: the same variables, and other numbers.
    graph_def = type(restored.graph_def)()
    graph_def.CopyFrom(restored.graph_def)
    for node in graph_def.node:
        if node.op == 'Relu':
            node.op = 'Softplus'
    with one_line:
        layers.network(dataclasses.replace(restored, graph_def=graph_def))
    with pytest.raises(errors.RunError, match='expected a run of softmax, deep'):
        layers.network(dataclasses.replace(restored, lesson='mine'))
