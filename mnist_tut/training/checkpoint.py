"""Saves and restores all that a run needs to continue exactly.

Beside each checkpoint `model.ckpt-N` of TensorFlow's there is a state file,
`model.ckpt-N.json`, for what TensorFlow does not save: the position in the data, how
much dropout has drawn, the metrics so far. It is written last, so a checkpoint that has
one is complete.
"""

import contextlib
import glob
import json
import os
import sys
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from mnist_tut import errors
from mnist_tut.training import tensorboard
from mnist_tut.training.run_folder import (
    CHECKPOINT_PREFIX,
    checkpoint_path,
    read_json,
    saved_steps,
    write_json,
)

import numpy as np
import tensorflow.compat.v1 as tf

# What reading a damaged checkpoint can raise: for a truncated file, a flipped byte
# (TensorFlow keeps a CRC of each variable) or a missing file.
_DAMAGE = (tf.errors.OpError, ValueError, KeyError, OSError)


class Checkpoints:
    """The checkpoints of one run."""

    def __init__(
        self,
        folder: str,
        saver: tf.train.Saver,
        sess: tf.Session,
        parts: Mapping[str, Any],
    ):
        """Takes all that is to be saved; writes nothing yet.

        Args:
            folder: Folder of the run.
            saver: Saves the variables; keeps the newest five checkpoints.
            sess: Session with their values.
            parts: Other objects by name; those with a state have `get_state()`, which
                returns it ready for JSON, and `set_state(state)`.
        """
        self._folder = folder
        self._saver = saver
        self._sess = sess
        self._saved_names = {variable.op.name for variable in tf.global_variables()}
        self._parts = {
            name: part for name, part in parts.items() if hasattr(part, 'get_state')
        }

    def require_all_variables(self) -> None:
        """Raises RunError if the graph has variables that the Saver does not save."""
        for variable in tf.global_variables():
            if variable.op.name not in self._saved_names:
                raise errors.RunError(
                    f'variable {variable.op.name} was made after run.session(...) and '
                    'would not be saved; build the whole graph first'
                )

    def save(self, step: int, writers: Sequence[tf.summary.FileWriter]) -> None:
        """Saves the state after training step `step`, counted from 0.

        Args:
            step: Number of the last training step that is done.
            writers: Event files, which are flushed first.

        Raises:
            errors.DivergedError: If a weight is not finite; nothing is saved then.
            tf.errors.OpError, errors.RunError: If it cannot be written; earlier
                checkpoints are intact.
        """
        self._check_finite(step)
        for writer in writers:
            writer.flush()
        save(
            self._saver,
            self._sess,
            self._folder,
            step,
            {name: part.get_state() for name, part in self._parts.items()},
        )

    def restore(self, num_steps: int, writers: Sequence[tf.summary.FileWriter]) -> int:
        """Restores the newest checkpoint, and returns the number of steps done.

        Args:
            num_steps: Number of steps of the whole run.
            writers: Event files; the events of later steps are removed from them.

        Raises:
            errors.RunError: If every checkpoint is damaged, or the newest is of a later
                step than `num_steps`.
        """
        folder = errors.printable(self._folder)
        step, state = restore(self._saver, self._sess, self._folder) or (-1, None)
        num_done = step + 1
        if state is not None and not state.keys() >= self._parts.keys():
            raise errors.RunError(
                f'{folder}: was written by version 1.0, whose runs can be used by '
                'predict and export, but not continued; start again with --overwrite, '
                'or in another --log_dir'
            )
        if num_done > num_steps:
            raise errors.RunError(
                f'{folder}: has done {num_done} steps already; expected at least that '
                f'many, not {num_steps}'
            )
        for writer in writers:
            writer.flush()  # a graph that is half written would look damaged
        tensorboard.trim_events(self._folder, num_done)
        if state is not None:
            for name, part in self._parts.items():
                part.set_state(state[name])
        what = (
            f'continuing after {num_done} steps' if step >= 0 else 'nothing to continue'
        )
        print(f'{folder}: {what}', file=sys.stderr)
        return num_done

    def _check_finite(self, step: int) -> None:
        # The loss of a step is computed before its update, so it cannot show this.
        variables = tf.trainable_variables()
        for variable, value in zip(variables, self._sess.run(variables), strict=True):
            if not np.isfinite(value).all():
                what = f'{variable.op.name} is no longer finite'
                raise errors.DivergedError(step, what, self._folder)


