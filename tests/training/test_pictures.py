"""The pictures of a run: what is measured, and what is mistaken for what."""

import types

from mnist_tut import plots, runtime
from mnist_tut.training import pictures
from mnist_tut.training.history import History

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

assert runtime


class Run:
    """Notes what it is asked to plot."""

    loss_floor = None

    def __init__(self, *records, mistakes=None):
        self.history = History(records=list(records))
        self.mistakes = mistakes or pictures.Mistakes(None, None, None, {})
        self.plotted = {}

    def plot(self, name, draw, *arrays, **options):
        self.plotted[name] = draw, arrays, options


def test_the_loss_is_drawn_with_what_it_cannot_fall_below():
    run = Run((0, 'loss', 2.0), (1, 'loss', 1.5))
    run.loss_floor = 1.4612
    pictures.draw(run)
    expected = plots.loss_curve, ([2.0, 1.5], [0, 1]), {'floor': 1.4612}
    assert run.plotted == {'loss.png': expected}


def test_metrics_are_drawn_by_kind_if_one_was_measured_more_than_once():
    run = Run(
        (0, 'minibatch_error', 80.0),
        (250, 'minibatch_error', 10.0),
        (429, 'test_error', 2.3),
        (429, 'test_accuracy', 0.9),
        (429, 'digit_0_probability', 0.9),
    )
    pictures.draw(run)
    assert set(run.plotted) == {'loss.png', 'error.png'}
    draw, [curves, *_], _ = run.plotted['error.png']
    assert draw is plots.metric_curves
    assert curves == {'minibatch': ([0, 250], [80.0, 10.0]), 'test': ([429], [2.3])}


@pytest.mark.parametrize('batch_size', [None, 2, 3, 7])
@pytest.mark.parametrize('one_hot', [False, True])
def test_mistakes_cover_each_example_once(batch_size, one_hot):
    images = np.eye(5, 784, dtype=np.float32)  # the pixel that is set is the digit
    labels = np.array([0, 1, 2, 3, 9])
    test = types.SimpleNamespace(
        images=images, labels=np.eye(10)[labels] if one_hot else labels
    )
    with tf.Graph().as_default(), tf.Session():
        fed = tf.placeholder(tf.float32, [batch_size, 784])
        sign = tf.placeholder(tf.float32)
        mistakes = pictures.Mistakes(
            types.SimpleNamespace(test=test), fed, sign * fed[:, :10], {sign: 1.0}
        )
        run = Run(mistakes=mistakes)
        num_ops = len(tf.get_default_graph().get_operations())
        pictures.draw(run)
        assert len(tf.get_default_graph().get_operations()) == num_ops
    draw, (truth, predicted), _ = run.plotted['confusion.png']
    assert draw is plots.confusion_matrix
    assert truth.tolist() == labels.tolist()
    assert predicted.tolist() == [0, 1, 2, 3, 4]


def test_a_test_set_without_images_has_no_mistakes():
    test = types.SimpleNamespace(images=[], labels=[])
    data = types.SimpleNamespace(test=test)
    run = Run(mistakes=pictures.Mistakes(data, None, None, {}))
    pictures.draw(run)
    assert set(run.plotted) == {'loss.png'}
