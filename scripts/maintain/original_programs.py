"""The documents' graphs on TensorFlow 1.15, for run_originals.py and restore_in_tf1.py.

Runs on that TensorFlow's own interpreter (Python 3.7) and imports nothing of this
package. The functions hold the documents' lines, with the names that TensorFlow 1.15
has for those of 0.11; what the documents repeat is written once.
"""

import collections
import gzip
import math

import numpy
import tensorflow as tf

# Tensors and ops of a graph: what is fed and fetched in training, and for inference.
Model = collections.namedtuple(
    'Model', 'images labels loss train_op eval_images scores keep_prob learning_rate'
)


def read_idx(data_dir, kind):
    """Returns the images, uint8 [N, 28, 28], and labels [N] of 'train' or 't10k'."""
    arrays = []
    for name, header in (('images-idx3', 16), ('labels-idx1', 8)):
        with gzip.open('%s/%s-%s-ubyte.gz' % (data_dir, kind, name)) as bytestream:
            content = bytestream.read()
        arrays.append(numpy.frombuffer(content, numpy.uint8, offset=header))
    images, labels = arrays
    return images.reshape(-1, 28, 28), labels


def softmax(learning_rate=0.5):
    """Beginner notes, tutorial 1."""
    x = tf.placeholder(tf.float32, [None, 784])
    W = tf.Variable(tf.zeros([784, 10]))
    b = tf.Variable(tf.zeros([10]))
    y = tf.nn.softmax(tf.matmul(x, W) + b)
    y_ = tf.placeholder(tf.float32, [None, 10])
    cross_entropy = tf.reduce_mean(
        -tf.reduce_sum(y_ * tf.log(y), reduction_indices=[1])
    )
    optimizer = tf.train.GradientDescentOptimizer(learning_rate)
    train_step = optimizer.minimize(cross_entropy)
    return Model(x, y_, cross_entropy, train_step, x, y, None, None)


def weight_variable(shape):
    """Returns a variable, truncated normal with standard deviation 0.1."""
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1))


def bias_variable(shape):
    """Returns a variable, 0.1 everywhere."""
    return tf.Variable(tf.constant(0.1, shape=shape))


def convolve_and_pool(x, W, b):
    """Convolves, adds the biases, takes the ReLU and pools: [B, H, W, C] halved."""
    conv = tf.nn.conv2d(x, W, strides=[1, 1, 1, 1], padding='SAME')
    return tf.nn.max_pool(
        tf.nn.relu(conv + b), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME'
    )


def deep():
    """Deep MNIST for Experts, the convolutional network."""
    x = tf.placeholder(tf.float32, shape=[None, 784])
    y_ = tf.placeholder(tf.float32, shape=[None, 10])
    W_conv1 = weight_variable([5, 5, 1, 32])
    b_conv1 = bias_variable([32])
    x_image = tf.reshape(x, [-1, 28, 28, 1])
    h_pool1 = convolve_and_pool(x_image, W_conv1, b_conv1)
    W_conv2 = weight_variable([5, 5, 32, 64])
    b_conv2 = bias_variable([64])
    h_pool2 = convolve_and_pool(h_pool1, W_conv2, b_conv2)
    W_fc1 = weight_variable([7 * 7 * 64, 1024])
    b_fc1 = bias_variable([1024])
    h_pool2_flat = tf.reshape(h_pool2, [-1, 7 * 7 * 64])
    h_fc1 = tf.nn.relu(tf.matmul(h_pool2_flat, W_fc1) + b_fc1)
    keep_prob = tf.placeholder(tf.float32)
    h_fc1_drop = tf.nn.dropout(h_fc1, keep_prob)
    W_fc2 = weight_variable([1024, 10])
    b_fc2 = bias_variable([10])
    y_conv = tf.matmul(h_fc1_drop, W_fc2) + b_fc2
    cross_entropy = tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y_conv)
    )
    train_step = tf.train.AdamOptimizer(1e-4).minimize(cross_entropy)
    return Model(x, y_, cross_entropy, train_step, x, y_conv, keep_prob, None)


def fully_connected_feed():
    """TensorFlow Mechanics 101, mnist.py."""
    images_placeholder = tf.placeholder(tf.float32, shape=(100, 784))
    labels_placeholder = tf.placeholder(tf.int32, shape=(100,))
    activations = images_placeholder
    for scope, inputs, units in (('hidden1', 784, 128), ('hidden2', 128, 32)):
        with tf.name_scope(scope):
            stddev = 1.0 / math.sqrt(float(inputs))
            initial = tf.truncated_normal([inputs, units], stddev=stddev)
            weights = tf.Variable(initial, name='weights')
            biases = tf.Variable(tf.zeros([units]), name='biases')
            activations = tf.nn.relu(tf.matmul(activations, weights) + biases)
    with tf.name_scope('softmax_linear'):
        initial = tf.truncated_normal([32, 10], stddev=1.0 / math.sqrt(float(32)))
        weights = tf.Variable(initial, name='weights')
        biases = tf.Variable(tf.zeros([10]), name='biases')
        logits = tf.matmul(activations, weights) + biases
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.to_int64(labels_placeholder), logits=logits, name='xentropy'
    )
    loss = tf.reduce_mean(cross_entropy, name='xentropy_mean')
    optimizer = tf.train.GradientDescentOptimizer(0.01)
    global_step = tf.Variable(0, name='global_step', trainable=False)
    train_op = optimizer.minimize(loss, global_step=global_step)
    images, labels = images_placeholder, labels_placeholder
    return Model(images, labels, loss, train_op, images, logits, None, None)


