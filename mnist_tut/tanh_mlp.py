"""A lecture's two-layer tanh network: overfit to five digits, then trained on all.

    python -m mnist_tut.tanh_mlp

prints the data at each stage, trains five epochs in batches of 32, and prints the
probabilities of single digits and the accuracy on both sets:

    Accuracy on training data: 0.96785
    Accuracy on test data: 0.9593

It reads the lecture's mnist_data.npz if that exists, else the four IDX files;
scripts/idx_to_npz.py converts them. What to expect, with mean and spread, is in
REPRODUCTION.md.

Source:
    MNIST classification, the lecture.
"""

from mnist_tut import plots
from mnist_tut.data import npz
from mnist_tut.flags import Flags
from mnist_tut.training.evaluation import accuracy_in_batches
from mnist_tut.training.run import Run

import numpy as np
import tensorflow.compat.v1 as tf

flags = Flags('tanh_mlp')
FLAGS = flags.FLAGS

flags.DEFINE_string(
    'npz', None, "The lecture's file; mnist_data.npz if it exists.", may_change=True
)
flags.DEFINE_folder(
    'data_dir', None, 'Folder of the IDX files, instead of --npz; else MNIST_data.'
)
flags.DEFINE_integer('epochs', 5, 'Number of passes over the set.', may_change=True)
flags.DEFINE_integer(
    'max_steps', None, 'Training steps, instead of --epochs.', may_change=True
)
flags.DEFINE_integer('batch_size', 32, 'Number of examples in a batch.', 1, 60_000)
flags.DEFINE_integer('h1_sz', 64, 'Number of units in the hidden layer.', 1)
flags.DEFINE_float('learning_rate', 0.5, 'Step length of gradient descent.')
flags.DEFINE_boolean(
    'double_softmax', True, 'Take the softmax of the softmax, as the lecture does.'
)


def normalize_data(x):
    """Returns `x` as float32, scaled so that its values range from 0 to 1."""
    L = np.min(x)
    H = np.max(x)
    return (x.astype(np.float32) - L) / (H - L)


def to_one_hot(labels, num):
    """Returns rows with a single one, float64: [N] -> [N, num]."""
    one_hot_labels = np.zeros((labels.shape[0], num))
    one_hot_labels[np.arange(labels.shape[0]), labels] = 1.0
    return one_hot_labels


def preprocess(mnist):
    """Prints the data as the lecture does, and prepares it for the network.

    Args:
        mnist: The arrays X_train, X_test: uint8 [N, 28, 28], and y_train, y_test: [N].

    Returns:
        train_data: float32 [N, 784], pixel values in [0, 1]; computed when it is read.
        train_labels: float64 [N, 10], one-hot.
        test_data, test_labels: The same of the test set.
    """
    X_train = mnist['X_train']
    X_test = mnist['X_test']
    y_train = mnist['y_train']
    y_test = mnist['y_test']
    print(X_train.shape)
    print(X_test.shape)
    print(X_train[0])

    sz = 5
    print(y_train[: sz * sz].reshape([sz, sz]))

    # Flat.
    train_data = X_train.reshape([-1, 28 * 28])
    test_data = X_test.reshape([-1, 28 * 28])
    print(train_data.shape)
    print(test_data.shape)

    # In [0, 1].
    train_data = npz.Scaled(normalize_data, train_data)
    test_data = npz.Scaled(normalize_data, test_data)
    print(train_data[0])

    # With 1-hot labels.
    train_labels = to_one_hot(y_train, 10)
    test_labels = to_one_hot(y_test, 10)
    print('Initial labels:')
    print(y_train[:5])
    print('1-hot representation:')
    print(train_labels[:5])
    return train_data, train_labels, test_data, test_labels


def plot(run, mnist, class_probs, feed_dict):
    """Writes the lecture's pictures if --plots_dir is set: white on black, as there.

    Args:
        run: The Run.
        mnist: The arrays, as in preprocess().
        class_probs: Tensor, float32 [N, 10], probabilities.
        feed_dict: Feeds the test digits.
    """
    if FLAGS.plots_dir is None:
        return
    class_probs = class_probs.eval(feed_dict)
    interp = class_probs.argmax(1)
    titles = [f'{row.argmax()}: {100 * row.max():.2f} %' for row in class_probs[:5]]
    for name, digits, options in (
        ('first_digit.png', mnist['X_train'][:1], {'title': 'X_train[0]'}),
        ('digits.png', mnist['X_train'][:25], {'title': 'The first training digits'}),
        (
            'single_digits.png',
            mnist['X_test'][:5],
            {'title': 'Test digits and predictions', 'labels': titles, 'columns': 5},
        ),
    ):
        run.plot(name, plots.digit_grid, digits, white_on_black=True, **options)
    run.plot('confusion.png', plots.confusion_matrix, mnist['y_test'], interp)


