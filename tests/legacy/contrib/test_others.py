"""The small stand-ins: k-means, eager, HParams, images, distributions, data, opt."""

from mnist_tut.legacy.contrib import (
    data,
    distributions,
    eager,
    factorization,
    image,
    nn,
    opt,
    training,
    util,
)

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from tensorflow.python.eager import context


@pytest.mark.parametrize('use_mini_batch', [True, False])
@pytest.mark.parametrize('metric', ['squared_euclidean', 'cosine'])
@pytest.mark.parametrize('initial', ['random', 'kmeans_plus_plus'])
def test_k_means_finds_groups(use_mini_batch, metric, initial):
    random = np.random.RandomState(0)
    groups = np.repeat(np.eye(3, dtype=np.float32) * 5, 50, axis=0)
    rows = groups + random.uniform(-0.5, 0.5, groups.shape).astype(np.float32)
    x = tf.placeholder(tf.float32, [None, 3])
    model = factorization.KMeans(x, 3, initial, metric, use_mini_batch, random_seed=4)
    graph = model.training_graph()
    assert len(graph) == 7
    all_scores, indices, scores, initialized, centers, init_op, train_op = graph
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(init_op, {x: rows})
        assert session.run(initialized)
        first = session.run(scores[0], {x: rows}).mean()
        for _ in range(20):
            session.run(train_op, {x: rows})
        distances, nearest, best = session.run(
            [all_scores[0], indices[0], scores[0]], {x: rows}
        )
        assert best.mean() <= first
        assert (distances.argmin(1) == nearest).all()
        np.testing.assert_allclose(distances.min(1), best)
        if metric == 'squared_euclidean':
            found = session.run(centers)
            explicit = ((rows[:, None] - found[None]) ** 2).sum(2)
            np.testing.assert_allclose(distances, explicit, rtol=1e-3, atol=1e-3)
        if initial == 'kmeans_plus_plus':
            assert {len({*part}) for part in nearest.reshape(3, 50)} == {1}
            assert len({*nearest}) == 3


def test_a_full_step_moves_the_centers_to_the_means():
    rows = np.array([[0.0, 0.0], [2.0, 0.0], [10.0, 0.0]], np.float32)
    model = factorization.KMeans(tf.constant(rows), 2, tf.constant(rows[1:]))
    *_, centers, init_op, train_op = model.training_graph()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(init_op)
        session.run(train_op)
        np.testing.assert_allclose(session.run(centers), [[1, 0], [10, 0]], rtol=1e-5)


class Net(eager.Network):
    def __init__(self):
        super().__init__()
        self.weight = tf.Variable(2.0)

    def call(self, x):
        return self.weight * x


def test_implicit_gradients_are_those_of_the_variables():
    with context.eager_mode():
        net = Net()

        def loss(net, x):
            return net(x) ** 2

        pairs = eager.implicit_gradients(loss)(net, 3.0)
        assert [(g.numpy(), v is net.weight) for g, v in pairs] == [(36.0, True)]
        value, _ = eager.implicit_value_and_gradients(loss)(net, 3.0)
        assert value.numpy() == 36
        (gradient,) = eager.gradients_function(lambda x: x * x)(5.0)
        assert gradient.numpy() == 10
        numbers = eager.Iterator(tf.data.Dataset.range(2))
        assert [numbers.next().numpy(), next(numbers).numpy()] == [0, 1]


def test_hparams_are_attributes_that_a_text_sets():
    hparams = training.HParams(rate=0.1, steps=10, layers=[1, 2], fast=False)
    hparams.parse('rate=0.5,layers=[3,4,5],fast=true')
    assert hparams.values() == {
        'rate': 0.5,
        'steps': 10,
        'layers': [3, 4, 5],
        'fast': True,
    }
    assert hparams.get('nothing', 3) == 3
    with pytest.raises(ValueError, match='Unknown hyperparameter: rat'):
        hparams.parse('rat=1')


def run(tensor):
    with tf.Session() as session:
        return session.run(tensor)


def test_images_are_turned_and_moved():
    picture = np.arange(9, dtype=np.float32).reshape(3, 3)
    turned = run(image.rotate(tf.constant(picture), np.pi / 2))
    np.testing.assert_array_equal(turned, np.rot90(picture))
    batch = tf.constant(np.stack([picture, picture])[..., None])
    both = run(image.rotate(batch, [0.0, np.pi]))
    np.testing.assert_array_equal(both[0, ..., 0], picture)
    np.testing.assert_array_equal(both[1, ..., 0], picture[::-1, ::-1])
    moved = run(image.translate(tf.constant(picture), [1.0, 0.0]))
    np.testing.assert_array_equal(moved, [[0, 0, 1], [0, 3, 4], [0, 6, 7]])


