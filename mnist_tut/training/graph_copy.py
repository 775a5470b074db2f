"""Finds the ops of a computation and records them, for a copy in a graph."""

import contextlib
from collections.abc import Collection, Iterable, Iterator

import tensorflow.compat.v1 as tf


def upstream_ops(
    ops: Iterable[tf.Operation], ends: Collection[tf.Operation] = ()
) -> Iterator[tf.Operation]:
    """Yields `ops` and all ops that they depend on, once each.

    What `ends` depend on is left out, unless another op depends on it.
    """
    waiting, seen = list(ops), set()
    while waiting:
        op = waiting.pop()
        if op in seen:
            continue
        seen.add(op)
        yield op
        if op not in ends:
            waiting += [tensor.op for tensor in op.inputs] + list(op.control_inputs)


def record(ops: Iterable[tf.Operation], graph: tf.Graph) -> tf.GraphDef:
    """Returns ops of a graph, to be added to a graph by tf.import_graph_def."""
    graph_def = tf.GraphDef(versions=graph.graph_def_versions)
    for op in ops:
        node = graph_def.node.add()
        node.CopyFrom(op.node_def)
        # It may name ops that are not copied; an op is placed by its variable anyway.
        node.attr.pop('_class', None)
    return graph_def


@contextlib.contextmanager
def loops_of_v1() -> Iterator[None]:
    """Makes tf.while_loop add single ops instead of version 2's functions.

    Inside of a tf.function, whose loops are functions, it changes nothing.
    """
    was_enabled = tf.control_flow_v2_enabled()
    tf.disable_control_flow_v2()
    try:
        yield
    finally:
        if was_enabled:
            tf.enable_control_flow_v2()
