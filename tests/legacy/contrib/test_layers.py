"""contrib.layers: names, collections, first values and numbers of each layer."""

from mnist_tut.legacy.contrib import framework, layers

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


def names():
    return [v.op.name for v in tf.global_variables()]


def run(*fetches, **feeds):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = session.run(fetches)
    return values if len(values) > 1 else values[0]


def image(shape=(2, 6, 6, 3)):
    return np.random.RandomState(0).uniform(-1, 1, shape).astype(np.float32)


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_fully_connected_is_relu_of_product_and_biases():
    x = image((5, 7))
    made = layers.fully_connected(x, 4, biases_initializer=tf.constant_initializer(0.1))
    weights, biases = tf.global_variables()
    assert names() == ['fully_connected/weights', 'fully_connected/biases']
    assert tf.model_variables() == [weights, biases]
    assert tf.trainable_variables() == [weights, biases]
    value, w, b = run(made, weights, biases)
    close(value, np.maximum(x @ w + b, 0))
    assert made.op.name == 'fully_connected/Relu'


def test_fully_connected_keeps_leading_dimensions():
    x = image((2, 3, 7))
    made = layers.fully_connected(x, 4, activation_fn=None)
    assert made.shape.as_list() == [2, 3, 4]
    value, w = run(made, tf.global_variables()[0])
    close(value, x @ w)


def test_second_layer_and_scope_are_numbered_as_before():
    x = tf.constant(image((5, 7)))
    layers.fully_connected(x, 4)
    layers.fully_connected(x, 4, scope='fc')
    layers.linear(x, 4, biases_initializer=None)
    assert names()[2:] == ['fc/weights', 'fc/biases', 'fully_connected_1/weights']


def test_a_scope_is_reused():
    x = tf.constant(image((5, 7)))
    a = layers.fully_connected(x, 4, scope='fc')
    b = layers.fully_connected(x, 4, scope='fc', reuse=True)
    assert len(names()) == 2
    close(*run(a, b))


def test_arguments_of_0_8_have_its_default_activation():
    x = image((5, 7))
    made = layers.fully_connected(
        x=x,
        num_output_units=4,
        weight_init=tf.ones_initializer(),
        bias_init=None,
        weight_collections=['mine'],
        name='old',
    )
    assert [v.op.name for v in tf.get_collection('mine')] == ['old/weights']
    close(run(made), np.repeat(x.sum(1, keepdims=True), 4, 1))


def test_convolution_of_0_8_takes_its_activation_fourth():
    made = layers.convolution2d(image(), 4, [3, 3], tf.nn.tanh)
    assert made.op.type == 'Tanh'
    assert made.shape.as_list() == [2, 6, 6, 4]


def test_regularizer_goes_to_its_collection():
    layers.fully_connected(
        image((5, 7)), 4, weights_regularizer=layers.l2_regularizer(0.5)
    )
    penalty, w = run(tf.losses.get_regularization_loss(), tf.global_variables()[0])
    close(penalty, 0.5 * (w**2).sum() / 2)


@pytest.mark.parametrize('padding', ['SAME', 'VALID'])
def test_conv2d_is_the_explicit_convolution(padding):
    x = image()
    made = layers.conv2d(x, 4, [3, 3], 2, padding, scope=None)
    assert names() == ['Conv/weights', 'Conv/biases']
    weights = tf.global_variables()[0]
    assert weights.shape.as_list() == [3, 3, 3, 4]
    explicit = tf.nn.relu(tf.nn.conv2d(x, weights, [1, 2, 2, 1], padding))
    close(*run(made, explicit))


@pytest.mark.parametrize(('padding', 'rows'), [('SAME', 12), ('VALID', 13)])
def test_conv2d_transpose_enlarges(padding, rows):
    x = tf.placeholder_with_default(image(), [None, 6, 6, 3])
    made = layers.conv2d_transpose(x, 4, [3, 3], 2, padding, activation_fn=None)
    assert names() == ['Conv2d_transpose/weights', 'Conv2d_transpose/biases']
    weights = tf.global_variables()[0]
    assert made.shape.as_list() == [None, rows, rows, 4]
    explicit = tf.nn.conv2d_transpose(
        x, weights, [2, rows, rows, 4], [1, 2, 2, 1], padding
    )
    close(*run(made, explicit))


def test_separable_conv2d_is_the_explicit_one():
    x = image()
    made = layers.separable_conv2d(x, 5, [3, 3], 2, activation_fn=None)
    assert names() == [
        'SeparableConv2d/depthwise_weights',
        'SeparableConv2d/pointwise_weights',
        'SeparableConv2d/biases',
    ]
    depth, point, _ = tf.global_variables()
    explicit = tf.nn.separable_conv2d(x, depth, point, [1, 1, 1, 1], 'SAME')
    close(*run(made, explicit))


