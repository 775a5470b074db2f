"""The Estimator: a model function, trained, evaluated and asked by sessions of its own.

Source:
    TensorFlow 1.15, tensorflow_estimator/python/estimator/estimator.py, here on
    MonitoredTrainingSession, which is still part of TensorFlow.
"""

import inspect
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mnist_tut.legacy.contrib import shorten
from mnist_tut.legacy.estimator_inputs import call_input_fn
from mnist_tut.legacy.estimator_spec import (
    EstimatorSpec,
    ModeKeys,
    PredictOutput,
    RunConfig,
    ServingInputReceiver,
)

import numpy as np
import tensorflow.compat.v1 as tf


class Estimator:
    """A model that is trained and used through a model function.

    Args:
        model_fn: Function of features, labels, mode, params and config, or of some of
            them, that builds the graph and returns an `EstimatorSpec`.
        model_dir: Folder of the checkpoints; a temporary one by default.
        config: A `RunConfig`.
        params: What the model function gets as `params`.
        warm_start_from: Checkpoint whose variables the training starts with.
    """

    def __init__(
        self,
        model_fn: Callable,
        model_dir: str | None = None,
        config: Any = None,
        params: Any = None,
        warm_start_from: str | None = None,
    ):
        self._model_fn = model_fn
        self._config = config or RunConfig()
        self._model_dir = model_dir or self._config.model_dir or tempfile.mkdtemp()
        if self._config.model_dir != self._model_dir:
            self._config = self._config.replace(model_dir=self._model_dir)
        self._params = params
        self._warm_start_from = warm_start_from

    @property
    def model_dir(self) -> str:
        """Folder of the checkpoints."""
        return self._model_dir

    @property
    def config(self) -> Any:
        """The configuration."""
        return self._config

    @property
    def params(self) -> Any:
        """What the model function gets as `params`."""
        return self._params

    @property
    def model_fn(self) -> Callable:
        """The model function, of features, labels, mode and config."""
        return self._model_fn

    def latest_checkpoint(self) -> str | None:
        """Returns the path of the newest checkpoint."""
        return tf.train.latest_checkpoint(self._model_dir)

    def get_variable_names(self) -> list[str]:
        """Returns the names of the checkpoint's variables."""
        return [name for name, _ in tf.train.list_variables(self._checkpoint(None))]

    def get_variable_value(self, name: str) -> np.ndarray:
        """Returns a variable of the checkpoint."""
        return tf.train.load_variable(self._checkpoint(None), name.split(':')[0])

    def _checkpoint(self, path: str | None) -> str:
        """Returns a path, or that of the newest checkpoint.

        Raises:
            ValueError: If there is none.
        """
        found = path or self.latest_checkpoint()
        if not found:
            raise ValueError(
                f'Could not find trained model in model_dir: {self._model_dir}.'
            )
        return found

    def _new_graph(self) -> tf.Graph:
        """Returns an empty graph with the configuration's seed."""
        graph = tf.Graph()
        with graph.as_default():
            if self._config.tf_random_seed is not None:
                tf.set_random_seed(self._config.tf_random_seed)
        return graph

    def _inputs(self, input_fn: Callable, mode: str) -> tuple[Any, Any]:
        """Returns the features and labels of an input function."""
        with tf.device('/cpu:0'):
            return call_input_fn(
                input_fn, mode=mode, params=self._params, config=self._config
            )

    def _call_model_fn(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        """Builds the model, with the arguments that the model function has."""
        names = inspect.signature(self._model_fn).parameters
        every = any(p.kind is p.VAR_KEYWORD for p in names.values())
        given = {'labels': labels, 'mode': mode, 'params': self._params}
        given['config'] = self._config
        if labels is not None and not ('labels' in names or every):
            raise ValueError(
                'model_fn does not take labels, but input_fn returns labels.'
            )
        if 'params' not in names and self._params is None:
            del given['params']
        kwargs = {n: v for n, v in given.items() if n in names or every}
        return self._model_fn(features=features, **kwargs)

    def _scaffold(self, spec: EstimatorSpec) -> Any:
        """Returns the model's own scaffold, or one that keeps enough checkpoints."""
        if spec.scaffold is not None:
            return spec.scaffold
        saver = None
        if not tf.get_collection(tf.GraphKeys.SAVERS):
            saver = tf.train.Saver(
                sharded=False,
                max_to_keep=self._config.keep_checkpoint_max,
                keep_checkpoint_every_n_hours=self._config.keep_checkpoint_every_n_hours,
                defer_build=True,
                save_relative_paths=True,
            )
        return tf.train.Scaffold(saver=saver)

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

    def _session(self, spec: EstimatorSpec, path: str, hooks: Sequence) -> Any:
        """Returns a session with a checkpoint's variables."""
        return tf.train.MonitoredSession(
            tf.train.ChiefSessionCreator(
                scaffold=self._scaffold(spec),
                checkpoint_filename_with_path=path,
                config=self._config.session_config,
            ),
            hooks,
        )

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

    def export_savedmodel(
        self,
        export_dir_base: str,
        serving_input_receiver_fn: Callable,
        assets_extra: Any = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        **ignored: Any,
    ) -> bytes:
        """Writes the trained model as a SavedModel, and returns its folder.

        Args:
            export_dir_base: The folder is made in this one, and named by the time.
            serving_input_receiver_fn: Returns what the model is fed.
            assets_extra: Ignored.
            as_text: Write the graph as text.
            checkpoint_path: The checkpoint; the newest by default.
            **ignored: Ignored.
        """
        del assets_extra, ignored
        path = self._checkpoint(checkpoint_path)
        stamp = int(time.time())
        while os.path.exists(os.path.join(export_dir_base, str(stamp))):
            stamp += 1
        folder = os.path.join(export_dir_base, str(stamp))
        with self._new_graph().as_default():
            tf.train.get_or_create_global_step()
            receiver: ServingInputReceiver = serving_input_receiver_fn()
            spec = self._call_model_fn(receiver.features, None, ModeKeys.PREDICT)
            outputs = dict(spec.export_outputs or {})
            default = 'serving_default'
            if not outputs:
                outputs[default] = PredictOutput(spec.predictions)
            elif default not in outputs:
                outputs[default] = next(iter(outputs.values()))
            fed = receiver.receiver_tensors
            fed = fed if isinstance(fed, dict) else {'input': fed}
            builder = tf.saved_model.Builder(folder)
            with tf.Session(config=self._config.session_config) as session:
                tf.train.Saver().restore(session, path)
                session.run(tf.local_variables_initializer())
                builder.add_meta_graph_and_variables(
                    session,
                    [tf.saved_model.SERVING],
                    {name: output.signature(fed) for name, output in outputs.items()},
                    main_op=tf.tables_initializer(),
                )
            builder.save(as_text)
        return folder.encode()

    export_saved_model = export_savedmodel


def _metric(metric: Any) -> tuple[Any, Any]:
    """Returns a metric's value and update op; a Keras metric's too."""
    if isinstance(metric, tuple | list):
        value, update = metric
        return value, update
    return metric.result(), tf.group(*metric.updates)
