"""Loads a trained run for inference.

The lessons' graphs take different inputs: images flat or square, pixel values from 0 to
1 or from -0.5 to 0.5, a keep_prob, exactly 64 images. Here the graph of a run is pruned
to what leads from images to scores, variables become constants, and every lesson gets
the same interface: any number of images, pixel values in [0, 1], nothing else to feed.
"""

import contextlib
import glob
import os
import sys
from typing import Any

from mnist_tut import errors
from mnist_tut.training import checkpoint, run_folder
from mnist_tut.training.evaluation import EVAL_BATCH_SIZE
from mnist_tut.training.session import Session

import numpy as np
import tensorflow.compat.v1 as tf

_SIGNATURE = tf.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
# Entries of 'model' in run.json; `training.run` writes them.
_MODEL_ENTRIES = {'images', 'scores', 'probabilities', 'feeds', 'pixel_range'}
# By the kind of the run's `DatasetInfo`.
_DATA_NAMES = {
    'mnist': 'MNIST',
    'npz': "the lecture's npz file",
    'synthetic': 'synthetic digits',
    'synthetic_wild': 'synthetic digits (wild)',
    'other': 'a set that is not MNIST',
    'fake': 'made-up data',
}


class Predictor(contextlib.AbstractContextManager):
    """A trained model, as a context manager.

    Attributes:
        description: Folder, lesson, number of training steps, data.
        sess: Session that holds it.
        images: Placeholder, float32 [B, 784] or [B, 28, 28, 1], in [0, 1].
        outputs: float32 [B, 10] each: 'probabilities', and 'scores', the lesson's
            logits or probabilities, the largest of which is its prediction.
    """

    def __init__(
        self,
        description: str,
        sess: tf.Session,
        images: tf.Tensor,
        outputs: dict[str, tf.Tensor],
    ):
        self.description = description
        self.sess = sess
        self.images = images
        self.outputs = outputs

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Returns the probability of each digit.

        images [N, 28, 28] -> [N, 10]

        Args:
            images: uint8 [N, 28, 28]; 0 is background.

        Returns:
            float32 [N, 10]; each row sums to 1.

        Raises:
            errors.DataError: If `images` is not such an array.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.shape[1:] != (28, 28):
            raise errors.DataError(
                f'images of type {images.dtype} and shape {list(images.shape)}; '
                'expected uint8 [N, 28, 28]'
            )
        shape = [-1, *self.images.shape.as_list()[1:]]
        result = np.empty([len(images), 10], np.float32)
        for begin in range(0, len(images), EVAL_BATCH_SIZE):
            batch = slice(begin, begin + EVAL_BATCH_SIZE)
            pixels = (images[batch] / np.float32(255)).reshape(shape)
            feed_dict = {self.images: pixels}
            result[batch] = self.sess.run(self.outputs['probabilities'], feed_dict)
        return result

    def __exit__(self, *exception: Any) -> None:
        """Closes the session."""
        self.sess.close()


def newest_run(root: str = 'logs') -> str:
    """Returns the folder <root>/<lesson>/<run> with the newest checkpoint.

    Raises:
        errors.RunError: If there is none, with the command that makes one.
    """
    saved = {}
    for folder in glob.glob(os.path.join(glob.escape(root), '*', '*')):
        for step in run_folder.saved_steps(folder)[:1]:
            path = f'{run_folder.checkpoint_path(folder, step)}.json'
            saved[os.stat(path).st_mtime_ns] = folder
    if not saved:
        raise errors.RunError(
            f'{errors.printable(os.path.join(root, ""))}: holds no trained model; '
            'make one with: python -m mnist_tut.deep --max_steps=2000 (or name a run '
            'by --log_dir)'
        )
    return saved[max(saved)]