def test_distributions_take_the_names_of_0_12():
    normal = distributions.Normal(mu=1.0, sigma=2.0)
    density = np.exp(-0.5) / (2 * np.sqrt(2 * np.pi))
    assert run(normal.pdf(3.0)) == pytest.approx(density, rel=1e-5)
    standard = distributions.Normal(0, 1)
    expected = np.log(1 / 2) + (4 + 1) / 2 - 0.5
    assert run(distributions.kl(normal, standard)) == pytest.approx(expected, rel=1e-5)
    coin = distributions.Bernoulli(p=0.25)
    assert run(coin.log_pmf(1.0)) == pytest.approx(np.log(0.25), rel=1e-5)
    assert 0.2 < run(coin.sample_n(2000)).mean() < 0.3


def test_a_diagonal_normal_adds_its_dimensions():
    diagonal = distributions.MultivariateNormalDiag([0.0, 1.0], [1.0, 2.0])
    each = [distributions.Normal(0.0, 1.0), distributions.Normal(1.0, 2.0)]
    explicit = each[0].log_prob(0.5) + each[1].log_prob(0.5)
    found, expected = run([diagonal.log_prob([0.5, 0.5]), explicit])
    assert found == pytest.approx(expected, rel=1e-5)
    standard = distributions.MultivariateNormalDiag(scale_diag=[1.0, 1.0])
    assert run(standard.kl_divergence(standard)) == 0


def test_gumbel_softmax_rows_sum_to_one():
    rows = distributions.RelaxedOneHotCategorical(0.1, logits=tf.zeros([4, 3]))
    np.testing.assert_allclose(run(rows.sample()).sum(1), 1, rtol=1e-5)


def test_softplus_inverse_is_the_inverse():
    x = np.array([1e-9, 0.1, 1.0, 50.0], np.float32)
    back = run(tf.nn.softplus(distributions.softplus_inverse(tf.constant(x))))
    np.testing.assert_allclose(back, x, rtol=1e-3)


def test_data_functions_are_applied():
    numbers = tf.data.Dataset.range(5)
    numbers = numbers.apply(data.map_and_batch(lambda x: x * 2, 2))
    numbers = numbers.apply(data.shuffle_and_repeat(1, 2))
    element = tf.data.make_one_shot_iterator(numbers).get_next()
    with tf.Session() as session:
        batches = [session.run(element).tolist() for _ in range(6)]
    assert batches == [[0, 2], [4, 6], [8]] * 2
    whole = tf.data.Dataset.range(5).apply(data.batch_and_drop_remainder(2))
    assert tf.data.get_output_shapes(whole).as_list() == [2]


def test_weight_decay_is_no_gradient():
    x = tf.get_variable('x', initializer=10.0)
    step = opt.AdamWOptimizer(0.1, 1.0).minimize(x)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(step)
        assert session.run(x) == pytest.approx(10 - 1 - 1, rel=1e-4)


def test_moving_averages_are_saved_under_the_variables_names(tmp_path):
    x = tf.get_variable('x', initializer=10.0)
    optimizer = opt.MovingAverageOptimizer(
        tf.train.GradientDescentOptimizer(1.0), average_decay=0.5
    )
    step = optimizer.minimize(x)
    saver = optimizer.swapping_saver()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(step)
        path = saver.save(session, str(tmp_path / 'model'))
        assert session.run(x) == 9
    assert tf.train.load_variable(path, 'x') == 9.5


def test_alpha_dropout_keeps_mean_and_variance():
    values = tf.random_normal([100_000], seed=1)
    dropped = run(nn.alpha_dropout(values, 0.8, seed=2))
    assert dropped.mean() == pytest.approx(0, abs=0.02)
    assert dropped.var() == pytest.approx(1, abs=0.03)
    # The dropped fifth has one value.
    _, counts = np.unique(dropped.round(4), return_counts=True)
    assert counts.max() == pytest.approx(20_000, rel=0.05)


def test_constants_are_read_without_a_session():
    assert util.constant_value(tf.constant(3)) == 3
    assert util.make_ndarray(util.make_tensor_proto([1, 2])).tolist() == [1, 2]
