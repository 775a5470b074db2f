"""Computes a product with a large transposed matrix the other way round.

In `grad x W^T`, a gradient towards the input of a large dense layer, TensorFlow reads W
in the order of its columns, which are 4,096 bytes apart in `deep`. `(W x grad^T)^T` is
the same sums, reads W as it lies, and is faster. Whether the sums are added in the same
order depends on the processor and on the size of the batch, so a trial decides for each
product.
"""

from collections.abc import Container, Iterable

import numpy as np
import tensorflow.compat.v1 as tf

_MIN_SIZE = 1_000_000  # elements of W: smaller matrices stay in the cache anyway


def choose(
    ops: Iterable[tf.Operation], batch_size: int, config: tf.ConfigProto
) -> set[str]:
    """Returns the names of the products that are equal to the bit the other way round.

    Args:
        ops: The ops of a training step.
        batch_size: B, the number of rows of what is multiplied with a matrix.
        config: Of the session that will run the step.
    """
    shapes: dict[tuple[int, ...], bool] = {}
    chosen = set()
    for op in ops:
        if op.type != 'MatMul' or not _is_candidate(op):
            continue
        shape = tuple(op.inputs[1].shape.as_list())
        if shape not in shapes:
            shapes[shape] = _is_equal(batch_size, shape, config)
        if shapes[shape]:
            chosen.add(op.name)
    return chosen


def _is_candidate(op: tf.Operation) -> bool:
    matrix = op.inputs[1]
    is_large = (
        matrix.shape.is_fully_defined() and matrix.shape.num_elements() >= _MIN_SIZE
    )
    is_transposed = op.get_attr('transpose_b') and not op.get_attr('transpose_a')
    return is_large and is_transposed and matrix.dtype == tf.float32


def _is_equal(batch_size: int, shape: tuple[int, ...], config: tf.ConfigProto) -> bool:
    """Returns whether both products of random numbers have the same bits."""
    rng = np.random.RandomState(0)
    with tf.Graph().as_default():
        grad = tf.placeholder(tf.float32, [batch_size, shape[1]])
        matrix = tf.placeholder(tf.float32, shape)
        usual = tf.matmul(grad, matrix, transpose_b=True)
        other = tf.transpose(tf.matmul(matrix, grad, transpose_b=True))
        feeds = {
            placeholder: rng.standard_normal(placeholder.shape.as_list())
            for placeholder in (grad, matrix)
        }
        with tf.Session(config=config) as trial:
            first, second = trial.run([usual, other], feeds)
    return np.array_equal(first, second)


def swap(graph_def: tf.GraphDef, names: Container[str]) -> None:
    """Replaces products in a recorded graph; each keeps its name and its value."""
    for node in [node for node in graph_def.node if node.name in names]:
        original = node.name
        name, order = f'{original}/swapped', f'{original}/order'
        product = graph_def.node.add()
        product.CopyFrom(node)
        product.name = name
        product.input[0], product.input[1] = node.input[1], node.input[0]
        constant = graph_def.node.add(name=order, op='Const')
        constant.attr['dtype'].type = tf.int32.as_datatype_enum
        constant.attr['value'].tensor.CopyFrom(tf.make_tensor_proto([1, 0]))
        node.Clear()
        node.name, node.op = original, 'Transpose'
        node.input[:] = [name, order]
        node.attr['T'].type = tf.float32.as_datatype_enum
        node.attr['Tperm'].type = tf.int32.as_datatype_enum
