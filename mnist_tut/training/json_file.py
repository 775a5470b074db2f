"""The JSON files of a run: written atomically, and read without trusting them."""

import json
import os
import zlib
from typing import Any

from mnist_tut import errors, files

_INTACT = 'what was saved before is intact'
_EXPECTED = 'the file of a run; choose the folder of a run, or another --log_dir'


def write_json(path: str, content: Any) -> None:
    """Writes a file of a run atomically; RunError if that fails."""
    files.write_bytes(path, json.dumps(content).encode(), errors.RunError, _INTACT)


def read_json(path: str) -> dict[str, Any]:
    """Returns the object in a file of a run, without blocking.

    Raises:
        errors.RunError: If it is missing, not a regular file, not JSON or no object.
    """
    where = errors.printable(path)
    try:
        with files.open_regular(path, errors.RunError, _EXPECTED) as stream:
            content = json.loads(stream.read())
    except errors.RunError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise errors.RunError(
            f'{where}: not a readable {os.path.basename(path)}: '
            f'{errors.printable(str(error))}; expected {_EXPECTED}'
        ) from error
    if not isinstance(content, dict):
        raise errors.RunError(
            f'{where}: not of a run: {type(content).__name__} instead of an object; '
            f'expected {_EXPECTED}'
        )
    return content


def crc32(content: Any) -> int:
    """Returns the checksum of a value that is ready for JSON."""
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())


def with_checksum(content: dict[str, Any]) -> dict[str, Any]:
    """Returns the object with an entry for its checksum."""
    return {**content, 'crc32': crc32(content)}


def without_checksum(content: dict[str, Any]) -> dict[str, Any]:
    """Returns the object without its checksum; ValueError if that is not right."""
    rest = {name: value for name, value in content.items() if name != 'crc32'}
    if content.get('crc32') != crc32(rest):
        raise ValueError('its checksum is wrong: it was damaged, or edited by hand')
    return rest
