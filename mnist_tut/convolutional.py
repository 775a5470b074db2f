"""A LeNet-5-like convolutional network, trained for half an epoch.

    python -m mnist_tut.convolutional

trains 429 steps of 64 images in file order (--num_epochs=10 for ten epochs) and prints,
with the document's own seed, at step 0 and at the end:

    Step 0 (epoch 0.00), 3.2 ms
    Minibatch loss: 8.334, learning rate: 0.010000
    Minibatch error: 85.9%
    Validation error: 84.6%
    Training complete.
    Post training test error: 2.3%

What to expect, with mean and spread, is in REPRODUCTION.md.

Source:
    MNIST Tutorial, August 1, 2017: "A trial ML program on MNIST images".
"""

import sys
import time
from typing import Any, NamedTuple

from mnist_tut import errors, input_data, plots
from mnist_tut.flags import Flags
from mnist_tut.training.run import Run

import numpy
import tensorflow.compat.v1 as tf

SOURCE_URL = 'http://yann.lecun.com/exdb/mnist/'
WORK_DIRECTORY = '../MNIST_data'
IMAGE_SIZE = 28
NUM_CHANNELS = 1
PIXEL_DEPTH = 255
NUM_LABELS = 10
VALIDATION_SIZE = 5000  # Size of the validation set.
SEED = 66478  # Set to None for random seed.
BATCH_SIZE = 64
NUM_EPOCHS = 0.5
EVAL_BATCH_SIZE = 64
EVAL_FREQUENCY = 250  # Number of steps between evaluations.

flags = Flags('convolutional', seed=SEED)
FLAGS = flags.FLAGS

flags.DEFINE_folder('data_dir', WORK_DIRECTORY, 'Folder of the data files.')
flags.DEFINE_float(
    'num_epochs', NUM_EPOCHS, 'Passes over the set.', upper_bound=1e6, may_change=True
)
flags.DEFINE_integer(
    'max_steps', None, 'Training steps, instead of --num_epochs.', may_change=True
)
flags.DEFINE_integer('batch_size', BATCH_SIZE, 'Examples in a batch.', 1, 60_000)
flags.DEFINE_float('learning_rate', 0.01, 'Step length at first; it decays.')
flags.DEFINE_boolean('use_fp16', False, 'Compute in 16-bit floating point.')
flags.DEFINE_boolean('bfloat16', False, 'Compute in bfloat16, on a CPU that can.')
flags.DEFINE_boolean(
    'self_test', False, 'Train on white and black images; the test error must be 0.'
)
# Editing a constant acts, too: `convolutional.NUM_EPOCHS = 3` before run_training().
flags.follow(
    source_url=lambda: SOURCE_URL,
    data_dir=lambda: WORK_DIRECTORY,
    seed=lambda: SEED,
    batch_size=lambda: BATCH_SIZE,
    num_epochs=lambda: NUM_EPOCHS,
)


def data_type():
    """Returns the type that the network computes in: tf.float32, or tf.float16."""
    return tf.float16 if FLAGS.use_fp16 else tf.float32


def maybe_download(filename, work_directory=None):
    """Returns the path of a data file; downloads it first if it is missing.

    The document's own folder is looked into, and never written to: it is above the
    current one.
    """
    folder = work_directory or WORK_DIRECTORY
    is_documents = folder == FLAGS['data_dir'].default
    return input_data.maybe_download(
        filename, folder, SOURCE_URL + filename, search=is_documents
    )


def extract_data(filename, num_images):
    """Extracts images, rescaled from [0, 255] to [-0.5, 0.5].

    Args:
        filename: Path of an IDX file of images.
        num_images: How many to take, from the first on.

    Returns:
        float32 [num_images, IMAGE_SIZE, IMAGE_SIZE, NUM_CHANNELS].
    """
    data = _first(input_data.extract_images(filename), num_images, filename)
    data = data.astype(numpy.float32)
    data -= PIXEL_DEPTH / 2.0
    data /= PIXEL_DEPTH
    return data


