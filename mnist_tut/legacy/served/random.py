"""Random numbers: only where an argument has changed."""

from typing import Any

from mnist_tut.legacy.served.registry import serves

import tensorflow.compat.v1 as tf


@serves('tf.random_crop', 'tf.image.random_crop')
def random_crop(value: Any, size: Any, *args: Any, **kwargs: Any) -> Any:
    """Crops at random; an image's size was [height, width] before 0.7."""
    rank = tf.convert_to_tensor(value).shape.rank
    if isinstance(size, (list, tuple)) and rank == 3 and len(size) == 2:
        size = [*size, value.shape[2]]
    return tf.random_crop(value, size, *args, **kwargs)
