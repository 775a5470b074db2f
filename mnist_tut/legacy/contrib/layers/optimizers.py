"""contrib.layers' optimize_loss: a training op with the usual trimmings.

Source:
    TensorFlow 1.2, contrib/layers/python/layers/optimizers.py.
"""

from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.contrib.framework import assert_global_step, assert_scalar

import tensorflow.compat.v1 as tf

OPTIMIZER_CLS_NAMES = {
    'Adagrad': tf.train.AdagradOptimizer,
    'Adam': tf.train.AdamOptimizer,
    'Ftrl': tf.train.FtrlOptimizer,
    'Momentum': lambda learning_rate: tf.train.MomentumOptimizer(learning_rate, 0.9),
    'RMSProp': tf.train.RMSPropOptimizer,
    'SGD': tf.train.GradientDescentOptimizer,
}

OPTIMIZER_SUMMARIES = [
    'learning_rate',
    'loss',
    'gradients',
    'gradient_norm',
    'global_gradient_norm',
]


def make_optimizer(optimizer: Any, learning_rate: Any) -> tf.train.Optimizer:
    """Returns an optimizer from a name, a class, a function or an optimizer.

    Raises:
        ValueError: If it is none of them.
    """
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZER_CLS_NAMES:
            names = ', '.join(OPTIMIZER_CLS_NAMES)
            raise ValueError(
                f'Optimizer name should be one of [{names}], you provided {optimizer}.'
            )
        optimizer = OPTIMIZER_CLS_NAMES[optimizer]
    elif isinstance(optimizer, type):
        return optimizer(learning_rate=learning_rate)
    if callable(optimizer):
        optimizer = optimizer() if learning_rate is None else optimizer(learning_rate)
    if not isinstance(optimizer, tf.train.Optimizer):
        raise ValueError(
            'Unrecognized optimizer: should be string, subclass of Optimizer, instance '
            'of subclass of Optimizer or function with one argument. '
            f'Got {optimizer}.'
        )
    return optimizer


def _learning_rate(learning_rate: Any) -> Any:
    """Returns the learning rate as a tensor; a number becomes a variable."""
    if learning_rate is None or tf.is_tensor(learning_rate):
        return learning_rate
    if not isinstance(learning_rate, float | int) or learning_rate < 0.0:
        raise ValueError(f'Invalid learning_rate {learning_rate}.')
    return tf.get_variable(
        'learning_rate',
        [],
        trainable=False,
        initializer=tf.constant_initializer(learning_rate),
    )


def _clipped(gradients: list, clip_gradients: Any) -> list:
    """Returns the gradients with a limited global norm."""
    if clip_gradients is None:
        return gradients
    if callable(clip_gradients):
        return clip_gradients(gradients)
    values, variables = zip(*gradients, strict=True)
    clipped, _ = tf.clip_by_global_norm(values, clip_gradients)
    return list(zip(clipped, variables, strict=True))


def _noisy(gradients: list, scale: float) -> list:
    """Returns the gradients with normal noise added."""
    return [
        (g if g is None else g + tf.truncated_normal(tf.shape(g)) * scale, v)
        for g, v in gradients
    ]


def _multiplied(gradients: list, multipliers: dict) -> list:
    """Returns the gradients times the numbers for their variables or their names."""
    by_name = {getattr(key, 'name', key): m for key, m in multipliers.items()}
    return [
        (
            g if g is None else g * by_name.get(v.name, by_name.get(v.op.name, 1.0)),
            v,
        )
        for g, v in gradients
    ]


def _summarize(gradients: list, summaries: Sequence[str]) -> None:
    """Adds the summaries of single gradients."""
    for gradient, variable in gradients:
        if gradient is None:
            continue
        values = getattr(gradient, 'values', gradient)
        name = variable.name.replace(':', '_')
        if 'gradients' in summaries:
            tf.summary.histogram('gradients/' + name, values)
        if 'gradient_norm' in summaries:
            tf.summary.scalar('gradient_norm/' + name, tf.global_norm([values]))


def optimize_loss(
    loss: Any,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: float | None = None,
    gradient_multipliers: dict | None = None,
    clip_gradients: Any = None,
    learning_rate_decay_fn: Callable | None = None,
    update_ops: Any = None,
    variables: Any = None,
    name: str | None = None,
    summaries: Sequence[str] | None = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
    moving_average_decay: float | None = None,
) -> tf.Tensor:
    """Returns the loss as a tensor that takes a training step when it is computed.

    The variable is OptimizeLoss/learning_rate.

    Args:
        loss: Scalar.
        global_step: Variable that counts the steps; None for the graph's.
        learning_rate: Number or tensor; None where the optimizer has its own.
        optimizer: 'SGD', 'Adam', ..., a class, a function of the learning rate or an
            optimizer.
        gradient_noise_scale: Add normal noise of this size.
        gradient_multipliers: Factors by the variables or their names.
        clip_gradients: Limit of the global norm, or a function of the gradients.
        learning_rate_decay_fn: Function of the learning rate and the step.
        update_ops: Ops to run before; those of the collection UPDATE_OPS if None.
        variables: Which are trained; all trainable ones if None.
        name: Name of the scope.
        summaries: Some of `OPTIMIZER_SUMMARIES`.
        colocate_gradients_with_ops: As in `Optimizer.compute_gradients`.
        increment_global_step: Whether to count the step.
        moving_average_decay: Of TensorFlow 0.8, for a summary; ignored.
    """
    del moving_average_decay
    loss = assert_scalar(loss)
    if global_step is None:
        global_step = tf.train.get_global_step()
    else:
        assert_global_step(global_step)
    if summaries is None:
        summaries = ['loss', 'learning_rate', 'global_gradient_norm']
    for summary in summaries:
        if summary not in OPTIMIZER_SUMMARIES:
            raise ValueError(
                f'Summaries should be one of [{", ".join(OPTIMIZER_SUMMARIES)}], you '
                f'provided {summary}.'
            )
    with tf.variable_scope(name, 'OptimizeLoss', [loss, global_step]):
        if update_ops is None:
            update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        if update_ops:
            with tf.control_dependencies(list(update_ops)):
                loss = tf.identity(loss)
        rate = _learning_rate(learning_rate)
        if rate is not None and learning_rate_decay_fn is not None:
            rate = learning_rate_decay_fn(rate, global_step)
            if 'learning_rate' in summaries:
                tf.summary.scalar('learning_rate', rate)
        made = make_optimizer(optimizer, rate)
        gradients = made.compute_gradients(
            loss,
            tf.trainable_variables() if variables is None else variables,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gradient_noise_scale is not None:
            gradients = _noisy(gradients, gradient_noise_scale)
        if gradient_multipliers is not None:
            gradients = _multiplied(gradients, gradient_multipliers)
        norms = {'global_gradient_norm', 'gradient_norm'} & {*summaries}
        if norms:
            norm = tf.global_norm([g for g, _ in gradients])
            tf.summary.scalar('global_norm/gradient_norm', norm)
        gradients = _clipped(gradients, clip_gradients)
        if 'loss' in summaries:
            tf.summary.scalar('loss', loss)
        _summarize(gradients, summaries)
        if norms and clip_gradients is not None:
            norm = tf.global_norm([g for g, _ in gradients])
            tf.summary.scalar('global_norm/clipped_gradient_norm', norm)
        counted = global_step if increment_global_step else None
        step = made.apply_gradients(gradients, global_step=counted, name='train')
        with tf.control_dependencies([step]):
            return tf.identity(loss)
