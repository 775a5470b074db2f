"""Whether a run computes in bfloat16, and whether this processor can.

With --bfloat16 TensorFlow rewrites the graph as it runs it: convolutions and matrix
products take 16 bits, and what is sensitive stays float32. The lesson's graph is not
changed, and its variables are float32, so that the checkpoints are the usual ones.
"""

import os

from mnist_tut import errors
from mnist_tut.flags import Flags

import tensorflow.compat.v1 as tf

_FEATURES = {'avx512_bf16', 'amx_bf16'}  # either of them is enough
_CPU_INFO = '/proc/cpuinfo'


def is_wanted(flags: Flags) -> bool:
    """Returns whether --bfloat16 is set; most lessons do not have it."""
    return getattr(flags.FLAGS, 'bfloat16', False)


def check(flags: Flags) -> None:
    """Raises FlagError if --bfloat16 is set and would not work."""
    if not is_wanted(flags):
        return
    if getattr(flags.FLAGS, 'use_fp16', False):
        raise errors.FlagError(
            '--use_fp16 --bfloat16: expected one of the two; leave one out'
        )
    if (reason := _missing()) is not None:
        raise errors.FlagError(
            f'--bfloat16: {reason}; leave the flag out, or continue a run where it was '
            'started'
        )


def _missing() -> str | None:
    """Returns why it would not work; TensorFlow itself would silently do nothing."""
    if tf.config.list_physical_devices('GPU'):
        return 'TensorFlow uses a GPU here; expected a CPU alone'
    if os.environ.get('TF_ENABLE_ONEDNN_OPTS') == '0':
        return 'TF_ENABLE_ONEDNN_OPTS=0 turns off what computes in it; expected 1'
    if not _FEATURES & _cpu_features():
        return (
            'this processor does not compute in bfloat16; expected avx512_bf16 or '
            f'amx_bf16 among the flags in {_CPU_INFO}'
        )
    return None


def _cpu_features() -> set[str]:
    """Returns the features of the processor, as Linux names them; else none."""
    try:
        with open(_CPU_INFO) as file:
            lines = file.read().splitlines()
    except OSError:
        return set()
    return {
        feature
        for line in lines
        if line.startswith('flags')
        for feature in line.partition(':')[2].split()
    }
