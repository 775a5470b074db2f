from mnist_tut import errors, projector, run_folder

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from google.protobuf import text_format
from PIL import Image
from tensorboard.plugins.projector import ProjectorConfig


@pytest.fixture
def cloud():
    """Returns a function that makes vectors, images and labels of n digits."""

    def make(n, width=5):
        rng = np.random.default_rng(n)
        vectors = rng.normal(size=(n, width)).astype(np.float32)
        images = rng.random((n, 784), np.float32)
        return vectors, images, rng.integers(10, size=n)

    return make


def tile(sheet, number):
    """Returns the picture that TensorBoard cuts out for a point."""
    per_row = sheet.shape[1] // 28
    row, column = divmod(number, per_row)
    return sheet[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]


@pytest.mark.parametrize('n', [1, 2, 7, 16, 17])
def test_write_gives_each_point_its_vector_label_and_picture(tmp_path, cloud, n):
    vectors, images, labels = cloud(n)
    projector.write(tmp_path, 'layer', vectors, images, labels)
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
        ink = 1 - tile(sheet, number) / 255
        np.testing.assert_allclose(ink.ravel(), images[number], atol=0.5 / 255 + 1e-6)


def test_files_are_the_runs_own_and_nothing_else_is(tmp_path, cloud):
    for folder in (tmp_path, tmp_path / 'train', tmp_path / 'test'):
        folder.mkdir(exist_ok=True)
        projector.write(folder, 'layer', *cloud(3))
        (folder / 'projector-notes.tsv').write_text('mine')
        (folder / 'my_projector_config.pbtxt').write_text('mine')
    run_folder.remove_run(str(tmp_path))
    left = {path.name for path in tmp_path.rglob('*') if path.is_file()}
    assert left == {'projector-notes.tsv', 'my_projector_config.pbtxt'}


def test_failure_keeps_what_was_there(tmp_path, cloud, monkeypatch):
    projector.write(tmp_path, 'layer', *cloud(3))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(descriptor):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('os.fsync', full)
    with pytest.raises(errors.RunError, match=r'vectors.tsv: .*No space left'):
        projector.write(tmp_path, 'layer', *cloud(4))
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


@pytest.mark.parametrize('n', [1, 4, 10])
def test_activations_for_any_number_of_images(n):
    images = np.random.default_rng(0).random((n, 784), np.float32)
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        placeholder = tf.placeholder(tf.float32, [4, 784])
        layer = placeholder[:, :3] * 2
        graph.finalize()  # nothing may be added
        vectors = projector.activations(sess, layer, placeholder, images)
    np.testing.assert_array_equal(vectors, images[:, :3] * 2)