def tanh_mlp():
    """MNIST classification, a lecture."""
    x = tf.placeholder(tf.float32, [None, 784])
    y = tf.placeholder(tf.float32, [None, 10])
    W1 = tf.get_variable('W1', [784, 64])
    b1 = tf.Variable(tf.zeros([64]))
    h1 = tf.tanh(tf.matmul(x, W1) + b1)
    W2 = tf.get_variable('W2', [64, 10])
    b2 = tf.Variable(tf.zeros([10]))
    h2 = tf.matmul(h1, W2) + b2
    class_probs = tf.nn.softmax(h2)
    cross_entropy_loss = tf.reduce_mean(
        -tf.reduce_sum(y * tf.log(tf.nn.softmax(class_probs)), axis=[1])
    )
    optimizer = tf.train.GradientDescentOptimizer(0.5)
    train_step = optimizer.minimize(cross_entropy_loss)
    return Model(x, y, cross_entropy_loss, train_step, x, class_probs, None, None)


def convolutional(seed=66478, train_size=55000):
    """A trial ML program on MNIST images; `seed` is its SEED."""
    train_data_node = tf.placeholder(tf.float32, shape=(64, 28, 28, 1))
    train_labels_node = tf.placeholder(tf.int64, shape=(64,))
    eval_data = tf.placeholder(tf.float32, shape=(64, 28, 28, 1))

    def weights(*shape):
        return tf.Variable(tf.truncated_normal(shape, stddev=0.1, seed=seed))

    conv1_weights, conv1_biases = weights(5, 5, 1, 32), tf.Variable(tf.zeros([32]))
    conv2_weights, conv2_biases = weights(5, 5, 32, 64), bias_variable([64])
    fc1_weights, fc1_biases = weights(7 * 7 * 64, 512), bias_variable([512])
    fc2_weights, fc2_biases = weights(512, 10), bias_variable([10])

    def model(data, train=False):
        pool = convolve_and_pool(data, conv1_weights, conv1_biases)
        pool = convolve_and_pool(pool, conv2_weights, conv2_biases)
        reshape = tf.reshape(pool, [64, 7 * 7 * 64])
        hidden = tf.nn.relu(tf.matmul(reshape, fc1_weights) + fc1_biases)
        if train:
            hidden = tf.nn.dropout(hidden, 0.5, seed=seed)
        return tf.matmul(hidden, fc2_weights) + fc2_biases

    logits = model(train_data_node, True)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=train_labels_node, logits=logits
        )
    )
    loss += 5e-4 * (
        tf.nn.l2_loss(fc1_weights)
        + tf.nn.l2_loss(fc1_biases)
        + tf.nn.l2_loss(fc2_weights)
        + tf.nn.l2_loss(fc2_biases)
    )
    batch = tf.Variable(0, dtype=tf.float32)
    learning_rate = tf.train.exponential_decay(
        0.01, batch * 64, train_size, 0.95, staircase=True
    )
    optimizer = tf.train.MomentumOptimizer(learning_rate, 0.9).minimize(
        loss, global_step=batch
    )
    train_prediction = tf.nn.softmax(logits)
    eval_prediction = tf.nn.softmax(model(eval_data))
    return Model(
        train_data_node, train_labels_node, loss, [optimizer, train_prediction],
        eval_data, eval_prediction, None, learning_rate,
    )  # fmt: skip


def with_summaries():
    """mnist_with_summaries.py, without its summaries."""

    def nn_layer(input_tensor, input_dim, output_dim, layer_name, act):
        with tf.name_scope(layer_name):
            with tf.name_scope('weights'):
                weights = weight_variable([input_dim, output_dim])
            with tf.name_scope('biases'):
                biases = bias_variable([output_dim])
            with tf.name_scope('Wx_plus_b'):
                preactivate = tf.matmul(input_tensor, weights) + biases
            return act(preactivate, name='activation')

    x = tf.placeholder(tf.float32, [None, 784])
    y_ = tf.placeholder(tf.float32, [None, 10])
    hidden1 = nn_layer(x, 784, 500, 'layer1', tf.nn.relu)
    keep_prob = tf.placeholder(tf.float32)
    dropped = tf.nn.dropout(hidden1, keep_prob)
    y = nn_layer(dropped, 500, 10, 'layer2', tf.identity)
    cross_entropy = tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y)
    )
    with tf.name_scope('train'):
        train_step = tf.train.AdamOptimizer(0.001).minimize(cross_entropy)
    return Model(x, y_, cross_entropy, train_step, x, y, keep_prob, None)
