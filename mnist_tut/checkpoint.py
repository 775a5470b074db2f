"""Save and resume, exactly; nothing is deleted that a run did not make.

Beside each checkpoint `model.ckpt-N` of TensorFlow's there is a `model.ckpt-N.json`
with what that has no place for: the position in the data and the figures so far. It is
written last, so a checkpoint that has one is complete.
"""

import contextlib
import glob
import json
import os
import re
import sys
import zlib
from typing import Any

from mnist_tut import errors, runtime  # noqa: F401  (runtime: TensorFlow, quietly)
from mnist_tut.run_folder import (
    PREFIX,
    own_files,
    path_of,
    read_json,
    steps_saved,
    write_json,
)

import tensorflow.compat.v1 as tf

# The damage that reading a checkpoint can meet: a file cut short, a flipped byte
# (TensorFlow keeps a CRC of each variable), a file gone.
_DAMAGE = (tf.errors.OpError, ValueError, KeyError, OSError)


def save(
    saver: tf.train.Saver,
    sess: tf.Session,
    folder: str,
    step: int,
    extra: dict[str, Any],
) -> None:
    """Saves the state after training step `step`, counted from 0.

    If the lesson itself has just saved this step, only the side file is missing.

    Args:
        saver: Knows the variables; keeps its newest five checkpoints.
        sess: Session with the values.
        folder: Folder of the run.
        step: Number of the last training step that is done.
        extra: What goes into the side file; JSON-able.

    Raises:
        tf.errors.OpError, errors.RunError: If it cannot be written; the checkpoints
            before it stay usable.
    """
    path = path_of(folder, step)
    if path not in saver.last_checkpoints:
        saver.save(sess, os.path.join(folder, PREFIX), global_step=step)
    write_json(f'{path}.json', {**extra, 'crc32': _crc32(extra)})
    kept = {os.path.basename(kept) for kept in saver.last_checkpoints}
    for old in steps_saved(folder):
        if f'{PREFIX}-{old}' not in kept:
            os.remove(f'{path_of(folder, old)}.json')


def restore(
    saver: tf.train.Saver, sess: tf.Session, folder: str
) -> tuple[int, dict[str, Any]] | None:
    """Restores the newest checkpoint of `folder` that is whole.

    Args:
        saver: Knows the variables.
        sess: Session to put the values into.
        folder: Folder of the run.

    Returns:
        (step, content of its side file), or None where nothing has been saved.

    Raises:
        errors.RunError: If every checkpoint is damaged.
    """
    steps = steps_saved(folder)
    for step in steps:
        path = path_of(folder, step)
        try:
            extra = read_json(f'{path}.json')
            if extra.pop('crc32', None) != _crc32(extra):
                raise ValueError('the checksum of its .json is wrong')
            saver.restore(sess, path)
        except _DAMAGE as error:
            print(
                f'{errors.show_path(path)}: this checkpoint is damaged '
                f'({_reason(error)}); looking for one before it',
                file=sys.stderr,
            )
        else:
            saver.recover_last_checkpoints(
                [path_of(folder, older) for older in reversed(steps) if older <= step]
            )
            return step, extra
    if steps:
        raise errors.RunError(
            f'{errors.show_path(folder)}: every checkpoint in it is damaged; '
            'start again with --overwrite, or in another --log_dir'
        )
    return None


def difference(folder: str, variables: dict[str, list[int]]) -> str | None:
    """Tells how the newest checkpoint in `folder` differs from a model.

    Args:
        folder: Folder that may hold checkpoints, of ours or of an older TensorFlow.
        variables: Shape of each variable of the model, by name, in order of creation.

    Returns:
        The first variable that differs, with both shapes, or None where nothing does.
    """
    saved = _saved_shapes(folder)
    if saved is None:
        return None
    for name, shape in variables.items():
        if name not in saved:
            return f'variable {name} {shape} of this model is not in it'
        if saved[name] != shape:
            return f'variable {name} has shape {saved[name]} in it and {shape} here'
    extra = sorted(set(saved) - set(variables))
    if extra:
        return f'its variable {extra[0]} {saved[extra[0]]} is not in this model'
    return None


def _saved_shapes(folder: str) -> dict[str, list[int]] | None:
    """Returns name and shape of what the newest readable checkpoint holds."""
    indexes = glob.glob(os.path.join(glob.escape(folder), '*.index'))
    for path in sorted(indexes, key=os.path.getmtime, reverse=True):
        with contextlib.suppress(*_DAMAGE):
            return dict(tf.train.list_variables(path.removesuffix('.index')))
    return None


def trim_events(folder: str, steps: int) -> None:
    """Cuts the events of step `steps` and later, which a resumed run writes again.

    Args:
        folder: Folder with event files.
        steps: Number of training steps that the restored checkpoint has seen.
    """
    for path in own_files(folder):
        if 'events.out.tfevents.' not in os.path.basename(path):
            continue
        kept, cut = [], False
        try:
            for record in tf.io.tf_record_iterator(path):
                event = tf.Event.FromString(record)
                late = event.step >= steps and event.WhichOneof('what') in (
                    'summary',
                    'tagged_run_metadata',
                )
                kept += [] if late else [record]
                cut |= late
        except tf.errors.DataLossError:
            cut = True  # the process died while it wrote the last record
        if cut:
            # By a name without 'tfevents', or TensorBoard would read it after a kill.
            temporary = os.path.join(os.path.dirname(path), 'events.tmp')
            with tf.io.TFRecordWriter(temporary) as writer:
                for record in kept:
                    writer.write(record)
            os.replace(temporary, path)


def redraw(sess: tf.Session, dropped: tf.Tensor, num_rows: int) -> None:
    """Brings the random numbers of a `tf.nn.dropout` to where they were.

    The op counts its draws inside its kernel, where no checkpoint reaches, and starts
    from the beginning in a new session. So draw again, and throw away, as many rows as
    had been drawn; only the random op runs, not the network in front of it.

    Args:
        sess: The new session.
        dropped: Output of `tf.nn.dropout`, or what is computed from it alone.
        num_rows: Number of rows that the op had drawn.
    """
    random_op = _random_op_of(dropped)
    columns = int(random_op.outputs[0].shape[1])
    while num_rows > 0:
        rows = min(num_rows, 10_000)
        sess.run(random_op, feed_dict={random_op.inputs[0]: [rows, columns]})
        num_rows -= rows


def _random_op_of(dropped: tf.Tensor) -> tf.Operation:
    """Returns the op that draws the mask, the nearest one upstream of `dropped`."""
    upstream = [dropped.op]
    for op in upstream:
        if op.type == 'RandomUniform':
            return op
        upstream += [tensor.op for tensor in op.inputs if tensor.op not in upstream]
    raise ValueError(f'{dropped.name}: no random op is upstream of it')


def explain_full_disk(folder: str, error: Exception) -> None:
    """Raises a one-line RunError in place of an error that says the disk is full."""
    text = str(error)
    if 'No space left' not in text:
        return
    named = re.search(r'(\S+?)(\.tempstate\d+)?; No space left', text)
    path = named[1] if named else getattr(error, 'filename', None) or folder
    raise errors.RunError(
        f'{errors.show_path(path)}: cannot be written: No space left on device; the '
        'checkpoints before it are intact; make room and go on with --resume'
    ) from error


def _crc32(content: dict[str, Any]) -> int:
    """Returns a checksum: a changed digit would be a wrong place in the data."""
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())


def _reason(error: Exception) -> str:
    """Returns the first line of what TensorFlow or the system says."""
    text = getattr(error, 'message', None) or str(error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
