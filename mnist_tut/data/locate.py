"""Decides which data set a run uses, and verifies it.

    --dataset=auto            the files in the folder; else MNIST, downloaded; else, if
                              no mirror can be reached, digits drawn by code
    --dataset=mnist           MNIST, from the folder or downloaded, or an error
    --dataset=synthetic       digits drawn by code, at once
    --dataset=synthetic_wild  the same, in the style that varies more

Synthetic digits are stored in a subfolder of the data folder, so that they are never
taken for MNIST. Once they exist, auto uses them without waiting for a mirror again.
Other sets in MNIST's format, such as Fashion-MNIST, are used from the data folder, with
a warning. The choice is logged in one line on stderr, since stdout belongs to the
tutorial; synthetic digits are announced on both.
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
        fingerprint: Identifies the digits; a resumed run checks that they are still the
            same.
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
        """Returns the note beside a final accuracy; '' unless the digits are drawn."""
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

    A damaged file is downloaded again, and the old one kept as NAME.bad. Nothing else
    in the folder is ever changed, in particular no other data set and no target of a
    symbolic link.

    Args:
        directory: The data folder; created when something is written to it.
        dataset: One of DATASETS.
        source_url: Base URL of the user's own mirror; see `download.choose_mirrors`.

    Returns:
        Folder, kind and paths of the four files.

    Raises:
        FlagError: If `dataset` or `source_url` cannot be used.
        DataError: If a file in the folder cannot be used.
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
            'they exist already (--dataset=mnist downloads MNIST)',
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
    """Logs in one line which data set is used, and returns it.

    Args:
        info: The data set.
        reason: Why it was chosen; added on stderr alone.
    """
    line = info.describe()
    if info.is_synthetic:
        print(line, flush=True)
    if reason:
        line += f', because {reason}'
    print(line, file=sys.stderr, flush=True)
    return info


class _FileStatus(NamedTuple):
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


def _inspect(directory: str) -> dict[str, _FileStatus]:
    """Reads and classifies the four files, each once, on two cores."""
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
        # The target of a link is not ours to replace.
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
                f'{printable(os.path.join(directory, name))} is not MNIST: '
                f'SHA-256 unpacked {status.sha256}, expected {_MNIST_SHA256[name]}; '
                'with --dataset=mnist name another data folder'
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
                f'{printable(path)} is missing, but {printable(unpacked)} exists: '
                'rename it; a data file need not be compressed'
            )
        elif mixed:
            raise DataError(
                f'{printable(path)} is missing, and the files beside it are not '
                "MNIST's, so MNIST's file is not downloaded: add the right one"
            )


def _use_downloads(
    directory: str,
    statuses: dict[str, _FileStatus],
    missing: list[str],
    mirrors: tuple[str, ...],
) -> DatasetInfo:
    """Downloads the missing files of MNIST."""
    idx_files = {name: status.file for name, status in statuses.items() if status.file}
    for file in download.FILES:
        if file.name not in missing:
            continue
        problem = statuses[file.name].problem
        try:
            path = download.fetch(file, directory, mirrors, keep_old=bool(problem))
        except DownloadError as error:
            if problem is None:
                raise
            # Name the damaged file too, not only the failed download.
            raise DataError(f'{problem}; a new {error}') from error
        idx_files[file.name] = IdxFile(path)
    return DatasetInfo(directory, 'mnist', _fingerprint(_MNIST_SHA256), idx_files)


def _use_folder(directory: str, statuses: dict[str, _FileStatus]) -> DatasetInfo:
    """Returns the data set whose four files are in the folder."""
    kinds = {status.kind for status in statuses.values()}
    kind = kinds.pop() if len(kinds) == 1 else 'other'
    marker = os.path.join(directory, synthetic.MARKER_FILE)
    if kind == 'other' and os.path.lexists(marker):
        kind = 'synthetic'  # drawn by another version of this package
    sums = {name: status.sha256 for name, status in statuses.items()}
    idx_files = {name: status.file for name, status in statuses.items() if status.file}
    return DatasetInfo(directory, kind, _fingerprint(sums), idx_files)


def _use_synthetic(directory: str, kind: str) -> DatasetInfo:
    """Draws the synthetic set of that kind, unless it exists."""
    folder, style = os.path.join(directory, kind), _STYLES[kind]
    idx_files = {
        name: IdxFile(os.path.join(folder, name), array=array)
        for name, array in synthetic.write(folder, style).items()
    }
    return DatasetInfo(folder, kind, _fingerprint(synthetic.SHA256[style]), idx_files)


def _fingerprint(sums: dict[str, str]) -> str:
    """Returns a short hash of the checksums of four files."""
    text = ''.join(f'{name} {sums[name]}\n' for name in sorted(sums))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
