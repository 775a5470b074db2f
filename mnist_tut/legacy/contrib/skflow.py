"""Stand-in for tensorflow.contrib.skflow, which became contrib.learn in 0.9."""

from mnist_tut.legacy.contrib.learn import *  # noqa: F403
