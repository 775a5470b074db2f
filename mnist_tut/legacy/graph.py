"""Graph mode as it was, for the time that a script runs."""

import contextlib
from collections.abc import Iterator

from mnist_tut import runtime  # noqa: F401  (first: without TensorFlow's banners)

import tensorflow.compat.v1 as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops, stack, tensor_shape


@contextlib.contextmanager
def graph_mode(eager: bool = False) -> Iterator[None]:
    """Switches to the behaviour of TensorFlow 1, and back.

    The script gets a default graph of its own, which it may reset; variables, control
    flow and shapes are those of 1.x.

    Args:
        eager: Whether the script wants eager execution, by itself.
    """
    resources = tf.resource_variables_enabled()
    flow = tf.control_flow_v2_enabled()
    shapes = tensor_shape._TENSORSHAPE_V2_OVERRIDE
    graphs, sessions = ops._default_graph_stack, stack._default_session_stack
    before = graphs._global_default_graph
    num_graphs, num_sessions = len(graphs.stack), len(sessions.stack)
    tf.disable_resource_variables()
    tf.disable_control_flow_v2()
    tf.disable_v2_tensorshape()
    graphs._global_default_graph = None
    try:
        with contextlib.nullcontext() if eager else _without_eager():
            yield
    finally:
        # An InteractiveSession that was never closed is still on the stacks.
        del graphs.stack[num_graphs:]
        del sessions.stack[num_sessions:]
        graphs._global_default_graph = before
        if resources:
            tf.enable_resource_variables()
        if flow:
            tf.enable_control_flow_v2()
        if shapes is not False:
            tf.enable_v2_tensorshape()


@contextlib.contextmanager
def _without_eager() -> Iterator[None]:
    """Makes graphs the outermost context, of which Keras asks too."""
    switches = context.context().context_switches
    num_switches = len(switches.stack)
    switches.push(False, context.graph_mode, None)
    try:
        with context.graph_mode():
            yield
    finally:
        del switches.stack[num_switches:]
