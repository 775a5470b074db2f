"""What must hold for every lesson, run over the descriptions in lessons.py."""

import ast
import json
import pathlib
import random
import signal
import subprocess
import sys
import textwrap

from mnist_tut import errors
from mnist_tut.training import history, run_folder
from mnist_tut.training.run import Run
from tests import lessons
from tests.support import events
from tests.support.paths import ROOT

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

# Lessons that take seconds for what the others do in a blink.
HEAVY = {'deep', 'convolutional', 'with_summaries'}
every_lesson = pytest.mark.parametrize(
    'lesson', lessons.LESSONS, ids=lambda lesson: lesson.name
)
every_lesson_trains = pytest.mark.parametrize(
    'lesson',
    [
        pytest.param(
            lesson,
            id=lesson.name,
            marks=pytest.mark.slow if lesson.name in HEAVY else (),
        )
        for lesson in lessons.LESSONS
    ],
)


def variables(log_dir):
    """Returns all that the newest checkpoint holds, name to bytes."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(log_dir)))
    names = reader.get_variable_to_shape_map()
    return {name: reader.get_tensor(name).tobytes() for name in names}


def files(folder):
    """Returns every file below `folder` with its content."""
    return {
        path: path.read_bytes()
        for path in pathlib.Path(folder).rglob('*')
        if path.is_file()
    }


def curves(log_dir):
    """Returns the metrics that TensorBoard shows, without the documents' own events."""
    is_below = (log_dir / 'metrics').exists()
    shown = events.scalars(log_dir / 'metrics' if is_below else log_dir)
    return {tag.rpartition('/')[2]: points for tag, points in shown.items()}


def test_no_lesson_is_missing():
    described = {lesson.name for lesson in lessons.LESSONS}
    modules = {
        path.stem
        for path in (ROOT / 'mnist_tut').glob('*.py')
        if any(
            isinstance(node, ast.FunctionDef) and node.name == 'run_training'
            for node in ast.parse(path.read_text()).body
        )
    }
    assert described == modules - {'distributed'}  # which tests/test_distributed.py has


@every_lesson
def test_graph_has_the_documents_variables(digits_dir, tmp_path, lesson, capsys):
    lesson.train(digits_dir, tmp_path / 'log', max_steps=1)
    shapes = dict(tf.train.list_variables(str(tmp_path / 'log')))
    name, shape = lesson.first_variable
    assert shapes[name] == shape
    slots = ('/Adam', '/Adam_1', '/Momentum', '_power')
    trained = {
        name: shape
        for name, shape in shapes.items()
        if shape and not name.endswith(slots)
    }
    sizes = [int(np.prod(shape)) for shape in trained.values()]
    assert sum(sizes) == lesson.num_parameters


@every_lesson_trains
def test_same_seed_same_run(digits_dir, tmp_path, lesson, capsys):
    first = lesson.train(digits_dir, tmp_path / 'a', seed=5, **lesson.quick)
    again = lesson.train(digits_dir, tmp_path / 'b', seed=5, **lesson.quick)
    other = lesson.train(digits_dir, tmp_path / 'c', seed=6, **lesson.quick)
    assert first.records == again.records
    assert variables(tmp_path / 'a') == variables(tmp_path / 'b')
    assert variables(tmp_path / 'a') != variables(tmp_path / 'c')
    assert first.records != other.records or lesson.name == 'softmax'


@every_lesson_trains
def test_history(digits_dir, tmp_path, lesson, capsys):
    run = lesson.train(digits_dir, tmp_path / 'log', seed=1, **lesson.quick)
    assert lesson.result in run.names()
    assert max(run.steps('loss')) == lesson.steps - 1
    assert history.History.from_json(run.to_json()) == run
    saved = json.loads((tmp_path / 'log' / 'history.json').read_text())
    assert [tuple(record) for record in saved['records']] == run.records
    # TensorBoard shows all of it, but for what the document itself writes.
    own = {
        'fully_connected_feed': {'loss'},
        'with_summaries': {'loss', 'test_accuracy'},
    }
    expected = {
        name: list(zip(run.steps(name), np.float32(run.values(name)), strict=True))
        for name in run.names()
        if name not in own.get(lesson.name, ())
    }
    assert curves(tmp_path / 'log') == expected


@every_lesson_trains
def test_resuming_is_exact(digits_dir, tmp_path, lesson, capsys, monkeypatch):
    """Interrupted twice at random steps; the same bytes as never interrupted."""
    flags = {'seed': 3, 'checkpoint_steps': 10, **lesson.quick}
    whole = lesson.train(digits_dir, tmp_path / 'whole', **flags)
    stops = sorted(random.sample(range(1, lesson.steps - 1), 2))
    for stop in stops:
        with monkeypatch.context() as patch:
            interrupt_at(patch, stop)
            with pytest.raises(KeyboardInterrupt):
                lesson.train(digits_dir, tmp_path / 'parts', resume=True, **flags)
    parts = lesson.train(digits_dir, tmp_path / 'parts', resume=True, **flags)
    same = variables(tmp_path / 'parts') == variables(tmp_path / 'whole')
    assert same, f'interrupted at {stops}'
    assert parts.records == whole.records, f'interrupted at {stops}'
    same = curves(tmp_path / 'parts') == curves(tmp_path / 'whole')
    assert same, f'interrupted at {stops}'


