"""What a run checks, and what it finds out to write down, before its first step."""

import os
from typing import Any

from mnist_tut import errors
from mnist_tut.data import locate
from mnist_tut.flags import Flags

import tensorflow.compat.v1 as tf

_MAX_BYTES = 2**31  # of all variables


def data_source(flags: Flags) -> dict[str, Any]:
    """Returns the arguments of `read_data_sets` that say where a run's data are."""
    is_given = flags.data_folder()[1]
    return {'search': not is_given, **flags.subset('dataset', 'source_url')}


def settle_data(flags: Flags, data: Any) -> locate.DatasetInfo:
    """Has run.json name the data that were found, for a resumed run to find them.

    Args:
        flags: Of the lesson.
        data: As in `Run.session`.

    Returns:
        Which data they are.
    """
    info = locate.fake() if data is None else getattr(data, 'info', data)
    if info.kind == 'npz':
        flags.settle(npz=os.path.abspath(info.directory))
    name, _ = flags.data_folder()
    if name is not None and info.data_dir:
        flags.settle(**{name: info.data_dir})
    if info.dataset:
        flags.settle(dataset=info.dataset)
    return info


def check_model_size() -> None:
    """Raises FlagError if the variables of the default graph are too large."""
    sizes = {
        variable.op.name: variable.shape.num_elements() * variable.dtype.size
        for variable in tf.global_variables()
    }
    total = sum(sizes.values())
    if total > _MAX_BYTES:
        name = max(sizes, key=sizes.__getitem__)
        raise errors.FlagError(
            f'the variables would take {total / 1e9:.1f} GB, {name} alone '
            f'{sizes[name] / 1e9:.1f} GB; expected at most {_MAX_BYTES / 1e9:.1f} GB; '
            'choose smaller layers'
        )


def check_jit(flags: Flags) -> None:
    """Raises FlagError if XLA would compile convolutions for a CPU: they get slower."""
    if not flags.FLAGS.jit or tf.config.list_physical_devices('GPU'):
        return
    if any(op.type == 'Conv2D' for op in tf.get_default_graph().get_operations()):
        raise errors.FlagError(
            '--jit: on a CPU, compiled convolutions take far longer than those of '
            'TensorFlow; expected a model without convolutions, or a GPU; leave the '
            'flag out, or continue a run where it was started'
        )


def check_batch_size(
    flags: Flags, data: Any, images: tf.Tensor, num_examples: int | None
) -> None:
    """Raises FlagError if a batch is larger than a set that it is drawn from."""
    sizes = {'training': num_examples}
    if hasattr(data, 'train'):
        sizes = {'training': data.train.num_examples}
        if images.shape.as_list()[0] is not None:  # evaluated in such batches, too
            sizes['validation'] = data.validation.num_examples
            sizes['test'] = data.test.num_examples
    batch_size = flags.FLAGS.batch_size
    for name, size in sizes.items():
        if size is not None and batch_size > size:
            raise errors.FlagError(
                f'--batch_size={batch_size}: the {name} set has only {size} examples; '
                'choose at most that many'
            )


def describe_model(
    images: tf.Tensor,
    scores: tf.Tensor,
    feeds: dict[tf.Tensor, float],
    pixel_range: tuple[float, float],
) -> dict[str, Any]:
    """Returns what `inference` has to know about the graph, ready for JSON."""
    return {
        'images': images.name,
        'scores': scores.name,
        'probabilities': scores.op.type == 'Softmax',
        'feeds': {tensor.name: value for tensor, value in feeds.items()},
        'pixel_range': list(pixel_range),
    }
