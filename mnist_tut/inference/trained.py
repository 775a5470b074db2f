"""Restores a trained run, without a session: the graph, and the trained arrays.

The lessons' graphs take different inputs: images flat or square, pixel values from 0 to
1 or from -0.5 to 0.5, a keep_prob, exactly 64 images. Here the graph of a run is pruned
to what leads from images to scores, variables become constants, and every lesson gets
the same interface: any number of images, pixel values in [0, 1], nothing else to feed.
"""

import contextlib
import dataclasses
import glob
import os
import sys
from typing import Any

from mnist_tut import errors
from mnist_tut.training import checkpoint, run_file, run_folder
from mnist_tut.training.session import Session

import numpy as np
import tensorflow.compat.v1 as tf

# By the kind of the run's `DatasetInfo`.
_DATA_NAMES = {
    'mnist': 'MNIST',
    'npz': "the lecture's npz file",
    'synthetic': 'synthetic digits',
    'synthetic_wild': 'synthetic digits (wild)',
    'other': 'a set that is not MNIST',
    'fake': 'made-up data',
}


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """A trained run.

    Attributes:
        log_dir: Folder of the run, or path of an original program's checkpoint.
        lesson: Module of mnist_tut that trained it.
        num_steps: Number of training steps; None if that is unknown.
        data: Name of the data set.
        graph_def: Graph from images to scores, with the variables as constants.
        inputs: Names of the graph's tensors by name: 'images', float32
            [B, *image_shape], in [0, 1].
        outputs: The same: float32 [B, 10] 'probabilities', and 'scores', the lesson's
            logits or probabilities, the largest of which is its prediction.
        image_shape: [784] or [28, 28, 1].
        pixel_range: What 0 and 1 are scaled to in the graph.
        scores_are_probabilities: Whether the lesson's scores are no logits.
        arrays: Trained arrays by the name of the variable.
        checkpoint: Prefix of the checkpoint's files.
    """

    log_dir: str
    lesson: str
    num_steps: int | None
    data: str
    graph_def: tf.GraphDef
    inputs: dict[str, str]
    outputs: dict[str, str]
    image_shape: list[int]
    pixel_range: tuple[float, float]
    scores_are_probabilities: bool
    arrays: dict[str, np.ndarray]
    checkpoint: str

    @property
    def description(self) -> str:
        """Folder, lesson, number of training steps and data, in one line."""
        return f'{errors.printable(self.log_dir)}: {self.lesson}, {self.training}'

    @property
    def training(self) -> str:
        """Number of training steps and data."""
        steps = 'unknown' if self.num_steps is None else f'{self.num_steps:,}'
        return f'{steps} steps on {self.data}'


def newest_run(root: str = 'logs') -> str:
    """Returns the folder <root>/<run> or <root>/<lesson>/<run> saved in last.

    Raises:
        errors.RunError: If there is none, with the command that makes one.
    """
    saved = {}
    root_pattern = glob.escape(root)
    for levels in ('*', os.path.join('*', '*')):
        for folder in glob.glob(os.path.join(root_pattern, levels)):
            for step in run_folder.saved_steps(folder):
                path = f'{run_folder.checkpoint_path(folder, step)}.json'
                with contextlib.suppress(OSError):  # a dangling link
                    saved[os.stat(path).st_mtime_ns] = folder
    if not saved:
        raise errors.RunError(
            f'{errors.printable(os.path.join(root, ""))}: holds no trained model; '
            'make one with: python -m mnist_tut.deep --max_steps=2000 (or name a run '
            'by --log_dir)'
        )
    return saved[max(saved)]


def _find_run(log_dir: str) -> str:
    """Returns the folder of the run that --log_dir names, which may hold runs."""
    is_run = os.path.lexists(os.path.join(log_dir, run_file.RUN_FILE))
    if os.path.isdir(log_dir) and not (is_run or run_file.other_checkpoint(log_dir)):
        with contextlib.suppress(errors.RunError):
            return newest_run(log_dir)
    return log_dir  # reading its run.json says what is wrong


