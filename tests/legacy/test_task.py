"""How a script is told which task of a cluster it is."""

import ast
import textwrap

from mnist_tut.legacy import outline, task

import pytest

ADDRESSES = {
    'ps': ['127.0.0.1:1'],
    'worker': ['127.0.0.1:2', '127.0.0.1:3'],
}


def role(text, *argv):
    found = outline.read([ast.parse(textwrap.dedent(text))])
    return task.Role(found, argv)


FLAGS = """
    import tensorflow as tf
    tf.app.flags.DEFINE_string("ps_hosts", "", "")
    tf.app.flags.DEFINE_string("worker_hosts", "a:1,b:1,c:1", "")
    tf.app.flags.DEFINE_string("job_name", "", "")
    tf.app.flags.DEFINE_integer("task_index", 0, "")
    cluster = tf.train.ClusterSpec({"ps": x, "worker": y})
    server = tf.train.Server(cluster)
"""
PARSER = """
    import argparse
    parser.add_argument("--ps-hosts", type=str, default="")
    parser.add_argument("--worker-hosts")
    parser.add_argument("--role", type=str)
    parser.add_argument("--task_id", type=int, default=0)
    parser.add_argument("--num_workers", type=int)
    tf.train.ClusterSpec(cluster)
"""


def test_flags_get_the_task_and_its_addresses():
    assert role(FLAGS).arguments('worker', 1, ADDRESSES) == [
        '--ps_hosts=127.0.0.1:1',
        '--worker_hosts=127.0.0.1:2,127.0.0.1:3',
        '--job_name=worker',
        '--task_index=1',
    ]
    assert set(role(PARSER).arguments('ps', 0, ADDRESSES)) == {
        '--ps_hosts=127.0.0.1:1',
        '--worker_hosts=127.0.0.1:2,127.0.0.1:3',
        '--role=ps',
        '--task_id=0',
        '--num_workers=2',
    }


def test_those_that_the_user_gave_are_replaced_and_no_others():
    given = ('--job_name=ps', '--rate', '3', '--task_index', '7', '-x', 'data')
    arguments = role(FLAGS, *given).arguments('worker', 0, ADDRESSES)
    assert arguments[:4] == ['--rate', '3', '-x', 'data']
    assert (
        arguments.count('--task_index=0') == arguments.count('--job_name=worker') == 1
    )
    assert '7' not in arguments


@pytest.mark.parametrize(
    ('text', 'argv', 'sizes'),
    [
        (FLAGS, (), {'ps': 1, 'worker': 3}),
        (
            FLAGS,
            ('--ps_hosts=a:1,b:1', '--worker_hosts', 'c:1'),
            {'ps': 2, 'worker': 1},
        ),
        (PARSER, (), {'ps': 1, 'worker': 2}),
    ],
)
def test_there_are_as_many_tasks_as_the_script_names(text, argv, sizes):
    assert role(text, *argv).sizes() == sizes


@pytest.mark.parametrize(
    ('text', 'chief'),
    [
        ('ClusterSpec({"ps": x, "worker": y})', 'worker'),
        ('ClusterSpec({"worker": y, "chief": x})', 'chief'),
        ('ClusterSpec({"local": y})', 'local'),
        ('hosts = {"ps": x, "trainer": y}\nClusterSpec(hosts)', 'trainer'),
        ('ClusterSpec(json.loads(text))', 'worker'),
    ],
)
def test_the_chief_is_of_a_job_that_the_script_names(text, chief):
    assert role(text).chief == chief


def test_positional_arguments_tell_the_task():
    text = 'ClusterSpec(x)\njob = sys.argv[1]\ntask = int(sys.argv[2])'
    assert role(text).is_told
    assert role(text).arguments('local', 1, {}) == ['local', '1']


def test_a_script_that_is_always_the_same_task_is_told_nothing():
    text = 'Server(ClusterSpec({"worker": x}), job_name="worker", task_index=0)'
    assert role(text).is_cluster
    assert not role(text).is_told
    assert role(text, '--rate=3').arguments('worker', 0, ADDRESSES) == ['--rate=3']


def test_a_client_of_servers_gets_the_address_of_its_own():
    text = """
    flags.DEFINE_string("worker_grpc_url", None, "")
    flags.DEFINE_integer("worker_index", 0, "")
    with tf.device("/job:ps/task:1"): pass
    """
    client = role(text)
    assert client.is_client
    assert client.sizes() == {'ps': 2, 'worker': 2}
    assert client.arguments('worker', 1, ADDRESSES) == [
        '--worker_index=1',
        '--worker_grpc_url=grpc://127.0.0.1:3',
    ]


def test_an_ordinary_script_has_no_cluster():
    text = 'flags.DEFINE_integer("index", 0, "")\nsess = tf.Session()'
    assert not role(text).is_cluster
