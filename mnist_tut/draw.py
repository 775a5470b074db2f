"""Opens a page in the browser where trained models read the digits that you draw.

    python -m mnist_tut.draw
    python -m mnist_tut.draw logs/softmax/run-0001 logs/deep/run-0001

shows the newest run below logs/, or the runs that are named, side by side on the same
drawing, and prints:

    Drawing on logs/deep/run-0001: deep, 2,000 steps on MNIST
    http://127.0.0.1:40123/ (Ctrl-C ends it)

If there is no run yet, `deep` is trained first, 600 steps. The page is served to this
machine alone, and its networks run in the browser; --export_dir keeps its files, which
any web server can serve.
"""

import contextlib
import http.server
import os
import signal
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from typing import Any

from mnist_tut import errors
from mnist_tut.flags import Flags

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_integer(
    'port', 0, 'Port of 127.0.0.1 to serve the page at; 0 for a free one.', 0, 65535
)
flags.DEFINE_boolean('open_browser', True, 'Open the page in the browser.')
flags.DEFINE_string(
    'export_dir', None, 'Folder to keep the page in; it must not exist yet.'
)
flags.DEFINE_folder(
    'data_dir', None, 'Folder of the data files, to train on without a run.'
)

_NUM_STEPS = 600  # to train without a run: more than nine in ten digits are right
# Browsers in a terminal, where there is no pen.
_TEXT_BROWSERS = {'www-browser', 'links', 'elinks', 'lynx', 'w3m'}


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder to this machine.

    Attributes:
        folder: Path of the folder.
    """

    allow_reuse_address = os.name != 'nt'  # where two programs would share the port
    folder = ''

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Prints what went wrong, unless the browser has hung up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Handles the requests of a browser, quietly."""

    protocol_version = 'HTTP/1.1'  # one connection for many files
    # A machine may have other types for these, with which a browser ignores them.
    extensions_map = {  # noqa: RUF012
        '.html': 'text/html',
        '.css': 'text/css',
        '.js': 'text/javascript',
        '.json': 'application/json',
        '.svg': 'image/svg+xml',
    }

    def __init__(self, request: Any, client_address: Any, server: Server):
        super().__init__(request, client_address, server, directory=server.folder)

    def end_headers(self) -> None:
        """Ends the headers; the next page at this port may be another one."""
        self.send_header('Cache-Control', 'no-cache')
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Prints nothing."""


def main(argv: list[str]) -> None:
    """Exports the runs, opens the browser, and serves the page until Ctrl-C."""
    with (
        _sigterm_unwinds(),
        listen(FLAGS.port) as server,
        tempfile.TemporaryDirectory() as temporary,
    ):
        server.folder = os.path.join(temporary, 'page')
        if FLAGS.export_dir is not None:
            server.folder = FLAGS.export_dir
        for description in _export(argv[1:], server.folder):
            print(f'Drawing on {description}')
        url = f'http://127.0.0.1:{server.server_port}/'
        print(f'{url} (Ctrl-C ends it)', flush=True)
        if FLAGS.open_browser:
            threading.Thread(target=_open, args=[url], daemon=True).start()
        server.serve_forever()


@contextlib.contextmanager
def _sigterm_unwinds() -> Iterator[None]:
    """Ends the program at SIGTERM as at Ctrl-C, so that temporary files are removed."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def listen(port: int) -> Server:
    """Returns a server at a port of 127.0.0.1, to be given the folder that it serves.

    Raises:
        errors.FlagError: If the port cannot be used.
    """
    try:
        return Server(('127.0.0.1', port), _Handler)
    except OSError as error:
        raise errors.FlagError(
            f'--port={port}: cannot be used: {error.strerror}; choose another one, or '
            'leave it out'
        ) from error


def _export(log_dirs: list[str], folder: str) -> list[str]:
    """Writes the page for the runs, or for the newest one, into a new folder.

    Returns:
        The descriptions of the models.
    """
    # TensorFlow takes seconds to import; a wrong port is reported before that.
    from mnist_tut.export import output, web
    from mnist_tut.inference import trained

    with output.new_folder(folder) as unfinished:
        models = [trained.restore(path) for path in log_dirs or [_newest_run()]]
        web.write_page(models, unfinished)
    return [model.description for model in models]


def _newest_run() -> str:
    """Returns the folder of the newest run below logs/, which is trained if missing."""
    from mnist_tut import deep
    from mnist_tut.inference import trained

    with contextlib.suppress(errors.RunError):
        return trained.newest_run()
    print(
        f'No run below logs/: training deep for {_NUM_STEPS} steps, about a minute.',
        flush=True,
    )
    named = {} if FLAGS.data_dir is None else flags.subset('data_dir')
    deep.run_training(max_steps=_NUM_STEPS, **named)
    return trained.newest_run()


def _open(url: str) -> None:
    """Opens a page in the browser, if the machine has one to draw in."""
    with contextlib.suppress(webbrowser.Error):
        browser = webbrowser.get()
        if getattr(browser, 'name', '') not in _TEXT_BROWSERS:
            browser.open(url)


if __name__ == '__main__':
    flags.run(main, arguments='RUN...')
