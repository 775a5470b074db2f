"""Classifies pictures of digits with a trained model.

    python -m mnist_tut.predict photo.jpg

converts the picture to MNIST's format (see `inference.image`), feeds it to the model of
the newest run below logs/, and prints:

    photo.jpg: 3
      0                                  0.0 %
      1                                  0.1 %
      2  █                               2.7 %
      3  ███████████████████████████    97.0 %
      ...

--show=seen.png writes the image that the network was given: look at it first when a
prediction is strange.
"""

import io
import os
import sys
from typing import TYPE_CHECKING

from mnist_tut import errors, files
from mnist_tut.flags import Flags
from mnist_tut.inference import image

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from mnist_tut.inference.model import Predictor

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_trained_run()
flags.DEFINE_string(
    'saved_model',
    None,
    'Folder that mnist_tut.export has written, instead of --log_dir.',
)
flags.DEFINE_string(
    'show',
    None,
    'Where to write what the network was given: for one image a file ending in .png, '
    'else a folder for files named <image>-seen.png.',
)

_BAR_LENGTH = 28  # characters
_ENLARGED = 10  # --show writes each of 28 x 28 pixels this many pixels wide


def load(
    log_dir: str | os.PathLike | None = None,
    saved_model: str | os.PathLike | None = None,
) -> 'Predictor':
    """Loads a trained model.

    Args:
        log_dir: Folder of a run; the newest below logs/ if both are None.
        saved_model: Folder of a SavedModel, instead.

    Returns:
        A Predictor: predictor.probabilities(uint8 [N, 28, 28]) -> float32 [N, 10].

    Raises:
        errors.UserError: If there is no such model, or both are given.
    """
    # TensorFlow takes seconds to import; a wrong path is reported before that.
    from mnist_tut.inference import model

    if log_dir is not None and saved_model is not None:
        raise errors.FlagError('--log_dir and --saved_model: expected one of the two')
    if saved_model is not None:
        return model.load_saved_model(saved_model)
    return model.load(log_dir)


def format_probabilities(probabilities: np.ndarray) -> str:
    """Returns the ten probabilities as lines of text.

    Args:
        probabilities: float [10].

    Returns:
        Ten lines: digit, bar, percentage.
    """
    block = '█'
    try:
        block.encode(sys.stdout.encoding or 'ascii')
    except UnicodeEncodeError:
        block = '#'
    lines = []
    for digit, probability in enumerate(probabilities):
        bar = block * round(_BAR_LENGTH * float(probability))
        lines.append(f'  {digit}  {bar:{_BAR_LENGTH}}  {100 * probability:5.1f} %')
    return '\n'.join(lines)


def _choose_targets(show: str, paths: list[str]) -> list[str]:
    """Returns the path for writing what the network is given for each image.

    Raises:
        errors.FlagError: If `show` is one file for several images, or the image itself.
    """
    if not show.lower().endswith('.png'):
        stems = [os.path.splitext(os.path.basename(path))[0] for path in paths]
        # Two folders may each hold a 3.jpg.
        counts = [stems[:i].count(stem) for i, stem in enumerate(stems)]
        names = [
            f'{stem}-seen{f"-{count + 1}" if count else ""}.png'
            for stem, count in zip(stems, counts, strict=True)
        ]
        return [os.path.join(show, name) for name in names]
    if len(paths) > 1:
        raise errors.FlagError(
            f'--show={errors.printable(show)}: one file for {len(paths)} images; '
            'expected a folder'
        )
    if os.path.exists(show) and os.path.samefile(show, paths[0]):
        raise errors.FlagError(
            f'--show={errors.printable(show)}: is the image itself; choose another name'
        )
    return [show]


def _write_enlarged(path: str, digit: np.ndarray) -> None:
    size = (_ENLARGED * digit.shape[1], _ENLARGED * digit.shape[0])
    picture = io.BytesIO()
    enlarged = Image.fromarray(digit).resize(size, Image.Resampling.NEAREST)
    enlarged.save(picture, 'PNG')
    files.write_bytes(path, picture.getvalue())


def main(argv: list[str]) -> None:
    """Reads the images, writes the files of --show, and prints the predictions."""
    paths = argv[1:]
    if not paths:
        raise errors.FlagError(
            'no image given; expected: python -m mnist_tut.predict IMAGE...'
        )
    if FLAGS.show == '':
        raise errors.FlagError('--show=: empty; expected a .png file or a folder')
    targets = _choose_targets(FLAGS.show, paths) if FLAGS.show else []
    digits = np.stack([image.read(path) for path in paths])
    for target, digit in zip(targets, digits, strict=bool(targets)):
        _write_enlarged(target, digit)
    with load(FLAGS.log_dir, FLAGS.saved_model) as predictor:
        print(f'Model: {predictor.description}', file=sys.stderr)
        all_probabilities = predictor.probabilities(digits)
    for path, probabilities in zip(paths, all_probabilities, strict=True):
        print(f'{errors.printable(path)}: {probabilities.argmax()}')
        print(format_probabilities(probabilities))


if __name__ == '__main__':
    flags.run(main, arguments='IMAGE...')
