"""Exports a trained model as a SavedModel, for TensorFlow Serving and other programs.

The folder is NAME/VERSION/saved_model.pb, as TensorFlow Serving takes it, with
SHA256SUMS beside it, which `predict` and `sha256sum -c` check. The graph is the
lesson's, from images to scores, without dropout; its weights are constants. Three
signatures, for any number of images:

    serving_default  images -> scores, probabilities
    predict_images   images -> scores, classes
    classify_images  serialized tf.Example -> classes, scores

    images         float32 [N, 784] ([N, 28, 28, 1] for convolutional), in [0, 1]
    scores         float32 [N, 10], the lesson's logits or probabilities
    probabilities  float32 [N, 10]
    classes        int64 [N], the digit with the largest score

`classify_images` takes strings [N], each a tf.Example whose feature 'x' holds the 784
pixel values in [0, 1], and returns TensorFlow Serving's classification: the ten digits
as strings [N, 10] and their probabilities [N, 10], the largest first.

The beginner notes export a SavedModel, too; `faithful` makes theirs.
"""

import os

from mnist_tut import errors
from mnist_tut.export import output
from mnist_tut.inference import checksums, trained

import tensorflow.compat.v1 as tf


def export(
    log_dir: str | os.PathLike, export_dir: str | os.PathLike, model_version: int = 1
) -> str:
    """Writes the newest checkpoint of a run as <export_dir>/<model_version>.

    Args:
        log_dir: Folder of a run of any lesson.
        export_dir: Folder of the model, with a folder for each version.
        model_version: Number of the version, which must be a new one.

    Returns:
        What was exported: folder of the run, lesson, number of training steps, data.

    Raises:
        errors.RunError: If there is no such run, or the version exists already or
            cannot be written.

    Source:
        Beginner notes, tutorial 2, "Save the model".
    """
    model = trained.restore(log_dir)
    write_version(model, export_dir, model_version)
    return model.description


def write_version(
    model: trained.TrainedModel, export_dir: str | os.PathLike, model_version: int
) -> None:
    """Writes a trained model as <export_dir>/<model_version>.

    Raises:
        errors.RunError: If the version exists already or cannot be written.
    """
    if not os.fspath(export_dir):
        raise errors.FlagError('--export_dir=: empty; expected the path of a folder')
    _require_versions(os.fspath(export_dir))
    path = os.path.join(os.fspath(export_dir), str(model_version))
    with output.new_folder(path) as folder:
        write(model, folder)
        checksums.write(folder)


def write(model: trained.TrainedModel, folder: str) -> None:
    """Writes saved_model.pb and the empty folders beside it into `folder`."""
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.import_graph_def(model.graph_def, name='')
        images = graph.get_tensor_by_name(model.inputs['images'])
        scores = graph.get_tensor_by_name(model.outputs['scores'])
        probabilities = graph.get_tensor_by_name(model.outputs['probabilities'])
        classes = tf.argmax(scores, 1, name='classes')  # int64 [N]
        examples, top_classes, top_scores = _classifier(model)

        signatures = tf.saved_model.signature_def_utils
        builder = tf.saved_model.builder.SavedModelBuilder(folder)
        builder.add_meta_graph_and_variables(
            sess,
            [tf.saved_model.tag_constants.SERVING],
            {
                'serving_default': signatures.predict_signature_def(
                    {'images': images},
                    {'scores': scores, 'probabilities': probabilities},
                ),
                'predict_images': signatures.predict_signature_def(
                    {'images': images}, {'scores': scores, 'classes': classes}
                ),
                'classify_images': signatures.classification_signature_def(
                    examples, top_classes, top_scores
                ),
            },
            clear_devices=True,
            strip_default_attrs=True,  # older TensorFlow does not know the newer ones
        )
        builder.save()


def _classifier(model: trained.TrainedModel) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Adds the model again, with the same weights, for serialized examples.

    Returns:
        examples: string [N].
        classes: string [N, 10].
        scores: float32 [N, 10].
    """
    graph = tf.get_default_graph()
    weights = {f'model/{name}' for name in model.arrays}
    without_weights = tf.GraphDef(versions=model.graph_def.versions)
    without_weights.node.extend(
        node for node in model.graph_def.node if node.name not in weights
    )
    examples = tf.placeholder(tf.string, [None], name='examples')
    # Not tf.parse_example, whose op TensorFlow 1 does not know.
    [pixels] = tf.raw_ops.ParseExample(
        serialized=examples,
        names=tf.constant([], tf.string),
        sparse_keys=[],
        dense_keys=['x'],
        dense_defaults=[tf.constant([], tf.float32)],
        sparse_types=[],
        dense_shapes=[[784]],
    ).dense_values
    [probabilities] = tf.import_graph_def(
        without_weights,
        {
            model.inputs['images']: tf.reshape(pixels, [-1, *model.image_shape]),
            **{f'{name}:0': graph.get_tensor_by_name(f'{name}:0') for name in weights},
        },
        [model.outputs['probabilities']],
        name='classify',
    )
    scores, digits = tf.nn.top_k(probabilities, 10)
    labels = tf.constant([str(digit) for digit in range(10)])
    return examples, tf.gather(labels, digits), scores


def _require_versions(export_dir: str) -> None:
    """Raises RunError if the folder holds anything but versions of a model."""
    if not os.path.isdir(export_dir):
        return  # missing, or an error of its own
    others = [name for name in os.listdir(export_dir) if not name.isdecimal()]
    if others:
        raise errors.RunError(
            f'--export_dir={errors.printable(export_dir)}: exists already and holds '
            f'{errors.printable(min(others))}, which is no version of a model; choose '
            'another name'
        )
