"""contrib.learn's Estimator: fit, evaluate and predict, on arrays or input functions.

Source:
    TensorFlow 1.2, contrib/learn/python/learn/estimators/estimator.py and model_fn.py;
    0.9's arguments are accepted too.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mnist_tut.errors import UserError
from mnist_tut.legacy import estimator_core, estimator_spec
from mnist_tut.legacy.contrib.layers import feature_columns
from mnist_tut.legacy.contrib.layers.optimizers import optimize_loss
from mnist_tut.legacy.contrib.learn import monitors as monitors_lib
from mnist_tut.legacy.estimator_inputs import call_input_fn, feed_input_fn

import numpy as np
import tensorflow.compat.v1 as tf


class ModeKeys:
    """What a model function is called for."""

    TRAIN = 'train'
    EVAL = 'eval'
    INFER = 'infer'


class ModelFnOps(NamedTuple):
    """What a model function returns; the fields are those of an `EstimatorSpec`."""

    mode: str
    predictions: Any = None
    loss: Any = None
    train_op: Any = None
    eval_metric_ops: dict | None = None
    output_alternatives: Any = None
    training_chief_hooks: Sequence | None = None
    training_hooks: Sequence | None = None
    scaffold: Any = None


class NotFittedError(ValueError, AttributeError):
    """A model is asked before it was trained."""


class RunConfig(estimator_spec.RunConfig):
    """How a model is trained and saved, with the arguments of contrib.learn.

    Args:
        master: Ignored.
        num_cores: Threads of the sessions; 0 for all.
        log_device_placement: Log where each op runs.
        gpu_memory_fraction: How much memory of the GPU is taken.
        tf_random_seed: The graph's seed.
        **options: Those of `tf.estimator.RunConfig`, and ignored ones.
    """

    def __init__(
        self,
        master: Any = None,
        num_cores: int = 0,
        log_device_placement: bool = False,
        gpu_memory_fraction: float = 1,
        tf_random_seed: int | None = 1,
        **options: Any,
    ):
        del master
        self.tf_config = tf.ConfigProto(
            inter_op_parallelism_threads=num_cores,
            intra_op_parallelism_threads=num_cores,
            log_device_placement=log_device_placement,
            allow_soft_placement=True,
            gpu_options=tf.GPUOptions(
                per_process_gpu_memory_fraction=gpu_memory_fraction,
                allow_growth=True,
            ),
        )
        options.setdefault('session_config', self.tf_config)
        super().__init__(tf_random_seed=tf_random_seed, **options)


class _Array(np.ndarray):
    """Predictions that are an array, as until 0.12, and an iterator, as since then."""

    def __array_wrap__(
        self, array: Any, context: Any = None, return_scalar: bool = False
    ) -> Any:
        """Returns what is computed from predictions as an ordinary array."""
        del context
        plain = np.asarray(array)
        return plain[()] if return_scalar else plain

    def __next__(self) -> Any:
        """Returns the next example's prediction."""
        if '_rows' not in vars(self):
            self._rows = iter(np.asarray(self))
        return next(self._rows)


class _Dictionary(dict):
    """Predictions that are arrays by name, and an iterator over the examples."""

    def __iter__(self) -> Any:
        """Yields each example's predictions."""
        names = list(self.keys())
        for row in zip(*(self[name] for name in names), strict=True):
            yield dict(zip(names, row, strict=True))

    def __next__(self) -> Any:
        """Returns the next example's predictions."""
        if '_rows' not in vars(self):
            self._rows = iter(self)
        return next(self._rows)


def both_ways(predictions: Any) -> Any:
    """Returns arrays that can also be iterated over with `next`."""
    if isinstance(predictions, dict):
        return _Dictionary(predictions)
    return np.asarray(predictions).view(_Array)


class MetricSpec:
    """A metric, and which prediction and label it compares.

    Args:
        metric_fn: Function of predictions and labels, in any order, by their names.
        prediction_key: Of the predictions, if they are a dictionary.
        label_key: Of the labels, likewise.
        weight_key: Of the feature with the examples' weights.
    """

    def __init__(
        self,
        metric_fn: Callable,
        prediction_key: str | None = None,
        label_key: str | None = None,
        weight_key: str | None = None,
    ):
        self.metric_fn = metric_fn
        self.prediction_key = prediction_key
        self.label_key = label_key
        self.weight_key = weight_key

    def create_metric_ops(self, inputs: Any, labels: Any, predictions: Any) -> Any:
        """Returns the metric's value and update op."""
        prediction = _chosen('prediction', predictions, self.prediction_key)
        label = _chosen('label', labels, self.label_key)
        weights = inputs[self.weight_key] if self.weight_key else None
        given = {} if weights is None else {'weights': weights}
        try:
            names = set(inspect.signature(self.metric_fn).parameters)
        except (TypeError, ValueError):
            names = set()
        for labels_name in ('labels', 'label', 'targets', 'target'):
            for name in ('predictions', 'prediction', 'logits', 'logit'):
                if {labels_name, name} <= names:
                    given |= {labels_name: label, name: prediction}
                    return self.metric_fn(**given)
        return self.metric_fn(prediction, label, **given)


