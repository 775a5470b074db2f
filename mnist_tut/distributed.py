r"""Training on several machines: parameter servers hold the model, workers compute.

    python scripts/run_cluster.py

starts a parameter server and two workers on this machine. On several machines each task
is started with the same lists of hosts, and with its own job and index,

    python -m mnist_tut.distributed --job_name=worker --task_index=0 \
        --ps_hosts=a:2222 --worker_hosts=b:2222,c:2222

or with the same in the environment variable TF_CONFIG. Without either this process
trains alone, on several GPUs if there are some (--num_gpus). The chief, which is worker
0, prints at the end, for example:

    Test Data Eval:
      Num examples: 10000  Num correct: 8987  Precision @ 1: 0.8987

A task that was killed is started again with the same command, and continues. When to
use which, what it costs and how it scales is in docs/DISTRIBUTED.md.

Source:
    TensorFlow 1.15, tools/dist_test/python/mnist_replica.py; the networks of
    TensorFlow Mechanics 101 and of Deep MNIST for Experts.
"""

import time

from mnist_tut import deep, errors, fully_connected_feed, input_data, mnist
from mnist_tut.cluster import tasks
from mnist_tut.cluster.run import ClusterRun
from mnist_tut.cluster.server import Server
from mnist_tut.data.shard import Shard
from mnist_tut.flags import Flags
from mnist_tut.training.evaluation import accuracy_in_batches
from mnist_tut.training.towers import SharedVariables

import tensorflow.compat.v1 as tf

flags = Flags('distributed', seed=1, own_loop=True)
FLAGS = flags.FLAGS

# The cluster: which tasks there are, and which of them this process is.
flags.DEFINE_enum('job_name', '', ['', 'ps', 'worker'], "This task's job.", True)
flags.DEFINE_integer('task_index', 0, "This task's number in its job.", may_change=True)
flags.DEFINE_list('ps_hosts', 'Addresses (host:port) of the parameter servers.')
flags.DEFINE_list('worker_hosts', 'Addresses of the workers; the first is the chief.')
flags.DEFINE_float(
    'wait_sec', 120.0, 'How long to wait for another task, in seconds.', 1.0, 1e6, True
)
# The training.
flags.DEFINE_enum(
    'model',
    'fully_connected_feed',
    ['fully_connected_feed', 'deep'],
    'The lesson whose network it is.',
)
flags.DEFINE_boolean(
    'sync_replicas', False, 'Average the gradients of all workers in each step.'
)
flags.DEFINE_integer(
    'num_gpus', 0, 'GPUs of this worker that share its batch.', may_change=True
)
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the data files.')
flags.DEFINE_folder(
    'log_dir',
    None,
    "The chief's folder for checkpoints, event files and metrics; a run in it is "
    'continued, unless --overwrite is given. Without it that of the newest run below '
    'logs/distributed/, if the same command started it and it has not ended; else a '
    'new one.',
    is_output=True,
)
flags.DEFINE_integer(
    'max_steps', 2000, 'Number of training steps of all workers together.', 1,
    may_change=True,
)  # fmt: skip
flags.DEFINE_integer('batch_size', 100, "Number of examples in a worker's batch.", 1)
flags.DEFINE_float(
    'learning_rate', None, 'Step length; 0.01, and 1e-4 for the Adam of deep.'
)
flags.DEFINE_probability('keep_prob', 0.5, 'Probability that deep keeps a unit.')


