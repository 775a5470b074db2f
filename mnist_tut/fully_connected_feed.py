"""Trains and evaluates the MNIST network of `mnist.py` with a feed dictionary.

    python -m mnist_tut.fully_connected_feed --max_steps=2000

prints the loss each 100 steps, and each 1,000 steps the score on the three sets:

    Step 1900: loss = 0.38 (0.002 sec)
    Training Data Eval:
      Num examples: 55000  Num correct: 49199  Precision @ 1: 0.8945
    Validation Data Eval:
      Num examples: 5000  Num correct: 4521  Precision @ 1: 0.9042
    Test Data Eval:
      Num examples: 10000  Num correct: 9002  Precision @ 1: 0.9002

What to expect, with mean and spread, is in REPRODUCTION.md.

Source:
    TensorFlow Mechanics 101, fully_connected_feed.py.
"""

import os.path
import time

from mnist_tut import input_data, mnist
from mnist_tut.flags import Flags
from mnist_tut.training import tensorboard
from mnist_tut.training.run import Run

import tensorflow.compat.v1 as tf

# Basic model parameters as external flags.
flags = Flags('fully_connected_feed')
FLAGS = flags.FLAGS

flags.DEFINE_float('learning_rate', 0.01, 'Step length of gradient descent.')
flags.DEFINE_integer('max_steps', 2000, 'Number of training steps.', may_change=True)
flags.DEFINE_integer('hidden1', 128, 'Number of units in hidden layer 1.', 1)
flags.DEFINE_integer('hidden2', 32, 'Number of units in hidden layer 2.', 1)
flags.DEFINE_integer('batch_size', 100, 'Number of examples in a batch.', 1, 60_000)
flags.DEFINE_folder('train_dir', 'data', 'Folder of the data files.')
flags.DEFINE_folder('input_data_dir', None, "--train_dir's name in later versions.")
flags.DEFINE_boolean('fake_data', False, 'Train on made-up data: all white, label 0.')

# The three sets, as they are named in the printed lines.
NAMES = ('Training', 'Validation', 'Test')


def placeholder_inputs(batch_size):
    """Makes the placeholders for the images and labels of a batch.

    Args:
        batch_size: Number of examples in a batch; it becomes part of both shapes.

    Returns:
        images_placeholder: float32 [batch_size, IMAGE_PIXELS].
        labels_placeholder: int32 [batch_size].
    """
    images_placeholder = tf.placeholder(
        tf.float32, shape=(batch_size, mnist.IMAGE_PIXELS)
    )
    labels_placeholder = tf.placeholder(tf.int32, shape=(batch_size))
    return images_placeholder, labels_placeholder


def fill_feed_dict(data_set, images_pl, labels_pl):
    """Returns the feed dictionary for the next FLAGS.batch_size examples of a DataSet.

    Args:
        data_set: The DataSet, which advances by a batch.
        images_pl: Images placeholder, from placeholder_inputs().
        labels_pl: Labels placeholder, from placeholder_inputs().
    """
    images_feed, labels_feed = data_set.next_batch(FLAGS.batch_size, FLAGS.fake_data)
    return {
        images_pl: images_feed,
        labels_pl: labels_feed,
    }


def do_eval(sess, eval_correct, images_placeholder, labels_placeholder, data_set):
    """Evaluates one epoch of a data set and prints the score.

    Args:
        sess: Session in which the model has been trained.
        eval_correct: int32 scalar, the number of right predictions in a batch.
        images_placeholder: Images placeholder.
        labels_placeholder: Labels placeholder.
        data_set: The DataSet, which advances by an epoch; a partial batch is left out.

    Returns:
        Precision @ 1, a fraction in [0, 1]. The original returned nothing.
    """
    true_count = 0  # Counts the right predictions.
    steps_per_epoch = data_set.num_examples // FLAGS.batch_size
    num_examples = steps_per_epoch * FLAGS.batch_size
    for _ in range(steps_per_epoch):
        feed_dict = fill_feed_dict(data_set, images_placeholder, labels_placeholder)
        true_count += sess.run(eval_correct, feed_dict=feed_dict)
    precision = float(true_count) / num_examples
    print(
        '  Num examples: %d  Num correct: %d  Precision @ 1: %0.04f'
        % (num_examples, true_count, precision)
    )
    return precision


