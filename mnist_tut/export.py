"""Writes a trained model as a SavedModel, for TensorFlow Serving and other programs.

    python -m mnist_tut.export --log_dir=logs/deep/run-0001 --export_dir=export_model

The beginner notes export a SavedModel too, but what its signature `predict_images`
returns is `y`, the softmax regression from earlier in the document, not the conv net's
`y_conv` that was just trained, and whoever asks for `y_conv` has to feed keep_prob as
well. Here both signatures return what was trained, and dropout is off inside.

Signatures `serving_default` and `predict_images`, for any number of images:

    images         float32 [N, 784] ([N, 28, 28, 1] for convolutional), ink in [0, 1]
    scores         float32 [N, 10], logits or probabilities, as the lesson has them
    probabilities  float32 [N, 10]

The weights are constants of the graph: nothing of the training is left in it, and it
cannot be trained further.
"""

import os
import tempfile

from mnist_tut import cli, errors, trained

import tensorflow.compat.v1 as tf
from absl import flags

FLAGS = flags.FlagValues()
flags.DEFINE_boolean('help', False, 'Show this help.', flag_values=FLAGS)
flags.DEFINE_string(
    'log_dir',
    None,
    'Folder of a run of any lesson. Without it the newest run below logs/ is used.',
    flag_values=FLAGS,
    allow_override=True,  # absl.logging has a flag of this name too
)
flags.DEFINE_string(
    'export_dir',
    'export_model',
    'Folder to write, which must not be there yet.',
    flag_values=FLAGS,
)
FLAGS.mark_as_parsed()


def export(log_dir: str | os.PathLike, export_dir: str | os.PathLike) -> str:
    """Writes the newest checkpoint of a run as a SavedModel.

    Args:
        log_dir: Folder of a run of any lesson.
        export_dir: Folder to write. It appears when it is complete.

    Returns:
        What was written: folder of the run, lesson, number of training steps, data.

    Raises:
        errors.RunError: If there is no such run, or `export_dir` is there already or
            cannot be written.

    Source:
        Beginner notes, tutorial 2, "Save the model".
    """
    if not os.fspath(export_dir):
        raise errors.FlagError(
            '--export_dir=: empty; expected the path of a new folder'
        )
    export_dir = os.path.normpath(os.fspath(export_dir))
    where = f'--export_dir={errors.show_path(export_dir)}'
    if os.path.lexists(export_dir):
        raise errors.RunError(
            f'{where}: is there already and is not overwritten; choose another name'
        )
    parent = os.path.dirname(export_dir) or os.curdir
    with trained.load(log_dir) as predictor:
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
        return predictor.source


def _write(predictor: trained.Predictor, directory: str) -> None:
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


def main(_):
    """Exports with the flags of the command line."""
    log_dir = FLAGS.log_dir or trained.newest_run()
    source = export(log_dir, FLAGS.export_dir)
    print(f'Exported {source} to {errors.show_path(FLAGS.export_dir)}')


if __name__ == '__main__':
    cli.run(main, FLAGS)