def deep_inference(images, keep_prob):
    """Builds the network of `deep` as far as the logits.

    images [B, 784] -> pool1 [B, 14, 14, 32] -> pool2 [B, 7, 7, 64] -> hidden [B, 1024]
    (ReLU, dropout) -> logits [B, 10]

    Args:
        images: float32 [B, 784], pixel values in [0, 1].
        keep_prob: Probability that dropout keeps a unit.

    Graph:
        Eight variables as in `deep`: 3,274,634 parameters.
    """
    W_conv1 = deep.weight_variable([5, 5, 1, 32])
    b_conv1 = deep.bias_variable([32])
    x_image = tf.reshape(images, [-1, 28, 28, 1])
    h_conv1 = tf.nn.relu(deep.conv2d(x_image, W_conv1) + b_conv1)  # [B, 28, 28, 32]
    h_pool1 = deep.max_pool_2x2(h_conv1)  # [B, 14, 14, 32]
    W_conv2 = deep.weight_variable([5, 5, 32, 64])
    b_conv2 = deep.bias_variable([64])
    h_conv2 = tf.nn.relu(deep.conv2d(h_pool1, W_conv2) + b_conv2)  # [B, 14, 14, 64]
    h_pool2 = deep.max_pool_2x2(h_conv2)  # [B, 7, 7, 64]
    W_fc1 = deep.weight_variable([7 * 7 * 64, 1024])
    b_fc1 = deep.bias_variable([1024])
    h_pool2_flat = tf.reshape(h_pool2, [-1, 7 * 7 * 64])
    h_fc1 = tf.nn.relu(tf.matmul(h_pool2_flat, W_fc1) + b_fc1)  # [B, 1024]
    h_fc1_drop = tf.nn.dropout(h_fc1, keep_prob)
    W_fc2 = deep.weight_variable([1024, 10])
    b_fc2 = deep.bias_variable([10])
    return tf.matmul(h_fc1_drop, W_fc2) + b_fc2  # [B, 10]


def inference(images, keep_prob):
    """Builds the network of --model: images [B, 784] -> logits [B, 10]."""
    if FLAGS.model == 'deep':
        return deep_inference(images, keep_prob)
    return mnist.inference(images, 128, 32)


def make_optimizer():
    """Makes the optimizer of --model."""
    learning_rate = FLAGS.learning_rate
    if FLAGS.model == 'deep':
        return tf.train.AdamOptimizer(1e-4 if learning_rate is None else learning_rate)
    return tf.train.GradientDescentOptimizer(
        0.01 if learning_rate is None else learning_rate
    )


def average_gradients(tower_gradients):
    """Averages the gradients of several towers.

    Args:
        tower_gradients: For each tower, the (gradient, variable) pairs of all
            variables, in the same order.

    Returns:
        A list of (mean gradient, variable).
    """
    averages = []
    for pairs in zip(*tower_gradients, strict=True):
        gradients = [gradient for gradient, _ in pairs]
        mean = tf.add_n(gradients) / len(gradients) if gradients[1:] else gradients[0]
        averages.append((mean, pairs[0][1]))
    return averages


def device_setter(cluster, device=''):
    """Returns what places variables on the parameter servers, and all else here.

    Args:
        cluster: The tasks; alone, this one has the variables, too.
        device: A device of this task, '/gpu:0' for example.
    """
    spec = tf.train.ClusterSpec(cluster.hosts)
    here = cluster.device + device
    return tf.train.replica_device_setter(worker_device=here, cluster=spec) or here


def tower_devices():
    """Returns the devices that share a worker's batch; FlagError if one is missing."""
    num_there = len(tf.config.list_physical_devices('GPU'))
    if FLAGS.num_gpus > num_there:
        raise errors.FlagError(
            f'--num_gpus={FLAGS.num_gpus}: TensorFlow can use {num_there} on this '
            'machine; choose at most that many, or 0 to leave the choice to it'
        )
    if FLAGS.batch_size % max(1, FLAGS.num_gpus):
        raise errors.FlagError(
            f'--batch_size={FLAGS.batch_size} --num_gpus={FLAGS.num_gpus}: expected a '
            'multiple of the number of GPUs, which get equal parts'
        )
    return [f'/gpu:{number}' for number in range(FLAGS.num_gpus)] or ['']


def do_eval(sess, eval_correct, accuracy, images, labels, data_sets):
    """Evaluates the model, and prints the lines of the lesson that it is from.

    Args:
        sess: Session.
        eval_correct: int32 scalar, the number of right predictions in a batch.
        accuracy: float32 scalar, their fraction.
        images: Placeholder, float32 [B, 784].
        labels: Placeholder, int32 [B].
        data_sets: Datasets.

    Returns:
        Metrics by name, fractions in [0, 1].
    """
    if FLAGS.model == 'deep':
        test = {images: data_sets.test.images, labels: data_sets.test.labels}
        test_accuracy = accuracy_in_batches(sess, accuracy, test)
        print('test accuracy %g' % test_accuracy)
        return {'test_accuracy': test_accuracy}
    metrics = {}
    for name, data_set in zip(fully_connected_feed.NAMES, data_sets, strict=True):
        print('%s Data Eval:' % name)
        metrics[f'{name.lower()}_precision'] = fully_connected_feed.do_eval(
            sess, eval_correct, images, labels, data_set
        )
    return metrics


