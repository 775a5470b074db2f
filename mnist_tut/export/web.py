"""Exports trained models as a page to draw on, for any browser.

    python -m mnist_tut.export --log_dir=RUN --format=web --export_dir=page
    python -m http.server --bind 127.0.0.1 --directory page

writes a folder of static files and serves it; `python -m mnist_tut.draw` does both. The
networks run in the page, which loads nothing from other hosts:

    index.html, style.css, icon.svg, *.js    the page, from page/ beside this module
    models.json     what the models are, and where in which file their weights are
    <lesson>.bin    the weights of a model
    examples.bin    ten drawn digits, uint8 [10, 28, 28]

Weights are stored as whole numbers of 16 bits, with a scale for each output of a layer.
That takes as many bytes as float16, and changes probabilities by 0.0001 instead of
0.001. (Eight bits change the answer to up to 16 of 4,000 drawn digits.) Where 16 bits
would change an answer, weights are stored as float32.
"""

import dataclasses
import importlib.resources
import json
import os
from typing import Any

from mnist_tut import errors
from mnist_tut.data import synthetic
from mnist_tut.inference import layers, model
from mnist_tut.inference.trained import TrainedModel

import numpy as np
import tensorflow.compat.v1 as tf

_TITLES = {
    'softmax': 'Softmax regression',
    'deep': 'Deep conv net',
    'fully_connected_feed': 'Two hidden layers',
    'tanh_mlp': 'One hidden layer, tanh',
    'convolutional': 'Trial conv net',
    'with_summaries': 'One hidden layer, ReLU',
}
_KINDS = {layers.Conv: 'conv', layers.MaxPool: 'max_pool', layers.Dense: 'dense'}
# The drawn digits to which stored weights have to give the same answers.
_NUM_CHECKED = 2000
# Two probabilities that differ by less than this are a tie, and no answer.
_TIE = 1e-3


def write(model: TrainedModel, folder: str) -> None:
    """Writes the page for one model into `folder`."""
    write_page([model], folder)


def write_page(
    models: list[TrainedModel], folder: str, weights_type: str | None = None
) -> None:
    """Writes a page in which several models answer to the same drawing.

    Args:
        models: At least one, in the order of the page.
        folder: An empty folder.
        weights_type: 'int16' or 'float32', the type in which weights are stored; the
            smallest that changes no answer if None.

    Raises:
        errors.RunError: If a run is not one of a lesson as the package has it.
    """
    entries: list[dict[str, Any]] = []
    lessons = [trained.lesson for trained in models]
    for i, trained in enumerate(models):
        network = layers.network(trained)
        title, name = _TITLES[trained.lesson], trained.lesson
        if lessons.count(trained.lesson) > 1:
            title += f' ({os.path.basename(os.path.abspath(trained.log_dir))})'
            name += f'-{lessons[: i + 1].count(trained.lesson)}'
        num_parameters = sum(array.size for array in trained.arrays.values())
        stored_as = weights_type or _smallest_type(trained)
        content, plan = _pack(network, stored_as)
        _write(folder, f'{name}.bin', content)
        entries.append(
            {
                'title': errors.printable(title),
                'facts': f'{trained.lesson}, {trained.training}, '
                f'{num_parameters:,} parameters',
                'file': f'{name}.bin',
                'bytes': len(content),
                'type': stored_as,
                'pixelRange': network.pixel_range,
                'layers': plan,
            }
        )
    _write(folder, 'models.json', json.dumps({'models': entries}, indent=1).encode())
    _write(folder, 'examples.bin', _examples().tobytes())
    for file in (importlib.resources.files('mnist_tut.export') / 'page').iterdir():
        content = file.read_bytes()
        if file.name == 'index.html':
            content = _with_preloads(content, [entry['file'] for entry in entries])
        _write(folder, file.name, content)


def _write(folder: str, name: str, content: bytes) -> None:
    with open(os.path.join(folder, name), 'wb') as file:
        file.write(content)


def _with_preloads(page: bytes, names: list[str]) -> bytes:
    """Returns index.html with links that load the weights as early as can be."""
    links = [
        f'    <link rel="preload" as="fetch" href="{name}" crossorigin />\n'
        for name in names
    ]
    return page.replace(b'  </head>', ''.join(links).encode() + b'  </head>')


def _examples() -> np.ndarray:
    """Returns a drawn digit of each kind, uint8 [10, 28, 28]."""
    _, _, images, labels = synthetic.generate(num_train=0, num_test=10)
    return images[np.argsort(labels)]


def _pack(
    network: layers.Network, weights_type: str
) -> tuple[bytes, list[dict[str, Any]]]:
    """Returns the weights file, and the layers with the places of their arrays in it.

    Numbers are little-endian. Each array begins at a multiple of four bytes.
    """
    content = bytearray()

    def append(array: np.ndarray) -> int:
        place = len(content)
        content.extend(array.astype(array.dtype.newbyteorder('<')).tobytes())
        content.extend(bytes(-len(content) % 4))
        return place

    plan = []
    for layer in network.layers:
        entry: dict[str, Any] = {'kind': _KINDS[type(layer)]}
        if not isinstance(layer, layers.MaxPool):
            weights, scales = layer.weights, np.ones_like(layer.biases)
            if weights_type == 'int16':
                weights, scales = _round(weights)
            entry['shape'] = weights.shape
            entry['biases'] = append(layer.biases)
            entry['scales'] = append(scales)
            entry['weights'] = append(weights)
        if isinstance(layer, layers.Dense):
            entry['activation'] = layer.activation
        plan.append(entry)
    return bytes(content), plan


def _round(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns int16 [..., out] and float32 scales [out], for float [..., out]."""
    most = np.abs(weights).max(axis=tuple(range(weights.ndim - 1)))
    scales = (np.where(most == 0, 1, most) / np.iinfo(np.int16).max).astype(np.float32)
    return np.rint(weights / scales).astype(np.int16), scales


def _smallest_type(trained: TrainedModel) -> str:
    """Returns the smallest type of weights that changes no answer."""
    _, _, digits, _ = synthetic.generate(num_train=0, num_test=_NUM_CHECKED, seed=1)
    with model.start(trained) as predictor:
        expected = predictor.probabilities(digits)
    with model.start(_rounded(trained)) as predictor:
        actual = predictor.probabilities(digits)
    second, first = np.sort(expected, axis=1)[:, -2:].T
    is_changed = actual.argmax(axis=1) != expected.argmax(axis=1)
    return 'float32' if is_changed[first - second > _TIE].any() else 'int16'


def _rounded(trained: TrainedModel) -> TrainedModel:
    """Returns the model with the weights that int16 can store."""
    graph_def = tf.GraphDef()
    graph_def.CopyFrom(trained.graph_def)
    for node in graph_def.node:
        array = trained.arrays.get(node.name.removeprefix('model/'))
        if array is not None and array.ndim > 1:
            whole, scales = _round(array)
            values = (whole * scales).astype(array.dtype)
            node.attr['value'].tensor.CopyFrom(tf.make_tensor_proto(values))
    return dataclasses.replace(trained, graph_def=graph_def)
