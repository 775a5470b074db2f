"""Which digits a run is given: one rule, applied and told in one place.

    --dataset=auto            the files that the folder holds; else MNIST, downloaded;
                              else, if no mirror can be reached, digits drawn by code
    --dataset=mnist           MNIST, from the folder or downloaded, or an error
    --dataset=synthetic       digits drawn by code, at once
    --dataset=synthetic_wild  the same, in the style that differs more

Drawn digits lie in a folder of their own inside the data folder, so that they are never
taken for MNIST. Other sets in MNIST's format, such as Fashion-MNIST, are used where
they lie, with a warning. What is told goes to stderr, because stdout is the tutorial's;
only synthetic digits are told on both.
"""

import dataclasses
import hashlib
import os
import struct
import sys
import zlib
from typing import BinaryIO, NamedTuple

from mnist_tut import download, files, gunzip, idx, partial, synthetic
from mnist_tut.errors import DataError, DownloadError, FlagError, show_path

DATASETS = ('auto', 'mnist', 'synthetic', 'synthetic_wild')
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = (
    file.name for file in download.FILES
)

_STYLES = {'synthetic': 'matched', 'synthetic_wild': 'wild'}
_MAX_BYTES = 16 + 60000 * 28 * 28  # in any of the four files
_AGAIN_SEC = 5.0  # how long a machine that was offline before may take to see it again

