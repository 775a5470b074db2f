"""Writes TensorBoard's files for the embedding projector.

The embedding projector shows a layer's activations as a cloud of points: a point for
each digit, marked with its picture. TensorFlow 1 stores the points in a variable of the
graph, and so in every checkpoint. Here they are a file of their own, and a lesson's
graph stays as it is.
"""

import io
import os

from mnist_tut import errors, files
from mnist_tut.training import own_files

import numpy as np
import tensorflow.compat.v1 as tf
from google.protobuf import text_format
from PIL import Image
from tensorboard.plugins.projector import ProjectorConfig

MAX_POINTS = 1000  # that still rotate smoothly in a browser
_SIDE = 28  # width and height of a digit


def write_projector(
    log_dir: str | os.PathLike,
    sess: tf.Session,
    layer: str,
    images_placeholder: tf.Tensor,
    images: np.ndarray,
    labels: np.ndarray,
) -> None:
    """Writes the files of the embedding projector.

    Args:
        log_dir: Folder of the event file, which is the run that shows the points.
        sess: Session in which the model has been trained.
        layer: Name of a tensor [B, D] whose values are the coordinates; the points get
            the name of its first scope.
        images_placeholder: [B, 784]; B may be None or a number.
        images: [N, 784], pixel values in [0, 1]; the first MAX_POINTS are shown.
        labels: [N] digits, or [N, 10] one-hot.

    Raises:
        errors.RunError: If a file cannot be written.
    """
    images, labels = images[:MAX_POINTS], labels[:MAX_POINTS]
    digits = labels.argmax(axis=1) if labels.ndim == 2 else labels
    vectors = _activations(sess, layer, images_placeholder, images)

    def save(name: str, content: bytes) -> str:
        path = os.path.join(log_dir, name)
        own_files.add_file(path)
        files.write_bytes(path, content, errors.RunError)
        return name

    config = ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name = layer.split('/')[0]
    embedding.tensor_path = save('projector-vectors.tsv', _table(vectors, '%.6g'))
    embedding.metadata_path = save('projector-labels.tsv', _table(digits, '%d'))
    embedding.sprite.image_path = save('projector-sprite.png', _sprite(images))
    embedding.sprite.single_image_dim.extend([_SIDE, _SIDE])
    # Last, when the files that it names exist.
    save('projector_config.pbtxt', text_format.MessageToString(config).encode())


def _activations(
    sess: tf.Session, layer: str, images_placeholder: tf.Tensor, images: np.ndarray
) -> np.ndarray:
    """Returns the values of a layer, float32 [N, D], for any number of images."""
    [batch_size, _] = images_placeholder.shape.as_list()
    batch_size = batch_size or len(images)
    batches = []
    for begin in range(0, len(images), batch_size):
        batch = images[begin : begin + batch_size]
        # The last batch is filled up with copies of its own images.
        full = np.resize(batch, (batch_size, *batch.shape[1:]))
        values = sess.run(layer, feed_dict={images_placeholder: full})
        batches.append(values[: len(batch)])
    return np.concatenate(batches)


def _table(rows: np.ndarray, number: str) -> bytes:
    """Returns tab-separated text; TensorBoard would guess the type of binary data."""
    table = io.BytesIO()
    np.savetxt(table, rows, fmt=number, delimiter='\t')
    return table.getvalue()


def _sprite(images: np.ndarray) -> bytes:
    """Returns a PNG of all digits in reading order, nearly a square.

    Black on white: TensorBoard multiplies the picture by the color of the label.
    """
    per_row = int(np.ceil(np.sqrt(len(images))))
    rows = -(-len(images) // per_row)
    tiles = np.full((rows * per_row, _SIDE, _SIDE), 255, np.uint8)
    for tile, image in zip(tiles, images, strict=False):  # as bytes one by one: smaller
        tile[:] = np.rint(255 * (1 - image.reshape(_SIDE, _SIDE)))
    lines = tiles.reshape(rows, per_row, _SIDE, _SIDE).swapaxes(1, 2)
    sheet = lines.reshape(rows * _SIDE, per_row * _SIDE)
    png = io.BytesIO()
    Image.fromarray(sheet).save(png, 'PNG', optimize=True)
    return png.getvalue()
