"""Saves and restores all that a run needs to continue exactly.

Beside each checkpoint `model.ckpt-N` of TensorFlow's there is a state file,
`model.ckpt-N.json`, for what TensorFlow does not save: the position in the data, how
much dropout has drawn, the metrics so far. It is written last, so a checkpoint that has
one is complete.
"""

import contextlib
import functools
import glob
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mnist_tut import errors, files
from mnist_tut.training import event_files
from mnist_tut.training.json_file import crc32, read_json, write_json
from mnist_tut.training.own_files import OwnFiles
from mnist_tut.training.previous_run import CHECKPOINT_PREFIX
from mnist_tut.training.run_folder import (
    RunFolder,
    checkpoint_path,
    require_plain,
    saved_steps,
)

import numpy as np
import tensorflow.compat.v1 as tf

# What reading a damaged checkpoint can raise: for a truncated file, a flipped byte
# (TensorFlow keeps a CRC of each variable) or a missing file.
_DAMAGE = (tf.errors.OpError, ValueError, KeyError, OSError)
# The files of a checkpoint; the state file comes last.
_ENDINGS = ('.data-00000-of-00001', '.index', '.meta', '.json')


class Checkpoints:
    """The checkpoints of one run.

    Attributes:
        sess: Session with the values of the variables.
    """

    def __init__(
        self,
        folder: RunFolder,
        saver: tf.train.Saver,
        sess: tf.Session,
        parts: Mapping[str, Any],
    ):
        """Takes all that is to be saved; writes nothing yet.

        Args:
            folder: Folder of the run.
            saver: Saves the variables; keeps the newest five checkpoints. From now on
                it writes down the files that it saves, whoever calls it.
            sess: Session with their values.
            parts: Other objects by name; those with a state have `get_state()`, which
                returns it ready for JSON, and `set_state(state)`.
        """
        self._folder = folder.path
        self._own_files = folder.own_files
        self._saver = saver
        self.sess = sess
        _write_down_saves(saver, self._folder, self._own_files)
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

    def keep_graph(self) -> None:
        """Has every .meta file hold the graph as it is now, not what is added to it."""
        meta_graph = self._saver.export_meta_graph()

        def export(filename: str, **_: Any) -> None:
            tf.train.write_graph(meta_graph, *os.path.split(filename), as_text=False)

        self._saver.export_meta_graph = export

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
        path = checkpoint_path(self._folder, step)
        # The lesson itself may just have saved this step.
        if path not in self._saver.last_checkpoints:
            prefix = os.path.join(self._folder, CHECKPOINT_PREFIX)
            self._saver.save(self.sess, prefix, global_step=step)
        state = {name: part.get_state() for name, part in self._parts.items()}
        write_json(f'{path}.json', {'state': state, 'crc32': crc32(state)})
        self._remove_old_states()

    def _remove_old_states(self) -> None:
        """Removes the state files of the checkpoints that the Saver has removed."""
        kept = {os.path.basename(path) for path in self._saver.last_checkpoints}
        removed = []
        for step in self._own_steps():
            if (name := f'{CHECKPOINT_PREFIX}-{step}') not in kept:
                os.remove(f'{checkpoint_path(self._folder, step)}.json')
                removed += [name + ending for ending in _ENDINGS]
        if removed:
            self._own_files.forget(*removed)

    def _own_steps(self) -> list[int]:
        """Returns the steps of the run's complete checkpoints, newest first."""
        return [
            step
            for step in saved_steps(self._folder)
            if f'{CHECKPOINT_PREFIX}-{step}.json' in self._own_files
        ]

    def restore(
        self,
        num_steps: int,
        writers: Sequence[tf.summary.FileWriter],
        has_values: bool = False,
    ) -> int:
        """Restores the newest checkpoint, and returns the number of steps done.

        Args:
            num_steps: Number of steps of the whole run.
            writers: Event files; the events of later steps are removed from them.
            has_values: Whether the variables have kept their values, which are of later
                steps, and only the rest is restored.

        Raises:
            errors.RunError: If every checkpoint is damaged, or the newest is of a later
                step than `num_steps`.
        """
        folder = errors.printable(self._folder)
        steps = self._own_steps()
        sess = None if has_values else self.sess
        found = restore(self._saver, sess, self._folder, steps)
        step, state = found or (-1, None)
        num_done = step + 1
        if state is not None and not state.keys() >= self._parts.keys():
            raise errors.RunError(
                f'{folder}: was written by version 1.0, whose runs can be used by '
                'predict and export, but not continued; start again in another '
                '--log_dir'
            )
        if num_done > num_steps:
            raise errors.RunError(
                f'{folder}: has done {num_done} steps already; expected at least that '
                f'many, not {num_steps}'
            )
        if not has_values:
            for writer in writers:
                writer.flush()  # a graph that is half written would look damaged
            event_files.trim(self._folder, num_done)
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
        for variable, value in zip(variables, self.sess.run(variables), strict=True):
            if not np.isfinite(value).all():
                what = f'{variable.op.name} is no longer finite'
                raise errors.DivergedError(step, what, self._folder)


def _write_down_saves(saver: tf.train.Saver, folder: str, own_files: OwnFiles) -> None:
    """Makes a Saver write down the files of each checkpoint before it writes them."""
    save_as_before = saver.save

    @functools.wraps(save_as_before)
    def save(sess: Any, path: Any, global_step: Any = None, *rest: Any, **options: Any):
        head, name = os.path.split(path)
        if head == folder:
            step = '' if global_step is None else f'-{int(global_step)}'
            own_files.add(*(f'{name}{step}{ending}' for ending in _ENDINGS))
        return save_as_before(sess, path, global_step, *rest, **options)

    saver.save = save


def restore(
    saver: tf.train.Saver,
    sess: tf.Session | None,
    folder: str,
    steps: Sequence[int] | None = None,
) -> tuple[int, dict[str, Any]] | None:
    """Restores the newest checkpoint of `folder` that is not damaged.

    Args:
        saver: Restores the variables.
        sess: Session to put the values into; None to read the state file alone.
        folder: Folder of the run.
        steps: Those of the checkpoints to choose from, newest first; all by default.

    Returns:
        (step, content of its state file), or None if nothing has been saved.

    Raises:
        errors.RunError: If every checkpoint is damaged.
    """
    require_plain(folder)
    steps = saved_steps(folder) if steps is None else steps
    for step in steps:
        path = checkpoint_path(folder, step)
        try:
            state = _verified_state(read_json(f'{path}.json'))
            _require_regular(path)
            if sess is not None:
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


def _require_regular(path: str) -> None:
    """Raises DataError if TensorFlow would wait for a pipe in place of a checkpoint."""
    for ending in _ENDINGS[:2]:
        files.open_regular(path + ending).close()


def _verified_state(content: dict[str, Any]) -> dict[str, Any]:
    """Returns the state in a state file; ValueError or KeyError if it is damaged."""
    checksum = content.pop('crc32')
    state = content.get('state', content)  # version 1.0 had no level in between
    # Without a checksum a flipped digit would be a wrong position in the data.
    if checksum != crc32(state):
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
    regular = filter(os.path.isfile, indexes)  # TensorFlow would wait for a pipe
    for path in sorted(regular, key=os.path.getmtime, reverse=True):
        with contextlib.suppress(*_DAMAGE):
            return dict(tf.train.list_variables(path.removesuffix('.index')))
    return None


def _first_line(error: Exception) -> str:
    """Returns the first line of an error of TensorFlow's or the system's."""
    text = getattr(error, 'message', None) or str(error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
