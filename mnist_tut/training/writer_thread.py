"""Keeps the thread of a tf.summary.FileWriter from reporting what is raised anyway.

If it cannot write, its thread logs a line and ends with a traceback on stderr; the next
call of the writer raises the same error, which a run reports in one line.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

import tensorflow.compat.v1 as tf

_NAME = 'EventLoggerThread'
_LINE = 'EventFileWriter writer thread error'


class _Quiet:
    """What is left out while runs write events; several may, each in a thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._num_runs = 0
        self._report: Any = None

    def _except(self, arguments: Any) -> None:
        thread = arguments.thread
        if thread is None or thread.name != _NAME:
            self._report(arguments)

    def _keeps(self, record: logging.LogRecord) -> bool:
        is_theirs = threading.current_thread().name == _NAME
        return not (is_theirs and record.getMessage().startswith(_LINE))

    @contextlib.contextmanager
    def during(self) -> Iterator[None]:
        with self._lock:
            self._num_runs += 1
            if self._num_runs == 1:
                self._report, threading.excepthook = threading.excepthook, self._except
                tf.get_logger().addFilter(self._keeps)
        try:
            yield
        finally:
            with self._lock:
                self._num_runs -= 1
                if self._num_runs == 0:
                    tf.get_logger().removeFilter(self._keeps)
                    if threading.excepthook == self._except:  # else another's is set
                        threading.excepthook = self._report


_QUIET = _Quiet()


def quiet() -> contextlib.AbstractContextManager[None]:
    """Returns a context in which the threads of FileWriters report nothing."""
    return _QUIET.during()
