"""Every bad IDX file has its message; every good one is read exactly."""

import contextlib
import errno
import gzip
import io
import os
import re
import stat
import struct
import sys
import tracemalloc
import zlib

from mnist_tut import files
from mnist_tut.data import idx
from mnist_tut.errors import DataError
from tests.support import corpus

import numpy as np
import pytest

IMAGES, LABELS = corpus.digits(20)

# What the rows say of images they say of labels too.
KINDS = {
    'images': (idx.read_images, idx.write_images, IMAGES),
    'labels': (idx.read_labels, idx.write_labels, LABELS),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def refusal(read, path):
    """Returns the line of the DataError that reading `path` raises."""
    with pytest.raises(DataError) as caught:
        read(path)
    line = str(caught.value)
    assert '\n' not in line
    assert files.display_name(path) in line
    return line


# Good files.


def test_round_trip(kind, tmp_path):
    read, write, array = kind
    write(tmp_path / 'x.gz', array)
    back = read(tmp_path / 'x.gz')
    np.testing.assert_array_equal(back, array)
    assert back.dtype == np.uint8
    assert back.flags.writeable
    assert os.listdir(tmp_path) == ['x.gz']


def test_same_digits_are_the_same_bytes(kind, tmp_path):
    _, write, array = kind
    write(tmp_path / 'x.gz', array)
    write(tmp_path / 'y.gz', np.asfortranarray(array))
    assert (tmp_path / 'x.gz').read_bytes() == (tmp_path / 'y.gz').read_bytes()


def test_uncompressed_under_any_name(kind, tmp_path):
    read, _, array = kind
    (tmp_path / 'x.gz').write_bytes(corpus.plain(array))
    np.testing.assert_array_equal(read(tmp_path / 'x.gz'), array)


def test_open_files(kind, tmp_path):
    read, _, array = kind
    data = corpus.packed(corpus.plain(array))
    np.testing.assert_array_equal(read(io.BytesIO(data)), array)
    (tmp_path / 'x.gz').write_bytes(data)
    with open(tmp_path / 'x.gz', 'rb') as f:
        np.testing.assert_array_equal(read(f), array)


def test_more_than_a_header_is_trusted_with(kind, tmp_path, monkeypatch):
    """Large files are read twice; what comes out is the same."""
    read, _, array = kind
    monkeypatch.setattr(idx, 'MAX_UNCHECKED_BYTES', 10)
    for data in (corpus.plain(array), corpus.packed(corpus.plain(array))):
        (tmp_path / 'x.gz').write_bytes(data)
        np.testing.assert_array_equal(read(tmp_path / 'x.gz'), array)
        # Not from the beginning of the file, either.
        stream = io.BytesIO(b'before' + data)
        stream.seek(6)
        np.testing.assert_array_equal(read(stream), array)


def test_padding_of_zeros(kind, tmp_path):
    read, _, array = kind
    data = corpus.packed(corpus.plain(array))
    for num_zeros in (1, 512, 1_000_000):
        (tmp_path / 'x.gz').write_bytes(data + bytes(num_zeros))
        np.testing.assert_array_equal(read(tmp_path / 'x.gz'), array)


def test_symbolic_link(kind, tmp_path):
    read, write, array = kind
    write(tmp_path / 'good.gz', array)
    try:
        (tmp_path / 'link.gz').symlink_to(tmp_path / 'good.gz')
    except OSError:
        pytest.skip('no symbolic links here')
    np.testing.assert_array_equal(read(tmp_path / 'link.gz'), array)
    assert (tmp_path / 'link.gz').is_symlink()


@pytest.mark.parametrize(
    'name',
    ['with space', 'tab\tand\nnewline', 'Zürich 数字', os.fsdecode(b'raw-\xff')],
    ids=['space', 'newline', 'letters', 'undecodable'],
)
def test_names_of_folders(kind, tmp_path, name):
    read, write, array = kind
    folder = tmp_path / name
    try:
        folder.mkdir()
    except OSError:
        pytest.skip('this file system has no such names')
    write(folder / 'x.gz', array)
    np.testing.assert_array_equal(read(folder / 'x.gz'), array)
    np.testing.assert_array_equal(read(os.fsencode(folder / 'x.gz')), array)
    line = refusal(read, folder / 'y.gz')
    line.encode('utf-8')  # nothing undecodable is left in it


@pytest.mark.mnist
def test_real_files(mnist_dir):
    images = idx.read_images(mnist_dir / corpus.TRAIN_IMAGES)
    assert images.shape == (60000, 28, 28)
    assert images.sum(dtype=np.int64) == 1567298545
    labels = idx.read_labels(mnist_dir / corpus.TRAIN_LABELS)
    assert labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(idx.read_labels(mnist_dir / corpus.TEST_LABELS)).sum() == 10000
    assert idx.read_images(mnist_dir / corpus.TEST_IMAGES).shape == (10000, 28, 28)


# Bad files, in the order of the table of bad inputs.


def test_truncated(kind, tmp_path):
    read, _, array = kind
    data = corpus.packed(corpus.plain(array))
    size = len(data)
    places = {1, 2, 3, 9, 10, 11, 18, size // 2, size - 8, size - 1}
    for place in places | set(range(1, size, 1 + size // 100)):
        (tmp_path / 'x.gz').write_bytes(data[:place])
        line = refusal(read, tmp_path / 'x.gz')
        assert f'truncated gzip at byte {place}' in line


def test_truncated_uncompressed(kind, tmp_path):
    read, _, array = kind
    data = corpus.plain(array)
    for place in {1, 3, 7, 8, 15, 16, 17, len(data) // 2, len(data) - 1}:
        (tmp_path / 'x.gz').write_bytes(data[:place])
        if place < len(data):
            refusal(read, tmp_path / 'x.gz')


def test_one_byte_flipped(kind, tmp_path):
    """200 places. Ten bytes of header hold a time and such, which gzip never checks."""
    read, _, array = kind
    data = corpus.packed(corpus.plain(array))
    random = np.random.RandomState(7)
    for place in random.randint(0, len(data), 200):
        flipped = bytearray(data)
        flipped[place] ^= 0xFF
        (tmp_path / 'x.gz').write_bytes(flipped)
        if 4 <= place < 10:
            np.testing.assert_array_equal(read(tmp_path / 'x.gz'), array)
        else:
            refusal(read, tmp_path / 'x.gz')


@pytest.mark.parametrize('magic', [0, 0x0D03, 2049, 2050, 2051, 2052, 2**32 - 1])
def test_wrong_magic(kind, tmp_path, magic):
    read, _, array = kind
    right = corpus.IMAGE_MAGIC if array is IMAGES else corpus.LABEL_MAGIC
    if magic == right:
        pytest.skip('this is the right one')
    content = struct.pack('>I', magic) + corpus.plain(array)[4:]
    (tmp_path / 'x.gz').write_bytes(corpus.packed(content))
    line = refusal(read, tmp_path / 'x.gz')
    word = 'image' if array is IMAGES else 'label'
    begin = f'Invalid magic number {magic} in MNIST {word} file: {tmp_path / "x.gz"}'
    assert line.startswith(begin)
    assert line.endswith(str(right))


def test_short_header(kind, tmp_path):
    read, _, array = kind
    content = corpus.plain(array)
    for size in range(16 if array is IMAGES else 8):
        (tmp_path / 'x.gz').write_bytes(corpus.packed(content[:size]))
        assert f'holds {size} bytes' in refusal(read, tmp_path / 'x.gz')


def with_count(array, count):
    data = bytearray(corpus.plain(array))
    data[4:8] = struct.pack('>I', count)
    return bytes(data)


@pytest.mark.parametrize('pack', [corpus.packed, bytes], ids=['gz', 'plain'])
def test_count_too_large(kind, tmp_path, pack):
    read, _, array = kind
    (tmp_path / 'x.gz').write_bytes(pack(with_count(array, 21)))
    line = refusal(read, tmp_path / 'x.gz')
    assert 'header says 21' in line
    assert 'data holds 20' in line


@pytest.mark.parametrize('pack', [corpus.packed, bytes], ids=['gz', 'plain'])
def test_left_over(kind, tmp_path, pack):
    read, _, array = kind
    (tmp_path / 'x.gz').write_bytes(pack(with_count(array, 19)))
    left = array[0].size
    assert f'{left} bytes left over' in refusal(read, tmp_path / 'x.gz')
    (tmp_path / 'x.gz').write_bytes(pack(corpus.plain(array) + b'12345'))
    assert '5 bytes left over' in refusal(read, tmp_path / 'x.gz')


def test_after_the_member(kind, tmp_path):
    read, _, array = kind
    data = corpus.packed(corpus.plain(array))
    for more, what in (
        (data, 'left over'),
        (corpus.packed(b'x'), '1 bytes left over'),
        (data[: len(data) // 2], 'truncated'),
        (b'garbage', 'more bytes after its end'),
        (bytes(1000) + b'x', 'more bytes after its end'),
        (bytes(1000) + b'a long piece of garbage', 'not|Not'),
    ):
        (tmp_path / 'x.gz').write_bytes(data + more)
        assert re.search(what, refusal(read, tmp_path / 'x.gz')), more


def gzip_with_name(data, name):
    """Returns a gzip file whose header has a name and a checksum of its own."""
    head = b'\x1f\x8b\x08\x0a' + bytes(6) + name + b'\0'
    checksum = zlib.crc32(head) & 0xFFFF
    return head + checksum.to_bytes(2, 'little') + gzip.compress(data)[10:]


@pytest.mark.parametrize('size', [0, 5, 100_000])
def test_a_header_may_have_a_checksum(size, kind, tmp_path):
    read, _, array = kind
    data = gzip_with_name(corpus.plain(array), b'n' * size)
    (tmp_path / 'x.gz').write_bytes(data)
    np.testing.assert_array_equal(read(tmp_path / 'x.gz'), array)


def test_an_endless_header_is_refused(kind, tmp_path):
    read, _, array = kind
    data = gzip_with_name(corpus.plain(array), b'n' * 2_000_000)
    (tmp_path / 'x.gz').write_bytes(data)
    with contextlib.suppress(DataError):  # gzip of the standard library reads it
        np.testing.assert_array_equal(read(tmp_path / 'x.gz'), array)


def test_data_in_two_members_is_one_stream(kind, tmp_path):
    """As gzip defines it; what is more or less than the header says is refused."""
    read, _, array = kind
    data = corpus.plain(array)
    middle = len(data) // 2
    halves = [corpus.packed(data[:middle]), corpus.packed(data[middle:])]
    for members in (halves, [*halves, corpus.packed(b'')]):
        (tmp_path / 'x.gz').write_bytes(b''.join(members))
        np.testing.assert_array_equal(read(tmp_path / 'x.gz'), array)
    (tmp_path / 'x.gz').write_bytes(halves[0])
    assert 'data holds' in refusal(read, tmp_path / 'x.gz')
    (tmp_path / 'x.gz').write_bytes(b''.join([*halves, halves[1]]))
    assert 'left over' in refusal(read, tmp_path / 'x.gz')


@pytest.mark.parametrize(
    'sizes',
    [
        (2**32 - 1, 65535, 65535),
        (2**32 - 1, 28, 28),
        (10**6 + 1, 28, 28),
        (0, 28, 28),
        (20, 27, 29),
        (20, 0, 28),
        (20, 28, 2**32 - 1),
        (10**6, 28, 28),
    ],
    ids=str,
)
@pytest.mark.parametrize('pack', [corpus.packed, bytes], ids=['gz', 'plain'])
def test_sizes_that_cannot_be(tmp_path, sizes, pack):
    for read, content in (
        (idx.read_images, corpus.header(corpus.IMAGE_MAGIC, *sizes) + bytes(784)),
        (idx.read_labels, corpus.header(corpus.LABEL_MAGIC, sizes[0]) + bytes(784)),
    ):
        (tmp_path / 'x.gz').write_bytes(pack(content))
        tracemalloc.start()
        try:
            line = refusal(read, tmp_path / 'x.gz')
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        if read is idx.read_images or sizes[0] != 20:
            assert f'header says {sizes[0]}' in line
        assert peak < 4e6


@pytest.mark.skipif(sys.platform == 'win32', reason='no way to ask for the peak')
def test_bombs(tmp_path):
    """8 GB of zeros in 8 MB, under headers that promise little, much and too much."""
    cases = [('read_images', corpus.IMAGE_MAGIC, (28, 28))]
    cases += [('read_labels', corpus.LABEL_MAGIC, ())]
    for number, (_, magic, shape) in enumerate(cases):
        for count in (60000, 10**6, 10**7):
            start = corpus.header(magic, count, *shape)
            (tmp_path / f'{number}-{count}.gz').write_bytes(corpus.bomb(start, 8 << 30))
    (tmp_path / 'zeros.gz').write_bytes(corpus.bomb(b'', 8 << 30))
    output = corpus.run_python(
        'import os\n'
        'from mnist_tut.data import idx\n'
        'folder = sys.argv[1]\n'
        'for name in sorted(os.listdir(folder)):\n'
        '    read = idx.read_labels if name.startswith("1") else idx.read_images\n'
        '    try:\n'
        '        read(os.path.join(folder, name))\n'
        '    except idx.DataError as error:\n'
        '        print(error)\n'
        'print(peak_bytes())\n',
        tmp_path,
    )
    *lines, peak = output.splitlines()
    assert len(lines) == 7
    assert sum('1048576 or more bytes left over' in line for line in lines) == 4
    assert sum('header says 10000000' in line for line in lines) == 2
    assert sum('Invalid magic number 0' in line for line in lines) == 1
    assert int(peak) < 300e6


@pytest.mark.parametrize('label', [10, 11, 200, 255])
@pytest.mark.parametrize('place', [0, 7, 19])
def test_label_out_of_range(tmp_path, label, place):
    labels = LABELS.copy()
    labels[place] = label
    (tmp_path / 'x.gz').write_bytes(corpus.packed(corpus.plain(labels)))
    line = refusal(idx.read_labels, tmp_path / 'x.gz')
    assert f'label {label} at index {place}' in line


def test_not_gzip(kind, tmp_path):
    read, *_ = kind
    for content, said in (
        (b'<html><body>404', "not a gzip file, starts with b'<htm': a saved web page?"),
        (b'\n<!DOCTYPE html>', ': a saved web page?'),
        (b'PK\x03\x04zip', "not a gzip file, starts with b'PK\\x03\\x04'; "),
        (b'', 'empty'),
    ):
        (tmp_path / 'x.gz').write_bytes(content)
        assert said in refusal(read, tmp_path / 'x.gz')


def test_not_a_file(kind, tmp_path):
    read, *_ = kind
    (tmp_path / 'folder.gz').mkdir()
    assert 'is a folder' in refusal(read, tmp_path / 'folder.gz')
    assert 'is missing' in refusal(read, tmp_path / 'missing.gz')
    assert 'cannot be opened' in refusal(read, tmp_path / 'zero\0byte')
    assert 'cannot be opened' in refusal(read, tmp_path / ('a' * 5000))


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no named pipes here')
def test_pipes_and_devices(kind, tmp_path, monkeypatch):
    read, *_ = kind
    os.mkfifo(tmp_path / 'pipe.gz')
    assert 'is a pipe or a device' in refusal(read, tmp_path / 'pipe.gz')
    assert 'is a pipe or a device' in refusal(read, '/dev/zero')
    # A pipe that took the place of a file just now: still nothing waits.
    monkeypatch.setattr(stat, 'S_ISREG', lambda mode: True)
    refusal(read, tmp_path / 'pipe.gz')


def test_dangling_link(kind, tmp_path):
    read, *_ = kind
    try:
        (tmp_path / 'x.gz').symlink_to(tmp_path / 'nothing')
    except OSError:
        pytest.skip('no symbolic links here')
    assert 'dangling symbolic link' in refusal(read, tmp_path / 'x.gz')


@pytest.mark.skipif(
    not hasattr(os, 'geteuid') or os.geteuid() == 0, reason='root may read everything'
)
def test_unreadable(kind, tmp_path):
    read, write, array = kind
    write(tmp_path / 'x.gz', array)
    (tmp_path / 'x.gz').chmod(0)
    assert 'Permission denied' in refusal(read, tmp_path / 'x.gz')


def test_read_error_in_the_middle(kind):
    """For example of a network disk."""
    read, _, array = kind

    class Failing(io.BytesIO):
        name = 'failing.gz'

        def fail(self, *args):
            raise OSError(errno.EIO, 'Input/output error')

        def seek(self, *args):  # the first bytes have been looked at
            self.read = self.readinto = self.fail
            return super().seek(*args)

    with pytest.raises(DataError, match=r'failing\.gz cannot be read: Input/output'):
        read(Failing(corpus.packed(corpus.plain(array))))


# Writing.


@pytest.mark.parametrize(
    'bad',
    [
        IMAGES.astype(np.float32),
        IMAGES.reshape(20, 784),
        IMAGES[:0],
        IMAGES[:, 1:],
        IMAGES[..., np.newaxis],
    ],
    ids=lambda array: f'{array.dtype}{list(array.shape)}',
)
def test_images_that_are_not_written(tmp_path, bad):
    with pytest.raises(DataError, match='cannot be written: the images are'):
        idx.write_images(tmp_path / 'x.gz', bad)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    'bad',
    [LABELS.astype(np.int64), LABELS + 1, LABELS[:0], LABELS[:, np.newaxis]],
    ids=['int64', 'ten', 'none', 'column'],
)
def test_labels_that_are_not_written(tmp_path, bad):
    with pytest.raises(DataError):
        idx.write_labels(tmp_path / 'x.gz', bad)
    assert not os.listdir(tmp_path)


def test_disk_full(kind, tmp_path, full_disk):
    """What was there stays, and nothing is left beside it."""
    _, write, array = kind
    (tmp_path / 'x.gz').write_bytes(b'old')
    with pytest.raises(DataError, match=r'x\.gz cannot be written: No space left'):
        write(tmp_path / 'x.gz', array)
    assert (tmp_path / 'x.gz').read_bytes() == b'old'
    assert os.listdir(tmp_path) == ['x.gz']


def test_folder_that_cannot_be(kind, tmp_path):
    _, write, array = kind
    (tmp_path / 'file').write_bytes(b'')
    with pytest.raises(DataError, match='cannot be written'):
        write(tmp_path / 'file' / 'x.gz', array)
