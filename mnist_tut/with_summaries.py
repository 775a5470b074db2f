"""A two-layer network, with summaries of everything for TensorBoard.

    python -m mnist_tut.with_summaries

trains 1,000 steps, one in ten of which evaluates the test set instead:

    Accuracy at step 980: 0.9657
    Accuracy at step 990: 0.968
    Adding run metadata for 999

and writes two event files, train/ and test/: scalars, distributions, histograms,
images, the graph, and each hundred steps a trace with time and memory of every op. The
command to show them is printed at the end. What to expect, with mean and spread, is
in REPRODUCTION.md.

Source:
    TensorFlow Mechanics 101, where the listing of the folder names it
    (mnist_with_summaries.py).
"""

import os.path

from mnist_tut import input_data
from mnist_tut.flags import Flags
from mnist_tut.training import evaluation, tensorboard
from mnist_tut.training.run import Run

import tensorflow.compat.v1 as tf

flags = Flags('with_summaries')
FLAGS = flags.FLAGS

flags.DEFINE_boolean('fake_data', False, 'Train on made-up data: all white, label 0.')
flags.DEFINE_integer('max_steps', 1000, 'Number of steps to run.', may_change=True)
flags.DEFINE_integer('batch_size', 100, 'Number of examples in a batch.', 1, 60_000)
flags.DEFINE_float('learning_rate', 0.001, "Adam's step length.")
flags.DEFINE_probability('dropout', 0.9, 'Probability that dropout keeps a unit.')
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the data files.')


def weight_variable(shape):
    """Returns a variable, truncated normal with standard deviation 0.1."""
    initial = tf.truncated_normal(shape, stddev=0.1)
    return tf.Variable(initial)


def bias_variable(shape):
    """Returns a variable, 0.1 everywhere."""
    initial = tf.constant(0.1, shape=shape)
    return tf.Variable(initial)


def variable_summaries(var):
    """Attaches summaries to a variable: mean, deviation, extremes, histogram.

    Graph:
        Five summaries in the scope summaries; a scalar's tag ends in _1 if the op that
        computes it already has the name without.
    """
    with tf.name_scope('summaries'):
        mean = tf.reduce_mean(var)
        tf.summary.scalar('mean', mean)
        with tf.name_scope('stddev'):
            stddev = tf.sqrt(tf.reduce_mean(tf.square(var - mean)))
        tf.summary.scalar('stddev', stddev)
        tf.summary.scalar('max', tf.reduce_max(var))
        tf.summary.scalar('min', tf.reduce_min(var))
        tf.summary.histogram('histogram', var)


def nn_layer(input_tensor, input_dim, output_dim, layer_name, act=tf.nn.relu):
    """Builds a fully connected layer, with summaries of its variables and values.

    input_tensor [B, input_dim] -> [B, output_dim]

    Args:
        input_tensor: float32 [B, input_dim].
        input_dim: Number of inputs.
        output_dim: Number of units.
        layer_name: Name scope of the layer.
        act: Activation function.

    Returns:
        float32 [B, output_dim] activations.

    Graph:
        Two variables, <layer_name>/weights/Variable and <layer_name>/biases/Variable,
        and twelve summaries.
    """
    # The scopes keep the ops of a layer together in TensorBoard's view of the graph.
    with tf.name_scope(layer_name):
        with tf.name_scope('weights'):
            weights = weight_variable([input_dim, output_dim])
            variable_summaries(weights)
        with tf.name_scope('biases'):
            biases = bias_variable([output_dim])
            variable_summaries(biases)
        with tf.name_scope('Wx_plus_b'):
            preactivate = tf.matmul(input_tensor, weights) + biases
            tf.summary.histogram('pre_activations', preactivate)
        activations = act(preactivate, name='activation')
        tf.summary.histogram('activations', activations)
        return activations


