"""tf.train.ClusterSpec and tf.train.Server, with this machine's addresses."""

import functools
import sys
from typing import Any

from mnist_tut.legacy import current, task
from mnist_tut.legacy.served.registry import arguments, serves

import tensorflow.compat.v1 as tf


@functools.cache
def _hint() -> None:
    """Says once, before the script waits for its hosts, what runs them all."""
    print(
        'legacy: this script names a cluster, and may wait for its hosts; '
        '--local-cluster runs all of its tasks here',
        file=sys.stderr,
    )


class ClusterSpec(tf.train.ClusterSpec):
    """Is tf.train.ClusterSpec; with --local-cluster its hosts are on this machine."""

    def __init__(self, cluster: Any):
        link = task.link()
        if link is not None and not isinstance(cluster, ClusterSpec):
            current.note('tf.train.ClusterSpec(hosts)', 'on 127.0.0.1', 'world')
            cluster = link.local(cluster)
        super().__init__(cluster)
        if link is None and sum(self.num_tasks(job) for job in self.jobs) > 1:
            _hint()


class Server(tf.train.Server):
    """Is tf.train.Server; with --local-cluster it is one on this machine."""

    def __init__(
        self,
        server_or_cluster_def: Any,
        job_name: str | None = None,
        task_index: int | None = None,
        protocol: str | None = None,
        config: Any = None,
        start: bool = True,
    ):
        link = task.link()
        if link is None:
            super().__init__(
                server_or_cluster_def, job_name, task_index, protocol, config, start
            )
            return
        cluster = server_or_cluster_def
        if isinstance(cluster, tf.train.ServerDef):
            job_name = cluster.job_name if job_name is None else job_name
            task_index = cluster.task_index if task_index is None else task_index
            cluster = cluster.cluster
        local = ClusterSpec(cluster)
        sizes = {job: max(local.task_indices(job)) + 1 for job in local.jobs}
        link.serves(job_name, task_index, sizes)
        new = tf.ConfigProto()
        if config is not None:
            new.CopyFrom(config)
        new.gpu_options.allow_growth = True  # the workers share the card
        super().__init__(local, job_name, task_index, protocol, new, start)

    def join(self) -> None:
        """Serves forever; with --local-cluster until the other tasks are done."""
        link = task.link()
        if link is not None:
            link.waits()
        super().join()


class SyncReplicasOptimizer(tf.train.SyncReplicasOptimizer):
    """Is tf.train.SyncReplicasOptimizer, with the arguments before 0.12 too.

    Source:
        TensorFlow 0.11, python/training/sync_replicas_optimizer.py.
    """

    def __init__(self, opt: Any, replicas_to_aggregate: Any, *args: Any, **kw: Any):
        if 'replica_id' in kw or (args and not isinstance(args[0], int)) or args[3:]:
            names = (
                'variable_averages variables_to_average replica_id total_num_replicas '
                'use_locking name'
            )
            kw = arguments(names, args, kw)
            args = ()
            current.note(
                'SyncReplicasOptimizer(replica_id)', 'without replica_id', 'arguments'
            )
            kw.pop('replica_id', None)
        super().__init__(opt, replicas_to_aggregate, *args, **kw)

    def get_clean_up_op(self) -> Any:
        """Returns an operation that does nothing: there is nothing to clean up."""
        return tf.no_op()


serves('tf.train.ClusterSpec')(ClusterSpec)
serves('tf.train.SyncReplicasOptimizer')(SyncReplicasOptimizer)
serves('tf.train.Server')(Server)
