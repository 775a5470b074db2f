"""One worker's part of a distributed run, as the lesson sees it.

    with tf.Graph().as_default(), ClusterRun(flags, server) as run:
        data_sets = input_data.read_data_sets(FLAGS.data_dir, **run.data_options)
        ...  # the graph
        with run.session(data_sets, train_op, images=x, scores=y) as sess:
            while not sess.should_stop():
                ...  # the step
                run.record(step, loss=loss_value)

As in any other lesson, but for the loop: how many steps a worker runs depends on the
others, so it runs until the session says that it should stop.
"""

import contextlib
import logging
import sys
from typing import Any, SupportsFloat

from mnist_tut import errors
from mnist_tut.cluster.chief import Chief
from mnist_tut.cluster.server import Server
from mnist_tut.cluster.session import (
    STUCK,
    ReplicasHook,
    Session,
    StepHook,
    WorkerSession,
)
from mnist_tut.cluster.step_watch import StepWatch
from mnist_tut.cluster.tasks import ClusterError
from mnist_tut.flags import Flags
from mnist_tut.training import preparation
from mnist_tut.training.explain import explain
from mnist_tut.training.history import History
from mnist_tut.training.interrupts import Interrupts

import tensorflow.compat.v1 as tf

# What TensorFlow raises for a task that is gone, or came back without its variables.
_LOST = tf.errors.AbortedError, tf.errors.UnavailableError
_GRACE_SEC = 2  # for the thread that applies gradients, when a session ends
_SAVE_SEC = 20.0  # for a checkpoint after a step that did not end


