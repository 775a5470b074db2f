"""Stand-in for tensorflow.contrib.factorization: KMeans, with plain ops.

Source:
    TensorFlow 1.4, contrib/factorization/python/ops/clustering_ops.py.
"""

from collections.abc import Callable
from typing import Any

from mnist_tut.legacy import current

import numpy as np
import tensorflow.compat.v1 as tf

__all__ = [
    'COSINE_DISTANCE',
    'KMEANS_PLUS_PLUS_INIT',
    'RANDOM_INIT',
    'SQUARED_EUCLIDEAN_DISTANCE',
    'KMeans',
]

SQUARED_EUCLIDEAN_DISTANCE = 'squared_euclidean'
COSINE_DISTANCE = 'cosine'
RANDOM_INIT = 'random'
KMEANS_PLUS_PLUS_INIT = 'kmeans_plus_plus'


class KMeans:
    """Finds clusters in data that is fed.

    Args:
        inputs: Examples [batch, numbers], or a list of such tensors.
        num_clusters: How many clusters.
        initial_clusters: 'random', 'kmeans_plus_plus', a tensor, or a function of the
            inputs and the number.
        distance_metric: 'squared_euclidean' or 'cosine'.
        use_mini_batch: Move the centers a little with each batch, instead of setting
            them to the means of all examples.
        mini_batch_steps_per_iteration: Ignored; the centers are used at once.
        random_seed: Of the first centers.
        kmeans_plus_plus_num_retries: Ignored.
    """

    def __init__(
        self,
        inputs: Any,
        num_clusters: int,
        initial_clusters: Any = RANDOM_INIT,
        distance_metric: str = SQUARED_EUCLIDEAN_DISTANCE,
        use_mini_batch: bool = False,
        mini_batch_steps_per_iteration: int = 1,
        random_seed: int = 0,
        kmeans_plus_plus_num_retries: int = 2,
    ):
        del mini_batch_steps_per_iteration, kmeans_plus_plus_num_retries
        if distance_metric not in (SQUARED_EUCLIDEAN_DISTANCE, COSINE_DISTANCE):
            raise ValueError(
                f'Unsupported distance metric passed to Kmeans {distance_metric}'
            )
        self._inputs = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        self._count = num_clusters
        self._initial = RANDOM_INIT if initial_clusters is None else initial_clusters
        self._is_cosine = distance_metric == COSINE_DISTANCE
        self._use_mini_batch = use_mini_batch
        self._seed = random_seed

    def _normalized(self, rows: Any) -> Any:
        """Returns rows of length one, if the angle between them is the distance."""
        return tf.nn.l2_normalize(rows, 1) if self._is_cosine else rows

    def _scores(self, inputs: Any, centers: Any) -> tf.Tensor:
        """Returns the distance of each example to each center."""
        products = tf.matmul(inputs, self._normalized(centers), transpose_b=True)
        if self._is_cosine:
            return 1 - products
        squares = tf.reduce_sum(tf.square(inputs), 1, keepdims=True)
        center_squares = tf.reduce_sum(tf.square(centers), 1)
        return squares - 2 * products + center_squares

    def _first_centers(self, inputs: Any) -> Any:
        """Returns where the centers are at first."""
        initial: Any = self._initial
        if isinstance(initial, Callable):  # type: ignore[arg-type]
            return initial(self._inputs, self._count)
        if not isinstance(initial, str):
            return tf.convert_to_tensor(initial, tf.float32)
        choose = _spread if initial == KMEANS_PLUS_PLUS_INIT else _any
        if initial not in (RANDOM_INIT, KMEANS_PLUS_PLUS_INIT):
            raise ValueError(f'Unsupported init passed to Kmeans {initial}')
        found = tf.py_func(
            lambda rows: choose(rows, self._count, self._seed), [inputs], tf.float32
        )
        return tf.reshape(found, [self._count, inputs.shape.as_list()[1]])

    def training_graph(self) -> tuple:
        """Builds the graph.

        Returns:
            Since TensorFlow 1.4: the distances to all centers, the number of the
            nearest center and its distance, for each input; whether there are centers;
            the centers; the op that makes the first ones; the op that moves them. The
            centers are missing from 1.1 to 1.3, and all but distances and the last op
            until 1.0; a script that unpacks so many gets so many.
        """
        inputs = [self._normalized(rows) for rows in self._inputs]
        joined = inputs[0] if len(inputs) == 1 else tf.concat(inputs, 0)
        shape = [self._count, joined.shape.as_list()[1]]
        centers = tf.Variable(tf.zeros(shape), name='clusters', trainable=False)
        initialized = tf.Variable(False, name='initialized', trainable=False)
        totals = tf.Variable(tf.ones([self._count]), name='counts', trainable=False)

        def initialize() -> tf.Operation:
            """Returns the op that sets the first centers."""
            first = self._normalized(self._first_centers(joined))
            with tf.control_dependencies([tf.assign(centers, first)]):
                return tf.group(tf.assign(initialized, True))

        init_op = tf.cond(initialized, tf.no_op, initialize)
        init_op = getattr(init_op, 'op', init_op)
        scores = [self._scores(rows, centers) for rows in inputs]
        indices = [tf.argmin(score, 1) for score in scores]
        distances = [tf.reduce_min(score, 1) for score in scores]
        nearest = indices[0] if len(indices) == 1 else tf.concat(indices, 0)
        training_op = self._move(joined, nearest, centers, totals)
        results = (tuple(scores), tuple(indices), tuple(distances))
        program = current.program()
        wanted = program.unpacks() if program is not None else None
        if wanted == 4:
            with tf.control_dependencies([init_op]):
                return (*results, training_op)
        if wanted == 6:
            return (*results, initialized, init_op, training_op)
        return (*results, initialized, centers, init_op, training_op)

    def _move(self, rows: Any, nearest: Any, centers: Any, totals: Any) -> Any:
        """Returns the op that moves the centers to the examples nearest to them."""
        ones = tf.ones_like(nearest, tf.float32)
        counts = tf.math.unsorted_segment_sum(ones, nearest, self._count)
        sums = tf.math.unsorted_segment_sum(rows, nearest, self._count)
        if not self._use_mini_batch:
            means = sums / (counts[:, None] + 1e-6)
            return tf.assign(centers, self._normalized(means)).op
        steps = (sums - counts[:, None] * centers) / (totals + counts)[:, None]
        with tf.control_dependencies([steps]):
            return tf.group(
                tf.assign_add(centers, steps), tf.assign_add(totals, counts)
            )


def _any(rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Returns random rows."""
    return rows[np.random.RandomState(seed).randint(len(rows), size=count)]


def _spread(rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Returns random rows, the more likely the farther from the others (k-means++)."""
    random = np.random.RandomState(seed)
    chosen = [rows[random.randint(len(rows))]]
    distances = np.full(len(rows), np.inf)
    while len(chosen) < count:
        distances = np.minimum(distances, ((rows - chosen[-1]) ** 2).sum(axis=1))
        total = distances.sum()
        chances = distances / total if total > 0 else None
        chosen.append(rows[random.choice(len(rows), p=chances)])
    return np.stack(chosen).astype(np.float32)
