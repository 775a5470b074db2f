"""Child processes whose lines are printed with their names, and free ports for them."""

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

_TERMINATE_SEC = 3.0  # between SIGTERM and SIGKILL


class NamedProcess:
    """A process that prints its lines as '[worker 0] ...'.

    Attributes:
        name: What stands before each line.
        is_stopped: Whether it was stopped here.
        is_unread: Whether nobody reads its lines any more, as after `| head`.
    """

    def __init__(self, name: str, is_quiet: bool = False):
        """Starts nothing yet.

        Args:
            name: What stands before each line.
            is_quiet: Whether its lines are printed only if it fails, at the end.
        """
        self.name = name
        self.is_stopped = self.is_unread = False
        self.process: subprocess.Popen[str] | None = None
        self._is_quiet = is_quiet
        self._kept: list[str] = []
        self._threads: list[threading.Thread] = []

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        own_session: bool = False,
    ) -> None:
        """Starts the process, and the threads that print its lines.

        Args:
            command: Program and arguments.
            environment: All of its variables.
            own_session: Whether a Ctrl-C in the terminal does not reach it.
        """
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding='utf-8',
            errors='replace',
            start_new_session=own_session,
        )
        for source, target in (
            (self.process.stdout, sys.stdout),
            (self.process.stderr, sys.stderr),
        ):
            thread = threading.Thread(target=self._copy, args=(source, target))
            thread.start()
            self._threads.append(thread)

    def _copy(self, source: IO[str], target: IO[str]) -> None:
        for line in source:
            if self._is_quiet:
                self._kept.append(line)
                continue
            with self._unless_unread():
                target.write(f'[{self.name}] {line.rstrip()}\n')
                target.flush()
        source.close()

    @contextlib.contextmanager
    def _unless_unread(self) -> Iterator[None]:
        """Reads on where a line cannot be printed: the process would wait, too."""
        try:
            yield
        except OSError:
            self.is_unread = True

    def status(self) -> int | None:
        """Returns the exit status, or None while it runs."""
        return None if self.process is None else self.process.poll()

    def stop(self, wait_sec: float = _TERMINATE_SEC) -> None:
        """Ends the process: by SIGTERM, and by SIGKILL if it then takes too long."""
        if self.process is not None and self.process.poll() is None:
            self.is_stopped = True
            self.process.terminate()
            try:
                self.process.wait(timeout=wait_sec)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def finish(self) -> None:
        """Waits until all of its lines are printed."""
        for thread in self._threads:
            thread.join()
        if self.status() and not self.is_stopped:
            for line in self._kept:
                print(f'[{self.name}] {line.rstrip()}', file=sys.stderr)


def free_addresses(count: int) -> list[str]:
    """Returns as many addresses '127.0.0.1:port' on which nothing listens."""
    with contextlib.ExitStack() as stack:  # all at once, so that no port is found twice
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for item in sockets:
            item.bind(('127.0.0.1', 0))
        return [f'127.0.0.1:{item.getsockname()[1]}' for item in sockets]
