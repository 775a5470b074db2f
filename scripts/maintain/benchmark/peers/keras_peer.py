"""Keras 3 on TensorFlow, with fit()."""

import functools
import os
import time
from collections.abc import Callable
from typing import Any

os.environ['KERAS_BACKEND'] = 'tensorflow'

from benchmark.peers.peer import Peer
from benchmark.problem import Problem

import keras
import numpy as np


def _loss(y_true: Any, y_pred: Any) -> Any:
    """Cross-entropy of the softmax of what the network returns.

    Keras' own loses the softmax of a softmax: it looks for the logits before it.
    """
    chosen = keras.ops.one_hot(keras.ops.cast(y_true[:, 0], 'int32'), 10)
    return -keras.ops.sum(chosen * keras.ops.log_softmax(y_pred), axis=1)


class Keras(Peer):
    """A Sequential model; `ways` are fit() with and without jit_compile."""

    def __init__(self, problem: Problem, dropout: float, steps_per_execution: int = 1):
        super().__init__(problem, dropout)
        self._jit = False
        self._steps = steps_per_execution

    def reset(self) -> None:
        """Builds and compiles the model, with the common weights."""
        about, weights = self.problem.model, self.problem.weights
        regularizer = keras.regularizers.L2(about.l2 / 2) if about.l2 else None
        layers: list = [keras.Input([784])]
        if about.is_convolutional:
            layers.append(keras.layers.Reshape([28, 28, 1]))
        for i, w in enumerate(weights[::2]):
            is_last = 2 * i + 2 == len(weights)
            if w.ndim == 4:
                layers.append(
                    keras.layers.Conv2D(
                        w.shape[3], 5, padding='same', activation='relu'
                    )
                )
                layers.append(keras.layers.MaxPooling2D())
                continue
            layers.append(keras.layers.Flatten())
            if is_last and self.dropout:
                layers.append(keras.layers.Dropout(self.dropout))
            layers.append(
                keras.layers.Dense(
                    w.shape[1],
                    activation=None if is_last else about.activation,
                    kernel_regularizer=regularizer,
                    bias_regularizer=regularizer,
                )
            )
        if about.double_softmax:
            layers.append(keras.layers.Softmax())
        self._model = keras.Sequential(layers)
        self._model.set_weights([np.array(value) for value in weights])
        rate = about.learning_rate
        if about.optimizer == 'adam':
            optimizer = keras.optimizers.Adam(rate, epsilon=1e-8)
        else:
            momentum = 0.9 if about.optimizer == 'momentum' else 0.0
            optimizer = keras.optimizers.SGD(rate, momentum)
        self._model.compile(
            optimizer,
            _loss,
            jit_compile=self._jit,
            steps_per_execution=self._steps,
        )

    def load(self, start: int, stop: int) -> None:
        """Makes the batches, one after the other in one array."""
        self._images = self.problem.pixels(start, stop).reshape(-1, 784)
        self._labels = self.problem.labels(start, stop).reshape(-1, 1)

    def run(self, begin: int, end: int) -> list[float]:
        """Calls fit() once; it returns the mean loss alone."""
        size = self.problem.model.batch_size
        rows = slice(begin * size, end * size)
        fitted = self._model.fit(
            self._images[rows],
            self._labels[rows],
            batch_size=size,
            shuffle=False,
            verbose=0,
        )
        return fitted.history['loss']

    def first_losses(self, num_steps: int) -> list[float]:
        """Trains batch by batch, because fit() returns means."""
        self.reset()
        self.load(0, num_steps)
        losses, size = [], self.problem.model.batch_size
        for begin in range(0, num_steps * size, size):
            rows = slice(begin, begin + size)
            self._model.reset_metrics()
            losses.append(
                float(
                    self._model.train_on_batch(self._images[rows], self._labels[rows])
                )
            )
        return losses

    def times(self, num_steps: int) -> list[float]:
        """Times one fit() for all steps: that is how it is meant to be used."""
        num_steps = min(num_steps, self.problem.steps_per_pass)
        start = time.perf_counter()
        self.run(0, num_steps)
        return [(time.perf_counter() - start) / num_steps]

    def scores(self, images: np.ndarray) -> np.ndarray:
        """Runs the network without dropout."""
        return self._model.predict_on_batch(images)

    def ways(self) -> dict[str, Callable[[], None]]:
        """Returns whether XLA compiles the step."""

        def use(jit: bool) -> None:
            self._jit = jit

        return {
            'plain': functools.partial(use, False),
            'jit_compile': functools.partial(use, True),
        }
