"""read_data_sets and next_batch are the original's, number for number."""

import hashlib
import inspect
import json
import sys
import types

from mnist_tut import download, idx, input_data, sources
from mnist_tut.errors import DataError, DownloadError, FlagError
from tests import corpus, servers
from tests.conftest import GOLDENS

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

NUM_TRAIN, NUM_VALIDATION, NUM_TEST = 40, 12, 9
SPLITS = ('train', 'validation', 'test')


@pytest.fixture(scope='module')
def small_dir(tmp_path_factory):
    """A folder with 52 training digits, of which 12 are for validation, and 9 more."""
    folder = tmp_path_factory.mktemp('small')
    return corpus.write_data_set(folder, NUM_TRAIN + NUM_VALIDATION, NUM_TEST)


def read(folder, **options):
    options.setdefault('validation_size', NUM_VALIDATION)
    return input_data.read_data_sets(folder, **options)


class Original:
    """The original's way to shuffle: copy all arrays, from one global generator."""

    def __init__(self, images, labels, generator):
        self.images, self.labels, self.generator = images, labels, generator
        self.epochs_completed = 0
        self.index = 0

    def shuffle(self):
        order = np.arange(len(self.images))
        self.generator.shuffle(order)
        self.images, self.labels = self.images[order], self.labels[order]

    def next_batch(self, batch_size, shuffle=True):
        start, size = self.index, len(self.images)
        if start == 0 and self.epochs_completed == 0 and shuffle:
            self.shuffle()
        if start + batch_size <= size:
            self.index += batch_size
            return self.images[start : self.index], self.labels[start : self.index]
        self.epochs_completed += 1
        rest = self.images[start:], self.labels[start:]
        if shuffle:
            self.shuffle()
        self.index = batch_size - (size - start)
        new = self.images[: self.index], self.labels[: self.index]
        return tuple(np.concatenate(pair) for pair in zip(rest, new, strict=True))


def originals(folder, seed):
    """Returns the original's three sets of a folder, as a dictionary."""
    images = idx.read_images(folder / corpus.TRAIN_IMAGES).reshape(-1, 784)
    test_images = idx.read_images(folder / corpus.TEST_IMAGES).reshape(-1, 784)
    images, test_images = (
        np.multiply(array.astype(np.float32), 1.0 / 255.0)
        for array in (images, test_images)
    )
    labels = idx.read_labels(folder / corpus.TRAIN_LABELS)
    generator = np.random.RandomState(seed)
    cut = NUM_VALIDATION
    return {
        'train': Original(images[cut:], labels[cut:], generator),
        'validation': Original(images[:cut], labels[:cut], generator),
        'test': Original(
            test_images, idx.read_labels(folder / corpus.TEST_LABELS), generator
        ),
    }


def assert_same(batch, expected):
    for array, wanted in zip(batch, expected, strict=True):
        assert array.dtype == wanted.dtype
        np.testing.assert_array_equal(array, wanted)


# The goldens: what TensorFlow 1.2 and 1.15 gave out.


def load_cases(version):
    return json.loads((GOLDENS / f'batches_tf{version}.json').read_text())['cases']


def test_goldens_of_both_versions_are_equal():
    assert load_cases('1.2') == load_cases('1.15')


@pytest.mark.mnist
@pytest.mark.parametrize('name', list(load_cases('1.15')))
def test_goldens(name, mnist_dir, monkeypatch):
    case = load_cases('1.15')[name]
    seed = case['seed']
    if case['seedmode'] == 'graph':
        set_graph_seed(monkeypatch, seed)
        seed = None
    mnist = input_data.read_data_sets(mnist_dir, one_hot=case['one_hot'], seed=seed)
    train = mnist.train
    assert case['types'] == [
        str(train.images.dtype),
        str(train.images.shape),
        str(train.labels.dtype),
        str(train.labels.shape),
        *(data_set.num_examples for data_set in mnist),
    ]
    assert sha256(train.images) == case['sha_train_images_before']
    known = {batch['i']: batch for batch in case['first'] + case['boundary']}
    digest = hashlib.sha256()
    for number in range(max(known) + 1):
        images, labels = train.next_batch(case['batch'])
        digest.update(images.tobytes())
        if number in known:
            assert known[number] == {
                'i': number,
                'shape': list(images.shape),
                'labels': (labels.argmax(1) if case['one_hot'] else labels).tolist(),
                'images_sha256': sha256(images),
                'epochs_completed': train.epochs_completed,
            }
    assert digest.hexdigest() == case['all_sha256']


def sha256(array):
    return hashlib.sha256(array.tobytes()).hexdigest()


