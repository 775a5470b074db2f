"""Summaries, with the tags that the script gives them.

Today's functions take a name, put the name scope before it and replace spaces: the tags
of an old program, and with them its charts, would change without a word. The ops are
the same; only the functions around them are not.

Source:
    TensorFlow 0.12, python/ops/logging_ops.py.
"""

from typing import Any

from mnist_tut.legacy import current
from mnist_tut.legacy.served.registry import arguments, provides, serves

import tensorflow.compat.v1 as tf


def _collect(summary: Any, collections: Any) -> Any:
    for key in collections or [tf.GraphKeys.SUMMARIES]:
        tf.add_to_collection(key, summary)
    return summary


@serves('tf.scalar_summary', 'tf.contrib.deprecated.scalar_summary')
def scalar_summary(tags: Any, values: Any, *args: Any, **kwargs: Any) -> Any:
    """Adds a summary of one or more scalars, under exactly these tags."""
    given = arguments('collections name', args, kwargs)
    current.note('tf.scalar_summary(tag, value)', 'tf.summary.scalar(name, value)')
    name = given.get('name') or 'ScalarSummary'
    values = tf.convert_to_tensor(values)
    if isinstance(tags, str) and values.shape.rank not in (0, None):
        tags = [tags] * int(values.shape.num_elements() or 1)
    summary = tf.raw_ops.ScalarSummary(tags=tags, values=values, name=name)
    return _collect(summary, given.get('collections'))


@serves('tf.histogram_summary', 'tf.contrib.deprecated.histogram_summary')
def histogram_summary(tag: Any, values: Any, *args: Any, **kwargs: Any) -> Any:
    """Adds a summary of a distribution, under exactly this tag."""
    given = arguments('collections name', args, kwargs)
    current.note('tf.histogram_summary(tag, x)', 'tf.summary.histogram(name, x)')
    name = given.get('name') or 'HistogramSummary'
    summary = tf.raw_ops.HistogramSummary(tag=tag, values=values, name=name)
    return _collect(summary, given.get('collections'))


@serves('tf.image_summary', 'tf.contrib.deprecated.image_summary')
def image_summary(tag: Any, tensor: Any, *args: Any, **kwargs: Any) -> Any:
    """Adds a summary of images, under exactly this tag."""
    given = arguments('max_images collections name', args, kwargs)
    current.note('tf.image_summary(tag, x)', 'tf.summary.image(name, x)')
    summary = tf.raw_ops.ImageSummary(
        tag=tag,
        tensor=tensor,
        max_images=given.get('max_images', 3),
        name=given.get('name') or 'ImageSummary',
    )
    return _collect(summary, given.get('collections'))


class FileWriter(tf.summary.FileWriter):
    """Writes events; its second argument was a GraphDef before 0.8."""

    def __init__(self, logdir: Any, graph: Any = None, *args: Any, **kwargs: Any):
        if isinstance(graph, tf.GraphDef):
            current.note('SummaryWriter(dir, graph_def)', 'FileWriter(dir, graph)')
            kwargs['graph_def'], graph = graph, None
        given = arguments('max_queue flush_secs graph_def', args, kwargs)
        super().__init__(logdir, graph, **given)

    def add_graph(self, graph: Any, *args: Any, **kwargs: Any) -> None:
        """Adds a graph or, as before 0.8, a GraphDef."""
        if isinstance(graph, tf.GraphDef):
            kwargs['graph_def'], graph = graph, None
        super().add_graph(graph, *args, **kwargs)


@provides('tf.summary.FileWriter')
def _file_writer(program: Any) -> Any:
    return FileWriter


@provides('tf.train.SummaryWriter', 'tf.python.training.summary_io.SummaryWriter')
def _summary_writer(program: Any) -> Any:
    program.record.add('tf.train.SummaryWriter', 'tf.summary.FileWriter')
    return FileWriter


def _summary(name: str) -> None:
    """Serves tf.summary's functions, whose first argument may be called tag."""

    def summary(*args: Any, **kwargs: Any) -> Any:
        for old in ('tag', 'tags', 'display_name'):
            if old in kwargs:
                kwargs['name'] = kwargs.pop(old)
        if 'max_images' in kwargs:
            kwargs['max_outputs'] = kwargs.pop('max_images')
        return getattr(tf.summary, name)(*args, **kwargs)

    summary.__name__ = name
    serves(f'tf.summary.{name}')(summary)


for _name in ('scalar', 'histogram', 'image'):
    _summary(_name)


@serves('tf.contrib.tensorboard.plugins.projector.visualize_embeddings')
def visualize_embeddings(writer: Any, config: Any) -> None:
    """Writes a projector's configuration beside the events of a writer."""
    from tensorboard.plugins import projector

    folder = writer if isinstance(writer, str) else writer.get_logdir()
    projector.visualize_embeddings(folder, config)


@provides('tf.contrib.tensorboard.plugins.projector.ProjectorConfig')
def _projector_config(program: Any) -> Any:
    from tensorboard.plugins import projector

    return projector.ProjectorConfig
