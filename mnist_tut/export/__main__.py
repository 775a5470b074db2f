"""Exports a trained model to another runtime.

    python -m mnist_tut.export --log_dir=logs/deep/run-0001 --export_dir=export_model

writes a SavedModel (see `saved_model`) and prints what it has exported:

    Exported logs/deep/run-0001: deep, 2,000 steps on MNIST to export_model
"""

from mnist_tut import errors
from mnist_tut.export import saved_model
from mnist_tut.flags import Flags
from mnist_tut.inference import model

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_trained_run()
flags.DEFINE_string(
    'export_dir', 'export_model', 'Folder to write; it must not exist yet.'
)


def main(_):
    """Exports with the flags of the command line."""
    log_dir = FLAGS.log_dir or model.newest_run()
    description = saved_model.export(log_dir, FLAGS.export_dir)
    print(f'Exported {description} to {errors.printable(FLAGS.export_dir)}')


if __name__ == '__main__':
    flags.run(main)
