"""Stand-in for tensorflow.contrib.image: projective transforms, rotation, translation.

Source:
    TensorFlow 1.4, contrib/image/python/ops/image_ops.py; the op is today's
    ImageProjectiveTransformV3.
"""

from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf

__all__ = ['angles_to_projective_transforms', 'rotate', 'transform', 'translate']


def transform(
    images: Any,
    transforms: Any,
    interpolation: str = 'NEAREST',
    output_shape: Any = None,
    name: str | None = None,
) -> tf.Tensor:
    """Applies projective transforms.

    Args:
        images: [batch, rows, columns, channels], [rows, columns, channels] or
            [rows, columns].
        transforms: [8] or [batch, 8]: the point (x, y) of the output is the point
            ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) of the input, with
            k = c0 x + c1 y + 1.
        interpolation: 'NEAREST' or 'BILINEAR'.
        output_shape: Rows and columns of the output; the input's by default.
        name: Of the ops.
    """
    with tf.name_scope(name, 'transform'):
        images = tf.convert_to_tensor(images)
        transforms = tf.cast(tf.convert_to_tensor(transforms), tf.float32)
        rank = images.shape.ndims
        batch = images
        if rank == 2:
            batch = images[None, :, :, None]
        elif rank == 3:
            batch = images[None]
        if transforms.shape.ndims == 1:
            transforms = transforms[None]
        size = tf.shape(batch)[1:3] if output_shape is None else output_shape
        outputs = tf.raw_ops.ImageProjectiveTransformV3(
            images=batch,
            transforms=transforms,
            output_shape=tf.cast(size, tf.int32),
            fill_value=0.0,
            interpolation=interpolation.upper(),
            fill_mode='CONSTANT',
        )
        if output_shape is None:
            outputs.set_shape(batch.shape)
        if rank == 2:
            return outputs[0, :, :, 0]
        return outputs[0] if rank == 3 else outputs


def angles_to_projective_transforms(
    angles: Any, image_height: Any, image_width: Any, name: str | None = None
) -> tf.Tensor:
    """Returns the transforms that rotate images by angles, counterclockwise.

    Args:
        angles: In radians, one or [batch].
        image_height: Rows.
        image_width: Columns.
        name: Of the ops.
    """
    with tf.name_scope(name, 'angles_to_projective_transforms'):
        angles = tf.reshape(tf.cast(angles, tf.float32), [-1])
        height, width = (
            tf.cast(image_height, tf.float32),
            tf.cast(image_width, tf.float32),
        )
        cos, sin = tf.cos(angles), tf.sin(angles)
        x = ((width - 1) - (cos * (width - 1) - sin * (height - 1))) / 2
        y = ((height - 1) - (sin * (width - 1) + cos * (height - 1))) / 2
        zeros = tf.zeros_like(angles)
        return tf.stack([cos, -sin, x, sin, cos, y, zeros, zeros], 1)


def rotate(
    images: Any, angles: Any, interpolation: str = 'NEAREST', name: str | None = None
) -> tf.Tensor:
    """Rotates images counterclockwise by angles in radians, around their centers."""
    with tf.name_scope(name, 'rotate'):
        images = tf.convert_to_tensor(images)
        shape = tf.shape(images)
        at = 1 if images.shape.ndims == 4 else 0
        transforms = angles_to_projective_transforms(angles, shape[at], shape[at + 1])
        return transform(images, transforms, interpolation)


def translate(
    images: Any,
    translations: Any,
    interpolation: str = 'NEAREST',
    name: str | None = None,
) -> tf.Tensor:
    """Moves images by (dx, dy), one pair or [batch, 2]."""
    with tf.name_scope(name, 'translate'):
        moves = tf.reshape(tf.cast(translations, tf.float32), [-1, 2])
        ones, zeros = tf.ones_like(moves[:, 0]), tf.zeros_like(moves[:, 0])
        columns = [ones, zeros, -moves[:, 0], zeros, ones, -moves[:, 1], zeros, zeros]
        return transform(images, tf.stack(columns, 1), interpolation)
