"""Takes the pictures of TensorBoard's pages that docs/TENSORBOARD.md shows.

    python scripts/maintain/screenshot_tensorboard.py --data_dir=MNIST_data

trains `with_summaries` (1,000 steps), starts TensorBoard on the run, and renders each
page in headless Chromium. --log_dir takes an existing run.
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

from mnist_tut import errors
from mnist_tut.flags import Flags

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # for what the tests have, too
from tests.support import browser as browsers  # noqa: E402

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the data files.')
flags.DEFINE_folder(
    'log_dir', None, 'A run of with_summaries; without it one is trained.'
)
flags.DEFINE_folder(
    'out_dir',
    str(ROOT / 'docs' / 'tensorboard'),
    'Folder for the pictures.',
    is_output=True,
)
flags.DEFINE_string('browser', None, 'Path of Chromium, Chrome or Edge.')

# The picture's name, and the page's address after the #. Its first word is the plugin,
# which TensorBoard enables once it has data.
PAGES = {
    'scalars': 'scalars',
    'images': 'images',
    'graph': 'graphs',
    'distributions': 'distributions',
    'histograms': 'histograms&tagFilter=activations',
    'projector': 'projector',
}


@contextlib.contextmanager
def tensorboard(log_dir: pathlib.Path) -> Iterator[str]:
    """Runs TensorBoard on 127.0.0.1, at a free port, and yields its URL.

    Args:
        log_dir: Folder to show. The pages show its name, without a path.
    """
    command = [sys.executable, '-m', 'tensorboard.main', '--host=127.0.0.1', '--port=0']
    command += [f'--logdir={log_dir.name}', '--reload_interval=1']
    with (
        tempfile.TemporaryFile('w+') as log,
        subprocess.Popen(command, cwd=log_dir.parent, stderr=log) as server,
    ):
        try:
            address = None
            while not address:
                time.sleep(0.2)
                log.seek(0)
                text = log.read()
                address = re.search(r'http://127\.0\.0\.1:\d+/', text)
                if server.poll() is not None:
                    sys.exit(f'TensorBoard did not start:\n{text}')
            yield address[0]
        finally:
            server.kill()


def get(url: str) -> bytes:
    """Returns the content of a URL of TensorBoard, without a proxy."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url) as response:
        return response.read()


def wait_until_read(url: str, plugins: set[str]) -> None:
    """Waits until TensorBoard has read a run of `with_summaries` to its end.

    Args:
        url: Address of TensorBoard.
        plugins: The plugins that must have data.
    """
    previous, missing = b'', plugins
    for _ in range(600):
        listing: dict[str, Any] = json.loads(get(f'{url}data/plugins_listing'))
        missing = {name for name in plugins if not listing[name]['enabled']}
        if not missing:
            current = get(f'{url}data/plugin/scalars/scalars?run=train&tag=accuracy_1')
            if current == previous:
                return
            previous = current
        time.sleep(2)
    sys.exit(f'TensorBoard has no data for: {", ".join(sorted(missing))}')


def take_picture(browser: str, url: str, path: pathlib.Path) -> None:
    """Renders a page to a PNG, once it has finished loading."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [browser, '--headless', '--hide-scrollbars', '--window-size=1400,900']
        # The projector draws in WebGL; without a graphics card, by software.
        command += ['--use-gl=angle', '--use-angle=swiftshader']
        command += ['--enable-unsafe-swiftshader', '--disable-gpu']
        # Of the page's own clock, which stops while a request is pending.
        command += ['--virtual-time-budget=60000']
        command += ['--no-first-run', '--disable-sync', '--disable-component-update']
        command += ['--disable-background-networking', '--no-proxy-server']
        if hasattr(os, 'geteuid') and os.geteuid() == 0:
            command += ['--no-sandbox']  # the sandbox does not work for root
        command += [f'--user-data-dir={profile}', f'--screenshot={path}', url]
        result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode or not path.exists():
        sys.exit(f'{browser} took no picture of {url}:\n{result.stderr}')


def main(_: list[str]) -> None:
    """Trains unless --log_dir is given, and takes one picture of each page."""
    browser = FLAGS.browser or browsers.find()
    if browser is None:
        raise errors.FlagError(
            'no Chromium, Chrome or Edge found; name it with --browser, or get it by '
            '`apt-get install chromium` (Debian, Ubuntu) or from '
            'https://www.chromium.org'
        )
    out_dir = pathlib.Path(FLAGS.out_dir).resolve()
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        log_dir = pathlib.Path(FLAGS.log_dir or f'{scratch}/with_summaries').resolve()
        if not FLAGS.log_dir:
            lesson = [sys.executable, '-m', 'mnist_tut.with_summaries', '--seed=0']
            lesson += [f'--data_dir={os.path.abspath(FLAGS.data_dir)}']
            # A relative path, because TensorBoard shows the one in the checkpoint.
            lesson += [f'--log_dir={log_dir.name}']
            env = {**os.environ, 'PYTHONPATH': str(ROOT)}
            subprocess.run(lesson, cwd=scratch, env=env, check=True)
        with tensorboard(log_dir) as url:
            wait_until_read(url, {page.split('&')[0] for page in PAGES.values()})
            for name, page in PAGES.items():
                take_picture(browser, f'{url}#{page}', out_dir / f'{name}.png')
                print(out_dir / f'{name}.png')


if __name__ == '__main__':
    flags.run(main)
