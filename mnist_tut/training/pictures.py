"""The pictures that every lesson has: its loss, its metrics and its mistakes.

They are drawn from what the run has recorded and with what is in its graph: no op is
added, and nothing is drawn from the lesson's random numbers before its last checkpoint.
"""

from typing import Any, NamedTuple

from mnist_tut import plots

import numpy as np
import tensorflow.compat.v1 as tf

_BATCH_SIZE = 1000  # where the graph leaves it open

# The end of a metric's name: the picture's name, its title and its axis.
_METRICS = {
    'accuracy': ('accuracy.png', 'Accuracy during training', 'accuracy'),
    'precision': ('precision.png', 'Precision during training', 'precision @ 1'),
    'error': ('error.png', 'Error rate during training', 'error (%)'),
}


class Mistakes(NamedTuple):
    """What predicts the test set of a lesson, as run.session() takes it.

    Attributes:
        data: Datasets, or anything else, which has no test set.
        images: Placeholder [B, 784]; B may be open.
        scores: [B, 10]; the largest is the prediction.
        feeds: Other placeholders and their values.
    """

    data: Any
    images: tf.Tensor
    scores: tf.Tensor
    feeds: dict[tf.Tensor, float]

    def labels_and_predictions(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Returns both of the test set, int [N]; None if there is no test set."""
        test = getattr(self.data, 'test', None)
        if test is None or not len(test.images):
            return None
        labels = test.labels
        labels = labels.argmax(1) if labels.ndim == 2 else labels
        return labels, self._predict(test.images)

    def _predict(self, images: np.ndarray) -> np.ndarray:
        sess = tf.get_default_session()
        batch_size = self.images.shape.as_list()[0] or min(_BATCH_SIZE, len(images))
        parts = []
        for begin in range(0, len(images), batch_size):
            batch = images[begin : begin + batch_size]
            # The last batch is filled up with copies of its own images.
            full = np.resize(batch, (batch_size, *batch.shape[1:]))
            scores = sess.run(self.scores, {self.images: full, **self.feeds})
            parts.append(scores[: len(batch)].argmax(1))
        return np.concatenate(parts)


def draw(run: Any) -> None:
    """Writes the loss, the metrics and the confusion matrix of a Run."""
    history = run.history
    losses = history.values('loss'), history.steps('loss')
    run.plot('loss.png', plots.loss_curve, *losses, floor=run.loss_floor)
    for kind, (picture, title, ylabel) in _METRICS.items():
        curves = {
            name.removesuffix(f'_{kind}'): (history.steps(name), history.values(name))
            for name in history.names()
            if name.endswith(f'_{kind}')
        }
        # A metric that was measured once is a number, not a curve.
        if any(len(steps) > 1 for steps, _ in curves.values()):
            run.plot(picture, plots.metric_curves, curves, title, ylabel)
    if (digits := run.mistakes.labels_and_predictions()) is not None:
        run.plot('confusion.png', plots.confusion_matrix, *digits)
