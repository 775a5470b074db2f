"""Measures every export format, and writes the table of docs/EXPORT.md.

    python scripts/maintain/measure_exports.py --data_dir=MNIST_data RUN...

exports each run in each format, runs the files on MNIST's 10,000 test digits, and
compares them with the session. ONNX Runtime, LiteRT and mini-racer (the JavaScript of
the web page, in V8) have to be installed: extra `dev`. A Core ML package is computed
by the NumPy interpreter of the tests, so its time says nothing and is left out.
"""

import contextlib
import os
import pathlib
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

from mnist_tut import errors
from mnist_tut.data import idx, locate
from mnist_tut.export import coreml, litert, onnx, saved_model, web
from mnist_tut.flags import Flags
from mnist_tut.inference import model, trained

import markdown
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # for what the tests have, too
from tests.support import javascript, mil_interpreter  # noqa: E402

DOCUMENT = ROOT / 'docs' / 'EXPORT.md'

# Probabilities, float32 [N, 10], of images uint8 [N, 28, 28].
Classifier = Callable[[np.ndarray], np.ndarray]

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the data files.')


def main(argv: list[str]) -> None:
    """Measures all runs in all formats and writes the table."""
    if len(argv) < 2:
        raise errors.FlagError('no run given; expected folders of runs')
    files = locate.locate(FLAGS.data_dir, dataset='mnist').files
    digits = idx.read_images(files[locate.TEST_IMAGES])
    labels = idx.read_labels(files[locate.TEST_LABELS])
    rows = []
    for log_dir in argv[1:]:
        restored = trained.restore(log_dir)
        with model.start(restored) as predictor:
            expected = predictor.probabilities(digits)
            rows.append(
                [
                    restored.lesson,
                    'the session',
                    '',
                    accuracy(expected, labels),
                    '',
                    '',
                    f'{microseconds(predictor.probabilities, digits):,.0f}',
                ]
            )
        for name, num_bytes, classify, is_timed in exported(restored):
            print(f'{restored.lesson}: {name}', file=sys.stderr)
            probabilities = classify(digits)
            changed = (probabilities.argmax(1) != expected.argmax(1)).sum()
            rows.append(
                [
                    restored.lesson,
                    name,
                    f'{num_bytes:,}',
                    accuracy(probabilities, labels),
                    f'{np.abs(probabilities - expected).max():.1e}',
                    str(changed),
                    f'{microseconds(classify, digits):,.0f}' if is_timed else '',
                ]
            )
    text = DOCUMENT.read_text()
    text = markdown.replace_part(text, 'measure_exports', report(rows))
    DOCUMENT.write_text(text)


def report(rows: list[list[str]]) -> list[str]:
    """Returns the lines of the document."""
    head = [
        'lesson',
        'format',
        'bytes',
        'accuracy',
        'largest difference',
        'other answers',
        'µs an image',
    ]
    return [
        '',
        "On MNIST's 10,000 test digits: accuracy, the largest difference of a",
        "probability from the session's, and to how many digits the answer is another",
        'one. The time is for one image at a time, the median of 200',
        f'({platform.machine()}, {os.cpu_count()} cores, shared with other programs).',
        "The runs are those of the lessons' commands with `--seed=0`, `deep` with",
        '`--max_steps=2000`:',
        '',
        '    python scripts/maintain/measure_exports.py --data_dir=MNIST_data RUN...',
        '',
        *markdown.table(head, rows),
    ]


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> str:
    """Returns the accuracy as text."""
    return f'{(probabilities.argmax(axis=1) == labels).mean():.4f}'


def microseconds(classify: Classifier, digits: np.ndarray) -> float:
    """Returns the median time for one image."""
    times = []
    for number in range(200):
        begin = time.perf_counter()
        classify(digits[number : number + 1])
        times.append(time.perf_counter() - begin)
    return 1e6 * float(np.median(times))


def exported(
    restored: trained.TrainedModel,
) -> Iterator[tuple[str, int, Classifier, bool]]:
    """Yields name, size in bytes, classifier, and whether its time says anything."""
    lesson, shape = restored.lesson, restored.image_shape
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for module in (saved_model, litert, onnx, coreml, web):
            name = module.__name__.rpartition('.')[2]
            (folder / name).mkdir()
            module.write(restored, str(folder / name))
        predictor = stack.enter_context(model.load_saved_model(folder / 'saved_model'))
        yield 'saved_model', size(folder / 'saved_model'), predictor.probabilities, True
        for kind in litert.FILES:
            path = folder / 'litert' / f'{lesson}-{kind}.tflite'
            yield f'litert {kind}', size(path), run_litert(path, shape), True
        path = folder / 'coreml' / f'{lesson}.mlpackage'
        program = mil_interpreter.Program(path)
        yield 'coreml', size(path), lambda x: program.probabilities(x)[1], False
        path = folder / 'onnx' / f'{lesson}.onnx'
        yield 'onnx', size(path), run_onnx(path, shape), True
        yield 'web', size(folder / 'web'), run_web(folder / 'web'), True


def size(path: pathlib.Path) -> int:
    """Returns the bytes of a file, or of all files in a folder."""
    paths = [path, *path.rglob('*')]
    return sum(path.stat().st_size for path in paths if path.is_file())


def run_litert(path: pathlib.Path, shape: list[int]) -> Classifier:
    """Returns a .tflite file as a classifier."""
    from ai_edge_litert.interpreter import Interpreter

    run = Interpreter(str(path)).get_signature_runner()
    is_float = run.get_input_details()['images']['dtype'] == np.float32

    def classify(images: np.ndarray) -> np.ndarray:
        pixels = images.reshape(-1, *shape)
        if is_float:
            return run(images=pixels / np.float32(255))['probabilities']
        return run(images=pixels)['probabilities'] / np.float32(256)

    return classify


def run_onnx(path: pathlib.Path, shape: list[int]) -> Classifier:
    """Returns an ONNX file as a classifier."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])

    def classify(images: np.ndarray) -> np.ndarray:
        pixels = (images / np.float32(255)).reshape(-1, *shape)
        return session.run(['probabilities'], {'images': pixels})[0]

    return classify


def run_web(folder: pathlib.Path) -> Classifier:
    """Returns a page's model as a classifier, in V8."""
    return javascript.Network(folder).probabilities


if __name__ == '__main__':
    flags.run(main, arguments='RUN...')
