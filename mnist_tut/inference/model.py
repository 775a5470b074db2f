"""A trained model as a function from images to probabilities."""

import contextlib
import os
import sys
from typing import Any

from mnist_tut import errors
from mnist_tut.inference import checksums
from mnist_tut.inference.trained import TrainedModel, newest_run, restore
from mnist_tut.training.evaluation import EVAL_BATCH_SIZE
from mnist_tut.training.session import Session

import numpy as np
import tensorflow.compat.v1 as tf

_SIGNATURE = tf.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY


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


def load(log_dir: str | os.PathLike | None = None) -> Predictor:
    """Loads the newest undamaged checkpoint of a run.

    Args:
        log_dir: Folder of a run of any lesson; the newest run below logs/ if None.

    Returns:
        A Predictor.

    Raises:
        errors.RunError: If the folder holds no run with a checkpoint that can be read.
    """
    return start(restore(newest_run() if log_dir is None else log_dir))


def start(trained: TrainedModel) -> Predictor:
    """Returns a Predictor with a session of its own."""
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(trained.graph_def, name='')
        images = graph.get_tensor_by_name(trained.inputs['images'])
        outputs = {
            name: graph.get_tensor_by_name(tensor)
            for name, tensor in trained.outputs.items()
        }
        return Predictor(trained.description, Session(), images, outputs)


def load_saved_model(directory: str | os.PathLike) -> Predictor:
    """Loads a SavedModel that `mnist_tut.export` has written.

    Args:
        directory: Folder of a SavedModel, or of its versions, of which the newest is
            loaded.

    Returns:
        A Predictor.

    One without checksums, of another program or of version 1.0, is loaded with a note.

    Raises:
        errors.UserError: If it is not such a folder, or a file in it has changed.
    """
    directory = os.fspath(directory)
    version = _newest_version(directory)
    is_checked = checksums.check(version, 'saved_model.pb')
    sess = Session(tf.Graph())
    try:
        with sess.graph.as_default():
            loaded = tf.saved_model.loader.load(
                sess, [tf.saved_model.tag_constants.SERVING], version
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
    if not is_checked:
        print(
            f'{errors.printable(version)}: has no {checksums.SUMS_FILE}, so a changed '
            'byte in it would not be seen; export it again to get one',
            file=sys.stderr,
        )
    return Predictor(errors.printable(version), sess, images, outputs)


def _newest_version(directory: str) -> str:
    """Returns <directory>/<highest number>, or `directory` if it has no versions."""
    try:
        names = os.listdir(directory)
    except OSError:
        return directory  # loading it says what is wrong
    versions = [name for name in names if name.isdecimal()]
    return os.path.join(directory, max(versions, key=int)) if versions else directory
