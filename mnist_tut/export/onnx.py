"""Exports a trained model as ONNX, for ONNX Runtime and many other runtimes.

    python -m mnist_tut.export --log_dir=logs/deep/run-0001 --format=onnx
        --export_dir=deep_onnx

writes deep.onnx, built from the trained arrays, layer by layer. For any number of
images:

    images         float32 [N, 784] ([N, 28, 28, 1] for convolutional), in [0, 1]
    scores         float32 [N, 10], the lesson's logits or probabilities
    probabilities  float32 [N, 10]

Writing it needs the package onnx (pip install 'mnist_tut[onnx]'); running it, no more
than a runtime:

    import onnxruntime

    session = onnxruntime.InferenceSession('deep_onnx/deep.onnx')
    [probabilities] = session.run(['probabilities'], {'images': images})
"""

import os
from typing import Any

import mnist_tut
from mnist_tut.export import output
from mnist_tut.inference import layers, trained

import numpy as np

# Of 2020, so that older runtimes read it, too; opset 13 needs this version or a later.
_OPSET, _IR_VERSION = 13, 7
_ACTIVATIONS = {'relu': 'Relu', 'tanh': 'Tanh'}


def write(model: trained.TrainedModel, folder: str) -> None:
    """Writes <lesson>.onnx into `folder`.

    Raises:
        errors.RunError: If the package onnx is missing, or the run is not one of a
            lesson as the package has it.
    """
    onnx = output.require('onnx', 'onnx')
    network = layers.network(model)
    chain = _Chain(onnx)
    _add_network(chain, network)

    def describe(name: str, shape: list[int], text: str) -> Any:
        return onnx.helper.make_tensor_value_info(
            name, onnx.TensorProto.FLOAT, ['N', *shape], text
        )

    meaning = 'probabilities' if model.scores_are_probabilities else 'logits'
    result = onnx.helper.make_model(
        onnx.helper.make_graph(
            chain.nodes,
            model.lesson,
            [describe('images', model.image_shape, 'from 0 (background) to 1')],
            [
                describe('scores', [10], f'{meaning} of the digits 0 to 9'),
                describe('probabilities', [10], 'of the digits 0 to 9'),
            ],
            chain.arrays,
        ),
        opset_imports=[onnx.helper.make_opsetid('', _OPSET)],
        ir_version=_IR_VERSION,
        producer_name='mnist_tut',
        producer_version=mnist_tut.__version__,
        doc_string=model.description,
    )
    onnx.helper.set_model_props(
        result,
        {'lesson': model.lesson, 'steps': str(model.num_steps), 'data': model.data},
    )
    with open(os.path.join(folder, f'{model.lesson}.onnx'), 'wb') as file:
        file.write(result.SerializeToString())


class _Chain:
    """The nodes of a graph in which each op continues the one before it.

    Attributes:
        nodes: The ops.
        arrays: Constants that they take.
    """

    def __init__(self, onnx: Any):
        self._onnx = onnx
        self._last = 'images'
        self.nodes: list[Any] = []
        self.arrays: list[Any] = []

    def add(
        self, op: str, *arrays: np.ndarray, output: str = '', **attributes: Any
    ) -> None:
        """Adds an op of the last output and of constants."""
        name = output or f'{op}_{len(self.nodes)}'
        inputs = [self._last]
        for number, array in enumerate(arrays):
            inputs.append(f'{name}/{number}')
            self.arrays.append(self._onnx.numpy_helper.from_array(array, inputs[-1]))
        self.nodes.append(
            self._onnx.helper.make_node(op, inputs, [name], name, **attributes)
        )
        self._last = name


def _add_network(chain: _Chain, network: layers.Network) -> None:
    """Adds all layers, from `images` to `scores` and `probabilities`."""
    low, high = network.pixel_range
    if high - low != 1:
        chain.add('Mul', np.array(high - low, np.float32))
    if low != 0:
        chain.add('Add', np.array(low, np.float32))
    channels = 0  # [N, channels, H, W]; or 0, for [N, units]
    if isinstance(network.layers[0], layers.Conv):
        channels = 1
        chain.add('Reshape', np.array([0, channels, 28, 28]))  # 0 leaves N as it is
    for layer in network.layers:
        if isinstance(layer, layers.Conv):
            size, _, _, channels = layer.weights.shape
            weights = layer.weights.transpose(3, 2, 0, 1)  # [out, in, 5, 5]
            chain.add('Conv', weights, layer.biases, pads=[size // 2] * 4)
            chain.add('Relu')
        elif isinstance(layer, layers.MaxPool):
            chain.add('MaxPool', kernel_shape=[2, 2], strides=[2, 2])
        else:
            weights = layer.weights
            if channels:
                chain.add('Flatten')
                weights = _channels_first(weights, channels)
                channels = 0
            chain.add('Gemm', weights, layer.biases)
            if layer.activation:
                chain.add(_ACTIVATIONS[layer.activation])
    if network.scores_are_probabilities:
        chain.add('Softmax', output='probabilities')
        chain.add('Identity', output='scores')
    else:
        chain.add('Identity', output='scores')
        chain.add('Softmax', output='probabilities')


def _channels_first(weights: np.ndarray, channels: int) -> np.ndarray:
    """Reorders the rows of [H * W * channels, out] to [channels * H * W, out].

    TensorFlow flattens an image pixel by pixel, ONNX channel by channel.
    """
    by_pixel = weights.reshape(-1, channels, weights.shape[1])
    return by_pixel.swapaxes(0, 1).reshape(weights.shape)
