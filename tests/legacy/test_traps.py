"""The silent traps: the served form equals the explicit one, and differs from today's.

Each script uses a call as it was meant then, without an exception today, and the same
computation in words that never changed.
"""

from mnist_tut.data import synthetic
from tests.legacy import scripts

import numpy as np
import pytest

LOGITS = [[2.0, -1.0, 0.5], [0.1, 0.2, 3.0]]
LABELS = [[0.0, 1.0, 0.0], [0.7, 0.2, 0.1]]


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ('call', 'expected'),
    [
        ('tf.nn.softmax_cross_entropy_with_logits(x, y)',
         '-tf.reduce_sum(y * tf.log(tf.exp(x) / tf.reduce_sum(tf.exp(x), 1, '
         'keep_dims=True)), 1)'),
        ('tf.nn.sigmoid_cross_entropy_with_logits(x, y)',
         '-y * tf.log(tf.sigmoid(x)) - (1 - y) * tf.log(1 - tf.sigmoid(x))'),
        ('tf.nn.sparse_softmax_cross_entropy_with_logits(x, [1, 2])',
         '-tf.reduce_sum(tf.one_hot([1, 2], 3) * (x - tf.reshape(tf.log('
         'tf.reduce_sum(tf.exp(x), 1)), [2, 1])), 1)'),
    ],
    ids=['softmax', 'sigmoid', 'sparse'],
)  # fmt: skip
def test_positional_cross_entropy_takes_logits_first(tmp_path, call, expected):
    result = scripts.run(
        tmp_path,
        f"""
        import tensorflow as tf
        x = tf.constant({LOGITS})
        y = tf.constant({LABELS})
        with tf.Session() as sess:
            loss, expected = sess.run([{call}, {expected}])
        """,
    )
    close(result['loss'], result['expected'])


def test_v2_cross_entropy_takes_labels_first(tmp_path):
    result = scripts.run(
        tmp_path,
        f"""
        import tensorflow as tf
        x, y = tf.constant({LOGITS}), tf.constant({LABELS})
        a = tf.nn.softmax_cross_entropy_with_logits_v2(y, x)
        b = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=x)
        with tf.Session() as sess:
            a, b = sess.run([a, b])
        """,
    )
    close(result['a'], result['b'])


@pytest.mark.parametrize('era', ['0.12', '1.4'])
def test_weighted_cross_entropy_has_the_order_of_its_era(tmp_path, era):
    order = 'x, y' if era == '0.12' else 'y, x'
    result = scripts.run(
        tmp_path,
        f"""
        import tensorflow as tf
        x, y = tf.constant({LOGITS}), tf.constant({LABELS})
        loss = tf.nn.weighted_cross_entropy_with_logits({order}, 2.0)
        s = tf.sigmoid(x)
        expected = -2 * y * tf.log(s) - (1 - y) * tf.log(1 - s)
        with tf.Session() as sess:
            loss, expected = sess.run([loss, expected])
        """,
        era=era,
    )
    close(result['loss'], result['expected'])


def test_reverse_with_booleans(tmp_path):
    result = scripts.run(
        tmp_path,
        """
        import tensorflow as tf
        x = tf.constant([[1, 2, 3], [4, 5, 6]])
        with tf.Session() as sess:
            a, b, c = sess.run([tf.reverse(x, [False, True]), tf.reverse(x, [1]),
                                tf.reverse(x, [True, False])])
        """,
    )
    assert result['a'].tolist() == [[3, 2, 1], [6, 5, 4]] == result['b'].tolist()
    assert result['c'].tolist() == [[4, 5, 6], [1, 2, 3]]


def test_division_of_python2_in_a_neighbour_that_is_valid_python3(tmp_path):
    (tmp_path / 'grid.py').write_text(
        'def place(i, n):\n    x = 7\n    x /= 2\n    return i / n, i / float(n), x\n'
    )
    result = scripts.run(
        tmp_path,
        """
        from grid import place
        print 'Python 2'
        row, exact, three = place(7, 2)
        """,
    )
    assert (result['row'], result['exact'], result['three']) == (3, 3.5, 3)


def test_division_stays_true_where_the_file_imports_it(tmp_path):
    result = scripts.run(
        tmp_path,
        """
        from __future__ import division
        print 'Python 2'
        half = 1 / 2
        """,
    )
    assert result['half'] == 0.5


