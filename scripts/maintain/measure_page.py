"""Measures the web page of trained models in headless Chromium.

    python scripts/maintain/measure_page.py logs/softmax/run-0001 logs/deep/run-0001

prints, for the page of each run by itself:

    deep: 6,616,975 bytes; first answer after 184 ms (8 loads: 164 to 244); then
    8.0 ms an answer (200 answers: 7.3 to 20.9)

The first answer is that to an example which is clicked as soon as it is there, and the
time is from the page's `load` event to the answer on the screen. An answer's time is
what the network takes, as the page says it, but exactly. All of it grows if
other programs run at the same time.
"""

import pathlib
import statistics
import sys
import tempfile
from typing import Any

from mnist_tut import errors
from mnist_tut.export import web
from mnist_tut.flags import Flags
from mnist_tut.inference import trained

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # for what the tests have, too
from tests.support import browser as browsers  # noqa: E402

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_integer('num_loads', 5, 'Number of times to load each page.', 1)
flags.DEFINE_integer('num_answers', 200, 'Number of answers.', 1)

# Clicks an example as soon as it is there, and notes when the answer is.
FIRST_ANSWER = """
window.firstAnswer = new Promise((resolve) => {
  let load;
  let isClicked = false;
  addEventListener('load', () => (load = performance.now()));
  new MutationObserver(() => {
    const example = document.querySelector('#examples button:nth-child(4)');
    if (example && !isClicked) {
      isClicked = true;
      example.click();
    }
    const percent = document.querySelector('.percent');
    if (load && percent?.textContent) resolve(performance.now() - load);
  }).observe(document, { subtree: true, childList: true, characterData: true });
});
"""
# As worker.js does, in the page.
ANSWERS = """
async (count) => {
  const { decode, run } = await import('./network.js');
  const { models } = await (await fetch('models.json')).json();
  const examples = new Uint8Array(await (await fetch('examples.bin')).arrayBuffer());
  const file = await (await fetch(models[0].file)).arrayBuffer();
  const network = decode(models[0], file);
  const times = [];
  for (let i = 0; i < count + 20; i++) {
    const start = performance.now();
    run(network, examples.subarray(784 * (i % 10), 784 * (i % 10 + 1)));
    times.push(performance.now() - start);
  }
  return times.slice(20);
}
"""


def measure(browser: Any, url: str) -> tuple[list[float], list[float]]:
    """Returns the times of first answers and of later ones, in milliseconds."""
    first: list[float] = []
    later: list[float] = []
    for _ in range(FLAGS.num_loads):
        context = browser.new_context()  # with an empty cache
        context.add_init_script(FIRST_ANSWER)
        page = context.new_page()
        page.goto(url)
        first.append(page.evaluate('firstAnswer'))
        if not later:
            later = page.evaluate(ANSWERS, FLAGS.num_answers)
        context.close()
    return first, later


def main(argv: list[str]) -> None:
    """Measures the page of each run."""
    path = browsers.find()
    if path is None or len(argv) < 2:
        raise errors.FlagError('expected folders of runs, and Chromium installed')
    with browsers.launched(path) as browser:
        for log_dir in argv[1:]:
            restored = trained.restore(log_dir)
            with tempfile.TemporaryDirectory() as folder:
                web.write(restored, folder)
                files = pathlib.Path(folder).iterdir()
                num_bytes = sum(path.stat().st_size for path in files)
                with browsers.served(pathlib.Path(folder)) as url:
                    first, later = measure(browser, url)
            print(
                f'{restored.lesson}: {num_bytes:,} bytes; first answer after '
                f'{statistics.median(first):.0f} ms ({len(first)} loads: '
                f'{min(first):.0f} to {max(first):.0f}); then '
                f'{statistics.median(later):.1f} ms an answer ({len(later)} answers: '
                f'{min(later):.1f} to {max(later):.1f})'
            )


if __name__ == '__main__':
    flags.run(main, arguments='RUN...')
