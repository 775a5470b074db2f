"""What the outputs of a ready-made model mean: loss, metrics, predictions.

Source:
    TensorFlow 1.15, tensorflow_estimator/python/estimator/canned/head.py;
    the losses are sums over the batch, as there.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

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