def test_division_of_python3_is_left_alone_and_noted(tmp_path):
    text = 'half = 1 / 2\n'
    assert scripts.run(tmp_path, text)['half'] == 0.5
    assert scripts.run(tmp_path, text, python=2)['half'] == 0


def test_names_of_six_say_nothing_about_python(tmp_path):
    names = scripts.run(
        tmp_path,
        """
        from six.moves import xrange  # pylint: disable=redefined-builtin
        half = [1 / 2 for _ in xrange(1)]
        """,
    )
    assert names['half'] == [0.5]
    names = scripts.run(tmp_path, 'half = [1 / 2 for _ in xrange(1)]')
    assert names['half'] == [0]


def test_division_of_arrays_and_tensors(tmp_path):
    result = scripts.run(
        tmp_path,
        """
        import numpy as np
        import tensorflow as tf
        print 'Python 2'
        whole = np.arange(4) / 2
        scaled = np.arange(4.0) / 2
        with tf.Session() as sess:
            tensor = sess.run(tf.constant([1, 2, 3]) / 2)
        """,
    )
    assert result['whole'].tolist() == [0, 0, 1, 1] == [0, *result['tensor'].tolist()]
    assert result['scaled'].tolist() == [0, 0.5, 1, 1.5]


@pytest.mark.parametrize(
    ('cell', 'explicit'),
    [
        ('BasicRNNCell(4, 3)', 'BasicRNNCell(4)'),
        ('GRUCell(4, 3)', 'GRUCell(4)'),
        ('BasicLSTMCell(4, 1.0, 3)', 'BasicLSTMCell(4, forget_bias=1.0)'),
        ('LSTMCell(4, 3)', 'LSTMCell(4)'),
        ('GRUCell(4, input_size=3)', 'GRUCell(4)'),
    ],
)
def test_the_second_argument_of_a_cell_is_input_size(tmp_path, cell, explicit):
    result = scripts.run(
        tmp_path,
        f"""
        import tensorflow as tf
        rnn_cell = tf.nn.rnn_cell
        outputs = []
        for cell in (rnn_cell.{cell}, rnn_cell.{explicit}):
            with tf.Graph().as_default():
                x = [tf.constant([[0.5, -1.0, 2.0]])] * 2
                start = tf.constant_initializer(0.3)
                with tf.variable_scope('net', initializer=start):
                    output, _ = tf.nn.rnn(cell, x, dtype=tf.float32)
                with tf.Session() as sess:
                    sess.run(tf.initialize_all_variables())
                    outputs.append(sess.run(output[-1]))
        """,
        era='0.12',
    )
    assert result['outputs'][0].shape == (1, 4)
    close(*result['outputs'])


STATES = """
    import tensorflow as tf
    cell = tf.nn.rnn_cell.BasicLSTMCell(2)
    size = cell.state_size
    x = tf.constant([[1.0, 2.0]])
    output, state = cell(x, cell.zero_state(1, tf.float32))
"""


def test_an_lstm_state_is_one_tensor_before_0_11(tmp_path):
    result = scripts.run(tmp_path, STATES, era='0.9')
    assert result['size'] == 4
    assert result['state'].shape.as_list() == [1, 4]


def test_an_lstm_state_is_a_tuple_since(tmp_path):
    result = scripts.run(tmp_path, STATES, era='1.0')
    assert tuple(result['size']) == (2, 2)
    assert len(result['state']) == 2


def test_a_state_of_one_tensor_equals_the_tuple(tmp_path):
    result = scripts.run(
        tmp_path,
        """
        import tensorflow as tf
        tf.set_random_seed(1)
        cell = tf.nn.rnn_cell.BasicLSTMCell(2)
        x, c, h = (tf.constant([[a, b]]) for a, b in ((1., 2.), (.3, .4), (-.5, .6)))
        with tf.variable_scope('a') as scope:
            one, new = cell(x, tf.concat(1, [c, h]))
            scope.reuse_variables()
            two, pair = cell(x, tf.nn.rnn_cell.LSTMStateTuple(c, h))
        with tf.Session() as sess:
            sess.run(tf.initialize_all_variables())
            one, two, new, pair = sess.run([one, two, new, pair])
        """,
        era='0.9',
    )
    close(result['one'], result['two'])
    close(result['new'], np.concatenate(result['pair'], 1))


