"""docs/DISTRIBUTED.md has what was measured, and its arithmetic is right."""

import heapq
import subprocess
import sys

from tests.support.paths import ROOT

import pytest

MAINTAIN = ROOT / 'scripts' / 'maintain'


@pytest.fixture(autouse=True)
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(MAINTAIN)


# The page.


def test_the_page_has_what_was_measured():
    run = subprocess.run(
        [sys.executable, MAINTAIN / 'measure_cluster.py', '--check'],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


def test_chunks_are_of_the_time_in_which_all_train():
    import measure_cluster

    chief = [(float(i), 20 * i, 1000 * i) for i in range(10)]
    late = [(2.0 + i, 20 * i + 40, 1000 * i) for i in range(6)]
    found = measure_cluster.chunks([chief, late], chunk_steps=10, batches=1)
    # From the fourth mark of the late one, at 5 s, to its last, at 7 s.
    assert found['worker_ms'] == [100.0] * 4
    assert found['global_ms'] == [50.0] * 2
    assert found['bytes'] == [50] * 2
    in_step = measure_cluster.chunks([chief, late], chunk_steps=20, batches=2)
    assert in_step['bytes'] == [25] * 2


@pytest.mark.slow
@pytest.mark.mnist
@pytest.mark.skipif(sys.platform != 'linux', reason='/proc/net/dev')
def test_a_short_measurement_counts_the_bytes(mnist_dir, monkeypatch):
    import cluster_arithmetic
    import measure_cluster

    model = 'fully_connected_feed'
    monkeypatch.setitem(measure_cluster._WORKER_STEPS, model, 100)
    monkeypatch.setitem(measure_cluster._CHUNK_STEPS, model, 10)
    with measure_cluster.flags.overridden({'data_dir': str(mnist_dir)}):
        found = measure_cluster.train(model, 'one')
    assert len(found['worker_ms']) == len(found['bytes']) == 6
    # Other programs may use the interface, too.
    assert min(found['bytes']) > cluster_arithmetic.place(model, 1).step_bytes


# The arithmetic.


@pytest.mark.parametrize(
    ('model', 'num_ps', 'weights', 'num_slots'),
    [
        ('fully_connected_feed', 1, [104_938], 0),
        ('fully_connected_feed', 2, [104_768, 170], 0),
        ('deep', 1, [3_274_634], 2 * 3_274_634 + 2),
        ('deep', 3, [11_104, 3_211_306, 52_224], 2 * 3_274_634 + 2),
    ],
)
def test_parameters_of_each_server(model, num_ps, weights, num_slots):
    import cluster_arithmetic

    placed = cluster_arithmetic.place(model, num_ps)
    assert placed.weights == weights
    assert sum(placed.slots) == num_slots
    assert placed.step_bytes == 8 * sum(weights)


def test_bounds_by_hand():
    import cluster_arithmetic

    half = cluster_arithmetic.Placement([1000, 1000], [0, 0])
    bounds = cluster_arithmetic.bounds(0.010, half, 32_000_000)
    # 1000 weights of 32 bits in a millisecond, and a worker sends 2000.
    assert bounds.transfer_sec == pytest.approx(0.001)
    assert bounds.max_speedup == pytest.approx(10)
    assert bounds.max_speedup_sync == pytest.approx(5)
    assert bounds.workers_overlap == pytest.approx(10)
    assert bounds.workers_in_turn == pytest.approx(10 + 2 * 2)


def simulate(num_workers, step_sec, transfer_sec, num_batches=2000):
    """Returns batches a second of workers that read, compute and send in turn."""
    free = [0.0, 0.0]  # when the server's network can next send, and receive
    waiting = [(0.0, rank, 0) for rank in range(num_workers)]
    done = 0
    while True:
        now, rank, is_sending = heapq.heappop(waiting)
        end = free[is_sending] = max(now, free[is_sending]) + transfer_sec
        if not is_sending:
            end += step_sec
        elif (done := done + 1) == num_batches:
            return num_batches / end
        heapq.heappush(waiting, (end, rank, 1 - is_sending))


@pytest.mark.parametrize('step_sec', [0.002, 0.01, 0.05])
def test_bounds_are_those_of_a_simulation(step_sec):
    import cluster_arithmetic

    one = cluster_arithmetic.Placement([1000], [0])
    bounds = cluster_arithmetic.bounds(step_sec, one, 32_000_000)
    enough = round(bounds.workers_in_turn)
    speedups = [
        step_sec * simulate(number, step_sec, bounds.transfer_sec)
        for number in (1, enough // 2, enough, 2 * enough)
    ]
    assert speedups[0] == pytest.approx(bounds.max_speedup / enough, rel=0.02)
    assert speedups[1] < 0.6 * bounds.max_speedup
    assert speedups[2:] == pytest.approx([bounds.max_speedup] * 2, rel=0.05)
