"""Identifies the data set that the files of a folder belong to, by their checksums."""

import concurrent.futures
import hashlib
import os
from typing import NamedTuple

from mnist_tut import files
from mnist_tut.data import download, idx, synthetic
from mnist_tut.data.idx import IdxFile
from mnist_tut.errors import DamagedError, DataError, printable

# Styles of the synthetic digits, by the value of --dataset.
STYLES = {'synthetic': 'matched', 'synthetic_wild': 'wild'}

# SHA-256 of MNIST's four files before compression. Sets are compared by their digits,
# so one that was unpacked, or packed again, is still the same set.
MNIST_SHA256 = {
    'train-images-idx3-ubyte.gz': (
        'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db'
    ),
    'train-labels-idx1-ubyte.gz': (
        '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5'
    ),
    't10k-images-idx3-ubyte.gz': (
        '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7'
    ),
    't10k-labels-idx1-ubyte.gz': (
        'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2'
    ),
}


class FileStatus(NamedTuple):
    """The result of inspecting one file of the data folder.

    Attributes:
        kind: As in DatasetInfo; or 'missing'; or 'damaged' (to be downloaded again), or
            'refused' (to be left alone).
        file: The file, if it is valid.
        sha256: Of its content before compression; '' if it is missing or invalid.
        problem: What is wrong with it, or None.
    """

    kind: str
    file: IdxFile | None = None
    sha256: str = ''
    problem: DataError | None = None


def inspect(directory: str) -> dict[str, FileStatus]:
    """Reads and classifies the four files, each once, on two cores."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        statuses = pool.map(lambda f: _inspect_file(directory, f), download.FILES)
        return {
            file.name: status
            for file, status in zip(download.FILES, statuses, strict=True)
        }


def _inspect_file(directory: str, remote: download.RemoteFile) -> FileStatus:
    path = os.path.join(directory, remote.name)
    if not os.path.lexists(path):
        return FileStatus('missing')
    try:
        content = None
        if os.path.isfile(path) and os.path.getsize(path) == remote.num_bytes:
            with files.open_regular(path) as stream:
                content = stream.read()
            if hashlib.sha256(content).hexdigest() == remote.sha256:
                sha256 = MNIST_SHA256[remote.name]
                return FileStatus('mnist', IdxFile(path, content), sha256)
        array = idx.reader_for(path)(IdxFile(path, content))
    except DamagedError as error:
        # The target of a link is not ours to replace.
        kind = 'refused' if os.path.islink(path) else 'damaged'
        return FileStatus(kind, problem=error)
    except DataError as error:
        return FileStatus('refused', problem=error)
    sha256 = idx.sha256(array)
    known = {'mnist': MNIST_SHA256} | {
        kind: synthetic.SHA256[style] for kind, style in STYLES.items()
    }
    kinds = (kind for kind, sums in known.items() if sums.get(remote.name) == sha256)
    return FileStatus(next(kinds, 'other'), IdxFile(path, array=array), sha256)


def require_mnist(directory: str, statuses: dict[str, FileStatus]) -> None:
    """Raises DataError for the first file that belongs to another set."""
    for name, status in statuses.items():
        if status.sha256 and status.kind != 'mnist':
            raise DataError(
                f'{printable(os.path.join(directory, name))} is not MNIST: '
                f'SHA-256 unpacked {status.sha256}, expected {MNIST_SHA256[name]}; '
                'with --dataset=mnist name another data folder'
            )


def fingerprint(sums: dict[str, str]) -> str:
    """Returns a short hash of the checksums of four files."""
    text = ''.join(f'{name} {sums[name]}\n' for name in sorted(sums))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