def save(
    saver: tf.train.Saver,
    sess: tf.Session,
    folder: str,
    step: int,
    state: dict[str, Any],
) -> None:
    """Saves a checkpoint and its state file, and removes state files of old ones.

    If the lesson itself has just saved this step, only the state file is written.

    Args:
        saver: Saves the variables; keeps the newest five checkpoints.
        sess: Session with their values.
        folder: Folder of the run.
        step: Number of the last training step that is done.
        state: Content of the state file, ready for JSON.
    """
    path = checkpoint_path(folder, step)
    if path not in saver.last_checkpoints:
        saver.save(sess, os.path.join(folder, CHECKPOINT_PREFIX), global_step=step)
    write_json(f'{path}.json', {'state': state, 'crc32': _crc32(state)})
    kept = {os.path.basename(path) for path in saver.last_checkpoints}
    for old in saved_steps(folder):
        if f'{CHECKPOINT_PREFIX}-{old}' not in kept:
            os.remove(f'{checkpoint_path(folder, old)}.json')


def restore(
    saver: tf.train.Saver, sess: tf.Session, folder: str
) -> tuple[int, dict[str, Any]] | None:
    """Restores the newest checkpoint of `folder` that is not damaged.

    Args:
        saver: Restores the variables.
        sess: Session to put the values into.
        folder: Folder of the run.

    Returns:
        (step, content of its state file), or None if nothing has been saved.

    Raises:
        errors.RunError: If every checkpoint is damaged.
    """
    steps = saved_steps(folder)
    for step in steps:
        path = checkpoint_path(folder, step)
        try:
            state = _verified_state(read_json(f'{path}.json'))
            saver.restore(sess, path)
        except _DAMAGE as error:
            print(
                f'{errors.printable(path)}: this checkpoint is damaged '
                f'({_first_line(error)}); trying the one before it',
                file=sys.stderr,
            )
        else:
            saver.recover_last_checkpoints(
                [
                    checkpoint_path(folder, older)
                    for older in reversed(steps)
                    if older <= step
                ]
            )
            return step, state
    if steps:
        raise errors.RunError(
            f'{errors.printable(folder)}: every checkpoint in it is damaged; '
            'start again with --overwrite, or in another --log_dir'
        )
    return None


def _verified_state(content: dict[str, Any]) -> dict[str, Any]:
    """Returns the state in a state file; ValueError or KeyError if it is damaged."""
    checksum = content.pop('crc32')
    state = content.get('state', content)  # version 1.0 had no level in between
    # Without a checksum a flipped digit would be a wrong position in the data.
    if checksum != _crc32(state):
        raise ValueError('the checksum of its .json is wrong')
    return state


def compare_variables(folder: str, variables: Sequence[tf.Variable]) -> str | None:
    """Returns how the newest checkpoint in `folder` differs from a model.

    Args:
        folder: Folder that may hold checkpoints, ours or those of an older TensorFlow.
        variables: Those of the model, in order of creation.

    Returns:
        The first variable that differs, with both shapes, or None.
    """
    saved = _saved_shapes(folder)
    if saved is None:
        return None
    shapes = {variable.op.name: variable.shape.as_list() for variable in variables}
    for name, shape in shapes.items():
        if name not in saved:
            return f'variable {name} {shape} of this model is not in it'
        if saved[name] != shape:
            return f'variable {name} has shape {saved[name]} in it and {shape} here'
    extra = sorted(set(saved) - set(shapes))
    if extra:
        return f'its variable {extra[0]} {saved[extra[0]]} is not in this model'
    return None


def _saved_shapes(folder: str) -> dict[str, list[int]] | None:
    """Returns the shapes in the newest readable checkpoint, by variable name."""
    indexes = glob.glob(os.path.join(glob.escape(folder), '*.index'))
    for path in sorted(indexes, key=os.path.getmtime, reverse=True):
        with contextlib.suppress(*_DAMAGE):
            return dict(tf.train.list_variables(path.removesuffix('.index')))
    return None


def _crc32(content: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())


def _first_line(error: Exception) -> str:
    """Returns the first line of an error of TensorFlow's or the system's."""
    text = getattr(error, 'message', None) or str(error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
