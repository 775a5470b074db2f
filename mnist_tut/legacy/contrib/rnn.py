"""Stand-in for tensorflow.contrib.rnn, but for the cells that tf.nn.rnn_cell has.

Those are served by `served.rnn`, with the arguments of each version. Here are the
others: some whose kernels TensorFlow has dropped, by equal cells that need none, and
those that were contrib's own.

Source:
    TensorFlow 1.2, contrib/rnn/python/ops/, and 1.0's core_rnn_cell_impl.py.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mnist_tut import runtime  # noqa: F401  (TensorFlow, quietly)
from mnist_tut.errors import UserError

import tensorflow.compat.v1 as tf

try:
    _cells: Any = tf.nn.rnn_cell
    RNNCell: Any = _cells.RNNCell
except (AttributeError, ImportError) as error:
    raise UserError(
        "TensorFlow 1's RNN cells need tf-keras, and TF_USE_LEGACY_KERAS=1 in the "
        'environment before TensorFlow is imported; "pip install mnist_tut[legacy]" '
        'installs it'
    ) from error

static_state_saving_rnn = tf.nn.static_state_saving_rnn

__all__ = [
    'EmbeddingWrapper',
    'GRUBlockCell',
    'GRUBlockCellV2',
    'InputProjectionWrapper',
    'LSTMBlockCell',
    'LSTMBlockFusedCell',
    'LayerNormBasicLSTMCell',
    'OutputProjectionWrapper',
    'stack_bidirectional_dynamic_rnn',
    'stack_bidirectional_rnn',
    'static_state_saving_rnn',
]


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Leaves out 'deprecated, please use tf.keras', which no old program can do."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield


class LSTMBlockCell(_cells.BasicLSTMCell):
    """`BasicLSTMCell` under the name of the one that was a single op.

    The variables are lstm_cell/kernel and lstm_cell/bias, as the original's.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        clip_cell: Any = None,
        use_peephole: bool = False,
        **kwargs: Any,
    ):
        if use_peephole:
            raise ValueError('Peepholes need LSTMCell(num_units, use_peepholes=True).')
        del clip_cell
        kwargs.setdefault('name', 'lstm_cell')
        with _without_warnings():
            super().__init__(num_units, forget_bias, **kwargs)


class GRUBlockCell(_cells.GRUCell):
    """`GRUCell` under the name of the one that was a single op."""

    def __init__(self, num_units: int | None = None, **kwargs: Any):
        kwargs.setdefault('name', 'gru_cell')
        with _without_warnings():
            super().__init__(num_units or kwargs.pop('cell_size'), **kwargs)


GRUBlockCellV2 = GRUBlockCell


class LSTMBlockFusedCell:
    """A whole LSTM layer in one call, as `BasicLSTMCell` in a loop.

    Args:
        num_units: Number of units.
        forget_bias: Added to the forget gate.
        **options: Ignored.
    """

    def __init__(self, num_units: int, forget_bias: float = 1.0, **options: Any):
        del options
        self.num_units = num_units
        self._cell = LSTMBlockCell(num_units, forget_bias, name='lstm_fused_cell')

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple:
        """Returns outputs and last state of inputs [steps, batch, numbers]."""
        return tf.nn.dynamic_rnn(
            self._cell,
            inputs,
            sequence_length,
            initial_state,
            dtype or (tf.float32 if initial_state is None else None),
            time_major=True,
            scope=scope,
        )


class LayerNormBasicLSTMCell(RNNCell):
    """Long short-term memory with layer normalization and recurrent dropout.

    Args:
        num_units: Number of units.
        forget_bias: Added to the forget gate.
        input_size: Ignored.
        activation: Of the inner states.
        layer_norm: Normalize the gates.
        norm_gain: First value of the normalization's gain.
        norm_shift: First value of its shift.
        dropout_keep_prob: Probability that a new value is kept.
        dropout_prob_seed: Seed of the dropout.
        reuse: Use the variables that the scope has.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Callable = tf.tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: int | None = None,
        reuse: bool | None = None,
    ):
        del input_size
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._activation = activation
        self._layer_norm = layer_norm
        self._gain, self._shift = norm_gain, norm_shift
        self._keep_prob, self._seed = dropout_keep_prob, dropout_prob_seed

    @property
    def state_size(self) -> Any:
        """Sizes of the two states."""
        return _cells.LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._num_units

    def _norm(self, values: tf.Tensor, scope: str) -> tf.Tensor:
        """Returns normalized values; the variables are <scope>/gamma and /beta."""
        with tf.variable_scope(scope):
            size = [values.shape.as_list()[-1]]
            gamma = tf.get_variable(
                'gamma', size, initializer=tf.constant_initializer(self._gain)
            )
            beta = tf.get_variable(
                'beta', size, initializer=tf.constant_initializer(self._shift)
            )
        mean, variance = tf.nn.moments(values, [1], keep_dims=True)
        return tf.nn.batch_normalization(values, mean, variance, beta, gamma, 1e-12)

    def call(self, inputs: tf.Tensor, state: Any) -> tuple:
        """Returns the output and the new state."""
        c, h = state
        both = tf.concat([inputs, h], 1)
        kernel = tf.get_variable(
            'kernel', [both.shape.as_list()[-1], 4 * self._num_units]
        )
        product = tf.matmul(both, kernel)
        if not self._layer_norm:
            product += tf.get_variable(
                'bias', [4 * self._num_units], initializer=tf.zeros_initializer()
            )
        gates = tf.split(product, 4, 1)
        if self._layer_norm:
            names = ('input', 'transform', 'forget', 'output')
            gates = [self._norm(g, name) for g, name in zip(gates, names, strict=True)]
        i, j, f, o = gates
        new = self._activation(j)
        if tf.is_tensor(self._keep_prob) or self._keep_prob < 1:
            new = tf.nn.dropout(new, rate=1 - self._keep_prob, seed=self._seed)
        new_c = c * tf.sigmoid(f + self._forget_bias) + tf.sigmoid(i) * new
        if self._layer_norm:
            new_c = self._norm(new_c, 'state')
        new_h = self._activation(new_c) * tf.sigmoid(o)
        return new_h, _cells.LSTMStateTuple(new_c, new_h)


class _Projection(RNNCell):
    """A cell with a dense layer before or after it."""

    def __init__(self, cell: Any, size: int, reuse: bool | None = None):
        super().__init__(_reuse=reuse)
        self._cell = cell
        self._size = size

    @property
    def state_size(self) -> Any:
        """Sizes of the cell's states."""
        return self._cell.state_size

    def _project(self, values: tf.Tensor) -> tf.Tensor:
        """Returns values times a kernel, plus a bias."""
        kernel = tf.get_variable('kernel', [values.shape.as_list()[-1], self._size])
        bias = tf.get_variable('bias', [self._size], initializer=tf.zeros_initializer())
        return tf.nn.bias_add(tf.matmul(values, kernel), bias)