def restore(log_dir: str | os.PathLike) -> TrainedModel:
    """Restores the newest undamaged checkpoint of a run.

    Args:
        log_dir: Folder of a run of any lesson, or a folder such as logs/deep with runs
            in it, of which the newest is taken.

    Returns:
        The trained model.

    Raises:
        errors.RunError: If the folder holds no run with a checkpoint that can be read.
    """
    log_dir = _find_run(os.fspath(log_dir))
    run_folder.require_plain(log_dir)
    run = run_file.read(log_dir)
    model = run.get('model')
    if model is None:
        raise errors.RunError(
            f'{errors.printable(log_dir)}: its run.json does not describe the '
            'model; expected a run of one of the lessons'
        )
    graph_def, shape, arrays, step = _freeze(log_dir, model)
    _unfix_batch_size(graph_def, shape[0])
    _remove_dropout(graph_def)
    return with_common_interface(
        graph_def,
        shape[1:],
        model,
        log_dir=log_dir,
        lesson=str(run.get('lesson')),
        num_steps=step + 1,
        data=_DATA_NAMES.get(str(run.get('data_kind')), 'unknown data'),
        arrays=arrays,
        checkpoint=run_folder.checkpoint_path(log_dir, step),
    )


def with_common_interface(
    graph_def: tf.GraphDef,
    image_shape: list[int],
    model: dict[str, Any],
    **attributes: Any,
) -> TrainedModel:
    """Returns a trained model with the interface that all lessons have in common.

    Args:
        graph_def: Graph of the lesson, with the variables as constants.
        image_shape: [784] or [28, 28, 1].
        model: What run.json says of the graph: the names of its tensors, whether its
            scores are probabilities, what is to be fed, and its range of pixel values.
        **attributes: The other attributes of the TrainedModel.
    """
    images, outputs = _add_interface(graph_def, image_shape, model)
    return TrainedModel(
        graph_def=tf.graph_util.extract_sub_graph(
            images.graph.as_graph_def(),
            [tensor.op.name for tensor in outputs.values()],
        ),
        inputs={'images': images.name},
        outputs={name: tensor.name for name, tensor in outputs.items()},
        image_shape=image_shape,
        pixel_range=tuple(model['pixel_range']),
        scores_are_probabilities=model['probabilities'],
        **attributes,
    )


