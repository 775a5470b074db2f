"""A lecture's two-layer tanh network: overfit to five digits, then trained on all.

    python -m mnist_tut.tanh_mlp

shows what the data look like at each stage, trains five epochs in batches of 32, and
prints the probabilities of single digits and the accuracy on both sets:

    Accuracy on training data: 0.96785
    Accuracy on test data: 0.9593

It reads the lecture's mnist_data.npz where there is one, else the four IDX files;
scripts/idx_to_npz.py makes the one from the others. What to expect, with mean and
spread, is in REPRODUCTION.md.

Source:
    MNIST classification, the lecture.
"""

import hashlib
import os

from mnist_tut import cli, errors, idx, loop, npz, plots, runtime, sources

import numpy as np
import tensorflow.compat.v1 as tf
from absl import flags

FLAGS = cli.define_flags('tanh_mlp')
flags.DEFINE_string(
    'npz',
    None,
    "The lecture's file; mnist_data.npz if that is there and no --data_dir is given.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    'data_dir',
    'MNIST_data',
    'Folder of the IDX files, for where --npz is not there.',
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    'epochs', 5, 'Number of passes over the set.', lower_bound=0, flag_values=FLAGS
)
flags.DEFINE_integer(
    'max_steps',
    None,
    'Number of training steps, instead of --epochs.',
    lower_bound=0,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    'batch_size',
    32,
    'Number of examples in a batch.',
    lower_bound=1,
    upper_bound=60000,  # the training set must hold a batch
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    'h1_sz',
    64,
    'Number of units in the hidden layer.',
    lower_bound=1,
    flag_values=FLAGS,
)
cli.define_float(FLAGS, 'learning_rate', 0.5, 'Step length of gradient descent.')
flags.DEFINE_boolean(
    'double_softmax',
    True,
    'Take the softmax of the softmax in the loss, as the lecture does. '
    '(--nodouble_softmax takes it once.)',
    flag_values=FLAGS,
)
cli.limit_weights(FLAGS, ['h1_sz'], lambda h1_sz: (784 + 10) * h1_sz)


def load_data():
    """Loads the digits from the lecture's file where it is, else as IDX files.

    Returns:
        X_train: uint8 [60000, 28, 28], ink in [0, 255].
        X_test: uint8 [10000, 28, 28].
        y_train: uint8 [60000], digits 0 to 9.
        y_test: uint8 [10000].
        source: Where they came from.

    Raises:
        errors.FlagError: If --npz and --dataset contradict each other.
        errors.DataError: If a file is not what it should be.

    Source:
        MNIST classification, In [4].
    """
    npz_file = FLAGS.npz
    if npz_file is not None and FLAGS.dataset != 'auto':
        raise errors.FlagError(
            f'--npz={npz_file} --dataset={FLAGS.dataset}: expected one of the two'
        )
    if npz_file is None and FLAGS['data_dir'].using_default_value:
        there = os.path.lexists('mnist_data.npz') and FLAGS.dataset == 'auto'
        npz_file = 'mnist_data.npz' if there else None
    if npz_file is not None:
        mnist = npz.read(npz_file)
        with open(npz_file, 'rb') as file:
            fingerprint = hashlib.file_digest(file, 'sha256').hexdigest()[:16]
        source = sources.Source(npz_file, 'npz', fingerprint)
        sources.announce(source)
        return mnist.X_train, mnist.X_test, mnist.y_train, mnist.y_test, source
    source = sources.locate(FLAGS.data_dir, FLAGS.dataset, FLAGS.source_url)

    def path(name):
        return os.path.join(source.directory, name)

    X_train = idx.read_images(path('train-images-idx3-ubyte.gz'))
    X_test = idx.read_images(path('t10k-images-idx3-ubyte.gz'))
    y_train = idx.read_labels(path('train-labels-idx1-ubyte.gz'))
    y_test = idx.read_labels(path('t10k-labels-idx1-ubyte.gz'))
    for X, y in ((X_train, y_train), (X_test, y_test)):
        if len(X) != len(y):
            raise errors.DataError(
                f'{errors.show_path(source.directory)}: {len(X)} images and {len(y)} '
                'labels; expected as many of the one as of the other'
            )
    return X_train, X_test, y_train, y_test, source


def normalize_data(x):
    """Stretches what is in `x` to [0, 1].

    Args:
        x: Array of any shape and number type.

    Returns:
        float32 array of the same shape; its smallest value is 0 and its largest 1.

    Raises:
        errors.DataError: If all values are equal, which leaves nothing to stretch.

    Source:
        MNIST classification, In [11].
    """
    L = np.min(x)
    H = np.max(x)
    if L == H:
        raise errors.DataError(
            f'all {x.size} pixels are {L}; expected images with some ink'
        )
    return (x.astype(np.float32) - L) / (H - L)


def to_one_hot(labels, num):
    """Turns labels into rows with a single one.

    labels [N] -> [N, num]

    Args:
        labels: Integers [N], 0 to num - 1.
        num: Number of classes.

    Returns:
        float64 [N, num].

    Raises:
        IndexError: If a label is not below `num`.

    Source:
        MNIST classification, In [12].
    """
    one_hot_labels = np.zeros((labels.shape[0], num))
    one_hot_labels[np.arange(labels.shape[0]), labels] = 1.0
    return one_hot_labels