class OutputProjectionWrapper(_Projection):
    """A cell whose outputs go through a dense layer of `output_size` units."""

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._size

    def call(self, inputs: tf.Tensor, state: Any) -> tuple:
        """Returns the output and the new state."""
        output, new_state = self._cell(inputs, state)
        return self._project(output), new_state


class InputProjectionWrapper(_Projection):
    """A cell whose inputs go through a dense layer of `num_proj` units."""

    def __init__(
        self,
        cell: Any,
        num_proj: int,
        input_size: Any = None,
        reuse: bool | None = None,
    ):
        del input_size
        super().__init__(cell, num_proj, reuse)

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._cell.output_size

    def call(self, inputs: tf.Tensor, state: Any) -> tuple:
        """Returns the output and the new state."""
        return self._cell(self._project(inputs), state)


class EmbeddingWrapper(RNNCell):
    """A cell whose inputs are ids, each with a trained vector."""

    def __init__(
        self,
        cell: Any,
        embedding_classes: int,
        embedding_size: int,
        initializer: Any = None,
        reuse: bool | None = None,
    ):
        super().__init__(_reuse=reuse)
        self._cell = cell
        self._shape = [embedding_classes, embedding_size]
        self._initializer = initializer

    @property
    def state_size(self) -> Any:
        """Sizes of the cell's states."""
        return self._cell.state_size

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self._cell.output_size

    def call(self, inputs: tf.Tensor, state: Any) -> tuple:
        """Returns the output and the new state."""
        initializer = self._initializer or tf.random_uniform_initializer(
            -(3**0.5), 3**0.5
        )
        embedding = tf.get_variable('embedding', self._shape, initializer=initializer)
        vectors = tf.nn.embedding_lookup(embedding, tf.reshape(inputs, [-1]))
        return self._cell(vectors, state)


def _layers_of(
    run: Callable, cells_fw: Any, cells_bw: Any, inputs: Any, fw: Any, bw: Any
) -> tuple:
    """Runs layers of two directions; each gets the outputs of the one below."""
    states_fw, states_bw = [], []
    for number, (cell_fw, cell_bw) in enumerate(zip(cells_fw, cells_bw, strict=True)):
        with tf.variable_scope(f'cell_{number}'):
            inputs, state_fw, state_bw = run(
                cell_fw,
                cell_bw,
                inputs,
                fw[number] if fw else None,
                bw[number] if bw else None,
            )
        states_fw.append(state_fw)
        states_bw.append(state_bw)
    return inputs, tuple(states_fw), tuple(states_bw)


def stack_bidirectional_rnn(
    cells_fw: Sequence[Any],
    cells_bw: Sequence[Any],
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple:
    """Runs several layers of `static_bidirectional_rnn`.

    Returns:
        The outputs of the last layer, and the last states of the layers forward and
        backward.
    """

    def run(cell_fw: Any, cell_bw: Any, below: Any, fw: Any, bw: Any) -> tuple:
        """Runs one layer."""
        return tf.nn.static_bidirectional_rnn(
            cell_fw, cell_bw, below, fw, bw, dtype, sequence_length
        )

    with tf.variable_scope(scope or 'stack_bidirectional_rnn'):
        return _layers_of(
            run, cells_fw, cells_bw, inputs, initial_states_fw, initial_states_bw
        )


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[Any],
    cells_bw: Sequence[Any],
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    scope: Any = None,
    **options: Any,
) -> tuple:
    """Runs several layers of `tf.nn.bidirectional_dynamic_rnn`.

    Returns:
        The outputs of the last layer, and the last states of the layers forward and
        backward.
    """

    def run(cell_fw: Any, cell_bw: Any, below: Any, fw: Any, bw: Any) -> tuple:
        """Runs one layer."""
        outputs, (state_fw, state_bw) = tf.nn.bidirectional_dynamic_rnn(
            cell_fw,
            cell_bw,
            below,
            sequence_length,
            fw,
            bw,
            dtype,
            parallel_iterations,
            **options,
        )
        return tf.concat(outputs, 2), state_fw, state_bw

    with tf.variable_scope(scope or 'stack_bidirectional_rnn'):
        return _layers_of(
            run, cells_fw, cells_bw, inputs, initial_states_fw, initial_states_bw
        )
