"""Stand-in for tensorflow.contrib.training: HParams, and slim's training ops.

Source:
    TensorFlow 1.4, contrib/training/python/training/hparam.py and training.py.
"""

import json
from typing import Any

from mnist_tut.legacy.contrib.slim.evaluation import (
    checkpoints_iterator,
    wait_for_new_checkpoint,
)
from mnist_tut.legacy.contrib.slim.learning import (
    add_gradients_summaries,
    clip_gradient_norms,
    create_train_op,
    multiply_gradients,
)

__all__ = [
    'HParams',
    'add_gradients_summaries',
    'checkpoints_iterator',
    'clip_gradient_norms',
    'create_train_op',
    'multiply_gradients',
    'wait_for_new_checkpoint',
]


class HParams:
    """Numbers and names that a program is tuned with, as attributes."""

    def __init__(self, **kwargs: Any):
        self._names: list[str] = []
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """Adds an attribute.

        Raises:
            ValueError: If there is one of that name.
        """
        if hasattr(self, name):
            raise ValueError(f'Hyperparameter name is reserved: {name}')
        self._names.append(name)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Sets an attribute, in the type that it has."""
        if name not in self._names:
            raise KeyError(name)
        setattr(self, name, _like(getattr(self, name), value))

    def get(self, key: str, default: Any = None) -> Any:
        """Returns an attribute, or a default value."""
        return getattr(self, key) if key in self._names else default

    def values(self) -> dict[str, Any]:
        """Returns all attributes by their names."""
        return {name: getattr(self, name) for name in self._names}

    def parse(self, values: str) -> 'HParams':
        """Sets attributes from a text: 'batch_size=32,layers=[2,3]'."""
        parts: list[str] = []
        for part in values.split(','):
            if '=' in part or not parts:
                parts.append(part)
            else:
                parts[-1] += ',' + part
        for part in filter(str.strip, parts):
            name, _, text = part.partition('=')
            if name.strip() not in self._names:
                raise ValueError(f'Unknown hyperparameter: {name.strip()}')
            self.set_hparam(name.strip(), text.strip())
        return self

    def override_from_dict(self, values_dict: dict[str, Any]) -> 'HParams':
        """Sets attributes by their names."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    set_from_map = override_from_dict

    def to_json(self, **options: Any) -> str:
        """Returns all attributes as JSON."""
        return json.dumps(self.values(), **options)

    def __contains__(self, key: str) -> bool:
        return key in self._names

    def __str__(self) -> str:
        return str(sorted(self.values().items()))


def _like(old: Any, value: Any) -> Any:
    """Returns a value in the type of an earlier one."""
    if isinstance(old, list | tuple):
        items = value.strip('[]').split(',') if isinstance(value, str) else value
        return [_like(old[0], item) if old else item for item in items]
    if isinstance(value, str) and isinstance(old, bool):
        return value.lower() in ('true', '1')
    return value if old is None else type(old)(value)