@flags.as_arguments
def run_training():
    """Trains the network and writes its summaries; in the original it is train().

    Returns:
        History of 'loss' (nats, each training step, before its update and with dropout)
        and 'test_accuracy' (fraction, each ten steps).

    Graph:
        Four variables, layer{1,2}/{weights,biases}/Variable; 397,510 parameters, and
        two of Adam's for each. 37 summary tags.
    """
    with tf.Graph().as_default(), Run(flags) as run:
        # Data.
        mnist = input_data.read_data_sets(
            FLAGS.data_dir, FLAGS.fake_data, one_hot=True, **run.data_options
        )
        tf.set_random_seed(run.seed)

        # Placeholders.
        with tf.name_scope('input'):
            x = tf.placeholder(tf.float32, [None, 784], name='x-input')
            y_ = tf.placeholder(tf.float32, [None, 10], name='y-input')

        with tf.name_scope('input_reshape'):
            image_shaped_input = tf.reshape(x, [-1, 28, 28, 1])
            tf.summary.image('input', image_shaped_input, 10)

        # Model.
        hidden1 = nn_layer(x, 784, 500, 'layer1')

        with tf.name_scope('dropout'):
            keep_prob = tf.placeholder(tf.float32)
            tf.summary.scalar('dropout_keep_probability', keep_prob)
            dropped = tf.nn.dropout(hidden1, keep_prob)

        # Not the softmax yet: the loss takes the logits, which is stable.
        y = nn_layer(dropped, 500, 10, 'layer2', act=tf.identity)

        # Loss.
        with tf.name_scope('cross_entropy'):
            diff = tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y)
            with tf.name_scope('total'):
                cross_entropy = tf.reduce_mean(diff)
        tf.summary.scalar('cross_entropy', cross_entropy)

        # Training op.
        with tf.name_scope('train'):
            train_step = tf.train.AdamOptimizer(FLAGS.learning_rate).minimize(
                cross_entropy
            )

        # Evaluation.
        with tf.name_scope('accuracy'):
            with tf.name_scope('correct_prediction'):
                correct_prediction = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
            with tf.name_scope('accuracy'):
                accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
        tf.summary.scalar('accuracy', accuracy)

        # Session: all summaries in one op, and a writer each for training and test.
        merged = tf.summary.merge_all()
        sess = run.session(mnist, images=x, scores=y, feeds={keep_prob: 1.0})
        train_writer = run.summary_writer('train', sess.graph, ['loss'])
        test_writer = run.summary_writer('test', shows=['test_accuracy'])
        evaluation.summarize_before_update(merged, train_step)
        tf.global_variables_initializer().run()

        # Loop: each tenth step measures the test set and writes the test summaries;
        # the other nine train and write the training summaries.
        def feed_dict(train):
            """Returns the feeds of a training batch, or of the whole test set."""
            if train or FLAGS.fake_data:
                xs, ys = mnist.train.next_batch(FLAGS.batch_size, FLAGS.fake_data)
                k = FLAGS.dropout
            else:
                xs, ys = mnist.test.images, mnist.test.labels
                k = 1.0
            return {x: xs, y_: ys, keep_prob: k}

        for i in run.steps(FLAGS.max_steps):
            if i % 10 == 0:  # Record summaries and test-set accuracy.
                summary, acc = evaluation.run_in_batches(
                    sess, merged, accuracy, feed_dict(False)
                )
                test_writer.add_summary(summary, i)
                print('Accuracy at step %s: %s' % (i, acc))
                run.record(i, test_accuracy=acc)
                continue

            # Record training-set summaries, and train.
            step = [merged, train_step, cross_entropy], feed_dict(True)
            if i % 100 == 99:  # Trace time and memory, too.
                values, metadata = evaluation.run_traced(sess, *step, i)
                summary, _, loss_value = values
                if metadata:
                    train_writer.add_run_metadata(metadata, 'step%03d' % i, i)
                    print('Adding run metadata for', i)
            else:
                summary, _, loss_value = sess.run(*step)
            train_writer.add_summary(summary, i)
            run.record(i, loss=loss_value)

        # Report: activations of a thousand digits, for the projector.
        if not FLAGS.fake_data:
            layer = sess, 'layer1/activation:0', x
            for data_set, name in ((mnist.train, 'train'), (mnist.test, 'test')):
                size = min(tensorboard.MAX_POINTS, data_set.num_examples)
                folder = os.path.join(run.log_dir, name)
                tensorboard.write_projector(folder, *layer, *data_set.next_batch(size))
    return run.history


def main(_):
    """Trains with the flags of the command line."""
    run_training()


if __name__ == '__main__':
    flags.run(main)
