import contextlib
import io
import re
import subprocess
import sys

from mnist_tut import errors, loop, summaries, with_summaries
from tests import small_digits
from tests.conftest import ROOT

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

# The tags of the original, as the scopes and names of its graph give them.
LAYER_TAGS = [
    'weights/summaries/mean_1',
    'weights/summaries/stddev_1',
    'weights/summaries/max_1',
    'weights/summaries/min_1',
    'weights/summaries/histogram',
    'biases/summaries/mean_1',
    'biases/summaries/stddev_1',
    'biases/summaries/max_1',
    'biases/summaries/min_1',
    'biases/summaries/histogram',
    'Wx_plus_b/pre_activations',
    'activations',
]
TAGS = {
    'dropout/dropout_keep_probability',
    'cross_entropy_1',
    'accuracy_1',
    *(f'input_reshape/input/image/{number}' for number in range(10)),
    *(f'layer1/{tag}' for tag in LAYER_TAGS),
    *(f'layer2/{tag}' for tag in LAYER_TAGS),
}

SETTINGS = {'seed': 3, 'batch_size': 20, 'max_steps': 112}
TEST_STEPS = list(range(0, 112, 10))
TRAIN_STEPS = [step for step in range(112) if step % 10]


@pytest.fixture(scope='module')
def data_dir(tmp_path_factory):
    return small_digits.write(tmp_path_factory.mktemp('data') / 'digits')


@pytest.fixture(scope='module')
def run(data_dir, tmp_path_factory):
    """The folder, the printed lines and the history of one good run."""
    log_dir = tmp_path_factory.mktemp('run')
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        history = with_summaries.run_training(
            data_dir=data_dir, log_dir=log_dir, **SETTINGS
        )
    return log_dir, printed.getvalue().splitlines(), history


def events(folder):
    """Returns the events of all event files in a folder, in order."""
    return [
        tf.Event.FromString(record)
        for path in sorted(folder.glob('events.out.tfevents.*'))
        for record in tf.io.tf_record_iterator(str(path))
    ]


def steps(folder, kind='summary'):
    return [event.step for event in events(folder) if event.WhichOneof('what') == kind]


def test_tags_are_the_originals(run):
    assert len(TAGS) == 37
    for folder in ('train', 'test'):
        for event in events(run[0] / folder):
            if event.HasField('summary'):
                tags = [value.tag for value in event.summary.value]
                assert set(tags) == TAGS
                assert len(tags) == 37


def test_printed_lines_are_the_originals(run):
    _, lines, history = run
    lines = [line for line in lines if not line.startswith('Extracting ')]
    accuracies = [figure for _, name, figure in history.records if 'accuracy' in name]
    expected = [
        f'Accuracy at step {step}: {np.float32(accuracy)!s}'
        for step, accuracy in zip(TEST_STEPS, accuracies, strict=True)
    ]
    expected.insert(10, 'Adding run metadata for 99')
    assert lines == expected


def test_each_step_is_in_one_of_two_event_files(run):
    assert steps(run[0] / 'test') == TEST_STEPS
    assert steps(run[0] / 'train') == TRAIN_STEPS
    assert steps(run[0] / 'train', 'graph_def') == [0]
    assert steps(run[0] / 'test', 'graph_def') == []
    [trace] = [
        event for event in events(run[0] / 'train') if event.tagged_run_metadata.tag
    ]
    assert (trace.tagged_run_metadata.tag, trace.step) == ('step099', 99)
    metadata = tf.RunMetadata.FromString(trace.tagged_run_metadata.run_metadata)
    traced = {node.node_name for node in metadata.step_stats.dev_stats[0].node_stats}
    assert any('layer1/Wx_plus_b/MatMul' in name for name in traced)


