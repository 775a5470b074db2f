"""The tutorials' functions: what they return, print and refuse."""

import inspect
import re

from mnist_tut import input_data
from mnist_tut.data import download, idx, locate
from mnist_tut.errors import DataError, DownloadError, FlagError
from tests.support import corpus, servers, small_sets
from tests.support.small_sets import read

import numpy as np
import pytest

# What is returned.


def test_the_types_are_the_originals(small_dir):
    mnist = read(small_dir)
    assert isinstance(mnist, tuple)
    assert mnist._fields == small_sets.SPLITS
    images, labels = mnist.train.next_batch(5)
    assert (images.dtype, images.shape) == (np.float32, (5, 784))
    assert (labels.dtype, labels.shape) == (np.uint8, (5,))
    images, labels = read(small_dir, one_hot=True, reshape=False).test.next_batch(5)
    assert images.shape == (5, 28, 28, 1)
    assert (labels.dtype, labels.shape) == (np.float64, (5, 10))
    assert [data_set.num_examples for data_set in mnist] == [40, 12, 9]


class TensorFlowDType:
    """What tf.uint8 looks like from here."""

    as_numpy_dtype = np.uint8


@pytest.mark.parametrize('dtype', [np.uint8, 'uint8', TensorFlowDType()])
def test_images_can_be_bytes(small_dir, dtype):
    mnist = read(small_dir, dtype=dtype)
    images, _ = small_sets.training_arrays(small_dir)
    assert mnist.validation.images.dtype == np.uint8
    np.testing.assert_array_equal(
        mnist.validation.images, images[: small_sets.NUM_VALIDATION].reshape(-1, 784)
    )
    assert mnist.train.next_batch(3)[0].dtype == np.uint8


@pytest.mark.parametrize('dtype', [np.float64, 'int32', 'no such', None, '>f4'])
def test_other_dtypes_are_refused_before_anything_happens(tmp_path, dtype):
    begin = f'Invalid image dtype {dtype!r}, expected uint8 or float32'
    for make in (
        lambda: input_data.read_data_sets(tmp_path / 'none', dtype=dtype),
        lambda: input_data.DataSet(None, None, dtype=dtype),
    ):
        with pytest.raises(TypeError) as caught:
            make()
        assert str(caught.value) == begin
    assert not (tmp_path / 'none').exists()  # nothing was downloaded first


def test_the_printed_lines_are_the_originals(small_dir, capsys):
    read(small_dir)
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        f'Extracting {small_dir / name}'
        for name in (
            corpus.TRAIN_IMAGES,
            corpus.TRAIN_LABELS,
            corpus.TEST_IMAGES,
            corpus.TEST_LABELS,
        )
    ]
    assert len(captured.err.splitlines()) == 1  # which data it is


def test_the_arguments_have_the_originals_names():
    names = list(inspect.signature(input_data.read_data_sets).parameters)
    assert names == [
        *('train_dir', 'fake_data', 'one_hot', 'dtype', 'reshape'),
        *('validation_size', 'seed', 'source_url', 'dataset', 'search'),
    ]
    assert list(inspect.signature(input_data.DataSet).parameters) == [
        *('images', 'labels', 'fake_data', 'one_hot', 'dtype', 'reshape', 'seed')
    ]
    assert list(inspect.signature(input_data.DataSet.next_batch).parameters) == [
        *('self', 'batch_size', 'fake_data', 'shuffle')
    ]


def test_the_sets_say_where_they_come_from(small_dir):
    assert read(small_dir).info.kind == 'other'
    assert input_data.read_data_sets('x', fake_data=True).info.kind == 'fake'


def test_tensorflow_is_not_imported(small_dir):
    output = corpus.run_python(
        'from mnist_tut import input_data\n'
        'mnist = input_data.read_data_sets(sys.argv[1], validation_size=9)\n'
        'mnist.train.next_batch(9)\n'
        'print("tensorflow" in sys.modules)\n',
        small_dir,
    )
    assert output.splitlines()[-1] == 'False'


# Fake data.


@pytest.mark.parametrize('one_hot', [False, True])
def test_fake_data_needs_no_files(tmp_path, one_hot, capsys):
    mnist = input_data.read_data_sets(tmp_path / 'none', True, one_hot)
    assert not (tmp_path / 'none').exists()
    label = [1] + [0] * 9 if one_hot else 0
    for data_set in mnist:
        assert data_set.num_examples == 10000
        assert data_set.next_batch(3, True) == ([[1] * 784] * 3, [label] * 3)
        assert data_set.next_batch(3) == ([[1] * 784] * 3, [label] * 3)
        assert data_set.images == data_set.labels == []
        assert data_set.epochs_completed == 0
    assert capsys.readouterr().out == ''


