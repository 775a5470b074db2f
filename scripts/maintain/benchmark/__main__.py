"""Starts the package as a command: `python scripts/maintain/benchmark`."""

import os
import sys

# The folder above, as for the other maintainers' scripts: they import one another.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from benchmark import command  # noqa: E402

if __name__ == '__main__':
    command.flags.run(command.main)
