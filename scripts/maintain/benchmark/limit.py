"""What a training step must cost on this machine: arithmetic, and bytes to move.

Counted from the lesson's own graph, for one batch, and turned into time with rates that
are measured here, on all cores:

* Each MatMul that the update needs, forward and backward, costs what its product
  costs alone, with its own shapes and transposes: the fastest of NumPy and
  TensorFlow, repeated on the same arrays.
* Each convolution, forward and its two gradients, costs 2 * B * H * W * h * w * C * D
  floating-point operations at the fastest rate that a large product has here (1,536
  cubed). Taken as a bound for a direct convolution, not as a forecast.
* Bytes: each variable, with the optimizer's slots, is read and written once, the batch
  read once, and each product's and convolution's result written and read once, at the
  rate at which NumPy copies as many bytes, over and over, on all cores; so a small
  model is charged for its way from the cache, not from memory.

The three are added. Left out is what a perfect program would do at the same time: bias,
ReLU, tanh, pooling, softmax, dropout, and TensorFlow itself.
"""

import concurrent.futures
import math
import os
import time
from collections.abc import Callable
from typing import Any

from benchmark.peers.bare import Bare
from benchmark.problem import Problem
from mnist_tut.training.graph_copy import upstream_ops

import numpy as np
import tensorflow.compat.v1 as tf

_CONVOLUTIONS = ('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter')
_LARGE = 1536
_SECONDS = 0.3

Product = tuple[int, int, int, bool, bool]  # m, k, n, transposed a, transposed b


def measure(problem: Problem) -> dict[str, Any]:
    """Returns the limit in milliseconds a step, and its parts."""
    bare = Bare(problem, problem.model.dropout)
    products, flops, num_bytes = count(bare)
    large = fastest_product((_LARGE, _LARGE, _LARGE, False, False))
    rates = {'flops': 2 * _LARGE**3 / large, 'bytes': copy_rate(num_bytes)}
    product_ms = 1000 * sum(fastest_product(product) for product in products)
    convolution_ms = flops / rates['flops'] * 1000
    bytes_ms = num_bytes / rates['bytes'] * 1000
    return {
        'ms': product_ms + convolution_ms + bytes_ms,
        'products': ['{} x {} x {}'.format(*product) for product in products],
        'product_flops': sum(2 * m * k * n for m, k, n, _, _ in products),
        'product_ms': product_ms,
        'convolution_flops': flops,
        'convolution_ms': convolution_ms,
        'bytes': num_bytes,
        'bytes_ms': bytes_ms,
        'gflops': rates['flops'] / 1e9,
        'gb_per_s': rates['bytes'] / 1e9,
    }


def count(bare: Bare) -> tuple[list[Product], int, int]:
    """Returns a step's products, its convolutions' operations, and its bytes."""
    seen = bare.observed
    counted = [
        op
        for op in _needed(seen.train_op)
        if op.type == 'MatMul' or op.type in _CONVOLUTIONS
    ]
    with seen.graph.as_default():
        tensors = {op.name: [*op.inputs, op.outputs[0]] for op in counted}
        asked = {
            name: [tf.shape(tensor) for tensor in of_op]
            for name, of_op in tensors.items()
        }
        variables = tf.global_variables()
    bare.reset()
    bare.load(0, 1)
    feeds = {seen.images: bare.images[0], seen.labels: bare.labels[0], **seen.others}
    shapes = bare.sess.run(asked, feeds)

    products, flops = [], 0
    num_bytes = bare.images[0].nbytes
    for op in counted:
        *inputs, output = (tuple(map(int, shape)) for shape in shapes[op.name])
        if op.type == 'MatMul':
            transposed = op.get_attr('transpose_a'), op.get_attr('transpose_b')
            (rows, columns), (m, n) = inputs[0], output
            products.append((m, rows if transposed[0] else columns, n, *transposed))
        else:
            flops += 2 * _multiplications(op, inputs, output)
        num_bytes += 2 * 4 * math.prod(output)
    num_bytes += sum(2 * 4 * v.shape.num_elements() for v in variables)
    return products, flops, num_bytes


def _needed(train_op: tf.Operation) -> list[tf.Operation]:
    """Returns the ops whose results the updates are computed from.

    Not those that only come before them, such as the gradient towards the images, which
    tf.gradients makes, too, and TensorFlow removes.
    """
    waiting = [op for op in upstream_ops([train_op]) if 'Apply' in op.type]
    needed: dict[tf.Operation, None] = {}  # in the same order each time
    while waiting:
        op = waiting.pop()
        if op not in needed:
            needed[op] = None
            waiting += [tensor.op for tensor in op.inputs]
    return list(needed)


def _multiplications(op: tf.Operation, inputs: list[tuple], output: tuple) -> int:
    """Returns B * H * W * h * w * C * D of a convolution with stride 1, or a gradient.

    The gradients' inputs are sizes and arrays: [sizes, filter, gradient] towards the
    input, [input, sizes, gradient] towards the filter.
    """
    if op.type == 'Conv2D':
        filters, result = inputs[1], output
    elif op.type == 'Conv2DBackpropInput':
        filters, result = inputs[1], inputs[2]
    else:
        filters, result = output, inputs[2]
    return math.prod(result[:3]) * math.prod(filters)


def copy_rate(num_bytes: int) -> float:
    """Returns the bytes a second, read and written, of copying half of `num_bytes`."""
    cores = os.cpu_count() or 1
    size = max(1, num_bytes // 2 // 4 // cores)
    parts = [np.ones([2, size], np.float32) for _ in range(cores)]
    repeats = max(1, 2**24 // size)  # so that starting the threads does not count

    def copy(part: np.ndarray) -> None:
        for _ in range(repeats):
            np.copyto(part[0], part[1])

    with concurrent.futures.ThreadPoolExecutor(cores) as pool:
        seconds = _best(lambda: list(pool.map(copy, parts)))
    return cores * repeats * 2 * 4 * size / seconds


def fastest_product(product: Product) -> float:
    """Returns the seconds of a matrix product, by NumPy or by TensorFlow."""
    m, k, n, transpose_a, transpose_b = product
    rng = np.random.default_rng(0)
    a = rng.random((k, m) if transpose_a else (m, k), np.float32)
    b = rng.random((n, k) if transpose_b else (k, n), np.float32)
    out = np.empty((m, n), np.float32)
    left, right = a.T if transpose_a else a, b.T if transpose_b else b
    by_numpy = _best(lambda: np.dot(left, right, out=out))
    return min(by_numpy, _by_tensorflow(a, b, transpose_a, transpose_b))


def _by_tensorflow(a: np.ndarray, b: np.ndarray, *transposed: bool) -> float:
    """Returns a product's seconds in a graph: of many in a row, without the call."""
    number = 20
    # Grappler would remove products that nobody uses.
    config = tf.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    with tf.Graph().as_default(), tf.Session(config=config) as sess:
        x, y = (tf.Variable(array, use_resource=True) for array in (a, b))
        sess.run(tf.global_variables_initializer())
        left, right = x.value(), y.value()
        nothing = last = tf.group(left, right)
        for _ in range(number):
            with tf.control_dependencies([last]):
                last = tf.matmul(left, right, *transposed).op
        least = _best(sess.make_callable(nothing))
        return (_best(sess.make_callable(last)) - least) / number


def _best(function: Callable[[], Any]) -> float:
    """Returns the seconds of a call, the least of many."""
    function()
    best, end = math.inf, time.perf_counter() + _SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return best
