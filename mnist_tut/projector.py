"""TensorBoard's embedding projector: a layer's view of the digits, as a point cloud.

Each digit becomes a point, its activations in a layer the coordinates, its picture the
mark. TensorFlow 1's way needs a variable in the graph to hold the points, and so a
checkpoint with something in it that is no part of the model. Here they are a file of
their own: nothing is added to a lesson's graph.
"""

import io
import os

from mnist_tut import run_folder, runtime  # noqa: F401  (TensorFlow, quietly)

import numpy as np
import tensorflow.compat.v1 as tf
from google.protobuf import text_format
from PIL import Image
from tensorboard.plugins.projector import ProjectorConfig

_SIDE = 28  # pixels of a digit, in both directions


def activations(
    sess: tf.Session,
    layer: tf.Tensor,
    images_placeholder: tf.Tensor,
    images: np.ndarray,
) -> np.ndarray:
    """Returns what a layer makes of images, however many its placeholder takes.

    Args:
        sess: Session in which the model has been trained.
        layer: [batch_size, D] output of the layer.
        images_placeholder: [batch_size, 784], with the batch size in its shape.
        images: [N, 784], N at least 1, as the placeholder takes them.

    Returns:
        float32 [N, D].
    """
    [batch_size, _] = images_placeholder.shape.as_list()
    batches = []
    for begin in range(0, len(images), batch_size):
        batch = images[begin : begin + batch_size]
        # The last batch is filled up with its own images, over and over.
        full = np.resize(batch, (batch_size, *batch.shape[1:]))
        values = sess.run(layer, feed_dict={images_placeholder: full})
        batches.append(values[: len(batch)])
    return np.concatenate(batches)


def write(
    log_dir: str | os.PathLike,
    name: str,
    vectors: np.ndarray,
    images: np.ndarray,
    labels: np.ndarray,
) -> None:
    """Writes the files that TensorBoard's projector reads.

    A thousand points can be turned with the mouse; ten thousand cannot.

    Args:
        log_dir: Folder of the event file; the projector shows it as that run.
        name: Name of the point cloud.
        vectors: [N, D], the coordinates of each digit.
        images: [N, 784], ink in [0, 1].
        labels: [N], the digits.

    Raises:
        errors.RunError: If a file cannot be written.
    """

    def save(file_name: str, content: bytes) -> str:
        run_folder.write_bytes(os.path.join(log_dir, file_name), content)
        return file_name

    config = ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name = name
    embedding.tensor_path = save('projector-vectors.tsv', _table(vectors, '%.6g'))
    embedding.metadata_path = save('projector-labels.tsv', _table(labels, '%d'))
    embedding.sprite.image_path = save('projector-sprite.png', _sprite(images))
    embedding.sprite.single_image_dim.extend([_SIDE, _SIDE])
    # Last, so that what it names is there.
    content = text_format.MessageToString(config).encode()
    save('projector_config.pbtxt', content)


def _table(rows: np.ndarray, number: str) -> bytes:
    """Returns tab-separated text. TensorBoard reads float32 too, but guesses which."""
    table = io.BytesIO()
    np.savetxt(table, rows, fmt=number, delimiter='\t')
    return table.getvalue()


def _sprite(images: np.ndarray) -> bytes:
    """Returns a PNG of all digits in reading order, on a square as near as may be.

    Ink is black: TensorBoard multiplies the picture by the color of the label.
    """
    per_row = int(np.ceil(np.sqrt(len(images))))
    rows = -(-len(images) // per_row)
    tiles = np.zeros((rows * per_row, _SIDE, _SIDE), np.float32)
    tiles[: len(images)] = images.reshape(-1, _SIDE, _SIDE)
    lines = tiles.reshape(rows, per_row, _SIDE, _SIDE).swapaxes(1, 2)
    sheet = lines.reshape(rows * _SIDE, per_row * _SIDE)
    gray = np.rint(255 * (1 - sheet)).astype(np.uint8)
    png = io.BytesIO()
    Image.fromarray(gray).save(png, 'PNG', optimize=True)
    return png.getvalue()
