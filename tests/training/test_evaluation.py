"""A whole set is evaluated in batches, as if it had been fed at once, and traced."""

from mnist_tut import deep, with_summaries
from mnist_tut.training import evaluation

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

# Accuracy.


@pytest.fixture
def graph():
    """A graph that compares predictions [B] with labels [B]: (both, accuracy)."""
    with tf.Graph().as_default() as graph:
        predictions = tf.placeholder(tf.int32, [None])
        labels = tf.placeholder(tf.int32, [None])
        right = tf.cast(tf.equal(predictions, labels), tf.float32)
        accuracy = tf.reduce_mean(right)
        graph.finalize()  # nothing may be added
        yield predictions, labels, accuracy


@pytest.mark.parametrize('num_examples', [1, 99, 100, 101, 250, 1000])
def test_accuracy_is_that_of_the_whole_set(graph, num_examples, monkeypatch):
    monkeypatch.setattr(evaluation, 'ACCURACY_BATCH_SIZE', 100)
    predictions, labels, accuracy = graph
    rng = np.random.default_rng(num_examples)
    predicted, true = rng.integers(0, 3, (2, num_examples))
    with tf.Session() as sess:
        fraction = evaluation.accuracy_in_batches(
            sess, accuracy, {predictions: predicted, labels: true}
        )
    assert type(fraction) is np.float32
    assert fraction == np.float32((predicted == true).sum() / num_examples)


class OneFraction:
    """A session whose every fetch is one number."""

    def __init__(self, fraction):
        self.fraction = np.float32(fraction)

    def run(self, fetches, feeds):
        return self.fraction


def test_accuracy_is_exact_where_float32_rounds(monkeypatch):
    """0.9 as float32, of 1,000 examples, is 899.99998."""
    monkeypatch.setattr(evaluation, 'ACCURACY_BATCH_SIZE', 1000)
    feeds = {'three batches': np.zeros(3000)}
    for num_right in range(1001):
        sess = OneFraction(num_right / 1000)
        fraction = evaluation.accuracy_in_batches(sess, None, feeds)
        assert fraction == np.float32(3 * num_right / 3000)


def test_batches_are_small_and_numbers_are_fed_with_each(monkeypatch):
    monkeypatch.setattr(evaluation, 'ACCURACY_BATCH_SIZE', 40)
    fed = []

    class Session(tf.Session):
        def run(self, fetches, feed_dict):
            fed.append([np.shape(value) for value in feed_dict.values()])
            return super().run(fetches, feed_dict)

    with tf.Graph().as_default(), Session() as sess:
        images = tf.placeholder(tf.float32, [None, 3])
        labels = tf.placeholder(tf.float32, [None])
        keep_prob = tf.placeholder(tf.float32)
        right = tf.equal(images[:, 0] * keep_prob, labels)
        accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
        feeds = {images: np.ones((100, 3)), labels: np.full(100, 0.5), keep_prob: 0.5}
        assert evaluation.accuracy_in_batches(sess, accuracy, feeds) == 1
    assert fed == [[(40, 3), (40,), ()]] * 2 + [[(20, 3), (20,), ()]]


def test_deep_counts_the_same_in_batches_of_any_size(
    few_digits_dir, tmp_path, monkeypatch, capsys
):
    original = evaluation.accuracy_in_batches
    seen = {}

    def in_batches_of_any_size(sess, accuracy, feed_dict):
        for size in (7, 64, 230, 1000):
            monkeypatch.setattr(evaluation, 'ACCURACY_BATCH_SIZE', size)
            seen[size] = original(sess, accuracy, feed_dict)
        return seen[size]

    monkeypatch.setattr(deep, 'accuracy_in_batches', in_batches_of_any_size)
    settings = {'batch_size': 20, 'max_steps': 30, 'learning_rate': 1e-3, 'seed': 1}
    deep.run_training(data_dir=few_digits_dir, log_dir=tmp_path, **settings)
    assert len(seen) == 4
    assert len(set(seen.values())) == 1
    assert 0.15 < seen[7] < 1


# Summaries.


