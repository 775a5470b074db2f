"""Stand-in for tensorflow.contrib.legacy_seq2seq: unrolled decoders and their losses.

Source:
    TensorFlow 1.0, contrib/legacy_seq2seq/python/ops/seq2seq.py.
"""

from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf

__all__ = [
    'basic_rnn_seq2seq',
    'rnn_decoder',
    'sequence_loss',
    'sequence_loss_by_example',
    'tied_rnn_seq2seq',
]


def rnn_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    cell: Any,
    loop_function: Callable | None = None,
    scope: Any = None,
) -> tuple[list, Any]:
    """Returns a cell's outputs and its last state.

    Args:
        decoder_inputs: [batch, numbers] for each step.
        initial_state: The first state.
        cell: The cell.
        loop_function: Function of the last output and the step's number that returns
            the next input.
        scope: Of the variables; rnn_decoder by default.
    """
    with tf.variable_scope(scope or 'rnn_decoder'):
        state, outputs, last = initial_state, [], None
        for number, given in enumerate(decoder_inputs):
            if loop_function is not None and last is not None:
                with tf.variable_scope('loop_function', reuse=True):
                    given = loop_function(last, number)
            if number > 0:
                tf.get_variable_scope().reuse_variables()
            output, state = cell(given, state)
            outputs.append(output)
            last = output if loop_function is not None else None
        return outputs, state


def basic_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: Any,
    dtype: Any = tf.float32,
    scope: Any = None,
) -> tuple[list, Any]:
    """Returns a decoder's outputs and last state; it starts where an encoder ends."""
    import copy

    with tf.variable_scope(scope or 'basic_rnn_seq2seq'):
        encoder = copy.copy(cell)
        _, state = tf.nn.static_rnn(encoder, encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


def tied_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: Any,
    loop_function: Callable | None = None,
    dtype: Any = tf.float32,
    scope: Any = None,
) -> tuple[list, Any]:
    """Returns the same with the encoder's weights for the decoder."""
    with tf.variable_scope('combined_tied_rnn_seq2seq'):
        name = scope or 'tied_rnn_seq2seq'
        _, state = tf.nn.static_rnn(cell, encoder_inputs, dtype=dtype, scope=name)
        tf.get_variable_scope().reuse_variables()
        return rnn_decoder(decoder_inputs, state, cell, loop_function, name)


def sequence_loss_by_example(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    softmax_loss_function: Callable | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """Returns the weighted cross-entropy of each example, over the steps.

    Args:
        logits: [batch, classes] for each step.
        targets: [batch] for each step.
        weights: [batch] for each step.
        average_across_timesteps: Divide by the sum of the weights.
        softmax_loss_function: Function of labels and logits.
        name: Of the ops.
    """
    if not len(logits) == len(targets) == len(weights):
        raise ValueError(
            'Lengths of logits, weights, and targets must be the same '
            f'{len(logits)}, {len(weights)}, {len(targets)}.'
        )
    with tf.name_scope(name, 'sequence_loss_by_example'):
        losses = []
        for logit, target, weight in zip(logits, targets, weights, strict=True):
            if softmax_loss_function is None:
                loss = tf.nn.sparse_softmax_cross_entropy_with_logits(
                    labels=tf.reshape(target, [-1]), logits=logit
                )
            else:
                loss = softmax_loss_function(labels=target, logits=logit)
            losses.append(loss * weight)
        total = tf.add_n(losses)
        return (
            total / (tf.add_n(list(weights)) + 1e-12)
            if (average_across_timesteps)
            else total
        )


def sequence_loss(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Callable | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """Returns `sequence_loss_by_example`, summed or averaged over the batch."""
    with tf.name_scope(name, 'sequence_loss'):
        cost = tf.reduce_sum(
            sequence_loss_by_example(
                logits,
                targets,
                weights,
                average_across_timesteps,
                softmax_loss_function,
            )
        )
        if not average_across_batch:
            return cost
        return cost / tf.cast(tf.shape(targets[0])[0], cost.dtype)
