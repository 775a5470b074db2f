"""What is drawn on Axes."""

import numpy as np


def shades_of(ax):
    """Returns the shades that are drawn, without the space between."""
    [image] = ax.images
    return [float(shade) for shade in np.unique(image.get_array().compressed())]


def texts_of(ax):
    return [text.get_text() for text in ax.texts]
