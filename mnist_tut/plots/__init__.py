"""Plots of digits, curves, mistakes and weights: arrays in, Axes out."""

# Nothing is shown and no global state of matplotlib is touched: each function draws on
# the Axes that it is given, or on a new figure of its own, and returns the Axes. `save`
# writes its figure; a notebook displays `ax.figure`.

from mnist_tut.plots.confusion import confusion_matrix
from mnist_tut.plots.curves import loss_curve, metric_curves
from mnist_tut.plots.digits import digit_grid, prediction_grid
from mnist_tut.plots.figure import save
from mnist_tut.plots.weights import conv_filters, weights_grid

__all__ = [
    'confusion_matrix',
    'conv_filters',
    'digit_grid',
    'loss_curve',
    'metric_curves',
    'prediction_grid',
    'save',
    'weights_grid',
]
