"""A server on 127.0.0.1 that misbehaves on request, and what it has seen.

Each behaviour is a function `(handler) -> None` that writes an answer, or part of one,
to `handler`; `Server.answer` is called once for each request.
"""

import contextlib
import gzip
import hashlib
import http.server
import queue
import socket
import threading
import time

from mnist_tut.data.download import RemoteFile


def remote_file(name: str, data: bytes) -> RemoteFile:
    """Returns the table entry of a file with these bytes."""
    return RemoteFile(name, hashlib.sha256(data).hexdigest(), len(data))


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self.close_connection = True
        self.server.owner.seen.append(self.path)
        self.server.owner.headers.append(dict(self.headers))
        self.server.owner.arrived.release()
        # A client that hangs up in the middle is the point of many tests.
        with contextlib.suppress(ConnectionError):
            self.server.owner.answer(self)

    def log_message(self, *args):
        pass

    def begin(self, status=200, **headers):
        """Sends the status line and the headers, with _ for - in their names."""
        self.send_response(status)
        self.send_header('Connection', 'close')
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), str(value))
        self.end_headers()

    def write(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    def reset(self):
        """Breaks the connection with a TCP reset."""
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b'\x01\0\0\0\0\0\0\0'
        )
        self.connection.shutdown(socket.SHUT_RD)
        self.connection.close()
        self.wfile.close = lambda: None


class Server:
    """An HTTP server whose answer is `answer(handler)`.

    Attributes:
        url: Its base URL, with the last slash.
        seen: The paths (for a proxy: the whole URLs) requested so far, in order.
        headers: The headers of those requests.
        arrived: A semaphore that each request releases, to wait for one.
        stopped: An event that is set when the server ends.
    """

    def __init__(self, answer):
        self.answer = answer
        self.seen: list[str] = []
        self.headers: list[dict] = []
        self.arrived = threading.Semaphore(0)
        self.stopped = threading.Event()
        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
        self._server.daemon_threads = True
        self._server.owner = self
        self._server.handle_error = lambda *args: None
        self.port = self._server.server_address[1]
        self.url = f'http://127.0.0.1:{self.port}/'

    def __enter__(self):
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={'poll_interval': 0.02}
        )
        self._thread.start()
        return self

    def __exit__(self, *args):
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def whole(data: bytes):
    """Sends `data` as a good server does."""

    def answer(handler):
        handler.begin(Content_Length=len(data))
        handler.write(data)

    return answer


def folder(files: dict[str, bytes], then=whole):
    """Sends the file that the address names; 404 for any other."""

    def answer(handler):
        data = files.get(handler.path.rpartition('/')[2])
        (status(404) if data is None else then(data))(handler)

    return answer


def status(code: int, **headers):
    """Sends an error, or a redirect."""

    def answer(handler):
        handler.begin(code, Content_Length=0, **headers)

    return answer


def in_turn(*answers):
    """Gives each answer once, in turn, and the last one for ever."""
    left = list(answers)

    def answer(handler):
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return answer


def reset(handler):
    """Breaks the connection before a word."""
    handler.reset()


def silent(handler):
    """Says nothing until the server is stopped."""
    handler.server.owner.stopped.wait()


def garbage(handler):
    """Answers in another language than HTTP."""
    handler.write(b'\x16\x03\x01 this is not HTTP\r\n\r\n')


def dropped(data: bytes, sent: int, *, length: bool, chunked: bool = False, rst=False):
    """Sends the first `sent` bytes and hangs up."""

    def answer(handler):
        headers = {'Content_Length': len(data)} if length else {}
        if chunked:
            headers['Transfer_Encoding'] = 'chunked'
        handler.begin(**headers)
        if chunked:
            handler.write(f'{len(data):x}\r\n'.encode())
        handler.write(data[:sent])
        if rst:
            handler.reset()

    return answer


def stalled(data: bytes, sent: int):
    """Sends the first `sent` bytes and then nothing, without hanging up."""

    def answer(handler):
        handler.begin(Content_Length=len(data))
        handler.write(data[:sent])
        handler.server.owner.stopped.wait()

    return answer


def drip(data: bytes, each: int, pause: float, *, after: int = 0, **headers):
    """Sends `after` bytes at once, then a few now and then, until the client ends."""

    def answer(handler):
        handler.begin(Content_Length=len(data), **headers)
        handler.write(data[:after])
        for start in range(after, len(data), each):
            handler.write(data[start : start + each])
            if handler.server.owner.stopped.wait(pause):
                return

    return answer


def endless(counts: queue.SimpleQueue, *, length: int | None = None):
    """Sends zeros until the client hangs up; `counts` gets the number of bytes."""

    def answer(handler):
        handler.begin(**({} if length is None else {'Content_Length': length}))
        block, sent = bytes(1 << 16), 0
        try:
            while not handler.server.owner.stopped.is_set():
                handler.write(block)
                sent += len(block)
        finally:
            counts.put(sent)

    return answer


def endless_layer(counts: queue.SimpleQueue, start: bytes, block: bytes):
    """Says Content-Encoding: gzip, and repeats `block` as `endless` does."""

    def answer(handler):
        handler.begin(Content_Encoding='gzip')
        handler.write(start)
        sent = 0
        try:
            while not handler.server.owner.stopped.is_set():
                handler.write(block)
                sent += len(block)
        finally:
            counts.put(sent)

    return answer


def encoded(data: bytes, *, on_top: bool):
    """Says Content-Encoding: gzip, with a layer on top of the .gz or without one."""
    body = gzip.compress(data) if on_top else data

    def answer(handler):
        handler.begin(Content_Length=len(body), Content_Encoding='gzip')
        handler.write(body)

    return answer


def in_chunks(data: bytes, size: int = 1000):
    """Sends `data` with Transfer-Encoding: chunked."""

    def answer(handler):
        handler.begin(Transfer_Encoding='chunked')
        for start in range(0, len(data), size):
            part = data[start : start + size]
            handler.write(b'%x\r\n%s\r\n' % (len(part), part))
        handler.write(b'0\r\n\r\n')

    return answer


def redirects(data: bytes, count: int):
    """Redirects from /N to /N+1, and sends `data` after `count` redirects."""

    def answer(handler):
        last = handler.path.rpartition('/')[2]
        step = int(last) if last.isdecimal() else 0
        after = whole(data) if step >= count else status(302, Location=f'/{step + 1}')
        after(handler)

    return answer


def slowly(then, seconds: float):
    """Waits before it answers as `then`."""

    def answer(handler):
        time.sleep(seconds)
        then(handler)

    return answer


@contextlib.contextmanager
def black_hole():
    """A port on which every new connection waits for ever, as if packets were lost.

    The queue of a listener that accepts nothing is filled, so that the system does not
    even answer the next request for a connection. Yields the base URL.
    """
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(('127.0.0.1', 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f'http://127.0.0.1:{listener.getsockname()[1]}/'


def closed_port() -> str:
    """Returns the base URL of a port on which no program listens."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return f'http://127.0.0.1:{probe.getsockname()[1]}/'
