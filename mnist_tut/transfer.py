"""Reads one URL, once, in limited time: what urllib leaves to chance.

urllib has no time-out for the name lookup, none for a server that sends a byte now and
then, and follows redirects to more than web pages. Here every wait has an end, and
whatever goes wrong on the way is one exception, `TransferError`, with the reason in it.
"""

import concurrent.futures
import http.client
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from mnist_tut.errors import show_path

STALL_SEC = 10.0  # the longest silence in the middle of a file
_BLOCK_BYTES = 1 << 16


class TransferError(Exception):
    """Why a URL did not give its file this time.

    Attributes:
        answered: The server itself was heard, so the machine is not offline.
        again: Another try may go better.
    """

    def __init__(self, reason: str, *, answered: bool, again: bool):
        super().__init__(reason)
        self.answered = answered
        self.again = again


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows ten redirects, from http(s) to http(s) only."""

    max_redirections = 10
    inf_msg = 'more than 10 redirects, or a loop: '

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        """Returns the next request, or raises HTTPError where it may not be made."""
        fp.close()  # urllib would read the whole body first, however long it is
        if not newurl.startswith(('http://', 'https://')):
            reason = f'redirected to {newurl}, which is not on the web'
            raise urllib.error.HTTPError(newurl, code, reason, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Returns an opener for http and https alone: no file://, ftp:// or data:."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),  # reads http_proxy, https_proxy and no_proxy
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def _within(seconds: float, call: Callable[[], Any], undo: Callable[[], Any] | None):
    """Returns `call()`, or raises TimeoutError and lets it end by itself.

    A thread, because a name lookup obeys no time-out and cannot be interrupted; a
    daemon, so that it does not keep the program from ending.

    Args:
        seconds: How long to wait.
        call: What may take too long.
        undo: Called after a `call` that failed or was left behind, when it has ended;
            by default its result is closed.
    """
    future: concurrent.futures.Future = concurrent.futures.Future()

    def run() -> None:
        try:
            future.set_result(call())
        except Exception as error:
            future.set_exception(error)

    def clean(late: concurrent.futures.Future) -> None:
        if undo is not None:
            undo()
        elif hasattr(got := late.exception() or late.result(), 'close'):
            got.close()

    threading.Thread(target=run, daemon=True).start()
    try:
        return future.result(max(seconds, 0.0))
    except BaseException:  # Ctrl-C too
        future.add_done_callback(clean)
        raise


class Reply:
    """The answer to one GET request, its body still to be read.

    Args:
        url: An http or https address.
        first_word_sec: How long the server may take to begin to answer: name lookup,
            connection, proxy, encryption and redirects together.

    Raises:
        TransferError: If there is no answer, or it is not status 200.
    """

    def __init__(self, url: str, first_word_sec: float):
        # The answer is the bytes of the file as they lie there: no encoding on top.
        headers = {'User-Agent': 'mnist_tut', 'Accept-Encoding': 'identity'}
        try:
            request = urllib.request.Request(url, headers=headers)
            opener = _opener()
            self._response = _within(
                first_word_sec, lambda: opener.open(request, timeout=STALL_SEC), None
            )
        except urllib.error.HTTPError as error:
            reason = f'HTTP {error.code} {error.reason}'.strip()
            # What a proxy says, it says of itself: the mirror was not reached.
            raise TransferError(
                show_path(reason),
                answered=not request.has_proxy(),
                again=error.code >= 500,
            ) from None
        except TimeoutError:
            reason = f'no answer in {first_word_sec:.1f} s'
            raise TransferError(reason, answered=False, again=True) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = show_path(str(getattr(error, 'reason', error)) or repr(error))
            again = not isinstance(error, ValueError)
            raise TransferError(reason, answered=False, again=again) from None
        self.num_bytes = self._response.length  # None where the server does not say
        encoding = self._response.headers.get('Content-Encoding', '')
        self._busy = False  # a thread reads from it, and closes it if that goes wrong
        self._zipped = encoding.lower() in ('gzip', 'x-gzip')

    def blocks(self, deadline: float) -> Iterator[bytes]:
        """Yields the body, as the file's own bytes, until `deadline`.

        Args:
            deadline: On the clock of time.monotonic.

        Raises:
            TransferError: If the connection breaks, stalls, or is still not done.
        """
        return _unwrapped(self._raw(deadline)) if self._zipped else self._raw(deadline)

    def close(self) -> None:
        """Hangs up, unless the thread that was left behind will."""
        if not self._busy:
            self._response.close()

    def _raw(self, deadline: float) -> Iterator[bytes]:
        response, count = self._response, 0
        while True:
            left = deadline - time.monotonic()
            self._busy = True
            try:
                # read1 returns what is there: read would wait for a whole block, and
                # a server that drips could hold it for hours.
                block = _within(
                    min(left, STALL_SEC),
                    lambda: response.read1(_BLOCK_BYTES),
                    response.close,
                )
            except TimeoutError:
                if left <= STALL_SEC:
                    reason = f'too slow: {count} bytes when the time was up'
                    raise TransferError(reason, answered=True, again=False) from None
                reason = f'silent for {STALL_SEC:.0f} s after {count} bytes'
                raise TransferError(reason, answered=True, again=True) from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                reason = f'broken off after {count} bytes ({type(error).__name__})'
                raise TransferError(reason, answered=True, again=True) from None
            self._busy = False
            if not block:
                break
            count += len(block)
            yield block
        if self.num_bytes is not None and count < self.num_bytes:
            reason = f'broken off after {count} of {self.num_bytes} bytes'
            raise TransferError(reason, answered=True, again=True)


def _unwrapped(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Takes off a gzip layer that the server put on top of a .gz file.

    The header Content-Encoding: gzip may mean that layer, or (a common mistake) the
    file itself. What the first layer holds tells: another gzip file, or not.
    """
    head, plain = b'', b''
    for block in blocks:
        head += block
        try:
            plain = zlib.decompressobj(wbits=31).decompress(head, 2)
        except zlib.error:
            break
        if len(plain) == 2:
            break
    if plain != b'\x1f\x8b':
        yield head
        yield from blocks
        return
    layer, block = zlib.decompressobj(wbits=31), head
    try:
        while not layer.eof:
            yield layer.decompress(layer.unconsumed_tail + block, _BLOCK_BYTES)
            block = b'' if layer.unconsumed_tail else next(blocks, b'')
            if not (block or layer.unconsumed_tail or layer.eof):
                return
    except zlib.error as error:
        reason = f'its outer gzip layer is damaged ({error})'
        raise TransferError(reason, answered=True, again=True) from None
