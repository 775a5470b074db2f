"""A multilayer convolutional network: 99.2 % of the test digits.

    python -m mnist_tut.deep

trains 20,000 steps of 50 images (--max_steps=2000 for the beginner notes' run) and
prints the accuracy on the batch each 100 steps, and at the end that on the test set:

    step 19900, training accuracy 1
    test accuracy 0.9917

What to expect, with mean and spread, is in REPRODUCTION.md.

Source:
    Deep MNIST for Experts, second half; Beginner notes, tutorial 2.
"""

from mnist_tut import input_data, plots
from mnist_tut.flags import Flags
from mnist_tut.training.evaluation import accuracy_in_batches
from mnist_tut.training.run import Run

import tensorflow.compat.v1 as tf

flags = Flags('deep')
FLAGS = flags.FLAGS

flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the data files.')
flags.DEFINE_integer('max_steps', 20000, 'Number of training steps.', may_change=True)
flags.DEFINE_integer('batch_size', 50, 'Number of examples in a batch.', 1, 60_000)
flags.DEFINE_float('learning_rate', 1e-4, "Adam's step length.")
flags.DEFINE_probability('keep_prob', 0.5, 'Probability that dropout keeps a unit.')
flags.DEFINE_boolean('bfloat16', False, 'Compute in 16 bits, on a CPU that can.')


def weight_variable(shape):
    """Returns a variable of random values, deviation 0.1, to break symmetry."""
    initial = tf.truncated_normal(shape, stddev=0.1)
    return tf.Variable(initial)


def bias_variable(shape):
    """Returns a variable of 0.1: slightly positive, so that no ReLU is dead."""
    initial = tf.constant(0.1, shape=shape)
    return tf.Variable(initial)


def conv2d(x, W):
    """Convolves with stride 1: x [B, H, W, C], W [h, w, C, D] -> [B, H, W, D]."""
    return tf.nn.conv2d(x, W, strides=[1, 1, 1, 1], padding='SAME')


def max_pool_2x2(x):
    """Takes the maximum of blocks of 2 x 2: [B, H, W, C] -> [B, H/2, W/2, C]."""
    return tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')


@flags.as_arguments
def run_training():
    """Trains the network and prints its accuracy.

    Returns:
        History of 'loss' (nats, each step, before its update and with dropout),
        'training_accuracy' (fraction of the batch, each 100 steps, before the update)
        and 'test_accuracy' (fraction).

    Graph:
        Eight variables, 'Variable' to 'Variable_7': W_conv1, b_conv1, W_conv2, b_conv2,
        W_fc1, b_fc1, W_fc2, b_fc2. 3,274,634 parameters, and two of Adam's for each.
    """
    with tf.Graph().as_default(), Run(flags) as run:
        # Data.
        mnist = input_data.read_data_sets(
            FLAGS.data_dir, one_hot=True, **run.data_options
        )
        tf.set_random_seed(run.seed)

        # Placeholders.
        x = tf.placeholder(tf.float32, shape=[None, 784])
        y_ = tf.placeholder(tf.float32, shape=[None, 10])

        # Model: first convolutional layer.
        W_conv1 = weight_variable([5, 5, 1, 32])
        b_conv1 = bias_variable([32])

        x_image = tf.reshape(x, [-1, 28, 28, 1])

        h_conv1 = tf.nn.relu(conv2d(x_image, W_conv1) + b_conv1)  # [B, 28, 28, 32]
        h_pool1 = max_pool_2x2(h_conv1)  # [B, 14, 14, 32]

        # Second convolutional layer.
        W_conv2 = weight_variable([5, 5, 32, 64])
        b_conv2 = bias_variable([64])

        h_conv2 = tf.nn.relu(conv2d(h_pool1, W_conv2) + b_conv2)  # [B, 14, 14, 64]
        h_pool2 = max_pool_2x2(h_conv2)  # [B, 7, 7, 64]

        # Densely connected layer.
        W_fc1 = weight_variable([7 * 7 * 64, 1024])
        b_fc1 = bias_variable([1024])

        h_pool2_flat = tf.reshape(h_pool2, [-1, 7 * 7 * 64])
        h_fc1 = tf.nn.relu(tf.matmul(h_pool2_flat, W_fc1) + b_fc1)  # [B, 1024]

        # Dropout.
        keep_prob = tf.placeholder(tf.float32)
        h_fc1_drop = tf.nn.dropout(h_fc1, keep_prob)

        # Readout layer.
        W_fc2 = weight_variable([1024, 10])
        b_fc2 = bias_variable([10])

        y_conv = tf.matmul(h_fc1_drop, W_fc2) + b_fc2  # [B, 10]

        # Loss.
        cross_entropy = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y_conv)
        )

        # Training op.
        train_step = tf.train.AdamOptimizer(FLAGS.learning_rate).minimize(cross_entropy)

        # Evaluation.
        correct_prediction = tf.equal(tf.argmax(y_conv, 1), tf.argmax(y_, 1))
        accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
        test = {x: mnist.test.images, y_: mnist.test.labels, keep_prob: 1.0}

        # Session.
        sess = run.session(mnist, images=x, scores=y_conv, feeds={keep_prob: 1.0})
        sess.run(tf.global_variables_initializer())

        # Loop. With --steps_per_run, steps that print nothing run many at a time.
        seen, feeds = range(0, FLAGS.max_steps, 100), {keep_prob: FLAGS.keep_prob}
        run.repeat(train_step, cross_entropy, mnist.train, [x, y_], seen, feeds)
        for i in run.steps(FLAGS.max_steps):
            batch = mnist.train.next_batch(FLAGS.batch_size)
            if i % 100 == 0:
                train_accuracy = accuracy.eval(
                    feed_dict={x: batch[0], y_: batch[1], keep_prob: 1.0}
                )
                print('step %d, training accuracy %g' % (i, train_accuracy))
                run.record(i, training_accuracy=train_accuracy)
            _, loss_value = sess.run(
                [train_step, cross_entropy],
                feed_dict={x: batch[0], y_: batch[1], keep_prob: FLAGS.keep_prob},
            )
            run.record(i, loss=loss_value)

        # Report.
        test_accuracy = accuracy_in_batches(sess, accuracy, test)
        print('test accuracy %g' % test_accuracy)
        run.record(FLAGS.max_steps, test_accuracy=test_accuracy)
        run.plot('filters.png', plots.conv_filters, sess.run(W_conv1))
    return run.history


def main(_):
    """Trains with the flags of the command line."""
    run_training()


if __name__ == '__main__':
    flags.run(main)
