"""tf.estimator's ready-made models: dense nets, linear models and both together.

Source:
    TensorFlow 1.15, tensorflow_estimator/python/estimator/canned/.
"""

from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.estimator_core import Estimator
from mnist_tut.legacy.estimator_head import Head
from mnist_tut.legacy.estimator_nets import (
    combined_model_fn,
    dense_model_fn,
    linear_model_fn,
)

import tensorflow.compat.v1 as tf


class DNNClassifier(Estimator):
    """A dense net that predicts one of some classes."""

    def __init__(
        self,
        hidden_units: Sequence[int],
        feature_columns: Any,
        model_dir: str | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Any = None,
        optimizer: Any = 'Adagrad',
        activation_fn: Callable | None = tf.nn.relu,
        dropout: float | None = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        **ignored: Any,
    ):
        del input_layer_partitioner, ignored
        head = Head(n_classes, 1, weight_column, label_vocabulary)
        model_fn = dense_model_fn(
            hidden_units, feature_columns, head, optimizer, activation_fn, dropout
        )
        super().__init__(model_fn, model_dir, config, warm_start_from=warm_start_from)


class DNNRegressor(Estimator):
    """A dense net that predicts numbers."""

    def __init__(
        self,
        hidden_units: Sequence[int],
        feature_columns: Any,
        model_dir: str | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Any = 'Adagrad',
        activation_fn: Callable | None = tf.nn.relu,
        dropout: float | None = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        **ignored: Any,
    ):
        del input_layer_partitioner, ignored
        head = Head(0, label_dimension, weight_column)
        model_fn = dense_model_fn(
            hidden_units, feature_columns, head, optimizer, activation_fn, dropout
        )
        super().__init__(model_fn, model_dir, config, warm_start_from=warm_start_from)


class LinearClassifier(Estimator):
    """A linear model that predicts one of some classes."""

    def __init__(
        self,
        feature_columns: Any,
        model_dir: str | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Any = None,
        optimizer: Any = None,
        config: Any = None,
        partitioner: Any = None,
        warm_start_from: Any = None,
        **ignored: Any,
    ):
        del partitioner, ignored
        head = Head(n_classes, 1, weight_column, label_vocabulary)
        model_fn = linear_model_fn(feature_columns, head, optimizer)
        super().__init__(model_fn, model_dir, config, warm_start_from=warm_start_from)


class LinearRegressor(Estimator):
    """A linear model that predicts numbers."""

    def __init__(
        self,
        feature_columns: Any,
        model_dir: str | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        optimizer: Any = None,
        config: Any = None,
        partitioner: Any = None,
        warm_start_from: Any = None,
        **ignored: Any,
    ):
        del partitioner, ignored
        head = Head(0, label_dimension, weight_column)
        model_fn = linear_model_fn(feature_columns, head, optimizer)
        super().__init__(model_fn, model_dir, config, warm_start_from=warm_start_from)


class DNNLinearCombinedClassifier(Estimator):
    """A dense net and a linear model that together predict one of some classes."""

    def __init__(
        self,
        model_dir: str | None = None,
        linear_feature_columns: Any = None,
        linear_optimizer: Any = None,
        dnn_feature_columns: Any = None,
        dnn_optimizer: Any = 'Adagrad',
        dnn_hidden_units: Sequence[int] = (),
        dnn_activation_fn: Callable | None = tf.nn.relu,
        dnn_dropout: float | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Any = None,
        input_layer_partitioner: Any = None,
        config: Any = None,
        **ignored: Any,
    ):
        del input_layer_partitioner, ignored
        model_fn = combined_model_fn(
            linear_feature_columns,
            linear_optimizer,
            dnn_feature_columns,
            dnn_optimizer,
            dnn_hidden_units,
            Head(n_classes, 1, weight_column, label_vocabulary),
            dnn_activation_fn,
            dnn_dropout,
        )
        super().__init__(model_fn, model_dir, config)


class DNNLinearCombinedRegressor(Estimator):
    """A dense net and a linear model that together predict numbers."""

    def __init__(
        self,
        model_dir: str | None = None,
        linear_feature_columns: Any = None,
        linear_optimizer: Any = None,
        dnn_feature_columns: Any = None,
        dnn_optimizer: Any = 'Adagrad',
        dnn_hidden_units: Sequence[int] = (),
        dnn_activation_fn: Callable | None = tf.nn.relu,
        dnn_dropout: float | None = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        config: Any = None,
        **ignored: Any,
    ):
        del ignored
        model_fn = combined_model_fn(
            linear_feature_columns,
            linear_optimizer,
            dnn_feature_columns,
            dnn_optimizer,
            dnn_hidden_units,
            Head(0, label_dimension, weight_column),
            dnn_activation_fn,
            dnn_dropout,
        )
        super().__init__(model_fn, model_dir, config)
