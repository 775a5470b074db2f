"""contrib.framework: arg_scope, and variables by name."""

from mnist_tut.legacy.contrib import framework

import pytest
import tensorflow.compat.v1 as tf


@framework.add_arg_scope
def layer(a, b=1, c=2):
    return a, b, c


def test_arg_scope_sets_defaults_that_a_call_can_change():
    with framework.arg_scope([layer], b=5):
        assert layer(0) == (0, 5, 2)
        assert layer(0, b=7) == (0, 7, 2)
        with framework.arg_scope([layer], c=6):
            assert layer(0) == (0, 5, 6)
        assert layer(0) == (0, 5, 2)
    assert layer(0) == (0, 1, 2)


def test_arg_scope_can_be_opened_again():
    with framework.arg_scope([layer], b=5) as scope:
        pass
    with framework.arg_scope(scope):
        assert layer(0) == (0, 5, 2)


def test_arg_scope_ends_with_an_exception():
    with pytest.raises(KeyError), framework.arg_scope([layer], b=5):
        raise KeyError
    assert layer(0) == (0, 1, 2)


def test_arg_scope_refuses_plain_functions():
    with (
        pytest.raises(ValueError, match='not decorated'),
        framework.arg_scope([len], b=5),
    ):
        pass


def test_arg_scoped_arguments_are_those_with_defaults():
    assert framework.has_arg_scope(layer)
    assert framework.arg_scoped_arguments(layer) == ('b', 'c')


def test_variables_are_found_by_scope_and_name():
    for name in ('a/w', 'a/b', 'c/w'):
        framework.model_variable(name, [])
    found = framework.get_variables
    assert [v.op.name for v in found('a')] == ['a/w', 'a/b']
    assert [v.op.name for v in framework.get_variables_by_suffix('w')] == ['a/w', 'c/w']
    assert [v.op.name for v in framework.get_variables_by_name('b')] == ['a/b']
    assert framework.get_unique_variable('a/b').op.name == 'a/b'
    assert [v.op.name for v in framework.get_variables_to_restore(exclude=['a'])] == [
        'c/w'
    ]
    assert len(framework.get_model_variables()) == 3
    with pytest.raises(ValueError, match='a/x'):
        framework.get_unique_variable('a/x')


def test_local_variables_are_not_saved():
    framework.local_variable(1.0, name='l')
    assert framework.get_variables() == []
    assert [v.op.name for v in framework.get_local_variables()] == ['l']


def test_a_checkpoint_is_restored_by_other_names(tmp_path):
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable('old', initializer=3.0)
        session.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(session, str(tmp_path / 'model'))
    new = tf.get_variable('new', initializer=0.0)
    missing = tf.get_variable('missing', initializer=1.0)
    both = {'old': new, 'missing': missing}
    restore = framework.assign_from_checkpoint_fn(path, both, ignore_missing_vars=True)
    assign, feeds = framework.assign_from_checkpoint(path, {'old': missing})
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        restore(session)
        assert session.run([new, missing]) == [3, 1]
        session.run(assign, feeds)
        assert session.run(missing) == 3
    with pytest.raises(ValueError, match='missing variable'):
        framework.assign_from_checkpoint(path, both)