BIDIRECTIONAL = """
    import tensorflow as tf
    {module}
    fw, bw = tf.nn.rnn_cell.GRUCell(2), tf.nn.rnn_cell.GRUCell(2)
    x = [tf.constant([[1.0, 2.0]])] * 5
    {result} = rnn.bidirectional_rnn(fw, bw, x, dtype=tf.float32)
"""


def test_bidirectional_rnn_returned_outputs_alone_before_0_8(tmp_path):
    text = BIDIRECTIONAL.format(
        module='from tensorflow.models.rnn import rnn', result='result'
    )
    result = scripts.run(tmp_path, text, era='0.6')['result']
    assert len(result) == 5
    assert result[-1].shape.as_list() == [1, 4]


def test_bidirectional_rnn_returns_states_since(tmp_path):
    text = BIDIRECTIONAL.format(module='rnn = tf.nn', result='outputs, fw, bw')
    result = scripts.run(tmp_path, text, era='0.9')
    assert len(result['outputs']) == 5
    assert result['fw'].shape.as_list() == [1, 2]


def test_a_cell_listed_twice_was_two_cells(tmp_path):
    result = scripts.run(
        tmp_path,
        """
        import tensorflow as tf
        cell = tf.nn.rnn_cell.GRUCell(3)
        stack = tf.nn.rnn_cell.MultiRNNCell([cell] * 2)
        x = tf.constant([[[1.0, 2.0]]])
        output, _ = tf.nn.dynamic_rnn(stack, x, dtype=tf.float32)
        shapes = [v.get_shape().as_list() for v in tf.trainable_variables()]
        """,
        era='0.12',
    )
    assert [shape for shape in result['shapes'] if len(shape) == 2] == [
        [5, 6], [5, 3], [6, 6], [6, 3],
    ]  # fmt: skip


def test_initialize_all_variables_sets_the_epoch_counters(tmp_path):
    result = scripts.run(
        tmp_path,
        """
        import tensorflow as tf
        [number] = tf.train.slice_input_producer([[7, 7, 7]], num_epochs=2)
        with tf.Session() as sess:
            sess.run(tf.initialize_all_variables())
            coord = tf.train.Coordinator()
            threads = tf.train.start_queue_runners(sess=sess, coord=coord)
            seen = 0
            try:
                while True:
                    seen += sess.run(number)
            except tf.errors.OutOfRangeError:
                pass
            coord.request_stop()
            coord.join(threads)
        """,
    )
    assert result['seen'] == 6 * 7


def test_summary_tags_are_the_scripts_own(tmp_path):
    result = scripts.run(
        tmp_path,
        """
        import tensorflow as tf
        with tf.name_scope('scope'):
            tf.scalar_summary('cross entropy', tf.constant(2.0))
            tf.histogram_summary('a/b c', tf.constant([1.0, 2.0]))
            tf.scalar_summary(['x', 'y'], tf.constant([3.0, 4.0]))
        merged = tf.merge_all_summaries()
        with tf.Session() as sess:
            summary = tf.Summary.FromString(sess.run(merged))
        tags = [value.tag for value in summary.value]
        """,
    )
    assert result['tags'] == ['cross entropy', 'a/b c', 'x', 'y']


@pytest.fixture
def mnist_folder(tmp_path, monkeypatch):
    """Fills the folder `data` beside the script with drawn digits."""
    synthetic.write(str(tmp_path / 'data' / 'synthetic'), 'matched')
    monkeypatch.chdir(tmp_path)
    return tmp_path


BATCHES = """
    {module}
    mnist = input_data.read_data_sets('data', one_hot=True)
    before = mnist.train.images[:100].copy()
    batch, _ = mnist.train.next_batch(100)
"""


@pytest.mark.slow
def test_the_first_epoch_was_in_order_before_1_1(mnist_folder):
    tutorials = 'from tensorflow.examples.tutorials.mnist import input_data'
    options = {'dataset': 'synthetic'}
    for module, era, in_order in (
        ('import input_data', None, True),
        (tutorials, '0.12', True),
        (tutorials, '1.2', False),
    ):
        text = BATCHES.format(module=module)
        result = scripts.run(mnist_folder, text, era=era, **options)
        assert np.array_equal(result['before'], result['batch']) is in_order, module


