"""Ends a step that waits for other tasks, when a signal asks this one to stop.

Python runs a signal's handler between two steps. A step that waits for the gradients of
a worker that is gone has no end of its own, and with it the signal would wait.
"""

import contextlib
import signal
import socket
import threading
from typing import Any

# How long a step may go on after a signal: usually it ends, and training with it.
_GRACE_SEC = 2.0


class StepWatch(contextlib.AbstractContextManager):
    """Closes the session in which a step runs, some time after a signal."""

    def __init__(self) -> None:
        self._running: Any = None  # tf.Session
        self._lock = threading.Lock()
        self._left = threading.Event()

    def __enter__(self) -> 'StepWatch':
        """Begins to wait for signals; outside the main thread none are heard."""
        self._read, self._write = socket.socketpair()
        self._write.setblocking(False)
        self._before: int | None = None
        with contextlib.suppress(ValueError):
            self._before = signal.set_wakeup_fd(self._write.fileno())
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()
        return self

    def begin(self, session: Any) -> None:
        """Notes that a step begins in a tf.Session."""
        with self._lock:
            self._running = session

    def end(self) -> None:
        """Notes that the step has ended."""
        with self._lock:
            self._running = None

    def _wait(self) -> None:
        """Reads the numbers of signals, which Python writes as they come."""
        while number := self._read.recv(1):
            if number[0] not in (signal.SIGINT, signal.SIGTERM):
                continue
            if self._left.wait(_GRACE_SEC):
                return
            with self._lock:  # no other step begins meanwhile
                if self._running is not None:
                    self._running.close()

    def __exit__(self, *exception: Any) -> None:
        """Ends the wait."""
        self._left.set()
        if self._before is not None:
            signal.set_wakeup_fd(self._before)
        self._write.close()
        self._thread.join(_GRACE_SEC)  # longer if a server hangs; then it is left
        self._read.close()
