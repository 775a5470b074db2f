"""Imports TensorFlow without its banners and Keras, and configures its sessions.

Import this module before `tensorflow`. TensorFlow 2.21 prints lines about its CPU
kernels, and about the GPU that a machine does not have, before any log level applies;
those lines, and no others, are removed. The banner's own advice,
TF_ENABLE_ONEDNN_OPTS=0, would make the convolutional lessons 2.6 times slower.

Keras, and with it matplotlib and pandas, is imported when `tf.keras` is first used.
"""

import contextlib
import importlib.abc
import logging
import math
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

# Up to how many multiplications in one pass forward a dense net gets one thread.
_MAX_ONE_THREAD = 20_000_000
# The same if XLA compiles many steps into one op, which is handed over only once.
_MAX_ONE_THREAD_JIT = 5_000_000

# With these a user says himself how many threads there are.
_THREADS_ENV = ('TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS')

# Printed at every normal start. Lines that match none of these are shown.
_BANNERS = re.compile(
    '|'.join(
        [
            r'All log messages before absl::InitializeLog\(\)',
            r'oneDNN custom operations are on',
            r'Could not find cuda drivers on your machine',
            r'failed call to cuInit: .*(303|no CUDA-capable device)',
            r'This TensorFlow binary is optimized to use available CPU instructions',
            r'To enable the following instructions: ',
            r'Unable to register cu\w+ (factory|plugin)',
            r'MLIR V1 optimization pass is not enabled',
            r'TF-TRT Warning: Could not find TensorRT',
            r'GPU trace was not collected',
            r'Error in PredictCost\(\) for the op',
        ]
    )
)


# Printed beside an exception that says the same.
_REPETITIONS = re.compile(
    '|'.join(
        [
            r'OP_REQUIRES failed at ',
            r'Local rendezvous is aborting with status: ',
            r'^\s*\[\[\{\{node ',
            r'^Hint: If you want to see a list of allocated tensors when OOM happens',
            r'^$',
        ]
    )
)


def _without(pattern: re.Pattern[str], output: str) -> str:
    """Returns TensorFlow's output without the lines that match a pattern."""
    lines = output.splitlines(keepends=True)
    return ''.join(line for line in lines if not pattern.search(line))


@contextlib.contextmanager
def filtered_stderr() -> Iterator[None]:
    """Removes the banners from what native code writes to stderr.

    Used for the import, a traced step on a machine without a GPU, and a first compiled
    run.
    """
    with _rewritten_stderr(lambda output: _without(_BANNERS, output)):
        yield


@contextlib.contextmanager
def errors_once() -> Iterator[None]:
    """Removes what native code writes to stderr about the exception that it raises.

    What it writes without raising one is left, though it comes at the end: so this is
    for what fails by a user's doing, a full disk for example, and not for every step.
    """
    has_failed = False
    with _rewritten_stderr(
        lambda output: _without(_REPETITIONS, output) if has_failed else output
    ):
        try:
            yield
        except Exception:
            has_failed = True
            raise


@contextlib.contextmanager
def _rewritten_stderr(rewrite: Callable[[str], str]) -> Iterator[None]:
    """Passes on what native code writes to stderr at the end, as `rewrite` returns it.

    Everything is passed on as it comes where it cannot be kept.
    """
    with contextlib.ExitStack() as stack:
        try:
            original = os.dup(2)
            stack.callback(os.close, original)
            buffer = stack.enter_context(tempfile.TemporaryFile())
        except OSError:  # stderr is closed, or there is no folder for the file
            yield
            return
        os.dup2(buffer.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(original, 2)
            buffer.seek(0)
            sys.stderr.write(rewrite(buffer.read().decode(errors='replace')))


class _WithoutKeras(importlib.abc.MetaPathFinder):
    """Makes Keras 3 look missing, which TensorFlow imports in advance where it exists.

    It takes long, and no lesson uses it. TensorFlow asks only where the package is, to
    find `tensorflow.keras` there.
    """

    def find_spec(self, name: str, *_: Any) -> None:
        if name.startswith('keras.'):
            raise ModuleNotFoundError(f'{name} is not imported in advance', name=name)


@contextlib.contextmanager
def _keras_when_it_is_used() -> Iterator[None]:
    """Leaves Keras out of what is imported."""
    finder = _WithoutKeras()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def _not_a_deprecation(record: logging.LogRecord) -> bool:
    """Filters out 'X is deprecated': this project is about the deprecated API."""
    return 'deprecated' not in record.getMessage()


os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '1')
# Each session has the threads that its configuration says. Otherwise all share the
# first one's, and a lesson's speed and last digits depend on what ran before it.
os.environ.setdefault('TF_OVERRIDE_GLOBAL_THREADPOOL', '1')
with filtered_stderr(), _keras_when_it_is_used():
    import tensorflow.compat.v1 as tf

    # The CUDA libraries print their lines when devices are listed; do it here.
    tf.config.list_physical_devices()
tf.get_logger().addFilter(_not_a_deprecation)
# The default outside of a notebook, where TensorFlow would log each file.
tf.get_logger().setLevel(logging.WARNING)


def session_config(bfloat16: bool = False) -> tf.ConfigProto:
    """Returns the configuration of every session.

    An op without a GPU kernel runs on the CPU, and GPU memory is taken as it is needed
    instead of all at once, so that two lessons can share a card.

    The terms of a sum are added in the order of the graph. To save memory, TensorFlow's
    optimizer would sometimes add them as they are ready, and leave the last bit of a
    loss to chance.

    Args:
        bfloat16: Whether convolutions and matrix products take 16 bits on a CPU that
            can; the variables stay float32.
    """
    config = tf.ConfigProto(
        allow_soft_placement=True, gpu_options=tf.GPUOptions(allow_growth=True)
    )
    rewrite_options = config.graph_options.rewrite_options
    rewrite_options.memory_optimization = rewrite_options.NO_MEM_OPT
    if bfloat16:
        rewrite_options.auto_mixed_precision_onednn_bfloat16 = rewrite_options.ON
    return config


def training_config(
    graph: tf.Graph, batch_size: int, bfloat16: bool = False, jit: bool = False
) -> tf.ConfigProto:
    """Returns the configuration of a session that trains.

    A small dense net is trained in the thread that calls `run`, and in no other: to
    hand its ops to other threads takes longer than to compute them. Every other graph
    gets TensorFlow's default, as does a user who sets the number of threads himself.

    Args:
        graph: The finished graph.
        batch_size: Number of examples in a training step.
        bfloat16: As in `session_config`.
        jit: Whether XLA compiles many steps.
    """
    config = session_config(bfloat16)
    most = _MAX_ONE_THREAD_JIT if jit else _MAX_ONE_THREAD
    is_small = _multiplications(graph, batch_size) <= most
    if is_small and not any(map(os.environ.get, _THREADS_ENV)):
        config.intra_op_parallelism_threads = 1
        config.inter_op_parallelism_threads = -1  # the thread that calls
    return config


def _multiplications(graph: tf.Graph, batch_size: int) -> float:
    """Returns how many a dense net needs for a batch; infinity with convolutions."""
    if any('conv' in op.type.lower() for op in graph.get_operations()):
        return math.inf
    variables = graph.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES)
    return batch_size * sum(variable.shape.num_elements() for variable in variables)
