"""contrib.layers' feature columns, as far as they hold numbers.

Source:
    TensorFlow 1.2, contrib/layers/python/layers/feature_column.py and
    feature_column_ops.py.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf


class RealValuedColumn(NamedTuple):
    """A feature of numbers.

    Attributes:
        column_name: Its key in the dictionary of features; '' for the only one.
        dimension: How many numbers an example has.
        default_value: Ignored.
        dtype: Of the numbers.
        normalizer: Function that is applied to the numbers.
    """

    column_name: str
    dimension: int | None = 1
    default_value: Any = None
    dtype: Any = tf.float32
    normalizer: Callable | None = None

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column_name


real_valued_column = RealValuedColumn


def infer_real_valued_columns(features: Any) -> list[RealValuedColumn]:
    """Returns a column for each feature, as wide as the feature is."""
    if not isinstance(features, dict):
        return [
            RealValuedColumn('', features.shape.as_list()[-1], None, features.dtype)
        ]
    return [
        RealValuedColumn(name, features[name].shape.as_list()[-1])
        for name in sorted(features)
    ]


def input_from_feature_columns(
    columns_to_tensors: Any, feature_columns: Iterable[Any], **options: Any
) -> tf.Tensor:
    """Returns the features as float32 [batch, numbers], in the order of their names.

    Args:
        columns_to_tensors: The features, by name or a single tensor.
        feature_columns: Of this module or of `tf.feature_column`.
        **options: Ignored.
    """
    del options
    columns = list(feature_columns)
    if columns and not any(isinstance(c, RealValuedColumn) for c in columns):
        return tf.feature_column.input_layer(columns_to_tensors, columns)
    parts = []
    for column in sorted(columns, key=lambda column: column.name):
        tensor = columns_to_tensors
        if isinstance(tensor, dict):
            tensor = tensor[column.name]
        tensor = tf.cast(tensor, tf.float32)
        if column.normalizer is not None:
            tensor = column.normalizer(tensor)
        parts.append(tf.reshape(tensor, [-1, column.dimension or tensor.shape[-1]]))
    return parts[0] if len(parts) == 1 else tf.concat(parts, 1)
