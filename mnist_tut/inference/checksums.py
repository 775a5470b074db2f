"""SHA-256 sums beside the files of an exported model.

A byte that has changed in a SavedModel changes its answers without any error, so the
sums are compared before it is loaded. The file has the format of `sha256sum`:
`sha256sum -c SHA256SUMS` compares them, too.
"""

import hashlib
import os
import re

from mnist_tut import errors, files

SUMS_FILE = 'SHA256SUMS'

_LINE = re.compile(r'([0-9a-f]{64}) [ *](.+)')


def write(folder: str | os.PathLike) -> None:
    """Writes the sums of all files in `folder` and below it, sorted by name."""
    folder = os.fspath(folder)
    paths = sorted(
        os.path.relpath(os.path.join(parent, name), folder).replace(os.sep, '/')
        for parent, _, names in os.walk(folder)
        for name in names
    )
    lines = [f'{_sum(os.path.join(folder, path))}  {path}\n' for path in paths]
    files.write_bytes(os.path.join(folder, SUMS_FILE), ''.join(lines).encode())


def check(folder: str | os.PathLike, needed: str) -> bool:
    """Compares the files in `folder` with their sums.

    Args:
        folder: The folder.
        needed: Name of a file that must have a sum.

    Returns:
        Whether there are sums to compare with.

    Raises:
        errors.RunError: If a file is missing or differs.
    """
    folder = os.fspath(folder)
    path = os.path.join(folder, SUMS_FILE)
    if not os.path.lexists(path):
        return False
    sums = _read(path)
    if needed not in sums:
        raise errors.RunError(f'{errors.printable(path)}: has no sum of {needed}')
    for name, expected in sums.items():
        if _sum(os.path.join(folder, name)) != expected:
            raise errors.RunError(
                f'{errors.printable(os.path.join(folder, name))}: is not as it was '
                f'written: its SHA-256 is not that in {SUMS_FILE} beside it; export '
                'the model again'
            )
    return True


def _read(path: str) -> dict[str, str]:
    """Returns the sums by the name of the file."""
    with files.open_regular(path) as file:
        lines = file.read().decode(errors='replace').splitlines()
    matches = [_LINE.fullmatch(line) for line in lines]
    if None in matches:
        raise errors.RunError(
            f'{errors.printable(path)}: damaged; expected lines as sha256sum writes '
            'them; export the model again'
        )
    return {match[2]: match[1] for match in matches if match}


def _sum(path: str) -> str:
    with files.open_regular(path) as file:
        return hashlib.sha256(file.read()).hexdigest()
