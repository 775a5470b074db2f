"""Downloads MNIST's files from a list of mirrors, and verifies them.

A download leaves the whole file or none: a file gets its name only after its size and
SHA-256 have been checked and its bytes are on the disk. (The original programs kept
what arrived: a saved error page or half a file stayed under the file's name and failed
on every later run.)

Any number of processes may fetch into one folder at once. Each writes a temporary file
of its own, and the last rename wins, with equal bytes.
"""

import contextlib
import hashlib
import os
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from mnist_tut import files
from mnist_tut.data import http
from mnist_tut.errors import DataError, DownloadError, FlagError, printable

import tqdm

SOURCE_URL_ENV = 'MNIST_TUT_SOURCE_URL'
OFFLINE_HINT = '--dataset=synthetic draws digits by code and needs no network'

_MAX_UNKNOWN_BYTES = 1 << 30  # of a file that is not in the table


class Limits(NamedTuple):
    """How long a download may take, in seconds.

    Attributes:
        file_sec: For one file, every try and mirror together; the four files of MNIST
            share it.
        offline_sec: Without a response from any mirror until then, the machine counts
            as offline.
        retry_delays_sec: Before the first, second and third try.
        min_response_sec: The least that a mirror gets until its response begins; enough
            for TCP to send its first packet three times.
    """

    file_sec: float = 900.0
    offline_sec: float = 11.0
    retry_delays_sec: tuple[float, ...] = (0.0, 0.5, 1.0)
    min_response_sec: float = 3.0


LIMITS = Limits()


class RemoteFile(NamedTuple):
    """The expected name, SHA-256 and size of a file; None where unknown."""

    name: str
    sha256: str | None
    num_bytes: int | None


FILES = (
    RemoteFile(
        'train-images-idx3-ubyte.gz',
        '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
        9_912_422,
    ),
    RemoteFile(
        'train-labels-idx1-ubyte.gz',
        '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
        28_881,
    ),
    RemoteFile(
        't10k-images-idx3-ubyte.gz',
        '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
        1_648_877,
    ),
    RemoteFile(
        't10k-labels-idx1-ubyte.gz',
        'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
        4_542,
    ),
)

MIRRORS = (
    'https://storage.googleapis.com/cvdf-datasets/mnist/',
    'https://ossci-datasets.s3.amazonaws.com/mnist/',
    'http://yann.lecun.com/exdb/mnist/',  # the original one; refuses most requests now
)


def choose_mirrors(source_url: str | None = None) -> tuple[str, ...]:
    """Returns the base URLs to download from: the user's own mirror, or the known ones.

    Args:
        source_url: Base URL, with or without its last slash; None or '' for the
            environment variable MNIST_TUT_SOURCE_URL, and the known mirrors where that
            is not set either. A known mirror, which old scripts give, is only moved to
            the front.

    Raises:
        FlagError: If it is not an http or https address.
    """
    given_by = '--source_url' if source_url else SOURCE_URL_ENV
    url = source_url or os.environ.get(SOURCE_URL_ENV)
    if not url:
        return MIRRORS
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in ('http', 'https') and bool(parts.hostname)
        _ = parts.port
    except ValueError:  # for example an open bracket, or a port that is no number
        usable = False
    if not usable:
        raise FlagError(
            f'{given_by}: {http.shown(url)} is not the http:// or https:// address of '
            'a folder; for files on this machine, name their folder as the data folder'
        )
    head, _, last = url.rpartition('/')
    if last in {file.name for file in FILES}:
        url = head
    url = url.rstrip('/') + '/'
    return (url, *(m for m in MIRRORS if m != url)) if url in MIRRORS else (url,)


def fetch(
    file: RemoteFile,
    directory: files.Path,
    mirrors: Sequence[str] = MIRRORS,
    *,
    keep_old: bool = False,
    limits: Limits | None = None,
) -> str:
    """Downloads one file of the table into a folder and verifies it.

    The mirrors are tried in turn, then again after a delay, three times in all; one
    that responds with 4xx or with another file is not tried again.

    Args:
        file: Its name, SHA-256 and size.
        directory: Folder; created if it is missing.
        mirrors: Base URLs that end in a slash, the best one first.
        keep_old: Whether an existing file is kept as NAME.bad.
        limits: Time limits; LIMITS if None.

    Returns:
        The path of the file.

    Raises:
        DownloadError: If no mirror gave it; `unreachable` is set if none responded at
            all.
        DataError: If it cannot be written.
    """
    path = os.path.join(os.fsdecode(directory), file.name)
    urls = [mirror + file.name for mirror in mirrors]
    return _fetch(urls, path, file, keep_old, limits or LIMITS)


