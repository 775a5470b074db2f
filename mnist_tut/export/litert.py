"""Exports a trained model for LiteRT, TensorFlow Lite's new name: .tflite files.

    python -m mnist_tut.export --log_dir=logs/deep/run-0001 --format=litert
        --export_dir=deep_lite

writes four files, from the largest to one for devices without floating point:

    deep-float32.tflite       computes what the lesson computes
    deep-float16.tflite       weights of 16 bits: half the size
    deep-dynamic_int8.tflite  weights of 8 bits, the rest float32: a quarter of the size
    deep-int8.tflite          weights, inputs and outputs of each layer of 8 bits

Each has one signature, for any number of images:

    images         float32 [N, 784] ([N, 28, 28, 1] for convolutional), in [0, 1]
    probabilities  float32 [N, 10]

and int8's are bytes: images uint8, from 0 (background) to 255, and probabilities uint8,
in 256ths. Its ranges are measured on digits that `data.synthetic` draws, so that no
data set is needed. With ai-edge-litert (pip install 'mnist_tut[lite]'):

    from ai_edge_litert.interpreter import Interpreter

    run = Interpreter('deep_lite/deep-float32.tflite').get_signature_runner()
    probabilities = run(images=images)['probabilities']
"""

import contextlib
import io
import os
import re
import sys
import warnings
from collections.abc import Iterator

from mnist_tut import errors, runtime
from mnist_tut.data import synthetic
from mnist_tut.inference import trained

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.compat.v2 import lite

FILES = ('float32', 'float16', 'dynamic_int8', 'int8')
_NUM_DIGITS = 500  # whose activations give int8 its ranges
# What the converter says each time, on stderr. Lines that match none are shown.
_NOTES = re.compile(
    r'Ignored (output_format|drop_control_dependency)'
    r'|^fully_quantize: 0, inference_type: '
    r'|Skipping runtime version metadata in the model'
)


def write(model: trained.TrainedModel, folder: str) -> None:
    """Writes the four files into `folder`.

    Raises:
        errors.RunError: If the model has an op that LiteRT lacks.
    """
    digits = synthetic.generate(num_train=0, num_test=_NUM_DIGITS)[2]
    images = (digits / np.float32(255)).reshape(-1, 1, *model.image_shape)
    for name in FILES:
        with open(os.path.join(folder, f'{model.lesson}-{name}.tflite'), 'wb') as file:
            file.write(_convert(model, name, images))


def _convert(model: trained.TrainedModel, name: str, images: np.ndarray) -> bytes:
    """Returns the content of one of the FILES.

    Args:
        model: The trained model.
        name: One of FILES.
        images: float32 [_NUM_DIGITS, 1, *image_shape], in [0, 1], one a batch.
    """
    converter = _converter(model)
    converter.target_spec.supported_ops = [lite.OpsSet.TFLITE_BUILTINS]
    if name != 'float32':
        converter.optimizations = [lite.Optimize.DEFAULT]
    if name == 'float16':
        converter.target_spec.supported_types = [tf.float16]
    if name == 'int8':
        converter.target_spec.supported_ops = [lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.representative_dataset = lambda: ({'images': x} for x in images)
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.uint8
    try:
        with _without_notes():
            return converter.convert()
    except Exception as error:  # the converter's own class is not public
        lacks = sorted(set(re.findall(r"'tf\.(\w+)' op is neither", str(error))))
        reason = f'LiteRT has no {", ".join(lacks)}' if lacks else str(error)
        raise errors.RunError(
            f'{model.description}: cannot be converted to {name}: '
            f'{errors.printable(reason[:200])}; export it as saved_model'
        ) from error


def _converter(model: trained.TrainedModel) -> lite.TFLiteConverter:
    """Returns a converter of the model, with its signature."""
    graph_def = _in_float32(model.graph_def)
    function = tf.wrap_function(lambda: tf.import_graph_def(graph_def, name=''), [])
    module = tf.Module()  # its attributes become signatures
    module.function = function.prune(
        model.inputs, {'probabilities': model.outputs['probabilities']}
    )
    converter = lite.TFLiteConverter.from_concrete_functions([module.function], module)
    # 2026-11-21: one scale for a dense layer's weights, not one for each of its units.
    # As accurate here, and the interpreters of 2023 and before read it, too.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return converter


def _in_float32(graph_def: tf.GraphDef) -> tf.GraphDef:
    """Returns a graph that computes in float32 what was trained in float16.

    LiteRT stores float16, but has few ops that compute in it.
    """
    result = tf.GraphDef()
    result.CopyFrom(graph_def)
    for node in result.node:
        for attribute in node.attr.values():
            if attribute.type == tf.float16.as_datatype_enum:
                attribute.type = tf.float32.as_datatype_enum
            if attribute.tensor.dtype == tf.float16.as_datatype_enum:
                array = tf.make_ndarray(attribute.tensor).astype(np.float32)
                attribute.tensor.CopyFrom(tf.make_tensor_proto(array))
    return result


@contextlib.contextmanager
def _without_notes() -> Iterator[None]:
    """Removes the converter's notes from stderr, and from what Python warns of.

    If it fails, its output is dropped: it is the exception's message once more.
    """
    output = io.StringIO()
    with warnings.catch_warnings():
        # 2026-11-21: the converter of TensorFlow 2.21 uses its own old interpreter.
        warnings.filterwarnings('ignore', r'\s*Warning: tf\.lite\.Interpreter is depr')
        with contextlib.redirect_stderr(output), runtime.filtered_stderr():
            yield
    for line in output.getvalue().splitlines(keepends=True):
        if not _NOTES.search(line):
            sys.stderr.write(line)