def _add_interface(
    graph_def: tf.GraphDef, image_shape: list[int], model: dict[str, Any]
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Returns images in [0, 1], scores and probabilities, in a new graph."""
    types = {
        node.name: node.attr['dtype'].type
        for node in graph_def.node
        if node.op == 'Placeholder'
    }

    def type_of(name: str) -> tf.DType:
        return tf.as_dtype(types[name.split(':')[0]])

    with tf.Graph().as_default():
        images = tf.placeholder(tf.float32, [None, *image_shape], name='images')
        low, high = model['pixel_range']
        pixels = tf.cast(low + (high - low) * images, type_of(model['images']))
        feeds = {
            name: tf.constant(value, type_of(name))
            for name, value in model['feeds'].items()
        }
        inputs = {model['images']: pixels, **feeds}
        [scores] = tf.import_graph_def(graph_def, inputs, [model['scores']], 'model')
        scores = tf.cast(scores, tf.float32, name='scores')
        probabilities = scores
        if not model['probabilities']:
            probabilities = tf.nn.softmax(scores, name='probabilities')
        return images, {'scores': scores, 'probabilities': probabilities}


def _freeze(
    log_dir: str, model: dict[str, Any]
) -> tuple[tf.GraphDef, list[Any], dict[str, np.ndarray], int]:
    """Restores a run, and prunes its graph to what the scores need, as constants.

    Returns:
        graph_def: The graph.
        shape: Of the placeholder for images.
        arrays: Trained arrays by the name of the variable.
        step: Of the checkpoint.
    """
    for step in run_folder.saved_steps(log_dir):
        path = f'{run_folder.checkpoint_path(log_dir, step)}.meta'
        with tf.Graph().as_default() as graph:
            try:
                saver = tf.train.import_meta_graph(path, clear_devices=True)
                if saver is None:  # the file is empty, or its end is missing
                    raise ValueError('no variables')
            except Exception as error:  # a damaged protocol buffer can raise anything
                print(
                    f'{errors.printable(path)}: this graph is damaged '
                    f'({type(error).__name__}); trying the one before it',
                    file=sys.stderr,
                )
                continue
            images, scores = _find_tensors(graph, model, log_dir)
            with Session() as sess:
                restored = checkpoint.restore(saver, sess, log_dir)
                assert restored is not None  # there is a checkpoint
                frozen = tf.graph_util.convert_variables_to_constants(
                    sess, graph.as_graph_def(), [scores.op.name]
                )
                used = {node.name for node in frozen.node}
                variables = {v.op.name: v for v in tf.global_variables()}
                arrays = sess.run({n: v for n, v in variables.items() if n in used})
            return frozen, images.shape.as_list(), arrays, restored[0]
    raise errors.RunError(
        f'{errors.printable(log_dir)}: holds no checkpoint that can be read; train '
        'longer, or choose another run'
    )


def _find_tensors(
    graph: tf.Graph, model: dict[str, Any], log_dir: str
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the tensors of images and scores that run.json names.

    Raises:
        errors.RunError: If the graph has no such tensors, or no such feeds.
    """
    names = [model['images'], model['scores'], *model['feeds']]
    try:
        images, scores, *feeds = [graph.get_tensor_by_name(name) for name in names]
        is_right = all(t.op.type == 'Placeholder' for t in [images, *feeds])
        if not is_right or not scores.shape.is_compatible_with([None, 10]):
            raise ValueError('other tensors')
    except (KeyError, ValueError, TypeError) as error:
        raise errors.RunError(
            f'{errors.printable(os.path.join(log_dir, run_file.RUN_FILE))}: names '
            f'tensors that the graph of the run does not have as placeholders and '
            f'scores ({errors.printable(", ".join(names))}); bring back the file as it '
            'was written, or choose another run'
        ) from error
    return images, scores


def _unfix_batch_size(graph_def: tf.GraphDef, batch_size: int | None) -> None:
    """Makes a graph that was built for `batch_size` images accept any number.

    The number is in the placeholder, which is replaced, and in the constant shapes of
    the Reshape ops.
    """
    shapes = {node.input[1] for node in graph_def.node if node.op == 'Reshape'}
    for node in graph_def.node:
        if batch_size is None or node.op != 'Const' or node.name not in shapes:
            continue
        shape = tf.make_ndarray(node.attr['value'].tensor)
        if shape.size > 1 and shape[0] == batch_size:
            unfixed = np.array([-1, *shape[1:]], shape.dtype)
            node.attr['value'].tensor.CopyFrom(tf.make_tensor_proto(unfixed))


def _remove_dropout(graph_def: tf.GraphDef) -> None:
    """Connects each tf.nn.dropout's input to what follows, so that nothing is random.

    What is left of it leads nowhere, and is pruned with the rest.
    """
    nodes = {node.name: node for node in graph_def.node}
    inputs = {}  # of each dropout, by the name of its last op
    for node in graph_def.node:
        if node.op != 'SelectV2':
            continue
        is_kept, scaled = (nodes[name.split(':')[0]] for name in node.input[:2])
        if (is_kept.op, scaled.op) != ('GreaterEqual', 'RealDiv'):
            continue
        if nodes[is_kept.input[0].split(':')[0]].op == 'RandomUniform':
            inputs[node.name] = scaled.input[0]
    for node in graph_def.node:
        node.input[:] = [inputs.get(name, name) for name in node.input]