VARIABLE = "tf.get_variable('w', [30, 4]{})"
CELL = (
    'tf.nn.rnn_cell.LSTMCell(1, {}).apply(tf.ones([1, 29]), '
    'tf.nn.rnn_cell.LSTMStateTuple(tf.ones([1, 1]), tf.ones([1, 1])))'
)


@pytest.mark.parametrize(
    ('make', 'era', 'explicit'),
    [
        (VARIABLE, '0.12', 'tf.uniform_unit_scaling_initializer()'),
        (VARIABLE, '1.0', 'tf.glorot_uniform_initializer()'),
        (CELL, '0.12', 'tf.uniform_unit_scaling_initializer()'),
    ],
    ids=['variable-0.12', 'variable-1.0', 'cell-0.12'],
)
def test_the_default_initializer_is_that_of_the_era(tmp_path, make, era, explicit):
    def first_weights(argument):
        return scripts.run(
            tmp_path,
            f"""
            import tensorflow as tf
            tf.set_random_seed(7)
            {make.format(argument)}
            with tf.Session() as sess:
                sess.run(tf.global_variables_initializer())
                weights = sess.run(tf.trainable_variables()[0])
            """,
            era=era,
        )['weights']

    given = f'initializer={explicit}'
    given = f', {given}' if 'get_variable' in make else given
    close(first_weights(''), first_weights(given))


def test_a_scope_s_initializer_counts_before_1_0_too(tmp_path):
    result = scripts.run(
        tmp_path,
        """
        import tensorflow as tf
        with tf.variable_scope('s', initializer=tf.constant_initializer(3.0)):
            v = tf.get_variable('v', [2])
        steps = tf.get_variable('steps', [], tf.int32)
        with tf.Session() as sess:
            sess.run(tf.initialize_all_variables())
            v, steps = sess.run([v, steps])
        """,
    )
    close(result['v'], [3, 3])
    assert result['steps'] == 0


@pytest.mark.parametrize(
    'cell',
    [
        'tf.nn.rnn_cell.GRUCell(2)',
        'tf.nn.rnn_cell.BasicLSTMCell(2)',
        'tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicRNNCell(2)])',
        'tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.BasicRNNCell(2))',
    ],
    ids=['gru', 'lstm', 'multi', 'wrapper'],
)
def test_one_cell_in_two_directions_was_two(tmp_path, cell):
    """Since 1.0 both directions have the same weights."""
    text = """
    import tensorflow as tf
    cell = {cell}
    x = [tf.ones([1, 3])]
    outputs, _, _ = tf.nn.bidirectional_rnn(cell, cell, x, dtype=tf.float32)
    names = [v.name for v in tf.trainable_variables()]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        output = sess.run(outputs[0])[0]
    """.replace('{cell}', cell)
    old = scripts.run(tmp_path, text, era='0.12')
    assert np.abs(old['output'][:2] - old['output'][2:]).min() > 1e-6
    assert {name.split('/')[1] for name in old['names']} == {'fw', 'bw'}
    new = scripts.run(tmp_path, text, era='1.4')
    close(new['output'][:2], new['output'][2:])


@pytest.mark.parametrize('name', ['nce_loss', 'sampled_softmax_loss'])
def test_sampled_losses_take_inputs_first(tmp_path, name):
    result = scripts.run(
        tmp_path,
        f"""
        import tensorflow as tf
        weights, biases = tf.ones([5, 2]), tf.zeros([5])
        inputs = tf.constant([[0.3, 0.1], [0.2, 0.9]])
        labels = tf.constant([[1], [3]], tf.int64)
        sampled = ([0, 2], [[0.5], [0.5]], [0.4, 0.4])
        sampled = (tf.constant(sampled[0], tf.int64), *sampled[1:])
        a = tf.nn.{name}(weights, biases, inputs, labels, 2, 5, 1, sampled)
        b = tf.nn.{name}(weights=weights, biases=biases, inputs=inputs,
                         labels=labels, num_sampled=2, num_classes=5,
                         sampled_values=sampled)
        c = tf.nn.{name}(weights, biases, labels, inputs, 2, 5, 1, sampled)
        with tf.Session() as sess:
            a, b, c = sess.run([a, b, c])
        """,
    )
    close(result['a'], result['b'])
    close(result['c'], result['b'])
