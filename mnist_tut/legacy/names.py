"""The table of names that TensorFlow has lost, as data.

`names.json` has a row for each: the old name, the version that removed it, and today's
name; or, where nothing can be served, what one does instead. The page in the
documentation is made from it.
"""

import functools
import importlib.resources
import json
from typing import NamedTuple


class Name(NamedTuple):
    """A row of the table.

    Attributes:
        old: The old name, such as 'tf.mul'; of a module, for all that is in it.
        removed: The version that removed it.
        today: Today's name, in tensorflow.compat.v1; '' if nothing can be served.
        advice: What one does instead, if nothing can be served.
    """

    old: str
    removed: str
    today: str
    advice: str = ''


@functools.cache
def table() -> dict[str, Name]:
    """Returns the rows by old name."""
    text = importlib.resources.files('mnist_tut.legacy').joinpath('names.json')
    rows = [Name(**row) for row in json.loads(text.read_text('utf-8'))]
    return {row.old: row for row in rows}


def find(name: str) -> Name | None:
    """Returns the row of a name, or of the module that it was in."""
    rows = table()
    while name:
        if name in rows:
            return rows[name]
        name = name.rpartition('.')[0]
    return None


# Modules of the time that hold the names of other modules of today, the first that has
# a name counting. Removed or not, scripts import from them.
MODULES: dict[str, tuple[str, ...]] = {
    'tensorflow.python.platform.app': ('tf.app',),
    'tensorflow.python.platform.flags': ('tf.app.flags',),
    'tensorflow.python.platform.gfile': ('tf.gfile',),
    'tensorflow.python.platform.logging': ('tf.logging',),
    'tensorflow.python.platform.tf_logging': ('tf.logging',),
    'tensorflow.python.platform.default': ('tf', 'tf.app'),
    'tensorflow.python.platform': ('tf', 'tf.app'),
    'tensorflow.models.rnn.rnn_cell': ('tf.nn.rnn_cell',),
    'tensorflow.models.rnn.rnn': ('tf.nn',),
    'tensorflow.models.rnn.linear': ('tf.nn.rnn_cell',),
    'tensorflow.models.rnn': ('tf.nn',),
    'tensorflow.python.ops.rnn_cell': ('tf.nn.rnn_cell',),
    'tensorflow.python.ops.rnn_cell_impl': ('tf.nn.rnn_cell',),
    'tensorflow.python.ops.rnn': ('tf.nn',),
    'tensorflow.python.ops.constant_op': ('tf',),
    'tensorflow.python.ops.common_shapes': ('tf',),
    'tensorflow.python.training': ('tf.train',),
    'tensorflow.python.client': ('tf',),
    'tensorflow.python.layers': ('tf.layers',),
    'tensorflow.python.keras': ('tf.keras',),
    'tensorflow.python.estimator.inputs.numpy_io': ('tf.estimator.inputs',),
    'tensorflow.python.estimator.inputs.pandas_io': ('tf.estimator.inputs',),
    'tensorflow.python.estimator.inputs': ('tf.estimator.inputs',),
    'tensorflow.python.estimator': ('tf.estimator',),
    'tensorflow.python.summary': ('tf.summary',),
    'tensorflow.python.ops': ('tf', 'tf.nn', 'tf.train', 'tf.image', 'tf.summary'),
    'tensorflow.python.lib.io': ('tf.python_io',),
    'tensorflow.python.framework': ('tf',),
    'tensorflow.python': ('tf',),
    'tensorflow.types': ('tf',),
}
