"""A session that counts what random ops draw, so that a run can resume exactly.

`tf.nn.dropout` and the other random ops keep their counters inside their kernels, where
no checkpoint reaches, and start from zero in a new session. A counter advances with
each number drawn; drawing as many numbers in the new session restores it.
"""

import contextlib
import math
from collections.abc import Sequence
from typing import Any

from mnist_tut import runtime
from mnist_tut.training.graph_copy import upstream_ops

import tensorflow.compat.v1 as tf

# Random ops whose first input is the shape of what they return.
RANDOM_OPS = {
    'RandomStandardNormal',
    'RandomUniform',
    'RandomUniformInt',
    'TruncatedNormal',
}
_CHUNK = 10_000_000  # numbers drawn at a time: 40 MB


class Session(tf.Session):
    """A tf.Session that counts how many numbers each random op draws.

    It counts in `run`, and so in `Tensor.eval` and `Operation.run`, but not in
    `partial_run` and `make_callable`.
    """

    def __init__(
        self, graph: tf.Graph | None = None, config: tf.ConfigProto | None = None
    ):
        """Opens a session, with the common configuration unless another is given."""
        self.config = config or runtime.session_config()
        super().__init__(graph=graph, config=self.config)
        self._num_drawn: dict[str, int] = {}  # by name of the op
        self._num_skipped: dict[str, int] = {}  # of these, those not yet drawn
        self._cache: dict[tuple[int, ...], Any] = {}  # what `_inspect` has found

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        """Runs as tf.Session.run does, and counts."""
        shapes, may_fail = self._inspect(fetches)
        for name in self._num_skipped.keys() & shapes.keys():
            self._draw(name, self._num_skipped.pop(name))
        with runtime.errors_once() if may_fail else contextlib.nullcontext():
            if not shapes:
                return super().run(fetches, feed_dict, options, run_metadata)
            # The shapes are tensors of the graph; to fetch them adds no op.
            values, drawn = super().run(
                [fetches, shapes], feed_dict, options, run_metadata
            )
        for name, shape in drawn.items():
            self._count(name, math.prod(shape.tolist()))
        return values

    def get_state(self) -> dict[str, int]:
        """Returns how many numbers each random op has drawn, by its name."""
        return dict(sorted(self._num_drawn.items()))

    def set_state(self, state: dict[str, int]) -> None:
        """Draws, and discards, until each op has drawn as many numbers as in `state`.

        Args:
            state: From `get_state()` of a session on the same graph.
        """
        for name, num_drawn in state.items():
            self._draw(name, num_drawn - self._num_drawn.get(name, 0))
            self._num_drawn[name] = max(num_drawn, self._num_drawn.get(name, 0))

    def skip(self, name: str, size: int) -> None:
        """Counts numbers that another op drew in the place of `name`.

        The op itself draws and discards as many before it runs again.
        """
        self._count(name, size)
        self._num_skipped[name] = self._num_skipped.get(name, 0) + size

    def _draw(self, name: str, remaining: int) -> None:
        """Draws and discards `remaining` numbers, without counting them."""
        op = self.graph.get_operation_by_name(name)
        [rank] = op.inputs[0].shape.as_list()
        while remaining > 0:
            size = min(remaining, _CHUNK)
            super().run(op, {op.inputs[0]: [size] + [1] * (rank - 1)})
            remaining -= size

    def _count(self, name: str, size: int) -> None:
        self._num_drawn[name] = self._num_drawn.get(name, 0) + size

    def _inspect(self, fetches: Any) -> tuple[dict[str, tf.Tensor], bool]:
        """Returns what is known of a run before it.

        Returns:
            The shape tensor of each random op that will run, by its name; and whether
            the run may fail by a user's doing: a Saver and the summaries return text,
            and fail on a full disk and on a histogram of nan.
        """
        leaves = fetches if isinstance(fetches, (list, tuple)) else [fetches]
        if not all(isinstance(leaf, (tf.Tensor, tf.Operation)) for leaf in leaves):
            return self._inspect_elements(tf.nest.flatten(fetches))
        # A loop fetches the same tensors at every step.
        key = tuple(map(id, leaves))
        if key not in self._cache:
            # Keep the tensors, too, so that no other object can get the same id.
            self._cache[key] = self._inspect_elements(leaves), leaves
        return self._cache[key][0]

    def _inspect_elements(
        self, leaves: Sequence[Any]
    ) -> tuple[dict[str, tf.Tensor], bool]:
        elements = [self.graph.as_graph_element(leaf) for leaf in leaves]
        ops = [getattr(element, 'op', element) for element in elements]
        shapes = {
            op.name: op.inputs[0]
            for op in upstream_ops(ops)
            if op.type in RANDOM_OPS and op.inputs[0].shape.is_fully_defined()
        }
        dtypes = [getattr(element, 'dtype', None) for element in elements]
        return shapes, tf.string in dtypes
