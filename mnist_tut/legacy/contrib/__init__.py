"""Stand-ins for the part of TensorFlow 1's contrib that MNIST programs use."""

from mnist_tut import runtime  # noqa: F401  (TensorFlow without its banners)
