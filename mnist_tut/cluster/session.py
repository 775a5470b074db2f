"""The session of a worker: it waits, recovers, saves, and stops when it should.

`tf.train.MonitoredSession` does most of it. It makes a new session when a parameter
server was lost, and the chief then brings back the last checkpoint.
"""

import contextlib
import sys
import threading
import time
from typing import Any

from mnist_tut.cluster.chief import Chief
from mnist_tut.cluster.server import Server
from mnist_tut.cluster.step_watch import StepWatch
from mnist_tut.cluster.tasks import Cluster, ClusterError
from mnist_tut.training.interrupts import Interrupts

import tensorflow.compat.v1 as tf

_POLL_SEC = 1  # between two questions of a worker whether the model is ready
_CLOSE_SEC = 5.0  # for a session after a step that took too long
# What a step raises that waited too long, or that StepWatch has ended.
STUCK = tf.errors.DeadlineExceededError, tf.errors.CancelledError


class WorkerSession(tf.train.SessionCreator):
    """Makes sessions for a worker, once the parameter servers answer.

    Attributes:
        was_running: Whether the newest one goes on with the values that the variables
            had before it.
    """

    def __init__(
        self,
        server: Server,
        saver: tf.train.Saver,
        chief: Chief | None,
        interrupts: Interrupts,
    ):
        """Takes the finished graph, which is the default graph.

        Args:
            server: Of this worker.
            saver: Of the graph.
            chief: What restores checkpoints, if this worker is the chief.
            interrupts: Ends a wait.
        """
        self._server = server
        self._interrupts = interrupts
        self._chief = chief
        self._global_step = tf.train.get_global_step()
        self._last_step = 0  # that this process has seen
        self.was_running = False
        self._scaffold = tf.train.Scaffold(saver=saver)

    def saw(self, step: int) -> None:
        """Takes note of a global step, to count what is lost in a failure."""
        self._last_step = step

    def create_session(self) -> tf.Session:
        """Returns a session whose variables have values.

        Raises:
            ClusterError: If a parameter server or the chief does not answer in time.
        """
        server, scaffold = self._server, self._scaffold
        server.wait_for_parameter_servers(self._interrupts)
        scaffold.finalize()
        manager = tf.train.SessionManager(
            local_init_op=scaffold.local_init_op,
            ready_op=scaffold.ready_op,
            ready_for_local_init_op=scaffold.ready_for_local_init_op,
            recovery_wait_secs=_POLL_SEC,
        )
        config = server.session_config(server.wait_sec)
        if self._chief is None:
            return self._wait_for_chief(manager, config)
        self.was_running = self._is_running(config)
        if self.was_running:
            sess = manager.wait_for_session(server.target, config, server.wait_sec)
            self._chief.restore(sess, has_values=True)
        else:
            # Without initial values before those of the checkpoint: others would take
            # the model for ready.
            sess = tf.Session(server.target, config=config)
            if not self._chief.has_checkpoint:
                sess.run(scaffold.init_op)
            self._chief.restore(sess, has_values=False)
            sess.run(scaffold.local_init_op)
        self._report(int(sess.run(self._global_step)))
        return sess

    def _wait_for_chief(self, manager: Any, config: tf.ConfigProto) -> tf.Session:
        server = self._server
        chief, is_first = server.cluster.workers[0], True
        deadline = time.monotonic() + server.wait_sec
        while time.monotonic() < deadline:
            self._interrupts.check()
            with contextlib.suppress(tf.errors.DeadlineExceededError):
                sess = manager.wait_for_session(server.target, config, _POLL_SEC)
                self._report(int(sess.run(self._global_step)))
                return sess
            if is_first:
                print(
                    f'{server.cluster.name}: waiting for the chief, {chief}, to '
                    'initialize the model',
                    file=sys.stderr,
                )
            is_first = False
        raise ClusterError(
            f'{server.cluster.name}: the chief, {chief} at '
            f'{server.cluster.addresses[chief]}, has not initialized the model for '
            f'{server.wait_sec:g} seconds; start it with the same flags as this task, '
            'and see what it says'
        )

    def _is_running(self, config: tf.ConfigProto) -> bool:
        """Returns whether the variables have the values of the run in the folder."""
        assert self._chief is not None
        with tf.Session(self._server.target, config=config) as sess:
            if sess.run(self._scaffold.ready_for_local_init_op).size:
                return False
            step = int(sess.run(self._global_step))
        self.saw(max(step, self._last_step))
        return self._chief.has_values_of(step)

    def _report(self, step: int) -> None:
        """Prints where training goes on after a failure, and what was lost."""
        name, before = self._server.cluster.name, self._last_step
        if before > step:
            where = f'the checkpoint of step {step}' if step else 'the beginning'
            print(
                f'{name}: back from step {before} to {where}: {before - step} steps '
                'are lost',
                file=sys.stderr,
            )
        elif self.was_running:
            print(
                f'{name}: the parameter servers are at step {step}: 0 steps are lost',
                file=sys.stderr,
            )
        self._last_step = step


