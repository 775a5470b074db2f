"""A copy of a training step's ops, to be placed inside a loop of the same graph.

The copy has the lesson's variables and nothing else in common with the lesson's ops,
which stay as they are. What a random op draws depends on a counter in its kernel; a
copy would count on its own. So the copy of a dropout draws with an op that is given the
counter, and draws what the lesson's op would have drawn.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from mnist_tut import errors
from mnist_tut.training import swapped_products
from mnist_tut.training.graph_copy import record, upstream_ops
from mnist_tut.training.session import RANDOM_OPS

import numpy as np
import tensorflow.compat.v1 as tf

# A kernel reserves this many blocks of 128 bits for each number that it draws.
_BLOCKS = 256
_PHILOX = 1  # the generator of TensorFlow's random ops


class StepCopy:
    """The ops of a step, recorded from a finished graph.

    Attributes:
        random_ops: The random ops of the step, by name.
    """

    def __init__(
        self,
        step: tf.Operation,
        value: tf.Tensor,
        fed: Sequence[tf.Tensor],
        choose: Callable[[list[tf.Operation]], Container[str]] = lambda ops: (),
    ):
        """Records the ops that a step runs.

        Args:
            step: The training op.
            value: A tensor of the step, the loss.
            fed: Placeholders that `place` replaces by tensors.
            choose: From the step's ops to the names of the products to swap.

        Raises:
            errors.RunError: If the step draws numbers other than a dropout's.
        """
        self._step, self._value = step, value
        handles = [variable.handle for variable in tf.global_variables()]
        self._outer = {handle.name: handle for handle in handles}
        cut = {tensor.op for tensor in [*fed, *handles]}
        ops = [op for op in upstream_ops([step, value.op], cut) if op not in cut]
        self.random_ops = {op.name: op for op in ops if op.type in RANDOM_OPS}
        for op in self.random_ops.values():
            if op.type != 'RandomUniform':
                raise errors.RunError(
                    f'{op.name}: a step that draws by {op.type} cannot be repeated in '
                    'the graph; expected tf.nn.dropout; leave out --steps_per_run'
                )
        self._graph_def = record(ops, step.graph)
        for node in self._graph_def.node:
            if node.name in self.random_ops:
                _take_counter(node)
        swapped_products.swap(self._graph_def, choose(ops))

    def place(
        self,
        feeds: Mapping[tf.Tensor, tf.Tensor],
        counters: tf.Tensor,
    ) -> tuple[tf.Operation, tf.Tensor, list[int]]:
        """Adds a copy to the default graph, which may be a function's or a loop's body.

        Args:
            feeds: What takes the place of each fed tensor.
            counters: uint64 [R, 2], the counter of each random op.

        Returns:
            The copies of the training op and of the value, and how many numbers each
            random op draws at a step.
        """
        replaced = {tensor.name: new for tensor, new in feeds.items()} | self._outer
        for row, (name, op) in enumerate(self.random_ops.items()):
            key = np.array([op.get_attr('seed') % 2**64], np.uint64)
            replaced[f'{name}/key:0'] = tf.constant(key)
            replaced[f'{name}/counter:0'] = counters[row]
            replaced[f'{name}/alg:0'] = tf.constant(_PHILOX)
        graph = tf.get_default_graph()
        outputs = [self._step.name, self._value.name]
        outputs += [op.outputs[0].name for op in self.random_ops.values()]
        used = {name for node in self._graph_def.node for name in node.input}
        step, value, *drawn = tf.import_graph_def(
            self._graph_def,
            {
                name: _within(graph, tensor)
                for name, tensor in replaced.items()
                if name.removesuffix(':0') in used
            },
            outputs,
            name='step',
        )
        return step, value, [tensor.shape.num_elements() for tensor in drawn]

    def counters(
        self, num_drawn: Mapping[str, int], sizes: Sequence[int], count: int
    ) -> np.ndarray:
        """Returns the counters of the random ops at the next steps.

        Args:
            num_drawn: How many numbers each random op has drawn, by its name.
            sizes: How many each draws at a step.
            count: Number of steps, K.

        Returns:
            uint64 [K, R, 2].
        """
        counters = np.zeros((count, len(self.random_ops), 2), np.uint64)
        ops = self.random_ops.values()
        for row, (op, size) in enumerate(zip(ops, sizes, strict=True)):
            drawn = num_drawn.get(op.name, 0) + size * np.arange(count)
            counters[:, row, 0] = drawn.astype(np.uint64) * np.uint64(_BLOCKS)
            counters[:, row, 1] = op.get_attr('seed2') % 2**64
        return counters


def _take_counter(node: tf.NodeDef) -> None:
    """Makes a RandomUniform the op that is given its key and its counter."""
    data = [name for name in node.input if not name.startswith('^')]
    control = [name for name in node.input if name.startswith('^')]
    given = [f'{node.name}/{name}' for name in ('key', 'counter', 'alg')]
    node.op = 'StatelessRandomUniformV2'
    node.input[:] = data + given + control
    node.attr['Tshape'].CopyFrom(node.attr['T'])
    for name in ('T', 'seed', 'seed2'):
        node.attr.pop(name, None)


def _within(graph: Any, tensor: tf.Tensor) -> tf.Tensor:
    """Returns `tensor` as the body of a function sees it, if `graph` is one."""
    return tensor if tensor.graph is graph else graph.capture(tensor)
