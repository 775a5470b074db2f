"""The event file of a run's metrics: what TensorBoard would show of them."""

import subprocess
import sys
import textwrap

from mnist_tut import errors
from mnist_tut.training import event_writers
from mnist_tut.training.event_writers import EventWriters
from tests.support import events
from tests.support.paths import ROOT

import pytest
import tensorflow.compat.v1 as tf


def start(folder, records=(), first_step=0):
    """Returns the writers of a run without a lesson's own."""
    writers = EventWriters(str(folder))
    writers.start_metrics(records, first_step)
    return writers


def test_each_metric_is_a_curve_beside_those_of_its_kind(tmp_path):
    with start(tmp_path) as writers:
        for step in range(3):
            writers.add(step, {'loss': 1 / (step + 1)})
        writers.add(2, {'minibatch_error': 25.0, 'test_error': 12.5})
    assert events.scalars(tmp_path) == {
        'loss': [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))],
        'error/minibatch_error': [(2, 25.0)],
        'error/test_error': [(2, 12.5)],
    }
    [version] = events.steps(tmp_path, 'file_version')
    assert version == 0


def test_each_point_has_the_time_at_which_it_was_recorded(tmp_path, monkeypatch):
    now = iter(range(1_000, 10_000))
    monkeypatch.setattr(event_writers.time, 'time', lambda: float(next(now)))
    monkeypatch.setattr(event_writers, '_MAX_WAIT_SEC', 1e9)
    with start(tmp_path) as writers:
        for step in range(4):
            writers.add(step, {'loss': 1.0})
    times = [e.wall_time for e in events.read(tmp_path) if e.HasField('summary')]
    assert times == [1001.0, 1002.0, 1003.0, 1004.0]


def test_no_step_is_written_twice(tmp_path):
    with start(tmp_path) as writers:
        writers.add(9, {'test_accuracy': 0.5})
        writers.add(10, {'loss': 1.0, 'test_accuracy': 0.75})
        writers.flush()
        writers.add(10, {'test_accuracy': 0.75})
    assert events.scalars(tmp_path) == {
        'accuracy/test_accuracy': [(9, 0.5), (10, 0.75)],
        'loss': [(10, 1.0)],
    }


def test_a_metric_that_the_lesson_shows_is_not_shown_again(tmp_path):
    with tf.Graph().as_default(), EventWriters(str(tmp_path)) as writers:
        writers.open('', None, shows=['loss'])
        writers.open('test', None, shows=['test_accuracy'])
        writers.start_metrics([], 0)
        writers.add(0, {'loss': 1.0, 'test_accuracy': 0.5, 'precision': 0.25})
    assert events.scalars(tmp_path / 'metrics') == {'precision': [(0, 0.25)]}
    assert events.scalars(tmp_path) == {}  # the lesson's own file


def test_without_a_metric_there_is_no_file(tmp_path):
    with tf.Graph().as_default(), EventWriters(str(tmp_path)) as writers:
        writers.open('', None, shows=['loss'])
        writers.start_metrics([], 0)
        writers.add(0, {'loss': 1.0})
        writers.flush()
    assert not (tmp_path / 'metrics').exists()


def test_what_a_checkpoint_holds_is_in_the_file_before_it(tmp_path):
    with start(tmp_path) as writers:
        writers.add(0, {'loss': 1.0})
        assert events.scalars(tmp_path) == {}
        writers.flush()
        assert events.scalars(tmp_path) == {'loss': [(0, 1.0)]}


def test_a_record_waits_for_a_thousand_others_at_most(tmp_path):
    with start(tmp_path) as writers:
        for step in range(2_500):
            writers.add(step, {'loss': 1.0})
        assert len(events.scalars(tmp_path)['loss']) == 2_000
    assert len(events.scalars(tmp_path)['loss']) == 2_500


