"""The metrics of a run: (step, name, value) records, to and from JSON."""

import dataclasses
import html
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, SupportsFloat

from mnist_tut import errors

_CURVE_POINTS = 120
_WIDTH, _HEIGHT, _MARGIN = 240, 32, 2  # of a curve, in pixels


@dataclasses.dataclass(repr=False)
class History:
    """The metrics of one run, in the order in which they were recorded.

    Attributes:
        log_dir: Folder of the run's checkpoints and event files, or None.
        records: (step, name, value), where step counts from 0; metrics of the finished
            run are recorded at step = number of steps. 'loss' is in nats, '*_accuracy'
            a fraction in [0, 1], '*_error' percent.
        arrays: Predictions and probabilities that a lesson computes for plots, by name;
            not part of the JSON.
    """

    log_dir: str | None = None
    records: list[tuple[int, str, float]] = dataclasses.field(default_factory=list)
    arrays: dict[str, Any] = dataclasses.field(default_factory=dict, compare=False)

    @property
    def num_steps(self) -> int:
        """The number of steps that the records reach."""
        last = max((step for step, *_ in self.records), default=0)
        return max(last, max(self.steps('loss'), default=-1) + 1)

    def __repr__(self) -> str:
        """Returns folder, number of steps and the newest value of each metric."""
        last = ''.join(f', {name}={self.last(name):.4g}' for name in self.names())
        return f'History({self.log_dir!r}, {self.num_steps} steps{last})'

    def _repr_html_(self) -> str:
        """Returns a table of the metrics, which a notebook shows: newest and curve."""
        folder = '' if self.log_dir is None else f'{html.escape(str(self.log_dir))}: '
        rows = ''.join(
            f'<tr><td style="text-align: left">{html.escape(name)}</td>'
            f'<td>{self.last(name):.4g}</td><td>{_curve(self.values(name))}</td></tr>'
            for name in self.names()
        )
        return f'<table><caption>{folder}{self.num_steps} steps</caption>{rows}</table>'

    def add(self, step: int, name: str, value: float) -> None:
        """Appends one metric."""
        self.records.append((int(step), name, float(value)))

    def add_finite(
        self, step: int, metrics: Mapping[str, SupportsFloat], folder: str
    ) -> dict[str, float]:
        """Appends the metrics of a step, and returns them as floats.

        Args:
            step: Number of the step.
            metrics: By name.
            folder: Where the run is, for the message.

        Raises:
            errors.DivergedError: If one is nan or infinite.
        """
        values = {}
        for name, metric in metrics.items():
            values[name] = value = float(metric)
            if not math.isfinite(value):
                raise errors.DivergedError(step, f'the {name} is {value}', folder)
            self.add(step, name, value)
        return values

    def names(self) -> list[str]:
        """Returns the names of the metrics, in order of first appearance."""
        return list(dict.fromkeys(name for _, name, _ in self.records))

    def steps(self, name: str) -> list[int]:
        """Returns the steps at which `name` was recorded."""
        return [step for step, recorded, _ in self.records if recorded == name]

    def values(self, name: str) -> list[float]:
        """Returns all values of `name`, in order."""
        return [value for _, recorded, value in self.records if recorded == name]

    def last(self, name: str) -> float:
        """Returns the newest value of `name`.

        Raises:
            KeyError: If it was never recorded.
        """
        for _, recorded, value in reversed(self.records):
            if recorded == name:
                return value
        raise KeyError(
            f'{name}: not recorded; expected one of {", ".join(self.names())}'
        )

    def get_state(self) -> list[tuple[int, str, float]]:
        """Returns the records, ready for JSON."""
        return self.records

    def set_state(self, state: list[tuple[int, str, float]]) -> None:
        """Replaces the records with those that `get_state` returned."""
        self.records = [(step, name, value) for step, name, value in state]

    def to_json(self) -> str:
        """Returns the run as one JSON object."""
        return json.dumps({'log_dir': self.log_dir, 'records': self.records})

    @classmethod
    def from_json(cls, text: str) -> 'History':
        """Returns the run that `to_json` wrote; `arrays` are empty."""
        fields = json.loads(text)
        history = cls(fields['log_dir'])
        history.set_state(fields['records'])
        return history


def _curve(values: Sequence[float]) -> str:
    """Returns a small SVG of a metric; '' for fewer than three values.

    It has the color of the text, in light themes as in dark ones.
    """
    if len(values) < 3:
        return ''
    size = -(-len(values) // _CURVE_POINTS)
    blocks = [values[begin : begin + size] for begin in range(0, len(values), size)]
    means = [sum(block) / len(block) for block in blocks]
    low, high = min(means), max(means)
    x_scale = (_WIDTH - 2 * _MARGIN) / (len(means) - 1)
    y_scale = (_HEIGHT - 2 * _MARGIN) / ((high - low) or 1.0)
    points = ' '.join(
        f'{_MARGIN + number * x_scale:.1f},{_MARGIN + (high - mean) * y_scale:.1f}'
        for number, mean in enumerate(means)
    )
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img">'
        f'<title>{values[0]:.4g} to {values[-1]:.4g}</title>'
        f'<polyline points="{points}" fill="none" stroke="currentColor"/></svg>'
    )
