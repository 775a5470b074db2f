"""Old scripts give the losses that the originals gave, and read the same batches.

The recordings in tests/goldens are of TensorFlow 1.2 and 1.15, whose first epoch is
shuffled. The scripts here are in the style of 0.5 to 0.12: where such a script is to
give a recorded loss, it either is run with --era=1.2 or shuffles by itself. The batches
of its own time are compared with what these programs are, in NumPy.
"""

import json

from tests import lessons
from tests.legacy import scripts
from tests.support.paths import GOLDENS

import numpy as np
import pytest

STEPS = 60

SOFTMAX = """
    {module}
    import numpy
    import tensorflow as tf

    mnist = input_data.read_data_sets('MNIST_data', one_hot=True)
    numpy.random.seed({seed})
    {batches}

    x = tf.placeholder("float", [None, 784])
    y_ = tf.placeholder("float", [None, 10])
    W = tf.Variable(tf.zeros([784, 10]))
    b = tf.Variable(tf.zeros([10]))
    {loss}
    sess = tf.InteractiveSession()
    tf.initialize_all_variables().run()
    losses = []
    for i in xrange({steps}):
        batch_xs, batch_ys = next_batch(100)
        _, value = sess.run([train_step, cross_entropy],
                            feed_dict={{x: batch_xs, y_: batch_ys}})
        losses.append(value / {scale})
    correct = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
    accuracy = tf.reduce_mean(tf.cast(correct, "float"))
    print accuracy.eval({{x: mnist.test.images, y_: mnist.test.labels}})
"""

# Three ways to the same updates.
SOFTMAX_LOSSES = {
    'positional': (
        """y = tf.matmul(x, W) + b
    cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(y, y_))
    train_step = tf.train.GradientDescentOptimizer(0.5).minimize(cross_entropy)""",
        1,
    ),
    'summed': (
        """y = tf.nn.softmax(tf.matmul(x, W) + b)
    cross_entropy = -tf.reduce_sum(y_ * tf.log(y))
    train_step = tf.train.GradientDescentOptimizer(0.005).minimize(cross_entropy)""",
        100,
    ),
    'means': (
        """y = tf.nn.softmax(tf.matmul(x, W) + b, 'softmax')
    cross_entropy = tf.reduce_mean(
        tf.neg(tf.reduce_sum(tf.mul(y_, tf.log(y)), reduction_indices=[1])))
    train_step = tf.train.GradientDescentOptimizer(0.5).minimize(cross_entropy)""",
        1,
    ),
}

FEED = """
    {module}
    from tensorflow.examples.tutorials.mnist import mnist
    import tensorflow.python.platform
    import numpy
    import tensorflow as tf

    flags = tf.app.flags
    FLAGS = flags.FLAGS
    flags.DEFINE_float('learning_rate', 0.01, 'Step length.')
    flags.DEFINE_integer('max_steps', {steps}, 'Number of steps.')
    flags.DEFINE_integer('batch_size', 100, 'Size of a batch.')
    flags.DEFINE_string('train_dir', 'data', 'Folder.')

    losses = []

    def initial_values(sess):
        random = numpy.random.RandomState(0)
        for v in tf.trainable_variables():
            shape = v.get_shape().as_list()
            value = numpy.zeros(shape)
            if len(shape) > 1:
                value = random.randn(*shape).clip(-2, 2) * (1 / numpy.sqrt(shape[0]))
            sess.run(v.assign(value.astype('float32')))

    def inference(images):
        {inference}

    def loss_of(logits, labels):
        {loss}

    def main(_):
        data_sets = input_data.read_data_sets(FLAGS.train_dir)
        numpy.random.seed({seed})
        with tf.Graph().as_default():
            images = tf.placeholder(tf.float32, shape=(FLAGS.batch_size,
                                                       mnist.IMAGE_PIXELS))
            labels = tf.placeholder(tf.int32, shape=(FLAGS.batch_size))
            loss = loss_of(inference(images), labels)
            tf.scalar_summary(loss.op.name, loss)
            step = tf.Variable(0, name='global_step', trainable=False)
            train_op = tf.train.GradientDescentOptimizer(
                FLAGS.learning_rate).minimize(loss, global_step=step)
            summary_op = tf.merge_all_summaries()
            sess = tf.Session()
            sess.run(tf.initialize_all_variables())
            initial_values(sess)
            writer = tf.train.SummaryWriter(FLAGS.train_dir, graph_def=sess.graph_def)
            for i in xrange(FLAGS.max_steps):
                x, y = data_sets.train.next_batch(FLAGS.batch_size, False)
                feed_dict = {{images: x, labels: y}}
                _, value = sess.run([train_op, loss], feed_dict=feed_dict)
                losses.append(value)
            writer.add_summary(sess.run(summary_op, feed_dict), i)

    if __name__ == '__main__':
        try:
            tf.app.run()
        except SystemExit:
            print "done"
"""

