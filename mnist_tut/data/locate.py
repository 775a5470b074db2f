"""Decides which data set a run uses, and verifies it.

    --dataset=auto            the files in the folder; else MNIST, downloaded; else, if
                              no mirror can be reached, digits drawn by code
    --dataset=mnist           MNIST, from the folder or downloaded, or an error
    --dataset=synthetic       digits drawn by code, at once
    --dataset=synthetic_wild  the same, in the style that varies more

Synthetic digits are stored in a subfolder of the data folder, so that they are never
taken for MNIST. Once they exist, auto uses them without waiting for a mirror again.
Other sets in MNIST's format, such as Fashion-MNIST, are used from the data folder, with
a warning. The choice is logged in one line. Which folders are searched where none was
named is the matter of `folders`.
"""

import dataclasses
import os
import time

from mnist_tut import files, notices
from mnist_tut.data import download, folders, identify, synthetic
from mnist_tut.data.idx import IdxFile
from mnist_tut.errors import DataError, DownloadError, FlagError, printable

DATASETS = ('auto', 'mnist', *identify.STYLES)
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = (
    file.name for file in download.FILES
)


@dataclasses.dataclass(frozen=True)
class DatasetInfo:
    """Which data set a run uses, and where it is.

    Attributes:
        directory: Folder of the four files (for 'npz': the file).
        kind: 'mnist', 'synthetic', 'synthetic_wild', 'other', 'npz' or 'fake'.
        fingerprint: Identifies the digits; a resumed run checks that they are still the
            same.
        files: The four files by name, for `idx` to read; empty for 'npz' and 'fake'.
        data_dir: Data folder to name in order to get the same set again; '' for 'npz'
            and 'fake'.
        dataset: Value of --dataset for that; '' for the one that was given.
    """

    directory: str
    kind: str
    fingerprint: str
    files: dict[str, IdxFile] = dataclasses.field(
        default_factory=dict, compare=False, repr=False
    )
    data_dir: str = dataclasses.field(default='', compare=False, repr=False)
    dataset: str = dataclasses.field(default='', compare=False, repr=False)

    @property
    def is_synthetic(self) -> bool:
        """Whether the digits were drawn by code."""
        return self.kind in identify.STYLES

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
    directory: files.Path,
    dataset: str = 'auto',
    source_url: str | None = None,
    *,
    search: bool = False,
) -> DatasetInfo:
    """Finds, downloads or draws the four files, and logs which they are.

    A damaged file is downloaded again, and the old one kept as NAME.bad. Nothing else
    in the folder is ever changed, in particular no other data set and no target of a
    symbolic link.

    Args:
        directory: The data folder; created when something is written to it.
        dataset: One of DATASETS.
        source_url: Base URL of the user's own mirror; see `download.choose_mirrors`.
        search: Whether `directory` is only a default: other folders are searched too,
            and what is missing may be written to another one; see `folders`.

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
    searched = folders.candidates(directory) if search else [directory]
    folder = folders.to_write(directory) if search else directory
    where = _reason_for(folder, directory)
    if dataset in identify.STYLES:
        drawn = _find_drawn(searched, dataset)
        return log_dataset(_use_synthetic(drawn or folder, dataset))
    mirrors = download.choose_mirrors(source_url)
    if search and (info := _find_files(searched, folder, dataset)):
        return log_dataset(info, _reason_for(info.directory, directory, found=True))
    files.remove_stale(folder)
    statuses = identify.inspect(folder)
    if dataset == 'mnist':
        identify.require_mnist(folder, statuses)
    missing = [name for name, status in statuses.items() if not status.sha256]
    if not missing:
        return log_dataset(_use_folder(folder, statuses), where)
    _require_downloadable(folder, statuses, missing)
    may_draw = dataset == 'auto' and all(s.problem is None for s in statuses.values())
    drawn = None if source_url else _find_drawn(searched, 'synthetic')
    if may_draw and drawn is not None:
        return log_dataset(
            _use_synthetic(drawn, 'synthetic'),
            'because they exist already (--dataset=mnist downloads MNIST)',
        )
    others = f' and {len(mirrors) - 1} more' if len(mirrors) > 1 else ''
    notices.log(f'Looking for MNIST at {download.host_of(mirrors[0])}{others}')
    try:
        return log_dataset(_use_downloads(folder, statuses, missing, mirrors), where)
    except DownloadError as error:
        if not may_draw or not error.unreachable:
            raise
        return log_dataset(
            _use_synthetic(folder, 'synthetic'),
            'because no mirror could be reached (--dataset=mnist tries again and says '
            'why)',
        )


def fake() -> DatasetInfo:
    """Returns and logs the data set that is made up in memory (--fake_data)."""
    return log_dataset(DatasetInfo('', 'fake', 'fake'))


def log_dataset(info: DatasetInfo, reason: str = '') -> DatasetInfo:
    """Logs in one line which data set is used, and returns it.

    Synthetic digits are announced on stdout, too, which a user may keep.

    Args:
        info: The data set.
        reason: Why it was chosen.
    """
    detail = reason and f', {reason}'
    if info.is_synthetic:
        notices.announce(info.describe(), detail)
    else:
        notices.log(info.describe() + detail)
    return info


def _reason_for(folder: str, default: str, found: bool = False) -> str:
    """Returns why a folder is not the default one; '' if it is."""
    if folder == default:
        return ''
    if found:
        return f'because {printable(default)} does not hold the four files'
    if folder == folders.to_write(default) and os.environ.get(folders.DATA_DIR_ENV):
        return f'because {folders.DATA_DIR_ENV} names it'
    return 'because nothing is written above the current folder'


def _find_drawn(searched: list[str], kind: str) -> str | None:
    """Returns the first folder whose subfolder holds drawn digits, or None."""
    for folder in searched:
        subfolder = os.path.join(folder, kind)
        is_drawn = synthetic.read_marker(subfolder) == identify.STYLES[kind]
        if is_drawn and folders.holds_files(subfolder):
            return folder
    return None


def _find_files(searched: list[str], to_write: str, dataset: str) -> DatasetInfo | None:
    """Returns the set in the first folder with four good files, or None.

    A folder with others is passed over with a notice, unless it is the one that is
    written to: what is wrong there is repaired, or an error.
    """
    notes = []
    for folder in filter(folders.holds_files, searched):
        statuses = identify.inspect(folder)
        try:
            for status in statuses.values():
                if status.problem is not None:
                    raise status.problem
            if dataset == 'mnist':
                identify.require_mnist(folder, statuses)
        except DataError as error:
            notes.append((folder, f'{printable(folder)} is passed over: {error}'))
            continue
        for _, note in notes:
            notices.log(note)
        return _use_folder(folder, statuses)
    for folder, note in notes:
        if not os.path.exists(to_write) or not os.path.samefile(folder, to_write):
            notices.log(note)
    return None


def _require_downloadable(
    directory: str, statuses: dict[str, identify.FileStatus], missing: list[str]
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
    statuses: dict[str, identify.FileStatus],
    missing: list[str],
    mirrors: tuple[str, ...],
) -> DatasetInfo:
    """Downloads the missing files of MNIST."""
    idx_files = {name: status.file for name, status in statuses.items() if status.file}
    limits = download.LIMITS
    deadline = time.monotonic() + limits.file_sec
    for file in download.FILES:
        if file.name not in missing:
            continue
        problem = statuses[file.name].problem
        remaining = limits._replace(file_sec=deadline - time.monotonic())
        try:
            path = download.fetch(
                file, directory, mirrors, keep_old=bool(problem), limits=remaining
            )
        except DownloadError as error:
            if problem is None:
                raise
            # Name the damaged file too, not only the failed download.
            raise DataError(f'{problem}; a new {error}') from error
        idx_files[file.name] = IdxFile(path)
    fingerprint = identify.fingerprint(identify.MNIST_SHA256)
    return DatasetInfo(directory, 'mnist', fingerprint, idx_files, directory)


def _use_folder(
    directory: str, statuses: dict[str, identify.FileStatus]
) -> DatasetInfo:
    """Returns the data set whose four files are in the folder."""
    kinds = {status.kind for status in statuses.values()}
    kind = kinds.pop() if len(kinds) == 1 else 'other'
    marker = os.path.join(directory, synthetic.MARKER_FILE)
    if kind == 'other' and os.path.lexists(marker):
        kind = 'synthetic'  # drawn by another version of this package
    sums = {name: status.sha256 for name, status in statuses.items()}
    idx_files = {name: status.file for name, status in statuses.items() if status.file}
    return DatasetInfo(
        directory, kind, identify.fingerprint(sums), idx_files, directory
    )


def _use_synthetic(directory: str, kind: str) -> DatasetInfo:
    """Draws the synthetic set of that kind, unless it exists."""
    folder, style = os.path.join(directory, kind), identify.STYLES[kind]
    if synthetic.read_marker(directory) == style:
        folder = directory  # the set itself was named
    idx_files = {
        name: IdxFile(os.path.join(folder, name), array=array)
        for name, array in synthetic.write(folder, style).items()
    }
    fingerprint = identify.fingerprint(synthetic.SHA256[style])
    return DatasetInfo(folder, kind, fingerprint, idx_files, directory, kind)
