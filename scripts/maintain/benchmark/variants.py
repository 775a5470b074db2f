"""The ways to train that are compared, and those that were tried and did not help."""

import ctypes.util

from benchmark import rounds
from benchmark.models import Model
from benchmark.rounds import Variant

# What is compared with everything else comes first.
PEERS = {
    'bare': Variant('plain feed loop', 'bare'),
    'lesson': Variant('mnist_tut', 'lesson'),
    'steps_50': Variant(
        'mnist_tut `--steps_per_run=50`', 'lesson', {'steps_per_run': 50}
    ),
    'jit': Variant(
        'mnist_tut `--steps_per_run=50 --jit`',
        'lesson',
        {'steps_per_run': 50, 'jit': True},
    ),
    'bfloat16': Variant(
        'mnist_tut `--steps_per_run=50 --bfloat16`',
        'lesson',
        {'steps_per_run': 50, 'bfloat16': True},
        tolerance=0.1,
    ),
    'torch': Variant('PyTorch', 'torch', needs='torch'),
    'jax': Variant('JAX, jit a step', 'jax', needs='jax'),
    'jax_scan': Variant('JAX, scan of 50', 'jax', {'scan': True}, needs='jax'),
    'keras': Variant('Keras 3, fit', 'keras', needs='keras', tolerance=1e-3),
    'keras_50': Variant(
        'Keras 3, fit, 50 steps an execution',
        'keras',
        {'steps_per_execution': 50},
        needs='keras',
        tolerance=1e-3,
    ),
}


# By the name of the variant: how the table of what did not help calls it.
TRIED = {
    'bare': 'the plain feed loop',
    'one_thread': 'one thread',
    'tf_data': 'a tf.data pipeline instead of feeding',
    'ref': "TensorFlow 1's ref variables",
    'tcmalloc': 'tcmalloc as the allocator',
    'jemalloc': 'jemalloc as the allocator',
    'nchw': 'NCHW, by the layout optimizer',
    'xla': 'XLA, a compiled step a call',
    'while': '50 steps in a tf.while_loop, default threads',
    'while_v2': 'the same with control flow v2',
    'unrolled': 'the same 50 steps unrolled, without a loop',
}
_ALLOCATORS = {'tcmalloc': 'tcmalloc_minimal', 'jemalloc': 'jemalloc'}


def of(model: Model) -> dict[str, Variant]:
    """Returns the variants of a model that can be measured here."""
    # Asked elsewhere: what this process holds would count as its children's peak.
    flags = rounds.in_process('flag_names', model.lesson)
    found = {}
    for name, variant in PEERS.items():
        if name == 'jax_scan' and model.is_convolutional:
            continue  # in a loop XLA convolves far slower still
        if variant.worker == 'lesson':
            if not set(variant.options) <= set(flags):
                continue
            if name == 'jit' and model.is_convolutional:
                continue
            if name == 'bfloat16' and not model.is_convolutional:
                continue
        if variant.is_installed:
            found[name] = variant
    return found


def missing() -> list[Variant]:
    """Returns the variants whose package is not installed."""
    return [variant for variant in PEERS.values() if not variant.is_installed]


def tried(model: Model) -> dict[str, Variant]:
    """Returns what is tried with a model; one dense and one convolutional net."""

    def variant(name: str, **options: object) -> Variant:
        return Variant(TRIED[name], 'tried', options, tolerance=1e-3)

    if model.lesson not in ('fully_connected_feed', 'deep'):
        return {}
    found = {
        'bare': PEERS['bare'],
        'one_thread': variant('one_thread', threads=1),
        'tf_data': variant('tf_data', variant='tf.data'),
        'ref': variant('ref', variant='ref variables'),
    }
    for name, library in _ALLOCATORS.items():
        if path := ctypes.util.find_library(library):
            environment = {'LD_PRELOAD': path}
            found[name] = Variant(TRIED[name], 'bare', environment=environment)
        else:
            print(f'{name}: its library is not on this machine; left out')
    found['xla'] = variant('xla', variant='xla')
    found['while'] = variant('while', variant='while')
    found['while_v2'] = variant('while_v2', variant='while v2')
    if model.is_convolutional:
        found['nchw'] = variant('nchw', variant='NCHW')
    else:
        found['unrolled'] = variant('unrolled', variant='unrolled')
    return found
