"""Exports a trained model as a SavedModel, for TensorFlow Serving and other programs.

The beginner notes export a SavedModel, too, but its signature `predict_images` returns
`y`, the softmax regression from earlier in the document, not the `y_conv` of the conv
net that was just trained; and `y_conv` needs keep_prob to be fed. Here both signatures
return the trained model's scores, and dropout is off.

Signatures `serving_default` and `predict_images`, for any number of images:

    images         float32 [N, 784] ([N, 28, 28, 1] for convolutional), in [0, 1]
    scores         float32 [N, 10], the lesson's logits or probabilities
    probabilities  float32 [N, 10]

The weights are constants of the graph, which holds no training ops and cannot be
trained further.
"""

import os
import tempfile

from mnist_tut import errors
from mnist_tut.inference import model

import tensorflow.compat.v1 as tf


def export(log_dir: str | os.PathLike, export_dir: str | os.PathLike) -> str:
    """Writes the newest checkpoint of a run as a SavedModel.

    Args:
        log_dir: Folder of a run of any lesson.
        export_dir: Folder to write; it appears once it is complete.

    Returns:
        What was exported: folder of the run, lesson, number of training steps, data.

    Raises:
        errors.RunError: If there is no such run, or `export_dir` exists already or
            cannot be written.

    Source:
        Beginner notes, tutorial 2, "Save the model".
    """
    if not os.fspath(export_dir):
        raise errors.FlagError(
            '--export_dir=: empty; expected the path of a new folder'
        )
    export_dir = os.path.normpath(os.fspath(export_dir))
    where = f'--export_dir={errors.printable(export_dir)}'
    if os.path.lexists(export_dir):
        raise errors.RunError(
            f'{where}: exists already and is not overwritten; choose another name'
        )
    parent = os.path.dirname(export_dir) or os.curdir
    with model.load(log_dir) as predictor:
        try:
            os.makedirs(parent, exist_ok=True)
            with tempfile.TemporaryDirectory(
                prefix=f'{os.path.basename(export_dir)}.', suffix='.part', dir=parent
            ) as temporary:
                unfinished = os.path.join(temporary, 'model')
                _write(predictor, unfinished)
                os.rename(unfinished, export_dir)
        except (OSError, tf.errors.OpError) as error:
            reason = getattr(error, 'strerror', None) or error
            raise errors.RunError(f'{where}: cannot be written: {reason}') from error
        return predictor.description


def _write(predictor: model.Predictor, directory: str) -> None:
    default = tf.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
    builder = tf.saved_model.builder.SavedModelBuilder(directory)
    with predictor.sess.graph.as_default():
        signature = tf.saved_model.signature_def_utils.predict_signature_def(
            {'images': predictor.images}, predictor.outputs
        )
        builder.add_meta_graph_and_variables(
            predictor.sess,
            [tf.saved_model.tag_constants.SERVING],
            {'predict_images': signature, default: signature},
            clear_devices=True,
        )
        builder.save()
