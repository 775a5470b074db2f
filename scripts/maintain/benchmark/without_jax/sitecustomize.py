"""Hides JAX; a folder on the path of every process but those that train with it.

TensorFlow and Keras import JAX where it is installed, which costs them time at the
start and memory. It is installed here to be compared with, not to be imported.
"""

import sys

sys.modules['jax'] = None  # type: ignore[assignment]
