"""The Estimators of skflow, which TensorFlow 0.8 to 0.11 called TensorFlow*.

Source:
    TensorFlow 0.8, contrib/learn/python/learn/estimators/base.py, and 0.9's.
"""

import shutil
from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.contrib.layers.optimizers import make_optimizer, optimize_loss
from mnist_tut.legacy.contrib.learn import canned, models, ops
from mnist_tut.legacy.contrib.learn.estimators import Estimator, ModeKeys

import numpy as np
import tensorflow.compat.v1 as tf


def _accuracy(labels: Any, predictions: Any) -> float:
    """Returns the share of labels that were predicted."""
    return float(np.mean(np.asarray(labels).ravel() == np.asarray(predictions).ravel()))


def _r2(numbers: Any, predictions: Any) -> float:
    """Returns how much of the numbers' variance was predicted."""
    numbers, predictions = np.asarray(numbers), np.asarray(predictions)
    unexplained = np.sum((numbers - predictions.reshape(numbers.shape)) ** 2)
    return float(1 - unexplained / np.sum((numbers - numbers.mean(axis=0)) ** 2))


class TensorFlowEstimator(Estimator):
    """A model function of X and y that returns predictions and loss.

    Args:
        model_fn: The function; y has rows with a single one if there are classes.
        n_classes: Number of classes; 0 or 1 to predict numbers.
        batch_size: Examples in a batch; -1 for all.
        steps: How many steps `fit` takes.
        optimizer: Name, class or function of the learning rate.
        learning_rate: Number, or function of the step.
        clip_gradients: Limit of the gradients' global norm.
        class_weight: Factors of the classes.
        continue_training: Ignored; `fit` goes on where the last one ended.
        config: A `RunConfig`.
        verbose: Ignored.
        **old: Arguments of earlier versions; ignored.
    """

    def __init__(
        self,
        model_fn: Callable | None = None,
        n_classes: int = 0,
        batch_size: int = 32,
        steps: int = 200,
        optimizer: Any = 'Adagrad',
        learning_rate: Any = 0.1,
        clip_gradients: Any = 5.0,
        class_weight: Any = None,
        continue_training: bool = False,
        config: Any = None,
        verbose: int = 1,
        **old: Any,
    ):
        super().__init__(self._build, config=config)
        del old
        self.model_fn_ = model_fn
        self.n_classes = n_classes
        self.batch_size = batch_size
        self.steps = steps
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.clip_gradients = clip_gradients
        self.class_weight = class_weight
        self.continue_training = continue_training
        self.verbose = verbose
        self._label_shape: list = [None]

    def _net(self, X: Any, y: Any) -> tuple:
        """Returns predictions and loss."""
        assert self.model_fn_ is not None
        return self.model_fn_(X, y)

    def _build(self, features: Any, labels: Any, mode: str) -> tuple:
        """Builds the graph."""
        tf.add_to_collection(ops.IS_TRAINING, int(mode == ModeKeys.TRAIN))
        if self.class_weight is not None:
            tf.constant(self.class_weight, tf.float32, name='class_weight')
        is_asked = labels is None  # the model needs labels even then
        if is_asked:
            labels = tf.placeholder(tf.float32, self._label_shape, 'output')
        elif self.n_classes > 1:
            labels = tf.one_hot(tf.cast(labels, tf.int64), self.n_classes)
        else:
            labels = tf.cast(labels, tf.float32)
        self._label_shape = [None, *labels.shape.as_list()[1:]]
        predictions, loss = self._net(features, labels)
        if is_asked or mode != ModeKeys.TRAIN:
            return predictions, None if is_asked else loss, None
        step = tf.train.get_global_step()
        rate, optimizer = self.learning_rate, self.optimizer
        if callable(rate):
            rate = rate(step)
        train_op = optimize_loss(
            loss, step, rate, optimizer, clip_gradients=self.clip_gradients
        )
        return predictions, loss, train_op

    def fit(  # type: ignore[override]
        self,
        X: Any = None,
        y: Any = None,
        monitor: Any = None,
        logdir: str | None = None,
        steps: int | None = None,
        monitors: Any = None,
        **named: Any,
    ) -> 'TensorFlowEstimator':
        """Trains the model on arrays.

        Args:
            X: The examples, or `x`.
            y: The labels.
            monitor: A monitor, until 0.8; the number of steps, since then.
            logdir: Folder of the checkpoints.
            steps: How many steps.
            monitors: Monitors and hooks.
            **named: x, batch_size.
        """
        if isinstance(monitor, int):
            monitor, steps = None, monitor
        if logdir is not None:
            self._model_dir = logdir
        batch = named.get('batch_size') or self.batch_size
        Estimator.fit(
            self,
            named.get('x', X),
            y,
            steps=steps or self.steps,
            batch_size=None if batch == -1 else batch,
            monitors=monitors or monitor,
        )
        return self

    def partial_fit(self, X: Any = None, y: Any = None, **named: Any) -> Any:  # type: ignore[override]
        """Trains the model further."""
        return self.fit(X, y, **named)

    def _probabilities(self, X: Any, batch_size: int | None) -> np.ndarray:
        """Returns what the model predicts for arrays."""
        batch = batch_size or self.batch_size
        size = None if batch == -1 else batch
        return np.asarray(Estimator.predict(self, X, batch_size=size))

    def predict(  # type: ignore[override]
        self, X: Any = None, axis: int = 1, batch_size: int | None = None, **named: Any
    ) -> np.ndarray:
        """Returns the classes, or the numbers if there are no classes."""
        predicted = self._probabilities(named.get('x', X), batch_size)
        return predicted.argmax(axis=axis) if self.n_classes > 1 else predicted

    def predict_proba(
        self, X: Any = None, batch_size: int | None = None, **named: Any
    ) -> np.ndarray:
        """Returns the probabilities of the classes."""
        return self._probabilities(named.get('x', X), batch_size)

    def score(self, X: Any, y: Any, **options: Any) -> float:
        """Returns the accuracy, or R² if there are no classes."""
        del options
        measure = _accuracy if self.n_classes > 1 else _r2
        return measure(y, self.predict(X))

    def get_tensor_value(self, name: str) -> np.ndarray:
        """Returns a variable's value by its tensor's name, of 0.8 too."""
        for old, new in [('Matrix', 'weights'), ('Bias', 'bias')]:
            name = name.replace(f'Linear/{old}', f'fully_connected/{new}')
        return self.get_variable_value(name)

    def save(self, path: str) -> None:
        """Copies the checkpoints to a folder."""
        shutil.copytree(self.model_dir, path, dirs_exist_ok=True)


