"""Command line of mnist_tut.legacy; see `command`."""

import sys

from mnist_tut.legacy.command import main

if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