def extract_labels(filename, num_images):
    """Extracts the first `num_images` labels, int64 [num_images], digits 0 to 9."""
    labels = _first(input_data.extract_labels(filename), num_images, filename)
    return labels.astype(numpy.int64)


def _first(array, number, filename):
    if len(array) < number:
        raise errors.DataError(
            f'{errors.printable(filename)}: holds {len(array)} examples; '
            f'expected at least {number}'
        )
    return array[:number]


def fake_data(num_images):
    """Makes images that are all black (label 0) or all white (label 1), in turn.

    Returns:
        data: float32 [num_images, IMAGE_SIZE, IMAGE_SIZE, NUM_CHANNELS], -0.5 or 0.5.
        labels: int64 [num_images], 0 or 1.
    """
    data = numpy.ndarray(
        shape=(num_images, IMAGE_SIZE, IMAGE_SIZE, NUM_CHANNELS), dtype=numpy.float32
    )
    labels = numpy.zeros(shape=(num_images,), dtype=numpy.int64)
    for image in range(num_images):
        label = image % 2
        data[image, :, :, 0] = label - 0.5
        labels[image] = label
    return data, labels


def error_rate(predictions, labels):
    """Returns the error rate in percent: predictions [N, NUM_LABELS], labels [N]."""
    return 100.0 - (
        100.0 * numpy.sum(numpy.argmax(predictions, 1) == labels) / predictions.shape[0]
    )


class Parameters(NamedTuple):
    """The trainable variables, which training and evaluation share."""

    conv1_weights: Any  # [5, 5, NUM_CHANNELS, 32]
    conv1_biases: Any  # [32]
    conv2_weights: Any  # [5, 5, 32, 64]
    conv2_biases: Any  # [64]
    fc1_weights: Any  # [7 * 7 * 64, 512]
    fc1_biases: Any  # [512]
    fc2_weights: Any  # [512, NUM_LABELS]
    fc2_biases: Any  # [NUM_LABELS]