# The tutorial's module, and what it was in 0.5.
FEED_MODELS = {
    'module': (
        'return mnist.inference(images, 128, 32)',
        'return mnist.loss(logits, labels)',
    ),
    'of 0.5': (
        """for i, (n, m) in enumerate([(784, 128), (128, 32), (32, 10)]):
            with tf.name_scope('layer%d' % i) as scope:
                w = tf.Variable(tf.truncated_normal([n, m], stddev=1.0 / n))
                b = tf.Variable(tf.zeros([m]))
                sums = tf.matmul(images, w) + b
                images = tf.nn.relu(sums)
        return sums""",
        """batch_size = tf.size(labels)
        labels = tf.expand_dims(labels, 1)
        indices = tf.expand_dims(tf.range(0, batch_size, 1), 1)
        concated = tf.concat(1, [indices, labels])
        one_hot = tf.sparse_to_dense(concated, tf.pack([batch_size, 10]), 1.0, 0.0)
        return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(
            logits, one_hot, name='xentropy'))""",
    ),
}

COPY = 'import input_data'
TUTORIAL = 'from tensorflow.examples.tutorials.mnist import input_data'
IN_TURN = 'next_batch = mnist.train.next_batch'
SHUFFLED = """order = numpy.arange(55000)
    numpy.random.shuffle(order)
    def next_batch(n):
        global order
        now, order = order[:n], order[n:]
        return mnist.train.images[now], mnist.train.labels[now]"""


def run_softmax(folder, variant, module, seed=0, batches=IN_TURN, **options):
    loss, scale = SOFTMAX_LOSSES[variant]
    text = SOFTMAX.format(
        module=module, seed=seed, batches=batches, loss=loss, scale=scale, steps=STEPS
    )
    return scripts.run(folder, text, **options)['losses']


def run_feed(folder, variant, module, seed=0, **options):
    inference, loss = FEED_MODELS[variant]
    text = FEED.format(
        module=module, seed=seed, inference=inference, loss=loss, steps=STEPS
    )
    return scripts.run(folder, text, **options)['losses']


def golden(name):
    losses = json.loads((GOLDENS / name).read_text())['tf1.2.1']['losses']
    return losses[:STEPS]


def close(losses, expected):
    assert len(losses) == len(expected) == STEPS
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.parametrize('variant', SOFTMAX_LOSSES)
def test_softmax_has_the_losses_of_1_2(tmp_path, mnist_dir, variant):
    options = {'era': '1.2', 'data_dir': str(mnist_dir)}
    losses = run_softmax(tmp_path, variant, TUTORIAL, **options)
    close(losses, golden('softmax.json'))


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.parametrize('module', [COPY, TUTORIAL], ids=['copy', 'tutorial'])
def test_softmax_of_0_5_has_them_where_it_shuffles(tmp_path, mnist_dir, module):
    options = {'era': '0.5', 'data_dir': str(mnist_dir)}
    losses = run_softmax(tmp_path, 'positional', module, batches=SHUFFLED, **options)
    close(losses, golden('softmax.json'))


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.parametrize('variant', FEED_MODELS)
def test_fully_connected_feed_has_the_losses_of_1_2(tmp_path, mnist_dir, variant):
    options = {'era': '1.2', 'data_dir': str(mnist_dir)}
    losses = run_feed(tmp_path, variant, TUTORIAL, **options)
    close(losses, golden('fully_connected.json'))