def set_graph_seed(monkeypatch, seed):
    """Puts a TensorFlow there whose default graph has this seed."""
    graph = types.SimpleNamespace(seed=seed)
    v1 = types.SimpleNamespace(get_default_graph=lambda: graph)
    tensorflow = types.SimpleNamespace(compat=types.SimpleNamespace(v1=v1))
    monkeypatch.setitem(sys.modules, 'tensorflow', tensorflow)


def test_seed_of_the_real_tensorflow(small_dir):
    import mnist_tut.runtime  # noqa: F401  (TensorFlow, quietly)

    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default():
        tf.set_random_seed(7)
        mnist = read(small_dir)
        batch = input_data.DataSet(*arrays(small_dir)).next_batch(9)
    assert_same(mnist.train.next_batch(9), read(small_dir, seed=7).train.next_batch(9))
    alone = input_data.DataSet(*arrays(small_dir), seed=7)
    assert_same(batch, alone.next_batch(9))


def arrays(folder):
    images = idx.read_images(folder / corpus.TRAIN_IMAGES)[..., np.newaxis]
    return images, idx.read_labels(folder / corpus.TRAIN_LABELS)


# The three sets share one stream; anything may be drawn in any order.

CALLS = st.lists(
    st.tuples(st.sampled_from(SPLITS), st.integers(1, NUM_TRAIN), st.booleans()),
    max_size=40,
)
SEEDS = st.integers(0, 2**31 - 2)


def draw(data_sets, call):
    """Draws a batch from one of the sets, no larger than the set."""
    split, batch_size, shuffle = call
    data_set = data_sets[split]
    size = min(batch_size, len(data_set.images))
    return data_set.next_batch(size, shuffle=shuffle)


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(calls=CALLS, seed=SEEDS)
def test_any_calls_give_what_the_original_gave(small_dir, calls, seed):
    here = read(small_dir, seed=seed)._asdict()
    there = originals(small_dir, seed)
    for call in calls:
        assert_same(draw(here, call), draw(there, call))
    for split in SPLITS:
        assert_same(
            (here[split].images, here[split].labels),
            (there[split].images, there[split].labels),
        )
        assert here[split].epochs_completed == there[split].epochs_completed


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(before=CALLS, after=CALLS, lost=CALLS, seed=SEEDS)
def test_seek_goes_exactly_to_a_position(small_dir, before, after, lost, seed):
    first, second = (read(small_dir, seed=seed) for _ in range(2))
    for call in before:
        draw(first._asdict(), call)
    for call in lost:  # it need not be fresh
        draw(second._asdict(), call)
    position = json.loads(json.dumps(first.position()))
    second.seek(position)
    assert second.position() == position
    for call in after:
        assert_same(
            draw(second._asdict(), call),
            draw(first._asdict(), call),
        )


def test_position_without_a_seed(small_dir):
    """The seed that was drawn is part of the position."""
    first, second = read(small_dir), read(small_dir)
    first.train.next_batch(30)
    second.seek(first.position())
    assert_same(second.train.next_batch(30), first.train.next_batch(30))


def test_no_seed_is_another_order_each_time(small_dir):
    orders = {read(small_dir).train.next_batch(40)[0].tobytes() for _ in range(5)}
    assert len(orders) == 5


def test_position_stays_small(small_dir):
    mnist = read(small_dir, seed=1)
    for _ in range(1000):
        mnist.train.next_batch(NUM_TRAIN)
    assert mnist.position() == {
        'seed': 1,
        'shuffles': [['train', 1000]],
        'sets': {'train': [40, 999, 40], 'validation': [12, 0, 0], 'test': [9, 0, 0]},
    }


def test_position_of_fake_data():
    first, second = (
        input_data.read_data_sets('nowhere', fake_data=True) for _ in range(2)
    )
    first.train.next_batch(100)
    second.seek(json.loads(json.dumps(first.position())))
    assert second.train.next_batch(3) == first.train.next_batch(3)


def test_position_of_other_sizes(small_dir):
    position = read(small_dir, seed=1).position()
    other = read(small_dir, seed=1, validation_size=10)
    with pytest.raises(DataError, match='train set has 42 examples, but had 40'):
        other.seek(position)


def test_position_of_sets_put_together_by_hand(small_dir):
    sets = [input_data.DataSet(*arrays(small_dir)) for _ in range(3)]
    with pytest.raises(DataError, match='read together'):
        input_data.Datasets(*sets).position()


def test_global_generator_is_left_alone(small_dir):
    before = np.random.get_state()
    read(small_dir, seed=3).train.next_batch(40)
    after = np.random.get_state()
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]


