"""Stand-in for tensorflow.contrib.opt: optimizers without kernels of their own.

Source:
    TensorFlow 1.4 to 1.10, contrib/opt/python/training/.
"""

from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf

__all__ = ['AdamWOptimizer', 'LazyAdamOptimizer', 'MovingAverageOptimizer']

LazyAdamOptimizer = tf.train.AdamOptimizer


class AdamWOptimizer(tf.train.AdamOptimizer):
    """Adam with weight decay that is not part of the gradients.

    Args:
        weight_decay: By which share a weight shrinks in a step.
        learning_rate: Of Adam.
        beta1: Of Adam.
        beta2: Of Adam.
        epsilon: Of Adam.
        use_locking: Of Adam.
        name: Of the ops.
    """

    def __init__(
        self,
        weight_decay: Any,
        learning_rate: Any = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        use_locking: bool = False,
        name: str = 'AdamW',
    ):
        super().__init__(learning_rate, beta1, beta2, epsilon, use_locking, name)
        self._weight_decay = weight_decay

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Any = None, name: str | None = None
    ) -> Any:
        """Shrinks the weights, then takes Adam's step."""
        pairs = list(grads_and_vars)
        gradients = [g for g, _ in pairs if g is not None]
        with tf.control_dependencies(gradients):
            shrunk = [
                tf.assign_sub(v, self._weight_decay * v)
                for g, v in pairs
                if g is not None
            ]
        with tf.control_dependencies(shrunk):
            return super().apply_gradients(pairs, global_step, name)


class MovingAverageOptimizer(tf.train.Optimizer):
    """An optimizer that also keeps moving averages of what it trains.

    Args:
        opt: The optimizer.
        average_decay: Of the averages.
        num_updates: Of `tf.train.ExponentialMovingAverage`.
        sequential_update: Ignored.
    """

    def __init__(
        self,
        opt: tf.train.Optimizer,
        average_decay: float = 0.9999,
        num_updates: Any = None,
        sequential_update: bool = True,
    ):
        del sequential_update
        super().__init__(False, 'MovingAverage')
        self._optimizer = opt
        self._average = tf.train.ExponentialMovingAverage(average_decay, num_updates)

    def compute_gradients(self, *args: Any, **kwargs: Any) -> list:
        """Returns the optimizer's gradients."""
        return self._optimizer.compute_gradients(*args, **kwargs)

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Any = None, name: str | None = None
    ) -> Any:
        """Takes a step, then moves the averages."""
        pairs = list(grads_and_vars)
        step = self._optimizer.apply_gradients(pairs, global_step)
        with tf.control_dependencies([step]):
            return tf.group(self._average.apply([v for _, v in pairs]), name=name)

    def swapping_saver(self, var_list: Any = None, **options: Any) -> Any:
        """Returns a saver that writes the averages under the variables' names."""
        variables = var_list or tf.global_variables()
        by_name = {
            v.op.name: self._average.average(v)
            if self._average.average(v) is not None
            else v
            for v in variables
            if not v.op.name.endswith('/ExponentialMovingAverage')
        }
        return tf.train.Saver(by_name, **options)
