"""Stand-in for slim.learning: training ops, and a loop that saves and logs.

Source:
    TensorFlow 1.2, contrib/slim/python/slim/learning.py and
    contrib/training/python/training/training.py.
"""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.contrib import framework, shorten

import tensorflow.compat.v1 as tf

_DEFAULT = 0


def clip_gradient_norms(gradients_to_variables: Sequence, max_norm: float) -> list:
    """Returns gradients whose norms are at most `max_norm`, each on its own."""
    return [
        (None if gradient is None else tf.clip_by_norm(gradient, max_norm), variable)
        for gradient, variable in gradients_to_variables
    ]


def multiply_gradients(grads_and_vars: list, gradient_multipliers: dict) -> list:
    """Returns gradients times the factors for their variables or their names."""
    by_name = {getattr(k, 'op', k): m for k, m in gradient_multipliers.items()}
    by_name = {getattr(k, 'name', k): m for k, m in by_name.items()}
    return [
        (g if g is None else g * by_name.get(v.op.name, 1.0), v)
        for g, v in grads_and_vars
    ]


def add_gradients_summaries(grads_and_vars: Sequence) -> list:
    """Adds a histogram and a norm of each gradient."""
    summaries = []
    for gradient, variable in grads_and_vars:
        if gradient is not None:
            values = getattr(gradient, 'values', gradient)
            name = variable.op.name
            summaries.append(tf.summary.histogram(name + '/gradient', values))
            norm = tf.global_norm([values])
            summaries.append(tf.summary.scalar(name + '/gradient_norm', norm))
    return summaries


def create_train_op(
    total_loss: Any,
    optimizer: tf.train.Optimizer,
    global_step: Any = _DEFAULT,
    update_ops: Any = None,
    variables_to_train: Any = None,
    clip_gradient_norm: float = 0,
    summarize_gradients: bool = False,
    gate_gradients: int = tf.train.Optimizer.GATE_OP,
    aggregation_method: Any = None,
    colocate_gradients_with_ops: bool = False,
    gradient_multipliers: dict | None = None,
    check_numerics: bool = True,
    transform_grads_fn: Callable | None = None,
) -> tf.Tensor:
    """Returns the loss as a tensor that takes a training step when it is computed.

    Args:
        total_loss: Scalar.
        optimizer: The optimizer.
        global_step: Variable that counts the steps; None to count none.
        update_ops: Ops to run before; those of the collection UPDATE_OPS if None.
        variables_to_train: All trainable ones if None.
        clip_gradient_norm: The most that each gradient's norm may be; 0 for any.
        summarize_gradients: Add summaries of the gradients.
        gate_gradients: As of `Optimizer.compute_gradients`.
        aggregation_method: Likewise.
        colocate_gradients_with_ops: Likewise.
        gradient_multipliers: Factors by the variables or their names.
        check_numerics: Fail if the loss is no number.
        transform_grads_fn: Function of the gradients, applied last.
    """
    if isinstance(global_step, int) and global_step == _DEFAULT:
        global_step = framework.get_or_create_global_step()
    if update_ops is None:
        update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    if update_ops:
        with tf.control_dependencies(list(update_ops)):
            total_loss = tf.identity(total_loss)
    gradients = optimizer.compute_gradients(
        total_loss,
        tf.trainable_variables() if variables_to_train is None else variables_to_train,
        gate_gradients=gate_gradients,
        aggregation_method=aggregation_method,
        colocate_gradients_with_ops=colocate_gradients_with_ops,
    )
    if gradient_multipliers:
        with tf.name_scope('multiply_grads'):
            gradients = multiply_gradients(gradients, gradient_multipliers)
    if clip_gradient_norm > 0:
        with tf.name_scope('clip_grads'):
            gradients = clip_gradient_norms(gradients, clip_gradient_norm)
    if transform_grads_fn is not None:
        gradients = transform_grads_fn(gradients)
    if summarize_gradients:
        with tf.name_scope('summarize_grads'):
            add_gradients_summaries(gradients)
    step = optimizer.apply_gradients(gradients, global_step=global_step)
    with tf.name_scope('train_op'):
        if check_numerics:
            total_loss = tf.check_numerics(total_loss, 'LossTensor is inf or nan')
        with tf.control_dependencies([step]):
            train_op = tf.identity(total_loss)
    tf.add_to_collection(tf.GraphKeys.TRAIN_OP, train_op)
    return train_op


