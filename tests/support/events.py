"""What TensorBoard would read from the event files of a folder."""

import tensorflow.compat.v1 as tf


def read(folder):
    """Returns the events of all event files in a folder, in order."""
    return [
        tf.Event.FromString(record)
        for path in sorted(folder.glob('events.out.tfevents.*'))
        for record in tf.io.tf_record_iterator(str(path))
    ]


def steps(folder, kind='summary'):
    """Returns the steps of the events of one kind."""
    return [event.step for event in read(folder) if event.WhichOneof('what') == kind]


def scalars(folder):
    """Returns the curves: from each tag to its (step, value), in order."""
    curves = {}
    for event in read(folder):
        for value in event.summary.value:
            if value.HasField('simple_value'):
                curves.setdefault(value.tag, []).append(
                    (event.step, value.simple_value)
                )
    return curves
