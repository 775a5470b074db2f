"""A cluster trains as one process does; tasks may be late, die and come back."""

import functools
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

from mnist_tut import distributed, fully_connected_feed, runtime
from mnist_tut.cluster.tasks import ClusterError
from mnist_tut.errors import DivergedError, FlagError, RunError
from tests.support import events
from tests.support.clusters import Tasks
from tests.support.paths import ROOT

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


@pytest.fixture(autouse=True)
def without_config(monkeypatch):
    monkeypatch.delenv('TF_CONFIG', raising=False)


def train(few_digits_dir, folder, **flags):
    return distributed.run_training(data_dir=few_digits_dir, log_dir=folder, **flags)


# Alone.


@pytest.mark.parametrize(
    ('model', 'flags', 'last_line'),
    [
        ('fully_connected_feed', {}, r'  Num examples: \d+  Num correct: \d+  Pre'),
        ('deep', {'batch_size': 4}, r'test accuracy 0\.\d+'),
    ],
)
def test_alone_it_trains_and_evaluates(
    few_digits_dir, tmp_path, capsys, model, flags, last_line
):
    history = train(few_digits_dir, tmp_path, model=model, max_steps=8, **flags)
    assert history.steps('loss') == list(range(8))
    printed = capsys.readouterr().out.splitlines()
    assert re.match(last_line, printed[-1])
    assert re.match(
        r'Step 0: loss = \d\.\d\d \(\d+\.\d{3} sec\)',
        printed[-2 if model == 'deep' else -7],
    )
    assert (tmp_path / 'model.ckpt-7.index').exists()
    assert (tmp_path / 'history.json').exists()


def test_alone_it_is_mechanics_101(few_digits_dir, tmp_path):
    flags = {'seed': 4, 'max_steps': 30}
    history = train(few_digits_dir, tmp_path / 'a', **flags)
    lesson = fully_connected_feed.run_training(
        train_dir=few_digits_dir, log_dir=tmp_path / 'b', **flags
    )
    np.testing.assert_allclose(history.values('loss'), lesson.values('loss'), rtol=1e-6)
    assert history.last('test_precision') == lesson.last('test_precision')


def test_the_same_command_continues(few_digits_dir, tmp_path, capsys):
    whole = train(few_digits_dir, tmp_path / 'whole', max_steps=20)
    train(few_digits_dir, tmp_path / 'parts', max_steps=12, checkpoint_steps=5)
    history = train(few_digits_dir, tmp_path / 'parts', max_steps=20)
    assert 'continuing after 12 steps' in capsys.readouterr().err
    assert history.steps('loss') == list(range(20))
    np.testing.assert_allclose(history.values('loss'), whole.values('loss'), rtol=1e-6)
    # Once more: there is nothing to train, and the evaluation is printed again.
    again = train(few_digits_dir, tmp_path / 'parts', max_steps=20)
    assert again.last('test_precision') == history.last('test_precision')
    assert again.steps('loss') == list(range(20))


def test_without_a_folder_the_same_command_continues(
    few_digits_dir, tmp_path, monkeypatch, capsys
):
    """What has not ended, and nothing else."""
    monkeypatch.chdir(tmp_path)

    def folder(**flags):
        return pathlib.Path(train(few_digits_dir, None, **flags).log_dir).name

    assert folder(max_steps=2) == 'run-0001'
    assert folder(max_steps=2) == 'run-0002'  # the first has ended
    (tmp_path / 'logs/distributed/run-0002/history.json').unlink()  # killed
    assert folder(max_steps=4, batch_size=50) == 'run-0003'  # another command
    (tmp_path / 'logs/distributed/run-0003/history.json').unlink()
    assert folder(max_steps=6, batch_size=50) == 'run-0003'
    assert 'run-0003: continuing after 4 steps' in capsys.readouterr().err


def test_another_model_does_not_continue_it(few_digits_dir, tmp_path):
    train(few_digits_dir, tmp_path, max_steps=2)
    with pytest.raises(RunError, match='--model=deep: the run in'):
        train(few_digits_dir, tmp_path, max_steps=4, model='deep')
    history = train(few_digits_dir, tmp_path, max_steps=3, overwrite=True)
    assert history.steps('loss') == [0, 1, 2]


def test_tensorboard_and_predict_take_the_run(few_digits_dir, tmp_path):
    from mnist_tut.inference import trained

    train(few_digits_dir, tmp_path, max_steps=101)
    assert 'loss' in events.scalars(tmp_path)
    model = trained.restore(tmp_path)
    assert (model.lesson, model.num_steps) == ('distributed', 101)