def make_parameters(seed=None):
    """Makes the variables that hold the trainable weights.

    Args:
        seed: Seed of each initializer, the same for all, as in the document; SEED if
            None.

    Graph:
        Eight variables, 'Variable' to 'Variable_7': weights truncated normal with
        standard deviation 0.1; the biases of the first layer 0, the others 0.1.
        1,663,370 parameters.
    """
    seed = SEED if seed is None else seed
    return Parameters(
        conv1_weights=tf.Variable(
            tf.truncated_normal(
                [5, 5, NUM_CHANNELS, 32],  # 5x5 filter, depth 32.
                stddev=0.1,
                seed=seed,
                dtype=data_type(),
            )
        ),
        conv1_biases=tf.Variable(tf.zeros([32], dtype=data_type())),
        conv2_weights=tf.Variable(
            tf.truncated_normal(
                [5, 5, 32, 64], stddev=0.1, seed=seed, dtype=data_type()
            )
        ),
        conv2_biases=tf.Variable(tf.constant(0.1, shape=[64], dtype=data_type())),
        fc1_weights=tf.Variable(  # Fully connected, depth 512.
            tf.truncated_normal(
                [IMAGE_SIZE // 4 * IMAGE_SIZE // 4 * 64, 512],
                stddev=0.1,
                seed=seed,
                dtype=data_type(),
            )
        ),
        fc1_biases=tf.Variable(tf.constant(0.1, shape=[512], dtype=data_type())),
        fc2_weights=tf.Variable(
            tf.truncated_normal(
                [512, NUM_LABELS], stddev=0.1, seed=seed, dtype=data_type()
            )
        ),
        fc2_biases=tf.Variable(tf.constant(0.1, shape=[NUM_LABELS], dtype=data_type())),
    )


def model(data, parameters, train=False, seed=None):
    """Builds the network as far as the logits, for training or for evaluation.

    data [B, 28, 28, 1] -> conv1, pool [B, 14, 14, 32] -> conv2, pool [B, 7, 7, 64]
    -> hidden [B, 512] (ReLU) -> logits [B, 10]

    Args:
        data: float [B, IMAGE_SIZE, IMAGE_SIZE, NUM_CHANNELS], in [-0.5, 0.5]; B must be
            known.
        parameters: From make_parameters().
        train: Whether half of the hidden units are dropped.
        seed: Seed of the dropout; SEED if None.

    Returns:
        float [B, NUM_LABELS] logits, in nats.
    """
    # 2D convolution; 'SAME': the feature map keeps the size of the input. The strides
    # are in the order of the data: [image index, y, x, depth].
    conv = tf.nn.conv2d(
        data, parameters.conv1_weights, strides=[1, 1, 1, 1], padding='SAME'
    )
    # Bias and rectified linear non-linearity.
    relu = tf.nn.relu(tf.nn.bias_add(conv, parameters.conv1_biases))
    # Max pooling, with a window of 2 and a stride of 2.
    pool = tf.nn.max_pool(
        relu, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME'
    )  # [B, 14, 14, 32]
    conv = tf.nn.conv2d(
        pool, parameters.conv2_weights, strides=[1, 1, 1, 1], padding='SAME'
    )
    relu = tf.nn.relu(tf.nn.bias_add(conv, parameters.conv2_biases))
    pool = tf.nn.max_pool(
        relu, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME'
    )  # [B, 7, 7, 64]
    # Flatten each image's feature map for the fully connected layers.
    pool_shape = pool.get_shape().as_list()
    reshape = tf.reshape(
        pool, [pool_shape[0], pool_shape[1] * pool_shape[2] * pool_shape[3]]
    )  # [B, 3136]
    # Fully connected; the '+' adds the biases to each row.
    hidden = tf.nn.relu(
        tf.matmul(reshape, parameters.fc1_weights) + parameters.fc1_biases
    )  # [B, 512]
    # Dropout of 50 %, in training only. It scales what it keeps, so that nothing has
    # to be rescaled for the evaluation.
    if train:
        seed = SEED if seed is None else seed
        hidden = tf.nn.dropout(hidden, 0.5, seed=seed)
    return tf.matmul(hidden, parameters.fc2_weights) + parameters.fc2_biases


def eval_in_batches(data, sess, eval_prediction, eval_data):
    """Returns all predictions for a data set, computed in small batches.

    data [N, 28, 28, 1] -> predictions [N, 10]

    Args:
        data: float32 [N, IMAGE_SIZE, IMAGE_SIZE, NUM_CHANNELS].
        sess: Session.
        eval_prediction: float [EVAL_BATCH_SIZE, NUM_LABELS], probabilities.
        eval_data: Placeholder that eval_prediction depends on.

    Returns:
        float32 [N, NUM_LABELS]. The last batch is filled up with images from before it,
        whose second predictions are dropped.

    Raises:
        ValueError: If N is smaller than EVAL_BATCH_SIZE.
    """
    size = data.shape[0]
    if size < EVAL_BATCH_SIZE:
        raise ValueError('batch size for evals larger than dataset: %d' % size)
    predictions = numpy.ndarray(shape=(size, NUM_LABELS), dtype=numpy.float32)
    for begin in range(0, size, EVAL_BATCH_SIZE):
        end = begin + EVAL_BATCH_SIZE
        if end <= size:
            predictions[begin:end, :] = sess.run(
                eval_prediction, feed_dict={eval_data: data[begin:end, ...]}
            )
        else:
            batch_predictions = sess.run(
                eval_prediction, feed_dict={eval_data: data[-EVAL_BATCH_SIZE:, ...]}
            )
            predictions[begin:, :] = batch_predictions[begin - size :, :]
    return predictions


def get_data(files):
    """Returns (images, labels) for training, for validation and for the test.

    Args:
        files: The paths of the four files, by their names.
    """
    train_data_filename = files['train-images-idx3-ubyte.gz']
    train_labels_filename = files['train-labels-idx1-ubyte.gz']
    test_data_filename = files['t10k-images-idx3-ubyte.gz']
    test_labels_filename = files['t10k-labels-idx1-ubyte.gz']

    # Extract it into numpy arrays.
    train_data = extract_data(train_data_filename, 60000)
    train_labels = extract_labels(train_labels_filename, 60000)
    test_data = extract_data(test_data_filename, 10000)
    test_labels = extract_labels(test_labels_filename, 10000)

    # Split off a validation set.
    validation_data = train_data[:VALIDATION_SIZE, ...]
    validation_labels = train_labels[:VALIDATION_SIZE]
    train_data = train_data[VALIDATION_SIZE:, ...]
    train_labels = train_labels[VALIDATION_SIZE:]
    return (
        (train_data, train_labels),
        (validation_data, validation_labels),
        (test_data, test_labels),
    )


@flags.as_arguments
def run_training():
    """Trains the network and prints its errors.

    Returns:
        History of 'loss' (nats, each step, before its update, L2 term included),
        'minibatch_loss', 'learning_rate', 'minibatch_error' and 'validation_error'
        (each EVAL_FREQUENCY steps, after the update) and 'test_error' (percent). Its
        `arrays` hold 'interp', the prediction for each test image, int64 [10000].

    Graph:
        The variables of make_parameters(), one of Momentum's for each, and the counter
        `batch` ('Variable_8').
    """
    with tf.Graph().as_default(), Run(flags) as run:
        # Data.
        if FLAGS.self_test:
            print('Running self-test.')
            info, num_epochs = None, 1.0
            sizes = 256, EVAL_BATCH_SIZE, EVAL_BATCH_SIZE
            train, validation, test = map(fake_data, sizes)
        else:
            info, num_epochs = run.locate(FLAGS.data_dir), FLAGS.num_epochs
            train, validation, test = get_data(info.files)
        train_data, train_labels = train
        validation_data, validation_labels = validation
        test_data, test_labels = test
        train_size = train_labels.shape[0]

        # Placeholders: a batch of training samples and labels, and one to evaluate.
        train_data_node = tf.placeholder(
            data_type(), shape=(FLAGS.batch_size, IMAGE_SIZE, IMAGE_SIZE, NUM_CHANNELS)
        )
        train_labels_node = tf.placeholder(tf.int64, shape=(FLAGS.batch_size,))
        eval_data = tf.placeholder(
            data_type(), shape=(EVAL_BATCH_SIZE, IMAGE_SIZE, IMAGE_SIZE, NUM_CHANNELS)
        )

        # Model: the parameters, and the logits for training.
        parameters = make_parameters(run.seed)
        logits = model(train_data_node, parameters, True, run.seed)

        # Loss: cross-entropy, and L2 regularization of the fully connected layers.
        loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=train_labels_node, logits=logits
            )
        )
        regularizers = (
            tf.nn.l2_loss(parameters.fc1_weights)
            + tf.nn.l2_loss(parameters.fc1_biases)
            + tf.nn.l2_loss(parameters.fc2_weights)
            + tf.nn.l2_loss(parameters.fc2_biases)
        )
        loss += 5e-4 * regularizers

        # Training op: a variable that counts the batches controls the decay of the
        # learning rate. It is always float32: in float16 it would stop at 2,048.
        batch = tf.Variable(0, dtype=tf.float32)
        learning_rate = tf.train.exponential_decay(
            FLAGS.learning_rate,  # Base learning rate.
            batch * FLAGS.batch_size,  # Current index into the dataset.
            train_size,  # Decay step: once per epoch.
            0.95,  # Decay rate.
            staircase=True,
        )
        optimizer = tf.train.MomentumOptimizer(learning_rate, 0.9).minimize(
            loss, global_step=batch
        )

        # Evaluation: predictions for the minibatch, and for an evaluation batch.
        train_prediction = tf.nn.softmax(logits)
        eval_prediction = tf.nn.softmax(model(eval_data, parameters))

        # Session. The loop needs one example more than a batch holds.
        start_time = time.time()
        sess = run.session(
            info,
            images=eval_data,
            scores=eval_prediction,
            pixel_range=(-0.5, 0.5),
            num_examples=train_size - 1,
        )
        tf.global_variables_initializer().run()
        print('Initialized!')

        # Loop.
        num_steps = int(num_epochs * train_size) // FLAGS.batch_size
        if FLAGS.max_steps is not None:
            num_steps = FLAGS.max_steps
        # With --steps_per_run, steps that print nothing run many at a time.
        steps, nodes = range(num_steps), [train_data_node, train_labels_node]
        seen = {*steps[::25], *steps[::EVAL_FREQUENCY]}
        period = train_size - FLAGS.batch_size
        run.repeat(optimizer, loss, train, nodes, seen, period=period)
        for step in run.steps(num_steps):
            # Where this minibatch begins in the data.
            offset = (step * FLAGS.batch_size) % (train_size - FLAGS.batch_size)
            batch_data = train_data[offset : (offset + FLAGS.batch_size), ...]
            batch_labels = train_labels[offset : (offset + FLAGS.batch_size)]
            feed_dict = {train_data_node: batch_data, train_labels_node: batch_labels}

            # Update the weights.
            _, loss_value = sess.run([optimizer, loss], feed_dict=feed_dict)
            run.record(step, loss=loss_value)

            # Print the progress each EVAL_FREQUENCY steps.
            if step % EVAL_FREQUENCY == 0:
                l, lr, predictions = sess.run(  # noqa: E741
                    [loss, learning_rate, train_prediction], feed_dict=feed_dict
                )
                elapsed_time = time.time() - start_time
                start_time = time.time()
                minibatch_error = error_rate(predictions, batch_labels)
                validation_error = error_rate(
                    eval_in_batches(validation_data, sess, eval_prediction, eval_data),
                    validation_labels,
                )
                print(
                    'Step %d (epoch %.2f), %.1f ms'
                    % (
                        step,
                        float(step) * FLAGS.batch_size / train_size,
                        1000 * elapsed_time / EVAL_FREQUENCY,
                    )
                )
                print('Minibatch loss: %.3f, learning rate: %.6f' % (l, lr))
                print('Minibatch error: %.1f%%' % minibatch_error)
                print('Validation error: %.1f%%' % validation_error)
                sys.stdout.flush()
                run.record(
                    step,
                    minibatch_loss=l,
                    learning_rate=lr,
                    minibatch_error=minibatch_error,
                    validation_error=validation_error,
                )
            if step % 25 == 0:
                print('.', end=' ')

        # Report.
        test_predictions = eval_in_batches(test_data, sess, eval_prediction, eval_data)
        test_error = error_rate(test_predictions, test_labels)
        print('Training complete.\nPost training test error: %.1f%%' % test_error)
        run.record(num_steps, test_error=test_error)
        if FLAGS.self_test and num_steps and test_error != 0.0:
            raise errors.RunError(
                f'--self_test: the test error is {test_error:.2f} %; expected 0.0'
            )
        interp = numpy.argmax(test_predictions, 1)
        run.history.arrays['interp'] = interp
        if FLAGS.plots_dir is not None:
            grid = test_data + 0.5, interp, test_labels
            run.plot('predictions.png', plots.prediction_grid, *grid, seed=0)
        run.plot('confusion.png', plots.confusion_matrix, test_labels, interp)
    return run.history


def main(_):
    """Trains with the flags of the command line."""
    run_training()


if __name__ == '__main__':
    flags.run(main)
