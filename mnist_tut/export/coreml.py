"""Exports a trained model for Apple's devices, as a Core ML package.

    python -m mnist_tut.export --log_dir=logs/deep/run-0001 --format=coreml
        --export_dir=export_model

writes export_model/deep.mlpackage, a classifier that Xcode takes as it is. It needs the
extra `coreml`, on Linux or macOS, and is made from the trained arrays, without
TensorFlow. It has not been run on a phone: the tests run its program on Linux.

    image             gray, 28 x 28: one digit, white (255) on black (0), cut out and
                      centered as MNIST's digits are
    classLabel        the digit, '0' to '9'
    classLabel_probs  the probability of each digit, by its label

Vision scales a photo to 28 x 28, but neither inverts nor centers it; `predict` does
both. Pixels are scaled inside the program.
"""

import contextlib
import io
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any

import mnist_tut
from mnist_tut.export import output
from mnist_tut.inference import layers, trained

# Printed at every import and conversion: progress, converters that are not used, and
# the library that runs models, which only macOS has. Other lines are shown.
_USUAL_LINES = re.compile(
    r'Running MIL \w+ pipeline'
    r'|\S+ version \S+ (has not been tested with coremltools|is not supported)'
    r"|Failed to load _ML\w+: No module named 'coremltools.libcoremlpython'"
)


def write(model: trained.TrainedModel, folder: str) -> None:
    """Writes <lesson>.mlpackage into `folder`."""
    # Otherwise coremltools would silence TensorFlow's logger.
    os.environ.setdefault('TF_SUPPRESS_LOGS', '0')
    with _without_usual_lines():
        ct = output.require('coremltools', 'coreml')
    network = layers.network(model)
    with _without_usual_lines():
        try:
            package = _convert(ct, network)
            _describe(package, model)
            package.save(os.path.join(folder, f'{network.lesson}.mlpackage'))
        except RuntimeError as error:  # native code, writing to a temporary folder
            raise OSError(f'{error} (in {tempfile.gettempdir()})') from error


def _convert(ct: Any, network: layers.Network) -> Any:
    """Returns the classifier as a coremltools MLModel."""
    low, high = network.pixel_range
    image = ct.ImageType(
        name='image',
        shape=(1, 1, 28, 28),
        color_layout=ct.colorlayout.GRAYSCALE,
        scale=(high - low) / 255,
        bias=low,
    )
    return ct.convert(
        _program(ct, network),
        inputs=[image],
        classifier_config=ct.ClassifierConfig(
            [str(digit) for digit in range(10)],
            predicted_probabilities_output='probabilities',
        ),
        # The first with ML programs, and all that these layers need.
        minimum_deployment_target=ct.target.iOS15,
        # float16 would halve the package (deep: 6.6 of 13.1 MB), but gave 3 of 60,000
        # MNIST test digits (6 lessons) another label than the session; float32, none.
        compute_precision=ct.precision.FLOAT32,
        skip_model_load=True,  # only macOS could load it
    )


def _program(ct: Any, network: layers.Network) -> Any:
    """Returns the network as a program in coremltools' intermediate language (MIL)."""
    mb = ct.converters.mil.Builder

    @mb.program([mb.TensorSpec((1, 1, 28, 28))], opset_version=ct.target.iOS15)
    def program(image):
        x = image  # [1, C, H, W]: Core ML has the channels first
        for layer in network.layers:
            match layer:
                case layers.Conv(weights, biases):
                    weights = weights.transpose(3, 2, 0, 1)  # [out, in, 5, 5]
                    x = mb.conv(x=x, weight=weights, bias=biases, pad_type='same')
                    x = mb.relu(x=x)
                case layers.MaxPool():
                    x = mb.max_pool(
                        x=x, kernel_sizes=[2, 2], strides=[2, 2], pad_type='valid'
                    )
                case layers.Dense(weights, biases, activation):
                    if x.rank == 4:
                        _, depth, height, width = x.shape
                        # In the order in which pixels are flattened here.
                        weights = weights.reshape(height, width, depth, -1)
                        weights = weights.transpose(2, 0, 1, 3)
                        weights = weights.reshape(depth * height * width, -1)
                        x = mb.reshape(x=x, shape=[1, -1])
                    x = mb.linear(x=x, weight=weights.T, bias=biases)
                    if activation:
                        x = {'relu': mb.relu, 'tanh': mb.tanh}[activation](x=x)
        return mb.softmax(x=x, axis=1, name='probabilities')

    return program


def _describe(package: Any, model: trained.TrainedModel) -> None:
    """Sets what Xcode shows of a package."""
    package.short_description = (
        f'Recognizes a handwritten digit, 0 to 9: {model.lesson}, '
        f'{model.training}. White on black: 0 is background.'
    )
    package.author = 'mnist_tut'
    package.license = 'Apache-2.0'
    package.version = mnist_tut.__version__
    package.input_description['image'] = (
        'One digit, white (255) on black (0), as in MNIST: at most 20 x 20 pixels, its '
        'center of mass in the middle of the 28 x 28'
    )
    package.output_description['classLabel'] = 'The most probable digit'
    package.output_description['classLabel_probs'] = 'The probability of each digit'


@contextlib.contextmanager
def _without_usual_lines() -> Iterator[None]:
    """Removes from stderr what coremltools prints every time."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed), warnings.catch_warnings():
            # 2026-11-21: coremltools 9 leaves its folder of weights to be removed.
            warnings.filterwarnings('ignore', 'Implicitly clean', ResourceWarning)
            yield
    finally:
        for line in printed.getvalue().splitlines():
            if line.strip() and not _USUAL_LINES.search(line):
                print(line, file=sys.stderr)
