"""Computes what training on a cluster sends, and from how many workers it cannot gain.

Used by measure_cluster.py. A worker's step reads every weight and sends a gradient of
every weight, 4 bytes each. The optimizer's own variables, Adam's moments for example,
are on the parameter servers, and no byte of them is sent. Each variable is on one of
the servers as a whole, so their parts differ; the largest part is the one that counts.

The bounds assume that all machines have a network of one bandwidth, in both directions
at the same time, with no other traffic, no headers and no latency, and that calls,
copies and parameter servers take no time. `measure_cluster.py` counts the bytes.
"""

import dataclasses

from mnist_tut import distributed
from mnist_tut.cluster.tasks import Cluster
from mnist_tut.training.towers import SharedVariables

import tensorflow.compat.v1 as tf

BATCH_SIZES = {'fully_connected_feed': 100, 'deep': 50}
_BYTES = 4  # of a float32


@dataclasses.dataclass(frozen=True)
class Placement:
    """Where the variables of a model are.

    Attributes:
        weights: Number of parameters that are trained, by parameter server.
        slots: Number of values that the optimizer keeps, by parameter server.
    """

    weights: list[int]
    slots: list[int]

    @property
    def num_parameters(self) -> int:
        """The number of parameters of the model."""
        return sum(self.weights)

    @property
    def largest_share(self) -> float:
        """The part of the parameters that the fullest parameter server has."""
        return max(self.weights) / self.num_parameters

    @property
    def one_way_bytes(self) -> int:
        """Bytes of all weights, or of all gradients."""
        return _BYTES * self.num_parameters

    @property
    def step_bytes(self) -> int:
        """Bytes that a worker's step reads and sends."""
        return 2 * self.one_way_bytes


def place(model: str, num_ps: int) -> Placement:
    """Returns where `distributed` puts the variables of a model, from its own graph."""
    hosts = {
        'ps': [f'ps{index}:2222' for index in range(num_ps)],
        'worker': ['worker0:2222'],
    }
    cluster = Cluster(hosts, 'worker', 0)
    with (
        distributed.flags.overridden({'model': model}),
        tf.Graph().as_default(),
        tf.device(distributed.device_setter(cluster)),
    ):
        images = tf.placeholder(tf.float32, [None, 784])
        labels = tf.placeholder(tf.int32, [None])
        with SharedVariables().copy():
            logits = distributed.inference(images, 0.5)
        optimizer = distributed.make_optimizer()
        loss = distributed.mnist.loss(logits, labels)
        gradients = optimizer.compute_gradients(loss)
        global_step = tf.train.get_or_create_global_step()
        with tf.device(cluster.device):
            optimizer.apply_gradients(gradients, global_step)
        trained = {variable.name for variable in tf.trainable_variables()}
        placement = Placement([0] * num_ps, [0] * num_ps)
        for variable in tf.global_variables():
            if variable.name == global_step.name:
                continue
            index = tf.DeviceSpec.from_string(variable.device).task
            held = placement.weights if variable.name in trained else placement.slots
            held[index] += variable.shape.num_elements()
    return placement


@dataclasses.dataclass(frozen=True)
class Bounds:
    """What a network allows, for workers that take a given time to compute a step.

    Attributes:
        transfer_sec: Seconds in which the fullest parameter server sends its weights
            once, or receives their gradients once.
        max_speedup: Batches a second of any number of workers that do not wait for each
            other, as a multiple of one process that trains alone.
        max_speedup_sync: The same with --sync_replicas.
        workers_overlap: The number of workers that reaches `max_speedup`, if a worker
            computes and sends at the same time.
        workers_in_turn: The same if it reads, computes and sends one after the other.
    """

    transfer_sec: float
    max_speedup: float
    max_speedup_sync: float
    workers_overlap: float
    workers_in_turn: float


def bounds(step_sec: float, placement: Placement, bits_per_sec: float) -> Bounds:
    """Returns the bounds of a network.

    The fullest parameter server serves at most 1 / t batches a second, with t its
    `transfer_sec`; one process alone does 1 / T, with T its `step_sec`. So workers are
    T / t times as fast at most. A worker that does one thing after another takes T, and
    twice the time w in which its own network carries all weights: N = (T + 2 w) / t of
    them keep the server busy. In step, nothing overlaps: all read, all compute, all
    send, N batches in T + 2 N t.

    Args:
        step_sec: Seconds in which one process alone does a step.
        placement: The parts of the parameter servers.
        bits_per_sec: Bandwidth of each machine in each direction.
    """
    worker_sec = 8 * placement.one_way_bytes / bits_per_sec
    transfer_sec = placement.largest_share * worker_sec
    ratio = step_sec / transfer_sec
    return Bounds(
        transfer_sec=transfer_sec,
        max_speedup=ratio,
        max_speedup_sync=ratio / 2,
        workers_overlap=max(1.0, ratio),
        workers_in_turn=(step_sec + 2 * worker_sec) / transfer_sec,
    )
