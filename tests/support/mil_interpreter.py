"""Runs the ML program of a Core ML package in NumPy, one operation after the other.

A stand-in for Core ML, which only Apple's systems have. It is written from the format
and from the definitions of its operations, and shares nothing with the package that is
tested: it takes every shape, attribute and weight from the files, and refuses what it
does not know. The program is for one image; for speed, N images take the place of the 1
that all tensors begin with.
"""

import os
import pathlib
import struct

import numpy as np
import numpy.lib.stride_tricks

# Otherwise coremltools would silence TensorFlow's logger for the tests that follow.
os.environ.setdefault('TF_SUPPRESS_LOGS', '0')
from coremltools.models.utils import load_spec
from coremltools.proto import FeatureTypes_pb2, MIL_pb2

_TYPES = {
    MIL_pb2.FLOAT32: np.dtype(np.float32),
    MIL_pb2.INT32: np.dtype(np.int32),
    MIL_pb2.BOOL: np.dtype(bool),
    MIL_pb2.STRING: np.dtype(object),
}
_BLOB_HEADER = struct.Struct('<IIQQ')  # mark, type, number of bytes, where they begin
_BATCH_SIZE = 50
_BLOB_MARK, _BLOB_FLOAT32 = 0xDEADBEEF, 2


class Program:
    """The program of a package.

    Attributes:
        spec: The package's Model message.
    """

    def __init__(self, package):
        self.spec = load_spec(str(package))
        self._model_dir = pathlib.Path(package) / 'Data' / 'com.apple.CoreML'
        function = self.spec.mlProgram.functions['main']
        [self._input] = function.inputs
        _require_gray_image(self.spec.description.input, self._input)
        block = function.block_specializations[function.opset]
        self._output_names = list(block.outputs)
        self._constants = {}
        self._steps = []  # operation, constant inputs, names of the others
        for operation in block.operations:
            if operation.type == 'const':
                [output] = operation.outputs
                value = self._read(operation.attributes['val'])
                _require_type(value, output)
                self._constants[output.name] = value
            else:
                self._steps.append((operation, *self._inputs(operation)))

    def run(self, images):
        """Returns lists [N] by the output's name, for images uint8 [N, 28, 28]."""
        pixels = images[:, np.newaxis].astype(np.float32)
        _require_type(pixels[:1], self._input)
        values = {self._input.name: pixels}
        for operation, constants, names in self._steps:
            inputs = {key: values[name] for key, name in names.items()}
            outputs = _OPERATIONS[operation.type](**constants, **inputs)
            if not isinstance(outputs, tuple):
                outputs = (outputs,)
            for value, output in zip(outputs, operation.outputs, strict=True):
                _require_type(
                    value[0] if isinstance(value, list) else value[:1], output
                )
                values[output.name] = value
        return {name: values[name] for name in self._output_names}

    def probabilities(self, images):
        """Returns what a user of the classifier gets: digits [N], float32 [N, 10].

        Args:
            images: uint8 [N, 28, 28].
        """
        description = self.spec.description
        labels, rows = [], []
        for begin in range(0, len(images), _BATCH_SIZE):
            outputs = self.run(images[begin : begin + _BATCH_SIZE])
            for label in outputs[description.predictedFeatureName]:
                labels.append(int(label.item()))
            for row in outputs[description.predictedProbabilitiesName]:
                rows.append([row[str(digit)] for digit in range(10)])
        return np.array(labels), np.array(rows, np.float32)

    def _inputs(self, operation):
        """Returns an operation's constant inputs, and the names of the others."""
        _require(operation.type in _OPERATIONS, operation.type)
        _require(set(operation.attributes) <= {'name'}, operation.attributes)
        _require(not operation.blocks, operation.blocks)
        constants, names = {}, {}
        for key, argument in operation.inputs.items():
            [binding] = argument.arguments
            if binding.WhichOneof('binding') == 'value':
                constants[key] = self._read(binding.value)
            elif binding.name in self._constants:
                constants[key] = self._constants[binding.name]
            else:
                names[key] = binding.name
        return constants, names

    def _read(self, value):
        """Returns a Value message as an array or a list of arrays."""
        if value.WhichOneof('value') == 'blobFileValue':
            blob = value.blobFileValue
            path = blob.fileName.replace('@model_path', str(self._model_dir))
            return _read_blob(path, blob.offset).reshape(_shape(value.type.tensorType))
        immediate = value.immediateValue
        if immediate.WhichOneof('value') == 'list':
            return [self._read(item) for item in immediate.list.values]
        kind = immediate.tensor.WhichOneof('value')
        _require(kind in ('floats', 'ints', 'bools', 'strings'), kind)
        values = getattr(immediate.tensor, kind).values
        tensor_type = value.type.tensorType
        array = np.array(values, _TYPES[tensor_type.dataType])
        return array.reshape(_shape(tensor_type))


