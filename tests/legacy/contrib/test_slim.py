"""slim: its training loop learns, saves, goes on and can be shortened."""

import types

from mnist_tut.legacy.contrib import shorten, slim

import pytest
import tensorflow.compat.v1 as tf


def net(images, is_training):
    with slim.arg_scope(
        [slim.fully_connected], weights_regularizer=slim.l2_regularizer(1e-4)
    ):
        hidden = slim.fully_connected(images, 32, scope='hidden')
        hidden = slim.dropout(hidden, 0.9, is_training=is_training)
        return slim.fully_connected(hidden, 10, activation_fn=None, scope='out')


def train_op(digits, rate=0.01):
    images, labels, *_ = digits
    slim.losses.softmax_cross_entropy(
        net(tf.constant(images), True), slim.one_hot_encoding(labels, 10)
    )
    loss = slim.losses.get_total_loss()
    tf.summary.scalar('loss', loss)
    return slim.learning.create_train_op(loss, tf.train.AdamOptimizer(rate))


def test_training_learns_and_its_checkpoint_is_evaluated(digits, tmp_path):
    folder = str(tmp_path)
    loss = slim.learning.train(train_op(digits), folder, number_of_steps=60)
    assert loss < 0.5
    assert tf.train.latest_checkpoint(folder).endswith('model.ckpt-60')
    with tf.Graph().as_default():
        predictions = tf.argmax(net(tf.constant(digits[2]), False), 1)
        value, update = slim.metrics.streaming_accuracy(predictions, digits[3])
        accuracy = slim.evaluation.evaluate_once(
            '',
            tf.train.latest_checkpoint(folder),
            folder,
            eval_op=update,
            final_op=value,
        )
    assert accuracy > 0.8
    with tf.Graph().as_default():
        slim.learning.train(train_op(digits), folder, number_of_steps=61)
    assert tf.train.latest_checkpoint(folder).endswith('model.ckpt-61')


def test_training_is_shortened(digits, tmp_path):
    counted = []
    limits = types.SimpleNamespace(
        steps=3, seconds=None, cut=set(), count_step=counted.append
    )
    with shorten.using(limits):
        slim.learning.train(train_op(digits), str(tmp_path), number_of_steps=1000)
    assert tf.train.latest_checkpoint(str(tmp_path)).endswith('model.ckpt-3')
    assert counted == ['slim.learning.train'] * 3
    assert limits.cut == {('slim.learning.train', 0)}


def test_training_ends_with_its_batches(tmp_path):
    number = tf.train.limit_epochs(tf.constant(1.0), num_epochs=4)
    x = tf.get_variable('x', initializer=1.0)
    op = slim.learning.create_train_op(
        x * number, tf.train.GradientDescentOptimizer(0.1)
    )
    slim.learning.train(op, str(tmp_path))
    assert tf.train.latest_checkpoint(str(tmp_path)).endswith('model.ckpt-4')


def test_gradients_are_clipped_and_multiplied_each_on_its_own():
    x, y = tf.get_variable('x', initializer=1.0), tf.get_variable('y', initializer=1.0)
    op = slim.learning.create_train_op(
        3 * x + 4 * y,
        tf.train.GradientDescentOptimizer(1.0),
        clip_gradient_norm=3.5,
        gradient_multipliers={'x': 0.5},
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(op) == 7
        assert session.run([x, y]) == [pytest.approx(-0.5), pytest.approx(-2.5)]


def test_a_loss_that_is_no_number_ends_the_training(tmp_path):
    x = tf.get_variable('x', initializer=-1.0)
    op = slim.learning.create_train_op(
        tf.log(x), tf.train.GradientDescentOptimizer(1.0)
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match='is inf or nan'):
        slim.learning.train(op, None)


def test_a_data_set_of_records_is_read(tmp_path):
    path = str(tmp_path / 'a.tfrecord')
    with tf.python_io.TFRecordWriter(path) as writer:
        for label in (3, 4):
            feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
            features = tf.train.Features(feature={'label': feature})
            writer.write(tf.train.Example(features=features).SerializeToString())
    decoder = slim.tfexample_decoder.TFExampleDecoder(
        {'label': tf.FixedLenFeature([1], tf.int64)},
        {'label': slim.tfexample_decoder.Tensor('label', shape=[])},
    )
    records = slim.dataset.Dataset(
        path, tf.TFRecordReader, decoder, 2, {}, num_classes=10
    )
    assert records.num_classes == 10
    provider = slim.dataset_data_provider.DatasetDataProvider(records, shuffle=False)
    (label,) = provider.get(['label'])
    with tf.Session() as session:
        session.run(tf.tables_initializer())
        assert [session.run(label) for _ in range(3)] == [3, 4, 3]


def test_variables_are_listed_with_their_sizes(capsys):
    from mnist_tut.legacy.contrib.slim import model_analyzer

    with tf.Graph().as_default() as graph:
        weights = tf.get_variable('w', [3, 4])
        assert model_analyzer.analyze_vars([weights], print_info=True) == (12, 48)
        assert model_analyzer.analyze_ops(graph) > 12
    assert '3x4) [12, bytes: 48]' in capsys.readouterr().out