@flags.as_arguments
def run_training():
    """Trains one of two networks, as a task of a cluster or alone.

    Returns:
        History of this worker's 'loss' (nats, its own batch, before the update, by the
        global step) and, for the chief, 'training_precision', 'validation_precision'
        and 'test_precision', or for deep 'test_accuracy' (fractions). None for a
        parameter server.

    Graph:
        The variables of --model, of its optimizer, and global_step.
    """
    # Cluster: parameter servers hold the variables until all workers are done.
    cluster = tasks.find(
        FLAGS.job_name, FLAGS.task_index, FLAGS.ps_hosts, FLAGS.worker_hosts
    )
    server = Server(cluster, FLAGS.wait_sec)
    if cluster.is_parameter_server:
        server.serve()
        return None
    devices = tower_devices()

    with (
        tf.Graph().as_default(),
        tf.device(device_setter(cluster)),
        ClusterRun(flags, server) as run,
    ):
        # Data: every worker reads all, and draws its own part of each batch.
        data_sets = input_data.read_data_sets(FLAGS.data_dir, **run.data_options)
        num_workers = len(cluster.workers)
        shard = Shard(data_sets.train, FLAGS.batch_size, cluster.rank, num_workers)
        # The chief's initial values are used; the others' dropout should be another.
        tf.set_random_seed(run.seed + cluster.rank)

        # Placeholders: the batch of this worker.
        images = tf.placeholder(tf.float32, [None, mnist.IMAGE_PIXELS])
        labels = tf.placeholder(tf.int32, [None])

        # Model, loss, gradients: of a part of the batch in a tower on each GPU.
        optimizer, variables = make_optimizer(), SharedVariables()
        num_towers = len(devices)
        image_parts, label_parts = [images], [labels]
        if num_towers > 1:
            image_parts = tf.split(images, num_towers)
            label_parts = tf.split(labels, num_towers)
        losses, tower_gradients = [], []
        for tower, device in enumerate(devices):
            with tf.device(device_setter(cluster, device)), variables.copy():
                logits = inference(image_parts[tower], FLAGS.keep_prob)
                losses.append(mnist.loss(logits, label_parts[tower]))
                tower_gradients.append(optimizer.compute_gradients(losses[-1]))
        loss = tf.add_n(losses) / num_towers
        tf.summary.scalar('loss', loss)

        # Training op: with --sync_replicas a step waits for a gradient of each worker.
        global_step = tf.train.get_or_create_global_step()
        step_before = tf.identity(global_step)
        replicas = None
        if FLAGS.sync_replicas:
            optimizer = replicas = tf.train.SyncReplicasOptimizer(
                optimizer, num_workers, num_workers
            )
        # What a worker counts for itself stays on it.
        with tf.device(cluster.device), tf.control_dependencies([step_before]):
            train_op = optimizer.apply_gradients(
                average_gradients(tower_gradients), global_step
            )

        # Evaluation: a copy of the model without dropout.
        with variables.copy():
            scores = inference(images, 1.0)
        eval_correct = mnist.evaluation(scores, labels)
        accuracy = tf.to_float(eval_correct) / tf.to_float(tf.size(labels))

        # Session, loop: until all workers together have done --max_steps.
        with run.session(
            data_sets, train_op, images=images, scores=scores, replicas=replicas
        ) as sess:
            shard.skip(run.num_done(sess) // (1 if replicas else num_workers))
            while not sess.should_stop():
                start_time = time.time()
                images_feed, labels_feed = shard.next_batch()
                _, loss_value, step = sess.run(
                    [train_op, loss, step_before],
                    feed_dict={images: images_feed, labels: labels_feed},
                )
                duration = time.time() - start_time
                run.record(step, loss=loss_value)
                if run.is_due(step, 100):
                    print(
                        'Step %d: loss = %.2f (%.3f sec)' % (step, loss_value, duration)
                    )

            # Report: the chief evaluates.
            if cluster.is_chief:
                evaluated = eval_correct, accuracy, images, labels, data_sets
                metrics = do_eval(run.trained(sess), *evaluated)
                run.record(run.num_done(sess), **metrics)
    return run.history


def main(_):
    """Trains with the flags of the command line."""
    run_training()


if __name__ == '__main__':
    flags.run(main)