@pytest.mark.parametrize('seed', [-1, 2**31 - 1, 2**40, np.int64(5)])
def test_seeds_are_cut_as_tensorflow_cut_them(small_dir, seed):
    mnist = read(small_dir, seed=seed)
    there = originals(small_dir, int(seed) % (2**31 - 1))
    assert_same(mnist.train.next_batch(9), there['train'].next_batch(9))
    json.dumps(mnist.position())


# What is given out.


def test_types(small_dir):
    mnist = read(small_dir)
    assert isinstance(mnist, tuple)
    assert mnist._fields == SPLITS
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
def test_images_as_bytes(small_dir, dtype):
    mnist = read(small_dir, dtype=dtype)
    images, _ = arrays(small_dir)
    assert mnist.validation.images.dtype == np.uint8
    np.testing.assert_array_equal(
        mnist.validation.images, images[:NUM_VALIDATION].reshape(-1, 784)
    )
    assert mnist.train.next_batch(3)[0].dtype == np.uint8


@pytest.mark.parametrize('dtype', [np.float64, 'int32', 'no such', None, '>f4'])
def test_other_dtypes(tmp_path, dtype):
    begin = f'Invalid image dtype {dtype!r}, expected uint8 or float32'
    for make in (
        lambda: input_data.read_data_sets(tmp_path / 'none', dtype=dtype),
        lambda: input_data.DataSet(None, None, dtype=dtype),
    ):
        with pytest.raises(TypeError) as caught:
            make()
        assert str(caught.value) == begin
    assert not (tmp_path / 'none').exists()  # nothing was downloaded first


def test_all_256_values_are_scaled_as_numpy_multiplies_them():
    images = np.arange(256 * 784).astype(np.uint8).reshape(-1, 28, 28, 1)
    data_set = input_data.DataSet(images, np.zeros(256, np.uint8), reshape=False)
    expected = np.multiply(images.astype(np.float32), 1.0 / 255.0)
    np.testing.assert_array_equal(data_set.images, expected)
    np.testing.assert_array_equal(data_set.next_batch(256, shuffle=False)[0], expected)


def test_images_are_held_as_bytes_and_never_written(small_dir):
    images, labels = arrays(small_dir)
    before = images.copy()
    data_set = input_data.DataSet(images, labels)
    assert data_set.images is data_set.images  # not made again for each row looked at
    with pytest.raises(ValueError, match='read-only'):
        data_set.images[0] = 0
    with pytest.raises(ValueError, match='read-only'):
        data_set.labels[0] = 0
    batch, _ = data_set.next_batch(9)
    batch[:] = 0
    np.testing.assert_array_equal(images, before)


def test_printed_lines(small_dir, capsys):
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


def test_signatures():
    names = list(inspect.signature(input_data.read_data_sets).parameters)
    assert names == [
        *('train_dir', 'fake_data', 'one_hot', 'dtype', 'reshape'),
        *('validation_size', 'seed', 'source_url', 'dataset'),
    ]
    assert list(inspect.signature(input_data.DataSet).parameters) == [
        *('images', 'labels', 'fake_data', 'one_hot', 'dtype', 'reshape', 'seed')
    ]
    assert list(inspect.signature(input_data.DataSet.next_batch).parameters) == [
        *('self', 'batch_size', 'fake_data', 'shuffle')
    ]


def test_source(small_dir):
    assert read(small_dir).source.kind == 'other'
    assert input_data.read_data_sets('x', fake_data=True).source.kind == 'fake'


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
def test_fake_data(tmp_path, one_hot, capsys):
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


def test_fake_batches_of_real_data(small_dir):
    train = read(small_dir, seed=1).train
    assert train.next_batch(2, fake_data=True) == ([[1] * 784] * 2, [0] * 2)
    assert_same(train.next_batch(9), read(small_dir, seed=1).train.next_batch(9))


# Bad arguments.


@pytest.mark.parametrize('batch_size', [0, -1, 41, 600, 10**9])
@pytest.mark.parametrize('fake_data', [False, True])
def test_bad_batch_size(small_dir, batch_size, fake_data):
    train = read(small_dir, seed=1).train
    with pytest.raises(FlagError, match=f'batch_size={batch_size}: the set has 40 '):
        train.next_batch(batch_size, fake_data)
    assert_same(train.next_batch(40), read(small_dir, seed=1).train.next_batch(40))


def test_batch_size_is_a_whole_number(small_dir):
    train = read(small_dir).train
    assert len(train.next_batch(np.int32(7))[0]) == 7
    for batch_size in (7.0, '7', None):
        with pytest.raises(TypeError):
            train.next_batch(batch_size)


