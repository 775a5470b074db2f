"""A program's flags: on a command line, as keyword arguments, and their help."""

from mnist_tut.flags.define import Flags

__all__ = ['Flags']