@every_lesson_trains
def test_many_steps_in_one_run_change_nothing(
    digits_dir, tmp_path, lesson, capsys, monkeypatch
):
    """Any number of steps at a time, interrupted, and continued with another one."""
    flags = {'seed': random.randrange(1000), 'checkpoint_steps': 10, **lesson.quick}
    numbers = random.sample(range(2, 60), 2)
    told = f'{flags}, interrupted at 9, steps_per_run={numbers}'
    whole = lesson.train(digits_dir, tmp_path / 'whole', **flags)
    flags['steps_per_run'] = numbers[0]
    with monkeypatch.context() as patch:
        interrupt_at(patch, 9)
        with pytest.raises(KeyboardInterrupt):
            lesson.train(digits_dir, tmp_path / 'parts', **flags)
    flags['steps_per_run'] = numbers[1]
    parts = lesson.train(digits_dir, tmp_path / 'parts', resume=True, **flags)
    assert parts.records == whole.records, told
    for ending in ('index', 'data-00000-of-00001', 'meta', 'json'):
        paths = [run_folder.checkpoint_path(str(tmp_path / folder), lesson.steps - 1)
                 for folder in ('whole', 'parts')]  # fmt: skip
        contents = [pathlib.Path(f'{path}.{ending}').read_bytes() for path in paths]
        assert contents[0] == contents[1], f'{ending}: {told}'
    assert curves(tmp_path / 'parts') == curves(tmp_path / 'whole'), told


@every_lesson
def test_compiled_steps_round_otherwise_or_are_refused(
    digits_dir, tmp_path, lesson, capsys
):
    flags = {'seed': 3, 'max_steps': 12, 'steps_per_run': 8, 'jit': True}
    if lesson.name in ('deep', 'convolutional'):
        with pytest.raises(errors.FlagError, match='--jit: on a CPU, compiled convol'):
            lesson.train(digits_dir, tmp_path / 'jit', **flags)
        assert not (tmp_path / 'jit').exists()
        return
    compiled = lesson.train(digits_dir, tmp_path / 'jit', **flags)
    plain = lesson.train(digits_dir, tmp_path / 'plain', seed=3, max_steps=12)
    np.testing.assert_allclose(
        compiled.values('loss'), plain.values('loss'), rtol=1e-5, atol=1e-6
    )
    assert compiled.steps('loss') == plain.steps('loss')


def interrupt_at(patch, stop):
    """Sends SIGINT while step `stop` is recorded."""
    record = Run.record

    def record_and_interrupt(self, step, **metrics):
        record(self, step, **metrics)
        if step == stop:
            patch.undo()
            signal.raise_signal(signal.SIGINT)

    patch.setattr(Run, 'record', record_and_interrupt)


