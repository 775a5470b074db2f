"""tf.estimator's stand-in: trains, saves, evaluates, predicts and exports."""

from mnist_tut import runtime  # noqa: F401  (TensorFlow, quietly)
from mnist_tut.legacy import estimator
from tests.support import corpus

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

numpy_input_fn = estimator.inputs.numpy_input_fn


@pytest.fixture(scope='module')
def digits():
    """Features and labels for training, then for the test."""
    images, labels = corpus.digits(500)
    images = images.reshape(500, 784).astype(np.float32) / 255
    labels = labels.astype(np.int32)
    return {'x': images[:400]}, labels[:400], {'x': images[400:]}, labels[400:]


def model_fn(features, labels, mode, params):
    weights = tf.get_variable('w', [784, 10], initializer=tf.zeros_initializer())
    logits = tf.matmul(features['x'], weights)
    predictions = {'class': tf.argmax(logits, 1), 'all': tf.nn.softmax(logits)}
    if mode == estimator.ModeKeys.PREDICT:
        return estimator.EstimatorSpec(mode, predictions)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    step = tf.train.get_global_step()
    train_op = tf.train.AdamOptimizer(params['rate']).minimize(loss, step)
    metrics = {'accuracy': tf.metrics.accuracy(labels, predictions['class'])}
    return estimator.EstimatorSpec(mode, predictions, loss, train_op, metrics)


def train(digits, folder=None, steps=60, **options):
    model = estimator.Estimator(model_fn, folder, params={'rate': 0.02}, **options)
    batches = numpy_input_fn(digits[0], digits[1], 50, num_epochs=None, shuffle=True)
    return model.train(batches, steps=steps)


def test_it_learns_and_evaluates_the_checkpoint(digits):
    model = train(digits)
    batches = numpy_input_fn(digits[2], digits[3], 30, shuffle=False)
    found = model.evaluate(batches)
    assert found['accuracy'] > 0.8
    assert found['global_step'] == 60
    predicted = model.predict(numpy_input_fn(digits[2], batch_size=30, shuffle=False))
    graph = tf.get_default_graph()
    first = next(predicted)
    assert tf.get_default_graph() is graph
    classes = [first['class'], *(row['class'] for row in predicted)]
    assert np.mean(classes == digits[3]) == pytest.approx(found['accuracy'])
    weights = model.get_variable_value('w')
    assert (np.argmax(digits[2]['x'] @ weights, 1) == classes).all()


def test_training_goes_on_and_ends_at_max_steps(digits, tmp_path):
    train(digits, str(tmp_path), steps=5)
    model = train(digits, str(tmp_path), steps=5)
    assert model.get_variable_value('global_step') == 10
    batches = numpy_input_fn(digits[0], digits[1], num_epochs=None, shuffle=True)
    model.train(batches, max_steps=12)
    model.train(batches, max_steps=12)
    assert model.get_variable_value('global_step') == 12


def test_a_seed_makes_training_the_same(digits):
    config = estimator.RunConfig(tf_random_seed=3)
    first, second = (
        train(digits, steps=3, config=config).get_variable_value('w') for _ in range(2)
    )
    np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-7)


def test_training_ends_with_the_batches_of_a_data_set(digits):
    model = estimator.Estimator(model_fn, params={'rate': 0.02})
    dataset = lambda: tf.data.Dataset.from_tensor_slices(digits[:2]).batch(100)  # noqa: E731
    model.train(dataset)
    assert model.get_variable_value('global_step') == 4


def test_a_checkpoint_is_needed():
    model = estimator.Estimator(model_fn, params={'rate': 0.02})
    with pytest.raises(ValueError, match='Could not find trained model'):
        model.evaluate(lambda: None)