def fetch_url(url: str, path: files.Path, *, limits: Limits | None = None) -> str:
    """Downloads a file from one address.

    If its name in the folder is one of MNIST's, it must be that file; of another one,
    only the length can be verified.

    Args:
        url: Its http or https address.
        path: Path to write; a missing folder is created.
        limits: Time limits; LIMITS if None.

    Returns:
        The path.

    Raises:
        DownloadError, DataError: As in `fetch`.
    """
    path = os.fsdecode(path)
    name = os.path.basename(path)
    known = {file.name: file for file in FILES}
    file = known.get(name, RemoteFile(name, None, None))
    return _fetch([url], path, file, False, limits or LIMITS)


def verify(path: files.Path, file: RemoteFile) -> bool:
    """Returns whether `path` has the size and SHA-256 of `file`, and is readable."""
    try:
        # Size first: it never blocks (a FIFO has none) and settles most cases.
        if not os.path.isfile(path) or os.path.getsize(path) != file.num_bytes:
            return False
        with open(path, 'rb') as stream:
            return hashlib.file_digest(stream, 'sha256').hexdigest() == file.sha256
    except OSError:
        return False


def _fetch(
    urls: Sequence[str], path: str, file: RemoteFile, keep_old: bool, limits: Limits
) -> str:
    folder = os.path.dirname(path)
    if os.path.lexists(path) and (os.path.islink(path) or not os.path.isfile(path)):
        what = 'a symbolic link' if os.path.islink(path) else 'not a file'
        raise DataError(
            f'{printable(path)} is {what}, and is not replaced by a download: remove it'
        )
    files.check_folder(folder)
    files.remove_stale(folder)
    schedule = _Schedule(urls, limits)
    reasons: dict[str, str] = {}
    for attempt in schedule:
        try:
            num_bytes = _download_once(attempt, path, file, keep_old)
        except http.TransferError as error:
            schedule.note_failure(attempt.url, error)
            tries = f' ({attempt.number} tries)' if attempt.number > 1 else ''
            reasons[attempt.url] = f'{error}{tries}'
        else:
            print(
                f'Successfully downloaded {printable(file.name)} {num_bytes} bytes.',
                flush=True,
            )
            return path
    all_reasons = '; '.join(
        f'{http.shown(url)}: {reason}' for url, reason in reasons.items()
    )
    failure = DownloadError(
        f'{printable(file.name)} could not be downloaded: '
        f'{all_reasons or "the time for all files was up"}. Name another mirror with '
        f'--source_url, or put the files into {printable(folder or ".")} by hand; '
        f'{OFFLINE_HINT}'
    )
    failure.unreachable = bool(reasons) and not schedule.server_responded
    raise failure


class _Attempt(NamedTuple):
    """One request: its number for this URL, and its time limits."""

    url: str
    number: int
    response_timeout_sec: float
    deadline: float  # on the clock of time.monotonic


class _Schedule:
    """Decides which URL is tried next, and for how long."""

    def __init__(self, urls: Sequence[str], limits: Limits):
        self._urls = list(urls)
        self._limits = limits
        self.server_responded = False

    def note_failure(self, url: str, error: http.TransferError) -> None:
        """Takes an attempt's failure into account for those that follow."""
        self.server_responded |= error.server_responded
        if not error.retryable:
            self._urls.remove(url)

    def __iter__(self) -> Iterator[_Attempt]:
        """Yields attempts until the time or the URLs run out."""
        limits, start = self._limits, time.monotonic()
        for number, delay_sec in enumerate(limits.retry_delays_sec, 1):
            if not self._urls:
                return
            time.sleep(delay_sec)
            urls = tuple(self._urls)
            for position, url in enumerate(urls):
                now = time.monotonic()
                file_sec = start + limits.file_sec - now
                offline_sec = start + limits.offline_sec - now
                if file_sec <= 0 or (offline_sec <= 0 and not self.server_responded):
                    return
                # The first mirror may take half of the time after which the machine
                # counts as offline, enough for a dead name server before a good one;
                # each of the others gets half of what then remains.
                wait_sec = http.STALL_SEC if self.server_responded else offline_sec / 2
                yield _Attempt(
                    url,
                    number,
                    min(max(wait_sec, limits.min_response_sec), file_sec),
                    now + file_sec / (len(urls) - position),
                )


