"""Restores a checkpoint of an original program, or of another TensorFlow 1.

Such a checkpoint is model.ckpt-1999.index with a .data file beside it, or, before
TensorFlow 0.12, one file; nothing says which program wrote it. The lessons have the
originals' variable names, so names and shapes tell the lesson, and the shapes the sizes
of its layers. The graph is built anew from the arrays.
"""

import glob
import os
import re
from typing import Any

from mnist_tut import errors, files
from mnist_tut.inference import layers, trained

import numpy as np
import tensorflow.compat.v1 as tf

_UNKNOWN_DATA = 'data that the checkpoint does not name'
# The last bytes of an .index file, and of a checkpoint before TensorFlow 0.12.
_END_OF_TABLE = 0xDB4775248B80FB57.to_bytes(8, 'little')
# What reading a file that is no checkpoint, or a damaged one, can raise.
_DAMAGE = (tf.errors.OpError, ValueError, RuntimeError, LookupError, OSError)


def restore(path: str | os.PathLike) -> trained.TrainedModel:
    """Restores a checkpoint of one of the tutorials' programs.

    Args:
        path: Of the checkpoint, such as model.ckpt-1999; that of one of its files, or
            of the folder with it, will do.

    Returns:
        The trained model.

    Raises:
        errors.RunError: If it cannot be read, or is of none of the programs.
    """
    path = _find(os.fspath(path))
    where = f'--checkpoint={errors.printable(path)}'
    try:
        reader = tf.train.NewCheckpointReader(path)
        shapes = reader.get_variable_to_shape_map()
        lesson, names = _recognize(shapes, where)
        arrays = {
            name: np.asarray(reader.get_tensor(saved), np.float32)
            for name, saved in names.items()
        }
    except errors.RunError:
        raise
    except _DAMAGE as error:
        reason = getattr(error, 'message', None) or str(error)
        reason = errors.printable(' '.join(reason.split())[:200])
        raise errors.RunError(
            f'{where}: not a checkpoint that TensorFlow can read, or a damaged one: '
            f'{reason}'
        ) from error
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise errors.RunError(f'{where}: holds weights that are not finite')
    step = re.search(r'-(\d+)$', path)
    is_square = lesson == 'convolutional'
    graph_def, model = _build(lesson, arrays, is_square)
    return trained.with_common_interface(
        graph_def,
        [28, 28, 1] if is_square else [784],
        model,
        log_dir=path,
        lesson=lesson,
        num_steps=int(step[1]) + 1 if step else None,
        data=_UNKNOWN_DATA,
        arrays=arrays,
        checkpoint=path,
    )


def _find(path: str) -> str:
    """Returns the path of a checkpoint as TensorFlow takes it.

    Raises:
        errors.RunError: If there is none.
    """
    where = f'--checkpoint={errors.printable(path)}'
    if not path:
        raise errors.FlagError('--checkpoint=: empty; expected the path of one')
    if os.path.isdir(path):
        indexes = glob.glob(os.path.join(glob.escape(path), '*.index'))
        indexes = [index for index in indexes if os.path.isfile(index)]
        if not indexes:
            raise errors.RunError(f'{where}: a folder without a checkpoint')
        path = max(indexes, key=os.path.getmtime)
    path = re.sub(r'\.(index|meta|data-\d{5}-of-\d{5})$', '', path)
    parts = [f'{path}.index', *glob.glob(f'{glob.escape(path)}.data-*')]
    if not os.path.lexists(parts[0]):
        parts = [path]  # as before TensorFlow 0.12
    for part in parts:
        if not os.path.lexists(part):
            raise errors.RunError(
                f'{where}: there is no such checkpoint; expected a path such as '
                'model.ckpt-1999, with model.ckpt-1999.index beside it'
            )
        files.open_regular(part).close()
    with files.open_regular(parts[0]) as file:
        file.seek(-min(8, os.path.getsize(parts[0])), os.SEEK_END)
        if file.read() != _END_OF_TABLE:  # TensorFlow would print lines of its own
            raise errors.RunError(
                f'{where}: not a checkpoint that TensorFlow can read, or a damaged one'
            )
    return path