@pytest.mark.slow
def test_softmax_on_drawn_digits_has_the_lessons_losses(tmp_path, digits_dir):
    drawn = json.loads((GOLDENS / 'drawn.json').read_text())['lessons']['softmax']
    expected = [
        value for _, name, value in drawn['logits']['records'] if name == 'loss'
    ]
    options = {'era': '1.2', 'data_dir': str(digits_dir)}
    losses = run_softmax(tmp_path, 'positional', TUTORIAL, seed=1, **options)
    close(losses, expected)


def dense_losses(images, labels, shapes, rate):
    """Trains a dense net by hand, in float64, on batches in the order of the file."""
    random = np.random.RandomState(0)
    recipe = lessons.fan_in if len(shapes) > 1 else lessons.zeros
    weights = [recipe('', shape, random.randn).astype(np.float32) for shape in shapes]
    weights = [w.astype(float) for w in weights]
    biases = [np.zeros(shape[1]) for shape in shapes]
    losses = []
    for start in range(0, 100 * STEPS, 100):
        layers = [images[start : start + 100].astype(float)]
        targets = np.eye(10)[labels[start : start + 100]]
        for w, b in zip(weights, biases, strict=True):
            sums = layers[-1] @ w + b
            layers.append(np.maximum(sums, 0))
        log_sum = np.log(np.exp(sums).sum(1, keepdims=True))
        losses.append((targets * (log_sum - sums)).sum(1).mean())
        slope = (np.exp(sums - log_sum) - targets) / 100
        for i in reversed(range(len(shapes))):
            before = layers[i]
            w_slope, b_slope = before.T @ slope, slope.sum(0)
            slope = (slope @ weights[i].T) * (before > 0)
            weights[i] -= rate * w_slope
            biases[i] -= rate * b_slope
    return losses


@pytest.fixture(params=['drawn', pytest.param('mnist', marks=pytest.mark.mnist)])
def any_digits(request):
    """The folder of a data set, and its training images and labels."""
    from mnist_tut import input_data

    folder = request.getfixturevalue(
        f'{request.param[:5]}_dir'.replace('drawn', 'digits')
    )
    train = input_data.read_data_sets(folder).train
    return str(folder), train.images, train.labels


@pytest.mark.slow
@pytest.mark.parametrize('module', [COPY, TUTORIAL], ids=['copy', 'tutorial'])
def test_softmax_of_0_5_trains_in_the_order_of_the_file(tmp_path, any_digits, module):
    folder, images, labels = any_digits
    losses = run_softmax(tmp_path, 'summed', module, data_dir=folder)
    close(losses, dense_losses(images, labels, [(784, 10)], 0.5))


@pytest.mark.slow
@pytest.mark.parametrize('variant', FEED_MODELS)
def test_feed_of_0_7_trains_in_the_order_of_the_file(tmp_path, any_digits, variant):
    folder, images, labels = any_digits
    losses = run_feed(tmp_path, variant, TUTORIAL, data_dir=folder)
    shapes = [(784, 128), (128, 32), (32, 10)]
    close(losses, dense_losses(images, labels, shapes, 0.01))


@pytest.mark.slow
def test_later_epochs_are_shuffled_from_what_the_last_one_was(tmp_path, digits_dir):
    from mnist_tut import input_data

    result = scripts.run(
        tmp_path,
        """
        import input_data, numpy
        mnist = input_data.read_data_sets('data')
        numpy.random.seed(5)
        seen = [mnist.train.next_batch(20000)[1] for _ in xrange(5)]
        epochs = mnist.train.epochs_completed
        """,
        data_dir=str(digits_dir),
    )
    labels = input_data.read_data_sets(digits_dir).train.labels
    random = np.random.RandomState(5)
    expected = [labels[:20000], labels[20000:40000]]  # 15,000 are left out
    for _ in range(2):
        order = np.arange(55000)
        random.shuffle(order)
        labels = labels[order]
        expected += [labels[:20000], labels[20000:40000]]
    assert result['epochs'] == 2
    for seen, wanted in zip(result['seen'], expected, strict=False):
        np.testing.assert_array_equal(seen, wanted)
