"""A worker's part of each batch of a training set."""

from typing import Any

from mnist_tut.data.dataset import DataSet
from mnist_tut.errors import FlagError


class Shard:
    """Draws the batches of all workers, and returns one worker's part of them.

    All workers draw the same examples, in the same order, and each takes those of its
    rank. So within an epoch no example is given to two workers, unless one is started
    again, and together they see the batches of one process with a larger batch.
    """

    def __init__(self, data_set: DataSet, batch_size: int, rank: int, num_workers: int):
        """Takes a set that every worker has read with the same seed.

        Args:
            data_set: The set; it advances by the batches of all workers.
            batch_size: B, the number of examples in a worker's batch.
            rank: This worker's number, from 0.
            num_workers: N.

        Raises:
            FlagError: If the set has fewer than N B examples.
        """
        if num_workers * batch_size > data_set.num_examples:
            raise FlagError(
                f'--batch_size={batch_size}: {num_workers * batch_size} examples a '
                'step for all workers, and the training set has '
                f'{data_set.num_examples}; choose fewer'
            )
        self._data_set = data_set
        self._batch_size = num_workers * batch_size
        self._part = slice(rank * batch_size, (rank + 1) * batch_size)

    def next_batch(self) -> tuple[Any, Any]:
        """Returns this worker's part of the next batch of all.

        Returns:
            images: [B, 784].
            labels: [B] or [B, classes].
        """
        rows = self._data_set.next_rows(self._batch_size)
        return self._data_set.examples(rows[self._part])

    def skip(self, num_batches: int) -> None:
        """Advances by batches without returning them, to continue where a run was."""
        for _ in range(num_batches):
            self._data_set.next_rows(self._batch_size)