class ClusterRun(contextlib.AbstractContextManager):
    """One worker's part of a run, as a context manager.

    Attributes:
        seed: Seed of batch order and initial values, the same for all workers.
        history: The metrics of this worker; what `run_training` returns.
    """

    def __init__(self, flags: Flags, server: Server):
        """Takes the lesson's flags, and the server of this worker."""
        self._flags = flags
        self._server = server
        self._cluster = server.cluster
        self._chief = Chief(flags) if self._cluster.is_chief else None
        self._step = 0
        self._last_due = -1

    def __enter__(self) -> 'ClusterRun':
        """Locks the chief's folder; FlagError or RunError if it cannot be used."""
        if self._cluster.hosts and self._flags.FLAGS.seed is None:
            raise errors.FlagError('seed=None: expected a seed, the same for each task')
        with contextlib.ExitStack() as stack:
            self._interrupts = stack.enter_context(Interrupts())
            self._watch = stack.enter_context(StepWatch())
            logger = tf.get_logger()
            logger.addFilter(_not_a_lost_server)
            stack.callback(logger.removeFilter, _not_a_lost_server)
            if self._chief is None:
                self.seed, self.history = self._flags.FLAGS.seed, History()
            else:
                chief = stack.enter_context(self._chief)
                self.seed, self.history = chief.seed, chief.history
            self._exit = stack.pop_all()
        return self

    @property
    def _folder(self) -> str:
        """Where the run is, for messages."""
        return "the chief's folder" if self._chief is None else self._chief.log_dir

    @property
    def data_options(self) -> dict[str, Any]:
        """Arguments for `read_data_sets` that come from the run and its flags."""
        return {'seed': self.seed, **preparation.data_source(self._flags)}

    def session(
        self,
        data: Any,
        train_op: tf.Operation,
        *,
        images: tf.Tensor,
        scores: tf.Tensor,
        replicas: tf.train.SyncReplicasOptimizer | None = None,
    ) -> tf.train.MonitoredSession:
        """Opens the session, once the graph is complete and the others answer.

        Args:
            data: Datasets.
            train_op: The training op, which advances the global step.
            images: Placeholder for inference, [B, 784].
            scores: [B, 10], logits.
            replicas: The optimizer, if it waits for the gradients of all workers.

        Raises:
            ClusterError: If another task does not answer in time.
            errors.RunError: If the chief's folder cannot be used.
        """
        preparation.check_model_size()
        cluster, server = self._cluster, self._server
        with tf.device(f'{cluster.device}/cpu:0'):  # the chief's disk
            saver = tf.train.Saver()
        if self._chief is not None:
            model = preparation.describe_model(images, scores, {}, (0.0, 1.0))
            self._chief.prepare(data, model, saver)
        creator = WorkerSession(server, saver, self._chief, self._interrupts)
        hooks: list[Any] = []
        if replicas is not None:
            hooks.append(ReplicasHook(replicas, creator, cluster))
        if self._chief is not None:
            hooks += self._chief.hooks(len(cluster.workers), self._interrupts)
        last = train_op, self._flags.FLAGS.max_steps
        # The chief saves before a signal ends it.
        interrupts = self._interrupts if self._chief is None else None
        hooks.append(StepHook(creator, server, interrupts, self._watch, *last))
        return Session(creator, hooks, _GRACE_SEC)

    def num_done(self, sess: tf.train.MonitoredSession) -> int:
        """Returns the global step, that is how many steps all workers have done."""
        return int(_plain(sess).run(tf.train.get_global_step()))

    def trained(self, sess: tf.train.MonitoredSession) -> tf.Session:
        """Saves what was trained, and returns a session to evaluate with.

        It counts no steps, and does not bring back a checkpoint after a failure.
        """
        if self._chief is not None:
            self._chief.save(_plain(sess), self.num_done(sess))
        return _plain(sess)

    def is_due(self, step: int, every: int) -> bool:
        """Returns whether `step` is the first since a multiple of `every`.

        A worker of several sees only some of the steps.
        """
        is_due, self._last_due = step // every > self._last_due, step // every
        return is_due

    def record(self, step: int, **metrics: SupportsFloat) -> None:
        """Records metrics of `step`; DivergedError if one is nan or infinite."""
        self._step = step
        values = self.history.add_finite(step, metrics, self._folder)
        if self._chief is not None:
            self._chief.record(step, values)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Tells the parameter servers that this worker is done, and ends the run."""
        with self._exit:
            name = self._cluster.name
            if isinstance(error, STUCK):
                self._save_apart()
                self._interrupts.check()
            if isinstance(error, tf.errors.DeadlineExceededError):
                raise ClusterError(
                    f'{name}: a call took more than {self._server.wait_sec:g} seconds: '
                    f'{self._who_is_gone()}; start it again, and this one'
                ) from error
            if isinstance(error, _LOST):
                raise ClusterError(
                    f'{name}: a parameter server was lost outside of a step; start '
                    'it again, and this one, which continues'
                ) from error
            if (explained := explain(error, self._step, self._folder)) is not None:
                raise explained from error
            if error is None:
                self._server.say_done()
                if self._chief is not None:
                    self._chief.finish()
                if self._cluster.hosts:
                    print(f'{name}: done', file=sys.stderr)

    def _save_apart(self) -> None:
        """Saves what the parameter servers hold, after a step that did not end."""
        server, cluster = self._server, self._cluster
        if self._chief is None or not self._chief.can_save:
            return
        if server.silent(cluster.parameter_servers):
            return
        config = server.session_config(_SAVE_SEC)
        try:
            with tf.Session(server.target, config=config) as sess:
                self._chief.save(sess, int(sess.run(tf.train.get_global_step())))
        except tf.errors.OpError as error:
            reason = errors.shortened(str(error.message))
            print(f'{cluster.name}: not saved: {reason}', file=sys.stderr)

    def _who_is_gone(self) -> str:
        """Returns which of the other tasks do not answer, for a message."""
        others = [
            name for name in self._cluster.addresses if name != self._cluster.name
        ]
        if silent := self._server.silent(others):
            return f'no answer from {", ".join(silent)}'
        return 'all other tasks answer, perhaps started with other flags'


def _plain(sess: tf.train.MonitoredSession) -> tf.Session:
    """Returns the session below a monitored session, without its hooks."""
    return sess.run_step_fn(lambda step_context: step_context.session)


def _not_a_lost_server(record: logging.LogRecord) -> bool:
    """Filters out what is logged before a lost parameter server is waited for."""
    return 'attempting to close the session' not in record.getMessage()
