"""Exports the beginner notes' own SavedModel, with its faults.

For comparison only: no program can use it. From a run of `deep`, it writes what the
notes' last listing leaves in ./export_model:

* Both models of the notes are in the graph, and all training ops. The signature
  `predict_images` returns `y`, the softmax regression, not the conv net's `y_conv`.
* That regression is untrained: the notes train it in one session, and export another,
  in which the initializer has made its weights zero again. All ten scores of every
  image are 0.
* `y_conv` cannot be computed without `keep_prob`, which no signature has as an input.
* `serving_default` claims to be a classification, but its input is a batch of floats
  instead of serialized examples, and its classes are the regression's scores instead of
  strings. `is_valid_signature` is False, and TensorFlow Serving refuses it.
* The folder has no version, which TensorFlow Serving needs.
"""

import os

from mnist_tut import deep, errors
from mnist_tut.export import output
from mnist_tut.inference import trained

import tensorflow.compat.v1 as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel


def export(log_dir: str | os.PathLike, export_dir: str | os.PathLike) -> str:
    """Writes the newest checkpoint of a run of `deep` as the notes would.

    Args:
        log_dir: Folder of a run of `deep`.
        export_dir: Folder to write, which must not exist.

    Returns:
        What was exported: folder of the run, lesson, number of training steps, data.

    Raises:
        errors.RunError: If there is no such run, or `export_dir` exists already or
            cannot be written.

    Source:
        Beginner notes, tutorial 2, "Saving the model for export".
    """
    model = trained.restore(log_dir)
    if model.lesson != 'deep':
        raise errors.RunError(
            f'{model.description}: the notes export the conv net of the lesson deep; '
            'expected a run of it, or leave --faithful out'
        )
    with output.new_folder(export_dir) as folder, tf.Graph().as_default():
        # TensorFlow 1's variables, so that it can load them.
        with tf.variable_scope(tf.get_variable_scope(), use_resource=False):
            tensors = _notes_graph()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            _restore(sess, model.checkpoint)
            _write(sess, folder, **tensors)
    return model.description


def _notes_graph() -> dict[str, tf.Tensor]:
    """Builds both models of the notes, in the notes' order, with all training ops.

    Graph:
        Ten variables with the names of the notes' graph: 'Variable' and 'Variable_1'
        are the regression's, the next eight the conv net's; and Adam's.
    """
    # Tutorial 1, the regression.
    x = tf.placeholder(tf.float32, shape=[None, 784])
    y_ = tf.placeholder(tf.float32, shape=[None, 10])
    W = tf.Variable(tf.zeros([784, 10]))
    b = tf.Variable(tf.zeros([10]))
    y = tf.matmul(x, W) + b
    cross_entropy = tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits_v2(labels=y_, logits=y)
    )
    tf.train.GradientDescentOptimizer(0.5).minimize(cross_entropy)
    correct_prediction = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
    tf.reduce_mean(tf.cast(correct_prediction, tf.float32))

    # Tutorial 2, the conv net.
    W_conv1 = deep.weight_variable([5, 5, 1, 32])
    b_conv1 = deep.bias_variable([32])
    x_image = tf.reshape(x, [-1, 28, 28, 1])
    h_conv1 = tf.nn.relu(deep.conv2d(x_image, W_conv1) + b_conv1)
    h_pool1 = deep.max_pool_2x2(h_conv1)

    W_conv2 = deep.weight_variable([5, 5, 32, 64])
    b_conv2 = deep.bias_variable([64])
    h_conv2 = tf.nn.relu(deep.conv2d(h_pool1, W_conv2) + b_conv2)
    h_pool2 = deep.max_pool_2x2(h_conv2)

    W_fc1 = deep.weight_variable([7 * 7 * 64, 1024])
    b_fc1 = deep.bias_variable([1024])
    h_pool2_flat = tf.reshape(h_pool2, [-1, 7 * 7 * 64])
    h_fc1 = tf.nn.relu(tf.matmul(h_pool2_flat, W_fc1) + b_fc1)

    keep_prob = tf.placeholder(tf.float32)
    h_fc1_drop = tf.nn.dropout(h_fc1, keep_prob)

    W_fc2 = deep.weight_variable([1024, 10])
    b_fc2 = deep.bias_variable([10])
    y_conv = tf.matmul(h_fc1_drop, W_fc2) + b_fc2

    cross_entropy = tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits_v2(labels=y_, logits=y_conv)
    )
    tf.train.AdamOptimizer(1e-4).minimize(cross_entropy)
    correct_prediction = tf.equal(tf.argmax(y_conv, 1), tf.argmax(y_, 1))
    tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
    return {'x': x, 'y': y, 'y_conv': y_conv}


def _restore(sess: tf.Session, checkpoint: str) -> None:
    """Restores the conv net and Adam's state; the regression keeps its zeros.

    The regression takes the first two names, so that a name of the run's, such as
    'Variable_3/Adam', is two further on in this graph.
    """
    variables = {variable.op.name: variable for variable in tf.global_variables()}
    saved = {}
    for name, _ in tf.train.list_variables(checkpoint):
        stem, *slot = name.split('/')
        if stem.startswith('Variable'):
            number = int(stem.partition('_')[2] or 0)
            stem = f'Variable_{number + 2}'
        saved[name] = variables['/'.join([stem, *slot])]
    tf.train.Saver(saved).restore(sess, checkpoint)


def _write(
    sess: tf.Session, folder: str, x: tf.Tensor, y: tf.Tensor, y_conv: tf.Tensor
) -> None:
    """Writes the notes' two signatures."""
    constants = tf.saved_model.signature_constants
    build_info = tf.saved_model.utils.build_tensor_info
    build_signature = tf.saved_model.signature_def_utils.build_signature_def
    classification_signature = build_signature(
        inputs={constants.CLASSIFY_INPUTS: build_info(x)},
        outputs={
            constants.CLASSIFY_OUTPUT_CLASSES: build_info(y),
            constants.CLASSIFY_OUTPUT_SCORES: build_info(y_conv),
        },
        method_name=constants.CLASSIFY_METHOD_NAME,
    )
    prediction_signature = build_signature(
        inputs={'images': build_info(x)},
        outputs={'scores': build_info(y)},
        method_name=constants.PREDICT_METHOD_NAME,
    )
    builder = tf.saved_model.builder.SavedModelBuilder(folder)
    builder.add_meta_graph_and_variables(
        sess,
        [tf.saved_model.tag_constants.SERVING],
        signature_def_map={
            'predict_images': prediction_signature,
            constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY: classification_signature,
        },
        strip_default_attrs=True,
    )
    _remove_new_attributes(builder.save())


def _remove_new_attributes(path: str | bytes) -> None:
    """Removes what TensorFlow 1 does not know: marks for gradients of gradients."""
    with open(path, 'rb') as file:
        saved_model = SavedModel.FromString(file.read())
    for node in saved_model.meta_graphs[0].graph_def.node:
        for name in ('grad_a', 'grad_b'):
            node.attr.pop(name, None)
    with open(path, 'wb') as file:
        file.write(saved_model.SerializeToString())
