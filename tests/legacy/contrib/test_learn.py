"""contrib.learn: Estimators on arrays learn, and predict in both forms."""

import types

from mnist_tut.errors import UserError
from mnist_tut.legacy.contrib import framework, layers, learn, shorten, skflow

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


def model_fn(features, labels, mode):
    logits = layers.fully_connected(features, 10, activation_fn=None)
    loss = train_op = None
    if mode != learn.ModeKeys.INFER:
        loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    if mode == learn.ModeKeys.TRAIN:
        train_op = layers.optimize_loss(loss, framework.get_global_step(), 0.02, 'Adam')
    predictions = {'classes': tf.argmax(logits, 1), 'all': tf.nn.softmax(logits)}
    return learn.ModelFnOps(mode, predictions, loss, train_op)


def test_an_estimator_learns_and_predicts_both_ways(digits):
    images, labels, test_images, test_labels = digits
    classifier = learn.Estimator(model_fn)
    assert classifier.fit(images, labels, steps=60, batch_size=100) is classifier
    metrics = {
        'accuracy': learn.MetricSpec(tf.metrics.accuracy, 'classes'),
        ('old', 'classes'): lambda predictions, labels: tf.reduce_mean(
            tf.cast(tf.equal(predictions, tf.cast(labels, tf.int64)), tf.float32)
        ),
    }
    found = classifier.evaluate(test_images, test_labels, metrics=metrics)
    assert found['accuracy'] > 0.8
    assert found['old'] == pytest.approx(found['accuracy'])
    assert found['global_step'] == 60
    predicted = classifier.predict(test_images)
    assert np.mean(predicted['classes'] == test_labels) == found['accuracy']
    rows = list(predicted)
    assert [row['classes'] for row in rows] == predicted['classes'].tolist()
    assert next(predicted)['all'].shape == (10,)


def test_training_is_shortened(digits):
    limits = types.SimpleNamespace(
        steps=2, seconds=None, cut=set(), count_step=lambda name: None
    )
    classifier = learn.Estimator(model_fn)
    with shorten.using(limits):
        assert shorten.step_limit() == 2
        classifier.fit(digits[0], digits[1], steps=1000)
    assert classifier.get_variable_value('global_step') == 2
    assert len(limits.cut) == 1


def test_training_goes_on_in_the_same_folder(digits, tmp_path):
    for _ in range(2):
        classifier = learn.Estimator(model_fn, model_dir=str(tmp_path))
        classifier.partial_fit(digits[0], digits[1], batch_size=50)
    assert classifier.get_variable_value('global_step') == 2


def test_a_model_function_of_its_labels_can_predict(digits):
    def with_labels(features, targets):
        targets = tf.one_hot(targets, 10)
        logits = layers.fully_connected(features, 10, activation_fn=None)
        loss = tf.losses.softmax_cross_entropy(targets, logits)
        step = framework.get_global_step()
        return tf.argmax(logits, 1), loss, layers.optimize_loss(loss, step, 0.1, 'SGD')

    classifier = learn.Estimator(with_labels)
    with pytest.raises(learn.NotFittedError):
        classifier.predict(digits[2])
    classifier.fit(digits[0], digits[1], steps=2)
    assert classifier.predict(digits[2]).shape == (100,)


def test_a_dense_net_learns(digits):
    images, labels, test_images, test_labels = digits
    columns = learn.infer_real_valued_columns_from_input(images)
    assert [column.dimension for column in columns] == [784]
    classifier = learn.DNNClassifier([32], columns, n_classes=10)
    classifier.fit(images, labels, batch_size=50, steps=100)
    accuracy = classifier.evaluate(test_images, test_labels)['accuracy']
    assert accuracy > 0.6
    assert {
        'dnn/hiddenlayer_0/weights',
        'dnn/hiddenlayer_0/biases',
        'dnn/logits/weights',
        'dnn/logits/biases',
    } < {*classifier.get_variable_names()}
    classes = classifier.predict(test_images)
    assert repr(np.mean(classes == test_labels)) == repr(np.float64(accuracy.round(2)))
    assert next(classes) == classes[0]
    chances = classifier.predict_proba(test_images)
    assert (chances.argmax(1) == classes).all()
    by_input_fn = classifier.predict(input_fn=lambda: tf.constant(test_images))
    assert [next(by_input_fn) for _ in range(3)] == classes[:3].tolist()
    assert [w.shape for w in classifier.weights_] == [(784, 32), (32, 10)]