@flags.as_arguments
def run_training():
    """Trains the network for FLAGS.max_steps steps.

    Returns:
        History of 'loss' (nats, each step, before its update) and of
        'training_precision', 'validation_precision' and 'test_precision' (fractions).

    Graph:
        Seven variables, 104,938 parameters and the step counter: see mnist.inference
        and mnist.training.
    """
    with tf.Graph().as_default(), Run(flags) as run:
        # Data: the sets of images and labels for training, validation and test.
        data_sets = input_data.read_data_sets(
            FLAGS.input_data_dir or FLAGS.train_dir, FLAGS.fake_data, **run.data_options
        )
        tf.set_random_seed(run.seed)

        # Placeholders.
        images_placeholder, labels_placeholder = placeholder_inputs(FLAGS.batch_size)
        placeholders = images_placeholder, labels_placeholder

        # Model: predictions from the inference model.
        logits = mnist.inference(images_placeholder, FLAGS.hidden1, FLAGS.hidden2)

        # Loss.
        loss = mnist.loss(logits, labels_placeholder)

        # Training op: computes and applies gradients.
        train_op = mnist.training(loss, FLAGS.learning_rate)

        # Evaluation: compares the logits with the labels.
        eval_correct = mnist.evaluation(logits, labels_placeholder)

        # Session: summaries, initial values, checkpoints.
        summary = tf.summary.merge_all()
        init = tf.global_variables_initializer()
        saver = tf.train.Saver()
        sess = run.session(
            data_sets, images=images_placeholder, scores=logits, saver=saver
        )
        summary_writer = run.summary_writer(graph=sess.graph, shows=['loss'])
        sess.run(init)

        # Loop. With --steps_per_run, steps that print nothing run many at a time.
        steps = range(FLAGS.max_steps)
        seen = {*steps[::100], *steps[999::1000], *steps[-1:]}
        run.repeat(train_op, loss, data_sets.train, placeholders, seen)
        for step in run.steps(FLAGS.max_steps):
            start_time = time.time()

            # The images and labels of this training step.
            feed_dict = fill_feed_dict(data_sets.train, *placeholders)

            # One step. The value of `train_op` is None; `loss` is that of the batch.
            _, loss_value = sess.run([train_op, loss], feed_dict=feed_dict)

            duration = time.time() - start_time
            run.record(step, loss=loss_value)

            # Print an overview and write the summaries fairly often.
            if step % 100 == 0:
                print('Step %d: loss = %.2f (%.3f sec)' % (step, loss_value, duration))
                summary_str = sess.run(summary, feed_dict=feed_dict)
                summary_writer.add_summary(summary_str, step)
                summary_writer.flush()

            # Save a checkpoint and evaluate the model periodically.
            if (step + 1) % 1000 == 0 or (step + 1) == FLAGS.max_steps:
                checkpoint_file = os.path.join(run.log_dir, 'model.ckpt')
                saver.save(sess, checkpoint_file, global_step=step)
                for name, data_set in zip(NAMES, data_sets, strict=True):
                    print('%s Data Eval:' % name)
                    precision = do_eval(sess, eval_correct, *placeholders, data_set)
                    run.record(step, **{f'{name.lower()}_precision': precision})

        # Report: activations of the test digits, for the projector.
        if not FLAGS.fake_data:
            test = data_sets.test.first(tensorboard.MAX_POINTS)
            layer = sess, 'hidden2/Relu:0', images_placeholder
            tensorboard.write_projector(run.log_dir, *layer, *test)
    return run.history


def main(_):
    """Trains with the flags of the command line."""
    run_training()


if __name__ == '__main__':
    flags.run(main)
