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

from mnist_tut import cli, input_data, loop, mnist, plots, projector, runtime

import tensorflow.compat.v1 as tf
from absl import flags

# Basic model parameters as external flags.
FLAGS = cli.define_flags('fully_connected_feed')
cli.define_float(FLAGS, 'learning_rate', 0.01, 'Step length of gradient descent.')
flags.DEFINE_integer(
    'max_steps',
    2000,
    'Number of training steps.',
    lower_bound=0,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    'hidden1',
    128,
    'Number of units in hidden layer 1.',
    lower_bound=1,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    'hidden2',
    32,
    'Number of units in hidden layer 2.',
    lower_bound=1,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    'batch_size',
    100,
    'Number of examples in a batch. Where it does not divide a set, the evaluation '
    'leaves out the remainder.',
    lower_bound=1,
    upper_bound=5000,  # the validation set must hold a batch
    flag_values=FLAGS,
)
flags.DEFINE_string(
    'train_dir',
    'data',
    'Folder of the data files. (The document also put the logs there.)',
    flag_values=FLAGS,
)
flags.DEFINE_string(
    'input_data_dir',
    None,
    "Folder of the data files, by the name that --train_dir had in TensorFlow 1's "
    'later versions.',
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    'fake_data',
    False,
    'Train on made-up data: every image is white, every label 0.',
    flag_values=FLAGS,
)
cli.limit_weights(
    FLAGS,
    ['hidden1', 'hidden2'],
    lambda hidden1, hidden2: (mnist.IMAGE_PIXELS + hidden2) * hidden1 + 10 * hidden2,
)


def placeholder_inputs(batch_size):
    """Makes the placeholders that a batch is fed through.

    Args:
        batch_size: Number of examples in a batch; it becomes part of both shapes.

    Returns:
        images_placeholder: float32 [batch_size, IMAGE_PIXELS].
        labels_placeholder: int32 [batch_size].

    Source:
        TensorFlow Mechanics 101, fully_connected_feed.py lines 46-65.
    """
    images_placeholder = tf.placeholder(
        tf.float32, shape=(batch_size, mnist.IMAGE_PIXELS)
    )
    labels_placeholder = tf.placeholder(tf.int32, shape=(batch_size))
    return images_placeholder, labels_placeholder


def fill_feed_dict(data_set, images_pl, labels_pl):
    """Makes the feed dictionary for the next batch.

    Args:
        data_set: A DataSet; its next FLAGS.batch_size examples are taken.
        images_pl: Images placeholder, from placeholder_inputs().
        labels_pl: Labels placeholder, from placeholder_inputs().

    Returns:
        A dictionary from placeholder to array.

    Source:
        TensorFlow Mechanics 101, fully_connected_feed.py lines 68-93.
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
        eval_correct: int32 scalar, the number of right answers in a batch.
        images_placeholder: Images placeholder.
        labels_placeholder: Labels placeholder.
        data_set: The DataSet to evaluate. Its batches are used up, so the order of
            later ones is the original's.

    Returns:
        Precision @ 1, the fraction in [0, 1] of the examples that was right. The
        original returned nothing.

    Source:
        TensorFlow Mechanics 101, fully_connected_feed.py; called in lines 206-224.
    """
    true_count = 0  # Counts the right answers.
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


@cli.with_flags(FLAGS)
def run_training():
    """Trains the network for FLAGS.max_steps steps.

    Returns:
        History of 'loss' (nats, each step, before its update) and of
        'training_precision', 'validation_precision' and 'test_precision' (fractions).

    Raises:
        errors.UserError: If a flag, a data file or the log folder cannot be used.

    Graph:
        Seven variables, 104,938 parameters and the step counter: see mnist.inference
        and mnist.training.

    Source:
        TensorFlow Mechanics 101, fully_connected_feed.py lines 125-224.
    """
    with tf.Graph().as_default(), loop.Run('fully_connected_feed', FLAGS) as run:
        # Data: the sets of images and labels for training, validation and test.
        data_sets = input_data.read_data_sets(
            FLAGS.input_data_dir or FLAGS.train_dir,
            FLAGS.fake_data,
            seed=run.seed,
            source_url=FLAGS.source_url,
            dataset=FLAGS.dataset,
        )
        cli.check_batch_size(
            FLAGS,
            training=data_sets.train.num_examples,
            validation=data_sets.validation.num_examples,
            test=data_sets.test.num_examples,
        )
        tf.set_random_seed(run.seed)

        # Placeholders.
        images_placeholder, labels_placeholder = placeholder_inputs(FLAGS.batch_size)

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
        run.describe(images=images_placeholder, scores=logits)
        run.open(data_sets, saver)
        sess = run.enter(tf.Session(config=runtime.session_config()))
        summary_writer = run.enter(tf.summary.FileWriter(run.log_dir, sess.graph))
        sess.run(init)

        # Loop.
        for step in run.steps(sess, FLAGS.max_steps, writers=[summary_writer]):
            start_time = time.time()

            # The images and labels of this training step.
            feed_dict = fill_feed_dict(
                data_sets.train, images_placeholder, labels_placeholder
            )

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
                # Report: the score on each of the three sets.
                print('Training Data Eval:')
                training_precision = do_eval(
                    sess,
                    eval_correct,
                    images_placeholder,
                    labels_placeholder,
                    data_sets.train,
                )
                print('Validation Data Eval:')
                validation_precision = do_eval(
                    sess,
                    eval_correct,
                    images_placeholder,
                    labels_placeholder,
                    data_sets.validation,
                )
                print('Test Data Eval:')
                test_precision = do_eval(
                    sess,
                    eval_correct,
                    images_placeholder,
                    labels_placeholder,
                    data_sets.test,
                )
                run.record(
                    step,
                    training_precision=training_precision,
                    validation_precision=validation_precision,
                    test_precision=test_precision,
                )

        # Report: the second layer's view of the test digits, for the projector.
        if not FLAGS.fake_data:
            hidden2 = sess.graph.get_tensor_by_name('hidden2/Relu:0')
            images = data_sets.test.images[: loop.EVAL_BATCH_SIZE]
            labels = data_sets.test.labels[: loop.EVAL_BATCH_SIZE]
            vectors = projector.activations(sess, hidden2, images_placeholder, images)
            projector.write(run.log_dir, 'hidden2', vectors, images, labels)
        if FLAGS.plots_dir:
            plots.save(plots.loss_curve(run.history), FLAGS.plots_dir, 'loss.png')
    return run.history


def main(_):
    """Trains with the flags of the command line."""
    run_training()


if __name__ == '__main__':
    cli.run(main, FLAGS)
