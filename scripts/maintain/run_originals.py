"""Trains the documents' programs on TensorFlow 1.15, and stores their metrics.

    python3.7 -m venv tf1
    tf1/bin/pip install tensorflow==1.15.5 'protobuf<3.21'
    tf1/bin/python scripts/maintain/run_originals.py MNIST_data
    tf1/bin/python scripts/maintain/run_originals.py MNIST_data softmax_notes tanh_mlp

The results go to docs/results/originals_1.15.5.json, for write_reproduction.py; a run
that is stored there is not repeated.
"""

import json
import os.path
import platform
import sys

import numpy
import original_programs
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data

PATH = os.path.join(
    os.path.dirname(__file__), '..', '..', 'docs', 'results', 'originals_1.15.5.json'
)


def accuracy_of(labels, scores):
    """Returns the tensor of the accuracy, for one-hot labels."""
    correct_prediction = tf.equal(tf.argmax(scores, 1), tf.argmax(labels, 1))
    return tf.reduce_mean(tf.cast(correct_prediction, tf.float32))


def softmax(data_dir, seed, learning_rate):
    """Beginner notes, tutorial 1, and the accuracies of its table."""
    mnist = input_data.read_data_sets(data_dir, one_hot=True, seed=seed)
    model = original_programs.softmax(learning_rate)
    accuracy = accuracy_of(model.labels, model.scores)
    sess = tf.InteractiveSession()
    tf.global_variables_initializer().run()
    records = []
    for step in range(1, 10001):
        batch_xs, batch_ys = mnist.train.next_batch(100)
        sess.run(model.train_op, {model.images: batch_xs, model.labels: batch_ys})
        if step in (500, 1000, 2000, 5000, 10000):
            test = {model.images: mnist.test.images, model.labels: mnist.test.labels}
            records.append([step, 'test_accuracy', float(sess.run(accuracy, test))])
    sess.close()
    return records


def softmax_notes(data_dir, seed):
    """Tutorial 1 with the learning rate that the notes' program has."""
    return softmax(data_dir, seed, 0.05)


def softmax_long(data_dir, seed):
    """Tutorial 1 with the learning rate that the notes' text names."""
    return softmax(data_dir, seed, 0.5)


def deep(data_dir, seed):
    """Beginner notes, tutorial 2: the conv net, 2,000 steps."""
    mnist = input_data.read_data_sets(data_dir, one_hot=True, seed=seed)
    model = original_programs.deep()
    accuracy = accuracy_of(model.labels, model.scores)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(2000):
            images, labels = mnist.train.next_batch(50)
            feeds = {model.images: images, model.labels: labels, model.keep_prob: 0.5}
            sess.run(model.train_op, feeds)
        parts = []
        for begin in range(0, 10000, 1000):  # at once it would take gigabytes
            feeds = {
                model.images: mnist.test.images[begin : begin + 1000],
                model.labels: mnist.test.labels[begin : begin + 1000],
                model.keep_prob: 1.0,
            }
            parts.append(float(sess.run(accuracy, feeds)))
    return [[2000, 'test_accuracy', sum(parts) / len(parts)]]


def fully_connected_feed(data_dir, seed):
    """TensorFlow Mechanics 101: fully_connected_feed.py."""
    data_sets = input_data.read_data_sets(data_dir, seed=seed)
    model = original_programs.fully_connected_feed()
    correct = tf.nn.in_top_k(model.scores, model.labels, 1)
    eval_correct = tf.reduce_sum(tf.cast(correct, tf.int32))

    def fill_feed_dict(data_set):
        images_feed, labels_feed = data_set.next_batch(100)
        return {model.images: images_feed, model.labels: labels_feed}

    def do_eval(data_set):
        true_count = 0
        steps_per_epoch = data_set.num_examples // 100
        for _ in range(steps_per_epoch):
            true_count += sess.run(eval_correct, feed_dict=fill_feed_dict(data_set))
        return float(true_count) / (steps_per_epoch * 100)

    records = []
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    for step in range(2000):
        feed_dict = fill_feed_dict(data_sets.train)
        sess.run([model.train_op, model.loss], feed_dict=feed_dict)
        if (step + 1) % 1000 == 0:
            for i, name in enumerate(('training', 'validation', 'test')):
                records.append([step, name + '_precision', do_eval(data_sets[i])])
    sess.close()
    return records


