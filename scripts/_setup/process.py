"""Runs a command to its end, signals included."""

from __future__ import annotations

import os
import signal
import subprocess


def run(
    command: list[str],
    folder: str | os.PathLike[str] | None = None,
    stdout: int | None = None,
) -> int:
    """Runs a command to its end and returns its exit status.

    Args:
        command: What to run.
        folder: Where; the current folder if None.
        stdout: The file descriptor that it prints to; our own standard output if None.
    """
    process = subprocess.Popen(command, cwd=folder, stdout=stdout)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            continue  # the command got the signal too, and saves its work
        return status if status >= 0 else 128 - status
