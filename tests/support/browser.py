"""An installed Chromium, driven by playwright, on pages that this machine serves."""

import contextlib
import os
import pathlib
import shutil
import threading
from collections.abc import Iterator
from typing import Any

from mnist_tut import draw

BROWSERS = (
    'chromium',
    'chromium-browser',
    'google-chrome',
    'chrome',
    'msedge',
    'microsoft-edge',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    r'C:\Program Files\Google\Chrome\Application\chrome.exe',
    r'C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe',
)


def find() -> str | None:
    """Returns the path of Chromium, or of a browser based on it; None without one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextlib.contextmanager
def launched(path: str) -> Iterator[Any]:
    """Starts the browser of this path, headless, which knows no host but this one."""
    from playwright import sync_api

    # A busy machine may take long; nothing here is about time.
    sync_api.expect.set_options(timeout=120_000)
    arguments = ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1']
    is_root = hasattr(os, 'geteuid') and os.geteuid() == 0
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=arguments,
            chromium_sandbox=not is_root,  # it does not work for root
            timeout=120_000,
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def served(folder: pathlib.Path) -> Iterator[str]:
    """Serves a folder as `mnist_tut.draw` does; yields its URL."""
    with draw.listen(0) as server:
        server.folder = str(folder)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f'http://127.0.0.1:{server.server_port}/'
        finally:
            server.shutdown()
            thread.join()


def draw_strokes(page: Any, strokes: list[list[tuple[float, float]]]) -> None:
    """Draws with the mouse; places are in parts of the drawing, from 0 to 1."""
    box = page.locator('#drawing').bounding_box()
    for stroke in strokes:
        places = [
            (box['x'] + x * box['width'], box['y'] + y * box['height'])
            for x, y in stroke
        ]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places:
            page.mouse.move(*place)
        page.mouse.up()


def wait_for_answers(page: Any) -> None:
    """Waits until every model has answered to the drawing as it is."""
    from playwright.sync_api import expect

    # A change is handled in the next frame.
    frames = 'requestAnimationFrame(() => requestAnimationFrame(resolve))'
    page.evaluate(f'() => new Promise((resolve) => {frames})')
    expect(page.locator('.model')).not_to_have_count(0)
    expect(page.locator('.model[aria-busy=true]')).to_have_count(0)


def seen(page: Any) -> list[int]:
    """Returns the 784 pixels that the models are given."""
    return page.evaluate(
        """() => {
          const canvas = document.getElementById('seen');
          const { data } = canvas.getContext('2d').getImageData(0, 0, 28, 28);
          return Array.from({ length: 784 }, (_, i) => data[4 * i + 3]);
        }"""
    )
