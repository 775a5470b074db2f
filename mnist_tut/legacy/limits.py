"""Shortens training loops, so that what comes after them runs soon.

A turn of a loop trains if, during it, a session runs an op that changes the model: an
optimizer's, or an assignment to a variable other than its initializer. Training ops are
counted apart, so that a GAN's two count as one step. A loop ends when an op has run
`steps` times in it, or after `seconds`; loops that do not train are left alone. A loop
over a range goes to its last turn first, since many a script evaluates or saves there.
"""

import re
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

_WRITES = re.compile(
    r'(Resource)?(Sparse)?Apply\w+|Assign(Add|Sub)?(VariableOp)?'
    r'|(Resource)?Scatter\w+|Assign\w+VariableOp'
    r'|(Resource|Sparse)?AccumulatorApplyGradient'
)


class Limits:
    """How long a training loop may take, and how far the loops are.

    Attributes:
        steps: The most steps of a training loop; None for no limit.
        seconds: The most seconds of a training loop; None for no limit.
        cut: Lines (file, line) of the loops that were shortened.
        skipped: How often training was cut inside of a library's function.
    """

    def __init__(self, steps: int | None = None, seconds: float | None = None):
        self.steps = steps
        self.seconds = seconds
        self.cut: set[tuple[str, int]] = set()
        self.skipped = 0
        self.counts: Counter[Any] = Counter()
        self._local = threading.local()
        self._training: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    @property
    def active(self) -> bool:
        """Whether there is a limit at all."""
        return self.steps is not None or self.seconds is not None

    def at_most(self, steps: int | None) -> int | None:
        """Returns the number of steps that a library's own loop may take."""
        if self.steps is None or (steps is not None and steps <= self.steps):
            return steps
        return self.steps

    def loops(self) -> list['Loop']:
        """Returns the loops of this thread that run now, the innermost last."""
        if not hasattr(self._local, 'loops'):
            self._local.loops = []
        return self._local.loops

    def count(self, graph: Any, fetches: Any) -> None:
        """Counts a session's run, if it trains."""
        for key in self._find_training(graph, fetches):
            self.counts[key] += 1

    def count_step(self, key: Any) -> None:
        """Counts one step of a library's training function."""
        self.counts[key] += 1

    def _find_training(self, graph: Any, fetches: Any) -> frozenset:
        """Returns the fetched ops that depend on an op that changes the model."""
        known = self._training.setdefault(graph, {})
        found = set()
        for op in _operations(graph, fetches):
            if op.name not in known:
                known[op.name] = _trains(graph, op)
            if known[op.name]:
                found.add((id(graph), op.name))
        return frozenset(found)


def _operations(graph: Any, fetches: Any) -> Iterator[Any]:
    """Yields the operations of a session's fetches."""
    if isinstance(fetches, dict):
        fetches = list(fetches.values())
    if isinstance(fetches, (list, tuple)):
        for fetch in fetches:
            yield from _operations(graph, fetch)
        return
    try:
        if isinstance(fetches, str | bytes):
            fetches = graph.as_graph_element(fetches)
        yield getattr(fetches, 'op', fetches)
    except (KeyError, ValueError, TypeError):
        return  # the session says what is wrong


def _trains(graph: Any, start: Any) -> bool:
    """Returns whether running an op changes the model."""
    initializers, local = set(), set()
    for variable in graph.get_collection('variables'):
        initializers.add(getattr(variable, 'initializer', None))
    for variable in graph.get_collection('local_variables'):
        local.add(variable.op)
    seen, todo = {start}, [start]
    while todo:
        op = todo.pop()
        if not hasattr(op, 'control_inputs'):
            continue
        if _WRITES.fullmatch(op.type) and op not in initializers:
            target = op.inputs[0].op if len(op.inputs) else None
            is_restored = op.name.startswith('save')
            if target not in local and not is_restored:
                return True
        for other in [*(tensor.op for tensor in op.inputs), *op.control_inputs]:
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return False


class Loop:
    """A loop of the script while it runs; a context that spans all of it."""

    def __init__(self, limits: Limits, where: tuple[str, int]):
        self._limits = limits
        self._where = where
        self._start = limits.counts.copy()
        self._start_time = time.monotonic()
        self._has_training_inside = False

    def __enter__(self) -> 'Loop':
        self._limits.loops().append(self)
        return self

    def __exit__(self, *exception: object) -> None:
        loops = self._limits.loops()
        if self in loops:
            loops.remove(self)
        if loops and self._steps():
            loops[-1]._has_training_inside = True

    def _steps(self) -> int:
        """Returns how often the training op that ran most has run in this loop."""
        counts, start = self._limits.counts, self._start
        return max((counts[key] - start[key] for key in counts), default=0)

    def _is_spent(self, ahead: int = 0) -> bool:
        limits = self._limits
        if limits.steps is not None and self._steps() + ahead >= limits.steps:
            return True
        seconds = time.monotonic() - self._start_time
        return limits.seconds is not None and seconds >= limits.seconds

    def _must_end(self, ahead: int = 0) -> bool:
        if not self._steps():
            return False
        loops = self._limits.loops()
        outer = loops[: loops.index(self) + 1] if self in loops else [self]
        if any(loop._is_spent(ahead) for loop in outer):
            self._limits.cut.add(self._where)
            return True
        return False

    def goes_on(self) -> bool:
        """Returns whether a while loop may take another turn."""
        return not self._must_end()

    def turns(self, iterable: Iterable) -> Iterator:
        """Yields the items of a for loop, until the limit is reached."""
        items = iterable if isinstance(iterable, range) else None
        for number, item in enumerate(iterable):
            if self._must_end():
                return
            if (
                items is not None
                and number < len(items) - 1
                and not self._has_training_inside
                and self._must_end(ahead=1)
            ):
                yield items[-1]
                return
            yield item
