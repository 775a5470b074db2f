"""Runs, checkpoints and metrics; adds no op to a graph under construction."""

from mnist_tut import runtime  # noqa: F401  (first: without TensorFlow's banners)