# Bad arguments.


@pytest.mark.parametrize('size', [-1, 53, 60001])
def test_a_validation_size_out_of_range_is_refused(small_dir, size):
    with pytest.raises(ValueError, match='size') as caught:
        read(small_dir, validation_size=size)
    assert str(caught.value) == (
        f'Validation size should be between 0 and 52. Received: {size}. '  # the words
        f'{small_dir}/{corpus.TRAIN_IMAGES} holds 52 training examples; choose a data '
        'folder with more, or in Python a smaller validation_size'
    )
    assert isinstance(caught.value, FlagError)


@pytest.mark.parametrize('size', [0, 52])
def test_a_validation_size_may_leave_an_empty_set(small_dir, size):
    mnist = read(small_dir, validation_size=size)
    assert mnist.validation.num_examples == size
    assert mnist.train.num_examples == 52 - size
    empty = mnist.train if size else mnist.validation
    assert len(empty.images) == 0
    with pytest.raises(FlagError, match='the set has 0 examples'):
        empty.next_batch(1)


# extract_images, extract_labels, dense_to_one_hot.


def test_files_are_extracted_from_open_streams(small_dir, capsys):
    with open(small_dir / corpus.TEST_IMAGES, 'rb') as f:
        images = input_data.extract_images(f)
    with open(small_dir / corpus.TEST_LABELS, 'rb') as f:
        labels = input_data.extract_labels(f)
        f.seek(0)
        rows = input_data.extract_labels(f, one_hot=True, num_classes=12)
    assert (images.dtype, images.shape) == (np.uint8, (9, 28, 28, 1))
    assert (labels.dtype, labels.shape) == (np.uint8, (9,))
    assert (rows.dtype, rows.shape) == (np.float64, (9, 12))
    np.testing.assert_array_equal(rows.argmax(1), labels)
    np.testing.assert_array_equal(rows.sum(1), 1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f'Extracting {small_dir / corpus.TEST_IMAGES}'
    assert lines[2] == f'Extracting {small_dir / corpus.TEST_LABELS}'


def test_labels_become_rows_with_a_single_one():
    rows = input_data.dense_to_one_hot(np.array([1, 0, 2]), 3)
    np.testing.assert_array_equal(rows, [[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    column = input_data.dense_to_one_hot(np.array([[1], [0]], np.uint8), 2)
    np.testing.assert_array_equal(column, [[0, 1], [1, 0]])
    for bad in ([1, 11, 3], [1, -1, 3]):
        with pytest.raises(DataError, match=f'label {bad[1]} at index 1; expected'):
            input_data.dense_to_one_hot(np.array(bad), 10)


# Bad files: whichever of the four it is, the line names it.


@pytest.fixture
def offline(monkeypatch):
    def fetch(file, *args, **kwargs):
        raise DownloadError(f'{file.name} could not be downloaded')

    monkeypatch.setattr(download, 'fetch', fetch)


def flip_middle(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


# From the bytes of a file, its images and its labels to those of a bad one.
DAMAGES = {
    'truncated': lambda data, array, other: data[:-8],
    'flipped': lambda data, array, other: flip_middle(data),
    'other kind': lambda data, array, other: corpus.packed(corpus.plain(other)),
    'page': lambda data, array, other: b'<html>',
}


@pytest.fixture(params=[file.name for file in download.FILES])
def bad_file(request, tmp_path):
    """The path of one of four files, and its array and that of its counterpart."""
    folder = corpus.write_data_set(tmp_path, 20, 10)
    images, labels = corpus.digits(20 if 'train' in request.param else 10)
    is_images = 'images' in request.param
    arrays = (images, labels) if is_images else (labels, images)
    return folder / request.param, *arrays


def refusal(folder):
    with pytest.raises(DataError) as caught:
        input_data.read_data_sets(folder, validation_size=5)
    line = str(caught.value)
    assert '\n' not in line
    return line


@pytest.mark.parametrize('damage', DAMAGES)
def test_a_bad_file_is_named(bad_file, damage, offline):
    path, array, other = bad_file
    path.write_bytes(DAMAGES[damage](path.read_bytes(), array, other))
    assert path.name in refusal(path.parent)


def test_a_folder_in_place_of_a_file_is_named(bad_file, offline):
    path, *_ = bad_file
    path.unlink()
    path.mkdir()
    assert path.name in refusal(path.parent)


def test_labels_above_9_are_refused(bad_file, offline):
    path, labels, _ = bad_file
    if 'images' in path.name:
        pytest.skip('images have no labels')
    path.write_bytes(corpus.packed(corpus.plain(labels + 10)))
    assert path.name in refusal(path.parent)


def test_there_must_be_as_many_images_as_labels(bad_file, offline):
    path, array, _ = bad_file
    path.write_bytes(corpus.packed(corpus.plain(array[1:])))
    line = refusal(path.parent)
    assert path.name.replace('labels-idx1', 'images-idx3') in line
    assert {str(len(array)), str(len(array) - 1)} <= set(re.findall(r'\d+', line))


def test_a_read_only_folder_can_be_read(tmp_path):
    folder = corpus.write_data_set(tmp_path / 'data', 20, 10)
    folder.chmod(0o500)
    try:
        assert read(folder).train.num_examples == 8
    finally:
        folder.chmod(0o700)


# maybe_download.


def test_maybe_download_fetches_once_what_is_missing(tmp_path, capsys):
    data = {'more.gz': b'more'}
    with servers.Server(servers.folder(data)) as server:
        folder = tmp_path / 'made'
        url = server.url + 'more.gz'
        path = input_data.maybe_download('more.gz', folder, url)
        assert path == str(folder / 'more.gz')
        assert (folder / 'more.gz').read_bytes() == b'more'
        printed = 'Successfully downloaded more.gz 4 bytes.\n'
        assert capsys.readouterr().out == printed
        # It is there now: nothing is requested.
        assert input_data.maybe_download('more.gz', folder, url) == path
        assert len(server.seen) == 1
        with pytest.raises(DownloadError, match='404'):
            input_data.maybe_download('other.gz', folder, server.url + 'other.gz')
    assert [entry.name for entry in folder.iterdir()] == ['more.gz']


def test_maybe_download_checks_the_files_of_mnist(tmp_path):
    bad = {corpus.TEST_LABELS: b'x' * 4542}
    with servers.Server(servers.folder(bad)) as server:
        url = server.url + corpus.TEST_LABELS
        with pytest.raises(DownloadError, match='SHA-256'):
            input_data.maybe_download(corpus.TEST_LABELS, tmp_path, url)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('url', ['?raw=true', '#x', '/more', '%20'])
def test_maybe_download_stores_nothing_else_under_a_name_of_mnist(url, tmp_path):
    with servers.Server(servers.whole(b'x' * 4542)) as server:
        address = server.url + corpus.TEST_LABELS + url
        with pytest.raises(DownloadError, match='SHA-256'):
            input_data.maybe_download(corpus.TEST_LABELS, tmp_path, address)
    assert not list(tmp_path.iterdir())


@pytest.mark.mnist
def test_maybe_download_takes_a_good_file_of_mnist(tmp_path, mnist_dir):
    data = (mnist_dir / corpus.TEST_LABELS).read_bytes()
    with servers.Server(servers.folder({corpus.TEST_LABELS: data})) as server:
        url = server.url + corpus.TEST_LABELS
        path = input_data.maybe_download(corpus.TEST_LABELS, tmp_path, url)
    assert len(idx.read_labels(path)) == 10000


def test_maybe_download_does_not_go_through_a_dangling_link(tmp_path):
    try:
        (tmp_path / corpus.TEST_LABELS).symlink_to(tmp_path / 'elsewhere')
    except OSError:
        pytest.skip('no symbolic links here')
    with pytest.raises(DataError, match='symbolic link'):
        input_data.maybe_download(corpus.TEST_LABELS, tmp_path, None)
    assert not (tmp_path / 'elsewhere').exists()


def test_the_four_files_have_their_old_names():
    assert (
        locate.TRAIN_IMAGES,
        locate.TRAIN_LABELS,
        locate.TEST_IMAGES,
        locate.TEST_LABELS,
    ) == (
        'train-images-idx3-ubyte.gz',
        'train-labels-idx1-ubyte.gz',
        't10k-images-idx3-ubyte.gz',
        't10k-labels-idx1-ubyte.gz',
    )
