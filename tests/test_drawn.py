"""Every lesson gives the recorded numbers, on digits that any machine can draw."""

import json

from tests import lessons
from tests.support import drawn

import numpy as np
import pytest

GOLDEN = json.loads(drawn.GOLDEN.read_text())['lessons']
every_lesson = pytest.mark.parametrize(
    'lesson', lessons.LESSONS, ids=lambda lesson: lesson.name
)
every_run = pytest.mark.parametrize(
    ('lesson', 'name'),
    [
        pytest.param(lesson, name, id=f'{lesson.name}-{name}')
        for lesson in lessons.LESSONS
        for name in lesson.drawn
    ],
)


@every_lesson
def test_flags_have_the_recorded_defaults_and_bounds(lesson):
    assert drawn.flags(lesson) == GOLDEN[lesson.name]['flags']


@every_run
def test_numbers_and_lines_are_the_recorded_ones(lesson, name, digits_dir):
    golden = GOLDEN[lesson.name][name]
    actual = drawn.run(lesson, name, digits_dir)
    check_records(lesson, actual['records'], golden['records'])
    last_step = max(step for step, *_ in golden['records'])
    check_lines(
        actual['printed'], golden['printed'], numbers=last_step <= lesson.steps_alike
    )
    for key in ('scalar_feeds', 'model', 'pictures'):
        assert actual[key] == golden[key]


def check_records(lesson, records, expected):
    assert [record[:2] for record in records] == [
        (step, metric) for step, metric, _ in expected
    ]
    for (step, metric, value), (*_, right) in zip(records, expected, strict=True):
        if step < lesson.steps_alike or metric == 'learning_rate':
            close = pytest.approx(right, rel=1e-5, abs=tolerance(lesson, metric))
            assert value == close, f'{metric} at step {step}'


def tolerance(lesson, metric):
    """Returns how much a metric may differ: the conv nets amplify rounding.

    There one digit more or less may be right, of a minibatch of 64 or of the test set.
    """
    if 'loss' in metric or 'rate' in metric:
        return 0.0
    if metric == 'minibatch_error':
        return 1.6
    if metric.endswith('error'):
        return 0.05
    return 5e-4 if lesson.name == 'deep' else 6e-5


def check_lines(printed, expected, numbers):
    """Compares lines; their numbers only if they do not depend on the machine."""
    actual = [drawn.split_numbers(line) for line in printed]
    wanted = [drawn.split_numbers(line) for line in expected]
    assert [line for line, _ in actual] == [line for line, _ in wanted]
    if numbers:
        for line, (_, some), (_, others) in zip(printed, actual, wanted, strict=True):
            np.testing.assert_allclose(some, others, rtol=1e-4, atol=1e-7, err_msg=line)