def test_normalizer_takes_the_place_of_biases():
    layers.conv2d(
        image(),
        4,
        3,
        normalizer_fn=layers.batch_norm,
        normalizer_params={'scale': True},
    )
    assert names() == [
        'Conv/weights',
        'Conv/BatchNorm/beta',
        'Conv/BatchNorm/gamma',
        'Conv/BatchNorm/moving_mean',
        'Conv/BatchNorm/moving_variance',
    ]
    assert len(tf.trainable_variables()) == 3


def test_batch_norm_uses_the_batch_and_moves_the_averages():
    x = image((50, 3)) * 4 + 7
    is_training = tf.placeholder_with_default(True, [])
    made = layers.batch_norm(x, decay=0.9, is_training=is_training)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    _, mean, variance = tf.global_variables()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        value, _ = session.run([made, updates])
        close(value, (x - x.mean(0)) / np.sqrt(x.var(0) + 0.001))
        moved = session.run([mean, variance])
        close(moved[0], 0.1 * x.mean(0))
        close(moved[1], 0.9 + 0.1 * x.var(0))
        value = session.run([made, updates], {is_training: False})[0]
        close(value, (x - moved[0]) / np.sqrt(moved[1] + 0.001))
        close(session.run(mean), moved[0])


def test_batch_norm_updates_in_place_without_a_collection():
    x = image((50, 3))
    made = layers.batch_norm(x, decay=0.5, updates_collections=None)
    assert not tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(made)
        close(session.run(tf.global_variables()[1]), 0.5 * x.mean(0))


def test_layer_norm_is_per_example():
    x = image((4, 9))
    value = run(layers.layer_norm(x))
    assert names() == ['LayerNorm/beta', 'LayerNorm/gamma']
    close(value, (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True))


def test_group_norm_is_per_example_and_group():
    x = image((2, 4, 4, 6))
    value = run(layers.group_norm(x, 3))
    assert names() == ['GroupNorm/beta', 'GroupNorm/gamma']
    groups = x.reshape(2, 4, 4, 3, 2)
    mean = groups.mean((1, 2, 4), keepdims=True)
    std = groups.std((1, 2, 4), keepdims=True)
    close(value, ((groups - mean) / std).reshape(x.shape))


def test_instance_norm_is_per_example_and_channel():
    x = image((2, 4, 4, 6))
    value = run(layers.instance_norm(tf.constant(x)))
    assert names() == ['InstanceNorm/beta', 'InstanceNorm/gamma']
    close(value, (x - x.mean((1, 2), keepdims=True)) / x.std((1, 2), keepdims=True))


def test_pools_are_the_explicit_ones():
    x = image()
    close(
        *run(layers.max_pool2d(x, 2), tf.nn.max_pool(x, 2, 2, 'VALID')),
    )
    close(
        *run(layers.avg_pool2d(x, [3, 3], 1, 'SAME'), tf.nn.avg_pool(x, 3, 1, 'SAME')),
    )


def test_flatten_keeps_the_batch():
    x = tf.placeholder(tf.float32, [None, 4, 5, 2])
    assert layers.flatten(x).shape.as_list() == [None, 40]
    with pytest.raises(ValueError, match='a least 2 dimensions'):
        layers.flatten(tf.placeholder(tf.float32, [None]))


def test_dropout_keeps_the_share_and_the_sum():
    is_training = tf.placeholder(tf.bool)
    made = layers.dropout(tf.ones([1000]), 0.8, is_training=is_training)
    with tf.Session() as session:
        trained = session.run(made, {is_training: True})
        assert {*np.unique(trained)} == {0.0, 1.25}
        assert 0.7 < (trained > 0).mean() < 0.9
        assert (session.run(made, {is_training: False}) == 1).all()


def test_stack_and_repeat_name_their_layers():
    x = tf.constant(image((5, 7)))
    layers.stack(x, layers.fully_connected, [4, 3], scope='s')
    layers.repeat(tf.constant(image()), 2, layers.conv2d, 3, [3, 3], scope='conv1')
    assert [n for n in names() if n.endswith('weights')] == [
        's/s_1/weights',
        's/s_2/weights',
        'conv1/conv1_1/weights',
        'conv1/conv1_2/weights',
    ]


def test_collected_outputs_have_their_layers_names():
    with framework.arg_scope([layers.conv2d], outputs_collections='ends'):
        first = layers.conv2d(image(), 4, 3)
        second = layers.conv2d(first, 4, 3, scope='last')
    ends = layers.utils.convert_collection_to_dict('ends')
    assert list(ends) == ['Conv', 'last']
    assert ends['last'] is second