@every_lesson_trains
def test_kill_9_costs_one_interval_and_resumes_exactly(
    digits_dir, tmp_path, lesson, capsys
):
    flags = {'seed': 3, 'checkpoint_steps': 5, **lesson.quick}
    lesson.train(digits_dir, tmp_path / 'whole', **flags)
    stop = random.randrange(5, lesson.steps - 1)
    killed = subprocess.run(
        [
            sys.executable,
            '-c',
            textwrap.dedent(f"""
                import os, signal
                from mnist_tut.training.run import Run
                from mnist_tut import {lesson.name} as lesson
                record = Run.record
                def record_and_die(self, step, **metrics):
                    record(self, step, **metrics)
                    if step >= {stop} and 'loss' in metrics:
                        os.kill(os.getpid(), signal.SIGKILL)
                Run.record = record_and_die
                lesson.run_training(
                    {lesson.data_flag}={str(digits_dir)!r},
                    log_dir={str(tmp_path / 'parts')!r},
                    **{flags!r},
                )
            """),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert killed.returncode == -signal.SIGKILL, (stop, killed.stderr)
    [newest, *_] = run_folder.saved_steps(str(tmp_path / 'parts'))
    assert newest + 1 >= (stop // 5) * 5, f'killed at {stop}'
    lesson.train(digits_dir, tmp_path / 'parts', resume=True, **flags)
    same = variables(tmp_path / 'parts') == variables(tmp_path / 'whole')
    assert same, f'killed at {stop}'
    same = curves(tmp_path / 'parts') == curves(tmp_path / 'whole')
    assert same, f'killed at {stop}'


@every_lesson
def test_max_steps_0_trains_nothing(digits_dir, tmp_path, lesson, capsys):
    run = lesson.train(digits_dir, tmp_path / 'log', max_steps=0)
    assert run.values('loss') == []
    assert not list((tmp_path / 'log').glob('model.ckpt*'))


@every_lesson_trains
def test_a_run_is_not_overwritten_unless_asked(digits_dir, tmp_path, lesson, capsys):
    log = tmp_path / 'log'
    lesson.train(digits_dir, log, seed=1, max_steps=2)
    (log / 'notes.txt').write_text('mine')
    before = files(log)
    for other in ({'max_steps': 2}, {'max_steps': 3}):
        with pytest.raises(errors.RunError, match=r'--resume.*--overwrite'):
            lesson.train(digits_dir, log, seed=1, **other)
    assert files(log) == before
    run = lesson.train(digits_dir, log, seed=1, max_steps=1, overwrite=True)
    assert run.steps('loss') in ([0], [])
    assert (log / 'notes.txt').read_text() == 'mine'
    assert run_folder.saved_steps(str(log)) == [0]


@every_lesson
def test_another_models_checkpoint_is_refused(digits_dir, tmp_path, lesson, capsys):
    log = tmp_path / 'log'
    log.mkdir()
    with tf.Graph().as_default():
        tf.Variable(tf.zeros([3, 4]), name='stranger/weights')
        saver = tf.train.Saver()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            saver.save(sess, str(log / 'model.ckpt'), global_step=7)
    before = files(log)
    name, _ = lesson.first_variable
    for flags in ({}, {'resume': True}, {'overwrite': True}):
        with pytest.raises(errors.RunError, match=f'variable {name} '):
            lesson.train(digits_dir, log, max_steps=1, **flags)
        assert files(log) == before


@every_lesson_trains
def test_without_log_dir_each_run_has_its_own(
    digits_dir, tmp_path, lesson, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    first = lesson.train(digits_dir, None, max_steps=1)
    second = lesson.train(digits_dir, None, max_steps=1)
    assert pathlib.Path(first.log_dir) == pathlib.Path(f'logs/{lesson.name}/run-0001')
    assert pathlib.Path(second.log_dir) == pathlib.Path(f'logs/{lesson.name}/run-0002')
    again = lesson.train(digits_dir, None, max_steps=1, resume=True)
    assert again.log_dir == second.log_dir


BAD_FLAGS = [
    ('max_steps', -1),
    ('learning_rate', float('nan')),
    ('learning_rate', float('inf')),
    ('learning_rate', -0.1),
    ('batch_size', 0),
    ('batch_size', -1),
    ('batch_size', 'x'),
    ('batch_size', 10**9),
    ('hidden1', 0),
    ('hidden2', -3),
    ('h1_sz', 0),
    ('epochs', -1),
    ('num_epochs', float('nan')),
    ('num_epochs', 1e306),
    ('keep_prob', 0.0),
    ('keep_prob', 1.5),
    ('dropout', 0.0),
    ('checkpoint_steps', 0),
    ('seed', -1),
    ('accuracy_at', '5,0'),
]


@every_lesson
def test_bad_flags_are_refused_before_anything_happens(tmp_path, lesson, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tried = 0
    for name, value in BAD_FLAGS:
        if name not in lesson.module.FLAGS:
            continue
        before = lesson.module.FLAGS.flag_values_dict()
        with pytest.raises(errors.FlagError, match=name):
            lesson.train(tmp_path / 'data', tmp_path / 'log', **{name: value})
        assert lesson.module.FLAGS.flag_values_dict() == before
        tried += 1
    assert tried >= 9
    assert list(tmp_path.iterdir()) == []


@every_lesson
def test_folders_that_cannot_serve_are_refused(tmp_path, lesson, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'file').write_text('mine')
    for name in (lesson.data_flag, 'log_dir', 'plots_dir'):
        for path in ('file', 'file/below', ''):
            flags = {lesson.data_flag: 'data', 'log_dir': 'log', name: path}
            with pytest.raises(errors.FlagError, match=f'--{name}='):
                lesson.module.run_training(**flags)
    assert [path.name for path in tmp_path.iterdir()] == ['file']


@every_lesson_trains
def test_a_diverging_run_stops_and_keeps_its_checkpoint(
    digits_dir, tmp_path, lesson, capsys, monkeypatch
):
    record = Run.record

    def poisoned(self, step, **metrics):
        if step >= 7 and 'loss' in metrics:
            metrics['loss'] = float('nan')
        record(self, step, **metrics)

    monkeypatch.setattr(Run, 'record', poisoned)
    with pytest.raises(errors.DivergedError, match=r'step \d+: the loss is nan'):
        lesson.train(digits_dir, tmp_path / 'log', checkpoint_steps=2, **lesson.quick)
    assert run_folder.saved_steps(str(tmp_path / 'log'))[0] <= 6
