"""The Estimator: a model function, trained, evaluated and asked by sessions of its own.

Source:
    TensorFlow 1.15, tensorflow_estimator/python/estimator/estimator.py, here on
    MonitoredTrainingSession, which is still part of TensorFlow.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mnist_tut.legacy.contrib import shorten
from mnist_tut.legacy.estimator_model import Model
from mnist_tut.legacy.estimator_spec import EstimatorSpec, ModeKeys

import numpy as np
import tensorflow.compat.v1 as tf


class Estimator(Model):
    """A model that is trained and used through a model function; see `Model`."""

    def train(
        self,
        input_fn: Callable,
        hooks: Sequence | None = None,
        steps: int | None = None,
        max_steps: int | None = None,
        saving_listeners: Sequence | None = None,
    ) -> 'Estimator':
        """Trains the model, from the newest checkpoint on.

        Args:
            input_fn: Gives the batches.
            hooks: Hooks of the session.
            steps: How many steps to take; None until the batches end.
            max_steps: Step at which to stop, counted from the first training.
            saving_listeners: Told when a checkpoint is saved.

        Returns:
            The Estimator.
        """
        if steps is not None and max_steps is not None:
            raise ValueError('Can not provide both steps and max_steps.')
        for number, name in [(steps, 'steps'), (max_steps, 'max_steps')]:
            if number is not None and number <= 0:
                raise ValueError(f'Must specify {name} > 0, given: {number}')
        latest = self.latest_checkpoint()
        if max_steps is not None and latest is not None:
            done = tf.train.load_variable(latest, tf.GraphKeys.GLOBAL_STEP)
            if done >= max_steps:
                tf.logging.info('Skipping training since max_steps has already saved.')
                return self
        with self._new_graph().as_default():
            global_step = tf.train.get_or_create_global_step()
            features, labels = self._inputs(input_fn, ModeKeys.TRAIN)
            spec = self._call_model_fn(features, labels, ModeKeys.TRAIN)
            if self._warm_start_from and latest is None:
                tf.train.warm_start(self._warm_start_from)
            self._run_training(spec, global_step, hooks, steps, max_steps)
        del saving_listeners
        return self

    def _run_training(
        self,
        spec: EstimatorSpec,
        global_step: Any,
        hooks: Sequence | None,
        steps: int | None,
        max_steps: int | None,
    ) -> None:
        """Runs the training op in a session that saves checkpoints."""
        config = self._config
        all_hooks = [*(hooks or ()), *(spec.training_hooks or ())]
        all_hooks += spec.training_chief_hooks or ()
        if steps is not None or max_steps is not None:
            all_hooks.append(tf.train.StopAtStepHook(steps, max_steps))
        all_hooks.append(tf.train.NanTensorHook(spec.loss))
        if config.log_step_count_steps:
            logged = {'loss': spec.loss, 'step': global_step}
            every = config.log_step_count_steps
            all_hooks.append(tf.train.LoggingTensorHook(logged, every_n_iter=every))
        if not any(
            s.op.name == 'loss' for s in tf.get_collection(tf.GraphKeys.SUMMARIES)
        ):
            tf.summary.scalar('loss', spec.loss)
        if config.save_checkpoints_steps:
            saving = {'save_checkpoint_steps': config.save_checkpoints_steps}
        else:
            saving = {'save_checkpoint_secs': config.save_checkpoints_secs}
        training = shorten.Training(f'Estimator in {self._model_dir}')
        with tf.train.MonitoredTrainingSession(
            checkpoint_dir=self._model_dir,
            scaffold=self._scaffold(spec),
            hooks=all_hooks,
            config=config.session_config,
            save_summaries_steps=config.save_summary_steps,
            # Its hook reads the step while it is counted, and warns if it is late.
            log_step_count_steps=None,
            **saving,
        ) as session:
            loss = None
            while not session.should_stop():
                _, loss = session.run([spec.train_op, spec.loss])
                if training.is_over():
                    break
        tf.logging.info('Loss for final step: %s.', loss)

    def evaluate(
        self,
        input_fn: Callable,
        steps: int | None = None,
        hooks: Sequence | None = None,
        checkpoint_path: str | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """Returns the model's metrics, with the loss and the global step.

        Args:
            input_fn: Gives the batches.
            steps: How many batches; None for all.
            hooks: Hooks of the session.
            checkpoint_path: The checkpoint; the newest by default.
            name: Of the folder for the events, after 'eval_'.
        """
        path = self._checkpoint(checkpoint_path)
        with self._new_graph().as_default():
            global_step = tf.train.get_or_create_global_step()
            features, labels = self._inputs(input_fn, ModeKeys.EVAL)
            spec = self._call_model_fn(features, labels, ModeKeys.EVAL)
            metrics = dict(spec.eval_metric_ops or {})
            if spec.loss is not None:
                metrics.setdefault('loss', tf.metrics.mean(spec.loss))
            values = {key: _metric(metric)[0] for key, metric in metrics.items()}
            updates = tf.group(*[_metric(metric)[1] for metric in metrics.values()])
            values[tf.GraphKeys.GLOBAL_STEP] = global_step
            final = tf.train.FinalOpsHook(values)
            all_hooks = [*(hooks or ()), *(spec.evaluation_hooks or ()), final]
            with self._session(spec, path, all_hooks) as session:
                done = 0
                while not session.should_stop() and (steps is None or done < steps):
                    session.run(updates)
                    done += 1
        results = final.final_ops_values
        self._write_events('eval' if not name else 'eval_' + name, results)
        return results

    def _write_events(self, folder: str, results: dict[str, Any]) -> None:
        """Writes what an evaluation found for TensorBoard."""
        summary = tf.Summary()
        for key, value in results.items():
            if key != tf.GraphKeys.GLOBAL_STEP and np.ndim(value) == 0:
                summary.value.add(tag=key, simple_value=float(value))
        with tf.Graph().as_default():  # FileWriter refuses to be eager
            writer = tf.summary.FileWriter(os.path.join(self._model_dir, folder))
            writer.add_summary(summary, int(results[tf.GraphKeys.GLOBAL_STEP]))
            writer.close()

    def predict(
        self,
        input_fn: Callable,
        predict_keys: Any = None,
        hooks: Sequence | None = None,
        checkpoint_path: str | None = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Any]:
        """Yields the predictions of each example.

        Args:
            input_fn: Gives the batches; labels are ignored.
            predict_keys: Which predictions; all by default.
            hooks: Hooks of the session.
            checkpoint_path: The checkpoint; the newest by default.
            yield_single_examples: False to yield those of a batch at once.
        """
        path = self._checkpoint(checkpoint_path)
        graph = self._new_graph()
        with graph.as_default():
            tf.train.get_or_create_global_step()
            features, _ = self._inputs(input_fn, ModeKeys.PREDICT)
            spec = self._call_model_fn(features, None, ModeKeys.PREDICT)
            wanted = spec.predictions
            if predict_keys is not None and isinstance(wanted, dict):
                keys = [predict_keys] if isinstance(predict_keys, str) else predict_keys
                wanted = {key: wanted[key] for key in wanted if key in keys}
                if not wanted:
                    raise ValueError(
                        f'Expected to run at least one output from '
                        f'{list(spec.predictions)}, provided {keys}.'
                    )
            all_hooks = [*(hooks or ()), *(spec.prediction_hooks or ())]
            session = self._session(spec, path, all_hooks)
        # The graph is not the default one while the caller has its turn.
        with session:
            while not session.should_stop():
                batch = session.run(wanted)
                if not yield_single_examples:
                    yield batch
                elif isinstance(batch, dict):
                    for number in range(len(next(iter(batch.values())))):
                        yield {key: values[number] for key, values in batch.items()}
                else:
                    yield from batch


def _metric(metric: Any) -> tuple[Any, Any]:
    """Returns a metric's value and update op; a Keras metric's too."""
    if isinstance(metric, tuple | list):
        value, update = metric
        return value, update
    return metric.result(), tf.group(*metric.updates)
