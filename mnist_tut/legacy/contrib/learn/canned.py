"""contrib.learn's ready-made models.

Source:
    TensorFlow 1.2, contrib/learn/python/learn/estimators/dnn.py, linear.py and
    head.py; the losses are means over the batch, as there.
"""

import abc
from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.contrib.layers.feature_columns import infer_real_valued_columns
from mnist_tut.legacy.contrib.layers.optimizers import optimize_loss
from mnist_tut.legacy.contrib.learn.estimators import (
    Estimator,
    both_ways,
)
from mnist_tut.legacy.estimator_head import Head, Names
from mnist_tut.legacy.estimator_nets import (
    dense_net,
    linear_model,
    linear_optimizer,
    made_by,
)
from mnist_tut.legacy.estimator_spec import EstimatorSpec

import numpy as np
import tensorflow.compat.v1 as tf

_NAMES = Names('weights', 'biases', scale_loss=True)


class _Canned(Estimator, abc.ABC):
    """What the ready-made models share; the subclasses say what the net is.

    Args:
        head: What the outputs mean.
        columns: The features; those that are fed if None.
        model_dir: Folder of the checkpoints.
        config: A `RunConfig`.
        clip: Limit of the gradients' global norm.
        feature_engineering_fn: Function of features and labels.
    """

    def __init__(
        self,
        head: Head,
        columns: Any,
        model_dir: str | None,
        config: Any,
        clip: Any = None,
        feature_engineering_fn: Callable | None = None,
    ):
        super().__init__(
            self._build,
            model_dir,
            config,
            feature_engineering_fn=feature_engineering_fn,
        )
        self._head = head
        self._columns = columns
        self._clip = clip

    @abc.abstractmethod
    def _logits(self, features: Any, columns: Any, mode: str) -> tf.Tensor:
        """Returns what the net computes."""

    @abc.abstractmethod
    def _optimizers(self, columns: Any) -> dict[str, Any]:
        """Returns the optimizers, by the scopes of what they train."""

    def _build(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        """Builds the graph."""
        columns = self._columns or infer_real_valued_columns(features)
        logits = self._logits(features, columns, mode)

        def train(loss: Any) -> Any:
            """Returns the training op."""
            step = tf.train.get_global_step()
            ops = [
                optimize_loss(
                    loss,
                    step,
                    None,
                    optimizer,
                    clip_gradients=self._clip,
                    variables=tf.get_collection(
                        tf.GraphKeys.TRAINABLE_VARIABLES, scope + '/'
                    ),
                    name=scope,
                    summaries=[],
                    increment_global_step=False,
                )
                for scope, optimizer in self._optimizers(columns).items()
            ]
            with tf.control_dependencies(ops):
                return tf.assign_add(step, 1).op

        spec = self._head.spec(features, labels, mode, logits, train)
        metrics = dict(spec.eval_metric_ops or {})
        metrics.pop('average_loss', None)
        predictions = dict(spec.predictions)
        if 'class_ids' in predictions:
            predictions['classes'] = predictions.pop('class_ids')[:, 0]
        elif self._head.size == 1:
            predictions = {'scores': predictions['predictions'][:, 0]}
        else:
            predictions = {'scores': predictions['predictions']}
        return spec._replace(eval_metric_ops=metrics, predictions=predictions)

    def _variables(self, beginning: str, end: str) -> list[np.ndarray]:
        """Returns the trained variables with such names."""
        return [
            self.get_variable_value(name)
            for name in self.get_variable_names()
            if name.startswith(beginning) and name.endswith(end)
        ]

    def _one(self, key: str, x: Any, input_fn: Any, batch_size: Any) -> Any:
        """Returns one of the predictions."""
        given = Estimator.predict(self, x, input_fn, batch_size, [key])
        if isinstance(given, dict):
            return both_ways(given[key])
        return (row[key] for row in given)


class _Classifier(_Canned):
    """A model that predicts one of some classes."""

    def predict(  # type: ignore[override]
        self,
        x: Any = None,
        input_fn: Callable | None = None,
        batch_size: int | None = None,
        outputs: Any = None,
        as_iterable: bool = True,
    ) -> Any:
        """Returns the classes, or the predictions that `outputs` names."""
        if outputs:
            return Estimator.predict(
                self, x, input_fn, batch_size, outputs, as_iterable
            )
        return self.predict_classes(x, input_fn, batch_size)

    def predict_classes(
        self,
        x: Any = None,
        input_fn: Callable | None = None,
        batch_size: int | None = None,
        as_iterable: bool = True,
    ) -> Any:
        """Returns the classes."""
        del as_iterable
        return self._one('classes', x, input_fn, batch_size)

    def predict_proba(
        self,
        x: Any = None,
        input_fn: Callable | None = None,
        batch_size: int | None = None,
        as_iterable: bool = True,
    ) -> Any:
        """Returns the probabilities of the classes."""
        del as_iterable
        return self._one('probabilities', x, input_fn, batch_size)


class _Regressor(_Canned):
    """A model that predicts numbers."""

    def predict(  # type: ignore[override]
        self,
        x: Any = None,
        input_fn: Callable | None = None,
        batch_size: int | None = None,
        outputs: Any = None,
        as_iterable: bool = True,
    ) -> Any:
        """Returns the numbers."""
        del outputs, as_iterable
        return self._one('scores', x, input_fn, batch_size)

    predict_scores = predict


class _Dense(_Canned):
    """A dense net; `_net` is units, optimizer, activation and dropout."""

    _net: tuple

    def _logits(self, features: Any, columns: Any, mode: str) -> tf.Tensor:
        """Returns what the net computes."""
        units, _, activation, dropout = self._net
        return dense_net(
            features, columns, units, self._head, activation, dropout, mode
        )

    def _optimizers(self, columns: Any) -> dict[str, Any]:
        """Returns the optimizer of the net."""
        del columns
        return {'dnn': made_by(self._net[1] or 'Adagrad', 0.05)}

    @property
    def weights_(self) -> list[np.ndarray]:
        """The layers' weights."""
        return self._variables('dnn/', '/weights')

    @property
    def bias_(self) -> list[np.ndarray]:
        """The layers' biases."""
        return self._variables('dnn/', '/biases')


class DNNClassifier(_Dense, _Classifier):
    """A dense net that predicts one of some classes."""

    def __init__(
        self,
        hidden_units: Sequence[int],
        feature_columns: Any = None,
        model_dir: str | None = None,
        n_classes: int = 2,
        weight_column_name: str | None = None,
        optimizer: Any = None,
        activation_fn: Callable | None = tf.nn.relu,
        dropout: float | None = None,
        gradient_clip_norm: float | None = None,
        enable_centered_bias: bool = False,
        config: Any = None,
        feature_engineering_fn: Callable | None = None,
        **ignored: Any,
    ):
        del enable_centered_bias, ignored
        self._net = (hidden_units, optimizer, activation_fn, dropout)
        super().__init__(
            Head(n_classes, 1, weight_column_name, None, _NAMES),
            feature_columns,
            model_dir,
            config,
            gradient_clip_norm,
            feature_engineering_fn,
        )


class DNNRegressor(_Dense, _Regressor):
    """A dense net that predicts numbers."""

    def __init__(
        self,
        hidden_units: Sequence[int],
        feature_columns: Any = None,
        model_dir: str | None = None,
        weight_column_name: str | None = None,
        optimizer: Any = None,
        activation_fn: Callable | None = tf.nn.relu,
        dropout: float | None = None,
        gradient_clip_norm: float | None = None,
        enable_centered_bias: bool = False,
        config: Any = None,
        feature_engineering_fn: Callable | None = None,
        label_dimension: int = 1,
        **ignored: Any,
    ):
        del enable_centered_bias, ignored
        self._net = (hidden_units, optimizer, activation_fn, dropout)
        super().__init__(
            Head(0, label_dimension, weight_column_name, None, _NAMES),
            feature_columns,
            model_dir,
            config,
            gradient_clip_norm,
            feature_engineering_fn,
        )


class _Linear(_Canned):
    """A linear model; `_optimizer` trains it."""

    _optimizer: Any

    def _logits(self, features: Any, columns: Any, mode: str) -> tf.Tensor:
        """Returns what the model computes."""
        del mode
        return linear_model(features, columns, self._head)

    def _optimizers(self, columns: Any) -> dict[str, Any]:
        """Returns the optimizer of the model."""
        return {'linear': linear_optimizer(self._optimizer, columns)}

    @property
    def weights_(self) -> Any:
        """The weights: by their names, or alone."""
        names = [n for n in self.get_variable_names() if n.endswith('/weight')]
        values = {name: self.get_variable_value(name) for name in names}
        return values if len(values) != 1 else next(iter(values.values()))

    @property
    def bias_(self) -> np.ndarray:
        """The bias."""
        return self.get_variable_value('linear/bias_weight')


class LinearClassifier(_Linear, _Classifier):
    """A linear model that predicts one of some classes."""

    def __init__(
        self,
        feature_columns: Any = None,
        model_dir: str | None = None,
        n_classes: int = 2,
        weight_column_name: str | None = None,
        optimizer: Any = None,
        gradient_clip_norm: float | None = None,
        enable_centered_bias: bool = False,
        _joint_weight: bool = False,
        config: Any = None,
        feature_engineering_fn: Callable | None = None,
        **ignored: Any,
    ):
        del enable_centered_bias, _joint_weight, ignored
        self._optimizer = optimizer
        super().__init__(
            Head(n_classes, 1, weight_column_name, None, _NAMES),
            feature_columns,
            model_dir,
            config,
            gradient_clip_norm,
            feature_engineering_fn,
        )


class LinearRegressor(_Linear, _Regressor):
    """A linear model that predicts numbers."""

    def __init__(
        self,
        feature_columns: Any = None,
        model_dir: str | None = None,
        weight_column_name: str | None = None,
        optimizer: Any = None,
        gradient_clip_norm: float | None = None,
        enable_centered_bias: bool = False,
        label_dimension: int = 1,
        config: Any = None,
        feature_engineering_fn: Callable | None = None,
        **ignored: Any,
    ):
        del enable_centered_bias, ignored
        self._optimizer = optimizer
        super().__init__(
            Head(0, label_dimension, weight_column_name, None, _NAMES),
            feature_columns,
            model_dir,
            config,
            gradient_clip_norm,
            feature_engineering_fn,
        )


class LogisticRegressor(LinearClassifier):
    """A linear model of two classes."""


class DNNLinearCombinedClassifier(_Classifier):
    """A dense net and a linear model that together predict one of some classes."""

    def __init__(
        self,
        model_dir: str | None = None,
        n_classes: int = 2,
        weight_column_name: str | None = None,
        linear_feature_columns: Any = None,
        linear_optimizer: Any = None,
        _joint_linear_weights: bool = False,
        dnn_feature_columns: Any = None,
        dnn_optimizer: Any = None,
        dnn_hidden_units: Sequence[int] | None = None,
        dnn_activation_fn: Callable | None = tf.nn.relu,
        dnn_dropout: float | None = None,
        gradient_clip_norm: float | None = None,
        enable_centered_bias: bool = False,
        config: Any = None,
        feature_engineering_fn: Callable | None = None,
        **ignored: Any,
    ):
        del enable_centered_bias, _joint_linear_weights, ignored
        self._linear = (linear_feature_columns, linear_optimizer)
        self._dnn = (dnn_feature_columns, dnn_optimizer, dnn_hidden_units)
        self._rest = (dnn_activation_fn, dnn_dropout)
        super().__init__(
            Head(n_classes, 1, weight_column_name, None, _NAMES),
            linear_feature_columns or dnn_feature_columns,
            model_dir,
            config,
            gradient_clip_norm,
            feature_engineering_fn,
        )

    def _logits(self, features: Any, columns: Any, mode: str) -> tf.Tensor:
        """Returns what both compute, added up."""
        parts = []
        if self._dnn[2]:
            given = self._dnn[0] or columns
            parts.append(
                dense_net(features, given, self._dnn[2], self._head, *self._rest, mode)
            )
        if self._linear[0]:
            parts.append(linear_model(features, self._linear[0], self._head))
        return tf.add_n(parts)

    def _optimizers(self, columns: Any) -> dict[str, Any]:
        """Returns the optimizers of both."""
        made = {}
        if self._dnn[2]:
            made['dnn'] = made_by(self._dnn[1] or 'Adagrad', 0.05)
        if self._linear[0]:
            made['linear'] = linear_optimizer(self._linear[1], columns)
        return made
