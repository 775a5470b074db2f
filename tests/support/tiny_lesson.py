"""A lesson that trains in milliseconds: one variable, and made-up data."""

from mnist_tut.flags import Flags
from mnist_tut.training.run import Run

import tensorflow.compat.v1 as tf

flags = Flags('tiny')
FLAGS = flags.FLAGS
flags.DEFINE_integer('batch_size', 10, 'Examples in a batch.')
flags.DEFINE_float('learning_rate', 0.5, 'What is added at each step.')
flags.DEFINE_integer('max_steps', 6, 'Number of training steps.', may_change=True)


@flags.as_arguments
def run_training():
    """Adds the learning rate, and a random number, to each weight at each step."""
    with tf.Graph().as_default(), Run(flags) as run:
        tf.set_random_seed(run.seed)
        x = tf.placeholder(tf.float32, [None, 784])
        keep_prob = tf.placeholder(tf.float32)
        W = tf.Variable(tf.zeros([784, 10]), name='W')
        y = tf.matmul(keep_prob * x, W)
        step_op = W.assign_add(FLAGS.learning_rate + tf.random_uniform([784, 10])).op
        sess = run.session(None, images=x, scores=y, feeds={keep_prob: 1.0})
        writer = run.summary_writer('train', sess.graph)
        sess.run(tf.global_variables_initializer())
        for step in run.steps(FLAGS.max_steps):
            sess.run(step_op)
            value = tf.Summary.Value(tag='loss', simple_value=step)
            writer.add_summary(tf.Summary(value=[value]), step)
            run.record(step, loss=1.0)
    return run.history


def weights(folder, step):
    """Returns the weights in a checkpoint."""
    return tf.train.load_variable(f'{folder}/model.ckpt-{step}', 'W')