@pytest.mark.parametrize('eval_batch_size', [7, 23, 1000])
def test_batches_add_up_to_the_histogram_of_all(monkeypatch, eval_batch_size):
    monkeypatch.setattr(loop, 'EVAL_BATCH_SIZE', eval_batch_size)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(230, 6)) * np.geomspace(1e-20, 1e20, 6)
    rows[:, 0] = 0
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float64, [None, 6])
        tf.summary.histogram('activations', x)
        tf.summary.histogram('weights', tf.constant([1.0, 2.0]))
        tf.summary.scalar('mean', tf.reduce_mean(tf.tanh(x)))
        merged, right = (
            tf.summary.merge_all(),
            tf.reduce_mean(tf.cast(x[:, 1] > 0, 'float')),
        )
        whole = tf.Summary.FromString(sess.run(merged, {x: rows}))
        summary, fraction = summaries.run_in_batches(sess, merged, right, {x: rows})
    assert fraction == np.float32(np.mean(rows[:, 1] > 0))
    for value, expected in zip(summary.value, whole.value, strict=True):
        assert value.tag == expected.tag
        for name in ('num', 'min', 'max', 'bucket_limit', 'bucket'):
            assert getattr(value.histo, name) == getattr(expected.histo, name)
        for name in ('sum', 'sum_squares'):
            total = getattr(expected.histo, name)
            assert getattr(value.histo, name) == pytest.approx(total)
        assert value.simple_value == pytest.approx(expected.simple_value, rel=1e-6)


def test_merged_summary_is_that_of_the_whole_set(data_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, 'EVAL_BATCH_SIZE', 100)
    original = summaries.run_in_batches
    seen = []

    def both_ways(sess, merged, accuracy, feed_dict):
        assert {len(value) for value in feed_dict.values() if np.ndim(value)} == {230}
        whole, fraction = sess.run([merged, accuracy], feed_dict=feed_dict)
        seen.append((tf.Summary.FromString(whole), fraction))
        seen.append(original(sess, merged, accuracy, feed_dict))
        return seen[-1]

    monkeypatch.setattr(summaries, 'run_in_batches', both_ways)
    with_summaries.run_training(
        data_dir=data_dir, log_dir=tmp_path, batch_size=20, max_steps=11
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


def test_failed_trace_does_not_end_the_run(
    data_dir, tmp_path, monkeypatch, capsys, run
):
    original = tf.Session.run

    def without_profiler(self, fetches, feed_dict=None, options=None, **others):
        if options is not None:
            raise tf.errors.UnimplementedError(None, None, 'no profiler here')
        return original(self, fetches, feed_dict=feed_dict, **others)

    monkeypatch.setattr(tf.Session, 'run', without_profiler)
    history = with_summaries.run_training(
        data_dir=data_dir, log_dir=tmp_path, **SETTINGS
    )
    printed = capsys.readouterr()
    assert 'step 99: not traced: no profiler here\n' in printed.err
    assert 'metadata' not in printed.out
    assert history.records == run[2].records
    assert steps(tmp_path / 'train') == TRAIN_STEPS


def test_killed_and_resumed_run_shows_no_step_twice(data_dir, tmp_path, run):
    settings = {
        **SETTINGS,
        'data_dir': data_dir,
        'log_dir': tmp_path / 'log',
        'checkpoint_steps': 25,
    }
    command = [sys.executable, '-u', '-m', 'mnist_tut.with_summaries']
    command += [f'--{name}={value}' for name, value in settings.items()]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        for line in process.stdout:
            if line.startswith('Accuracy at step 60:'):
                process.kill()
    assert process.returncode != 0
    history = with_summaries.run_training(resume=True, **settings)
    assert history.records == run[2].records
    assert steps(tmp_path / 'log' / 'train') == TRAIN_STEPS
    assert steps(tmp_path / 'log' / 'test') == TEST_STEPS
    assert steps(tmp_path / 'log' / 'train', 'tagged_run_metadata') == [99]


def test_fake_data(tmp_path, capsys):
    history = with_summaries.run_training(
        fake_data=True, log_dir=tmp_path, max_steps=21, data_dir=tmp_path / 'none'
    )
    names = [name for _, name, _ in history.records]
    assert (names.count('loss'), names.count('test_accuracy')) == (18, 3)
    assert not list(tmp_path.rglob('projector*'))
    assert not (tmp_path / 'none').exists()


def test_diverged_run_names_the_histogram(data_dir, tmp_path):
    with pytest.raises(errors.DivergedError) as info:
        with_summaries.run_training(
            data_dir=data_dir, log_dir=tmp_path, batch_size=20, learning_rate=1e38
        )
    assert re.match(
        r'step \d+: (Nan|Infinity) in .*istogram for: layer', str(info.value)
    )
