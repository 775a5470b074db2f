"""Where MNIST comes from: one table of files, a list of mirrors, and a fetch.

A fetch leaves the whole file or none. A file gets its name only after its size and
SHA-256 were found right and its bytes are on the disk; until then it is a temporary
file in the same folder. The original programs believed whatever arrived: a saved error
page or half a file stayed under the file's name and failed on every later run.

Any number of processes may fetch into one folder at once: each writes a file of its
own, and the last rename wins, with equal bytes.
"""

import contextlib
import hashlib
import os
import sys
import time
import urllib.parse
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

from mnist_tut import partial, transfer
from mnist_tut.errors import DataError, DownloadError, FlagError, show_path

import tqdm

SOURCE_URL_ENV = 'MNIST_TUT_SOURCE_URL'
OFFLINE_WAY = '--dataset=synthetic draws digits by code and needs no network'

FILE_LIMIT_SEC = 900.0  # for one file, every try and mirror together
OFFLINE_SEC = 11.0  # without a word from any mirror, the machine is taken as offline
_PAUSES_SEC = (0.0, 0.5, 1.0)  # before the first, second and third try
_MIN_WAIT_SEC = 3.0  # time enough for TCP to send its first packet three times
_MAX_UNKNOWN_BYTES = 1 << 30  # of a file that is not in the table


class RemoteFile(NamedTuple):
    """A file as it must arrive; None where that is not known beforehand."""

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
    'http://yann.lecun.com/exdb/mnist/',  # the first home; refuses most visitors now
)