@pytest.mark.parametrize('eval_batch_size', [7, 23, 1000])
def test_batches_add_up_to_the_histogram_of_all(monkeypatch, eval_batch_size):
    monkeypatch.setattr(evaluation, 'EVAL_BATCH_SIZE', eval_batch_size)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(230, 6)) * np.geomspace(1e-20, 1e20, 6)
    rows[:, 0] = 0
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float64, [None, 6])
        tf.summary.histogram('activations', x)
        tf.summary.histogram('weights', tf.constant([1.0, 2.0]))
        tf.summary.scalar('mean', tf.reduce_mean(tf.tanh(x)))
        merged = tf.summary.merge_all()
        right = tf.reduce_mean(tf.cast(x[:, 1] > 0, 'float'))
        whole = tf.Summary.FromString(sess.run(merged, {x: rows}))
        summary, fraction = evaluation.run_in_batches(sess, merged, right, {x: rows})
    assert fraction == np.float32(np.mean(rows[:, 1] > 0))
    for value, expected in zip(summary.value, whole.value, strict=True):
        assert value.tag == expected.tag
        for name in ('num', 'min', 'max', 'bucket_limit', 'bucket'):
            assert getattr(value.histo, name) == getattr(expected.histo, name)
        for name in ('sum', 'sum_squares'):
            total = getattr(expected.histo, name)
            assert getattr(value.histo, name) == pytest.approx(total)
        assert value.simple_value == pytest.approx(expected.simple_value, rel=1e-6)


def test_the_merged_summary_of_a_lesson_is_that_of_the_whole_set(
    few_digits_dir, tmp_path, monkeypatch
):
    monkeypatch.setattr(evaluation, 'EVAL_BATCH_SIZE', 100)
    original = evaluation.run_in_batches
    seen = []

    def both_ways(sess, merged, accuracy, feed_dict):
        assert {len(value) for value in feed_dict.values() if np.ndim(value)} == {230}
        whole, fraction = sess.run([merged, accuracy], feed_dict=feed_dict)
        seen.append((tf.Summary.FromString(whole), fraction))
        seen.append(original(sess, merged, accuracy, feed_dict))
        return seen[-1]

    monkeypatch.setattr(evaluation, 'run_in_batches', both_ways)
    with_summaries.run_training(
        data_dir=few_digits_dir, log_dir=tmp_path, batch_size=20, max_steps=11
    )
    (whole, whole_accuracy), (merged, accuracy) = seen[-2:]
    assert accuracy == pytest.approx(whole_accuracy, rel=1e-6)
    assert 0.2 < accuracy < 1
    for value, expected in zip(merged.value, whole.value, strict=True):
        assert value.tag == expected.tag
        if value.HasField('simple_value'):
            assert value.simple_value == pytest.approx(expected.simple_value, rel=1e-6)
        elif value.tag.endswith('activations'):
            # A matrix product rounds by the size of the batch, so not to the bucket.
            assert value.histo.num == sum(value.histo.bucket) == expected.histo.num
            assert value.histo.min == pytest.approx(expected.histo.min, rel=1e-4)
            assert value.histo.max == pytest.approx(expected.histo.max, rel=1e-4)
            squares = expected.histo.sum_squares
            assert value.histo.sum_squares == pytest.approx(squares, rel=1e-4)
        else:
            assert value == expected


# Traces.


@pytest.fixture
def counter():
    """A graph with one variable: (placeholder, op that adds to it, variable)."""
    with tf.Graph().as_default():
        amount = tf.placeholder(tf.float32, [])
        total = tf.Variable(0.0, name='total')
        yield amount, total.assign_add(amount, name='add'), total


def test_a_traced_step_gives_its_values_and_the_time_of_each_op(counter, capfd):
    amount, add, total = counter
    with tf.Session() as sess:
        sess.run(total.initializer)
        value, trace = evaluation.run_traced(sess, [add], {amount: 3}, 99)
        assert value == [3]
        assert sess.run(total) == 3
    ops = [op for device in trace.step_stats.dev_stats for op in device.node_stats]
    assert any('add' in op.node_name for op in ops)
    assert max(op.all_end_rel_nanos for op in ops) > 0
    assert capfd.readouterr().err == ''


def test_a_step_that_cannot_be_traced_is_run_once_without(counter, capsys):
    class WithoutProfiler(tf.Session):
        def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
            if options is not None:
                raise tf.errors.UnimplementedError(None, None, 'no profiler here')
            return super().run(fetches, feed_dict)

    amount, add, total = counter
    with WithoutProfiler() as sess:
        sess.run(total.initializer)
        assert evaluation.run_traced(sess, [add], {amount: 3}, 99) == ([3], None)
        assert sess.run(total) == 3
    assert capsys.readouterr().err == 'step 99: not traced: no profiler here\n'


def test_a_histogram_of_nan_is_no_fault_of_the_trace(capsys):
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [2])
        summary = tf.summary.histogram('activations', x)
        with pytest.raises(tf.errors.InvalidArgumentError, match='Nan in summary'):
            evaluation.run_traced(sess, summary, {x: [1, np.nan]}, 99)
    assert 'not traced' not in capsys.readouterr().err