def train_step(
    sess: Any, train_op: Any, global_step: Any, train_step_kwargs: dict
) -> tuple[Any, bool]:
    """Takes a step, and returns its loss and whether it was the last one.

    Args:
        sess: The session.
        train_op: As `create_train_op` makes it.
        global_step: Variable that counts the steps.
        train_step_kwargs: The tensors should_log and should_stop.
    """
    start_time = time.time()
    total_loss, step = sess.run([train_op, global_step])
    if 'should_log' in train_step_kwargs and sess.run(train_step_kwargs['should_log']):
        tf.logging.info(
            'global step %d: loss = %.4f (%.3f sec/step)',
            step,
            total_loss,
            time.time() - start_time,
        )
    if 'should_stop' in train_step_kwargs:
        return total_loss, bool(sess.run(train_step_kwargs['should_stop']))
    return total_loss, False


def _given(value: Any, default: Callable[[], Any]) -> Any:
    """Returns an argument, or its default value."""
    is_default = isinstance(value, int) and value == _DEFAULT
    return default() if is_default else value


def train(
    train_op: Any,
    logdir: str | None,
    train_step_fn: Callable = train_step,
    train_step_kwargs: Any = _DEFAULT,
    log_every_n_steps: int = 1,
    graph: tf.Graph | None = None,
    master: str = '',
    is_chief: bool = True,
    global_step: Any = None,
    number_of_steps: int | None = None,
    init_op: Any = _DEFAULT,
    init_feed_dict: dict | None = None,
    local_init_op: Any = _DEFAULT,
    init_fn: Callable | None = None,
    ready_op: Any = _DEFAULT,
    summary_op: Any = _DEFAULT,
    save_summaries_secs: float = 600,
    summary_writer: Any = _DEFAULT,
    startup_delay_steps: int = 0,
    saver: Any = None,
    save_interval_secs: float = 600,
    sync_optimizer: Any = None,
    session_config: Any = None,
    trace_every_n_steps: int | None = None,
    **ignored: Any,
) -> Any:
    """Runs a training op in a loop, with checkpoints and summaries in a folder.

    Args:
        train_op: As `create_train_op` makes it.
        logdir: The folder; None to write nothing. An earlier checkpoint in it is
            where the training goes on.
        train_step_fn: Function that takes a step; see `train_step`.
        train_step_kwargs: What it is given.
        log_every_n_steps: Steps between lines in the log.
        graph: The graph, if it is not the default one.
        master: Of the session.
        is_chief: Whether this process writes.
        global_step: Variable that counts the steps.
        number_of_steps: The last step; None until the batches end.
        init_op: Initializes the variables.
        init_feed_dict: What it is fed.
        local_init_op: Initializes local variables and tables.
        init_fn: Called with the session after that.
        ready_op: Names of variables that are not initialized.
        summary_op: All summaries.
        save_summaries_secs: Seconds between summaries.
        summary_writer: Of the summaries.
        startup_delay_steps: Ignored.
        saver: Of the checkpoints.
        save_interval_secs: Seconds between checkpoints.
        sync_optimizer: Ignored.
        session_config: Of the session.
        trace_every_n_steps: Ignored.
        **ignored: Arguments of other versions.

    Returns:
        The loss of the last step.
    """
    del startup_delay_steps, sync_optimizer, trace_every_n_steps, ignored
    if train_op is None:
        raise ValueError('train_op cannot be None.')
    if number_of_steps is not None and number_of_steps <= 0:
        raise ValueError('`number_of_steps` must be either None or a positive number.')
    graph = graph or tf.get_default_graph()
    with graph.as_default():
        if global_step is None:
            global_step = framework.get_or_create_global_step()
        with tf.name_scope('init_ops'):
            init_op = _given(init_op, tf.global_variables_initializer)
            ready_op = _given(ready_op, tf.report_uninitialized_variables)
            local_init_op = _given(
                local_init_op,
                lambda: tf.group(
                    tf.local_variables_initializer(), tf.tables_initializer()
                ),
            )
        kwargs = _given(train_step_kwargs, dict)
        if not kwargs:
            with tf.name_scope('train_step'):
                kwargs['should_stop'] = tf.constant(False)
                if number_of_steps:
                    kwargs['should_stop'] = tf.greater_equal(
                        global_step, number_of_steps
                    )
                if log_every_n_steps > 0:
                    every = tf.constant(log_every_n_steps, global_step.dtype.base_dtype)
                    kwargs['should_log'] = tf.equal(tf.mod(global_step, every), 0)
        summaries = _given(summary_op, tf.summary.merge_all)
        writer = None
        if is_chief and logdir is not None and summaries is not None:
            writer = _given(
                summary_writer, lambda: tf.summary.FileWriter(logdir, graph)
            )
        saver = saver or tf.train.Saver(save_relative_paths=True)
        manager = tf.train.SessionManager(local_init_op, ready_op, graph=graph)
        session = manager.prepare_session(
            master,
            init_op=init_op,
            saver=saver,
            checkpoint_dir=logdir,
            config=session_config,
            init_feed_dict=init_feed_dict,
            init_fn=init_fn,
        )
        saving = _Saving(
            session,
            global_step,
            saver if is_chief and logdir is not None else None,
            os.path.join(logdir or '', 'model.ckpt'),
            save_interval_secs,
            writer,
            summaries,
            save_summaries_secs,
        )
        if writer is not None:
            kwargs['summary_writer'] = writer
        with session:
            return _run(session, saving, train_step_fn, train_op, global_step, kwargs)


