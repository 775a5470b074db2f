"""The download of one small file, in this process or in another one."""

import os
import pathlib
import random
import subprocess
import sys

from mnist_tut.data import download
from tests.support import servers
from tests.support.paths import ROOT

DATA = random.Random(3).randbytes(200_000)
FILE = servers.remote_file('digits.gz', DATA)


def fetch(folder, *mirrors, file=FILE, **limits):
    """Fetches `file` into an empty folder and returns its path.

    Whatever happens, what it leaves there must be the file, or nothing.
    """
    path = None
    limits = download.LIMITS._replace(**limits)
    try:
        path = download.fetch(file, folder, mirrors, limits=limits)
    finally:
        left = os.listdir(folder) if os.path.exists(folder) else []
        assert left == ([] if path is None else [file.name]), left
    return pathlib.Path(path)


PROGRAM = """
import signal, sys
from mnist_tut import errors
from mnist_tut.data import download
# A shell's background jobs, and all below them, start with SIGINT ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
folder, url, *table = sys.argv[1:]
for name, sha256, size in zip(*[iter(table)] * 3):
    file = download.RemoteFile(name, sha256, int(size))
    try:
        if not download.verify(f'{folder}/{name}', file):
            download.fetch(file, folder, [url], limits=download.Limits(file_sec=60))
    except errors.UserError as error:
        sys.exit(str(error))
"""


def start(folder, url, *files, **keywords):
    """Starts a process that fetches `files` (by default FILE) into `folder`."""
    table = [str(item) for file in files or [FILE] for item in file]
    return subprocess.Popen(
        [sys.executable, '-c', PROGRAM, str(folder), url, *table],
        text=True,
        cwd=ROOT,
        **keywords,
    )
