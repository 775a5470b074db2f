"""A first signal is remembered, a second one ends the process, and all is restored."""

import signal
import subprocess
import sys
import threading

from mnist_tut.training.interrupts import Interrupts
from tests.support.paths import ROOT

import pytest

both_signals = pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])


def handlers():
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


@both_signals
def test_a_first_signal_is_remembered(number):
    with Interrupts() as interrupts:
        assert interrupts.signal == 0
        signal.raise_signal(number)
        assert interrupts.signal == number
        assert interrupts.name == number.name


def test_ctrl_c_ends_as_ctrl_c():
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupts.raise_exit()


def test_sigterm_ends_with_its_status():
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(SystemExit) as ended:
            interrupts.raise_exit()
    assert ended.value.code == 143


def test_the_handlers_from_before_are_restored():
    before = handlers()
    with Interrupts():
        assert handlers() != before
    assert handlers() == before
    with pytest.raises(KeyError), Interrupts():
        raise KeyError
    assert handlers() == before


def test_a_signal_of_one_run_is_none_of_the_next():
    with Interrupts() as first:
        signal.raise_signal(signal.SIGINT)
    with Interrupts() as second:
        assert (first.signal, second.signal) == (signal.SIGINT, 0)


def test_another_thread_leaves_the_handlers_alone():
    before, seen = handlers(), []

    def run():
        with Interrupts() as interrupts:
            seen.append((handlers(), interrupts.signal))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [(before, 0)]
    assert handlers() == before


@both_signals
@pytest.mark.parametrize('first', [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_the_process_at_once(first, number):
    code = (
        'import signal\n'
        'from mnist_tut.training.interrupts import Interrupts\n'
        'with Interrupts():\n'
        '    try:\n'
        f'        signal.raise_signal({int(first)})\n'
        '        print("after the first", flush=True)\n'
        f'        signal.raise_signal({int(number)})\n'
        '        print("after the second", flush=True)\n'
        '    finally:\n'
        '        print("cleaned up", flush=True)\n'
    )
    ended = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True
    )
    assert ended.stdout == 'after the first\n', ended.stderr
    assert ended.returncode == 128 + number


_SIGNALS_WHILE_IT_COMPUTES = """
import signal
from mnist_tut import runtime
from mnist_tut.training.interrupts import Interrupts
import tensorflow.compat.v1 as tf
seen = []
signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))
config = runtime.session_config()
config.intra_op_parallelism_threads = 1
config.inter_op_parallelism_threads = -1  # as in a lesson with a small network
with tf.Graph().as_default(), tf.Session(config=config) as sess:
    a = tf.ones([784, 100])
    product = tf.reduce_sum(tf.matmul(tf.random.uniform([128, 784]), a + 0.5))
    with Interrupts():
        signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
        for _ in range(3000):
            sess.run(product)
        signal.setitimer(signal.ITIMER_REAL, 0)
assert len(seen) > 100, len(seen)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, 'setitimer'), reason='no timers here')
def test_a_signal_in_the_middle_of_a_product_does_no_harm():
    command = [sys.executable, '-c', _SIGNALS_WHILE_IT_COMPUTES]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result