def test_a_loss_that_is_not_finite_ends_it(few_digits_dir, tmp_path):
    with pytest.raises(DivergedError):
        train(few_digits_dir, tmp_path, max_steps=50, learning_rate=1e6)


# Several devices.


def test_two_towers_are_one_device(few_digits_dir, tmp_path, monkeypatch):
    flags = {'max_steps': 20, 'seed': 2}
    one = train(few_digits_dir, tmp_path / 'one', **flags)
    usual = runtime.session_config

    def two_cpus():
        config = usual()
        config.device_count['CPU'] = 2
        return config

    monkeypatch.setattr(runtime, 'session_config', two_cpus)
    monkeypatch.setattr(distributed, 'tower_devices', lambda: ['/cpu:0', '/cpu:1'])
    two = train(few_digits_dir, tmp_path / 'two', **flags)
    np.testing.assert_allclose(two.values('loss'), one.values('loss'), rtol=1e-5)
    assert two.last('test_precision') == one.last('test_precision')


def test_more_gpus_than_there_are(few_digits_dir, tmp_path):
    num_there = len(tf.config.list_physical_devices('GPU'))
    with pytest.raises(FlagError, match=f'TensorFlow can use {num_there} on this'):
        train(few_digits_dir, tmp_path, num_gpus=num_there + 1)
    assert not list(tmp_path.iterdir())


# Several processes.


def test_a_port_in_use(few_digits_dir, tmp_path):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        address = f'127.0.0.1:{taken.getsockname()[1]}'
        hosts = {'ps_hosts': [address], 'worker_hosts': ['127.0.0.1:1']}
        with pytest.raises(ClusterError, match=r'ps 0: port \d+ is in use') as caught:
            train(few_digits_dir, tmp_path, job_name='ps', **hosts)
    assert '\n' not in str(caught.value)


def run_cluster(tmp_path, *flags):
    command = [sys.executable, '-m', 'mnist_tut.cluster.launch', *flags]
    return subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize('mode', [(), ('--sync_replicas', '--num_ps=2')])
def test_a_cluster_on_this_machine(few_digits_dir, tmp_path, mode):
    result = run_cluster(
        tmp_path, f'--data_dir={few_digits_dir}', '--max_steps=300', *mode
    )
    assert result.returncode == 0, result
    assert re.search(
        r'^\[worker 0\]   Num examples: 200  Num', result.stdout, re.MULTILINE
    )
    for task in ('ps 0', 'worker 0', 'worker 1'):
        assert f'[{task}] ' in result.stderr
    assert list((tmp_path / 'logs' / 'distributed' / 'run-0001').glob('*.index'))


@pytest.mark.slow
def test_a_mistake_ends_the_cluster_with_its_line(few_digits_dir, tmp_path):
    result = run_cluster(tmp_path, f'--data_dir={few_digits_dir}', '--max_step=300')
    assert result.returncode == 1
    assert '[worker 0] --max_step: no such flag; did you mean' in result.stderr
    assert 'Traceback' not in result.stderr


def test_flags_that_the_launcher_sets_are_refused(tmp_path):
    result = run_cluster(tmp_path, '--job_name=ps')
    assert result.returncode == 1
    assert result.stderr.startswith('--job_name: each task gets its own here')


@pytest.mark.slow
@pytest.mark.parametrize(('number', 'status'), [(2, 130), (15, 143)])
def test_a_cluster_that_is_interrupted_is_saved(
    few_digits_dir, tmp_path, number, status
):
    """Ctrl-C reaches every process of a terminal's group."""
    command = [sys.executable, '-m', 'mnist_tut.cluster.launch', '--max_steps=1000000']
    with (tmp_path / 'out').open('w+') as out:
        process = subprocess.Popen(
            [*command, f'--data_dir={few_digits_dir}', '--checkpoint_steps=1000000'],
            cwd=tmp_path,
            stdout=out,
            stderr=out,
            env={**os.environ, 'PYTHONPATH': str(ROOT), 'PYTHONUNBUFFERED': '1'},
            start_new_session=True,
        )
        while 'worker 0] Step 1' not in (tmp_path / 'out').read_text():
            assert process.poll() is None, (tmp_path / 'out').read_text()
            time.sleep(0.05)
        os.killpg(process.pid, number)
        assert process.wait() == status
    printed = (tmp_path / 'out').read_text()
    assert '[worker 0] SIGTERM: stopped; the same command continues' in printed
    assert 'Traceback' not in printed
    assert list((tmp_path / 'logs/distributed/run-0001').glob('model.ckpt-*.json'))


