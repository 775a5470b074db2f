r"""Softmax regression: one linear layer from pixels to digits.

    python -m mnist_tut.softmax

trains 1,000 steps of 100 images and prints the accuracy on the test set, about 92 %:

    0.9215

The beginner notes' variant has a smaller step and the unstable loss, and a table of
accuracy by number of steps:

    python -m mnist_tut.softmax --learning_rate=0.05 --loss=log --max_steps=10000 \
        --accuracy_at=500,1000,2000,5000,10000

What to expect, with mean and spread, is in REPRODUCTION.md.

Source:
    Deep MNIST for Experts, first half; Beginner notes, tutorial 1.
"""

from mnist_tut import cli, errors, input_data, loop, plots, runtime

import tensorflow.compat.v1 as tf
from absl import flags

FLAGS = cli.define_flags('softmax')
flags.DEFINE_string(
    'data_dir', 'MNIST_data', 'Folder of the data files.', flag_values=FLAGS
)
flags.DEFINE_integer(
    'max_steps', 1000, 'Number of training steps.', lower_bound=0, flag_values=FLAGS
)
flags.DEFINE_integer(
    'batch_size',
    100,
    'Number of examples in a batch.',
    lower_bound=1,
    upper_bound=55000,  # the training set must hold a batch
    flag_values=FLAGS,
)
cli.define_float(FLAGS, 'learning_rate', 0.5, 'Step length of gradient descent.')
flags.DEFINE_enum(
    'loss',
    'logits',
    ['logits', 'log'],
    'How the cross-entropy is computed: from the logits (stable), or as -log(y) of the '
    'softmax, as the beginner notes write it (nan once a y is 0).',
    flag_values=FLAGS,
)
cli.define_steps(
    FLAGS, 'accuracy_at', 'Numbers of steps after which to print the test accuracy too.'
)


@cli.with_flags(FLAGS)
def run_training():
    """Trains softmax regression and prints the accuracy on the test set.

    Returns:
        History of 'loss' (nats, each step, before its update) and 'test_accuracy'
        (fraction).

    Raises:
        errors.UserError: If a flag, a data file or the log folder cannot be used.

    Graph:
        Two variables, both zero at first: W ('Variable', [784, 10]) and b
        ('Variable_1', [10]). 7,850 parameters.

    Source:
        Deep MNIST for Experts, In [1] to In [12]; Beginner notes, tutorial 1.
    """
    if max(FLAGS.accuracy_at, default=0) > FLAGS.max_steps:
        raise errors.FlagError(
            f'--accuracy_at={max(FLAGS.accuracy_at)}: training ends after '
            f'{FLAGS.max_steps} steps; raise --max_steps'
        )
    with tf.Graph().as_default(), loop.Run('softmax', FLAGS) as run:
        # Data.
        mnist = input_data.read_data_sets(
            FLAGS.data_dir,
            one_hot=True,
            seed=run.seed,
            source_url=FLAGS.source_url,
            dataset=FLAGS.dataset,
        )
        cli.check_batch_size(FLAGS, training=mnist.train.num_examples)
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
        train_step = tf.train.GradientDescentOptimizer(FLAGS.learning_rate).minimize(
            cross_entropy
        )

        # Evaluation.
        correct_prediction = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
        accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))

        # Session.
        run.describe(images=x, scores=y)
        run.open(mnist)
        sess = run.enter(tf.Session(config=runtime.session_config()))
        sess.run(tf.global_variables_initializer())

        # Loop.
        test = {x: mnist.test.images, y_: mnist.test.labels}
        for i in run.steps(sess, FLAGS.max_steps):
            batch = mnist.train.next_batch(FLAGS.batch_size)
            _, loss_value = sess.run(
                [train_step, cross_entropy], feed_dict={x: batch[0], y_: batch[1]}
            )
            run.record(i, loss=loss_value)
            if i + 1 in FLAGS.accuracy_at:
                test_accuracy = loop.accuracy_in_batches(sess, accuracy, test)
                print('%d steps: %s' % (i + 1, test_accuracy))
                run.record(i + 1, test_accuracy=test_accuracy)

        # Report.
        test_accuracy = loop.accuracy_in_batches(sess, accuracy, test)
        print(test_accuracy)
        run.record(FLAGS.max_steps, test_accuracy=test_accuracy)
        if FLAGS.plots_dir:
            plots.save(plots.loss_curve(run.history), FLAGS.plots_dir, 'loss.png')
            plots.save(plots.weights_grid(sess.run(W)), FLAGS.plots_dir, 'weights.png')
    return run.history


def main(_):
    """Trains with the flags of the command line."""
    run_training()


if __name__ == '__main__':
    cli.run(main, FLAGS)