def test_a_linear_model_is_its_weights_times_the_features(digits):
    images, labels, test_images, test_labels = digits
    classifier = learn.LinearClassifier(n_classes=10)
    classifier.fit(images, labels, steps=40)
    assert classifier.evaluate(test_images, test_labels)['accuracy'] > 0.8
    logits = test_images @ classifier.weights_ + classifier.bias_
    assert (classifier.predict(test_images) == logits.argmax(1)).all()


def test_sk_compat_scores(digits):
    model = learn.SKCompat(learn.LinearClassifier(n_classes=10))
    assert model.fit(digits[0], digits[1], batch_size=100, steps=20) is model
    assert model.score(digits[2], digits[3])['accuracy'] > 0.5
    assert model.predict(digits[2]).shape == (100,)


def skflow_net(X, y):
    X = tf.reshape(X, [-1, 28, 28, 1])
    with tf.variable_scope('first'):
        X = skflow.ops.conv2d(X, 4, [3, 3], [1, 2, 2, 1], activation=tf.nn.relu)
    X = skflow.ops.dnn(tf.reshape(X, [-1, 14 * 14 * 4]), [16], dropout=0.1)
    return skflow.models.logistic_regression(X, y)


def test_skflow_learns(digits):
    images, labels, test_images, test_labels = digits
    classifier = skflow.TensorFlowEstimator(
        skflow_net, 10, 50, steps=80, optimizer='Adam', learning_rate=0.01
    )
    classifier.fit(images, labels)
    assert classifier.score(test_images, test_labels) > 0.5
    assert classifier.predict(test_images).shape == (100,)
    assert classifier.predict_proba(test_images).shape == (100, 10)
    value = classifier.get_tensor_value
    assert value('first/convolution/filters:0').shape == (3, 3, 1, 4)
    assert value('dnn/layer0/Linear/Matrix:0').shape == (784, 16)


@pytest.mark.parametrize(
    'make',
    [
        lambda: skflow.TensorFlowLinearClassifier(
            n_classes=10, batch_size=100, steps=100, learning_rate=0.1
        ),
        lambda: skflow.TensorFlowDNNClassifier([20], 10, steps=100),
    ],
    ids=['linear', 'dense'],
)
def test_skflows_ready_made_models_learn(digits, make):
    classifier = make().fit(digits[0], digits[1])
    assert classifier.score(digits[2], digits[3]) > 0.6


def test_a_monitor_is_called_and_can_stop(digits):
    class Stop(learn.monitors.EveryN):
        def __init__(self):
            super().__init__(every_n_steps=3, first_n_steps=0)
            self.seen = []

        def every_n_step_begin(self, step):
            return ['global_step:0']

        def every_n_step_end(self, step, outputs):
            assert 'global_step:0' in outputs
            self.seen.append(step)
            return step >= 6

    stop = Stop()
    classifier = learn.Estimator(model_fn)
    classifier.fit(digits[0], digits[1], steps=50, batch_size=50, monitors=[stop])
    assert stop.seen == [3, 6]
    assert classifier.get_variable_value('global_step') == 6


def test_a_validation_monitor_stops_early(digits):
    monitor = learn.monitors.ValidationMonitor(
        digits[2], digits[3], every_n_steps=1, early_stopping_rounds=2,
        early_stopping_metric='loss', early_stopping_metric_minimize=False,
    )  # fmt: skip
    config = learn.RunConfig(save_checkpoints_steps=1)
    classifier = learn.Estimator(model_fn, config=config)
    classifier.fit(digits[0], digits[1], steps=30, monitors=[monitor])
    assert monitor.early_stopped
    assert classifier.get_variable_value('global_step') < 30


def test_an_experiment_trains_and_evaluates(digits):
    def experiment_fn(output_dir):
        return learn.Experiment(
            learn.LinearClassifier(n_classes=10, model_dir=output_dir),
            lambda: (tf.constant(digits[0]), tf.constant(digits[1])),
            lambda: (tf.constant(digits[2]), tf.constant(digits[3])),
            train_steps=20,
            eval_steps=1,
        )

    metrics, _ = learn.learn_runner.run(experiment_fn, None)
    assert metrics['global_step'] == 20
    assert metrics['accuracy'] > 0.5


def test_run_n_runs_so_often():
    count = tf.assign_add(tf.get_variable('n', initializer=0), 1)
    assert learn.run_n({'n': count}, n=3) == [{'n': 1}, {'n': 2}, {'n': 3}]


def test_mnist_is_ours(few_digits_dir):
    sets = learn.datasets.load_mnist(str(few_digits_dir))
    assert sets.train.images.shape[1] == 784
    assert sets.train.labels.ndim == 1


def test_another_data_set_is_one_line():
    with pytest.raises(UserError, match=r'load_dataset\(.iris.\): only mnist') as error:
        learn.datasets.load_dataset('iris')
    assert '\n' not in str(error.value)
