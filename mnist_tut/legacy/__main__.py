"""Command line of mnist_tut.legacy; see `command`."""

import os
import sys

# Before TensorFlow reads it: only errors, since today's TensorFlow warns of much that
# an old program does, such as the end of an input queue.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from mnist_tut.legacy.command import main

if __name__ == '__main__':
    sys.exit(main(sys.argv[1:], is_process=True))