def _download_once(
    attempt: _Attempt, path: str, file: RemoteFile, keep_old: bool
) -> int:
    """Downloads to `path` and returns the number of bytes, or raises TransferError."""
    limit = _MAX_UNKNOWN_BYTES if file.num_bytes is None else file.num_bytes
    digest, count, head = hashlib.sha256(), 0, b''
    with _shown_wait(attempt.url):
        response = http.Response(attempt.url, attempt.response_timeout_sec)
    with contextlib.closing(response), _replace(path, file) as stream:
        with tqdm.tqdm(
            desc=file.name,
            total=file.num_bytes or response.num_bytes,
            unit='B',
            unit_scale=True,
            leave=False,
            disable=None,  # shown only where stderr is a terminal
        ) as bar:
            for block in response.blocks(attempt.deadline, limit):
                head = head or block
                count += len(block)
                if count > limit:
                    raise _permanent_failure(f'larger than the {limit} bytes expected')
                stream.write(block)
                digest.update(block)
                bar.update(len(block))
        if file.num_bytes is not None and count < file.num_bytes:
            reason = f'{count} bytes, expected {file.num_bytes}'
            if head.lstrip().startswith(b'<'):
                reason += ': a web page, perhaps the login page of this network'
            # Where the server gave no length, the connection may have broken.
            raise http.TransferError(
                reason, server_responded=True, retryable=response.num_bytes is None
            )
        if file.sha256 is not None and digest.hexdigest() != file.sha256:
            raise _permanent_failure(
                f'SHA-256 is {digest.hexdigest()}, expected {file.sha256}'
            )
        if keep_old and os.path.exists(path) and not verify(path, file):
            _back_up(path, path + '.bad')
    return count


@contextlib.contextmanager
def _shown_wait(url: str) -> Iterator[None]:
    """Shows the seconds of a wait that takes some, where stderr is a terminal."""
    over = threading.Event()
    with tqdm.tqdm(
        desc=f'waiting for {host_of(url)}',
        bar_format='{desc}: {elapsed}',
        leave=False,
        disable=None,
        delay=1.0,
    ) as bar:

        def count_seconds() -> None:
            while not over.wait(1.0):
                bar.refresh()

        counting = threading.Thread(target=count_seconds, daemon=True)
        if not bar.disable:
            counting.start()
        try:
            yield
        finally:
            over.set()
            if not bar.disable:
                counting.join()


def host_of(url: str) -> str:
    """Returns the name of the host in an address, for a message."""
    try:
        host = urllib.parse.urlsplit(url).hostname
    except ValueError:  # it fails later, with a message of its own
        host = None
    return http.shown(host or url)


def _permanent_failure(reason: str) -> http.TransferError:
    return http.TransferError(reason, server_responded=True, retryable=False)


@contextlib.contextmanager
def _replace(path: str, file: RemoteFile) -> Iterator[BinaryIO]:
    """Is `files.atomic_write`, but without an error if the right file exists already.

    Windows does not replace a file that another process has open; it may be the same.
    """
    try:
        with files.atomic_write(path) as stream:
            yield stream
    except DataError as error:
        if not isinstance(error.__cause__, PermissionError) or not verify(path, file):
            raise


def _back_up(path: str, backup: str) -> None:
    """Gives a file a second name, unless that is taken: the first backup is kept.

    After a rename the file would be missing for a moment, and another process might
    look for it then.
    """
    try:
        os.link(path, backup)
    except FileExistsError:
        return
    except OSError:  # not every file system has hard links
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, backup)
    print(
        f'{printable(path)} was damaged: kept as {printable(backup)}', file=sys.stderr
    )