def load(log_dir: str | os.PathLike) -> Predictor:
    """Loads the newest undamaged checkpoint of a run.

    Args:
        log_dir: Folder of a run of any lesson.

    Returns:
        A Predictor.

    Raises:
        errors.RunError: If the folder holds no run with a checkpoint that can be read.
    """
    log_dir = os.fspath(log_dir)
    run = run_folder.read_json(os.path.join(log_dir, run_folder.RUN_FILE))
    model = run.get('model')
    if not isinstance(model, dict) or not model.keys() >= _MODEL_ENTRIES:
        raise errors.RunError(
            f'{errors.printable(log_dir)}: its run.json does not describe the '
            'model; expected a run of one of the lessons'
        )
    graph_def, shape, step = _freeze(log_dir, model)
    _unfix_batch_size(graph_def, shape[0])
    types = {
        node.name: node.attr['dtype'].type
        for node in graph_def.node
        if node.op == 'Placeholder'
    }

    def type_of(name: str) -> tf.DType:
        return tf.as_dtype(types[name.split(':')[0]])

    with tf.Graph().as_default():
        images = tf.placeholder(tf.float32, [None, *shape[1:]], name='images')
        low, high = model['pixel_range']
        pixels = tf.cast(low + (high - low) * images, type_of(model['images']))
        feeds = {
            name: tf.constant(value, type_of(name))
            for name, value in model['feeds'].items()
        }
        inputs = {model['images']: pixels, **feeds}
        [scores] = tf.import_graph_def(graph_def, inputs, [model['scores']], 'model')
        scores = tf.cast(scores, tf.float32, name='scores')
        probabilities = scores if model['probabilities'] else tf.nn.softmax(scores)
        data = _DATA_NAMES.get(str(run.get('data_kind')), 'unknown data')
        return Predictor(
            f'{errors.printable(log_dir)}: {run.get("lesson")}, {step + 1:,} steps '
            f'on {data}',
            Session(),
            images,
            {'scores': scores, 'probabilities': probabilities},
        )


def load_saved_model(directory: str | os.PathLike) -> Predictor:
    """Loads a SavedModel that `mnist_tut.export` has written.

    Args:
        directory: Folder of a SavedModel.

    Returns:
        A Predictor.

    Raises:
        errors.RunError: If it is not such a folder.
    """
    directory = os.fspath(directory)
    sess = Session(tf.Graph())
    try:
        with sess.graph.as_default():
            loaded = tf.saved_model.loader.load(
                sess, [tf.saved_model.tag_constants.SERVING], directory
            )
        signature = loaded.signature_def[_SIGNATURE]
        images = sess.graph.get_tensor_by_name(signature.inputs['images'].name)
        outputs = {
            name: sess.graph.get_tensor_by_name(signature.outputs[name].name)
            for name in ('scores', 'probabilities')
        }
    except (tf.errors.OpError, OSError, KeyError, ValueError, RuntimeError) as error:
        sess.close()
        raise errors.RunError(
            f'{errors.printable(directory)}: not a SavedModel that mnist_tut.export '
            'has written, or a damaged one; write it with: python -m mnist_tut.export '
            f'--log_dir=RUN --export_dir={errors.printable(directory)}'
        ) from error
    return Predictor(errors.printable(directory), sess, images, outputs)


def _freeze(
    log_dir: str, model: dict[str, Any]
) -> tuple[tf.GraphDef, list[int | None], int]:
    """Restores a run, and prunes its graph to what the scores need, as constants.

    Returns:
        graph_def: The graph.
        shape: Of the placeholder for images.
        step: Of the checkpoint.
    """
    for step in run_folder.saved_steps(log_dir):
        path = f'{run_folder.checkpoint_path(log_dir, step)}.meta'
        with tf.Graph().as_default() as graph:
            try:
                saver = tf.train.import_meta_graph(path, clear_devices=True)
                images = graph.get_tensor_by_name(model['images'])
                scores = graph.get_tensor_by_name(model['scores'])
            except Exception as error:  # a damaged protocol buffer can raise anything
                print(
                    f'{errors.printable(path)}: this graph is damaged '
                    f'({type(error).__name__}); trying the one before it',
                    file=sys.stderr,
                )
                continue
            with Session() as sess:
                restored = checkpoint.restore(saver, sess, log_dir)
                assert restored is not None  # there is a checkpoint
                frozen = tf.graph_util.convert_variables_to_constants(
                    sess, graph.as_graph_def(), [scores.op.name]
                )
            return frozen, images.shape.as_list(), restored[0]
    raise errors.RunError(
        f'{errors.printable(log_dir)}: holds no checkpoint that can be read; train '
        'longer, or choose another run'
    )


def _unfix_batch_size(graph_def: tf.GraphDef, batch_size: int | None) -> None:
    """Makes a graph that was built for `batch_size` images accept any number.

    The number is in the placeholder, which is replaced, and in the constant shapes of
    the Reshape ops.
    """
    shapes = {node.input[1] for node in graph_def.node if node.op == 'Reshape'}
    for node in graph_def.node:
        if batch_size is None or node.op != 'Const' or node.name not in shapes:
            continue
        shape = tf.make_ndarray(node.attr['value'].tensor)
        if shape.size > 1 and shape[0] == batch_size:
            unfixed = np.array([-1, *shape[1:]], shape.dtype)
            node.attr['value'].tensor.CopyFrom(tf.make_tensor_proto(unfixed))
