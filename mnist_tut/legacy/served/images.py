"""Image functions whose arguments changed."""

from typing import Any

from mnist_tut.legacy import current
from mnist_tut.legacy.served.arrays import is_scalar
from mnist_tut.legacy.served.registry import arguments, serves

import tensorflow.compat.v1 as tf


@serves('tf.image.resize_images')
def resize_images(images: Any, *args: Any, **kwargs: Any) -> Any:
    """Resizes images: (images, height, width) before 1.0, (images, size) since.

    Source:
        TensorFlow 0.12 and 1.0, python/ops/image_ops_impl.py.
    """
    is_old = 'new_height' in kwargs or (len(args) >= 2 and is_scalar(args[0]))
    if not is_old:
        return tf.image.resize_images(images, *args, **kwargs)
    given = arguments('new_height new_width method align_corners', args, kwargs)
    current.note(
        'tf.image.resize_images(x, height, width)',
        'tf.image.resize_images(x, [height, width])',
    )
    size = [given.pop('new_height'), given.pop('new_width')]
    return tf.image.resize_images(images, size, **given)


@serves('tf.image.resize_image_with_crop_or_pad')
def resize_image_with_crop_or_pad(image: Any, *args: Any, **kwargs: Any) -> Any:
    """Crops or pads an image; given as (image, height, width) at all times."""
    return tf.image.resize_image_with_crop_or_pad(image, *args, **kwargs)


@serves('tf.nn.conv2d_transpose', 'tf.nn.deconv2d')
def conv2d_transpose(
    value: Any,
    filter: Any,  # noqa: A002
    output_shape: Any,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Convolves transposed; padding was 'SAME' if it was left out.

    A list of whole numbers and tensors, as of tf.shape(x)[0], was packed.
    """
    given = arguments('strides padding data_format name', args, kwargs)
    given.setdefault('padding', 'SAME')
    if isinstance(output_shape, (list, tuple)):
        output_shape = [
            getattr(n, 'value', n) if not isinstance(n, tf.Tensor) else n
            for n in output_shape
        ]
        if any(isinstance(n, tf.Tensor) for n in output_shape):
            output_shape = tf.stack(output_shape)
    return tf.nn.conv2d_transpose(value, filter, output_shape=output_shape, **given)
