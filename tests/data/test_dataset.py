"""The batches are the original's, byte for byte, and a state continues them exactly."""

import hashlib
import json
import sys
import tracemalloc
import types

from mnist_tut import input_data
from mnist_tut.data import dataset, idx, locate
from mnist_tut.errors import DataError, FlagError
from tests.support import corpus
from tests.support.paths import GOLDENS
from tests.support.small_sets import (
    NUM_TRAIN,
    NUM_VALIDATION,
    SPLITS,
    assert_same,
    read,
    training_arrays,
)

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st


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


# The goldens: batches of TensorFlow 1.2 and 1.15.


def load_cases(version):
    return json.loads((GOLDENS / f'batches_tf{version}.json').read_text())['cases']


def test_goldens_of_both_versions_are_equal():
    assert load_cases('1.2') == load_cases('1.15')


@pytest.mark.mnist
@pytest.mark.parametrize('name', list(load_cases('1.15')))
def test_batches_are_those_of_tensorflow_1(name, mnist_dir, monkeypatch):
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


def test_the_seed_of_the_graph_is_that_of_the_sets(small_dir):
    import mnist_tut.runtime  # noqa: F401  (TensorFlow, quietly)

    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default():
        tf.set_random_seed(7)
        mnist = read(small_dir)
        batch = dataset.DataSet(*training_arrays(small_dir)).next_batch(9)
    assert_same(mnist.train.next_batch(9), read(small_dir, seed=7).train.next_batch(9))
    alone = dataset.DataSet(*training_arrays(small_dir), seed=7)
    assert_same(batch, alone.next_batch(9))


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
def test_any_calls_give_the_originals_batches(small_dir, calls, seed):
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
def test_set_state_continues_exactly(small_dir, before, after, lost, seed):
    first, second = (read(small_dir, seed=seed) for _ in range(2))
    for call in before:
        draw(first._asdict(), call)
    for call in lost:  # it need not be fresh
        draw(second._asdict(), call)
    state = json.loads(json.dumps(first.get_state()))
    second.set_state(state)
    assert second.get_state() == state
    for call in after:
        assert_same(
            draw(second._asdict(), call),
            draw(first._asdict(), call),
        )


def test_no_seed_is_another_order_each_time(small_dir):
    orders = {read(small_dir).train.next_batch(40)[0].tobytes() for _ in range(5)}
    assert len(orders) == 5


def test_the_state_stays_small(small_dir):
    mnist = read(small_dir, seed=1)
    for _ in range(1000):
        mnist.train.next_batch(NUM_TRAIN)
    assert mnist.get_state() == {
        'shuffles': [['train', 1000]],
        'sets': {'train': [40, 999, 40], 'validation': [12, 0, 0], 'test': [9, 0, 0]},
    }


def test_fake_data_has_a_state_too():
    first, second = (
        input_data.read_data_sets('nowhere', fake_data=True, seed=1) for _ in range(2)
    )
    first.train.next_batch(100)
    second.set_state(json.loads(json.dumps(first.get_state())))
    assert second.train.next_batch(3) == first.train.next_batch(3)


def test_the_state_of_other_sizes_is_refused(small_dir):
    state = read(small_dir, seed=1).get_state()
    other = read(small_dir, seed=1, validation_size=10)
    with pytest.raises(DataError, match='train set has 42 examples, but had 40'):
        other.set_state(state)


def test_sets_put_together_by_hand_have_no_common_state(small_dir):
    sets = [dataset.DataSet(*training_arrays(small_dir)) for _ in range(3)]
    with pytest.raises(DataError, match='read together'):
        dataset.Datasets(*sets).get_state()


def test_the_global_generator_is_left_alone(small_dir):
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
    json.dumps(mnist.get_state())


# One set.


