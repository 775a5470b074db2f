"""The tasks of a cluster end together, and a line says which one failed."""

import io
import sys

from mnist_tut.cluster import launch
from mnist_tut.processes import NamedProcess

import pytest

FOREVER = 'while True: print("still here", flush=True)'
KILLED = 'import os; os.kill(os.getpid(), 9)'


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch):
    monkeypatch.setattr(launch, '_AFTER_FAILURE_SEC', 0.1)


def run(**programs):
    """Runs tasks by their names; returns the status and the tasks' own."""
    tasks = [
        (NamedProcess(name.replace('_', ' ')), [sys.executable, '-c', code])
        for name, code in programs.items()
    ]
    status = launch.run(tasks)
    return status, [process.status() for process, _ in tasks]


def test_all_good(capfd):
    assert run(ps_0='', worker_0='print(3)') == (0, [0, 0])
    assert capfd.readouterr() == ('[worker 0] 3\n', '')


@pytest.mark.parametrize(
    ('code', 'status', 'how'),
    [(KILLED, 1, 'killed by SIGKILL'), ('raise SystemExit(3)', 3, 'exit status 3')],
)
def test_one_that_fails_is_named_and_ends_the_others(capfd, code, status, how):
    found, statuses = run(ps_0=FOREVER, worker_0=code)
    assert found == status
    assert statuses[0] == -15
    line = f'run_cluster: worker 0 failed ({how}); ending the others'
    assert capfd.readouterr().err.splitlines() == [line]


def test_the_status_is_that_of_the_first_in_time(capfd):
    late = 'import time; time.sleep(1); raise SystemExit(5)'
    assert run(ps_0=late, worker_0='raise SystemExit(3)')[0] == 3


def test_lines_that_nobody_reads_end_it(monkeypatch):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, 'stdout', Closed())
    assert run(ps_0=FOREVER, worker_0=FOREVER) == (1, [-15, -15])
