"""The errors of a lesson that omits a call, or makes it too early."""

import functools
import json
import os

from mnist_tut import errors, fully_connected_feed, runtime, softmax, tanh_mlp
from mnist_tut.data import download, folders, idx, npz, synthetic
from mnist_tut.flags import Flags
from mnist_tut.training import run_folder
from mnist_tut.training.run import Run
from tests.support import corpus, servers

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


@pytest.fixture
def flags(tmp_path):
    """A lesson's flags, with a log folder of its own."""
    flags = Flags('lesson')
    flags.DEFINE_integer('batch_size', 10, 'Examples in a batch.')
    with flags.overridden({'log_dir': tmp_path / 'log', 'seed': 1}):
        yield flags


@pytest.fixture
def graph():
    """A graph with one variable, (x, y, train_step)."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 784])
        W = tf.Variable(tf.zeros([784, 10]), name='W')
        y = tf.matmul(x, W)
        yield x, y, W.assign_add(tf.ones_like(W)).op


def open_session(run, graph, **options):
    x, y, _ = graph
    sess = run.session(None, images=x, scores=y, **options)
    sess.run(tf.global_variables_initializer())
    return sess


def refusal(flags, lesson, error=errors.RunError):
    """Returns the line that a run gives whose body is `lesson(run)`."""

    def train():
        with Run(flags) as run:
            lesson(run)

    with pytest.raises(error) as caught:
        train()
    assert '\n' not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize('batch_size', [10, 10_000_000])
def test_the_session_has_as_many_threads_as_fit_the_graph(flags, graph, batch_size):
    seen = []

    def lesson(run):
        seen.append(open_session(run, graph)._config)

    with flags.overridden({'batch_size': batch_size}):
        refusal(flags, lesson)
    assert seen == [runtime.training_config(graph[0].graph, batch_size)]


def test_steps_before_the_session(flags, graph):
    line = refusal(flags, lambda run: run.steps(3))
    assert line.startswith('run.steps() before run.session(...): ')


def test_a_summary_writer_before_the_session(flags, graph):
    line = refusal(flags, lambda run: run.summary_writer())
    assert line.startswith('run.summary_writer() before run.session(...): ')


def test_a_run_that_was_not_entered(flags, graph):
    run = Run(flags)
    for use in (
        lambda: run.seed,
        lambda: run.data_options,
        lambda: run.log_dir,
        lambda: open_session(run, graph),
        lambda: run.record(0, loss=1.0),
    ):
        with pytest.raises(errors.RunError, match=r'with Run\(flags\) as run:'):
            use()
    assert not hasattr(run, '_repr_html_')


def test_a_second_session(flags, graph):
    def lesson(run):
        open_session(run, graph)
        open_session(run, graph)

    assert 'called twice' in refusal(flags, lesson)


@pytest.mark.parametrize('steps_per_run', [1, 5])
def test_a_repeat_that_comes_too_late(flags, graph, steps_per_run):
    x, y, train_step = graph
    arrays = np.zeros([20, 784], np.float32), np.zeros([20, 10], np.float32)

    def lesson(run):
        open_session(run, graph)
        steps = run.steps(3)
        run.repeat(train_step, tf.reduce_mean(y), arrays, [x, y], (), period=10)
        list(steps)

    with flags.overridden({'steps_per_run': steps_per_run}):
        line = refusal(flags, lesson)
    assert line.startswith('run.repeat(...) was called after run.steps(...)')


def test_a_loop_without_steps(flags, graph):
    def lesson(run):
        sess = open_session(run, graph)
        for _ in range(3):
            sess.run(graph[2])

    assert 'the run ended without steps' in refusal(flags, lesson)


def test_no_session_at_all(flags, graph):
    assert 'run.session(...)' in refusal(flags, lambda run: None)


def test_a_variable_that_comes_too_late(flags, graph):
    def lesson(run):
        open_session(run, graph)
        tf.Variable(1.0, name='late')
        run.steps(3)

    line = refusal(flags, lesson)
    assert 'variable late was made after run.session(...)' in line


@pytest.mark.parametrize('fetch', ['train_step', 'scores'])
def test_a_variable_without_a_value(flags, graph, fetch):
    x, y, train_step = graph

    def lesson(run):
        sess = run.session(None, images=x, scores=y)
        for _ in run.steps(3):
            sess.run(train_step if fetch == 'train_step' else y, {x: [[0] * 784]})

    line = refusal(flags, lesson)
    assert line.startswith('variable W has no value; run tf.global_variables_init')


def test_a_batch_that_no_set_can_fill(flags, graph, tmp_path):
    def lesson(run):
        open_session(run, graph, num_examples=9)

    line = refusal(flags, lesson, errors.FlagError)
    assert line.startswith('--batch_size=10: the training set has only 9 examples')
    assert not (tmp_path / 'log').exists()


def test_a_model_that_is_too_large(flags, tmp_path):
    def lesson(run):
        x = tf.placeholder(tf.float32, [None, 784])
        W = tf.Variable(tf.zeros([784, 10**9]), name='huge')
        open_session(run, (x, tf.matmul(x, W), None))

    with tf.Graph().as_default():
        line = refusal(flags, lesson, errors.FlagError)
    assert line.startswith('the variables would take 3136.0 GB, huge alone 3136.0 GB')
    assert 'at most 2.1 GB' in line
    assert not (tmp_path / 'log').exists()


def test_a_loop_that_is_left_early_is_saved(flags, graph, tmp_path):
    with Run(flags) as run:
        sess = open_session(run, graph)
        for step in run.steps(100):
            sess.run(graph[2])
            run.record(step, loss=1.0)
            if step == 6:
                break
    assert run_folder.saved_steps(str(tmp_path / 'log')) == [6]
    path = run_folder.checkpoint_path(str(tmp_path / 'log'), 6)
    assert tf.train.load_variable(path, 'W')[0, 0] == 7
    assert run.history.steps('loss') == list(range(7))


def test_run_json_holds_what_inference_and_resuming_need(flags, graph, tmp_path):
    with Run(flags) as run:
        open_session(run, graph, pixel_range=(-0.5, 0.5), feeds={})
        list(run.steps(1))
    content = json.loads((tmp_path / 'log' / 'run.json').read_text())
    assert isinstance(content.pop('crc32'), int)
    assert content == {
        'lesson': 'lesson',
        'seed': 1,
        'data': 'fake',
        'data_kind': 'fake',
        'model': {
            'images': 'Placeholder:0',
            'scores': 'MatMul:0',
            'probabilities': False,
            'feeds': {},
            'pixel_range': [-0.5, 0.5],
        },
        'flags': {
            'batch_size': 10,
            'checkpoint_steps': 1000,
            'dataset': 'auto',
            'jit': False,
            'steps_per_run': 1,
        },
    }


@pytest.mark.parametrize('max_steps', [2, 5])
def test_a_resume_that_is_refused_changes_nothing(flags, graph, tmp_path, max_steps):
    with Run(flags) as run:
        open_session(run, graph)
        list(run.steps(3))
    before = {path: path.read_bytes() for path in (tmp_path / 'log').iterdir()}
    settings = {'log_dir': tmp_path / 'log', 'resume': True}
    if max_steps == 5:
        settings['batch_size'] = 20

    def lesson(run):
        open_session(run, graph)
        run.steps(max_steps)

    with flags.overridden(settings):
        refusal(flags, lesson)
    assert before == {path: path.read_bytes() for path in (tmp_path / 'log').iterdir()}


def test_data_that_is_no_datasets_needs_no_state(flags, graph, tmp_path):
    folder = corpus.write_data_set(tmp_path / 'data', 20, 10)
    with Run(flags) as run:
        info = run.locate(folder)
        x, y, _ = graph
        sess = run.session(info, images=x, scores=y, num_examples=20)
        sess.run(tf.global_variables_initializer())
        list(run.steps(1))
    path = run_folder.checkpoint_path(str(tmp_path / 'log'), 0)
    state = json.loads((tmp_path / f'{path}.json').read_text())['state']
    assert sorted(state) == ['history', 'random_ops']


# The data: found where no folder is named, and found again by a resumed run.


@pytest.fixture
def two_folders(tmp_path, monkeypatch):
    """Two folders to work in, the first of which is the current one."""
    for name in ('a', 'b'):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / 'a')
    monkeypatch.delenv(folders.DATA_DIR_ENV, raising=False)
    return tmp_path / 'a', tmp_path / 'b'


def resume_elsewhere(lesson, two_folders, monkeypatch):
    """Trains three steps in one folder and two more from another; returns the flags."""
    here, elsewhere = two_folders
    log_dir = here / 'log'
    lesson.run_training(log_dir=log_dir, max_steps=3, seed=1)
    recorded = json.loads((log_dir / 'run.json').read_text())['flags']
    before = sorted(os.listdir(elsewhere))
    monkeypatch.chdir(elsewhere)
    run = lesson.run_training(log_dir=log_dir, max_steps=5, resume=True)
    assert len(run.values('loss')) == 5
    assert sorted(os.listdir(elsewhere)) == before
    return recorded


@pytest.mark.parametrize('place', ['data', 'MNIST_data'])
@pytest.mark.parametrize('lesson', [softmax, fully_connected_feed, tanh_mlp])
def test_a_lesson_finds_the_data_and_a_resumed_run_the_same(
    lesson, place, two_folders, few_digits_dir, monkeypatch, capsys
):
    here, _ = two_folders
    (here / place).symlink_to(few_digits_dir)
    recorded = resume_elsewhere(lesson, two_folders, monkeypatch)
    name = 'train_dir' if lesson is fully_connected_feed else 'data_dir'
    assert recorded[name] == str(here / place)
    assert f', in {here / place}\n' in capsys.readouterr().err
    assert lesson.FLAGS[name].value == lesson.FLAGS[name].default


def test_the_lectures_file_is_found_again(two_folders, monkeypatch):
    here, _ = two_folders
    (here / 'MNIST_data').mkdir()
    arrays = [*corpus.digits(640, seed=1), *corpus.digits(100, seed=2)]
    digits = npz.Digits(arrays[0], arrays[2], arrays[1], arrays[3])
    npz.write(here / 'MNIST_data' / 'mnist_data.npz', digits)
    recorded = resume_elsewhere(tanh_mlp, two_folders, monkeypatch)
    assert recorded['npz'] == str(here / 'MNIST_data' / 'mnist_data.npz')


def test_drawn_digits_are_found_again(
    two_folders, monkeypatch, quick_retries, tmp_path
):
    fewer = functools.partial(synthetic.generate, num_train=600, num_test=100)
    names = [file.name for file in download.FILES]
    sums = dict(zip(names, map(idx.sha256, fewer()), strict=True))
    monkeypatch.setattr(synthetic, 'generate', fewer)
    monkeypatch.setitem(synthetic.SHA256, 'matched', sums)
    monkeypatch.setattr(download, 'MIRRORS', (servers.closed_port(),))
    here, _ = two_folders
    recorded = resume_elsewhere(tanh_mlp, two_folders, monkeypatch)
    assert recorded['data_dir'] == str(here / 'MNIST_data')
    assert recorded['dataset'] == 'synthetic'
