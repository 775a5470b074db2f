"""The metrics of a run: (step, name, value) records, to and from JSON."""

import dataclasses
import json
from typing import Any


@dataclasses.dataclass
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

    def add(self, step: int, name: str, value: float) -> None:
        """Appends one metric."""
        self.records.append((int(step), name, float(value)))

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
