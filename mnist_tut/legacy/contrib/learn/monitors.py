"""Stand-in for tensorflow.contrib.learn.monitors.

Source:
    TensorFlow 1.2, contrib/learn/python/learn/monitors.py, and 0.8's ValidationMonitor.
"""

from collections.abc import Sequence
from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf


class NanLossDuringTrainingError(RuntimeError):
    """The loss is no longer a number."""


class BaseMonitor:
    """What is called before and after each step of a training; a program extends it.

    Args:
        *args: Of TensorFlow 0.8; ignored.
        **kwargs: Likewise.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        del args, kwargs
        self._estimator: Any = None
        self._max_steps: int | None = None

    @property
    def run_on_all_workers(self) -> bool:
        """Whether it is for all tasks."""
        return False

    def set_estimator(self, estimator: Any) -> None:
        """Tells which Estimator is trained."""
        self._estimator = estimator

    def begin(self, max_steps: int | None = None) -> None:
        """Called before the first step."""
        self._max_steps = max_steps

    def end(self, session: Any = None) -> None:
        """Called after the last step."""

    def step_begin(self, step: int) -> list:
        """Called before a step; returns names or tensors to compute in it."""
        del step
        return []

    def step_end(self, step: int, output: dict) -> bool:
        """Called with what was computed; returns whether to stop."""
        del step, output
        return False

    def post_step(self, step: int, session: Any) -> None:
        """Called after a step, and after `step_end`."""


class EveryN(BaseMonitor):
    """Is called every N steps; a program extends it."""

    def __init__(self, every_n_steps: int = 100, first_n_steps: int = 1):
        super().__init__()
        self._every_n_steps = every_n_steps
        self._first_n_steps = first_n_steps
        self._last_active_step = 0
        self._last_step: int | None = None
        self._is_active = False

    def every_n_step_begin(self, step: int) -> list:
        """Called before every Nth step; returns what to compute in it."""
        del step
        return []

    def every_n_step_end(self, step: int, outputs: dict) -> bool:
        """Called after every Nth step; returns whether to stop."""
        del step, outputs
        return False

    def every_n_post_step(self, step: int, session: Any) -> None:
        """Called after every Nth step, and after `every_n_step_end`."""

    def step_begin(self, step: int) -> list:
        """Asks `every_n_step_begin`, if it is time."""
        self._is_active = (
            step <= self._first_n_steps
            or step >= self._every_n_steps + self._last_active_step
            or step == self._max_steps
        )
        return (self.every_n_step_begin(step) or []) if self._is_active else []

    def step_end(self, step: int, output: dict) -> bool:
        """Asks `every_n_step_end`, if it is time."""
        return self._is_active and bool(self.every_n_step_end(step, output))

    def post_step(self, step: int, session: Any) -> None:
        """Calls `every_n_post_step`, if it is time."""
        if self._is_active:
            self.every_n_post_step(step, session)
            self._last_active_step = step
        self._last_step = step

    def end(self, session: Any = None) -> None:
        """Calls `every_n_post_step` once more, for the last step."""
        if self._last_step is not None and self._last_step != self._last_active_step:
            self.every_n_post_step(self._last_step, session)


class ValidationMonitor(EveryN):
    """Evaluates the newest checkpoint while the model is trained.

    Args:
        x: The examples.
        y: Their labels.
        input_fn: Gives both instead. In TensorFlow 0.8 the third argument was
            n_classes, a number, which is ignored.
        batch_size: Examples in a batch; None for all.
        eval_steps: How many batches.
        every_n_steps: Steps between evaluations.
        metrics: As of `Estimator.evaluate`.
        hooks: Likewise.
        early_stopping_rounds: Stop if the metric has not improved for so many steps.
        early_stopping_metric: Its name.
        early_stopping_metric_minimize: Whether less is better.
        name: Of the evaluation.
        **old: val_X, val_y, n_classes and print_steps of TensorFlow 0.8.
    """

    def __init__(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Any = None,
        batch_size: int | None = None,
        eval_steps: int | None = None,
        every_n_steps: int = 100,
        metrics: dict | None = None,
        hooks: Sequence | None = None,
        early_stopping_rounds: int | None = None,
        early_stopping_metric: str = 'loss',
        early_stopping_metric_minimize: bool = True,
        name: str | None = None,
        **old: Any,
    ):
        super().__init__(old.get('print_steps', every_n_steps), -1)
        self._arguments = {
            'x': old.get('val_X', x),
            'y': old.get('val_y', y),
            'input_fn': input_fn if callable(input_fn) else None,
            'batch_size': batch_size,
            'steps': eval_steps,
            'metrics': metrics,
            'hooks': hooks,
            'name': name,
        }
        if self._arguments['x'] is None and self._arguments['input_fn'] is None:
            raise ValueError('Either x or input_fn should be provided.')
        self._rounds = early_stopping_rounds
        self._metric = early_stopping_metric
        self._sign = 1 if early_stopping_metric_minimize else -1
        self._evaluated: str | None = None
        self.early_stopped = False
        self.best_step: int | None = None
        self.best_value: Any = None
        self.best_metrics: dict | None = None

    def every_n_step_end(self, step: int, outputs: dict) -> bool:
        """Evaluates, and returns whether it is time to stop early."""
        del outputs
        latest = tf.train.latest_checkpoint(self._estimator.model_dir)
        if latest is None or latest == self._evaluated:
            tf.logging.debug('Skipping evaluation: no new checkpoint.')
            return False
        self._evaluated = latest
        given = {n: v for n, v in self._arguments.items() if v is not None}
        results = self._estimator.evaluate(**given)
        shown = ', '.join(f'{name} = {value}' for name, value in results.items())
        tf.logging.info('Validation (step %d): %s', step, shown)
        if self._rounds is None:
            return False
        value = results[self._metric]
        if self.best_value is None or self._sign * (value - self.best_value) < 0:
            self.best_value, self.best_step = value, step
            self.best_metrics = results
        self.early_stopped = step - (self.best_step or 0) >= self._rounds
        return self.early_stopped


class PrintTensor(EveryN):
    """Logs tensors, given by their names, every N steps."""

    def __init__(self, tensor_names: Any, every_n: int = 100, first_n: int = 1):
        super().__init__(every_n, first_n)
        if not isinstance(tensor_names, dict):
            tensor_names = {name: name for name in tensor_names}
        self._names = tensor_names

    def every_n_step_begin(self, step: int) -> list:
        """Returns the names."""
        return list(self._names.values())

    def every_n_step_end(self, step: int, outputs: dict) -> bool:
        """Logs the values."""
        shown = ', '.join(f'{tag} = {outputs[n]}' for tag, n in self._names.items())
        tf.logging.info('Step %d: %s', step, shown)
        return False


class StopAtStep(BaseMonitor):
    """Stops after so many steps, or at a step."""

    def __init__(self, num_steps: int | None = None, last_step: int | None = None):
        super().__init__()
        self._num_steps, self._stop = num_steps, last_step

    def step_begin(self, step: int) -> list:
        """Finds out at which step to stop."""
        if self._stop is None:
            self._stop = step + (self._num_steps or 0) - 1
        return []

    def step_end(self, step: int, output: dict) -> bool:
        """Returns whether this was the last step."""
        del output
        return self._stop is not None and step >= self._stop


class _Nothing(BaseMonitor):
    """What the Estimator does anyway: saving, counting steps and checking the loss."""


CheckpointSaver = StepCounter = NanLoss = SummarySaver = LoggingTrainable = _Nothing


class RunHookAdapterForMonitors(tf.train.SessionRunHook):
    """Calls monitors from a session's hook."""

    def __init__(self, monitors: Sequence[BaseMonitor]):
        self._monitors = monitors
        self._step: int = 0

    def begin(self) -> None:
        """Called before the session is made."""
        self._global_step = tf.train.get_global_step()
        for monitor in self._monitors:
            monitor.begin()

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Reads the first step's number."""
        del coord
        self._step = int(session.run(self._global_step))

    def before_run(self, run_context: Any) -> Any:
        """Asks the monitors what to compute."""
        self._step += 1
        graph = run_context.session.graph
        requests = {}
        for monitor in self._monitors:
            for wanted in monitor.step_begin(self._step) or []:
                element = graph.as_graph_element(wanted)
                requests[getattr(wanted, 'name', wanted)] = element
        return tf.train.SessionRunArgs(requests)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Gives the monitors what was computed."""
        stops = [m.step_end(self._step, run_values.results) for m in self._monitors]
        if any(stops):
            run_context.request_stop()
        for monitor in self._monitors:
            monitor.post_step(self._step, run_context.session)

    def end(self, session: Any) -> None:
        """Called after the last step."""
        for monitor in self._monitors:
            monitor.end(session)


def replace_monitors_with_hooks(monitors: Any, estimator: Any) -> list:
    """Returns hooks; monitors are wrapped in one."""
    given = monitors or []
    given = list(given) if isinstance(given, list | tuple) else [given]
    hooks = [m for m in given if isinstance(m, tf.train.SessionRunHook)]
    wrapped = [m for m in given if not isinstance(m, tf.train.SessionRunHook)]
    for monitor in wrapped:
        monitor.set_estimator(estimator)
    return [*hooks, RunHookAdapterForMonitors(wrapped)] if wrapped else hooks
