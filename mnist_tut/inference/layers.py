"""The layers of a trained network, from which other runtimes rebuild it.

A training graph is no use to another runtime: it has placeholders for dropout, random
ops and, in one lesson, a fixed number of images. A list of layers with trained arrays
is all that inference needs.
"""

import dataclasses
from typing import NamedTuple

from mnist_tut import errors
from mnist_tut.inference import model
from mnist_tut.inference.trained import TrainedModel

import numpy as np
import numpy.lib.stride_tricks


class Conv(NamedTuple):
    """A convolution over the whole image ('SAME'), a bias, and a ReLU.

    [B, H, W, in] -> [B, H, W, out]

    Attributes:
        weights: float32 [5, 5, in, out].
        biases: float32 [out].
    """

    weights: np.ndarray
    biases: np.ndarray


class MaxPool(NamedTuple):
    """The largest of each 2 x 2 pixels: [B, H, W, C] -> [B, H/2, W/2, C]."""


class Dense(NamedTuple):
    """A fully connected layer of the flattened input: [B, ...] -> [B, out].

    Attributes:
        weights: float32 [in, out].
        biases: float32 [out].
        activation: 'relu', 'tanh', or '' for none.
    """

    weights: np.ndarray
    biases: np.ndarray
    activation: str


Layer = Conv | MaxPool | Dense

# The layers of each lesson: the kind or activation, then the names of two variables.
_CONV_NET = (
    ('conv', 'Variable', 'Variable_1'),
    ('max_pool',),
    ('conv', 'Variable_2', 'Variable_3'),
    ('max_pool',),
    ('relu', 'Variable_4', 'Variable_5'),
    ('', 'Variable_6', 'Variable_7'),
)
LESSONS: dict[str, tuple[tuple[str, ...], ...]] = {
    'softmax': (('', 'Variable', 'Variable_1'),),
    'deep': _CONV_NET,
    'fully_connected_feed': (
        ('relu', 'hidden1/weights', 'hidden1/biases'),
        ('relu', 'hidden2/weights', 'hidden2/biases'),
        ('', 'softmax_linear/weights', 'softmax_linear/biases'),
    ),
    'tanh_mlp': (('tanh', 'W1', 'Variable'), ('', 'W2', 'Variable_1')),
    'convolutional': _CONV_NET,
    'with_summaries': (
        ('relu', 'layer1/weights/Variable', 'layer1/biases/Variable'),
        ('', 'layer2/weights/Variable', 'layer2/biases/Variable'),
    ),
}


_CHANGED_LESSON = 'a changed lesson can be exported as saved_model or litert only'


@dataclasses.dataclass(frozen=True)
class Network:
    """A trained network as a list of layers.

    Attributes:
        lesson: Module of mnist_tut that trained it.
        description: Folder of the run, lesson, number of training steps, data.
        image_shape: [784] or [28, 28, 1], what the lesson is fed.
        pixel_range: What pixel values 0 and 1 are scaled to before the first layer.
        layers: From the image to ten logits.
        scores_are_probabilities: Whether the lesson's scores are the softmax of the
            logits, instead of the logits.
    """

    lesson: str
    description: str
    image_shape: list[int]
    pixel_range: tuple[float, float]
    layers: list[Layer]
    scores_are_probabilities: bool

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Computes the logits in NumPy, slowly; the reference for other runtimes.

        Args:
            images: float32 [B, 28, 28], in [0, 1].

        Returns:
            float32 [B, 10].
        """
        low, high = self.pixel_range
        x = np.asarray(low + (high - low) * images, np.float32)[..., np.newaxis]
        for layer in self.layers:
            x = _apply(layer, x)
        return x


def network(trained: TrainedModel) -> Network:
    """Returns a trained model as a list of layers, after comparing the two.

    Raises:
        errors.RunError: If the run is not one of a lesson as the package has it.
    """
    result = _network(trained)
    images = np.random.default_rng(0).integers(0, 256, [8, 28, 28], np.uint8)
    images[4:] *= images[4:] > 200  # mostly background, as digits are
    with model.start(trained) as predictor:
        expected = predictor.probabilities(images)
    actual = softmax(result.logits(images / np.float32(255)))
    is_float16 = any(a.dtype == np.float16 for a in trained.arrays.values())
    if not np.allclose(actual, expected, atol=0.1 if is_float16 else 1e-4):
        raise errors.RunError(
            f'{trained.description}: computes something else than the lesson; '
            f'{_CHANGED_LESSON}'
        )
    return result


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns the probabilities of each row: float [N, 10] -> [N, 10]."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _network(trained: TrainedModel) -> Network:
    if trained.lesson not in LESSONS:
        raise errors.RunError(
            f'{trained.description}: the layers of this program are not known; '
            f'expected a run of {", ".join(LESSONS)}'
        )
    plan = LESSONS[trained.lesson]
    if {name for _, *names in plan for name in names} != set(trained.arrays):
        raise errors.RunError(
            f'{trained.description}: has variables other than those of the lesson '
            f'({", ".join(sorted(trained.arrays))}); {_CHANGED_LESSON}'
        )
    layers: list[Layer] = []
    for kind, *names in plan:
        if kind == 'max_pool':
            layers.append(MaxPool())
            continue
        weights, biases = (np.asarray(trained.arrays[n], np.float32) for n in names)
        if kind == 'conv':
            layers.append(Conv(weights, biases))
        else:
            layers.append(Dense(weights, biases, kind))
    return Network(
        trained.lesson,
        trained.description,
        trained.image_shape,
        trained.pixel_range,
        layers,
        trained.scores_are_probabilities,
    )


def _apply(layer: Layer, x: np.ndarray) -> np.ndarray:
    """Returns the output of a layer, in NumPy."""
    match layer:
        case MaxPool():
            batch, height, width, depth = x.shape
            windows = x.reshape(batch, height // 2, 2, width // 2, 2, depth)
            return windows.max(axis=(2, 4))
        case Conv(weights, biases):
            margin = weights.shape[0] // 2
            x = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
            patches = numpy.lib.stride_tricks.sliding_window_view(
                x, weights.shape[:2], axis=(1, 2)
            )  # [B, H, W, in, 5, 5]
            x = np.tensordot(patches, weights, ([4, 5, 3], [0, 1, 2])) + biases
            return np.maximum(x, 0)
        case Dense(weights, biases, activation):
            x = x.reshape(len(x), -1) @ weights + biases
            if activation == 'relu':
                return np.maximum(x, 0)
            return np.tanh(x) if activation == 'tanh' else x
