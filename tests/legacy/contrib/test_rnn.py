"""contrib.rnn's own cells: names, shapes, and the same numbers as the plain cells."""

from mnist_tut.legacy.contrib import legacy_seq2seq, rnn

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

pytestmark = pytest.mark.filterwarnings(
    # 2026-11-21: tf-keras says so of each cell of TensorFlow 1.
    'ignore:.*is deprecated and will be removed:UserWarning'
)


@pytest.fixture
def inputs():
    """float32 [3, 5, 4]: batch, steps, numbers."""
    random = np.random.RandomState(0)
    return tf.constant(random.uniform(-1, 1, (3, 5, 4)).astype(np.float32))


def names():
    return [v.op.name for v in tf.global_variables()]


def run(*fetches):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches)


def test_the_block_cell_is_the_basic_one(inputs):
    a, _ = tf.nn.dynamic_rnn(rnn.LSTMBlockCell(6), inputs, dtype=tf.float32)
    assert names() == ['rnn/lstm_cell/kernel', 'rnn/lstm_cell/bias']
    kernel, bias = tf.global_variables()
    with tf.variable_scope('', reuse=True):
        plain = tf.nn.rnn_cell.BasicLSTMCell(6, name='lstm_cell')
        b, _ = tf.nn.dynamic_rnn(plain, inputs, dtype=tf.float32)
    assert tf.global_variables() == [kernel, bias]
    np.testing.assert_allclose(*run(a, b), rtol=1e-5)


def test_the_fused_cell_takes_the_steps_first(inputs):
    by_step = tf.transpose(inputs, [1, 0, 2])
    outputs, state = rnn.LSTMBlockFusedCell(6)(by_step)
    assert outputs.shape.as_list() == [5, 3, 6]
    outputs, state = run(outputs, state)
    np.testing.assert_allclose(outputs[-1], state.h)


def test_layer_norm_cell_has_its_variables(inputs):
    cell = rnn.LayerNormBasicLSTMCell(6)
    outputs, _ = tf.nn.dynamic_rnn(cell, inputs, dtype=tf.float32)
    assert outputs.shape.as_list() == [3, 5, 6]
    scope = 'rnn/layer_norm_basic_lstm_cell/'
    assert [n.removeprefix(scope) for n in names()] == [
        'kernel',
        *(
            f'{gate}/{name}'
            for gate in ('input', 'transform', 'forget', 'output', 'state')
            for name in ('gamma', 'beta')
        ),
    ]
    gradients = tf.gradients(tf.reduce_sum(outputs), tf.trainable_variables())
    assert None not in gradients


def test_projections_change_the_sizes(inputs):
    cell = rnn.OutputProjectionWrapper(
        rnn.InputProjectionWrapper(rnn.GRUBlockCell(6), 2), 7
    )
    outputs, _ = tf.nn.dynamic_rnn(cell, inputs, dtype=tf.float32)
    assert outputs.shape.as_list() == [3, 5, 7]
    shapes = {
        v.op.name.split('/', 1)[1]: v.shape.as_list() for v in tf.global_variables()
    }
    assert shapes['output_projection_wrapper/kernel'] == [6, 7]
    wrapped = 'output_projection_wrapper/input_projection_wrapper/'
    assert shapes[wrapped + 'kernel'] == [4, 2]
    assert shapes[wrapped + 'gru_cell/candidate/kernel'] == [8, 6]


def test_embedding_wrapper_takes_ids():
    cell = rnn.EmbeddingWrapper(rnn.GRUBlockCell(6), 10, 3)
    ids = tf.constant([[[1], [2]]])
    outputs, _ = tf.nn.dynamic_rnn(cell, ids, dtype=tf.float32)
    assert outputs.shape.as_list() == [1, 2, 6]
    assert 'rnn/embedding_wrapper/embedding' in names()


@pytest.mark.parametrize('dynamic', [True, False])
def test_bidirectional_layers_are_stacked(inputs, dynamic):
    cells = [[tf.nn.rnn_cell.GRUCell(6) for _ in range(2)] for _ in range(2)]
    if dynamic:
        stack, fed = rnn.stack_bidirectional_dynamic_rnn, inputs
    else:
        stack, fed = rnn.stack_bidirectional_rnn, tf.unstack(inputs, axis=1)
    outputs, forward, backward = stack(*cells, fed, dtype=tf.float32)
    outputs = outputs if dynamic else tf.stack(outputs, 1)
    assert outputs.shape.as_list() == [3, 5, 12]
    assert len(forward) == len(backward) == 2
    layer = 'stack_bidirectional_rnn/cell_1/bidirectional_rnn/fw/gru_cell/'
    shapes = {v.op.name: v.shape.as_list() for v in tf.global_variables()}
    assert shapes[layer + 'candidate/kernel'] == [18, 6]
    outputs, last = run(outputs, forward[1])
    np.testing.assert_allclose(outputs[:, -1, :6], last)


def test_a_decoder_goes_on_where_its_state_ends(inputs):
    steps = tf.unstack(inputs, axis=1)
    cell = tf.nn.rnn_cell.GRUCell(6)
    whole, _ = tf.nn.static_rnn(cell, steps, dtype=tf.float32, scope='rnn_decoder')
    start = cell.zero_state(3, tf.float32)
    with tf.variable_scope('', reuse=True):
        parts, _ = legacy_seq2seq.rnn_decoder(steps, start, cell)
    np.testing.assert_allclose(*run(whole[-1], parts[-1]), rtol=1e-5)


def test_sequence_loss_is_the_mean_over_steps_and_batch():
    logits = [tf.constant([[0.0, 0.0], [0.0, 0.0]])] * 3
    targets = [tf.constant([0, 1])] * 3
    weights = [tf.ones([2])] * 3
    (loss,) = run(legacy_seq2seq.sequence_loss(logits, targets, weights))
    assert loss == pytest.approx(np.log(2))
    with pytest.raises(ValueError, match='must be the same'):
        legacy_seq2seq.sequence_loss(logits, targets, weights[1:])