@pytest.mark.slow
def test_two_workers_in_step_are_one_process(few_digits_dir, tmp_path):
    """100 steps of two batches of 50 are those of one of 100, with all workers late."""
    flags = {'data_dir': few_digits_dir, 'seed': 6, 'max_steps': 100}
    with Tasks(tmp_path, sync_replicas=True, batch_size=50, **flags) as tasks:
        tasks.start('worker 1')
        tasks.wait_for('worker 1', 'ps 0 at .* does not answer yet; waiting')
        tasks.start('worker 0', 'ps 0')
        tasks.require_success()
        losses = [tasks.losses(f'worker {rank}') for rank in range(2)]
        assert 'Traceback' not in tasks.everything()
    one = distributed.run_training(batch_size=100, log_dir=tmp_path / 'one', **flags)
    assert [len(part) for part in losses] == [100, 100]
    np.testing.assert_allclose(np.mean(losses, axis=0), one.values('loss'), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('present', 'lines'),
    [
        (['worker 0'], {'worker 0': 'ps 0 at .* did not answer for 6 seconds'}),
        (
            ['ps 0', 'worker 1'],
            {
                'worker 1': 'the chief, worker 0 at .*, has not initialized the model',
                'ps 0': 'worker 0, worker 1 had not finished',
            },
        ),
    ],
)
def test_a_task_that_never_comes(few_digits_dir, tmp_path, present, lines):
    with Tasks(tmp_path, data_dir=few_digits_dir, wait_sec=6) as tasks:
        tasks.start(*present)
        for name, line in lines.items():
            assert tasks.status(name) == 1
            assert re.search(f'^{name}: .*{line}', tasks.output(name), re.MULTILINE)
        assert 'Traceback' not in tasks.everything()


@pytest.mark.slow
def test_a_worker_that_never_comes(few_digits_dir, tmp_path):
    """The others go on without it; with --sync_replicas they cannot."""
    flags = {'data_dir': few_digits_dir, 'wait_sec': 6, 'max_steps': 20}
    with Tasks(tmp_path, **flags) as tasks:
        tasks.start('ps 0', 'worker 0')
        tasks.require_success()
        assert 'training is done; worker 1 did not come back' in tasks.output('ps 0')
    (tmp_path / 'sync').mkdir()
    with Tasks(tmp_path / 'sync', sync_replicas=True, **flags) as tasks:
        tasks.start('ps 0', 'worker 0')
        assert tasks.status('worker 0') == tasks.status('ps 0') == 1
        assert 'no answer from worker 1; start it again' in tasks.output('worker 0')
        assert 'Traceback' not in tasks.everything()


@pytest.mark.slow
def test_one_of_two_parameter_servers_never_comes(few_digits_dir, tmp_path):
    flags = {'data_dir': few_digits_dir, 'wait_sec': 6, 'num_workers': 1}
    with Tasks(tmp_path, num_ps=2, **flags) as tasks:
        tasks.start('ps 0', 'worker 0')
        assert tasks.status('worker 0') == tasks.status('ps 0') == 1
        assert 'ps 1 at' in tasks.output('worker 0').splitlines()[-1]
        assert 'Traceback' not in tasks.everything()


@pytest.mark.slow
def test_a_chief_that_comes_back_when_the_others_are_done(few_digits_dir, tmp_path):
    """It saves what they have done, and evaluates."""
    flags = {'data_dir': few_digits_dir, 'max_steps': 2000, 'checkpoint_steps': 10**6}
    with Tasks(tmp_path, **flags) as tasks:
        tasks.start()
        tasks.wait_for('worker 0', '^Step 3..:')
        tasks.kill('worker 0')
        assert tasks.status('worker 1') == 0
        tasks.start('worker 0')
        tasks.require_success()
        assert '0 steps are lost' in tasks.output('worker 0')
        assert num_done(tasks) == 2000
        assert accuracy(tasks) > 0.5


@pytest.mark.slow
def test_a_parameter_server_that_hangs(few_digits_dir, tmp_path):
    flags = {'data_dir': few_digits_dir, 'wait_sec': 6, 'max_steps': 10**6}
    with Tasks(tmp_path, num_workers=1, **flags) as tasks:
        tasks.start()
        tasks.wait_for('worker 0', '^Step 100:')
        tasks.signal('ps 0', signal.SIGSTOP)
        assert tasks.status('worker 0') == 1
        assert 'no answer from ps 0' in tasks.output('worker 0')
        tasks.start('worker 0')  # while it hangs
        assert tasks.status('worker 0') == 1
        assert 'ps 0 at' in tasks.output('worker 0').splitlines()[-1]