@pytest.mark.parametrize('size', [-1, 53, 60001])
def test_validation_size_out_of_range(small_dir, size):
    with pytest.raises(ValueError, match='size') as caught:
        read(small_dir, validation_size=size)
    assert str(caught.value) == (
        f'Validation size should be between 0 and 52. Received: {size}.'
    )
    assert isinstance(caught.value, FlagError)


@pytest.mark.parametrize('size', [0, 52])
def test_validation_size_at_its_ends(small_dir, size):
    mnist = read(small_dir, validation_size=size)
    assert mnist.validation.num_examples == size
    assert mnist.train.num_examples == 52 - size
    empty = mnist.train if size else mnist.validation
    assert len(empty.images) == 0
    with pytest.raises(FlagError, match='the set has 0 examples'):
        empty.next_batch(1)


def test_arrays_that_do_not_fit():
    images, labels = np.zeros((9, 28, 28, 1), np.uint8), np.zeros(5, np.uint8)
    with pytest.raises(AssertionError) as caught:
        input_data.DataSet(images, labels)
    assert str(caught.value) == 'images.shape: (9, 28, 28, 1) labels.shape: (5,)'
    for wrong in (np.zeros((5, 28, 28), np.uint8), np.zeros((5, 28, 28, 3), np.uint8)):
        with pytest.raises(DataError, match='expected one channel'):
            input_data.DataSet(wrong, labels)


# extract_images, extract_labels, dense_to_one_hot.


def test_extract(small_dir, capsys):
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


def test_dense_to_one_hot():
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


@pytest.mark.parametrize('name', [file.name for file in download.FILES])
@pytest.mark.parametrize(
    'damage',
    ['truncated', 'flipped', 'other kind', 'too few', 'label 10', 'page', 'folder'],
)
def test_bad_file(tmp_path, name, damage, offline):
    folder = corpus.write_data_set(tmp_path, 20, 10)
    path = folder / name
    data = path.read_bytes()
    images, labels = corpus.digits(20 if 'train' in name else 10)
    if damage == 'truncated':
        path.write_bytes(data[:-8])
    elif damage == 'flipped':
        middle = len(data) // 2
        flipped = bytes([data[middle] ^ 0xFF])
        path.write_bytes(data[:middle] + flipped + data[middle + 1 :])
    elif damage == 'other kind':
        other = labels if 'images' in name else images
        path.write_bytes(corpus.packed(corpus.plain(other)))
    elif damage == 'too few':
        array = images if 'images' in name else labels
        path.write_bytes(corpus.packed(corpus.plain(array[1:])))
    elif damage == 'label 10':
        if 'images' in name:
            pytest.skip('images have no labels')
        path.write_bytes(corpus.packed(corpus.plain(labels + 10)))
    elif damage == 'page':
        path.write_bytes(b'<html>')
    else:
        path.unlink()
        path.mkdir()
    with pytest.raises(DataError) as caught:
        input_data.read_data_sets(folder, validation_size=5)
    line = str(caught.value)
    assert '\n' not in line
    assert (
        name.replace('labels-idx1', 'images-idx3') if 'few' in damage else name
    ) in (line)
    if damage == 'too few':
        num = 20 if 'train' in name else 10
        assert f'{num} ' in line
        assert f'{num - 1} ' in line


def test_read_only_folder(tmp_path):
    folder = corpus.write_data_set(tmp_path / 'data', 20, 10)
    folder.chmod(0o500)
    try:
        assert read(folder).train.num_examples == 8
    finally:
        folder.chmod(0o700)


# maybe_download.


def test_maybe_download(tmp_path, capsys):
    data = {'more.gz': b'more'}
    with servers.Server(servers.folder(data)) as server:
        folder = tmp_path / 'made'
        url = server.url + 'more.gz'
        path = input_data.maybe_download('more.gz', folder, url)
        assert path == str(folder / 'more.gz')
        assert (folder / 'more.gz').read_bytes() == b'more'
        printed = 'Successfully downloaded more.gz 4 bytes.\n'
        assert capsys.readouterr().out == printed
        # It is there now: nothing is asked for.
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


@pytest.mark.mnist
def test_maybe_download_of_mnist(tmp_path, mnist_dir):
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


def test_names_of_the_four_files():
    assert (
        sources.TRAIN_IMAGES,
        sources.TRAIN_LABELS,
        sources.TEST_IMAGES,
        sources.TEST_LABELS,
    ) == (
        'train-images-idx3-ubyte.gz',
        'train-labels-idx1-ubyte.gz',
        't10k-images-idx3-ubyte.gz',
        't10k-labels-idx1-ubyte.gz',
    )
