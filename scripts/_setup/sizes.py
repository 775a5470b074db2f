"""How much a lock file installs, from the comments that lock.py writes at its top."""

from __future__ import annotations

import math
import pathlib
import platform
import re
import sys
from typing import NamedTuple

from _setup.environment import ROOT

_MBIT_PER_SEC = 100  # the connection for which the time is stated


class Sizes(NamedTuple):
    """What one platform needs for a lock file; 0 where it has not been measured."""

    download_mb: int
    installed_mb: int
    install_sec: int

    def without(self, other: Sizes | None) -> Sizes:
        """Returns the sizes of what is left to install when `other` is there."""
        if other is None:
            return self
        return Sizes(*(max(0, a - b) for a, b in zip(self, other, strict=True)))


def announce(venv: pathlib.Path, lock: str, known: list[str]) -> str:
    """Returns the line to print before an installation.

    Args:
        venv: The environment's folder.
        lock: Name of the lock file that will be installed.
        known: Names of those that have been installed, perhaps in another state.
    """
    if lock in known:
        return f'Installing into {venv} what has changed in {lock} ...'
    whole = read(lock)
    if whole is None:
        return f'Setting up {venv} from {lock}, once ...'
    # The lock files share their versions, so what is there is not installed again.
    for other in known:
        whole = whole.without(read(other))
    on_disk = f', {whole.installed_mb} MB on the disk' if whole.installed_mb else ''
    seconds = whole.download_mb * 8 / _MBIT_PER_SEC + whole.install_sec
    return (
        f'Setting up {venv} from {lock}, once: {whole.download_mb} MB to download'
        f'{on_disk}; about {math.ceil(seconds / 60)} min at {_MBIT_PER_SEC} Mbit/s ...'
    )


def read(lock: str) -> Sizes | None:
    """Returns the sizes for this machine; None where the lock file does not say."""
    text = (ROOT / lock).read_text()
    here = f'{sys.platform} {platform.machine()}'
    found = re.search(
        rf'^# {re.escape(here)}: (\d+) MB to download'
        r'(?:, (\d+) MB installed in (\d+) s)?',
        text,
        re.MULTILINE,
    )
    return Sizes(*(int(number or 0) for number in found.groups())) if found else None
