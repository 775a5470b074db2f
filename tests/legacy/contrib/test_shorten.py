"""How long a library's training loop may take."""

import time
import types

from mnist_tut.legacy.contrib import shorten


def limits(steps=None, seconds=None):
    return types.SimpleNamespace(
        steps=steps, seconds=seconds, cut=set(), count_step=lambda name: None
    )


def test_without_limits_a_loop_goes_on():
    training = shorten.Training('loop')
    assert not shorten.is_limited()
    assert shorten.step_limit() is None
    assert [training.is_over() for _ in range(3)] == [False] * 3


def test_steps_end_a_loop():
    with shorten.using(limits(steps=2)):
        assert shorten.is_limited()
        first, second = shorten.Training('first'), shorten.Training('second')
        assert [first.is_over(), first.is_over()] == [False, True]
        assert not second.is_over()
    assert not shorten.is_limited()


def test_seconds_end_a_loop(monkeypatch):
    times = iter([10.0, 10.5, 11.5])
    monkeypatch.setattr(time, 'monotonic', lambda: next(times))
    given = limits(seconds=1.0)
    with shorten.using(given):
        training = shorten.Training('loop')
        assert [training.is_over(), training.is_over()] == [False, True]
    assert given.cut == {('loop', 0)}
