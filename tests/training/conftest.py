"""Fixtures for the tests of training."""

import pytest


@pytest.fixture
def graph():
    """A graph with a seed, which is the default graph."""
    # Not before the test's module has imported it, without its banners.
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default() as made:
        tf.set_random_seed(11)
        yield made