def test_one_hot_softmax_and_unit_norm():
    hot = layers.one_hot_encoding(tf.constant([2, 0]), 3)
    soft = layers.softmax(tf.constant([[0.0, 0.0]]))
    unit = layers.unit_norm(tf.constant([[3.0, 4.0]]), 1)
    hot, soft, unit = run(hot, soft, unit)
    assert hot.tolist() == [[0, 0, 1], [1, 0, 0]]
    close(soft, [[0.5, 0.5]])
    close(unit, [[0.6, 0.8]])


def test_embed_sequence_looks_up():
    found = layers.embed_sequence(tf.constant([[1, 0, 1]]), 4, 5)
    assert names() == ['EmbedSequence/embeddings']
    value, table = run(found, tf.global_variables()[0])
    close(value[0], table[[1, 0, 1]])


@pytest.mark.parametrize('uniform', [True, False])
def test_xavier_has_glorots_variance(uniform):
    values = run(layers.xavier_initializer(uniform)([300, 500]))
    expected = 2 / (300 + 500)
    assert abs(values.mean()) < 0.001
    # 1.3 makes up for the truncation of a normal distribution, nearly.
    assert values.var() == pytest.approx(expected, rel=0.02)
    if uniform:
        assert np.abs(values).max() == pytest.approx(np.sqrt(3 * expected), rel=0.01)


def test_xavier_of_a_filter_counts_its_area():
    values = run(layers.xavier_initializer_conv2d()([5, 5, 30, 50]))
    assert values.var() == pytest.approx(2 / (25 * 80), rel=0.03)


@pytest.mark.parametrize(('mode', 'n'), [('FAN_IN', 300), ('FAN_OUT', 500)])
def test_variance_scaling_divides_by_its_number(mode, n):
    values = run(layers.variance_scaling_initializer(2.0, mode, True)([300, 500]))
    assert values.var() == pytest.approx(2 / n, rel=0.02)


def test_variance_scaling_knows_its_modes():
    with pytest.raises(ValueError, match='FAN_MAX'):
        layers.variance_scaling_initializer(mode='FAN_MAX')


def test_regularizers_are_sums():
    weights = tf.constant([1.0, -2.0])
    l1, l2, both = (
        layers.l1_regularizer(0.5)(weights),
        layers.l2_regularizer(0.5)(weights),
        layers.l1_l2_regularizer(0.5, 0.5)(weights),
    )
    assert run(l1, l2, both) == (1.5, 1.25, 2.75)
    assert layers.l2_regularizer(0.0)(weights) is None
    with pytest.raises(ValueError, match='integer'):
        layers.l2_regularizer(1)
    with pytest.raises(ValueError, match='less than 0'):
        layers.l1_regularizer(-1.0)


def test_apply_regularization_sums_over_the_weights():
    applied = layers.apply_regularization(
        layers.l2_regularizer(1.0), [tf.constant([2.0]), tf.constant([4.0])]
    )
    assert run(applied) == 10
    assert len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)) == 1


@pytest.mark.parametrize(
    'optimizer',
    [
        'SGD',
        tf.train.GradientDescentOptimizer,
        lambda rate: tf.train.GradientDescentOptimizer(rate),
    ],
    ids=['name', 'class', 'function'],
)
def test_optimize_loss_takes_a_step_and_counts_it(optimizer):
    x = tf.get_variable('x', initializer=3.0)
    step = framework.get_or_create_global_step()
    op = layers.optimize_loss(x * x, step, 0.1, optimizer)
    assert names() == ['x', 'global_step', 'OptimizeLoss/learning_rate']
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(op) == 9
        assert session.run([x, step]) == [pytest.approx(2.4), 1]


def test_optimize_loss_limits_the_gradients():
    x = tf.get_variable('x', initializer=3.0)
    step = framework.get_or_create_global_step()
    op = layers.optimize_loss(x * x, step, 1.0, 'SGD', clip_gradients=0.5)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(op)
        assert session.run(x) == pytest.approx(2.5)


def test_optimize_loss_knows_its_optimizers():
    x = tf.get_variable('x', initializer=3.0)
    step = framework.get_or_create_global_step()
    with pytest.raises(ValueError, match='Optimizer name should be one of'):
        layers.optimize_loss(x, step, 0.1, 'Sgd')


def test_activations_are_summarized():
    layers.summarize_activation(tf.nn.relu(tf.constant([1.0, -1.0]), name='r'))
    tags = [s.op.name for s in tf.get_collection(tf.GraphKeys.SUMMARIES)]
    assert tags == ['r/zeros', 'r/activation']