class Session(tf.train.MonitoredSession):
    """A monitored session that does not wait for a server that hangs to be closed."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        """Closes the session, in a thread that is left behind if that takes long."""
        if not isinstance(error, STUCK):
            return super().__exit__(kind, error, trace)
        close = super().__exit__

        def close_quietly() -> None:
            with contextlib.suppress(tf.errors.OpError, RuntimeError):
                close(kind, error, trace)

        closing = threading.Thread(target=close_quietly, daemon=True)
        closing.start()
        closing.join(_CLOSE_SEC)
        return False


class StepHook(tf.train.SessionRunHook):
    """Stops at the last step, ends a step that takes too long, heeds signals.

    It reads the global step after a step's own update. `tf.train.StopAtStepHook` reads
    it beside the update, and stops a step later for each step of another worker.
    """

    def __init__(
        self,
        creator: WorkerSession,
        server: Server,
        interrupts: Interrupts | None,
        watch: StepWatch,
        train_op: tf.Operation,
        last_step: int,
    ):
        """Adds an op to the graph, which reads the global step after `train_op`."""
        self._creator = creator
        self._interrupts = interrupts
        self._watch = watch
        self._timeout_ms = int(1000 * server.wait_sec) if server.target else 0
        self._last_step = last_step
        self._global_step = tf.train.get_global_step()
        with tf.control_dependencies([train_op]):
            self._step_after = tf.identity(self._global_step.read_value())

    def after_create_session(self, session: tf.Session, coord: Any) -> None:
        """Stops before the first step if all are done."""
        if session.run(self._global_step) >= self._last_step:
            coord.request_stop()

    def before_run(self, run_context: Any) -> tf.train.SessionRunArgs:
        """Limits the time that a step may wait, for gradients of others for example."""
        if self._interrupts is not None:
            self._interrupts.check()
        options = tf.RunOptions(timeout_in_ms=self._timeout_ms)
        if self._timeout_ms:  # alone, a session that is closed has no variables
            self._watch.begin(run_context.session)  # the last of the hooks
        return tf.train.SessionRunArgs(self._step_after, options=options)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Notes the step; stops after the last one."""
        self._watch.end()
        step = int(run_values.results)
        self._creator.saw(step)
        if step >= self._last_step:
            run_context.request_stop()


class ReplicasHook(tf.train.SessionRunHook):
    """Runs the parts of a SyncReplicasOptimizer that no training step runs.

    TensorFlow's own hook closes the queue of tokens when a session ends, so that none
    of the others can go on when the chief comes back. It also hands out tokens at the
    start, so that two gradients of one step may be of the same worker.
    """

    def __init__(
        self,
        optimizer: tf.train.SyncReplicasOptimizer,
        creator: WorkerSession,
        cluster: Cluster,
    ):
        """Takes the optimizer, whose `apply_gradients` was called."""
        self._optimizer = optimizer
        self._creator = creator
        self._is_chief = cluster.is_chief
        self._num_workers = len(cluster.workers)

    def begin(self) -> None:
        """Adds the last ops to the graph."""
        self._optimizer.ready_for_local_init_op.mark_used()  # as TensorFlow's hook does
        if self._is_chief:
            self._init = self._optimizer.chief_init_op
            self._tokens = self._optimizer.get_init_tokens_op(self._num_workers - 1)
            [self._apply_op] = self._optimizer.get_chief_queue_runner().enqueue_ops
        else:
            self._init = self._optimizer.local_step_init_op

    def after_create_session(self, session: tf.Session, coord: Any) -> None:
        """Sets the step of the gradients; the chief begins to apply them."""
        session.run(self._init)
        if not self._is_chief:
            return
        if self._creator.was_running:
            # A gradient may have been lost with the chief: let those who wait for a
            # step that will not come begin a new one.
            session.run(self._tokens)
        applying = threading.Thread(
            target=self._apply_gradients, args=(session, coord), daemon=True
        )
        coord.register_thread(applying)
        applying.start()

    def _apply_gradients(self, session: tf.Session, coord: Any) -> None:
        """Applies the gradients of step after step, until the session ends."""
        while not coord.should_stop():
            try:
                session.run(self._apply_op)
            except tf.errors.DeadlineExceededError:
                continue  # the training step reports it
            except (tf.errors.OpError, RuntimeError) as error:
                if not coord.should_stop():
                    # As for a lost parameter server: a new session. This one is closed,
                    # because the next step would wait in it for what was lost here.
                    coord.request_stop(tf.errors.AbortedError(None, None, str(error)))
                    session.close()

    def end(self, session: tf.Session) -> None:
        """Lets those go who still wait for a token, once the chief is done."""
        if self._is_chief:
            session.run(self._tokens)
