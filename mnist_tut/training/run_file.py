"""run.json: what a run trains, on which data, with which flags, and its model.

A flipped digit in it would be another seed or learning rate, so it has a checksum, and
what is read from it is checked as what a user types is.
"""

import glob
import math
import os
from collections.abc import Callable
from typing import Any

from mnist_tut import errors
from mnist_tut.training.json_file import (
    read_json,
    with_checksum,
    without_checksum,
    write_json,
)

RUN_FILE = 'run.json'


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_real and abs(value) < 1e30 and math.isfinite(value)


def _is_seed(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**31


def _is_range(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(map(_is_number, value))
        and value[0] < value[1]
    )


def _is_feeds(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_number, value.values()))


def _is_a(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kind)


_ENTRIES = {
    'lesson': (_is_a(str), 'the name of a lesson'),
    'seed': (_is_seed, 'a whole number from 0 to 2147483647'),
    'data': (_is_a(str), 'the fingerprint of a data set'),
    'flags': (_is_a(dict), 'the values of flags'),
}
# Version 1.0 had no data_kind.
_OPTIONAL_ENTRIES = {
    'data_kind': (_is_a(str), 'the kind of a data set'),
    'model': (_is_a(dict), 'what describes a model'),
}
_MODEL_ENTRIES = {
    'images': (_is_a(str), 'the name of a tensor'),
    'scores': (_is_a(str), 'the name of a tensor'),
    'probabilities': (_is_a(bool), 'true or false'),
    'feeds': (_is_feeds, 'numbers by the name of a tensor'),
    'pixel_range': (_is_range, 'two numbers, the smaller first'),
}


def write(folder: str, content: dict[str, Any]) -> None:
    """Writes the run.json of a folder atomically; RunError if that fails."""
    write_json(os.path.join(folder, RUN_FILE), with_checksum(content))


def read(folder: str) -> dict[str, Any]:
    """Returns the content of the run.json of a folder.

    One of an earlier version, without a checksum, is accepted. Its model may be
    missing, but is complete if it is there.

    Raises:
        errors.RunError: If it is missing, damaged or not of a lesson.
    """
    path = os.path.join(folder, RUN_FILE)
    if not os.path.lexists(path):
        _refuse_other_checkpoints(folder)
    content = read_json(path)
    where = errors.printable(path)
    if 'crc32' in content:
        try:
            content = without_checksum(content)
        except ValueError as error:
            raise errors.RunError(
                f'{where}: {error}; bring back the file as the run wrote it, or choose '
                'another --log_dir'
            ) from error
    _check(where, content, _ENTRIES, _ENTRIES)
    _check(where, content, _OPTIONAL_ENTRIES, content)
    if (model := content.get('model')) is not None:
        if 'ink' in model:  # its name in version 1.0
            model['pixel_range'] = model.pop('ink')
        _check(f'{where}: model', model, _MODEL_ENTRIES, _MODEL_ENTRIES)
    return content


def _check(where: str, content: dict[str, Any], entries: Any, required: Any) -> None:
    """Raises RunError unless the entries of an object are what they should be."""
    for name, (is_valid, expected) in entries.items():
        if name not in content:
            if name in required:
                raise errors.RunError(
                    f'{where}: not a complete run.json: no {name}; expected '
                    f'{expected}; choose the folder of a run, or another --log_dir'
                )
        elif not is_valid(content[name]):
            found = errors.printable(repr(content[name]))
            if len(found) > 60:
                found = f'{found[:60]}...'
            raise errors.RunError(
                f'{where}: {name} is {found}; expected {expected}; choose the folder '
                'of a run, or another --log_dir'
            )


def other_checkpoint(folder: str) -> str | None:
    """Returns the path of a TensorFlow checkpoint in a folder, or None."""
    indexes = sorted(glob.glob(os.path.join(glob.escape(folder), '*.index')))
    return indexes[-1].removesuffix('.index') if indexes else None


def _refuse_other_checkpoints(folder: str) -> None:
    if path := other_checkpoint(folder):
        raise errors.RunError(
            f'{errors.printable(folder)}: a TensorFlow checkpoint without the run.json '
            'of a lesson; give it to python -m mnist_tut.predict (or export) as '
            f'--checkpoint={errors.printable(path)}'
        )