@pytest.mark.slow
def test_a_chief_that_is_asked_to_stop(few_digits_dir, tmp_path):
    flags = {'data_dir': few_digits_dir, 'checkpoint_steps': 10**6}
    with Tasks(tmp_path, num_workers=1, max_steps=10**6, **flags) as tasks:
        tasks.start()
        tasks.wait_for('worker 0', '^Step 100:')
        tasks.signal('worker 0', signal.SIGTERM)
        assert tasks.status('worker 0') == 143
        assert 'SIGTERM: stopped; the same command continues' in tasks.output(
            'worker 0'
        )
        done = num_done(tasks)
        assert done > 100
        tasks.start('worker 0', max_steps=done + 5)
        tasks.require_success()
        assert f'the parameter servers are at step {done}' in tasks.output('worker 0')
        assert num_done(tasks) == done + 5


@pytest.mark.slow
def test_a_chief_that_waits_for_a_dead_worker_is_asked_to_stop(
    few_digits_dir, tmp_path
):
    """It saves what the parameter servers hold, though its step never ends."""
    flags = {'data_dir': few_digits_dir, 'checkpoint_steps': 10**6, 'max_steps': 10**6}
    with Tasks(tmp_path, sync_replicas=True, **flags) as tasks:
        tasks.start()
        tasks.wait_for('worker 0', '^Step 100:')
        tasks.kill('worker 1')
        time.sleep(1)  # the step that waits for it has begun
        tasks.signal('worker 0', signal.SIGTERM)
        assert tasks.status('worker 0') == 143
        assert 'SIGTERM: stopped; the same command continues' in tasks.output(
            'worker 0'
        )
        assert num_done(tasks) > 100
        assert 'Traceback' not in tasks.everything()


# Faults. A run is long enough for a task to be killed in the middle.

CHECKPOINT_STEPS = 200


def accuracy(tasks):
    """Returns the accuracy on the test set that the chief printed last."""
    return float(re.findall(r'Precision @ 1: (\S+)', tasks.output('worker 0'))[-1])


def num_done(tasks):
    """Returns the number of steps in the chief's newest checkpoint."""
    found = (tasks.folder / 'run').glob('model.ckpt-*.index')
    return 1 + max(int(re.search(r'\d+', path.name[10:])[0]) for path in found)


def num_lost(tasks):
    """Returns how many steps the chief said were lost."""
    return [
        int(n) for n in re.findall(r'(\d+) steps are lost', tasks.output('worker 0'))
    ]


@pytest.fixture(scope='module')
def undisturbed(few_digits_dir, tmp_path_factory):
    """Returns the accuracy of one process after a number of steps."""

    @functools.cache
    def train(max_steps):
        folder = tmp_path_factory.mktemp('one') / 'run'
        return distributed.run_training(
            data_dir=few_digits_dir, log_dir=folder, max_steps=max_steps
        ).last('test_precision')

    return train


@pytest.mark.slow
@pytest.mark.parametrize('sync', [False, True])
@pytest.mark.parametrize('victim', ['worker 1', 'worker 0', 'ps 0'])
def test_a_task_that_is_killed_and_started_again(
    few_digits_dir, tmp_path, undisturbed, victim, sync
):
    flags = {
        'data_dir': few_digits_dir,
        'sync_replicas': sync,
        'max_steps': 800 if sync else 3000,  # the first take longer, and all wait
        'checkpoint_steps': CHECKPOINT_STEPS,
    }
    with Tasks(tmp_path, **flags) as tasks:
        tasks.start()
        tasks.wait_for('worker 0', r'^Step 5\d\d:')
        tasks.kill(victim)
        if victim == 'worker 1' and not sync:
            tasks.wait_for('worker 0', r'^Step 10\d\d:')  # it goes on alone
        tasks.start(victim)
        tasks.require_success()
        # Workers that do not wait for each other may do a last step each.
        assert num_done(tasks) - flags['max_steps'] in ([0] if sync else [0, 1])
        assert accuracy(tasks) == pytest.approx(
            undisturbed(flags['max_steps']), abs=0.05
        )
        assert all(lost <= CHECKPOINT_STEPS + 10 for lost in num_lost(tasks))
        assert len(num_lost(tasks)) == (victim != 'worker 1')
