"""TensorFlow, imported quietly, and the configuration of its sessions.

Import this module before `tensorflow`. TensorFlow 2.21 prints about its CPU kernels,
and about the GPU that a machine does not have, before any log level counts; here those
lines, and no others, are dropped. TF_ENABLE_ONEDNN_OPTS=0, the advice of the banner,
is not followed: it makes the convolutional lessons 2.6 times slower.
"""

import contextlib
import logging
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Iterator

# What a healthy start prints. A line that matches none of these is shown.
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
        ]
    )
)


def _shown(output: str) -> str:
    """Returns what is left of TensorFlow's output without the lines of a good start."""
    lines = output.splitlines(keepends=True)
    return ''.join(line for line in lines if not _BANNERS.search(line))


@contextlib.contextmanager
def banners_dropped() -> Iterator[None]:
    """Holds back what native code writes to stderr, then passes on what matters.

    For the import, and for a step that is traced on a machine without a GPU.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # closed: there is nobody to disturb
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            sys.stderr.write(_shown(held.read().decode(errors='replace')))


def _not_a_deprecation(record: logging.LogRecord) -> bool:
    """Drops 'X is deprecated': the whole project is about the deprecated API."""
    return 'deprecated' not in record.getMessage()


os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '1')
with banners_dropped():
    import tensorflow.compat.v1 as tf

    # Looking for devices is what makes the CUDA libraries speak; do it here.
    tf.config.list_physical_devices()
tf.get_logger().addFilter(_not_a_deprecation)
# As it is everywhere but in an interactive shell, and so in a notebook: there it would
# tell of each file.
tf.get_logger().setLevel(logging.WARNING)


def session_config() -> tf.ConfigProto:
    """Returns the configuration of every session.

    An op without a GPU kernel runs on the CPU, and GPU memory is taken as it is needed
    instead of all at once, so that two lessons can share a card.
    """
    return tf.ConfigProto(
        allow_soft_placement=True, gpu_options=tf.GPUOptions(allow_growth=True)
    )


def fresh_seed() -> int:
    """Returns a seed, 0 to 2**31 - 1, that the operating system drew."""
    return secrets.randbelow(2**31)