@flags.as_arguments
def run_training():
    """Trains the network and prints what the lecture shows.

    Returns:
        History of 'loss' (nats, each step, before its update; the lecture's hist_loss),
        'training_accuracy' and 'test_accuracy' (fractions), and of
        'digit_<j>_probability', that of the right class for the first five test digits.
        Its `arrays` hold 'class_probs', float32 [5, 10], of the same digits.

    Graph:
        Four variables: W1 [784, 64] and W2 [64, 10], Glorot uniform; b1 ('Variable',
        [64]) and b2 ('Variable_1', [10]), zero. 50,890 parameters.
    """
    with tf.Graph().as_default(), Run(flags) as run:
        # Data.
        mnist, info = npz.load(
            FLAGS.npz, FLAGS.data_dir, FLAGS.dataset, FLAGS.source_url
        )

        train_data, train_labels, test_data, test_labels = preprocess(mnist)
        tf.set_random_seed(run.seed)

        # Placeholders.
        x = tf.placeholder(tf.float32, [None, 784])
        y = tf.placeholder(tf.float32, [None, 10])

        # Model.
        h1_sz = FLAGS.h1_sz
        W1 = tf.get_variable('W1', [784, h1_sz])
        b1 = tf.Variable(tf.zeros([h1_sz]))
        h1 = tf.matmul(x, W1) + b1

        h1 = tf.tanh(h1)  # [B, 64]

        W2 = tf.get_variable('W2', [h1_sz, 10])
        b2 = tf.Variable(tf.zeros([10]))
        h2 = tf.matmul(h1, W2) + b2  # [B, 10]

        class_probs = tf.nn.softmax(h2)

        # Loss. The lecture takes the softmax of a softmax, so the loss cannot fall
        # below 1.4612 nats, which is log(1 + 9/e).
        predicted = tf.nn.softmax(class_probs) if FLAGS.double_softmax else class_probs
        run.loss_floor = np.log(1 + 9 / np.e) if FLAGS.double_softmax else None
        cross_entropy_loss = tf.reduce_mean(
            -tf.reduce_sum(y * tf.log(predicted), axis=[1])
        )

        # Training op.
        optimizer = tf.train.GradientDescentOptimizer(FLAGS.learning_rate)
        train_step = optimizer.minimize(cross_entropy_loss)

        # Evaluation.
        correct_prediction = tf.equal(tf.argmax(y, 1), tf.argmax(class_probs, 1))
        accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))

        # Session.
        sess = run.session(
            info, images=x, scores=class_probs, num_examples=len(train_labels)
        )
        init = tf.global_variables_initializer()
        init.run()

        # Five digits: the untrained model's probabilities, and those of a model that
        # has been fitted to these five, and to nothing else, for 200 steps.
        batch_x = train_data[:5]
        batch_y = train_labels[:5]
        vis_probs = sess.run([class_probs], feed_dict={x: batch_x})
        print(vis_probs)

        for _ in range(200):
            [_, vis_probs] = sess.run(
                [train_step, class_probs], feed_dict={x: batch_x, y: batch_y}
            )
        print(vis_probs)
        init.run()

        # Loop: mini-batches in the order of the file.
        N = train_data.shape[0]
        batch_size = FLAGS.batch_size
        steps_per_epoch = int(N / batch_size)
        num_steps = FLAGS.epochs * steps_per_epoch
        if FLAGS.max_steps is not None:
            num_steps = FLAGS.max_steps

        # With --steps_per_run, steps that print nothing run many at a time.
        seen = range(0, num_steps, steps_per_epoch)
        data, period = (train_data, train_labels), steps_per_epoch * batch_size
        run.repeat(train_step, cross_entropy_loss, data, [x, y], seen, period=period)
        for step in run.steps(num_steps):
            epoch, index = divmod(step, steps_per_epoch)
            if index == 0:
                print('Epoch:', epoch)

            batch_x = train_data[index * batch_size : (index + 1) * batch_size]
            batch_y = train_labels[index * batch_size : (index + 1) * batch_size]
            [vis_loss, _] = sess.run(
                [cross_entropy_loss, train_step], feed_dict={x: batch_x, y: batch_y}
            )
            run.record(step, loss=vis_loss)

        # Report: five single digits, and the accuracy on both sets.
        shown = []
        for j in range(5):
            digit = test_data[j].reshape([1, 784])
            actual_label = test_labels[j]
            print(actual_label)
            [vis_probs] = sess.run([class_probs], feed_dict={x: digit})
            print(vis_probs)
            shown.append(vis_probs[0])
            probability = vis_probs[0, mnist['y_test'][j]]
            run.record(num_steps, **{f'digit_{j}_probability': probability})
        run.history.arrays['class_probs'] = np.array(shown)

        train, test = {x: train_data, y: train_labels}, {x: test_data, y: test_labels}
        train_accuracy = accuracy_in_batches(sess, accuracy, train)
        test_accuracy = accuracy_in_batches(sess, accuracy, test)
        print('Accuracy on training data:', train_accuracy)
        print('Accuracy on test data:', test_accuracy)
        run.record(
            num_steps, training_accuracy=train_accuracy, test_accuracy=test_accuracy
        )
        plot(run, mnist, class_probs, {x: test_data})
    return run.history


def main(_):
    """Trains with the flags of the command line."""
    run_training()


if __name__ == '__main__':
    flags.run(main)
