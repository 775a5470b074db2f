"""The parts of the workers are together the batches of one process."""

from mnist_tut.data.dataset import DataSet, Datasets, seed_together
from mnist_tut.data.shard import Shard
from mnist_tut.errors import FlagError

import numpy as np
import pytest


def data_set(num_examples=30, seed=3):
    """Returns a set whose labels are the numbers of its examples."""
    images = np.zeros([num_examples, 28, 28, 1], np.uint8)
    images[:, 0, 0, 0] = np.arange(num_examples)
    train = DataSet(images, np.arange(num_examples) % 256)
    seed_together(Datasets(train, data_set.empty(), data_set.empty()), seed, None)
    return train


data_set.empty = lambda: DataSet(
    np.zeros([1, 28, 28, 1], np.uint8), np.zeros(1, np.uint8)
)


@pytest.mark.parametrize('num_workers', [1, 2, 3])
def test_together_they_are_the_batches_of_one_process(num_workers):
    whole = data_set()
    shards = [Shard(data_set(), 4, rank, num_workers) for rank in range(num_workers)]
    for _ in range(20):  # over the ends of epochs
        images, labels = whole.next_batch(4 * num_workers)
        parts = [shard.next_batch() for shard in shards]
        np.testing.assert_array_equal(np.concatenate([p[0] for p in parts]), images)
        np.testing.assert_array_equal(np.concatenate([p[1] for p in parts]), labels)


def test_within_an_epoch_no_example_is_given_twice():
    shards = [Shard(data_set(), 5, rank, 3) for rank in range(3)]
    given = [
        label for _ in range(2) for shard in shards for label in shard.next_batch()[1]
    ]
    assert sorted(given) == list(range(30))


def test_skipped_batches_are_those_of_the_steps_before():
    one, other = (Shard(data_set(), 4, 1, 2) for _ in range(2))
    for _ in range(9):
        one.next_batch()
    other.skip(9)
    np.testing.assert_array_equal(one.next_batch()[1], other.next_batch()[1])


def test_more_than_the_set_has():
    Shard(data_set(), 10, 0, 3)
    with pytest.raises(FlagError, match='33 examples a step for all workers'):
        Shard(data_set(), 11, 0, 3)
