"""The ops of a computation are found and recorded, and loops are of version 1."""

from mnist_tut.training.graph_copy import loops_of_v1, record, upstream_ops

import pytest
import tensorflow.compat.v1 as tf


@pytest.fixture
def graph():
    with tf.Graph().as_default() as made:
        yield made


def test_all_that_ops_depend_on_is_found_once(graph):
    a, b = tf.constant(1.0), tf.constant(2.0)
    with tf.control_dependencies([b]):
        c = a * a
    tf.negative(c)
    found = list(upstream_ops([c.op, c.op]))
    assert sorted(op.name for op in found) == sorted(t.op.name for t in (a, b, c))


def test_what_ends_depend_on_is_left_out_unless_another_op_needs_it(graph):
    a, b = tf.constant(1.0), tf.constant(2.0)
    end = tf.add(a, b)
    result = tf.multiply(end, a)
    found = {op.name for op in upstream_ops([result.op], [end.op])}
    assert found == {result.op.name, end.op.name, a.op.name}


def test_a_record_can_be_added_without_the_ops_that_are_left_out(graph):
    """An op that is to be placed beside a variable names it, in `_class`."""
    a = tf.constant(3.0)
    with tf.colocate_with(tf.Variable(1.0, name='elsewhere').op):
        b = tf.square(a)
    assert b.op.get_attr('_class') == [b'loc:@elsewhere']
    recorded = record([a.op, b.op], graph)
    with tf.Graph().as_default(), tf.Session() as sess:
        [copied] = tf.import_graph_def(recorded, return_elements=[b.name])
        assert sess.run(copied) == 9.0
    assert b.op.get_attr('_class')  # the op itself stays as it is


@pytest.fixture(params=[True, False])
def was_enabled(request):
    """Whether loops are of version 2 around the test."""
    before = tf.control_flow_v2_enabled()
    switch = {True: tf.enable_control_flow_v2, False: tf.disable_control_flow_v2}
    switch[request.param]()
    yield request.param
    switch[before]()


def test_loops_are_of_version_1_until_the_end(graph, was_enabled):
    with loops_of_v1():
        tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    assert 'Enter' in {op.type for op in graph.get_operations()}
    assert tf.control_flow_v2_enabled() == was_enabled


def test_loops_are_as_before_after_an_exception(was_enabled):
    with pytest.raises(KeyError), loops_of_v1():
        raise KeyError
    assert tf.control_flow_v2_enabled() == was_enabled
