"""Exports a trained model to another runtime.

    python -m mnist_tut.export --log_dir=logs/deep/run-0001 --format=onnx
        --export_dir=export_model

writes a new folder and prints what it has exported:

    Exported logs/deep/run-0001: deep, 2,000 steps on MNIST to export_model

The formats, each a module of mnist_tut.export that says more:

    saved_model  TensorFlow Serving and other TensorFlow programs: <version>/
    litert       phones and small devices: four .tflite files
    coreml       Apple's devices: a classifier, .mlpackage
    onnx         ONNX Runtime and others: .onnx
    web          a page to draw on, for any browser
"""

from mnist_tut import errors
from mnist_tut.export import coreml, faithful, litert, onnx, output, saved_model, web
from mnist_tut.flags import Flags
from mnist_tut.inference import original, trained

flags = Flags()
FLAGS = flags.FLAGS
WRITERS = {'litert': litert, 'coreml': coreml, 'onnx': onnx, 'web': web}

flags.DEFINE_trained_run()
flags.DEFINE_string(
    'checkpoint',
    None,
    'Checkpoint of an original program, such as model.ckpt-1999, instead of --log_dir.',
)
flags.DEFINE_enum('format', 'saved_model', ['saved_model', *WRITERS], 'What to write.')
flags.DEFINE_string(
    'export_dir',
    'export_model',
    'Folder to write; it must not exist yet, unless as the folder of another version.',
)
flags.DEFINE_integer(
    'model_version', 1, 'Version of a saved_model, the folder in --export_dir.', 1
)
flags.DEFINE_boolean(
    'faithful', False, "Make the beginner notes' saved_model, with its faults."
)


def main(_):
    """Exports with the flags of the command line."""
    if FLAGS.faithful:
        description = _export_faithfully()
    else:
        model = _restore()
        description = model.description
        if FLAGS.format == 'saved_model':
            saved_model.write_version(model, FLAGS.export_dir, FLAGS.model_version)
        else:
            with output.new_folder(FLAGS.export_dir) as folder:
                WRITERS[FLAGS.format].write(model, folder)
    print(f'Exported {description} to {errors.printable(FLAGS.export_dir)}')


def _restore() -> trained.TrainedModel:
    """Returns the model that the flags name."""
    if FLAGS.checkpoint is None:
        return trained.restore(FLAGS.log_dir or trained.newest_run())
    if FLAGS.log_dir is not None:
        raise errors.FlagError('--log_dir and --checkpoint: expected one of them')
    return original.restore(FLAGS.checkpoint)


def _export_faithfully() -> str:
    """Writes the notes' export and returns what was exported."""
    if FLAGS.format != 'saved_model':
        raise errors.FlagError(
            f'--faithful with --format={FLAGS.format}: the notes export a '
            'saved_model; leave one of the two out'
        )
    if FLAGS.checkpoint is not None:
        raise errors.FlagError(
            '--faithful with --checkpoint: it needs a run of the lesson deep; leave '
            'one of the two out'
        )
    return faithful.export(FLAGS.log_dir or trained.newest_run(), FLAGS.export_dir)


if __name__ == '__main__':
    flags.run(main)