def choose_mirrors(source_url: str | None = None) -> tuple[str, ...]:
    """Returns where to download from: a mirror of the user's own, or the known ones.

    Args:
        source_url: Base URL, with or without its last slash; None or '' for the
            environment variable MNIST_TUT_SOURCE_URL, and the known mirrors where that
            is not set either. One of the known mirrors, as old scripts give it, is only
            moved to the front.

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
    except ValueError:  # for example an open bracket
        usable = False
    if not usable:
        raise FlagError(
            f'{given_by}: {show_path(url)} is not the http:// or https:// address of a '
            'folder; for files on this machine, name their folder as the data folder'
        )
    head, _, last = url.rpartition('/')
    if last in {file.name for file in FILES}:
        url = head
    url = url.rstrip('/') + '/'
    return (url, *(m for m in MIRRORS if m != url)) if url in MIRRORS else (url,)


def fetch(
    file: RemoteFile,
    directory: str | bytes | os.PathLike,
    mirrors: Sequence[str] = MIRRORS,
    *,
    keep_old: bool = False,
    limit_sec: float = FILE_LIMIT_SEC,
    offline_sec: float = OFFLINE_SEC,
) -> str:
    """Downloads one file of the table into a folder, verified, or raises.

    Every mirror is asked in turn, then again after a pause, three times in all; one
    that says 4xx or sends another file is not asked again.

    Args:
        file: Its name, SHA-256 and size.
        directory: Made if it is missing.
        mirrors: Base URLs that end in a slash, the best one first.
        keep_old: What is there under that name is kept as NAME.bad, the first time.
        limit_sec: For the whole file, every try and mirror together.
        offline_sec: When no mirror has answered at all after this, give up.

    Returns:
        The path of the file.

    Raises:
        DownloadError: If no mirror gave it; its attribute `unreachable` says that none
            was heard at all.
        DataError: If it cannot be written.
    """
    path = os.path.join(os.fsdecode(directory), file.name)
    urls = [mirror + file.name for mirror in mirrors]
    return _fetch(urls, path, file, keep_old, limit_sec, offline_sec)


def fetch_url(
    url: str,
    path: str | bytes | os.PathLike,
    *,
    limit_sec: float = FILE_LIMIT_SEC,
    offline_sec: float = OFFLINE_SEC,
) -> str:
    """Downloads a file that is not in the table, as whole as the server lets one know.

    Args:
        url: Its http or https address.
        path: Where to; the folder is made if it is missing.
        limit_sec: As in `fetch`.
        offline_sec: As in `fetch`.

    Returns:
        The path.

    Raises:
        DownloadError: As in `fetch`.
        DataError: As in `fetch`.
    """
    path = os.fsdecode(path)
    file = RemoteFile(os.path.basename(path), None, None)
    return _fetch([url], path, file, False, limit_sec, offline_sec)


def check_folder(folder: str) -> None:
    """Raises DataError unless `folder`, or the one to make it in, can be written to."""
    while folder and not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    folder = folder or '.'
    if not os.path.isdir(folder):
        raise DataError(f'{show_path(folder)} is not a folder, so no data fits in it')
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(
            f'{show_path(folder)} cannot be written to, so the data cannot be put '
            'there: name another folder, or change its permissions'
        )


def verify(path: str | bytes | os.PathLike, file: RemoteFile) -> bool:
    """Returns whether `path` is that very file; False too if it cannot be read."""
    try:
        # Size first: it never blocks (a FIFO has none) and answers most questions.
        if not os.path.isfile(path) or os.path.getsize(path) != file.num_bytes:
            return False
        with open(path, 'rb') as stream:
            return hashlib.file_digest(stream, 'sha256').hexdigest() == file.sha256
    except OSError:
        return False


def _fetch(
    urls: Sequence[str],
    path: str,
    file: RemoteFile,
    keep_old: bool,
    limit_sec: float,
    offline_sec: float,
) -> str:
    if os.path.lexists(path) and (os.path.islink(path) or not os.path.isfile(path)):
        what = 'a symbolic link' if os.path.islink(path) else 'not a file'
        raise DataError(
            f'{show_path(path)} is {what}, and is not replaced by a download: remove it'
        )
    folder = os.path.dirname(path)
    check_folder(folder)
    partial.sweep(folder or '.')
    start = time.monotonic()
    reasons: dict[str, str] = {}
    left, answered = list(urls), False
    for tries, pause in enumerate(_PAUSES_SEC, 1):
        if not left:
            break
        time.sleep(pause)
        asked = tuple(left)
        for position, url in enumerate(asked):
            now = time.monotonic()
            silent_sec = start + offline_sec - now
            file_sec = start + limit_sec - now
            if file_sec <= 0 or (silent_sec <= 0 and not answered):
                left.clear()
                break
            # The first mirror may take half of the time there is to find out that the
            # machine is offline, which is enough for a dead name server before a good
            # one; the others get half of the rest each.
            wait_sec = transfer.STALL_SEC if answered else silent_sec / 2
            try:
                _try(
                    url,
                    path,
                    file,
                    keep_old,
                    first_word_sec=min(max(wait_sec, _MIN_WAIT_SEC), file_sec),
                    deadline=now + file_sec / (len(asked) - position),
                )
            except transfer.TransferError as error:
                answered |= error.answered
                reasons[url] = f'{error} ({tries} tries)' if tries > 1 else str(error)
                if not error.again:
                    left.remove(url)
            except OSError as error:
                reason = error.strerror or str(error)
                raise DataError(
                    f'{show_path(path)} cannot be written: {reason}'
                ) from error
            else:
                return path
    told = '; '.join(f'{show_path(url)}: {reason}' for url, reason in reasons.items())
    failure = DownloadError(
        f'{show_path(file.name)} could not be downloaded: {told}. '
        f'Name another mirror with --source_url, or put the files into '
        f'{show_path(folder or ".")} by hand; {OFFLINE_WAY}'
    )
    failure.unreachable, failure.reasons = not answered, told
    raise failure


def _try(
    url: str,
    path: str,
    file: RemoteFile,
    keep_old: bool,
    *,
    first_word_sec: float,
    deadline: float,
) -> None:
    """Downloads `url` to `path`, or raises TransferError; an OSError is the disk's."""
    limit = _MAX_UNKNOWN_BYTES if file.num_bytes is None else file.num_bytes
    digest, count, head = hashlib.sha256(), 0, b''
    with (
        contextlib.closing(transfer.Reply(url, first_word_sec)) as reply,
        partial.open_new(os.path.dirname(path) or '.') as stream,
        tqdm.tqdm(
            desc=file.name,
            total=file.num_bytes or reply.num_bytes,
            unit='B',
            unit_scale=True,
            leave=False,
            disable=None,  # shown only where stderr is a terminal
        ) as bar,
    ):
        for block in reply.blocks(deadline):
            head = head or block
            count += len(block)
            if count > limit:
                raise _wrong(f'larger than the {limit} bytes expected')
            stream.write(block)
            digest.update(block)
            bar.update(len(block))
        if file.num_bytes is not None and count < file.num_bytes:
            # The server did not say how long the file is, so the line may have dropped.
            reason = f'{count} bytes, expected {file.num_bytes}'
            if head.lstrip().startswith(b'<'):
                reason += ': a web page, perhaps the login page of this network'
            again = reply.num_bytes is None
            raise transfer.TransferError(reason, answered=True, again=again)
        if file.sha256 is not None and digest.hexdigest() != file.sha256:
            raise _wrong(f'SHA-256 is {digest.hexdigest()}, expected {file.sha256}')
        stream.flush()
        os.fsync(stream.fileno())
        _place(stream, path, file, keep_old)
    print('Successfully downloaded', show_path(file.name), count, 'bytes.', flush=True)


def _wrong(reason: str) -> transfer.TransferError:
    return transfer.TransferError(reason, answered=True, again=False)


def _place(stream: BinaryIO, path: str, file: RemoteFile, keep_old: bool) -> None:
    """Gives a finished temporary file its final name."""
    if keep_old and os.path.exists(path) and not verify(path, file):
        _keep(path, path + '.bad')
    if os.name == 'nt':
        stream.close()  # Windows renames no file that is open
    try:
        os.replace(stream.name, path)
    except PermissionError:
        # Windows replaces no file that another process reads. It may be the same one.
        if not verify(path, file):
            raise


def _keep(path: str, other: str) -> None:
    """Gives a file a second name, unless that is taken: the first who keeps it wins.

    A rename would leave a moment with no file of the first name, in which another
    process could take it for missing.
    """
    try:
        os.link(path, other)
    except FileExistsError:
        return
    except OSError:  # not every disk knows files of two names
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, other)
    print(f'{show_path(path)} was damaged: kept as {show_path(other)}', file=sys.stderr)
