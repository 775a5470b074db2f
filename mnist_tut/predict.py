"""Reads pictures of handwritten digits with a trained model.

    python -m mnist_tut.predict photo.jpg

converts the picture to MNIST's format (see `inference.image`), feeds it to the model of
the newest run below logs/, and prints:

    photo.jpg: 3
      0                                  0.0 %
      1                                  0.1 %
      2  █                               2.7 %
      3  ███████████████████████████    97.0 %
      ...

Several digits side by side are read from left to right, and printed with one bar each:

    house.jpg: 471
      4  ███████████████████████████    98.9 %
      7  ████████████████████████████   99.8 %
      1  ████████████████████████       85.2 %

A folder stands for the pictures in it. More than three pictures get one line each: the
number, and the probability of each of its digits. Any format that Pillow reads will do.

--show=seen.png writes the image that the network was given: look at it first when a
prediction is strange. For several pictures it is a contact sheet: each picture, what
the network was given, and the answer, in red where it is doubtful.

--samples reads two photos that come with the package.
"""

import glob
import os
import sys
from typing import TYPE_CHECKING

from mnist_tut import errors
from mnist_tut.flags import Flags
from mnist_tut.inference import contact_sheet, image, pictures

import numpy as np

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
    'checkpoint',
    None,
    'Checkpoint of an original program, such as model.ckpt-1999, instead of --log_dir. '
    'Which lesson it belongs to is seen from its variables.',
)
flags.DEFINE_string(
    'show',
    None,
    'Where to write what the network was given: a file ending in .png, for several '
    'pictures a contact sheet; or a folder, for files named <picture>-seen.png, and '
    'contact-sheet.png. No other files are overwritten.',
)
flags.DEFINE_boolean('samples', False, 'Read the photos that come with the package.')

SAMPLES_DIR = os.path.join(os.path.dirname(image.__file__), 'samples')

_BAR_LENGTH = 28  # characters
_ENLARGED = 10  # --show writes each of 28 x 28 pixels this many pixels wide
_MOST_WITH_BARS = 3  # more pictures get one line each


def load(
    log_dir: str | os.PathLike | None = None,
    saved_model: str | os.PathLike | None = None,
    checkpoint: str | os.PathLike | None = None,
) -> 'Predictor':
    """Loads a trained model.

    Args:
        log_dir: Folder of a run, or of runs, of which the newest is taken; the newest
            below logs/ if all three are None.
        saved_model: Folder of a SavedModel, instead.
        checkpoint: Path of a checkpoint of an original program, instead.

    Returns:
        A Predictor: predictor.probabilities(uint8 [N, 28, 28]) -> float32 [N, 10].

    Raises:
        errors.UserError: If there is no such model, or more than one is given.
    """
    # TensorFlow takes seconds to import; a wrong path is reported before that.
    from mnist_tut.inference import model, original

    given = {
        '--log_dir': log_dir, '--saved_model': saved_model, '--checkpoint': checkpoint
    }  # fmt: skip
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise errors.FlagError(f'{" and ".join(names)}: expected one of them')
    if saved_model is not None:
        return model.load_saved_model(saved_model)
    if checkpoint is not None:
        return model.start(original.restore(checkpoint))
    return model.load(log_dir)


def format_probabilities(probabilities: np.ndarray) -> str:
    """Returns the ten probabilities as lines of text.

    Args:
        probabilities: float [10].

    Returns:
        Ten lines: digit, bar, percentage.
    """
    return '\n'.join(_format_bar(*pair) for pair in enumerate(probabilities))


def _format_bar(digit: int, probability: float) -> str:
    block = '█'
    try:
        block.encode(sys.stdout.encoding or 'ascii')
    except UnicodeEncodeError:
        block = '#'
    bar = block * round(_BAR_LENGTH * float(probability))
    return f'  {digit}  {bar:{_BAR_LENGTH}}  {100 * probability:5.1f} %'


def _format(answer: contact_sheet.Answer, is_one_of_many: bool) -> str:
    """Returns what is printed for a picture."""
    first = f'{errors.printable(answer.path)}: {answer.number}'
    if is_one_of_many:
        return f'{first}  {answer.certainties}'
    if len(answer.digits) == 1:
        return f'{first}\n{format_probabilities(answer.probabilities[0])}'
    rows = answer.probabilities
    bars = [_format_bar(row.argmax(), row.max()) for row in rows]
    return '\n'.join([first, *bars])


def _read(paths: list[str]) -> dict[str, np.ndarray]:
    """Returns the digits in each picture; of many, one that has none is a line.

    Raises:
        errors.DataError: If it is the only picture.
        SystemExit: If none of many has a digit.
    """
    found: dict[str, np.ndarray] = {}
    for path in paths:
        try:
            found[path] = image.read(path)
        except errors.DataError as error:
            if len(paths) == 1:
                raise
            print(error, file=sys.stderr)
    if not found:
        sys.exit(1)
    return found


def _show(
    answers: list[contact_sheet.Answer], seen: dict[str, str], sheet: str | None
) -> None:
    """Writes the files of --show."""
    for answer in answers if seen else []:
        enlarged = contact_sheet.enlarge(answer.digits, _ENLARGED)
        pictures.write(seen[answer.path], enlarged)
    if sheet is not None:
        if len(answers) > contact_sheet.MAX_PICTURES:
            print(
                f'{errors.printable(sheet)}: shows the first '
                f'{contact_sheet.MAX_PICTURES} of {len(answers)} pictures',
                file=sys.stderr,
            )
        pictures.write(sheet, contact_sheet.draw(answers))


def main(argv: list[str]) -> None:
    """Reads the pictures, prints the predictions, and writes the files of --show."""
    arguments = argv[1:]
    if FLAGS.samples:
        arguments += sorted(glob.glob(os.path.join(glob.escape(SAMPLES_DIR), '*.jpg')))
    if not arguments:
        raise errors.FlagError(
            'no picture given; expected: python -m mnist_tut.predict PICTURE... (or '
            '--samples)'
        )
    if FLAGS.show == '':
        raise errors.FlagError('--show=: empty; expected a .png file or a folder')
    paths, notes = pictures.find(arguments)
    seen, sheet = pictures.targets(FLAGS.show, paths) if FLAGS.show else ([], None)
    found = _read(paths)
    with load(FLAGS.log_dir, FLAGS.saved_model, FLAGS.checkpoint) as predictor:
        for line in [*notes, f'Model: {predictor.description}']:
            print(line, file=sys.stderr)
        all_probabilities = predictor.probabilities(np.concatenate([*found.values()]))
    ends = np.cumsum([len(digits) for digits in found.values()])[:-1]
    answers = [
        contact_sheet.Answer(path, digits, probabilities)
        for (path, digits), probabilities in zip(
            found.items(), np.split(all_probabilities, ends), strict=True
        )
    ]
    for answer in answers:
        print(_format(answer, len(paths) > _MOST_WITH_BARS))
        if answer.has_wide_digit:
            print(
                f'{errors.printable(answer.path)}: wider than most digits; if it shows '
                'several that touch, leave gaps between them',
                file=sys.stderr,
            )
    _show(answers, dict(zip(paths, seen, strict=False)), sheet)
    if len(found) < len(paths):
        sys.exit(1)


if __name__ == '__main__':
    flags.run(main, arguments='PICTURE...')
