"""One HTTP GET with a limit on every wait, the name lookup included.

urllib has no time-out for the name lookup, none for a server that sends a byte now and
then, and follows redirects to file:// and ftp://. Here every wait has a limit, and
every failure is a `TransferError` with its reason, which can be printed: whatever the
server sent, it is a short line without control characters and passwords.
"""

import base64
import concurrent.futures
import http.client
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from mnist_tut.errors import printable

STALL_SEC = 10.0  # the longest silence in the middle of a file
_BLOCK_BYTES = 1 << 16
_LAYER_BYTES = 1 << 16  # that a header or a layer may add to a file
_MAX_REASON_LENGTH = 300

_QUERY = re.compile(r'\?[^\s;]+')


def shown(text: str) -> str:
    """Returns an address, or a text with some, as one short line without secrets.

    User and password are masked, even if the password has a slash, and what follows a
    question mark, where a signed address has its key.
    """
    words = ' '.join(_without_credentials(word) for word in text.split())
    masked = _QUERY.sub('?***', words)
    if len(masked) > _MAX_REASON_LENGTH:
        masked = masked[:_MAX_REASON_LENGTH] + '...'
    return printable(masked)


def _without_credentials(word: str) -> str:
    before, at, host = word.rpartition('@')
    scheme, slashes, credentials = before.partition('//')
    if not slashes:
        scheme, credentials = '', before
    in_path = '/' in credentials and ':' not in credentials
    return f'{scheme}{slashes}***@{host}' if at and not in_path else word


