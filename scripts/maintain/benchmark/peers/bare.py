"""The lesson's own graph in a bare tf.Session: the tutorial's loop and nothing else."""

from benchmark import observe
from benchmark.peers.peer import Peer
from benchmark.problem import Problem
from mnist_tut import runtime  # noqa: F401  (first: without TensorFlow's banners)

import numpy as np
import tensorflow.compat.v1 as tf


class Bare(Peer):
    """A feed loop, by default with TensorFlow's default configuration.

    The batches are at hand as float32, as the original `input_data` held them.
    """

    def __init__(
        self,
        problem: Problem,
        dropout: float,
        config: tf.ConfigProto | None = None,
        resource_variables: bool = True,
    ):
        super().__init__(problem, dropout)
        self.observed = observe.observe(
            problem.model, problem.data, 1, dropout > 0, resource_variables
        )
        with self.observed.graph.as_default():
            self._init = tf.global_variables_initializer()
        self._variables = observe.weight_variables(self.observed.graph)
        self.sess = tf.Session(graph=self.observed.graph, config=config)
        self._eval_images = self.observed.inference['images']
        self.scores_at_once = self._eval_images.shape.as_list()[0] or 1000

    def reset(self) -> None:
        """Runs the initializers, and sets the weights that all frameworks have."""
        self.sess.run(self._init)
        for variable, value in zip(self._variables, self.problem.weights, strict=True):
            initializer = variable.initializer
            self.sess.run(initializer, {initializer.inputs[1]: value})

    def load(self, start: int, stop: int) -> None:
        """Makes the batches as the lesson feeds them."""
        seen = self.observed
        shape = [stop - start, -1, *seen.images.shape.as_list()[1:]]
        self.images = self.problem.pixels(start, stop).reshape(shape)
        labels = self.problem.labels(start, stop)
        if seen.one_hot:
            self.labels = np.eye(10, dtype=seen.label_dtype)[labels]
        else:
            self.labels = labels.astype(seen.label_dtype)

    def first_losses(self, num_steps: int) -> list[float]:
        """Draws the dropout that the lesson draws, too."""
        self.reset()
        if self.dropout and self.problem.model.evaluates_first:
            self.scores(self.problem.pixels(0, 1)[0])
        self.load(0, num_steps)
        return [float(loss) for loss in self.run(0, num_steps)]

    def run(self, begin: int, end: int) -> list[float]:
        """Runs the training op with a feed dictionary, step by step."""
        seen, losses = self.observed, []
        fetches, x, y = [seen.train_op, seen.loss], seen.images, seen.labels
        run, images, labels, others = (
            self.sess.run,
            self.images,
            self.labels,
            seen.others,
        )
        for step in range(begin, end):
            _, loss = run(fetches, {x: images[step], y: labels[step], **others})
            losses.append(loss)
        return losses

    def scores(self, images: np.ndarray) -> np.ndarray:
        """Runs the lesson's own inference."""
        inference = self.observed.inference
        shape = [-1, *self._eval_images.shape.as_list()[1:]]
        feeds = {self._eval_images: images.reshape(shape)}
        feeds.update(inference.get('feeds') or {})
        return self.sess.run(inference['scores'], feeds)
