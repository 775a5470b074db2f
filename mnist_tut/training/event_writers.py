"""Writes the event files of a run: those of the lesson, and one of the metrics.

What a lesson records is shown by TensorBoard although nothing is added to its graph. A
record waits in memory until the next checkpoint, a thousand others or ten seconds,
because to write it takes far longer than to note it. A killed process loses those that
wait; they are of steps after the last checkpoint, which a resumed run does again.
"""

import contextlib
import functools
import os
import secrets
import socket
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from mnist_tut import errors
from mnist_tut.training import writer_thread

import tensorflow.compat.v1 as tf

METRICS_FOLDER = 'metrics'
_MAX_WAITING = 1000  # records
_MAX_WAIT_SEC = 10.0


class EventWriters(contextlib.AbstractContextManager):
    """All writers of a run's event files.

    The metrics go to the folder of the run; where the lesson itself writes an event
    file, to a folder below it. Each is a run of its own in TensorBoard, which follows
    one file in a folder.
    """

    def __init__(self, folder: str, make_ending: Callable[[str], str] = lambda _: ''):
        """Writes nothing yet.

        Args:
            folder: Folder of the run.
            make_ending: Returns the end of the name of a new file in a subfolder, or
                in the folder itself, which is ''.
        """
        self._folder = folder
        self._make_ending = make_ending
        self._exit = contextlib.ExitStack()
        self._writers: dict[str, tf.summary.FileWriter] = {}  # by subfolder
        self._shown: set[str] = set()
        self._metrics: MetricsFile | None = None

    def __enter__(self) -> 'EventWriters':
        """Has the writers' threads report nothing: their errors are raised here."""
        self._exit.enter_context(writer_thread.quiet())
        return self

    def open(
        self, name: str, graph: tf.Graph | None, shows: Collection[str]
    ) -> tf.summary.FileWriter:
        """Returns a new writer for the lesson.

        Args:
            name: Subfolder of the run's folder; '' for the folder itself.
            graph: Is written at once.
            shows: Metrics that the lesson writes there, and which need no other curve.
        """
        folder = os.path.normpath(os.path.join(self._folder, name))
        writer = tf.summary.FileWriter(
            folder, graph, filename_suffix=self._make_ending(name)
        )
        self._writers[name] = self._exit.enter_context(writer)
        self._shown.update(shows)
        return writer

    def start_metrics(
        self, records: Iterable[tuple[int, str, float]], start: int
    ) -> None:
        """Opens the file of the metrics; the lesson's writers are open by now.

        Args:
            records: All (step, name, value) of the run so far.
            start: Number of steps that are done. The earlier files of a resumed run
                hold none of later steps, though a step may have recorded some.
        """
        if self._metrics is not None:
            return
        subfolder = METRICS_FOLDER if '' in self._writers else ''
        folder = os.path.normpath(os.path.join(self._folder, subfolder))
        # Without an end, a file of the same second would have the same name.
        ending = self._make_ending(subfolder) or f'.{secrets.token_hex(8)}'
        metrics = MetricsFile(folder, ending, self._shown)
        self._metrics = self._exit.enter_context(metrics)
        for step, name, value in records:
            if step >= start:
                metrics.add(step, {name: value})

    def add(self, step: int, metrics: dict[str, float]) -> None:
        """Writes metrics, once `start_metrics` was called."""
        if self._metrics is not None:
            self._metrics.add(step, metrics)

    def flush(self) -> None:
        """Writes all that waits, so that it is in the files."""
        for writer in self._writers.values():
            writer.flush()
        if self._metrics is not None:
            self._metrics.flush()

    def __exit__(self, *exception: Any) -> None:
        """Closes the files."""
        self._exit.__exit__(*exception)


@functools.cache
def _tag(name: str) -> str:
    """Returns the tag of a metric: 'accuracy/test_accuracy' for 'test_accuracy'.

    TensorBoard shows the tags of one kind side by side.
    """
    _, separator, kind = name.rpartition('_')
    return f'{kind}/{name}' if separator else name


class MetricsFile(contextlib.AbstractContextManager):
    """An event file of metrics; it is made once there is something to write."""

    def __init__(self, folder: str, ending: str, hidden: Collection[str] = ()):
        """Chooses the file's name.

        Args:
            folder: Folder of the file.
            ending: End of its name.
            hidden: Names of metrics to leave out.
        """
        self._since = time.time()
        # TensorBoard reads the files of a folder in the order of their names.
        start = f'events.out.tfevents.{int(self._since):010d}.{socket.gethostname()}'
        self._path = os.path.join(folder, start + ending)
        self._hidden = frozenset(hidden)
        self._waiting: list[tuple[float, int, dict[str, float]]] = []
        self._last_step: dict[str, int] = {}  # of each metric
        self._writer: tf.io.TFRecordWriter | None = None

    def add(self, step: int, metrics: dict[str, float]) -> None:
        """Notes the metrics of a step; a second value for a step is not written."""
        now = time.time()
        self._waiting.append((now, step, metrics))
        is_late = not 0 <= now - self._since < _MAX_WAIT_SEC
        if is_late or len(self._waiting) >= _MAX_WAITING:
            self.flush()

    def flush(self) -> None:
        """Writes the metrics that wait; RunError if that fails."""
        waiting, self._waiting, self._since = self._waiting, [], time.time()
        try:
            self._write(waiting)
        except (OSError, tf.errors.OpError) as error:
            # TensorFlow's message is the path, and the system's words after it.
            reason = str(getattr(error, 'strerror', None) or error).split('; ')[-1]
            raise errors.RunError(
                f'{errors.printable(self._path)}: cannot be written: {reason}; earlier '
                'checkpoints are intact; make room and continue with --resume'
            ) from error

    def _write(self, waiting: list[tuple[float, int, dict[str, float]]]) -> None:
        event = tf.Event()  # one for all: to make one takes longer than to write it
        values = event.summary.value
        for wall_time, step, metrics in waiting:
            event.wall_time, event.step = wall_time, step
            del values[:]
            for name, number in metrics.items():
                if name not in self._hidden and self._last_step.get(name) != step:
                    self._last_step[name] = step
                    value = values.add()
                    value.tag, value.simple_value = _tag(name), number
            if values:
                self._open().write(event.SerializeToString())
        if self._writer is not None:
            self._writer.flush()

    def _open(self) -> tf.io.TFRecordWriter:
        """Returns the writer of the file, which begins with its version."""
        if self._writer is None:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            self._writer = tf.io.TFRecordWriter(self._path)
            version = tf.Event(wall_time=time.time(), file_version='brain.Event:2')
            self._writer.write(version.SerializeToString())
        return self._writer

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Writes the metrics that wait, and closes the file."""
        with contextlib.ExitStack() as stack:
            if error is not None:  # which says more than a second one
                stack.enter_context(
                    contextlib.suppress(errors.RunError, tf.errors.OpError)
                )
            try:
                self.flush()
            finally:
                if self._writer is not None:
                    self._writer.close()
