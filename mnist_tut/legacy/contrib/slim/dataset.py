"""Stand-in for slim's data sets of TFRecords: what a record holds, and how to read it.

Source:
    TensorFlow 1.2, contrib/slim/python/slim/data/: dataset, tfexample_decoder,
    dataset_data_provider.
"""

from collections.abc import Sequence
from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf


class Dataset:
    """Where the records are and how they are read; attributes as they were given."""

    def __init__(
        self,
        data_sources: Any,
        reader: Any,
        decoder: Any,
        num_samples: int,
        items_to_descriptions: dict,
        **kwargs: Any,
    ):
        self.data_sources = data_sources
        self.reader = reader
        self.decoder = decoder
        self.num_samples = num_samples
        self.items_to_descriptions = items_to_descriptions
        vars(self).update(kwargs)


class Tensor:
    """One feature of a record as it is."""

    def __init__(
        self,
        tensor_key: str,
        shape_keys: Any = None,
        shape: Any = None,
        default_value: Any = 0,
    ):
        del shape_keys
        self.keys = [tensor_key]
        self._shape = shape
        self._default = default_value

    def decode(self, features: dict) -> tf.Tensor:
        """Returns the feature."""
        tensor = features[self.keys[0]]
        if isinstance(tensor, tf.SparseTensor):
            tensor = tf.sparse_tensor_to_dense(tensor, self._default)
        return tensor if self._shape is None else tf.reshape(tensor, self._shape)


class Image:
    """An image, encoded as a PNG, as a JPEG or as its bytes."""

    def __init__(
        self,
        image_key: str | None = None,
        format_key: str | None = None,
        shape: Any = None,
        channels: int = 3,
        dtype: Any = tf.uint8,
        **ignored: Any,
    ):
        del ignored
        self.keys = [image_key or 'image/encoded', format_key or 'image/format']
        self._shape, self._channels, self._dtype = shape, channels, dtype

    def decode(self, features: dict) -> tf.Tensor:
        """Returns the image, [rows, columns, channels]."""
        encoded, kind = (features[key] for key in self.keys)

        def raw() -> tf.Tensor:
            """Returns the bytes."""
            return tf.reshape(tf.decode_raw(encoded, self._dtype), self._shape)

        def image() -> tf.Tensor:
            """Returns the decoded image."""
            decoded = tf.image.decode_image(encoded, self._channels)
            return tf.cast(decoded, self._dtype)

        is_raw = tf.logical_or(tf.equal(kind, 'raw'), tf.equal(kind, 'RAW'))
        decoded = image() if self._shape is None else tf.cond(is_raw, raw, image)
        shape = self._shape or [None, None, self._channels]
        decoded.set_shape(shape)
        return decoded


class TFExampleDecoder:
    """Reads the items of a record."""

    def __init__(self, keys_to_features: dict, items_to_handlers: dict):
        self._features = keys_to_features
        self._handlers = items_to_handlers

    def list_items(self) -> list[str]:
        """Returns the items' names."""
        return list(self._handlers)

    def decode(self, serialized_example: Any, items: Sequence | None = None) -> list:
        """Returns items of a record."""
        features = tf.parse_single_example(serialized_example, self._features)
        return [
            self._handlers[name].decode(features) for name in items or self.list_items()
        ]


class DatasetDataProvider:
    """The items of a data set's records, one record after the other.

    Args:
        dataset: The data set.
        num_readers: Ignored.
        reader_kwargs: Ignored.
        shuffle: Whether the order is random.
        num_epochs: How often each record comes; None for without end.
        common_queue_capacity: How many records are mixed.
        **ignored: Other sizes of queues.
    """

    def __init__(
        self,
        dataset: Dataset,
        num_readers: int = 1,
        reader_kwargs: Any = None,
        shuffle: bool = True,
        num_epochs: int | None = None,
        common_queue_capacity: int = 256,
        **ignored: Any,
    ):
        del num_readers, reader_kwargs, ignored
        sources = dataset.data_sources
        patterns = [sources] if isinstance(sources, str) else list(sources)
        names = [name for pattern in patterns for name in tf.gfile.Glob(pattern)]
        records = tf.data.TFRecordDataset(sorted(names))
        if shuffle:
            records = records.shuffle(common_queue_capacity)
        iterator = tf.data.make_initializable_iterator(records.repeat(num_epochs))
        tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, iterator.initializer)
        items = dataset.decoder.list_items()
        tensors = dataset.decoder.decode(iterator.get_next(), items)
        self._tensors = dict(zip(items, tensors, strict=True))

    def list_items(self) -> list[str]:
        """Returns the items' names."""
        return list(self._tensors)

    def get(self, items: Sequence[str]) -> list:
        """Returns items of the next record."""
        return [self._tensors[name] for name in items]
