"""contrib.learn's functions that run a graph, and its Experiment.

Source:
    TensorFlow 1.2, contrib/learn/python/learn/graph_actions.py, experiment.py and
    learn_runner.py.
"""

from collections.abc import Callable, Iterable
from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf


def run_feeds(
    output_dict: dict,
    feed_dicts: Iterable[dict | None],
    restore_checkpoint_path: str | None = None,
) -> list[dict]:
    """Returns the outputs for each feed, in one session of their own."""
    graph = next(iter(output_dict.values())).graph
    with graph.as_default(), tf.Session(graph=graph) as session:
        session.run([tf.local_variables_initializer(), tf.tables_initializer()])
        if restore_checkpoint_path:
            tf.train.Saver().restore(session, restore_checkpoint_path)
        else:
            session.run(tf.global_variables_initializer())
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        try:
            return [session.run(output_dict, feed) for feed in feed_dicts]
        finally:
            coordinator.request_stop()
            coordinator.join(threads, stop_grace_period_secs=10)


def run_n(
    output_dict: dict,
    feed_dict: dict | None = None,
    restore_checkpoint_path: str | None = None,
    n: int = 1,
) -> list[dict]:
    """Returns the outputs, computed `n` times."""
    return run_feeds(output_dict, [feed_dict] * n, restore_checkpoint_path)


def infer(
    restore_checkpoint_path: str | None,
    output_dict: dict,
    feed_dict: dict | None = None,
) -> dict:
    """Returns the outputs of a checkpoint's model."""
    return run_feeds(output_dict, [feed_dict], restore_checkpoint_path)[0]


class Experiment:
    """An Estimator and the data that it is trained and evaluated with.

    Args:
        estimator: The Estimator.
        train_input_fn: Gives the batches for training.
        eval_input_fn: Gives the batches for evaluation.
        eval_metrics: As of contrib.learn's `Estimator.evaluate`.
        train_steps: How many steps; None until the batches end.
        eval_steps: How many batches; None for all.
        train_monitors: Monitors and hooks.
        eval_hooks: Hooks of the evaluation.
        **ignored: Delays and intervals.
    """

    def __init__(
        self,
        estimator: Any,
        train_input_fn: Callable,
        eval_input_fn: Callable,
        eval_metrics: dict | None = None,
        train_steps: int | None = None,
        eval_steps: int | None = 100,
        train_monitors: list | None = None,
        eval_hooks: list | None = None,
        **ignored: Any,
    ):
        del ignored
        self.estimator = estimator
        self._train_input_fn = train_input_fn
        self._eval_input_fn = eval_input_fn
        self._metrics = eval_metrics
        self._train_steps = train_steps
        self._eval_steps = eval_steps
        self._monitors = train_monitors or []
        self._eval_hooks = eval_hooks or []

    def train(self, delay_secs: Any = None) -> Any:
        """Trains the model to its last step."""
        del delay_secs
        if hasattr(self.estimator, 'fit'):
            return self.estimator.fit(
                input_fn=self._train_input_fn,
                max_steps=self._train_steps,
                monitors=self._monitors,
            )
        return self.estimator.train(
            self._train_input_fn, self._monitors, max_steps=self._train_steps
        )

    def evaluate(self, delay_secs: Any = None, name: str | None = None) -> dict:
        """Returns the metrics of the newest checkpoint."""
        del delay_secs
        metrics = {} if self._metrics is None else {'metrics': self._metrics}
        return self.estimator.evaluate(
            input_fn=self._eval_input_fn,
            steps=self._eval_steps,
            hooks=self._eval_hooks,
            name=name,
            **metrics,
        )

    def train_and_evaluate(self) -> tuple[dict, list]:
        """Trains the model, and returns its metrics and no exports."""
        self.train()
        return self.evaluate(), []

    local_run = continuous_train_and_eval = train_and_evaluate

    def test(self) -> dict:
        """Trains one step, and returns the metrics of one batch."""
        self._train_steps, self._eval_steps = 1, 1
        return self.train_and_evaluate()[0]


class LearnRunner:
    """The module learn_runner."""

    @staticmethod
    def run(
        experiment_fn: Callable,
        output_dir: str | None = None,
        schedule: str | None = None,
        run_config: Any = None,
        hparams: Any = None,
    ) -> Any:
        """Makes an experiment, and calls the method that `schedule` names."""
        if run_config is not None:
            experiment = experiment_fn(run_config, hparams)
        else:
            experiment = experiment_fn(output_dir)
        return getattr(experiment, schedule or 'train_and_evaluate')()


learn_runner = LearnRunner
