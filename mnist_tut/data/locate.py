"""Decides which data set a run uses, and verifies it.

    --dataset=auto            the files in the folder; else MNIST, downloaded; else, if
                              no mirror can be reached, digits drawn by code
    --dataset=mnist           MNIST, from the folder or downloaded, or an error
    --dataset=synthetic       digits drawn by code, at once
    --dataset=synthetic_wild  the same, in the style that varies more

Drawn digits are stored in a folder of their own inside the data folder, so that they
are never taken for MNIST. Where they are there already, a machine that was offline does
not wait for a mirror again. Other sets in MNIST's format, such as Fashion-MNIST, are
used where they are, with a warning. The choice is logged in one line on stderr, since
stdout belongs to the tutorial; synthetic digits are announced on both.
"""

import concurrent.futures
import dataclasses
import hashlib
import os
import sys
from typing import NamedTuple

from mnist_tut import files
from mnist_tut.data import download, idx, synthetic
from mnist_tut.data.idx import IdxFile
from mnist_tut.errors import (
    DamagedError,
    DataError,
    DownloadError,
    FlagError,
    printable,
)

DATASETS = ('auto', 'mnist', 'synthetic', 'synthetic_wild')
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = (
    file.name for file in download.FILES
)

_STYLES = {'synthetic': 'matched', 'synthetic_wild': 'wild'}

# SHA-256 of MNIST's four files before compression. Sets are compared by their digits,
# so one that was unpacked, or packed again, is still the same set.
_MNIST_SHA256 = {
    TRAIN_IMAGES: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    TRAIN_LABELS: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    TEST_IMAGES: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    TEST_LABELS: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
}


@dataclasses.dataclass(frozen=True)
class DatasetInfo:
    """Which data set a run uses, and where it is.

    Attributes:
        directory: Folder of the four files (for 'npz': the file).
        kind: 'mnist', 'synthetic', 'synthetic_wild', 'other', 'npz' or 'fake'.
        fingerprint: Identifies the digits, so that a resumed run can tell whether they
            are still the same.
        files: The four files by name, for `idx` to read; empty for 'npz' and 'fake'.
    """

    directory: str
    kind: str
    fingerprint: str
    files: dict[str, IdxFile] = dataclasses.field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def is_synthetic(self) -> bool:
        """Whether the digits were drawn by code."""
        return self.kind in _STYLES

    def disclaimer(self) -> str:
        """Returns what must stand beside a final accuracy; '' for most data."""
        if not self.is_synthetic:
            return ''
        return 'Note: these figures are for synthetic digits, not for MNIST.'

    def describe(self) -> str:
        """Returns the line that is logged at the start of a run."""
        if self.kind == 'fake':
            return 'Data: made up for a quick check, no digits.'
        what = {
            'mnist': 'MNIST',
            'synthetic': 'SYNTHETIC digits drawn by code, not MNIST',
            'synthetic_wild': 'SYNTHETIC digits drawn by code (wild), not MNIST',
            'other': "WARNING: not MNIST, by the files' checksums: another set",
            'npz': 'an npz file',
        }[self.kind]
        return f'Data: {what}, in {printable(self.directory or os.curdir)}'


def locate(
    directory: files.Path, dataset: str = 'auto', source_url: str | None = None
) -> DatasetInfo:
    """Finds, downloads or draws the four files, and logs which they are.

    A damaged file with an original's name is downloaded again, and then kept as
    NAME.bad. Nothing else in the folder is ever changed, above all no other data set
    and nothing behind a symbolic link.

    Args:
        directory: The data folder; made if it is missing and something goes into it.
        dataset: One of DATASETS.
        source_url: Base URL of the user's own mirror; see `download.choose_mirrors`.

    Returns:
        The folder that holds all four files now, and what they are.

    Raises:
        FlagError: If `dataset` or `source_url` cannot be used.
        DataError: If the files in the folder cannot.
        DownloadError: If files are missing and a mirror that responded does not give
            them, or none responded and `dataset` is 'mnist'.
    """
    directory = os.fsdecode(directory)
    if dataset not in DATASETS:
        raise FlagError(f'--dataset={dataset}: not one of {", ".join(DATASETS)}')
    if dataset in _STYLES:
        return log_dataset(_use_synthetic(directory, dataset))
    mirrors = download.choose_mirrors(source_url)
    files.remove_stale(directory)
    statuses = _inspect(directory)
    if dataset == 'mnist':
        _require_mnist(directory, statuses)
    missing = [name for name, status in statuses.items() if not status.sha256]
    if not missing:
        return log_dataset(_use_folder(directory, statuses))
    _require_downloadable(directory, statuses, missing)
    may_draw = dataset == 'auto' and all(s.problem is None for s in statuses.values())
    drawn = os.path.join(directory, 'synthetic')
    if may_draw and not source_url and synthetic.read_marker(drawn) == 'matched':
        return log_dataset(
            _use_synthetic(directory, 'synthetic'),
            'they are there already (--dataset=mnist downloads MNIST)',
        )
    try:
        return log_dataset(_use_downloads(directory, statuses, missing, mirrors))
    except DownloadError as error:
        if not may_draw or not error.unreachable:
            raise
        return log_dataset(
            _use_synthetic(directory, 'synthetic'),
            f'no mirror could be reached ({error.reasons})',
        )


def fake() -> DatasetInfo:
    """Returns and logs the data set that is made up in memory (--fake_data)."""
    return log_dataset(DatasetInfo('', 'fake', 'fake'))


def log_dataset(info: DatasetInfo, reason: str = '') -> DatasetInfo:
    """Logs what the data is, in one line, and returns it.

    Args:
        info: The data set.
        reason: Why it is this one; added on stderr alone.
    """
    line = info.describe()
    if info.is_synthetic:
        print(line, flush=True)
    if reason:
        line += f', because {reason}'
    print(line, file=sys.stderr, flush=True)
    return info


