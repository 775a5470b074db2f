"""Takes the picture of the drawing page that README.md shows.

    python scripts/maintain/screenshot_draw.py --data_dir=MNIST_data

trains softmax regression and `deep` (2,000 steps), puts both into one page, and draws
an 8 on it in headless Chromium. Folders of runs as arguments are taken instead.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from mnist_tut import errors
from mnist_tut.data.pen import shapes
from mnist_tut.export import web
from mnist_tut.flags import Flags
from mnist_tut.inference import trained

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # for what the tests have, too
from tests.support import browser as browsers  # noqa: E402

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the data files.')
flags.DEFINE_string('output', str(ROOT / 'docs' / 'draw.png'), 'File to write.')
flags.DEFINE_string('browser', None, 'Path of Chromium, Chrome or Edge.')
flags.DEFINE_integer('width', 1280, 'Width of the window, in pixels.', 320)
flags.DEFINE_enum('colors', 'light', ['light', 'dark'], 'Colors of the page.')

LESSONS = {'softmax': 1000, 'deep': 2000}  # numbers of steps
# An 8 with a small lower loop, which softmax regression takes for a 5.
DIGIT, FAMILY, SHAPE = 8, 0, 20
SIZE = 0.72  # of the digit, in parts of the drawing


def strokes() -> list[list[list[float]]]:
    """Returns the strokes of the digit, in parts of the drawing."""
    family = shapes.load()[DIGIT][FAMILY]
    path = 0.5 + SIZE / 100 * (family.basis @ family.control_points[SHAPE])
    ends = np.flatnonzero(~family.connected) + 1
    return [part.tolist() for part in np.split(path, ends)]


def train(folder: str) -> list[str]:
    """Trains the lessons and returns the folders of their runs."""
    for lesson, num_steps in LESSONS.items():
        command = [sys.executable, '-m', f'mnist_tut.{lesson}', '--seed=0']
        command += [f'--max_steps={num_steps}', f'--log_dir={folder}/{lesson}']
        command += [f'--data_dir={os.path.abspath(FLAGS.data_dir)}']
        env = {**os.environ, 'PYTHONPATH': str(ROOT)}
        subprocess.run(command, env=env, check=True)
    return [f'{folder}/{lesson}' for lesson in LESSONS]


def main(argv: list[str]) -> None:
    """Writes the picture."""
    path = FLAGS.browser or browsers.find()
    if path is None:
        raise errors.FlagError(
            'no Chromium, Chrome or Edge found; name it with --browser'
        )
    with tempfile.TemporaryDirectory() as folder:
        runs = argv[1:] or train(folder)
        page_dir = pathlib.Path(folder, 'page')
        page_dir.mkdir()
        web.write_page([trained.restore(run) for run in runs], str(page_dir))
        with browsers.served(page_dir) as url, browsers.launched(path) as browser:
            page = browser.new_page(
                viewport={'width': FLAGS.width, 'height': 800},
                device_scale_factor=1.5,
                color_scheme=FLAGS.colors,
            )
            page.goto(url)
            browsers.draw_strokes(page, strokes())
            browsers.wait_for_answers(page)
            page.screenshot(path=FLAGS.output, full_page=True)
    print(FLAGS.output)


if __name__ == '__main__':
    flags.run(main, arguments='RUN...')
