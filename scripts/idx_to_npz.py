"""Packs MNIST's four IDX files into the lecture's mnist_data.npz.

    python scripts/idx_to_npz.py --input_dir=MNIST_data --output=mnist_data.npz

prints

    mnist_data.npz: 60000 training digits and 10000 test digits
"""

import os

from mnist_tut import errors
from mnist_tut.data import idx, locate, npz
from mnist_tut.flags import Flags

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder('input_dir', 'MNIST_data', 'Folder of the four IDX files.')
flags.DEFINE_string('output', 'mnist_data.npz', 'The file to write.')
flags.DEFINE_boolean('overwrite', False, 'Replace the output if it exists.')


def main(_):
    """Converts with the flags of the command line."""
    output = errors.printable(FLAGS.output)
    if os.path.isdir(FLAGS.output) or not FLAGS.output:
        raise errors.FlagError(f'--output={output}: expected the path of a file')
    if os.path.lexists(FLAGS.output) and not FLAGS.overwrite:
        raise errors.FlagError(
            f'--output={output}: exists already; --overwrite replaces it'
        )

    def path(name):
        return os.path.join(FLAGS.input_dir, name)

    digits = npz.Digits(
        X_train=idx.read_images(path(locate.TRAIN_IMAGES)),
        X_test=idx.read_images(path(locate.TEST_IMAGES)),
        y_train=idx.read_labels(path(locate.TRAIN_LABELS)),
        y_test=idx.read_labels(path(locate.TEST_LABELS)),
    )
    npz.write(FLAGS.output, digits)
    print(
        f'{output}: {len(digits.y_train)} training digits '
        f'and {len(digits.y_test)} test digits'
    )


if __name__ == '__main__':
    flags.run(main)