def _chosen(kind: str, values: Any, key: str | None) -> Any:
    """Returns one of several tensors, or the only one."""
    if not isinstance(values, dict):
        if key is not None:
            raise ValueError(
                f'MetricSpec with {kind}_key specified requires {kind}s dict, got '
                f'{values}'
            )
        return values
    if key is None:
        if len(values) != 1:
            raise ValueError(
                f'MetricSpec without specified {kind}_key requires {kind}s tensor or '
                f'single element dict, got {values}'
            )
        return next(iter(values.values()))
    if key not in values:
        raise KeyError(f"Key '{key}' missing from {list(values)}.")
    return values[key]


def _metric_ops(
    metrics: dict | None, features: Any, labels: Any, predictions: Any
) -> dict:
    """Returns the metrics' values and update ops, by their names."""
    made = {}
    for name, metric in (metrics or {}).items():
        if isinstance(metric, MetricSpec):
            made[name] = metric.create_metric_ops(features, labels, predictions)
            continue
        # Until 1.0: a function, by a name or by a name and a prediction's key.
        name, key = name if isinstance(name, tuple) else (name, None)
        if key is None and isinstance(predictions, dict) and 'classes' in predictions:
            key = 'classes'
        result = MetricSpec(metric, key).create_metric_ops(
            features, labels, predictions
        )
        if not isinstance(result, tuple | list):
            result = tf.metrics.mean(result)
        made[name] = result
    return made


