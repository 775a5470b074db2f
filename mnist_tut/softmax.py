r"""Softmax regression: one linear layer from pixels to digits.

    python -m mnist_tut.softmax

trains 1,000 steps of 100 images and prints the accuracy on the test set, about 92 %:

    0.9215

The beginner notes' variant has a smaller step and the unstable loss, and a table of
accuracy by number of steps:

    python -m mnist_tut.softmax --learning_rate=0.05 --loss=log \
        --max_steps=10000 --accuracy_at=500,1000,2000,5000,10000

What to expect, with mean and spread, is in REPRODUCTION.md.

Source:
    Deep MNIST for Experts, first half; Beginner notes, tutorial 1.
"""

from mnist_tut import input_data, plots
from mnist_tut.flags import Flags
from mnist_tut.training.evaluation import accuracy_in_batches
from mnist_tut.training.run import Run

import tensorflow.compat.v1 as tf

flags = Flags('softmax')
FLAGS = flags.FLAGS

flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the data files.')
flags.DEFINE_integer('max_steps', 1000, 'Number of training steps.', may_change=True)
flags.DEFINE_integer('batch_size', 100, 'Number of examples in a batch.', 1, 60_000)
flags.DEFINE_float('learning_rate', 0.5, 'Step length of gradient descent.')
flags.DEFINE_enum(
    'loss', 'logits', ['logits', 'log'], 'From the logits, or (unstable) from log(y).'
)
flags.DEFINE_steps(
    'accuracy_at', 'Steps after which to print the test accuracy too.', 'max_steps'
)


@flags.as_arguments
def run_training():
    """Trains softmax regression and prints its accuracy on the test set.

    Returns:
        History of 'loss' (nats, each step, before its update) and 'test_accuracy'
        (fraction).

    Graph:
        W ('Variable', [784, 10]) and b ('Variable_1', [10]), zeros. 7,850 parameters.
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

        # Model.
        W = tf.Variable(tf.zeros([784, 10]))
        b = tf.Variable(tf.zeros([10]))
        y = tf.matmul(x, W) + b  # [B, 10]

        # Loss.
        if FLAGS.loss == 'logits':
            cross_entropy = tf.reduce_mean(
                tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y)
            )
        else:
            y = tf.nn.softmax(y)
            cross_entropy = tf.reduce_mean(
                -tf.reduce_sum(y_ * tf.log(y), reduction_indices=[1])
            )

        # Training op.
        optimizer = tf.train.GradientDescentOptimizer(FLAGS.learning_rate)
        train_step = optimizer.minimize(cross_entropy)

        # Evaluation.
        correct_prediction = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
        accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
        test = {x: mnist.test.images, y_: mnist.test.labels}

        # Session.
        sess = run.session(mnist, images=x, scores=y)
        sess.run(tf.global_variables_initializer())

        # Loop. With --steps_per_run, steps that print nothing run many at a time.
        seen = [step - 1 for step in FLAGS.accuracy_at]
        run.repeat(train_step, cross_entropy, mnist.train, [x, y_], seen)
        for i in run.steps(FLAGS.max_steps):
            batch = mnist.train.next_batch(FLAGS.batch_size)
            _, loss_value = sess.run(
                [train_step, cross_entropy], feed_dict={x: batch[0], y_: batch[1]}
            )
            run.record(i, loss=loss_value)
            if i + 1 in FLAGS.accuracy_at:
                test_accuracy = accuracy_in_batches(sess, accuracy, test)
                print('%d steps: %s' % (i + 1, test_accuracy))
                run.record(i + 1, test_accuracy=test_accuracy)

        # Report.
        test_accuracy = accuracy_in_batches(sess, accuracy, test)
        print(test_accuracy)
        run.record(FLAGS.max_steps, test_accuracy=test_accuracy)
        run.plot('weights.png', plots.weights_grid, sess.run(W))
    return run.history


def main(_):
    """Trains with the flags of the command line."""
    run_training()


if __name__ == '__main__':
    flags.run(main)
