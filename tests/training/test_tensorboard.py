"""The projector's files, and event files that a resumed run trims."""

import os

from mnist_tut import errors
from mnist_tut.training import run_folder, tensorboard
from tests.support import events

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
    for folder in (tmp_path, tmp_path / 'train', tmp_path / 'test'):
        folder.mkdir(exist_ok=True)
        write(folder, *digits(3))
        (folder / 'projector-notes.tsv').write_text('mine')
        (folder / 'my_projector_config.pbtxt').write_text('mine')
    for path in run_folder.own_files(str(tmp_path)):
        os.remove(path)
    left = {path.name for path in tmp_path.rglob('*') if path.is_file()}
    assert left == {'projector-notes.tsv', 'my_projector_config.pbtxt'}


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


# Event files that a resumed run trims.


def write_events(folder, num_steps):
    """Writes a graph, and a summary and a trace of each step."""
    with tf.Graph().as_default() as graph, tf.summary.FileWriter(folder, graph) as file:
        for step in range(num_steps):
            value = tf.Summary.Value(tag='loss', simple_value=step / 8)
            file.add_summary(tf.Summary(value=[value]), step)
            file.add_run_metadata(tf.RunMetadata(), f'step{step}', step)


def event_file(folder):
    [path] = folder.glob('events.out.tfevents.*')
    return path


def test_later_steps_are_trimmed_and_the_graph_stays(tmp_path):
    write_events(str(tmp_path), 9)
    tensorboard.trim_events(str(tmp_path), 4)
    assert events.steps(tmp_path) == [0, 1, 2, 3]
    assert events.steps(tmp_path, 'tagged_run_metadata') == [0, 1, 2, 3]
    assert events.steps(tmp_path, 'graph_def') == [0]
    assert events.steps(tmp_path, 'file_version') == [0]
    values = [event.summary.value for event in events.read(tmp_path)]
    assert [value[0].simple_value for value in values if value] == [
        0,
        1 / 8,
        2 / 8,
        3 / 8,
    ]


def test_a_run_from_the_start_keeps_the_graph_alone(tmp_path):
    write_events(str(tmp_path), 3)
    tensorboard.trim_events(str(tmp_path), 0)
    kinds = [event.WhichOneof('what') for event in events.read(tmp_path)]
    assert set(kinds) == {'file_version', 'graph_def', 'meta_graph_def'}


def test_a_file_without_later_steps_is_not_written(tmp_path):
    write_events(str(tmp_path), 4)
    before = event_file(tmp_path).stat()
    tensorboard.trim_events(str(tmp_path), 4)
    assert event_file(tmp_path).stat() == before


@pytest.mark.parametrize('num_lost', [1, 5, 20])
def test_a_record_that_was_half_written_is_removed(tmp_path, num_lost):
    write_events(str(tmp_path), 4)
    path = event_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-num_lost])
    with pytest.raises(tf.errors.DataLossError):
        events.read(tmp_path)
    tensorboard.trim_events(str(tmp_path), 4)
    assert events.steps(tmp_path) == [0, 1, 2, 3]
    assert events.steps(tmp_path, 'tagged_run_metadata') == [0, 1, 2]


def test_both_writers_of_a_run_are_trimmed_and_other_files_are_not(tmp_path):
    folders = [tmp_path / 'train', tmp_path / 'test', tmp_path / 'mine']
    for folder in folders:
        write_events(str(folder), 6)
    (tmp_path / 'train' / 'notes.txt').write_text('mine')
    tensorboard.trim_events(str(tmp_path), 2)
    assert [len(events.steps(folder)) for folder in folders] == [2, 2, 6]
    assert (tmp_path / 'train' / 'notes.txt').read_text() == 'mine'


def test_a_full_disk_keeps_the_event_file(tmp_path, full_disk):
    write_events(str(tmp_path), 6)
    path = event_file(tmp_path)
    before = path.read_bytes()
    with pytest.raises(
        errors.RunError, match=r'tfevents.* cannot be written: No space'
    ):
        tensorboard.trim_events(str(tmp_path), 2)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == before