@cli.with_flags(FLAGS)
def run_training():
    """Trains the network and prints what the lecture shows.

    Returns:
        History of 'loss' (nats, each step, before its update; the lecture's hist_loss),
        'training_accuracy' and 'test_accuracy' (fractions), and of
        'digit_<j>_probability', what the first five test digits' right classes get. Its
        `arrays` hold 'class_probs', float32 [5, 10], of the same digits.

    Raises:
        errors.UserError: If a flag, a data file or the log folder cannot be used.

    Graph:
        Four variables: W1 [784, 64] and W2 [64, 10], Glorot uniform; b1 ('Variable',
        [64]) and b2 ('Variable_1', [10]), zero. 50,890 parameters.

    Source:
        MNIST classification, In [4] to In [26].
    """
    with tf.Graph().as_default(), loop.Run('tanh_mlp', FLAGS) as run:
        # Data.
        X_train, X_test, y_train, y_test, source = load_data()
        cli.check_batch_size(FLAGS, training=len(y_train))
        print(X_train.shape)
        print(X_test.shape)
        print(X_train[0])

        sz = 5
        print(y_train[: sz * sz].reshape([sz, sz]))

        # Pre-processing: flat, in [0, 1], with 1-hot labels.
        train_data = X_train.reshape([-1, 28 * 28])
        test_data = X_test.reshape([-1, 28 * 28])
        print(train_data.shape)
        print(test_data.shape)

        train_data = normalize_data(train_data)
        test_data = normalize_data(test_data)
        print(train_data[0])

        train_labels = to_one_hot(y_train, 10)
        test_labels = to_one_hot(y_test, 10)
        print('Initial labels:')
        print(y_train[:5])
        print('1-hot representation:')
        print(train_labels[:5])
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

        # Loss. The lecture takes the softmax of what is a softmax already, so the loss
        # cannot fall below 1.4612 nats, which is log(1 + 9/e).
        predicted = tf.nn.softmax(class_probs) if FLAGS.double_softmax else class_probs
        cross_entropy_loss = tf.reduce_mean(
            -tf.reduce_sum(y * tf.log(predicted), axis=[1])
        )

        # Training op.
        train_step = tf.train.GradientDescentOptimizer(FLAGS.learning_rate).minimize(
            cross_entropy_loss
        )

        # Evaluation.
        correct_prediction = tf.equal(tf.argmax(y, 1), tf.argmax(class_probs, 1))
        accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))

        # Session.
        run.describe(images=x, scores=class_probs)
        run.open(source)
        sess = run.enter(tf.Session(config=runtime.session_config()))
        init = tf.global_variables_initializer()
        init.run()

        # Five digits: what the untrained model says of them, and what it says once it
        # has been fitted to them, and to them alone, for 200 steps.
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
        steps_per_epoch = int(N / FLAGS.batch_size)
        num_steps = FLAGS.epochs * steps_per_epoch
        if FLAGS.max_steps is not None:
            num_steps = FLAGS.max_steps

        for step in run.steps(sess, num_steps):
            epoch, index = divmod(step, steps_per_epoch)
            if index == 0:
                print('Epoch:', epoch)

            batch_x = train_data[
                index * FLAGS.batch_size : (index + 1) * FLAGS.batch_size
            ]
            batch_y = train_labels[
                index * FLAGS.batch_size : (index + 1) * FLAGS.batch_size
            ]
            [vis_loss, _] = sess.run(
                [cross_entropy_loss, train_step], feed_dict={x: batch_x, y: batch_y}
            )
            run.record(step, loss=vis_loss)
        hist_loss = run.history.values('loss')

        # Report: five single digits, and the accuracy on both sets.
        shown = []
        for j in range(5):
            digit = test_data[j].reshape([1, 784])
            actual_label = test_labels[j]
            print(actual_label)
            [vis_probs] = sess.run([class_probs], feed_dict={x: digit})
            print(vis_probs)
            shown.append(vis_probs[0])
            right = vis_probs[0, y_test[j]]
            run.record(num_steps, **{f'digit_{j}_probability': right})
        run.history.arrays['class_probs'] = np.array(shown)

        train_accuracy = loop.accuracy_in_batches(
            sess, accuracy, {x: train_data, y: train_labels}
        )
        test_accuracy = loop.accuracy_in_batches(
            sess, accuracy, {x: test_data, y: test_labels}
        )
        print('Accuracy on training data:', train_accuracy)
        print('Accuracy on test data:', test_accuracy)
        run.record(
            num_steps, training_accuracy=train_accuracy, test_accuracy=test_accuracy
        )
        if FLAGS.plots_dir:
            digits = plots.digit_grid(X_train[: sz * sz], columns=sz)
            plots.save(digits, FLAGS.plots_dir, 'digits.png')
            plots.save(plots.loss_curve(hist_loss), FLAGS.plots_dir, 'loss.png')
    return run.history


def main(_):
    """Trains with the flags of the command line."""
    run_training()


if __name__ == '__main__':
    cli.run(main, FLAGS)
