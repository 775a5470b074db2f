"""Packs MNIST's four IDX files into the lecture's mnist_data.npz.

    python scripts/idx_to_npz.py --input_dir=MNIST_data --output=mnist_data.npz

prints

    mnist_data.npz: 60000 training digits and 10000 test digits
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from mnist_tut import cli, errors, idx, npz, sources

from absl import flags

FLAGS = flags.FlagValues()
flags.DEFINE_boolean('help', False, 'Show this help.', flag_values=FLAGS)
flags.DEFINE_string(
    'input_dir', 'MNIST_data', 'Folder of the four IDX files.', flag_values=FLAGS
)
flags.DEFINE_string('output', 'mnist_data.npz', 'The file to write.', flag_values=FLAGS)
flags.DEFINE_boolean(
    'overwrite', False, 'Replace the output if it is there.', flag_values=FLAGS
)


def main(argv):
    """Reads the four files and writes the one."""
    del argv
    output = errors.show_path(FLAGS.output)
    if os.path.isdir(FLAGS.output) or not FLAGS.output:
        raise errors.FlagError(f'--output={output}: expected the path of a file')
    if os.path.lexists(FLAGS.output) and not FLAGS.overwrite:
        raise errors.FlagError(
            f'--output={output}: already there; --overwrite replaces it'
        )

    def path(name):
        return os.path.join(FLAGS.input_dir, name)

    digits = npz.Digits(
        X_train=idx.read_images(path(sources.TRAIN_IMAGES)),
        X_test=idx.read_images(path(sources.TEST_IMAGES)),
        y_train=idx.read_labels(path(sources.TRAIN_LABELS)),
        y_test=idx.read_labels(path(sources.TEST_LABELS)),
    )
    npz.write(FLAGS.output, digits)
    print(
        f'{output}: {len(digits.y_train)} training digits '
        f'and {len(digits.y_test)} test digits'
    )


if __name__ == '__main__':
    FLAGS.mark_as_parsed()
    cli.run(main, FLAGS)
