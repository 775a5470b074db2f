"""docs/DISTRIBUTED.md has what was measured, and its arithmetic is right."""

import heapq

from tests.support.paths import ROOT

import pytest

MAINTAIN = ROOT / 'scripts' / 'maintain'


@pytest.fixture(autouse=True)
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(MAINTAIN)


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
