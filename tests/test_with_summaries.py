"""The lesson with summaries: tags, event files, traces."""

import contextlib
import io
import re
import subprocess
import sys

from mnist_tut import errors, with_summaries
from tests.support import events
from tests.support.paths import ROOT

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
def run(few_digits_dir, tmp_path_factory):
    """The folder, the printed lines and the history of one good run."""
    log_dir = tmp_path_factory.mktemp('run')
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        history = with_summaries.run_training(
            data_dir=few_digits_dir, log_dir=log_dir, **SETTINGS
        )
    return log_dir, printed.getvalue().splitlines(), history


def test_the_tags_are_the_originals(run):
    assert len(TAGS) == 37
    for folder in ('train', 'test'):
        for event in events.read(run[0] / folder):
            if event.HasField('summary'):
                tags = [value.tag for value in event.summary.value]
                assert set(tags) == TAGS
                assert len(tags) == 37


def test_the_printed_lines_are_the_originals(run):
    _, lines, history = run
    lines = [line for line in lines if not line.startswith('Extracting ')]
    accuracies = [value for _, name, value in history.records if 'accuracy' in name]
    expected = [
        f'Accuracy at step {step}: {np.float32(accuracy)!s}'
        for step, accuracy in zip(TEST_STEPS, accuracies, strict=True)
    ]
    expected.insert(10, 'Adding run metadata for 99')
    assert lines == expected


def test_each_step_is_in_one_of_two_event_files(run):
    assert events.steps(run[0] / 'test') == TEST_STEPS
    assert events.steps(run[0] / 'train') == TRAIN_STEPS
    assert events.steps(run[0] / 'train', 'graph_def') == [0]
    assert events.steps(run[0] / 'test', 'graph_def') == []
    [trace] = [
        event
        for event in events.read(run[0] / 'train')
        if event.tagged_run_metadata.tag
    ]
    assert (trace.tagged_run_metadata.tag, trace.step) == ('step099', 99)
    metadata = tf.RunMetadata.FromString(trace.tagged_run_metadata.run_metadata)
    traced = {node.node_name for node in metadata.step_stats.dev_stats[0].node_stats}
    assert any('layer1/Wx_plus_b/MatMul' in name for name in traced)


def summaries(folder):
    """Returns each value of both event files: (writer, step, tag) to its bytes."""
    return {
        (name, event.step, value.tag): value.SerializeToString()
        for name in ('train', 'test')
        for event in events.read(folder / name)
        for value in event.summary.value
    }


def test_the_same_seed_gives_the_same_summaries(few_digits_dir, tmp_path, run, capsys):
    with_summaries.run_training(
        data_dir=few_digits_dir, log_dir=tmp_path, **{**SETTINGS, 'max_steps': 60}
    )
    again = summaries(tmp_path)
    assert len(again) == 60 * 37
    first = summaries(run[0])
    assert [key for key, value in again.items() if first[key] != value] == []


def test_a_step_summarizes_the_variables_before_its_update(run):
    values = summaries(run[0])
    of_variables = [tag for tag in TAGS if '/weights/' in tag or '/biases/' in tag]
    assert len(of_variables) == 20
    for tag in of_variables:
        # Step 0 evaluates; step 1 is the first that trains.
        assert values['train', 1, tag] == values['test', 0, tag]
    for layer in ('layer1', 'layer2'):
        # Step 9 trains; step 10 evaluates.
        tag = f'{layer}/weights/summaries/mean_1'
        assert values['train', 9, tag] != values['test', 10, tag]


def test_the_graph_that_is_shown_is_the_documents(run):
    [event] = [
        event
        for event in events.read(run[0] / 'train')
        if event.WhichOneof('what') == 'graph_def'
    ]
    nodes = tf.GraphDef.FromString(event.graph_def).node
    updates = [node for node in nodes if node.op.startswith('ResourceApply')]
    assert len(updates) == 4
    assert not any('Merge' in name for node in updates for name in node.input)


def test_a_failed_trace_does_not_end_the_run(
    few_digits_dir, tmp_path, monkeypatch, capsys, run
):
    original = tf.Session.run

    def without_profiler(self, fetches, feed_dict=None, options=None, metadata=None):
        if options is not None:
            raise tf.errors.UnimplementedError(None, None, 'no profiler here')
        return original(self, fetches, feed_dict)

    monkeypatch.setattr(tf.Session, 'run', without_profiler)
    history = with_summaries.run_training(
        data_dir=few_digits_dir, log_dir=tmp_path, **SETTINGS
    )
    printed = capsys.readouterr()
    assert 'step 99: not traced: no profiler here\n' in printed.err
    assert 'metadata' not in printed.out
    assert history.records == run[2].records
    assert events.steps(tmp_path / 'train') == TRAIN_STEPS


@pytest.mark.slow
def test_a_killed_and_resumed_run_shows_no_step_twice(few_digits_dir, tmp_path, run):
    settings = {
        **SETTINGS,
        'data_dir': few_digits_dir,
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
    assert events.steps(tmp_path / 'log' / 'train') == TRAIN_STEPS
    assert events.steps(tmp_path / 'log' / 'test') == TEST_STEPS
    assert events.steps(tmp_path / 'log' / 'train', 'tagged_run_metadata') == [99]


def test_fake_data_leaves_nothing_for_the_projector(tmp_path, capsys):
    history = with_summaries.run_training(
        fake_data=True, log_dir=tmp_path, max_steps=21, data_dir=tmp_path / 'none'
    )
    names = [name for _, name, _ in history.records]
    assert (names.count('loss'), names.count('test_accuracy')) == (18, 3)
    assert not list(tmp_path.rglob('projector*'))
    assert not (tmp_path / 'none').exists()


def test_a_diverged_run_names_the_histogram(few_digits_dir, tmp_path):
    with pytest.raises(errors.DivergedError) as info:
        with_summaries.run_training(
            data_dir=few_digits_dir, log_dir=tmp_path, batch_size=20, learning_rate=1e38
        )
    assert re.match(
        r'step \d+: (Nan|Infinity) in .*istogram for: layer', str(info.value)
    )