class TransferError(Exception):
    """A URL could not be read; the message is the reason.

    Attributes:
        server_responded: The server itself sent something: the machine is not offline.
        retryable: Another try may succeed.
    """

    def __init__(self, reason: str, *, server_responded: bool, retryable: bool):
        super().__init__(reason)
        self.server_responded = server_responded
        self.retryable = retryable


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows ten redirects, from http(s) to http(s) only."""

    max_redirections = 10
    inf_msg = 'more than 10 redirects, or a loop: '

    def http_error_302(self, req, fp, code, msg, headers):
        """Follows; urllib would first read the whole body, however long it is."""
        fp.close()
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_302
    http_error_307 = http_error_308 = http_error_302

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        """Returns the next request, or raises HTTPError if it is not allowed."""
        if not newurl.startswith(('http://', 'https://')):
            reason = f'redirected to {newurl}, not an http or https address'
            raise urllib.error.HTTPError(newurl, code, reason, headers, fp)
        if super().redirect_request(req, fp, code, msg, headers, newurl) is None:
            return None
        return _request(newurl)


def _request(url: str) -> urllib.request.Request:
    """Returns a GET request; the address may hold a user and a password.

    They go to that address alone: a redirected request does not repeat them.
    """
    parts = urllib.parse.urlsplit(url)
    try:
        _ = parts.port
    except ValueError:
        raise ValueError('the port in the address is not a number') from None
    user, at, host = parts.netloc.rpartition('@')
    if at:
        url = urllib.parse.urlunsplit(parts._replace(netloc=host))
    # The bytes of the file as they are stored, without an encoding on top.
    headers = {'User-Agent': 'mnist_tut', 'Accept-Encoding': 'identity'}
    request = urllib.request.Request(url, headers=headers)
    if at:
        encoded = base64.b64encode(urllib.parse.unquote_to_bytes(user)).decode()
        request.add_unredirected_header('Authorization', f'Basic {encoded}')
    return request


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


def _call_with_timeout(
    seconds: float, call: Callable[[], Any], on_failure: Callable[[], Any] | None
):
    """Returns `call()`, or raises TimeoutError and leaves the call to finish.

    It runs in a thread, because a name lookup has no time-out and cannot be
    interrupted; in a daemon thread, so that it does not keep the program alive.

    Args:
        seconds: How long to wait.
        call: The call that may take too long.
        on_failure: Called when a call that failed or was abandoned has ended; by
            default its result is closed.
    """
    future: concurrent.futures.Future = concurrent.futures.Future()

    def run() -> None:
        try:
            future.set_result(call())
        except Exception as error:
            future.set_exception(error)

    def clean_up(ended: concurrent.futures.Future) -> None:
        if on_failure is not None:
            on_failure()
        elif hasattr(result := ended.exception() or ended.result(), 'close'):
            result.close()

    threading.Thread(target=run, daemon=True).start()
    try:
        return future.result(max(seconds, 0.0))
    except BaseException:  # KeyboardInterrupt too
        future.add_done_callback(clean_up)
        raise


class Response:
    """The response to one GET request, its body still to be read.

    Args:
        url: An http or https address.
        response_timeout_sec: How long the server may take until its response begins:
            name lookup, connection, proxy, encryption and redirects together.

    Attributes:
        num_bytes: Length of the body; None where the server does not give it.

    Raises:
        TransferError: If there is no response, or its status is not 200.
    """

    def __init__(self, url: str, response_timeout_sec: float):
        try:
            request = _request(url)
            opener = _opener()
            self._response = _call_with_timeout(
                response_timeout_sec,
                lambda: opener.open(request, timeout=STALL_SEC),
                None,
            )
        except urllib.error.HTTPError as error:
            error.close()  # its body is not read
            reason = f'HTTP {error.code} {error.reason}'.strip()
            # A proxy's own error does not show that the server was reached.
            raise TransferError(
                shown(reason),
                server_responded=not request.has_proxy(),
                retryable=error.code >= 500,
            ) from None
        except TimeoutError:
            reason = f'no response in {response_timeout_sec:.1f} s'
            raise TransferError(
                reason, server_responded=False, retryable=True
            ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            cause = getattr(error, 'reason', error)
            # A reason that is text, such as 'unknown url type', is about the URL.
            is_final = isinstance(cause, (str, ValueError, http.client.InvalidURL))
            raise TransferError(
                shown(str(cause) or repr(error)),
                server_responded=False,
                retryable=not is_final,
            ) from None
        if self._response.status != 200:
            self._response.close()
            raise TransferError(
                shown(f'HTTP {self._response.status} {self._response.reason}'),
                server_responded=True,
                retryable=False,
            )
        self.num_bytes = self._response.length
        encoding = self._response.headers.get('Content-Encoding', '')
        self._reading = False  # a thread is, and closes the response if it fails
        self._encoded = encoding.lower() in ('gzip', 'x-gzip')

    def blocks(self, deadline: float, max_bytes: int) -> Iterator[bytes]:
        """Yields the body without its content encoding, until `deadline`.

        Args:
            deadline: On the clock of time.monotonic.
            max_bytes: The largest body, give or take a header. A layer on top may be
                endless and yield nothing, so the bytes that arrive are limited.

        Raises:
            TransferError: If the connection breaks, stalls, or is not done in time, or
                more arrives.
        """
        blocks = self._raw_blocks(deadline, max_bytes + _LAYER_BYTES)
        return _undo_content_encoding(blocks) if self._encoded else blocks

    def close(self) -> None:
        """Closes the connection, unless an abandoned thread will."""
        if not self._reading:
            self._response.close()

    def _raw_blocks(self, deadline: float, max_bytes: int) -> Iterator[bytes]:
        response, count = self._response, 0
        while True:
            remaining_sec = deadline - time.monotonic()
            self._reading = True
            try:
                # read1 returns what has arrived: read would wait for a whole block,
                # for hours where a server sends a byte now and then.
                block = _call_with_timeout(
                    min(remaining_sec, STALL_SEC),
                    lambda: response.read1(_BLOCK_BYTES),
                    response.close,
                )
            except TimeoutError:
                too_slow = remaining_sec <= STALL_SEC
                reason = f'silent for {STALL_SEC:.0f} s after {count} bytes'
                if too_slow:
                    reason = f'too slow: {count} bytes when the time was up'
                raise TransferError(
                    reason, server_responded=True, retryable=not too_slow
                ) from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                reason = f'broken off after {count} bytes ({type(error).__name__})'
                raise TransferError(
                    reason, server_responded=True, retryable=True
                ) from None
            self._reading = False
            if not block:
                break
            count += len(block)
            yield block
            if count > max_bytes:
                reason = f'{count} bytes and no end, at most {max_bytes} expected'
                raise TransferError(reason, server_responded=True, retryable=False)
        if self.num_bytes is not None and count < self.num_bytes:
            reason = f'broken off after {count} of {self.num_bytes} bytes'
            raise TransferError(reason, server_responded=True, retryable=True)


def _undo_content_encoding(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Removes a gzip layer that the server put on top of a .gz file.

    The header Content-Encoding: gzip can mean that layer, or (a common mistake) the
    file itself. The content of the first layer decides: it is another gzip file, or it
    is not.
    """
    head, content = b'', b''
    for block in blocks:
        head += block
        try:
            content = zlib.decompressobj(wbits=31).decompress(head, 2)
        except zlib.error:
            break
        if len(content) == 2 or len(head) > _LAYER_BYTES:
            break
    if content != b'\x1f\x8b':
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
        raise TransferError(reason, server_responded=True, retryable=True) from None