def _require(condition, what):
    """Raises NotImplementedError with what is unknown."""
    if not condition:
        raise NotImplementedError(f'the interpreter does not know: {what}')


def _require_gray_image(descriptions, program_input):
    """Requires one gray image as the input, of the size of the program's tensor."""
    [description] = descriptions
    image = description.type.imageType
    gray = FeatureTypes_pb2.ImageFeatureType.GRAYSCALE
    _require(description.type.WhichOneof('Type') == 'imageType', description)
    _require(
        image.colorSpace == gray and not image.WhichOneof('SizeFlexibility'), image
    )
    _require(description.name == program_input.name, program_input)
    shape = _shape(program_input.type.tensorType)
    _require(shape == (1, 1, image.height, image.width), shape)


def _shape(tensor_type):
    return tuple(dimension.constant.size for dimension in tensor_type.dimensions)


def _read_blob(path, offset):
    """Returns the weights whose header is at an offset, flat."""
    with open(path, 'rb') as file:
        file.seek(offset)
        mark, kind, num_bytes, begin = _BLOB_HEADER.unpack(file.read(24))
        _require((mark, kind) == (_BLOB_MARK, _BLOB_FLOAT32), f'weights of type {kind}')
        file.seek(begin)
        return np.frombuffer(file.read(num_bytes), np.float32)


def _require_type(value, output):
    """Requires of a value the type and the shape that the program declares."""
    kind = output.type.WhichOneof('type')
    if kind == 'listType':
        assert len(value) == output.type.listType.length.constant.size, output
    elif kind == 'dictionaryType':
        assert isinstance(value, dict), output
    else:
        assert np.shape(value) == _shape(output.type.tensorType), output
        assert value.dtype == _TYPES[output.type.tensorType.dataType], output


def _windows(x, sizes, strides, pad_type, fill):
    """Returns the windows that slide over [N, C, H, W]: [N, C, H', W', h, w]."""
    if pad_type == 'same':  # the output has ceil(size / stride) windows
        total = [
            max((-(-size // stride) - 1) * stride + window - size, 0)
            for size, window, stride in zip(x.shape[2:], sizes, strides, strict=True)
        ]
        margins = [(number // 2, number - number // 2) for number in total]
    else:
        _require(pad_type == 'valid', f'padding {pad_type}')
        margins = [(0, 0), (0, 0)]
    x = np.pad(x, [(0, 0), (0, 0), *margins], constant_values=fill)
    windows = np.lib.stride_tricks.sliding_window_view(x, tuple(sizes), axis=(2, 3))
    return windows[:, :, :: strides[0], :: strides[1]]


def _conv(x, weight, bias, strides, pad_type, pad, dilations, groups):
    _require(groups == 1 and set(dilations) == {1}, 'groups and dilations')
    windows = _windows(x, weight.shape[2:], strides, pad_type, 0)
    y = np.tensordot(windows, weight, ([1, 4, 5], [1, 2, 3])) + bias  # [N, H', W', out]
    return y.transpose(0, 3, 1, 2)


def _max_pool(x, kernel_sizes, strides, pad_type, pad, ceil_mode):
    _require(not ceil_mode, 'ceil_mode')
    windows = _windows(x, kernel_sizes, strides, pad_type, -np.inf)
    return windows.max(axis=(4, 5))


def _reshape(x, shape):
    _require(shape[0] == 1, 'an image in several rows')
    return x.reshape(len(x), *shape[1:])


def _softmax(x, axis):
    _require(axis > 0, 'a softmax over all images')
    powers = np.exp(x - x.max(axis=int(axis), keepdims=True))
    return powers / powers.sum(axis=int(axis), keepdims=True)


def _classify(probabilities, classes):
    labels = [label.item() for label in classes]
    return (
        [classes[index] for index in probabilities.argmax(axis=1)],
        [dict(zip(labels, row, strict=True)) for row in probabilities.tolist()],
    )


# Their parameters have MIL's names, so that Python refuses others.
_OPERATIONS = {
    'add': lambda x, y: x + y,
    'classify': _classify,
    'conv': _conv,
    'linear': lambda x, weight, bias: x @ weight.T + bias,
    'max_pool': _max_pool,
    'mul': lambda x, y: x * y,
    'relu': lambda x: np.maximum(x, 0),
    'reshape': _reshape,
    'softmax': _softmax,
    'tanh': lambda x: np.tanh(x),
}