class _FileStatus(NamedTuple):
    """What a file of the data folder is.

    Attributes:
        kind: As in DatasetInfo; or 'missing'; or 'damaged' (to be downloaded again), or
            'refused' (to be left alone).
        file: The file, where it is a data set's.
        sha256: Of its content before compression; '' where there is none.
        problem: What is wrong with it, or None.
    """

    kind: str
    file: IdxFile | None = None
    sha256: str = ''
    problem: DataError | None = None


def _inspect(directory: str) -> dict[str, _FileStatus]:
    """Reads the four files, each once, on two cores."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        statuses = pool.map(lambda f: _inspect_file(directory, f), download.FILES)
        return {
            file.name: status
            for file, status in zip(download.FILES, statuses, strict=True)
        }


def _inspect_file(directory: str, remote: download.RemoteFile) -> _FileStatus:
    path = os.path.join(directory, remote.name)
    if not os.path.lexists(path):
        return _FileStatus('missing')
    try:
        content = None
        if os.path.isfile(path) and os.path.getsize(path) == remote.num_bytes:
            with files.open_regular(path) as stream:
                content = stream.read()
            if hashlib.sha256(content).hexdigest() == remote.sha256:
                sha256 = _MNIST_SHA256[remote.name]
                return _FileStatus('mnist', IdxFile(path, content), sha256)
        array = idx.reader_for(path)(IdxFile(path, content))
    except DamagedError as error:
        # What a link leads to belongs to somebody else.
        kind = 'refused' if os.path.islink(path) else 'damaged'
        return _FileStatus(kind, problem=error)
    except DataError as error:
        return _FileStatus('refused', problem=error)
    sha256 = idx.sha256(array)
    known = {'mnist': _MNIST_SHA256} | {
        kind: synthetic.SHA256[style] for kind, style in _STYLES.items()
    }
    kinds = (kind for kind, sums in known.items() if sums.get(remote.name) == sha256)
    return _FileStatus(next(kinds, 'other'), IdxFile(path, array=array), sha256)


def _require_mnist(directory: str, statuses: dict[str, _FileStatus]) -> None:
    """Raises DataError for the first file that belongs to another set."""
    for name, status in statuses.items():
        if status.sha256 and status.kind != 'mnist':
            raise DataError(
                f'{printable(os.path.join(directory, name))} is not the one of MNIST '
                f'(SHA-256 unpacked {status.sha256}, expected {_MNIST_SHA256[name]}), '
                'which --dataset=mnist insists on: name another data folder'
            )


def _require_downloadable(
    directory: str, statuses: dict[str, _FileStatus], missing: list[str]
) -> None:
    """Raises DataError unless MNIST's files may be downloaded for the missing ones."""
    mixed = any(s.sha256 and s.kind != 'mnist' for s in statuses.values())
    for name in missing:
        path = os.path.join(directory, name)
        unpacked = path.removesuffix('.gz')
        status = statuses[name]
        if status.problem is not None:
            may_write = os.access(directory or os.curdir, os.W_OK)
            if status.kind == 'refused' or mixed or not may_write:
                raise status.problem
        elif os.path.lexists(unpacked):
            raise DataError(
                f'{printable(path)} is missing, but {printable(unpacked)} is there: '
                'rename it; its content tells whether it is compressed'
            )
        elif mixed:
            raise DataError(
                f'{printable(path)} is missing, and the files beside it are not those '
                "of MNIST, so MNIST's does not belong to them: add the right one"
            )


def _use_downloads(
    directory: str,
    statuses: dict[str, _FileStatus],
    missing: list[str],
    mirrors: tuple[str, ...],
) -> DatasetInfo:
    """Downloads what the folder lacks of MNIST."""
    found = {name: status.file for name, status in statuses.items() if status.file}
    for file in download.FILES:
        if file.name not in missing:
            continue
        problem = statuses[file.name].problem
        try:
            path = download.fetch(file, directory, mirrors, keep_old=bool(problem))
        except DownloadError as error:
            if problem is None:
                raise
            # A user who has put files there does not get others without a word.
            raise DataError(f'{problem}; a new {error}') from error
        found[file.name] = IdxFile(path)
    return DatasetInfo(directory, 'mnist', _fingerprint(_MNIST_SHA256), found)


def _use_folder(directory: str, statuses: dict[str, _FileStatus]) -> DatasetInfo:
    """Returns the complete set that the folder holds."""
    kinds = {status.kind for status in statuses.values()}
    kind = kinds.pop() if len(kinds) == 1 else 'other'
    marker = os.path.join(directory, synthetic.MARKER_FILE)
    if kind == 'other' and os.path.lexists(marker):
        kind = 'synthetic'  # drawn by another version of this package
    sums = {name: status.sha256 for name, status in statuses.items()}
    found = {name: status.file for name, status in statuses.items() if status.file}
    return DatasetInfo(directory, kind, _fingerprint(sums), found)


def _use_synthetic(directory: str, kind: str) -> DatasetInfo:
    """Draws the synthetic set of that kind, unless it is there already."""
    folder, style = os.path.join(directory, kind), _STYLES[kind]
    found = {
        name: IdxFile(os.path.join(folder, name), array=array)
        for name, array in synthetic.write(folder, style).items()
    }
    return DatasetInfo(folder, kind, _fingerprint(synthetic.SHA256[style]), found)


def _fingerprint(sums: dict[str, str]) -> str:
    """Returns a short name for four files with these checksums."""
    text = ''.join(f'{name} {sums[name]}\n' for name in sorted(sums))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