class TensorFlowRNNClassifier(TensorFlowEstimator):
    """A recurrent net that predicts one of some classes.

    Args:
        rnn_size: Units of a layer.
        n_classes: Number of classes.
        cell_type: 'rnn', 'gru' or 'lstm'.
        num_layers: Number of layers.
        input_op_fn: Makes a list of inputs from X.
        initial_state: Of the first step.
        bidirectional: Run in both directions.
        sequence_length: Lengths of the examples.
        **options: Those of `TensorFlowEstimator`.
    """

    def __init__(
        self,
        rnn_size: int,
        n_classes: int = 0,
        cell_type: str = 'gru',
        num_layers: int = 1,
        input_op_fn: Callable = lambda X: X,
        initial_state: Any = None,
        bidirectional: bool = False,
        sequence_length: Any = None,
        **options: Any,
    ):
        net = models.get_rnn_model(
            rnn_size,
            cell_type,
            num_layers,
            input_op_fn,
            bidirectional,
            models.logistic_regression,
            sequence_length,
            initial_state,
        )
        super().__init__(net, n_classes, **options)


# What a ready-made model of skflow is given, besides its own arguments.
_FOR_FIT = {'batch_size': 32, 'steps': 200}
_IGNORED = ('clip_gradients', 'continue_training', 'verbose', 'class_weight')


class _Old:
    """The methods of skflow for a ready-made model of contrib.learn."""

    n_classes: int
    batch_size: int
    steps: int

    def _take(self, options: dict[str, Any]) -> dict[str, Any]:
        """Keeps what `fit` needs, and returns the other arguments."""
        for name, default in _FOR_FIT.items():
            setattr(self, name, options.pop(name, default))
        for name in _IGNORED:
            options.pop(name, None)
        if 'optimizer' in options or 'learning_rate' in options:
            rate = options.pop('learning_rate', 0.1)
            given = options.pop('optimizer', 'Adagrad')

            def optimizer() -> Any:
                """Returns the optimizer, once there is a graph."""
                number = rate(tf.train.get_global_step()) if callable(rate) else rate
                return make_optimizer(given, number)

            options['optimizer'] = optimizer
        return options

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        steps: Any = None,
        batch_size: int | None = None,
        monitors: Any = None,
        logdir: str | None = None,
        **named: Any,
    ) -> Any:
        """Trains the model on arrays."""
        if logdir is not None:
            self._model_dir = logdir
        if steps is not None and not isinstance(steps, int):
            monitors, steps = steps, None
        batch = batch_size or self.batch_size
        return Estimator.fit(
            self,  # type: ignore[arg-type]
            named.get('X', x),
            y,
            steps=steps or self.steps,
            batch_size=None if batch == -1 else batch,
            monitors=monitors or named.get('monitor'),
        )

    def partial_fit(self, x: Any = None, y: Any = None, **named: Any) -> Any:
        """Trains the model further."""
        return self.fit(x, y, **named)

    def score(self, x: Any, y: Any, **options: Any) -> float:
        """Returns the accuracy, or R² if there are no classes."""
        del options
        measure = _accuracy if self.n_classes > 1 else _r2
        return measure(y, self.predict(x))  # type: ignore[attr-defined]


class TensorFlowDNNClassifier(_Old, canned.DNNClassifier):  # type: ignore[misc]
    """skflow's dense net for classes; the arguments after the units are by name."""

    def __init__(self, hidden_units: Sequence[int], n_classes: int = 2, **options: Any):
        self.n_classes = n_classes
        taken = self._take(options)
        super().__init__(hidden_units, n_classes=n_classes, **taken)


class TensorFlowDNNRegressor(_Old, canned.DNNRegressor):  # type: ignore[misc]
    """skflow's dense net for numbers."""

    def __init__(self, hidden_units: Sequence[int], n_classes: int = 0, **options: Any):
        self.n_classes = n_classes
        super().__init__(hidden_units, **self._take(options))


class TensorFlowLinearClassifier(_Old, canned.LinearClassifier):  # type: ignore[misc]
    """skflow's linear model for classes."""

    def __init__(self, n_classes: int = 2, **options: Any):
        self.n_classes = n_classes
        super().__init__(n_classes=n_classes, **self._take(options))


class TensorFlowLinearRegressor(_Old, canned.LinearRegressor):  # type: ignore[misc]
    """skflow's linear model for numbers."""

    def __init__(self, n_classes: int = 0, **options: Any):
        self.n_classes = n_classes
        super().__init__(**self._take(options))


TensorFlowClassifier = TensorFlowLinearClassifier
TensorFlowRegressor = TensorFlowLinearRegressor
