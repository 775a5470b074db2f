"""Where the time of a training step goes: the time of each kind of op."""

import collections
import time
from typing import Any

from benchmark.peers.bare import Bare
from benchmark.problem import Problem

import tensorflow.compat.v1 as tf

_STEPS = 30
_WARM_UP = 10


def measure(problem: Problem) -> dict[str, Any]:
    """Returns the microseconds a step of each kind of op, in the bare loop.

    They are those of TensorFlow's software trace, on the default number of threads. Ops
    run at the same time, so their sum may exceed the step.

    Returns:
        'loop_us', a step without the trace; 'total', all kernels together; 'kinds',
        those of the twelve most expensive kinds.
    """
    bare = Bare(problem, problem.model.dropout)
    bare.reset()
    bare.load(0, _STEPS)
    bare.run(0, _WARM_UP)
    loop = min(timed(bare) for _ in range(5))
    seen = bare.observed
    total: collections.Counter[str] = collections.Counter()
    for step in range(_STEPS):
        feeds = {seen.images: bare.images[step], seen.labels: bare.labels[step]}
        trace = tf.RunMetadata()
        bare.sess.run(
            [seen.train_op, seen.loss],
            {**feeds, **seen.others},
            tf.RunOptions(trace_level=tf.RunOptions.SOFTWARE_TRACE),
            trace,
        )
        for device in trace.step_stats.dev_stats:
            for node in device.node_stats:
                kind = node.timeline_label.partition(' = ')[2].partition('(')[0]
                spent = node.op_end_rel_micros - node.op_start_rel_micros
                total[kind or node.node_name] += spent / _STEPS
    return {
        'loop_us': round(1e6 * loop, 1),
        'total': round(total.total(), 1),
        'kinds': {kind: round(spent, 1) for kind, spent in total.most_common(12)},
    }


def timed(bare: Bare) -> float:
    """Returns the seconds a step without a trace."""
    start = time.perf_counter()
    bare.run(0, _STEPS)
    return (time.perf_counter() - start) / _STEPS