def tanh_mlp(data_dir, seed):
    """MNIST classification, a lecture: training and the cells below it."""
    del seed  # The graph's seed is all there is: the batches are in file order.
    X_train, y_train = original_programs.read_idx(data_dir, 'train')
    X_test, y_test = original_programs.read_idx(data_dir, 't10k')
    train_data = X_train.reshape([-1, 28 * 28]).astype(numpy.float32) / 255
    test_data = X_test.reshape([-1, 28 * 28]).astype(numpy.float32) / 255
    train_labels = numpy.eye(10)[y_train]
    test_labels = numpy.eye(10)[y_test]

    model = original_programs.tanh_mlp()
    accuracy = accuracy_of(model.labels, model.scores)
    sess = tf.InteractiveSession()
    tf.global_variables_initializer().run()
    steps_per_epoch = len(train_data) // 32
    for step in range(5 * steps_per_epoch):
        begin = step % steps_per_epoch * 32
        batch_x = train_data[begin : begin + 32]
        batch_y = train_labels[begin : begin + 32]
        sess.run(model.train_op, {model.images: batch_x, model.labels: batch_y})
    records = []
    steps = 5 * steps_per_epoch
    probs = sess.run(model.scores, {model.images: test_data[:5]})
    for j in range(5):
        probability = float(probs[j, y_test[j]])
        records.append([steps, 'digit_%d_probability' % j, probability])
    train = {model.images: train_data, model.labels: train_labels}
    test = {model.images: test_data, model.labels: test_labels}
    for name, feed_dict in (('training', train), ('test', test)):
        value = float(sess.run(accuracy, feed_dict=feed_dict))
        records.append([steps, name + '_accuracy', value])
    sess.close()
    return records


def convolutional(data_dir, seed):
    """A trial ML program on MNIST images, half an epoch; `seed` is its SEED."""

    def read(kind):
        images, labels = original_programs.read_idx(data_dir, kind)
        data = (images.astype(numpy.float32) - 255 / 2.0) / 255
        return data.reshape(-1, 28, 28, 1), labels.astype(numpy.int64)

    data, labels = read('train')
    validation_data, validation_labels = data[:5000], labels[:5000]
    train_data, train_labels = data[5000:], labels[5000:]
    train_size = train_labels.shape[0]
    test_data, test_labels = read('t10k')
    # The program sets the seeds of its ops, and no other.
    tf.set_random_seed(None)
    model = original_programs.convolutional(seed, train_size)
    optimizer, train_prediction = model.train_op

    def error_rate(predictions, labels):
        right = numpy.sum(numpy.argmax(predictions, 1) == labels)
        return float(100.0 - 100.0 * right / predictions.shape[0])

    def eval_in_batches(data):
        rest = len(data) % 64 or 64
        batches = [data[begin : begin + 64] for begin in range(0, len(data), 64)]
        batches[-1] = data[-64:]
        parts = [sess.run(model.scores, {model.eval_images: part}) for part in batches]
        parts[-1] = parts[-1][-rest:]
        return numpy.concatenate(parts)

    sess = tf.InteractiveSession()
    tf.global_variables_initializer().run()
    records = []
    steps = int(0.5 * train_size) // 64
    for step in range(steps):
        offset = (step * 64) % (train_size - 64)
        batch_labels = train_labels[offset : (offset + 64)]
        feed_dict = {
            model.images: train_data[offset : (offset + 64)],
            model.labels: batch_labels,
        }
        sess.run(optimizer, feed_dict=feed_dict)
        if step % 250 == 0:
            nodes = [model.loss, model.learning_rate, train_prediction]
            value, rate, predictions = sess.run(nodes, feed_dict=feed_dict)
            error = error_rate(eval_in_batches(validation_data), validation_labels)
            records += [
                [step, 'minibatch_loss', float(value)],
                [step, 'learning_rate', float(rate)],
                [step, 'minibatch_error', error_rate(predictions, batch_labels)],
                [step, 'validation_error', error],
            ]
    test_error = error_rate(eval_in_batches(test_data), test_labels)
    sess.close()
    return [*records, [steps, 'test_error', test_error]]


# The names of experiments.py: the program, and its seeds.
PROGRAMS = {
    'softmax_notes': (softmax_notes, (1, 2, 3)),
    'softmax_long': (softmax_long, (1, 2, 3)),
    'fully_connected_feed': (fully_connected_feed, (1, 2, 3)),
    'tanh_mlp': (tanh_mlp, (1, 2, 3)),
    'convolutional': (convolutional, (66478,)),
    'convolutional_seeds': (convolutional, (1, 2, 3)),
    'deep_2000': (deep, (1, 2)),
}


def main(data_dir, *names):
    """Runs the programs that are not stored yet."""
    stored: dict = {'runs': {}}
    if os.path.exists(PATH):
        with open(PATH) as file:
            stored = json.load(file)
    stored['machine'] = {
        'tensorflow': tf.__version__,
        'numpy': numpy.__version__,
        'python': platform.python_version(),
        'processor': platform.machine(),
    }
    for name in names or PROGRAMS:
        program, seeds = PROGRAMS[name]
        runs = stored['runs'].setdefault(name, [])
        for seed in seeds:
            if seed in [run['seed'] for run in runs]:
                continue
            with tf.Graph().as_default():
                tf.set_random_seed(seed)
                runs.append({'seed': seed, 'records': program(data_dir, seed)})
            with open(PATH, 'w') as file:
                file.write(json.dumps(stored) + '\n')
            print('%s: seed %d' % (name, seed), flush=True)


if __name__ == '__main__':
    tf.logging.set_verbosity(tf.logging.ERROR)
    main(*sys.argv[1:])