class _Saving:
    """Saves the model and its summaries from time to time.

    Args:
        session: The session.
        global_step: Variable that counts the steps.
        saver: Of the checkpoints; None for none.
        path: Of the checkpoints.
        saver_secs: Seconds between them.
        writer: Of the summaries; None for none.
        summaries: The summaries.
        writer_secs: Seconds between them.
    """

    def __init__(
        self,
        session: Any,
        global_step: Any,
        saver: Any,
        path: str,
        saver_secs: float,
        writer: Any,
        summaries: Any,
        writer_secs: float,
    ):
        self._session, self._step = session, global_step
        self._saver, self._path, self._saver_secs = saver, path, saver_secs
        self._writer, self._summaries, self._secs = writer, summaries, writer_secs
        self._saved = self._written = time.monotonic()

    def after_step(self) -> None:
        """Saves what is due."""
        now = time.monotonic()
        if self._writer is not None and 0 < self._secs <= now - self._written:
            self._write()
            self._written = now
        if self._saver is not None and 0 < self._saver_secs <= now - self._saved:
            self._save()
            self._saved = now

    def _write(self) -> None:
        """Writes the summaries."""
        found, step = self._session.run([self._summaries, self._step])
        self._writer.add_summary(found, step)

    def _save(self) -> None:
        """Writes a checkpoint."""
        self._saver.save(self._session, self._path, global_step=self._step)

    def finish(self) -> None:
        """Saves the model, and closes the events file."""
        if self._saver is not None:
            tf.logging.info('Finished training! Saving model to disk.')
            self._save()
        if self._writer is not None:
            self._writer.close()


def _run(
    session: Any,
    saving: _Saving,
    train_step_fn: Callable,
    train_op: Any,
    global_step: Any,
    kwargs: dict,
) -> Any:
    """Takes steps until one is the last, and saves the model."""
    training = shorten.Training('slim.learning.train')
    coordinator = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(session, coordinator)
    total_loss = None
    try:
        while not coordinator.should_stop():
            total_loss, is_last = train_step_fn(session, train_op, global_step, kwargs)
            saving.after_step()
            if is_last or training.is_over():
                break
    except tf.errors.OutOfRangeError:
        tf.logging.info('Caught OutOfRangeError. Stopping Training.')
    saving.finish()
    coordinator.request_stop()
    coordinator.join(threads, stop_grace_period_secs=10, ignore_live_threads=True)
    return total_loss