def _recognize(shapes: dict[str, list[int]], where: str) -> tuple[str, dict[str, str]]:
    """Returns the lesson of a checkpoint, and its saved names by the lesson's names.

    Args:
        shapes: Of each variable, by name.
        where: Start of a message.

    Raises:
        errors.RunError: If it is of none of the lessons.
    """
    for lesson, rename in (
        (_conv_net(shapes), str),
        (_conv_net(shapes), _name_in_mnist_deep),
        ('deep', _name_in_notes),
        ('fully_connected_feed', str),
        ('with_summaries', str),
        ('tanh_mlp', str),
        ('softmax', str),
    ):
        names = {
            name: rename(name) for _, *pair in layers.LESSONS[lesson] for name in pair
        }
        saved = [shapes.get(saved) for saved in names.values()]
        if _fits(lesson, dict(zip(names, saved, strict=True))):
            return lesson, names
    found = ', '.join(f'{name} {shapes[name]}' for name in sorted(shapes)[:4])
    raise errors.RunError(
        f'{where}: of none of the lessons ({", ".join(layers.LESSONS)}): it has other '
        f'variables or shapes: {errors.printable(found)}{", ..." * (len(shapes) > 4)}'
    )


def _conv_net(shapes: dict[str, list[int]]) -> str:
    """Returns which of the two lessons with the same names it can only be.

    The optimizers' variables differ; without them, the width of the dense layer.
    """
    if any(name.endswith('/Adam') for name in shapes):
        return 'deep'
    is_momentum = any(name.endswith('/Momentum') for name in shapes)
    is_narrow = shapes.get('Variable_5') == [512]
    return 'convolutional' if is_momentum or is_narrow else 'deep'


def _name_in_mnist_deep(name: str) -> str:
    """Returns the name in mnist_deep.py of 2017, with its name scopes."""
    number = int(name.partition('_')[2] or 0)
    scope = ('conv1', 'conv2', 'fc1', 'fc2')[number // 2]
    return f'{scope}/Variable{"_1" * (number % 2)}'


def _name_in_notes(name: str) -> str:
    """Returns the name in the beginner notes' graph, after the regression's two."""
    return f'Variable_{int(name.partition("_")[2] or 0) + 2}'


def _fits(lesson: str, shapes: dict[str, list[int] | None]) -> bool:
    """Returns whether each layer takes what the one before it returns.

    Args:
        lesson: Name of a lesson.
        shapes: By the lesson's names; None for a variable that is missing.
    """
    side, depth = 28, 1  # the next layer's input; a side of 1 once it is flat
    for kind, *names in layers.LESSONS[lesson]:
        if kind == 'max_pool':
            side //= 2
            continue
        weights, biases = (shapes[name] for name in names)
        if not weights or not biases or biases != weights[-1:]:
            return False
        if kind == 'conv':
            is_square = len(weights) == 4 and weights[0] == weights[1]
            if not is_square or weights[0] % 2 == 0 or weights[2] != depth:
                return False
        elif weights[:-1] != [side * side * depth]:
            return False
        else:
            side = 1
        [depth] = biases
    return (side, depth) == (1, 10)


def _build(
    lesson: str, arrays: dict[str, np.ndarray], is_square: bool
) -> tuple[tf.GraphDef, dict[str, Any]]:
    """Builds the lesson's network.

    Returns:
        graph_def: From images to logits, with constants named like the variables.
        model: What run.json would say of it.
    """
    with tf.Graph().as_default() as graph:
        shape = [28, 28, 1] if is_square else [784]
        images = tf.placeholder(tf.float32, [None, *shape])
        x = tf.reshape(images, [-1, 28, 28, 1])
        for kind, *names in layers.LESSONS[lesson]:
            if kind == 'max_pool':
                x = tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
                continue
            weights, biases = (tf.constant(arrays[name], name=name) for name in names)
            if kind == 'conv':
                x = tf.nn.relu(tf.nn.conv2d(x, weights, [1, 1, 1, 1], 'SAME') + biases)
                continue
            x = tf.reshape(x, [-1, weights.shape[0]])
            x = tf.matmul(x, weights) + biases
            if kind:
                x = {'relu': tf.nn.relu, 'tanh': tf.nn.tanh}[kind](x)
        model = {
            'images': images.name,
            'scores': x.name,
            'probabilities': False,
            'feeds': {},
            'pixel_range': [-0.5, 0.5] if is_square else [0.0, 1.0],
        }
        return graph.as_graph_def(), model
