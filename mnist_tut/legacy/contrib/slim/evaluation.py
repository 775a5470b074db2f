"""Stand-in for slim.evaluation: metrics of checkpoints.

Source:
    TensorFlow 1.2, contrib/slim/python/slim/evaluation.py.
"""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from mnist_tut.legacy.contrib import framework, shorten

import tensorflow.compat.v1 as tf

_DEFAULT = 0


def evaluate_once(
    master: str,
    checkpoint_path: str,
    logdir: str | None,
    num_evals: int = 1,
    initial_op: Any = None,
    initial_op_feed_dict: dict | None = None,
    eval_op: Any = None,
    eval_op_feed_dict: dict | None = None,
    final_op: Any = None,
    final_op_feed_dict: dict | None = None,
    summary_op: Any = _DEFAULT,
    summary_op_feed_dict: dict | None = None,
    variables_to_restore: Any = None,
    session_config: Any = None,
) -> Any:
    """Runs an evaluation on a checkpoint.

    Args:
        master: Of the session.
        checkpoint_path: The checkpoint.
        logdir: Folder for the summaries.
        num_evals: How often `eval_op` runs.
        initial_op: Runs first.
        initial_op_feed_dict: What it is fed.
        eval_op: The metrics' update ops.
        eval_op_feed_dict: What they are fed.
        final_op: The metrics' values.
        final_op_feed_dict: What they are fed.
        summary_op: Runs at the end; all summaries by default.
        summary_op_feed_dict: What it is fed.
        variables_to_restore: All by default.
        session_config: Of the session.

    Returns:
        The values of `final_op`.
    """
    framework.get_or_create_global_step()
    if isinstance(summary_op, int) and summary_op == _DEFAULT:
        summary_op = tf.summary.merge_all()
    saver = tf.train.Saver(variables_to_restore)
    creator = tf.train.ChiefSessionCreator(
        tf.train.Scaffold(
            init_op=initial_op, init_feed_dict=initial_op_feed_dict, saver=saver
        ),
        master=master,
        checkpoint_filename_with_path=checkpoint_path,
        config=session_config,
    )
    with tf.train.MonitoredSession(creator) as session:
        for _ in range(num_evals if eval_op is not None else 0):
            session.run(eval_op, eval_op_feed_dict)
        values = None
        if final_op is not None:
            values = session.run(final_op, final_op_feed_dict)
        if summary_op is not None and logdir:
            summaries, step = session.run(
                [summary_op, framework.get_global_step()], summary_op_feed_dict
            )
            writer = tf.summary.FileWriter(logdir)
            writer.add_summary(summaries, step)
            writer.close()
    return values


def wait_for_new_checkpoint(
    checkpoint_dir: str,
    last_checkpoint: str | None = None,
    seconds_to_sleep: float = 1,
    timeout: float | None = None,
) -> str | None:
    """Returns the next checkpoint in a folder; None after `timeout` seconds."""
    stop_time = time.time() + timeout if timeout is not None else None
    while True:
        path = tf.train.latest_checkpoint(checkpoint_dir)
        if path is not None and path != last_checkpoint:
            return path
        if stop_time is not None and time.time() + seconds_to_sleep > stop_time:
            return None
        time.sleep(seconds_to_sleep)


def checkpoints_iterator(
    checkpoint_dir: str, min_interval_secs: float = 0, timeout: float | None = None
) -> Iterator[str]:
    """Yields the checkpoints in a folder as they come."""
    path = None
    while True:
        path = wait_for_new_checkpoint(checkpoint_dir, path, timeout=timeout)
        if path is None:
            return
        start_time = time.time()
        yield path
        time.sleep(max(0.0, start_time + min_interval_secs - time.time()))


def evaluation_loop(
    master: str,
    checkpoint_dir: str,
    logdir: str | None,
    num_evals: int = 1,
    initial_op: Any = None,
    initial_op_feed_dict: dict | None = None,
    init_fn: Callable | None = None,
    eval_op: Any = None,
    eval_op_feed_dict: dict | None = None,
    final_op: Any = None,
    final_op_feed_dict: dict | None = None,
    summary_op: Any = _DEFAULT,
    summary_op_feed_dict: dict | None = None,
    variables_to_restore: Any = None,
    eval_interval_secs: float = 60,
    max_number_of_evaluations: int | None = None,
    session_config: Any = None,
    timeout: float | None = None,
    hooks: Any = None,
) -> Any:
    """Runs an evaluation on each new checkpoint; see `evaluate_once`.

    While the command shortens training loops, the newest checkpoint alone is used.
    """
    del init_fn, hooks
    if shorten.is_limited():
        max_number_of_evaluations = 1
    values = None
    paths = checkpoints_iterator(checkpoint_dir, eval_interval_secs, timeout)
    for done, path in enumerate(paths, 1):
        values = evaluate_once(
            master,
            path,
            logdir and os.fspath(logdir),
            num_evals,
            initial_op,
            initial_op_feed_dict,
            eval_op,
            eval_op_feed_dict,
            final_op,
            final_op_feed_dict,
            summary_op,
            summary_op_feed_dict,
            variables_to_restore,
            session_config,
        )
        if max_number_of_evaluations is not None and done >= max_number_of_evaluations:
            break
    return values
