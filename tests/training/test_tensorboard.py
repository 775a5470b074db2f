"""The projector's files."""

import tracemalloc

from mnist_tut import errors
from mnist_tut.training import tensorboard
from mnist_tut.training.own_files import LIST_FILE, OwnFiles

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from google.protobuf import text_format
from PIL import Image
from tensorboard.plugins.projector import ProjectorConfig

# The projector's files.


@pytest.fixture
def digits():
    """Returns a function that makes images and labels of n digits."""

    def make(n):
        rng = np.random.default_rng(n)
        return rng.random((n, 784), np.float32), rng.integers(10, size=n)

    return make


def write(folder, images, labels, batch_size=None):
    """Writes a layer that doubles the first three pixels; returns the vectors."""
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        x = tf.placeholder(tf.float32, [batch_size, 784])
        with tf.name_scope('layer'):
            tf.multiply(x[:, :3], 2.0, name='out')
        graph.finalize()  # nothing may be added
        tensorboard.write_projector(folder, sess, 'layer/out:0', x, images, labels)
    return 2 * images[:, :3]


def tile(sheet, number):
    """Returns the picture that TensorBoard cuts out for a point."""
    per_row = sheet.shape[1] // 28
    row, column = divmod(number, per_row)
    return sheet[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]


@pytest.mark.parametrize('batch_size', [None, 4])
@pytest.mark.parametrize('n', [1, 2, 7, 16, 17])
def test_each_point_has_its_vector_label_and_picture(tmp_path, digits, n, batch_size):
    images, labels = digits(n)
    vectors = write(tmp_path, images, labels, batch_size)
    config = ProjectorConfig()
    text_format.Parse((tmp_path / 'projector_config.pbtxt').read_text(), config)
    [embedding] = config.embeddings
    assert embedding.tensor_name == 'layer'
    assert list(embedding.sprite.single_image_dim) == [28, 28]
    table = np.loadtxt(tmp_path / embedding.tensor_path, delimiter='\t', ndmin=2)
    np.testing.assert_allclose(table, vectors, rtol=1e-5)
    lines = (tmp_path / embedding.metadata_path).read_text().splitlines()
    assert lines == [str(label) for label in labels]
    with Image.open(tmp_path / embedding.sprite.image_path) as picture:
        sheet = np.asarray(picture)
    for number in range(n):
        pixels = 1 - tile(sheet, number) / 255
        np.testing.assert_allclose(
            pixels.ravel(), images[number], atol=0.5 / 255 + 1e-6
        )


def test_files_are_the_runs_own_and_nothing_else_is(tmp_path, digits):
    OwnFiles(str(tmp_path)).set_started(True)
    for folder in (tmp_path, tmp_path / 'train', tmp_path / 'test'):
        folder.mkdir(exist_ok=True)
        write(folder, *digits(3))
        (folder / 'projector-notes.tsv').write_text('mine')
        (folder / 'my_projector_config.pbtxt').write_text('mine')
    OwnFiles(str(tmp_path)).remove_all()
    left = {path.name for path in tmp_path.rglob('*') if path.is_file()}
    assert left == {'projector-notes.tsv', 'my_projector_config.pbtxt', LIST_FILE}


def test_failure_keeps_what_was_there(tmp_path, digits, request):
    write(tmp_path, *digits(3))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    request.getfixturevalue('full_disk')
    with pytest.raises(errors.RunError, match=r'vectors\.tsv cannot .*No space left'):
        write(tmp_path, *digits(4))
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_one_hot_labels_are_digits(tmp_path, digits):
    images, labels = digits(6)
    write(tmp_path, images, np.eye(10)[labels])
    lines = (tmp_path / 'projector-labels.tsv').read_text().splitlines()
    assert lines == [str(label) for label in labels]


def test_a_thousand_points_at_most(tmp_path, digits):
    write(tmp_path, *digits(1001))
    lines = (tmp_path / 'projector-labels.tsv').read_text().splitlines()
    assert len(lines) == tensorboard.MAX_POINTS == 1000


def test_the_picture_of_the_digits_takes_less_memory_than_they_do():
    images = np.random.default_rng(1).random((1000, 784), np.float32)
    tensorboard._sprite(images[:1])  # Pillow imports what writes a PNG
    tracemalloc.start()
    try:
        tensorboard._sprite(images)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < images.nbytes