@pytest.mark.parametrize('reshape', [False, True])
@pytest.mark.parametrize('size', [1, 3, 256])
def test_all_256_values_are_scaled_as_numpy_multiplies_them(reshape, size):
    images = np.arange(256 * 784).astype(np.uint8).reshape(-1, 28, 28, 1)
    labels = np.zeros(256, np.uint8)
    data_set = dataset.DataSet(images, labels, reshape=reshape)
    bytes_of = dataset.DataSet(images, labels, reshape=reshape, dtype=np.uint8)
    pixels = images.reshape(256, 784) if reshape else images
    expected = np.multiply(pixels.astype(np.float32), 1.0 / 255.0)
    assert_same((data_set.images, bytes_of.images), (expected, pixels))
    for begin in range(0, 256 - size + 1, size):
        rows = slice(begin, begin + size)
        batch = data_set.next_batch(size, shuffle=False)
        assert_same(batch, (expected[rows], labels[rows]))
        assert_same(
            bytes_of.next_batch(size, shuffle=False), (pixels[rows], labels[rows])
        )


def test_tensorflow_need_not_copy_a_batch(small_dir):
    train = read(small_dir).train
    for size in [*range(1, 20), 40]:
        batch, _ = train.next_batch(size)
        assert batch.ctypes.data % 64 == 0
        assert batch.flags.c_contiguous
        assert batch.flags.writeable


def test_a_batch_stays_as_it_is_when_others_are_drawn(small_dir):
    train = read(small_dir).train
    batches = [train.next_batch(9)[0] for _ in range(30)]
    copies = [batch.copy() for batch in batches]
    for _ in range(30):
        train.next_batch(9)[0][:] = -1
    np.testing.assert_array_equal(batches, copies)


def test_images_are_held_as_bytes_and_never_written(small_dir):
    images, labels = training_arrays(small_dir)
    before = images.copy()
    data_set = dataset.DataSet(images, labels)
    assert data_set.images is data_set.images  # not made again for each row looked at
    with pytest.raises(ValueError, match='read-only'):
        data_set.images[0] = 0
    with pytest.raises(ValueError, match='read-only'):
        data_set.labels[0] = 0
    batch, _ = data_set.next_batch(9)
    batch[:] = 0
    np.testing.assert_array_equal(images, before)


def test_rows_are_those_of_the_batches(small_dir):
    images, labels = training_arrays(small_dir)
    rows_of, batches_of = (
        dataset.DataSet(images, labels, reshape=False, dtype=np.uint8, seed=1)
        for _ in range(2)
    )
    for size, shuffle in [(9, True), (40, True), (52, False), (7, False), (50, True)]:
        rows = rows_of.next_rows(size, shuffle)
        assert (rows.dtype, rows.shape) == (np.int64, (size,))
        expected = batches_of.next_batch(size, shuffle=shuffle)
        assert_same((images[rows], labels[rows]), expected)
        assert rows_of.epochs_completed == batches_of.epochs_completed
        rows[:] = -1  # it is the caller's
    with pytest.raises(FlagError, match='batch_size=53: the set has 52 '):
        rows_of.next_rows(53)


def test_rows_of_fake_data_are_the_first_and_draw_nothing():
    fake = input_data.read_data_sets('nowhere', fake_data=True, seed=1)
    state = fake.get_state()
    np.testing.assert_array_equal(fake.train.next_rows(3), np.zeros(3, np.int64))
    assert fake.get_state() == state


def test_images_are_converted_without_a_second_copy_of_all():
    pixels = np.random.default_rng(1).integers(0, 256, (5500, 28, 28, 1), np.uint8)
    data_set = dataset.DataSet(pixels, np.zeros(5500, np.uint8), seed=1)
    data_set.next_batch(1)  # in another order than that of the file
    tracemalloc.start()
    try:
        images = data_set.images
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < images.nbytes + pixels.nbytes
    expected = np.multiply(pixels.astype(np.float32), 1.0 / 255.0).reshape(-1, 784)
    np.testing.assert_array_equal(images, expected[data_set._order])