# SHA-256 of MNIST's four files before compression. What is compared and remembered is
# the digits, so that a set that was unpacked or packed again is still the same set.
_MNIST_SUMS = {
    TRAIN_IMAGES: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    TRAIN_LABELS: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    TEST_IMAGES: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    TEST_LABELS: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
}


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a run's digits come from.

    Attributes:
        directory: Folder of the four files (for 'npz': the file).
        kind: 'mnist', 'synthetic', 'synthetic_wild', 'other', 'npz' or 'fake'.
        fingerprint: Names the digits, so that a run that is resumed can tell whether
            they are still the same.
    """

    directory: str
    kind: str
    fingerprint: str

    @property
    def is_synthetic(self) -> bool:
        """Whether the digits were drawn by code."""
        return self.kind in _STYLES

    def note(self) -> str:
        """Returns what must stand beside a final accuracy; '' for most data."""
        if not self.is_synthetic:
            return ''
        return 'Note: these figures are for synthetic digits, not for MNIST.'

    def line(self) -> str:
        """Returns what is told at the start of a run."""
        if self.kind == 'fake':
            return 'Data: made up for a quick check, no digits.'
        place = show_path(self.directory or '.')
        what = {
            'mnist': 'MNIST',
            'synthetic': 'SYNTHETIC digits drawn by code, not MNIST',
            'synthetic_wild': 'SYNTHETIC digits drawn by code (wild), not MNIST',
            'other': "WARNING: not MNIST, by the files' sums: another set",
            'npz': 'an npz file',
        }[self.kind]
        return f'Data: {what}, in {place}'


def locate(
    directory: str | bytes | os.PathLike,
    dataset: str = 'auto',
    source_url: str | None = None,
) -> Source:
    """Finds, downloads or draws the four files, and tells which they are.

    A damaged file with an original's name is fetched again; when that has gone well,
    the damaged one is kept as NAME.bad. Nothing else in the folder is ever touched,
    least of all another data set or what a symbolic link leads to.

    Args:
        directory: The data folder; made if it is missing and something goes into it.
        dataset: One of DATASETS.
        source_url: Base URL of a mirror of the user's own; see
            `download.choose_mirrors`.

    Returns:
        The folder that holds all four files now, and what they are.

    Raises:
        FlagError: If `dataset` or `source_url` cannot be used.
        DataError: If the files in the folder cannot.
        DownloadError: If files are missing and a mirror that was reached does not give
            them, or none was reached and `dataset` is 'mnist'.
    """
    directory = os.fsdecode(directory)
    if dataset not in DATASETS:
        raise FlagError(f'--dataset={dataset}: not one of {", ".join(DATASETS)}')
    if dataset in _STYLES:
        return announce(_drawn(directory, dataset))
    try:
        return announce(_found(directory, dataset, source_url))
    except DownloadError as error:
        if dataset == 'mnist' or not error.unreachable:
            raise
        source = _drawn(directory, 'synthetic')
        return announce(source, f'no mirror could be reached ({error.reasons})')


def fake() -> Source:
    """Returns the source of data that is made up in memory (--fake_data)."""
    return announce(Source('', 'fake', 'fake'))


def announce(source: Source, why: str = '') -> Source:
    """Tells what the data is, in one line, and returns it.

    Args:
        source: What to tell.
        why: Told in addition, on stderr alone.
    """
    line = source.line()
    print(f'{line}, because {why}' if why else line, file=sys.stderr, flush=True)
    if source.is_synthetic:
        print(line, flush=True)
    return source


class _Seen(NamedTuple):
    """What a file of the data folder is.

    Attributes:
        kind: What `Source` has; or 'missing'; or 'damaged', which can be mended, or
            'refused', which cannot.
        sha256: Of its content before compression; '' where there is none.
        problem: What is wrong with it, or None.
    """

    kind: str
    sha256: str = ''
    problem: DataError | None = None


def _drawn(directory: str, kind: str) -> Source:
    """Draws the synthetic set of that kind, where it is not there already."""
    folder, style = os.path.join(directory, kind), _STYLES[kind]
    synthetic.write(folder, style)
    return Source(folder, kind, _fingerprint(synthetic.SUMS[style]))


def _found(directory: str, dataset: str, source_url: str | None) -> Source:
    """Returns the set that the folder holds, after fetching what it lacks of MNIST."""
    mirrors = download.choose_mirrors(source_url)
    partial.sweep(directory or '.')
    table = {file.name: file for file in download.FILES}
    seen = {name: _look(directory, table[name]) for name in table}
    lacking = [name for name in table if not seen[name].sha256]
    kinds = {one.kind for one in seen.values() if one.sha256}
    if dataset == 'mnist' and kinds - {'mnist'}:
        name = next(name for name in table if seen[name].kind in kinds - {'mnist'})
        raise DataError(
            f'{show_path(os.path.join(directory, name))} is not the one of MNIST '
            f'(SHA-256 unpacked {seen[name].sha256}, expected {_MNIST_SUMS[name]}), '
            'which --dataset=mnist insists on: name another data folder'
        )
    if lacking:
        for name in lacking:
            _check_lack(directory, name, seen[name], mixed=bool(kinds - {'mnist'}))
        once = os.path.isdir(os.path.join(directory, 'synthetic'))
        for name in lacking:
            try:
                download.fetch(
                    table[name],
                    directory,
                    mirrors,
                    keep_old=seen[name].problem is not None,
                    offline_sec=_AGAIN_SEC if once else download.OFFLINE_SEC,
                )
            except DownloadError as error:
                if seen[name].problem is None:
                    raise
                # Who has put files there is not given others in silence.
                raise DataError(f'{seen[name].problem}; a new {error}') from error
        return Source(directory, 'mnist', _fingerprint(_MNIST_SUMS))
    kind = kinds.pop() if len(kinds) == 1 else 'other'
    if kind == 'other' and os.path.lexists(os.path.join(directory, synthetic.MARK)):
        kind = 'synthetic'  # drawn by another version of this package
    sums = {name: one.sha256 for name, one in seen.items()}
    return Source(directory, kind, _fingerprint(sums))


def _look(directory: str, file: download.RemoteFile) -> _Seen:
    """Says what the file of that name in the folder is."""
    path = os.path.join(directory, file.name)
    if not os.path.lexists(path):
        return _Seen('missing')
    if download.verify(path, file):
        return _Seen('mnist', _MNIST_SUMS[file.name])
    try:
        with files.open_regular(path) as stream:
            try:
                sha256 = _content_sha256(stream, file.name)
            except DataError as error:
                damaged = _is_damaged(stream) and not os.path.islink(path)
                return _Seen('damaged' if damaged else 'refused', problem=error)
    except DataError as error:
        return _Seen('refused', problem=error)
    known = {'mnist': _MNIST_SUMS} | {
        kind: synthetic.SUMS[style] for kind, style in _STYLES.items()
    }
    kinds = (kind for kind, sums in known.items() if sums.get(file.name) == sha256)
    return _Seen(next(kinds, 'other'), sha256)


def _content_sha256(stream: BinaryIO, name: str) -> str:
    """Returns the SHA-256 of a file before compression, after reading all of it."""
    images = name in (TRAIN_IMAGES, TEST_IMAGES)
    items = idx.read_images(stream) if images else idx.read_labels(stream)
    header = (0x0800 + items.ndim, *items.shape)
    digest = hashlib.sha256(struct.pack(f'>{len(header)}I', *header))
    digest.update(items.data)
    return digest.hexdigest()


def _is_damaged(stream: BinaryIO) -> bool:
    """Returns whether a file is not even a whole gzip file, whatever should be in it.

    One that is whole, and only not what is wanted, may be somebody's own work.
    """
    left = _MAX_BYTES
    try:
        stream.seek(0)
        reader = gunzip.open_reader(stream, '')
        while left > 0 and (block := reader.read(1 << 16)):
            left -= len(block)
        if left > 0:
            reader.finish()
    except (DataError, zlib.error):
        return True
    except OSError:  # a disk that cannot be read says nothing about the file
        return False
    return False


def _check_lack(directory: str, name: str, seen: _Seen, mixed: bool) -> None:
    """Raises an error unless MNIST's file may be fetched for one that is lacking."""
    path = os.path.join(directory, name)
    if seen.problem is not None:
        may_write = os.access(directory or '.', os.W_OK)
        if seen.kind == 'refused' or mixed or not may_write:
            raise seen.problem
    elif os.path.lexists(path.removesuffix('.gz')):
        raise DataError(
            f'{show_path(path)} is missing, but {show_path(path.removesuffix(".gz"))} '
            'is there: rename it; whether it is compressed is seen by its content'
        )
    elif mixed:
        raise DataError(
            f'{show_path(path)} is missing, and the files beside it are not those of '
            'MNIST, so that the one of MNIST does not belong to them: add the right one'
        )


def _fingerprint(sums: dict[str, str]) -> str:
    """Returns a short name for four files with these sums."""
    text = ''.join(f'{name} {sums[name]}\n' for name in sorted(sums))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
