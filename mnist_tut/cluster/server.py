"""This task's tf.train.Server, and waiting for those of other tasks.

TensorFlow waits for a missing task without an end, in a new session or in `join`. Here
every wait has a limit, and what it waited for is named.
"""

import contextlib
import socket
import sys
import time
from typing import Any

from mnist_tut import errors, runtime
from mnist_tut.cluster.tasks import Cluster, ClusterError
from mnist_tut.training.interrupts import Interrupts

import grpc
import tensorflow.compat.v1 as tf

_PROBE_SEC = 1.0  # between two attempts to reach a task


class Server:
    """The server of one task.

    Attributes:
        cluster: The tasks.
        wait_sec: How long to wait for another task.
        target: What tf.Session takes to reach all devices of the cluster; '' if there
            is only this process.
    """

    def __init__(self, cluster: Cluster, wait_sec: float):
        """Starts the server, unless there is only this process.

        It listens on all addresses of the machine, whatever the lists of hosts say, and
        without authentication: TensorFlow offers nothing else.

        Args:
            cluster: The tasks.
            wait_sec: How long to wait for another task.

        Raises:
            ClusterError: If the task's port is in use.
        """
        self.cluster = cluster
        self.wait_sec = wait_sec
        self._server = self._start() if cluster.hosts else None
        self.target = '' if self._server is None else self._server.target

    def _start(self) -> Any:
        name = self.cluster.name
        port = int(self.cluster.addresses[name].rpartition(':')[2])
        taken = ClusterError(
            f'{name}: port {port} is in use on this machine, perhaps by another '
            'process of the same task; end that one, or give the task another port'
        )
        if _is_open(port):  # before TensorFlow reports it its own way
            raise taken
        try:
            with runtime.errors_once():
                server = tf.train.Server(
                    tf.train.ClusterSpec(self.cluster.hosts),
                    job_name=self.cluster.job,
                    task_index=self.cluster.index,
                    config=self.session_config(),
                )
        except tf.errors.UnknownError as error:
            raise taken from error
        if not _is_open(port):
            raise ClusterError(
                f'{name}: 127.0.0.1:{port} does not answer, although the server runs; '
                'bring up the loopback interface (ip link set lo up)'
            )
        return server

    def session_config(self, timeout_sec: float = 0.0) -> tf.ConfigProto:
        """Returns a configuration with which a session sees no other worker.

        Without the filter a session waits for all tasks, and fails with any of them.

        Args:
            timeout_sec: How long a call to another task may take; 0 for no limit.
        """
        config = runtime.session_config()
        if self.cluster.hosts:
            config.operation_timeout_in_ms = int(1000 * timeout_sec)
            config.device_filters.extend(['/job:ps', self.cluster.device])
        return config

    def wait_for_parameter_servers(self, interrupts: Interrupts) -> None:
        """Waits until every parameter server answers.

        Raises:
            ClusterError: If one does not within `wait_sec`.
        """
        deadline = time.monotonic() + self.wait_sec
        for name in self.cluster.parameter_servers:
            address = self.cluster.addresses[name]
            is_first = True
            while not _answers(address, name):
                interrupts.check()
                where = f'{self.cluster.name}: {name} at {errors.printable(address)}'
                if time.monotonic() > deadline:
                    raise ClusterError(
                        f'{where} did not answer for {self.wait_sec:g} seconds; start '
                        'it, or correct its address in the list of hosts of every task'
                    )
                if is_first:
                    print(f'{where} does not answer yet; waiting', file=sys.stderr)
                is_first = False
                time.sleep(_PROBE_SEC)

    def serve(self) -> None:
        """Holds variables until all workers are done, as a parameter server.

        Each worker says so by `say_done`. A worker that died cannot: where no worker
        answers for `wait_sec`, this returns, too.

        Raises:
            ClusterError: If the workers are gone and the chief was not done.
        """
        workers = self.cluster.workers
        print(f'{self.cluster.name}: serving {", ".join(workers)}', file=sys.stderr)
        done: set[int] = set()
        with tf.Graph().as_default(), Interrupts() as interrupts:
            queue = self._done_queue(self.cluster.index)
            size, next_rank = queue.size(), queue.dequeue()
            # Alone: the other parameter servers may be missing.
            config = runtime.session_config()
            config.device_filters.append(self.cluster.device)
            with tf.Session(self.target, config=config) as sess:
                answered_at = time.monotonic()
                while len(done) < len(workers):
                    time.sleep(_PROBE_SEC)
                    interrupts.check()
                    for _ in range(sess.run(size)):
                        done.add(int(sess.run(next_rank)))
                    if set(workers) - set(self.silent(workers)):
                        answered_at = time.monotonic()
                    elif time.monotonic() - answered_at > self.wait_sec:
                        break
        missing = [name for rank, name in enumerate(workers) if rank not in done]
        if missing and 0 not in done:
            raise ClusterError(
                f'{self.cluster.name}: no worker has answered for {self.wait_sec:g} '
                f'seconds, and {", ".join(missing)} had not finished; start the tasks '
                'again to continue from the last checkpoint'
            )
        if missing:
            print(
                f'{self.cluster.name}: training is done; {", ".join(missing)} did not '
                'come back',
                file=sys.stderr,
            )

    def silent(self, names: list[str]) -> list[str]:
        """Returns those of some tasks that do not answer now."""
        hosts = self.cluster.addresses
        return [name for name in names if not _answers(hosts[name], name)]

    def say_done(self) -> None:
        """Tells all parameter servers that this worker is done."""
        for index in range(len(self.cluster.parameter_servers)):
            config = runtime.session_config()
            config.operation_timeout_in_ms = int(5000 * _PROBE_SEC)
            config.device_filters.extend([f'/job:ps/task:{index}', self.cluster.device])
            # One that is gone is not waited for, nor does it keep the others from it.
            if self.silent([f'ps {index}']):
                continue
            with tf.Graph().as_default(), contextlib.suppress(tf.errors.OpError):
                mark = self._done_queue(index).enqueue(self.cluster.rank)
                with tf.Session(self.target, config=config) as sess:
                    sess.run(mark)

    def _done_queue(self, index: int) -> tf.FIFOQueue:
        """Returns the queue of a parameter server for the ranks that are done."""
        with tf.device(f'/job:ps/task:{index}/cpu:0'):
            return tf.FIFOQueue(-1, tf.int32, [()], shared_name=f'done_{index}')


def _is_open(port: int) -> bool:
    """Returns whether something on this machine accepts connections at a port."""
    try:
        with socket.create_connection(('127.0.0.1', port), timeout=_PROBE_SEC):
            return True
    except OSError:
        return False


def _answers(address: str, name: str) -> bool:
    """Returns whether the TensorFlow server of a task answers at 'host:port'.

    A connection alone proves nothing: a process that hangs still gets one, and so does
    another program, or another task. A session would wait for them without an end.
    """
    job, index = name.split()
    device = f'/job:{job}/replica:0/task:{index}/device:'  # the reply lists its devices
    options = [('grpc.enable_http_proxy', 0)]  # as TensorFlow's own channels
    with grpc.insecure_channel(address, options) as channel:
        status = channel.unary_unary('/tensorflow.WorkerService/GetStatus')
        try:
            reply = status(b'', timeout=_PROBE_SEC)
        except grpc.RpcError:  # a name that is not known yet, too
            return False
        return device.encode() in reply
