"""Trims a run's event files to the steps that a resumed run does not write again.

An event file is a sequence of records: a length, the length's CRC, the content, the
content's CRC. TensorFlow's reader stops at the first damaged one, and TensorBoard shows
nothing of what comes after it. When a run is resumed, damaged records are left out, and
all others are kept.
"""

import os
import struct
from collections.abc import Iterator

from mnist_tut import errors, files
from mnist_tut.training.own_files import own_files

import tensorflow.compat.v1 as tf
from google.protobuf.message import DecodeError
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

_HEADER_BYTES = 12  # 8 of the length, 4 of its CRC


def trim(folder: str, num_steps: int) -> None:
    """Removes the events of later steps from the run's event files.

    Args:
        folder: Folder of the run.
        num_steps: Number of training steps that were done at the checkpoint.

    Raises:
        errors.RunError: If a file cannot be written; it is intact then.
    """
    for path in own_files(folder):
        if 'events.out.tfevents.' in os.path.basename(path):
            records, is_damaged = read(path)
            kept = [record for record in records if not _is_late(record, num_steps)]
            # A file in which nothing can be read is no event file, whatever its name.
            if records and (is_damaged or len(kept) < len(records)):
                _write(path, kept)


def read(path: str) -> tuple[list[bytes], bool]:
    """Returns the readable records of an event file, and whether it is damaged."""
    try:
        return list(tf.io.tf_record_iterator(path)), False
    except tf.errors.DataLossError:
        with files.open_regular(path, errors.RunError, 'an event file') as stream:
            return list(_readable_records(stream.read())), True


def _readable_records(content: bytes) -> Iterator[bytes]:
    begin = 0
    while (begin := _find_header(content, begin)) >= 0:
        [length] = struct.unpack_from('<Q', content, begin)
        record = content[begin + _HEADER_BYTES :][:length]
        end = begin + _HEADER_BYTES + length
        if end + 4 > len(content):
            begin += 1  # the last record, which was not written to its end
            continue
        if struct.unpack_from('<I', content, end) == (masked_crc32c(record),):
            yield record
        begin = end + 4


def _find_header(content: bytes, begin: int) -> int:
    """Returns where the next undamaged header is, from `begin` on, or -1."""
    # The upper half of a length is zero, so most offsets need not be looked at.
    while (zeros := content.find(bytes(4), begin + 4)) >= 0:
        begin = zeros - 4
        header = content[begin : begin + _HEADER_BYTES]
        if len(header) < _HEADER_BYTES:
            break
        if struct.unpack('<I', header[8:]) == (masked_crc32c(header[:8]),):
            return begin
        begin += 1
    return -1


def _is_late(record: bytes, num_steps: int) -> bool:
    try:
        event = tf.Event.FromString(record)
    except DecodeError:
        return False
    return event.step >= num_steps and event.WhichOneof('what') in (
        'summary',
        'tagged_run_metadata',
    )


def _write(path: str, records: list[bytes]) -> None:
    with (
        files.atomic_write(path, errors.RunError) as stream,
        tf.io.TFRecordWriter(stream.name) as writer,
    ):
        for record in records:
            writer.write(record)