class Estimator(estimator_core.Estimator):
    """A model that is trained and used through a model function.

    Args:
        model_fn: Function of features, labels, and of mode, params, config and
            model_dir if it has them; returns a `ModelFnOps` or predictions, loss and
            training op.
        model_dir: Folder of the checkpoints; a temporary one by default.
        config: A `RunConfig`.
        params: What the model function gets as `params`.
        feature_engineering_fn: Function of features and labels that returns both.
        learning_rate: Until 0.9, for a model function that returns no training op.
        optimizer: Likewise.
        clip_gradients: Likewise.
        classification: Of 0.9; ignored.
    """

    def __init__(
        self,
        model_fn: Callable,
        model_dir: str | None = None,
        config: Any = None,
        params: Any = None,
        feature_engineering_fn: Callable | None = None,
        learning_rate: Any = 0.1,
        optimizer: Any = 'Adagrad',
        clip_gradients: Any = None,
        classification: Any = None,
    ):
        del classification
        super().__init__(model_fn, model_dir, config or RunConfig(), params)
        self._feature_engineering_fn = feature_engineering_fn
        self._old_training = (learning_rate, optimizer, clip_gradients)
        self._metrics: dict | None = None
        self._labels_like: Any = None

    def _call_model_fn(
        self, features: Any, labels: Any, mode: str
    ) -> estimator_spec.EstimatorSpec:
        """Builds the model, and its metrics."""
        if self._feature_engineering_fn is not None:
            features, labels = self._feature_engineering_fn(features, labels)
        labels = self._labels_or_placeholders(labels, mode)
        names = inspect.signature(self._model_fn).parameters
        given = {
            'mode': mode,
            'params': self._params,
            'config': self._config,
            'model_dir': self._model_dir,
        }
        result = self._model_fn(
            features, labels, **{n: v for n, v in given.items() if n in names}
        )
        spec = self._spec(result, mode)
        if mode == ModeKeys.EVAL:
            metrics = dict(spec.eval_metric_ops or {})
            metrics |= _metric_ops(self._metrics, features, labels, spec.predictions)
            spec = spec._replace(eval_metric_ops=metrics)
        return spec

    def _labels_or_placeholders(self, labels: Any, mode: str) -> Any:
        """Returns the labels; for prediction, placeholders like those of `fit`.

        Many a model function computes its loss then as well, and nobody asks for it.
        """
        if labels is not None:
            self._labels_like = tf.nest.map_structure(
                lambda label: (label.dtype, [None, *label.shape.as_list()[1:]]), labels
            )
            if not isinstance(labels, dict):
                self._labels_like = [self._labels_like]
        elif mode == ModeKeys.INFER and self._labels_like is not None:
            if isinstance(self._labels_like, dict):
                return {n: tf.placeholder(*v) for n, v in self._labels_like.items()}
            return tf.placeholder(*self._labels_like[0])
        return labels

    def _spec(self, result: Any, mode: str) -> estimator_spec.EstimatorSpec:
        """Returns what a model function returned, in today's form."""
        if isinstance(result, estimator_spec.EstimatorSpec):
            return result
        if not isinstance(result, ModelFnOps):
            predictions, loss, *rest = result
            train_op = rest[0] if rest else None
            if train_op is None and mode == ModeKeys.TRAIN:
                rate, optimizer, clip = self._old_training
                train_op = optimize_loss(
                    loss,
                    tf.train.get_global_step(),
                    rate,
                    optimizer,
                    clip_gradients=clip,
                )
            result = ModelFnOps(mode, predictions, loss, train_op)
        return estimator_spec.EstimatorSpec(
            mode,
            result.predictions,
            result.loss,
            result.train_op,
            result.eval_metric_ops,
            training_chief_hooks=result.training_chief_hooks,
            training_hooks=result.training_hooks,
            scaffold=result.scaffold,
        )

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Callable | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        monitors: Any = None,
        max_steps: int | None = None,
    ) -> 'Estimator':
        """Trains the model on arrays or on what an input function gives."""
        if input_fn is None:
            input_fn = feed_input_fn(x, y, batch_size)
        hooks = monitors_lib.replace_monitors_with_hooks(monitors, self)
        self.train(input_fn, hooks, steps, max_steps)
        return self

    def partial_fit(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Callable | None = None,
        steps: int = 1,
        batch_size: int | None = None,
        monitors: Any = None,
    ) -> 'Estimator':
        """Trains the model some steps further."""
        return self.fit(x, y, input_fn, steps, batch_size, monitors)

    def evaluate(  # type: ignore[override]
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Callable | None = None,
        feed_fn: Callable | None = None,
        batch_size: int | None = None,
        steps: int | None = None,
        metrics: dict | None = None,
        name: str | None = None,
        checkpoint_path: str | None = None,
        hooks: Sequence | None = None,
        log_progress: bool = True,
    ) -> dict:
        """Returns the metrics of arrays or of what an input function gives."""
        del feed_fn, log_progress
        if input_fn is None:
            input_fn = feed_input_fn(x, y, batch_size, epochs=1, shuffle=False)
        self._metrics = metrics
        try:
            return super().evaluate(input_fn, steps, hooks, checkpoint_path, name)
        finally:
            self._metrics = None

    def predict(  # type: ignore[override]
        self,
        x: Any = None,
        input_fn: Callable | None = None,
        batch_size: int | None = None,
        outputs: Any = None,
        as_iterable: bool = True,
    ) -> Any:
        """Returns the predictions.

        Those of arrays are arrays, or arrays by name, that can be iterated over as
        well; those of an input function are an iterator.
        """
        if self.latest_checkpoint() is None:
            raise NotFittedError('The model is not trained yet: call fit first.')
        if input_fn is not None and as_iterable:
            return super().predict(input_fn, outputs)
        if input_fn is None:
            input_fn = feed_input_fn(x, None, batch_size, epochs=1, shuffle=False)
        batches = list(super().predict(input_fn, outputs, yield_single_examples=False))
        if isinstance(batches[0], dict):
            return both_ways(
                {
                    name: np.concatenate([b[name] for b in batches])
                    for name in batches[0]
                }
            )
        return both_ways(np.concatenate(batches))

    def export(self, export_dir: str, **options: Any) -> None:
        """Raises UserError; the bundles of TensorFlow 0.x are gone."""
        raise UserError(
            'Estimator.export: wrote session bundles, which no TensorFlow reads today; '
            'write export_savedmodel(folder, serving_input_receiver_fn)'
        )


BaseEstimator = Estimator


class SKCompat:
    """An Estimator with the methods of scikit-learn: fit, score, predict on arrays."""

    def __init__(self, estimator: Estimator):
        self._estimator = estimator

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = 128,
        steps: int | None = None,
        max_steps: int | None = None,
        monitors: Any = None,
    ) -> 'SKCompat':
        """Trains the model on arrays."""
        self._estimator.fit(
            x,
            y,
            batch_size=batch_size,
            steps=steps,
            max_steps=max_steps,
            monitors=monitors,
        )
        return self

    def score(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = 128,
        steps: int | None = None,
        metrics: dict | None = None,
        name: str | None = None,
    ) -> dict:
        """Returns the metrics of arrays."""
        return self._estimator.evaluate(
            x, y, batch_size=batch_size, steps=steps, metrics=metrics, name=name
        )

    def predict(self, x: Any, batch_size: int | None = 128, outputs: Any = None) -> Any:
        """Returns the predictions of arrays, as an array or as arrays by name."""
        return self._estimator.predict(x, batch_size=batch_size, outputs=outputs)


def infer_real_valued_columns_from_input_fn(input_fn: Callable) -> list:
    """Returns a column for each feature that an input function gives."""
    with tf.Graph().as_default():
        features, _ = call_input_fn(input_fn)
        return feature_columns.infer_real_valued_columns(features)


def infer_real_valued_columns_from_input(x: Any) -> list:
    """Returns a column for each feature of an array or of a dictionary of arrays."""
    return infer_real_valued_columns_from_input_fn(feed_input_fn(x))
