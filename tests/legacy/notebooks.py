"""Writes notebooks of both formats, and the documents' cells of that time."""

import json

# The documents' cells set no seed, and log(softmax) of them is minus infinity for an
# unlucky one: a test that reads what they learned runs this cell before them.
SEED = 'import tensorflow as tf\ntf.set_random_seed(1)'

SOFTMAX = [
    'from tensorflow.examples.tutorials.mnist import input_data\n'
    "mnist = input_data.read_data_sets('MNIST_data', one_hot=True)",
    'import tensorflow as tf\nsess = tf.InteractiveSession()',
    'x = tf.placeholder("float", shape=[None, 784])\n'
    'y_ = tf.placeholder("float", shape=[None, 10])',
    'W = tf.Variable(tf.zeros([784,10]))\nb = tf.Variable(tf.zeros([10]))',
    'sess.run(tf.initialize_all_variables())',
    'y = tf.nn.softmax(tf.matmul(x,W) + b)',
    'cross_entropy = -tf.reduce_sum(y_*tf.log(y))',
    'train_step = tf.train.GradientDescentOptimizer(0.01).minimize(cross_entropy)',
    'for i in range(60):\n'
    '  batch = mnist.train.next_batch(50)\n'
    '  train_step.run(feed_dict={x: batch[0], y_: batch[1]})',
    'correct_prediction = tf.equal(tf.argmax(y,1), tf.argmax(y_,1))\n'
    'accuracy = tf.reduce_mean(tf.cast(correct_prediction, "float"))',
    'accuracy.eval(feed_dict={x: mnist.test.images, y_: mnist.test.labels})',
]

CONVOLUTIONAL = [
    'def weight_variable(shape):\n'
    '  initial = tf.truncated_normal(shape, stddev=0.1)\n'
    '  return tf.Variable(initial)\n'
    '\n'
    'def bias_variable(shape):\n'
    '  initial = tf.constant(0.1, shape=shape)\n'
    '  return tf.Variable(initial)',
    'def conv2d(x, W):\n'
    "  return tf.nn.conv2d(x, W, strides=[1, 1, 1, 1], padding='SAME')\n"
    '\n'
    'def max_pool_2x2(x):\n'
    '  return tf.nn.max_pool(x, ksize=[1, 2, 2, 1],\n'
    "                        strides=[1, 2, 2, 1], padding='SAME')",
    'W_conv1 = weight_variable([5, 5, 1, 32])\nb_conv1 = bias_variable([32])',
    'x_image = tf.reshape(x, [-1,28,28,1])',
    'h_conv1 = tf.nn.relu(conv2d(x_image, W_conv1) + b_conv1)\n'
    'h_pool1 = max_pool_2x2(h_conv1)',
    'W_conv2 = weight_variable([5, 5, 32, 64])\n'
    'b_conv2 = bias_variable([64])\n'
    'h_conv2 = tf.nn.relu(conv2d(h_pool1, W_conv2) + b_conv2)\n'
    'h_pool2 = max_pool_2x2(h_conv2)',
    'W_fc1 = weight_variable([7 * 7 * 64, 1024])\n'
    'b_fc1 = bias_variable([1024])\n'
    'h_pool2_flat = tf.reshape(h_pool2, [-1, 7*7*64])\n'
    'h_fc1 = tf.nn.relu(tf.matmul(h_pool2_flat, W_fc1) + b_fc1)',
    'keep_prob = tf.placeholder("float")\nh_fc1_drop = tf.nn.dropout(h_fc1, keep_prob)',
    'W_fc2 = weight_variable([1024, 10])\n'
    'b_fc2 = bias_variable([10])\n'
    'y_conv=tf.nn.softmax(tf.matmul(h_fc1_drop, W_fc2) + b_fc2)',
    'cross_entropy = -tf.reduce_sum(y_*tf.log(y_conv))\n'
    'train_step = tf.train.AdamOptimizer(1e-3).minimize(cross_entropy)\n'
    'correct_prediction = tf.equal(tf.argmax(y_conv,1), tf.argmax(y_,1))\n'
    'accuracy = tf.reduce_mean(tf.cast(correct_prediction, "float"))\n'
    'sess.run(tf.initialize_all_variables())\n'
    'for i in range(20000):\n'
    '  batch = mnist.train.next_batch(50)\n'
    '  if i%100 == 0:\n'
    '    train_accuracy = accuracy.eval(feed_dict={\n'
    '        x:batch[0], y_: batch[1], keep_prob: 1.0})\n'
    '    print "step %d, training accuracy %g"%(i, train_accuracy)\n'
    '  train_step.run(feed_dict={x: batch[0], y_: batch[1], keep_prob: 0.5})',
    'accuracy.eval(feed_dict={\n'
    '    x: mnist.test.images, y_: mnist.test.labels, keep_prob: 1.0})',
]


def write(folder, cells, version=None, kernel=None, name='old.ipynb'):
    """Writes a notebook of format 4, and returns its path.

    Args:
        folder: Its folder.
        cells: Texts of code cells; or (kind, text).
        version: Of its Python, for the metadata.
        kernel: Name of its kernel, for the metadata.
        name: Of the file.
    """
    metadata = {}
    if version:
        metadata['language_info'] = {'name': 'python', 'version': version}
    if kernel:
        metadata['kernelspec'] = {'name': kernel, 'display_name': kernel}
    written = []
    for cell in cells:
        kind, text = ('code', cell) if isinstance(cell, str) else cell
        written.append({'cell_type': kind, 'source': text.splitlines(keepends=True)})
    document = {'nbformat': 4, 'metadata': metadata, 'cells': written}
    return write_json(folder, document, name)


def write_format3(folder, cells, name='old.ipynb'):
    """Writes a notebook of format 3, as IPython 1 and 2 did."""
    written = [
        {'cell_type': 'code', 'language': 'python', 'input': cell.splitlines(True)}
        for cell in cells
    ]
    written.insert(0, {'cell_type': 'heading', 'level': 1, 'source': ['MNIST']})
    document = {'nbformat': 3, 'metadata': {'name': ''}, 'worksheets': []}
    document['worksheets'] = [{'cells': written[:2]}, {'cells': written[2:]}]
    return write_json(folder, document, name)


def write_json(folder, document, name='old.ipynb'):
    """Writes any JSON as a notebook, and returns its path."""
    path = folder / name
    path.write_text(json.dumps(document))
    return path
