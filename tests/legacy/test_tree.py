"""The tree of modules: names by the folders and files in which they once were."""

from tests.legacy import scripts

import pytest


@pytest.mark.parametrize(
    ('module', 'name'),
    [
        ('contrib.framework.python.ops.variables', 'get_or_create_global_step'),
        ('contrib.rnn.python.ops.core_rnn_cell', 'BasicLSTMCell'),
        ('contrib.rnn.python.ops.rnn_cell', 'GRUCell'),
        ('contrib.slim.python.slim.data.dataset', 'Dataset'),
        ('contrib.factorization.python.ops.clustering_ops', 'KMeans'),
        ('contrib.layers.python.layers.layers', 'batch_norm'),
        ('contrib.learn.python.learn.estimators.dnn', 'DNNClassifier'),
        ('python.estimator.inputs.numpy_io', 'numpy_input_fn'),
        ('python.ops.rnn_cell_impl', 'BasicLSTMCell'),
    ],
)
def test_a_name_is_served_by_its_file(tmp_path, module, name):
    """With both kinds of import, as the same thing."""
    parent, _, last = module.rpartition('.')
    result = scripts.run(
        tmp_path,
        f"""
        from tensorflow.{parent} import {last} as by_module
        from tensorflow.{module} import {name} as by_name
        import tensorflow.{module} as imported
        """,
    )
    assert getattr(result['by_module'], name) is result['by_name']
    assert getattr(result['imported'], name) is result['by_name']
    assert result['by_name'].__name__ == name


@pytest.mark.parametrize(
    'name', ['layers.python.layers.layers.conv9d', 'nosuch.python.ops.variables']
)
def test_a_name_that_no_file_had_is_not_served(tmp_path, name):
    result = scripts.run(
        tmp_path,
        f"""
        import tensorflow as tf
        try:
            tf.contrib.{name}
        except AttributeError as error:
            message = str(error)
        """,
    )
    assert 'there is no stand-in' in result['message']


def test_the_decoders_of_0_12_are_served(tmp_path):
    result = scripts.run(
        tmp_path,
        """
        import tensorflow as tf
        old = tf.nn.seq2seq.sequence_loss_by_example
        new = tf.contrib.legacy_seq2seq.sequence_loss_by_example
        """,
    )
    assert result['old'] is result['new']