def test_train_and_evaluate(digits):
    model = estimator.Estimator(model_fn, params={'rate': 0.02})
    metrics, _ = estimator.train_and_evaluate(
        model,
        estimator.TrainSpec(
            numpy_input_fn(digits[0], digits[1], num_epochs=None, shuffle=True), 30
        ),
        estimator.EvalSpec(numpy_input_fn(digits[2], digits[3], shuffle=False)),
    )
    assert metrics['global_step'] == 30
    assert metrics['accuracy'] > 0.6


def test_an_exported_model_predicts(digits, tmp_path):
    model = train(digits, steps=20)

    def receiver():
        images = tf.placeholder(tf.float32, [None, 784])
        return estimator.export.ServingInputReceiver({'x': images}, {'x': images})

    folder = model.export_savedmodel(str(tmp_path), receiver)
    with tf.Graph().as_default(), tf.Session() as session:
        loaded = tf.saved_model.load(session, ['serve'], folder.decode())
        signature = loaded.signature_def['serving_default']
        found = session.run(
            signature.outputs['class'].name,
            {signature.inputs['x'].name: digits[2]['x']},
        )
    expected = np.argmax(digits[2]['x'] @ model.get_variable_value('w'), 1)
    assert (found == expected).all()


def columns():
    return [tf.feature_column.numeric_column('x', [784])]


def test_the_ready_made_dense_net_learns(digits):
    model = estimator.DNNClassifier(
        [32], columns(), n_classes=10, optimizer=tf.train.AdamOptimizer(0.01)
    )
    batches = numpy_input_fn(digits[0], digits[1], 50, num_epochs=None, shuffle=True)
    model.train(batches, steps=60)
    found = model.evaluate(numpy_input_fn(digits[2], digits[3], shuffle=False))
    assert found['accuracy'] > 0.7
    # One batch: the loss is its sum.
    assert found['loss'] == pytest.approx(100 * found['average_loss'], rel=1e-4)
    assert {
        'dnn/hiddenlayer_0/kernel',
        'dnn/hiddenlayer_0/bias',
        'dnn/logits/kernel',
        'dnn/logits/bias',
    } < {*model.get_variable_names()}
    row = next(model.predict(numpy_input_fn(digits[2], shuffle=False)))
    assert row['classes'] == [str(row['class_ids'][0]).encode()]
    assert row['probabilities'].sum() == pytest.approx(1, rel=1e-4)


def test_a_regressor_learns_a_line():
    x = np.linspace(-1, 1, 64, dtype=np.float32)
    model = estimator.LinearRegressor(
        [tf.feature_column.numeric_column('x')],
        optimizer=tf.train.GradientDescentOptimizer(0.01),
    )
    batches = numpy_input_fn({'x': x}, 3 * x + 1, 64, num_epochs=None, shuffle=False)
    model.train(batches, steps=100)
    rows = model.predict(numpy_input_fn({'x': x[:1]}, shuffle=False))
    assert next(rows)['predictions'][0] == pytest.approx(-2, abs=0.05)


def test_numpy_input_fn_comes_in_order_and_shuffled():
    x = np.arange(10)

    def read(**options):
        with tf.Graph().as_default(), tf.Session() as session:
            batch = numpy_input_fn(x, -x, 4, **options)()
            session.run(tf.tables_initializer())
            batches = []
            try:
                while True:
                    batches.append(session.run(batch))
            except tf.errors.OutOfRangeError:
                return batches

    ordered = read(num_epochs=2, shuffle=False)
    assert [len(rows) for rows, _ in ordered] == [4] * 5
    assert np.concatenate([rows for rows, _ in ordered]).tolist() == [*x, *x]
    mixed = read(shuffle=True)
    rows = np.concatenate([rows for rows, _ in mixed])
    assert sorted(rows) == [*x]
    assert (rows == -np.concatenate([labels for _, labels in mixed])).all()
    with pytest.raises(ValueError, match='shuffle must be provided'):
        numpy_input_fn(x)
    with pytest.raises(ValueError, match='mismatched'), tf.Graph().as_default():
        numpy_input_fn(x, x[1:], shuffle=True)()