def test_the_first_examples_are_those_of_the_current_order(small_dir):
    train = read(small_dir, seed=1).train
    for _ in range(2):
        for number in (0, 7, 40, 999):
            images, labels = train.first(number)
            np.testing.assert_array_equal(images, train.images[:number])
            np.testing.assert_array_equal(labels, train.labels[:number])
            assert images.dtype == train.images.dtype
        train.next_batch(9)
    assert_same(train.next_batch(9), (train.images[18:27], train.labels[18:27]))
    fake = input_data.read_data_sets('', fake_data=True).train
    assert fake.first(3) == ([], [])


def test_fake_batches_of_real_data_draw_nothing(small_dir):
    train = read(small_dir, seed=1).train
    assert train.next_batch(2, fake_data=True) == ([[1] * 784] * 2, [0] * 2)
    assert_same(train.next_batch(9), read(small_dir, seed=1).train.next_batch(9))


@pytest.mark.parametrize('batch_size', [0, -1, 41, 600, 10**9])
@pytest.mark.parametrize('fake_data', [False, True])
def test_a_bad_batch_size_is_refused_and_draws_nothing(
    small_dir, batch_size, fake_data
):
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


def test_arrays_that_do_not_fit_are_refused():
    images, labels = np.zeros((9, 28, 28, 1), np.uint8), np.zeros(5, np.uint8)
    with pytest.raises(AssertionError) as caught:
        dataset.DataSet(images, labels)
    assert str(caught.value) == 'images.shape: (9, 28, 28, 1) labels.shape: (5,)'
    for wrong in (np.zeros((5, 28, 28), np.uint8), np.zeros((5, 28, 28, 3), np.uint8)):
        with pytest.raises(DataError, match='expected one channel'):
            dataset.DataSet(wrong, labels)


# What a notebook shows.


def test_sets_are_shown_by_their_sizes():
    images, labels = np.zeros((30, 28, 28, 1), np.uint8), np.zeros((30, 10))
    train = dataset.DataSet(images, labels)
    small = dataset.DataSet(images[:5], labels[:5].argmax(1), dtype=np.uint8)
    assert repr(train) == ('<DataSet: 30 examples; image: 784 float32; label: one-hot>')
    assert repr(small) == '<DataSet: 5 examples; image: 784 uint8; label: digit>'
    sets = dataset.Datasets(train, small, small)
    assert repr(sets) == (
        '<Datasets: train: 30, validation: 5, test: 5; image: 784 float32; '
        'label: one-hot>'
    )
    table = sets._repr_html_()
    assert table.count('<tr>') == 4
    assert '<td>test</td><td>5</td><td>784 uint8</td><td>digit</td>' in table


def test_sets_are_shown_with_where_they_come_from(tmp_path):
    folder = tmp_path / '<b>'
    sets = dataset.Datasets(*[dataset.DataSet(None, None, fake_data=True)] * 3)
    sets.info = locate.DatasetInfo(str(folder), 'mnist', '')
    assert repr(sets).endswith(f'; Data: MNIST, in {folder}>')
    assert '&lt;b&gt;</caption>' in sets._repr_html_()
    assert '10,000' in repr(sets)


# The arrays as they are held.


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
@pytest.mark.parametrize('one_hot', [False, True])
def test_what_is_stored_makes_the_batches(small_dir, dtype, one_hot):
    train = read(small_dir, dtype=dtype, one_hot=one_hot, seed=1).train
    images, labels, scale = train.stored()
    assert images.dtype == np.uint8
    again, _, _ = train.stored()
    assert np.shares_memory(again, images)
    batch = train.next_batch(NUM_TRAIN, shuffle=False)
    scaled = images if dtype == np.uint8 else images.astype(dtype) * np.float32(scale)
    assert_same(batch, (scaled, labels))


@pytest.mark.parametrize('one_hot', [False, True])
def test_what_is_stored_of_made_up_data(one_hot):
    test = input_data.read_data_sets('', fake_data=True, one_hot=one_hot).test
    images, labels, scale = test.stored()
    batch = test.next_batch(test.num_examples)
    np.testing.assert_array_equal(images * scale, batch[0])
    np.testing.assert_array_equal(labels, batch[1])
