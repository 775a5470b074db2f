"""Which task a process is: from the flags, or from TF_CONFIG; one line for mistakes."""

import json

from mnist_tut.cluster import tasks

import pytest

PS, WORKERS = ['a:2222'], ['b:2222', 'c:2222']


@pytest.fixture(autouse=True)
def without_config(monkeypatch):
    monkeypatch.delenv('TF_CONFIG', raising=False)


def from_config(monkeypatch, cluster, job, index, **more):
    config = {'cluster': cluster, 'task': {'type': job, 'index': index}, **more}
    monkeypatch.setenv('TF_CONFIG', json.dumps(config))
    return tasks.find('', 0, [], [])


def test_without_either_there_is_one_task():
    cluster = tasks.find('', 0, [], [])
    assert cluster.is_chief
    assert not cluster.is_parameter_server
    assert (cluster.rank, cluster.workers, cluster.device) == (0, ['worker 0'], '')
    assert cluster.parameter_servers == []


def test_the_flags():
    cluster = tasks.find('worker', 1, PS, WORKERS)
    assert (cluster.name, cluster.rank, cluster.is_chief) == ('worker 1', 1, False)
    assert cluster.device == '/job:worker/task:1'
    assert cluster.workers == ['worker 0', 'worker 1']
    assert cluster.parameter_servers == ['ps 0']
    assert cluster.addresses['worker 1'] == 'c:2222'
    assert tasks.find('worker', 0, PS, WORKERS).is_chief
    server = tasks.find('ps', 0, PS, WORKERS)
    assert server.is_parameter_server
    assert not server.is_chief


def test_a_chief_of_its_own_comes_before_the_workers(monkeypatch):
    """As Kubernetes' training operator describes it, 'environment' included."""
    hosts = {'chief': ['x:1'], 'worker': ['y:1', 'z:1'], 'ps': ['s:1']}
    chief = from_config(monkeypatch, hosts, 'chief', 0, environment='cloud')
    assert chief.workers == ['chief 0', 'worker 0', 'worker 1']
    assert chief.is_chief
    worker = from_config(monkeypatch, hosts, 'worker', 0, environment='cloud')
    assert (worker.rank, worker.is_chief) == (1, False)
    assert worker.device == '/job:worker/task:0'


def test_an_older_name_of_the_chief(monkeypatch):
    hosts = {'master': ['x:1'], 'ps': ['s:1']}
    assert from_config(monkeypatch, hosts, 'master', 0).is_chief


def test_the_flags_come_before_the_environment(monkeypatch):
    monkeypatch.setenv('TF_CONFIG', 'no JSON')
    assert tasks.find('ps', 0, PS, WORKERS).name == 'ps 0'


def test_a_job_of_one_task_needs_no_cluster(monkeypatch):
    cluster = from_config(monkeypatch, {'worker': ['y:1']}, 'worker', 0)
    assert (cluster.hosts, cluster.is_chief) == ({}, True)


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (('worker', 2, PS, WORKERS), 'there is no worker 2 .* 1 of ps, 2 of worker'),
        (('', 0, PS, WORKERS), '--job_name: expected ps or worker'),
        (('worker', 0, [], WORKERS), "no task of the job 'ps'"),
        (('ps', 0, PS, []), "no task of the job 'worker'"),
        (('ps', 0, ['a'], WORKERS), 'ps 0 is at a; expected host:port'),
        (('ps', 0, ['a:b'], WORKERS), 'ps 0 is at a:b; expected host:port'),
        (('ps', 0, [':1'], WORKERS), 'expected host:port'),
        (('ps', 0, ['http://a:1'], WORKERS), 'expected host:port'),
        (('ps', 0, ['a b:1'], WORKERS), 'expected host:port'),
        (('ps', 0, ['fe80::1:22'], WORKERS), 'expected host:port'),
        (('', 1, [], []), 'expected --job_name=ps or --job_name=worker'),
        (('ps', 0, ['a:0'], WORKERS), 'a port from 1 to 65535'),
        (('ps', 0, ['a:70000'], WORKERS), 'a port from 1 to 65535'),
        (('ps', 0, ['b:2222'], WORKERS), 'ps 0 and worker 0 are both at b:2222'),
    ],
)  # fmt: skip
def test_one_line_for_what_cannot_be(arguments, expected):
    with pytest.raises(tasks.ClusterError, match=expected) as caught:
        tasks.find(*arguments)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'text',
    ['nothing', '[]', '{}', '{"cluster": {}}', '{"cluster": {"ps": 3}, "task": {}}',
     '{"cluster": {"ps": ["a:1"], "worker": ["b:1"]}, "task": {"type": "ps"}}',
     '{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": "one"}}'],
)  # fmt: skip
def test_one_line_for_a_config_that_says_nothing(monkeypatch, text):
    monkeypatch.setenv('TF_CONFIG', text)
    with pytest.raises(tasks.ClusterError, match=r'^TF_CONFIG=.*expected JSON'):
        tasks.find('', 0, [], [])


def test_an_evaluator_has_nothing_to_do(monkeypatch):
    hosts = {'ps': ['a:1'], 'worker': ['b:1'], 'evaluator': ['c:1']}
    with pytest.raises(tasks.ClusterError, match='the chief evaluates'):
        from_config(monkeypatch, hosts, 'evaluator', 0)


@pytest.mark.parametrize('hosts', [{}, {'worker': ['b:1']}])
def test_a_parameter_server_needs_a_cluster(monkeypatch, hosts):
    with pytest.raises(tasks.ClusterError, match="no task of the job 'ps'"):
        from_config(monkeypatch, hosts, 'ps', 0)


def test_another_task_than_the_only_one(monkeypatch):
    with pytest.raises(tasks.ClusterError, match="no task of the job 'ps'"):
        from_config(monkeypatch, {'worker': ['b:1']}, 'chief', 0)
