"""Event files: what a resumed run trims, and what can be read of a damaged one."""

import random

from mnist_tut import errors
from mnist_tut.training import event_files
from mnist_tut.training.own_files import OwnFiles
from tests.support import events

import pytest
import tensorflow.compat.v1 as tf


def write_events(folder, num_steps, own=True, subfolder=''):
    """Writes a graph, and a summary and a trace of each step; returns the path."""
    ending = OwnFiles(str(folder)).add_events(subfolder) if own else None
    folder = folder / subfolder
    with (
        tf.Graph().as_default() as graph,
        tf.summary.FileWriter(str(folder), graph, filename_suffix=ending) as file,
    ):
        for step in range(num_steps):
            value = tf.Summary.Value(tag='loss', simple_value=step / 8)
            file.add_summary(tf.Summary(value=[value]), step)
            file.add_run_metadata(tf.RunMetadata(), f'step{step}', step)
    [path] = folder.glob(f'events.out.tfevents.*{ending or ""}')
    return path


def test_later_steps_are_trimmed_and_the_graph_stays(tmp_path):
    write_events(tmp_path, 9)
    event_files.trim(str(tmp_path), 4)
    assert events.steps(tmp_path) == [0, 1, 2, 3]
    assert events.steps(tmp_path, 'tagged_run_metadata') == [0, 1, 2, 3]
    assert events.steps(tmp_path, 'graph_def') == [0]
    assert events.steps(tmp_path, 'file_version') == [0]
    values = [event.summary.value for event in events.read(tmp_path)]
    kept = [value[0].simple_value for value in values if value]
    assert kept == [0, 1 / 8, 2 / 8, 3 / 8]


def test_a_run_from_the_start_keeps_the_graph_alone(tmp_path):
    write_events(tmp_path, 3)
    event_files.trim(str(tmp_path), 0)
    kinds = [event.WhichOneof('what') for event in events.read(tmp_path)]
    assert set(kinds) == {'file_version', 'graph_def', 'meta_graph_def'}


def test_a_file_without_later_steps_is_not_written(tmp_path):
    path = write_events(tmp_path, 4)
    before = path.stat()
    event_files.trim(str(tmp_path), 4)
    assert path.stat() == before


@pytest.mark.parametrize('num_lost', [1, 5, 20])
def test_a_record_that_was_half_written_is_removed(tmp_path, num_lost):
    path = write_events(tmp_path, 4)
    path.write_bytes(path.read_bytes()[:-num_lost])
    with pytest.raises(tf.errors.DataLossError):
        events.read(tmp_path)
    event_files.trim(str(tmp_path), 4)
    assert events.steps(tmp_path) == [0, 1, 2, 3]
    assert events.steps(tmp_path, 'tagged_run_metadata') == [0, 1, 2]


@pytest.mark.parametrize('seed', range(20))
def test_a_flipped_byte_costs_no_more_than_its_record(tmp_path, seed):
    """Wherever it is: in a length, its CRC, a content or its CRC."""
    path = write_events(tmp_path, 30)
    whole = list(tf.io.tf_record_iterator(str(path)))
    content = bytearray(path.read_bytes())
    content[random.Random(seed).randrange(len(content))] ^= 0x10
    path.write_bytes(bytes(content))
    event_files.trim(str(tmp_path), 30)
    kept = list(tf.io.tf_record_iterator(str(path)))
    assert len(kept) == len(whole) - 1
    assert [record for record in whole if record in kept] == kept


def test_every_writer_of_a_run_is_trimmed_and_other_files_are_not(tmp_path):
    for subfolder in ('', 'train', 'test'):
        write_events(tmp_path, 6, subfolder=subfolder)
    mine = [
        write_events(tmp_path, 6, own=False, subfolder='mine'),
        tmp_path / 'train' / 'events.out.tfevents.1.mine',
        tmp_path / 'train' / 'notes.txt',
    ]
    mine[1].write_bytes(mine[0].read_bytes())
    mine[2].write_text('mine')
    before = [path.read_bytes() for path in mine]
    event_files.trim(str(tmp_path), 2)
    assert [path.read_bytes() for path in mine] == before
    mine[1].unlink()
    for subfolder in ('', 'train', 'test'):
        assert events.steps(tmp_path / subfolder) == [0, 1]


def test_a_file_that_only_has_an_event_files_name_is_never_emptied(tmp_path):
    path = write_events(tmp_path, 3)
    path.write_text('my notes')
    event_files.trim(str(tmp_path), 0)
    assert path.read_text() == 'my notes'


def test_a_link_in_place_of_an_event_file_is_not_followed(tmp_path):
    path = write_events(tmp_path, 3)
    elsewhere = path.rename(tmp_path / 'elsewhere')
    path.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    event_files.trim(str(tmp_path), 0)
    assert elsewhere.read_bytes() == before
    assert path.is_symlink()


def test_a_full_disk_keeps_the_event_file(tmp_path, request):
    path = write_events(tmp_path, 6)
    before = path.read_bytes()
    request.getfixturevalue('full_disk')
    with pytest.raises(
        errors.RunError, match=r'tfevents.* cannot be written: No space'
    ):
        event_files.trim(str(tmp_path), 2)
    assert {file.name for file in tmp_path.iterdir()} == {path.name, 'own_files.json'}
    assert path.read_bytes() == before
