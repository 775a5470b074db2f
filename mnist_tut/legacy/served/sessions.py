"""Sessions, graphs and initializers."""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

from mnist_tut import runtime
from mnist_tut.legacy import current, task
from mnist_tut.legacy.served.registry import provides, serves

import tensorflow.compat.v1 as tf


def _config(config: Any) -> Any:
    """Returns a configuration under which '/gpu:0' need not exist."""
    new = tf.ConfigProto()
    if config is not None:
        new.CopyFrom(config)
    new.allow_soft_placement = True
    new.gpu_options.allow_growth = True
    return new


def count_run(session: Any, fetches: Any) -> None:
    """Counts a run for --steps and --seconds."""
    program = current.program()
    if program is not None and program.limits.active:
        program.limits.count(session.graph, fetches)


def _without_trace_lines(
    feed_dict: Any = None, options: Any = None, run_metadata: Any = None
) -> contextlib.AbstractContextManager:
    """Returns a context in which a traced step does not complain of a missing GPU."""
    if options is None or not options.trace_level:
        return contextlib.nullcontext()
    return runtime.filtered_stderr()


class _Counted:
    """What the two kinds of session have in common."""

    def __init__(self, target: str = '', graph: Any = None, config: Any = None):
        super().__init__(task.target(target), graph, _config(config))  # type: ignore[call-arg]

    def run(self, fetches: Any, *args: Any, **kwargs: Any) -> Any:
        """Runs the fetches, and counts a step if they train."""
        with _without_trace_lines(*args, **kwargs):
            results = super().run(fetches, *args, **kwargs)  # type: ignore[misc]
        count_run(self, fetches)
        return results


class Session(_Counted, tf.Session):
    """Is tf.Session; an op without a GPU's kernel runs on the CPU."""


class InteractiveSession(_Counted, tf.InteractiveSession):
    """Is tf.InteractiveSession; an op without a GPU's kernel runs on the CPU."""


serves('tf.Session')(Session)
serves('tf.InteractiveSession')(InteractiveSession)


def counted(session: Any) -> Any:
    """Returns a session that a library made, with its runs counted."""
    program = current.program()
    if program is None or not program.limits.active or hasattr(session, 'is_counted'):
        return session
    original = session.run

    @functools.wraps(original)
    def run(fetches: Any, *args: Any, **kwargs: Any) -> Any:
        results = original(fetches, *args, **kwargs)
        count_run(session, fetches)
        return results

    session.run = run
    session.is_counted = True
    return session


class Supervisor(tf.train.Supervisor):
    """Is tf.train.Supervisor; its sessions count their steps."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **task.supervised(kwargs))

    def prepare_or_wait_for_session(self, *args: Any, **kwargs: Any) -> Any:
        """Returns a session that is ready, as the original."""
        return counted(super().prepare_or_wait_for_session(*args, **kwargs))

    @contextlib.contextmanager
    def managed_session(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Is a session that is ready, as the original."""
        with super().managed_session(*args, **kwargs) as session:
            yield counted(session)

    PrepareSession = prepare_or_wait_for_session


serves('tf.train.Supervisor')(Supervisor)


def _monitored(name: str) -> None:
    real: Any = getattr(tf.train, name)
    if name == 'MonitoredTrainingSession':
        real = task.monitored_training_session

    @functools.wraps(real)
    def make(*args: Any, **kwargs: Any) -> Any:
        return counted(real(*args, **kwargs))

    serves(f'tf.train.{name}')(make)


for _name in (
    'MonitoredTrainingSession',
    'MonitoredSession',
    'SingularMonitoredSession',
):
    _monitored(_name)


@serves('tf.ConfigProto')
def config_proto(**kwargs: Any) -> Any:
    """Makes a configuration; NUM_CORES of 0.5 is the number of threads."""
    if 'NUM_CORES' in kwargs:
        kwargs['inter_op_parallelism_threads'] = kwargs.pop('NUM_CORES')
    return tf.ConfigProto(**kwargs)


@serves('tf.initialize_all_variables')
def initialize_all_variables() -> Any:
    """Initializes all variables: local ones too, which were global once.

    The epoch counters of input queues were among those that this initialized, until
    they became local variables in 0.8; without it they raise.
    """
    current.note(
        'tf.initialize_all_variables()', 'tf.global_variables_initializer()', 'name'
    )
    if current.before('1.0', default=True) and tf.local_variables():
        current.note(
            'tf.initialize_all_variables()',
            'tf.local_variables_initializer() too',
            'meaning',
        )
        return tf.group(
            tf.global_variables_initializer(), tf.local_variables_initializer()
        )
    return tf.global_variables_initializer()


@provides('tf.test.is_gpu_available')
def _is_gpu_available(program: Any) -> Any:
    return lambda *args, **kwargs: bool(tf.config.list_physical_devices('GPU'))