@pytest.mark.parametrize('seconds', [10, -3600])
def test_a_record_waits_ten_seconds_at_most(tmp_path, monkeypatch, seconds):
    """And not an hour where the clock is set back."""
    now = [1_000_000.0]
    monkeypatch.setattr(event_writers.time, 'time', lambda: now[0])
    with start(tmp_path) as writers:
        writers.add(0, {'loss': 1.0})
        now[0] += seconds
        writers.add(1, {'loss': 0.5})
        assert events.scalars(tmp_path) == {'loss': [(0, 1.0), (1, 0.5)]}


def test_what_a_resumed_run_has_recorded_of_later_steps_is_written_again(tmp_path):
    """--accuracy_at=10 records at step 10, which is after the checkpoint of step 9."""
    records = [(9, 'loss', 1.0), (10, 'test_accuracy', 0.5)]
    with start(tmp_path, records, first_step=10) as writers:
        writers.add(10, {'loss': 0.75})
    assert events.scalars(tmp_path) == {
        'accuracy/test_accuracy': [(10, 0.5)],
        'loss': [(10, 0.75)],
    }


def test_two_runs_in_one_second_write_two_files(tmp_path):
    for step in range(2):
        with start(tmp_path) as writers:
            writers.add(step, {'loss': 1.0})
    assert len(list(tmp_path.iterdir())) == 2
    assert len(events.scalars(tmp_path)['loss']) == 2


def test_the_end_of_a_files_name_can_be_chosen(tmp_path):
    with EventWriters(
        str(tmp_path), lambda subfolder: f'.{subfolder}chosen'
    ) as writers:
        writers.start_metrics([(0, 'loss', 1.0)], 0)
    [path] = tmp_path.iterdir()
    assert path.name.endswith('.chosen')


@pytest.mark.parametrize('error', [KeyError, None])
def test_an_error_of_the_run_is_the_one_that_is_raised(tmp_path, error):
    (tmp_path / 'file').write_text('mine')

    def run():
        with start(tmp_path / 'file') as writers:
            writers.add(0, {'loss': 1.0})
            if error:
                raise error

    with pytest.raises(error or errors.RunError):
        run()
    assert (tmp_path / 'file').read_text() == 'mine'


@pytest.mark.slow
def test_a_lessons_file_that_cannot_grow_is_raised_and_not_reported(tmp_path):
    """TensorFlow's thread would log a line, and end with a traceback of eight."""
    code = textwrap.dedent("""
        import resource, signal, sys, threading
        from mnist_tut.training.event_writers import EventWriters
        import tensorflow.compat.v1 as tf
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        report, filters = threading.excepthook, list(tf.get_logger().filters)
        summary = tf.Summary(value=[tf.Summary.Value(tag='loss', simple_value=1.0)])
        try:
            with tf.Graph().as_default(), EventWriters(sys.argv[1]) as writers:
                other = threading.Thread(target=lambda: 1 / 0)
                other.start()
                other.join()
                writer = writers.open('', None, [])
                for step in range(3_000):
                    writer.add_summary(summary, step)
                writers.flush()
        except (RuntimeError, IndexError) as error:
            print(error)
        assert threading.excepthook == report
        assert tf.get_logger().filters == filters
    """)
    command = [sys.executable, '-c', code, str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert 'File too large' in run.stdout
    assert 'EventLoggerThread' not in run.stderr
    assert 'writer thread error' not in run.stderr
    assert run.stderr.count('ZeroDivisionError: ') == 1  # another thread's own


@pytest.mark.slow
def test_a_file_that_cannot_grow_is_one_line(tmp_path):
    code = textwrap.dedent("""
        import resource, signal, sys
        from mnist_tut import errors
        from mnist_tut.training.event_writers import EventWriters
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            with EventWriters(sys.argv[1]) as writers:
                writers.start_metrics([], 0)
                for step in range(3_000):
                    writers.add(step, {'loss': 1.0})
        except errors.RunError as error:
            print(error)
    """)
    command = [sys.executable, '-c', code, str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    [line] = run.stdout.splitlines()
    [path] = tmp_path.iterdir()
    assert line.startswith(f'{path}: cannot be written: File too large; ')
    assert line.endswith('continue with --resume')
    assert run.stderr == ''
