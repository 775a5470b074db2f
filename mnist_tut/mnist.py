"""Builds the MNIST network: inference, loss, training, evaluation.

The four functions of TensorFlow Mechanics 101, each of which adds its part to the
default graph. `fully_connected_feed` calls them in this order and trains the result:

1. inference() builds the network as far as its logits.
2. loss() adds the loss.
3. training() adds the ops that compute and apply gradients.
4. evaluation() adds the count of right predictions.

This file is not meant to be run: it says so, and what to run instead.

Source:
    TensorFlow Mechanics 101, mnist.py.
"""

import math
import sys

from mnist_tut import runtime  # noqa: F401  (first: without TensorFlow's banners)

import tensorflow.compat.v1 as tf

# The ten digits.
NUM_CLASSES = 10

# Width and height of an image, and the length of a flattened one.
IMAGE_SIZE = 28
IMAGE_PIXELS = IMAGE_SIZE * IMAGE_SIZE


def inference(images, hidden1_units, hidden2_units):
    """Builds the MNIST network as far as the logits.

    images [B, 784] -> hidden1 [B, H1], ReLU -> hidden2 [B, H2], ReLU -> logits [B, 10]

    Args:
        images: float32 [batch_size, IMAGE_PIXELS], pixel values in [0, 1]; 0 is
            background.
        hidden1_units: H1, at least 1.
        hidden2_units: H2, at least 1.

    Returns:
        float32 [batch_size, NUM_CLASSES] logits, in nats; softmax of them is a
        distribution.

    Raises:
        ValueError: If the last dimension of `images` is not IMAGE_PIXELS.

    Graph:
        Six variables {hidden1,hidden2,softmax_linear}/{weights,biases}: weights
        truncated normal with standard deviation 1/sqrt(fan_in), biases zero. 104,938
        parameters for H1=128, H2=32.
    """
    # Hidden 1
    with tf.name_scope('hidden1'):
        weights = tf.Variable(
            tf.truncated_normal(
                [IMAGE_PIXELS, hidden1_units],
                stddev=1.0 / math.sqrt(float(IMAGE_PIXELS)),
            ),
            name='weights',
        )
        biases = tf.Variable(tf.zeros([hidden1_units]), name='biases')
        hidden1 = tf.nn.relu(tf.matmul(images, weights) + biases)  # [B, H1]
    # Hidden 2
    with tf.name_scope('hidden2'):
        weights = tf.Variable(
            tf.truncated_normal(
                [hidden1_units, hidden2_units],
                stddev=1.0 / math.sqrt(float(hidden1_units)),
            ),
            name='weights',
        )
        biases = tf.Variable(tf.zeros([hidden2_units]), name='biases')
        hidden2 = tf.nn.relu(tf.matmul(hidden1, weights) + biases)  # [B, H2]
    # Linear
    with tf.name_scope('softmax_linear'):
        weights = tf.Variable(
            tf.truncated_normal(
                [hidden2_units, NUM_CLASSES],
                stddev=1.0 / math.sqrt(float(hidden2_units)),
            ),
            name='weights',
        )
        biases = tf.Variable(tf.zeros([NUM_CLASSES]), name='biases')
        logits = tf.matmul(hidden2, weights) + biases  # [B, 10]
    return logits


def loss(logits, labels):
    """Adds the loss: softmax cross-entropy, averaged over the batch.

    logits [B, 10], labels [B] -> scalar

    Args:
        logits: float32 [batch_size, NUM_CLASSES], from inference().
        labels: int32 [batch_size], digits 0 to 9.

    Returns:
        float32 scalar, nats per example.

    Graph:
        The ops xentropy and xentropy_mean.
    """
    labels = tf.to_int64(labels)
    # By keyword: the order of the two positional arguments changed after the document.
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels, logits=logits, name='xentropy'
    )
    return tf.reduce_mean(cross_entropy, name='xentropy_mean')


def training(loss, learning_rate):
    """Adds the ops that train: gradient descent, and a summary of the loss.

    Args:
        loss: float32 scalar, from loss().
        learning_rate: Step length of gradient descent, at least 0.

    Returns:
        The op whose run is one training step.

    Graph:
        One variable, global_step (int32, 0, not trainable), which counts the steps. The
        summary has the tag `loss`.
    """
    # The current loss, for TensorBoard. The document took the tag from the op's name;
    # from TensorFlow 1.0 on the tutorial wrote 'loss', and so do the goldens.
    tf.summary.scalar('loss', loss)
    optimizer = tf.train.GradientDescentOptimizer(learning_rate)
    global_step = tf.Variable(0, name='global_step', trainable=False)
    # One op computes the gradients, applies them and counts the step.
    return optimizer.minimize(loss, global_step=global_step)


def evaluation(logits, labels):
    """Adds the count of right predictions.

    logits [B, 10], labels [B] -> scalar

    Args:
        logits: float32 [batch_size, NUM_CLASSES], from inference().
        labels: int32 [batch_size], digits 0 to 9.

    Returns:
        int32 scalar, the number of examples whose label has the largest logit.
    """
    correct = tf.nn.in_top_k(logits, labels, 1)  # bool [B]
    return tf.reduce_sum(tf.cast(correct, tf.int32))


if __name__ == '__main__':
    sys.exit(
        'mnist_tut.mnist only builds the network of TensorFlow Mechanics 101; to train '
        'it, run python -m mnist_tut.fully_connected_feed'
    )
