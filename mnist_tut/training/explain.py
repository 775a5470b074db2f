"""Turns errors of TensorFlow and the system into one-line errors."""

import re

from mnist_tut import errors

import tensorflow.compat.v1 as tf

# TensorFlow's messages about a variable that was never initialized.
_NO_VALUE = re.compile(
    r'Could not find variable (\S+)\. This'
    r'|Could not find resource: \w+/([^\s)]+)'
    r'|use uninitialized value (\S+)'
)

# A full disk, a user's share of it, or a limit of the shell's (ulimit -f).
_FULL = re.compile('No space left on device|Disk quota exceeded|File too large')


def explain(
    error: BaseException | None, step: int, folder: str
) -> errors.RunError | None:
    """Returns a one-line error for an error of TensorFlow or the system, or None.

    Args:
        error: The error that ended a run.
        step: Number of the training step in which it occurred.
        folder: Folder of the run.
    """
    if isinstance(error, tf.errors.InvalidArgumentError):
        # A histogram fails before the loss is checked.
        match = re.search(r'(Nan|Infinity) in .*istogram for: \S+', error.message)
        return errors.DivergedError(step, match[0], folder) if match else None
    if isinstance(error, (tf.errors.FailedPreconditionError, tf.errors.NotFoundError)):
        match = _NO_VALUE.search(error.message)
        if match is None:
            return None
        [name] = filter(None, match.groups())
        return errors.RunError(
            f'variable {name} has no value; run tf.global_variables_initializer() '
            'after run.session(...)'
        )
    if isinstance(error, OSError) and error.filename is None:
        return None  # what cannot be written is stdout
    text = str(error)
    # The writer of event files raises the other two, IndexError for a limit.
    kinds = (tf.errors.OpError, OSError, RuntimeError, IndexError)
    full = _FULL.search(text) if isinstance(error, kinds) else None
    if full is None:
        return None
    # The folder's name itself may contain spaces.
    path = rf'({re.escape(folder)}[^\n;]*?|\S+?)(\.tempstate\d+)?; {full[0]}'
    match = re.search(path, text)
    where = match[1] if match else getattr(error, 'filename', None) or folder
    return errors.RunError(
        f'{errors.printable(where)}: cannot be written: {full[0]}; earlier checkpoints '
        'are intact; make room and continue with --resume'
    )
