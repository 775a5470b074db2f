"""Exports a trained model to other runtimes, one module for each format."""

from mnist_tut import runtime  # noqa: F401  (first: without TensorFlow's banners)
