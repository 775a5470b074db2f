"""tf.estimator's ready-made models: dense nets, linear models and both together.

Source:
    TensorFlow 1.15, tensorflow_estimator/python/estimator/canned/; the losses are sums
    over the batch, as there.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mnist_tut.legacy.contrib.layers.feature_columns import (
    RealValuedColumn,
    input_from_feature_columns,
)
from mnist_tut.legacy.contrib.layers.optimizers import make_optimizer
from mnist_tut.legacy.estimator_core import Estimator
from mnist_tut.legacy.estimator_spec import (
    ClassificationOutput,
    EstimatorSpec,
    ModeKeys,
    PredictOutput,
    RegressionOutput,
)

import tensorflow.compat.v1 as tf


class Names(NamedTuple):
    """What a model's variables and features are called.

    Attributes:
        weights: Of a dense layer.
        biases: Of a dense layer.
        scale_loss: Whether the loss is a mean over the batch, not a sum.
    """

    weights: str = 'kernel'
    biases: str = 'bias'
    scale_loss: bool = False


class Head(NamedTuple):
    """What the last layer's outputs mean.

    Attributes:
        n_classes: Number of classes; 0 for a number to be predicted.
        label_dimension: How many numbers are predicted.
        weight_column: Feature with the examples' weights.
        label_vocabulary: The labels as strings, in the order of their numbers.
        names: Of the variables.
    """

    n_classes: int
    label_dimension: int = 1
    weight_column: Any = None
    label_vocabulary: Sequence[str] | None = None
    names: Names = Names()

    @property
    def size(self) -> int:
        """How many outputs the last layer has."""
        if self.n_classes == 0:
            return self.label_dimension
        return 1 if self.n_classes == 2 else self.n_classes

    def predictions(self, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the predictions by their names."""
        if self.n_classes == 0:
            return {'predictions': logits}
        if self.n_classes == 2:
            logistic = tf.sigmoid(logits, name='logistic')
            both = tf.concat([tf.zeros_like(logits), logits], 1)
            predictions = {'logits': logits, 'logistic': logistic}
        else:
            both = logits
            predictions = {'logits': logits}
        predictions['probabilities'] = tf.nn.softmax(both, name='probabilities')
        class_ids = tf.expand_dims(tf.argmax(both, 1), 1)
        predictions['class_ids'] = class_ids
        if self.label_vocabulary:
            words = tf.constant(list(self.label_vocabulary))
            predictions['classes'] = tf.gather(words, class_ids)
        else:
            predictions['classes'] = tf.as_string(class_ids)
        return predictions

    def _label_ids(self, labels: tf.Tensor) -> tf.Tensor:
        """Returns labels as whole numbers [batch]."""
        labels = tf.reshape(labels, [-1])
        if self.label_vocabulary:
            words = tf.constant(list(self.label_vocabulary))
            return tf.argmax(tf.equal(labels[:, None], words[None, :]), 1)
        return tf.cast(labels, tf.int64)

    def losses(self, logits: tf.Tensor, labels: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the loss of each example, and the labels as they were compared."""
        labels = tf.convert_to_tensor(labels)
        if self.n_classes == 0:
            labels = tf.reshape(tf.cast(labels, tf.float32), [-1, self.size])
            return tf.reduce_mean(tf.square(logits - labels), 1), labels
        ids = self._label_ids(labels)
        if self.n_classes == 2:
            given = tf.cast(ids, tf.float32)[:, None]
            losses = tf.nn.sigmoid_cross_entropy_with_logits(
                labels=given, logits=logits
            )
            return losses[:, 0], ids
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=ids, logits=logits
        )
        return losses, ids

    def spec(
        self, features: Any, labels: Any, mode: str, logits: Any, train: Callable
    ) -> EstimatorSpec:
        """Returns what a model function returns.

        Args:
            features: The features, for the weights.
            labels: The labels, but for prediction.
            mode: One of `ModeKeys`.
            logits: What the model computes.
            train: Function of the loss that returns the training op.
        """
        predictions = self.predictions(logits)
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(
                mode, predictions, export_outputs=self._exports(predictions)
            )
        losses, compared = self.losses(logits, labels)
        weights: Any = 1.0
        if self.weight_column is not None:
            key = getattr(self.weight_column, 'key', self.weight_column)
            weights = tf.reshape(tf.cast(features[key], tf.float32), [-1])
        total = tf.reduce_sum(losses * weights)
        count = tf.reduce_sum(tf.ones_like(losses) * weights)
        loss = total / count if self.names.scale_loss else total
        if mode == ModeKeys.TRAIN:
            tf.summary.scalar('loss', loss)
            return EstimatorSpec(mode, predictions, loss, train(loss))
        metrics = {'average_loss': tf.metrics.mean(losses, weights)}
        if self.n_classes:
            shown = predictions['class_ids'][:, 0]
            given = weights if self.weight_column is not None else None
            metrics['accuracy'] = tf.metrics.accuracy(compared, shown, given)
        if self.n_classes == 2:
            chances = predictions['logistic'][:, 0]
            metrics['auc'] = tf.metrics.auc(compared, chances)
        return EstimatorSpec(mode, predictions, loss, eval_metric_ops=metrics)

    def _exports(self, predictions: dict[str, tf.Tensor]) -> dict:
        """Returns what an exported model gives."""
        if self.n_classes == 0:
            first: Any = RegressionOutput(predictions['predictions'])
        else:
            scores = predictions['probabilities']
            first = ClassificationOutput(scores=scores)
        return {'serving_default': first, 'predict': PredictOutput(predictions)}


def dense(net: tf.Tensor, units: int, name: str, names: Names) -> tf.Tensor:
    """Returns a dense layer without an activation."""
    with tf.variable_scope(name):
        kernel = tf.get_variable(
            names.weights,
            [net.shape.as_list()[-1], units],
            initializer=tf.glorot_uniform_initializer(),
        )
        bias = tf.get_variable(
            names.biases, [units], initializer=tf.zeros_initializer()
        )
        return tf.nn.bias_add(tf.matmul(net, kernel), bias)


def dense_net(
    features: Any,
    columns: Any,
    hidden_units: Sequence[int],
    head: Head,
    activation: Callable | None,
    dropout: float | None,
    mode: str,
) -> tf.Tensor:
    """Returns the outputs of a dense net; the variables are below dnn/."""
    with tf.variable_scope('dnn'):
        with tf.variable_scope('input_from_feature_columns'):
            net = input_from_feature_columns(features, columns)
        for number, units in enumerate(hidden_units):
            name = f'hiddenlayer_{number}'
            net = dense(net, units, name, head.names)
            if activation is not None:
                net = activation(net)
            if dropout is not None and mode == ModeKeys.TRAIN:
                net = tf.nn.dropout(net, rate=dropout)
            zeros = tf.nn.zero_fraction(net)
            tf.summary.scalar(f'{name}_fraction_of_zero_values', zeros)
            tf.summary.histogram(f'{name}_activation', net)
        return dense(net, head.size, 'logits', head.names)


def linear_model(features: Any, columns: Any, head: Head) -> tf.Tensor:
    """Returns the outputs of a linear model; the variables are below linear/."""
    columns = list(columns)
    with tf.variable_scope('linear'):
        if not all(isinstance(column, RealValuedColumn) for column in columns):
            with warnings.catch_warnings():  # about TensorFlow's own way to do it
                warnings.simplefilter('ignore')
                return tf.feature_column.linear_model(
                    features, columns, units=head.size
                )
        products = []
        for column in sorted(columns, key=lambda column: column.name):
            values = input_from_feature_columns(features, [column])
            with tf.variable_scope(column.name):
                weights = tf.get_variable(
                    'weight',
                    [values.shape.as_list()[-1], head.size],
                    initializer=tf.zeros_initializer(),
                )
            products.append(tf.matmul(values, weights))
        bias = tf.get_variable(
            'bias_weight', [head.size], initializer=tf.zeros_initializer()
        )
        return tf.nn.bias_add(tf.add_n(products), bias)


def linear_optimizer(optimizer: Any, columns: Any) -> Any:
    """Returns a linear model's optimizer, or the usual one."""
    rate = min(0.2, 1.0 / math.sqrt(len(list(columns))))
    return made_by(optimizer or 'Ftrl', rate if optimizer is None else 0.2)


def made_by(optimizer: Any, learning_rate: float) -> Any:
    """Returns an optimizer from a name, a function without arguments or itself."""
    if isinstance(optimizer, str | type):
        return make_optimizer(optimizer, learning_rate)
    return make_optimizer(optimizer, None)


def dense_model_fn(
    hidden_units: Sequence[int],
    columns: Any,
    head: Head,
    optimizer: Any,
    activation: Callable | None,
    dropout: float | None,
) -> Callable:
    """Returns the model function of a dense net."""

    def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        """Builds the graph."""
        logits = dense_net(
            features, columns, hidden_units, head, activation, dropout, mode
        )

        def train(loss: Any) -> Any:
            """Returns the training op."""
            made = made_by(optimizer, 0.05)
            return made.minimize(loss, tf.train.get_global_step())

        return head.spec(features, labels, mode, logits, train)

    return model_fn


def linear_model_fn(columns: Any, head: Head, optimizer: Any) -> Callable:
    """Returns the model function of a linear model."""

    def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        """Builds the graph."""
        logits = linear_model(features, columns, head)

        def train(loss: Any) -> Any:
            """Returns the training op."""
            made = linear_optimizer(optimizer, columns)
            return made.minimize(loss, tf.train.get_global_step())

        return head.spec(features, labels, mode, logits, train)

    return model_fn


def combined_model_fn(
    linear_columns: Any,
    linear_optimizer_: Any,
    dnn_columns: Any,
    dnn_optimizer: Any,
    hidden_units: Sequence[int],
    head: Head,
    activation: Callable | None,
    dropout: float | None,
) -> Callable:
    """Returns the model function of a dense net and a linear model, added up."""

    def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        """Builds the graph."""
        logits = dense_net(
            features, dnn_columns, hidden_units, head, activation, dropout, mode
        ) + linear_model(features, linear_columns, head)

        def train(loss: Any) -> Any:
            """Returns the training op."""
            steps = [
                made.minimize(
                    loss,
                    var_list=tf.get_collection(
                        tf.GraphKeys.TRAINABLE_VARIABLES, scope=scope
                    ),
                )
                for made, scope in [
                    (made_by(dnn_optimizer, 0.05), 'dnn/'),
                    (linear_optimizer(linear_optimizer_, linear_columns), 'linear/'),
                ]
            ]
            with tf.control_dependencies(steps):
                return tf.assign_add(tf.train.get_global_step(), 1).op

        return head.spec(features, labels, mode, logits, train)

    return model_fn


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
