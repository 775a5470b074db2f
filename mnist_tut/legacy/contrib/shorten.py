"""How long a library's own training loop may take.

The command's `--steps` and `--seconds` end a script's loops where they stand in the
script. Those of Estimators and of slim stand here, and ask this module.
"""

import contextlib
import time
from collections.abc import Iterator
from typing import Any, Protocol


class Limits(Protocol):
    """What the loops need to know; `mnist_tut.legacy.limits.Limits` has it.

    Attributes:
        steps: The most steps of a training loop; None for no limit.
        seconds: The most seconds of a training loop; None for no limit.
        cut: The loops that were shortened: whose, and a line (0: not the script's).
    """

    steps: int | None
    seconds: float | None
    cut: set[tuple[str, int]]

    def count_step(self, key: Any) -> None:
        """Counts one step of a library's training function."""


_limits: list[Limits] = []


@contextlib.contextmanager
def using(limits: Limits) -> Iterator[None]:
    """Limits every training loop inside the block."""
    _limits.append(limits)
    try:
        yield
    finally:
        _limits.pop()


def step_limit() -> int | None:
    """Returns the most steps that a training loop may take."""
    return _limits[-1].steps if _limits else None


def is_limited() -> bool:
    """Returns whether training loops are shortened."""
    return bool(_limits) and (
        _limits[-1].steps is not None or _limits[-1].seconds is not None
    )


class Training:
    """One training loop, which asks after each step whether it has to end.

    Args:
        name: Whose loop it is, for the counter of steps.
    """

    def __init__(self, name: str):
        self._limits = _limits[-1] if _limits else None
        self._name = name
        self._steps = 0
        self._start_time = time.monotonic()

    def is_over(self) -> bool:
        """Counts a step, and returns whether it was the last one."""
        limits = self._limits
        if limits is None:
            return False
        self._steps += 1
        limits.count_step(self._name)
        seconds = time.monotonic() - self._start_time
        is_over = (limits.steps is not None and self._steps >= limits.steps) or (
            limits.seconds is not None and seconds >= limits.seconds
        )
        if is_over:
            limits.cut.add((self._name, 0))
        return is_over
