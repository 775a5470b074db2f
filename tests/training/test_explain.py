"""Errors of TensorFlow and the system become one line, or stay as they are."""

import errno
import os

from mnist_tut import errors
from mnist_tut.training.explain import explain

import pytest
import tensorflow.compat.v1 as tf

needs_full_device = pytest.mark.skipif(
    not os.path.exists('/dev/full'), reason='no device that is always full'
)
NO_SPACE = (
    'cannot be written: No space left on device; earlier checkpoints are intact; make '
    'room and continue with --resume'
)


def failure(build):
    """Returns the error that TensorFlow raises when the op of `build()` runs."""
    with tf.Graph().as_default(), tf.Session() as sess:
        op = build()
        with pytest.raises(tf.errors.OpError) as caught:
            sess.run(op)
    return caught.value


def assert_explained(error, kind, line):
    explained = explain(error, 7, 'logs/run')
    assert type(explained) is kind
    assert str(explained) == line


@pytest.mark.parametrize(
    ('number', 'what'),
    [
        (float('nan'), 'Nan in summary histogram'),
        (float('inf'), 'Infinity in Histogram'),
    ],
)
def test_a_histogram_that_is_not_finite_is_a_diverged_run(number, what):
    def build():
        with tf.name_scope('layer1'):
            return tf.summary.histogram('activations', tf.constant([1.0, number]))

    assert_explained(
        failure(build),
        errors.DivergedError,
        f'step 7: {what} for: layer1/activations; expected finite numbers; try a '
        'smaller --learning_rate (what was saved before, if anything, is intact in '
        'logs/run)',
    )


@pytest.mark.parametrize('use', ['read', 'update'])
def test_a_variable_without_a_value_is_named(use):
    def build():
        with tf.name_scope('layer1'):
            weights = tf.Variable(tf.zeros([3]), name='weights')
        return 2 * weights if use == 'read' else weights.assign_add(tf.ones([3]))

    assert_explained(
        failure(build),
        errors.RunError,
        'variable layer1/weights has no value; run tf.global_variables_initializer() '
        'after run.session(...)',
    )


@needs_full_device
def test_a_full_disk_is_named_by_the_file_that_tensorflow_wrote():
    error = failure(lambda: tf.io.write_file('/dev/full', 'content'))
    assert_explained(error, errors.RunError, f'/dev/full: {NO_SPACE}')


def test_a_checkpoint_is_named_without_the_temporary_part():
    path = 'logs/run/model.ckpt-3.data-00000-of-00001.tempstate123'
    message = f'{path}; No space left on device'
    error = tf.errors.ResourceExhaustedError(None, None, message)
    line = f'logs/run/model.ckpt-3.data-00000-of-00001: {NO_SPACE}'
    assert_explained(error, errors.RunError, line)


def test_a_full_disk_is_named_by_the_file():
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), 'logs/two\nlines')
    assert_explained(error, errors.RunError, f'logs/two\\nlines: {NO_SPACE}')


@pytest.mark.parametrize(
    ('kind', 'reason'),
    [(RuntimeError, 'No space left on device'), (IndexError, 'File too large')],
)
def test_a_full_disk_is_named_by_the_event_file(kind, reason):
    message = f'logs/run/events.out.tfevents.1; {reason}\n\tFailed'
    error = kind(message)  # as the writer's thread raises it
    line = f'logs/run/events.out.tfevents.1: {NO_SPACE}'
    expected = line.replace('No space left on device', reason)
    assert_explained(error, errors.RunError, expected)


@pytest.mark.parametrize('limit', ['Disk quota exceeded', 'File too large'])
def test_a_limit_is_what_a_full_disk_is(limit):
    message = f'logs/run/model.ckpt-3.index.tempstate1; {limit}\n\t [[{{{{node}}}}]]'
    line = f'logs/run/model.ckpt-3.index: {NO_SPACE}'
    error = tf.errors.OutOfRangeError(None, None, message)  # which it is to TensorFlow
    expected = line.replace('No space left on device', limit)
    assert_explained(error, errors.RunError, expected)


def test_everything_else_stays_as_it_is():
    other_shape = failure(
        lambda: tf.ones([2]) + tf.placeholder_with_default(tf.ones([3]), None)
    )
    assert isinstance(other_shape, tf.errors.InvalidArgumentError)
    for error in (
        None,
        other_shape,
        tf.errors.NotFoundError(None, None, 'no such file'),
        OSError(errno.EACCES, 'Permission denied', 'logs/run'),
        OSError(errno.ENOSPC, 'No space left on device'),  # of stdout
        ValueError('No space left for another digit'),
        KeyboardInterrupt(),
        errors.RunError('explained already'),
    ):
        assert explain(error, 7, 'logs/run') is None, repr(error)


def test_a_folder_with_spaces_is_named_whole():
    message = (
        'Error:\n\nmy logs/run/model.ckpt-3.index.tempstate1; No space left on device'
    )
    error = tf.errors.ResourceExhaustedError(None, None, message)
    explained = explain(error, 7, 'my logs/run')
    assert str(explained) == f'my logs/run/model.ckpt-3.index: {NO_SPACE}'


@pytest.mark.parametrize('use_resource', [True, False])
def test_any_name_of_a_variable_is_given_whole(use_resource):
    def build():
        name = 'layer.1/a-b'
        return 2 * tf.Variable(tf.zeros([3]), name=name, use_resource=use_resource)

    explained = explain(failure(build), 7, 'logs/run')
    assert str(explained).startswith('variable layer.1/a-b has no value; ')
