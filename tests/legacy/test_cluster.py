"""--local-cluster: one process a task on 127.0.0.1, with its name, until the end."""

import os
import re
import subprocess
import sys
import textwrap

from tests.support.paths import ROOT

import pytest


def run(folder, text, *argv, options=()):
    """Runs a script on a cluster, and returns the finished process."""
    (folder / 'old.py').write_text(textwrap.dedent(text).lstrip('\n'))
    command = ['-m', 'mnist_tut.legacy', '--local-cluster', *options, 'old.py', *argv]
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        stdin=subprocess.DEVNULL,
    )


def printed(result, task):
    """Returns the lines that a task printed."""
    return re.findall(rf'^\[{task}\] (.*)$', result.stdout, re.MULTILINE)


# In the style of 2016: hosts in the script, flags for the task, a Supervisor.
SUPERVISED = """
    import time
    import tensorflow as tf
    parameter_servers = ["pc-01:2222"]
    workers = ["pc-02:2222", "pc-03:2222", "pc-04:2222"]
    cluster = tf.train.ClusterSpec({"ps": parameter_servers, "worker": workers})
    tf.app.flags.DEFINE_string("job_name", "", "Either 'ps' or 'worker'")
    tf.app.flags.DEFINE_integer("task_index", 0, "Index of task within the job")
    FLAGS = tf.app.flags.FLAGS
    server = tf.train.Server(cluster, job_name=FLAGS.job_name,
                             task_index=FLAGS.task_index)
    if FLAGS.job_name == "ps":
      server.join()
    elif FLAGS.job_name == "worker":
      with tf.device(tf.train.replica_device_setter(
          worker_device="/job:worker/task:%d" % FLAGS.task_index, cluster=cluster)):
        global_step = tf.get_variable('global_step', [], tf.int32,
                                      initializer=tf.constant_initializer(0),
                                      trainable=False)
        w = tf.Variable(5.0)
        train_op = tf.train.GradientDescentOptimizer(0.1).minimize(
            w * w, global_step=global_step)
        init_op = tf.initialize_all_variables()
      sv = tf.train.Supervisor(is_chief=(FLAGS.task_index == 0),
                               global_step=global_step, init_op=init_op)
      with sv.prepare_or_wait_for_session(server.target) as sess:
        n = 0
        for i in range(100000):
          sess.run(train_op)
          time.sleep(0.2)  # so that the others start before the chief is done
          n += 1
        print "steps", n, "small", sess.run(w) < 0.1, w.device
      sv.stop()
"""
# In the style of 2017: hosts in flags, argparse, a monitored session.
MONITORED = """
    import argparse
    import sys
    import time
    import tensorflow as tf
    def main(_):
      cluster = tf.train.ClusterSpec({"ps": FLAGS.ps_hosts.split(","),
                                      "worker": FLAGS.worker_hosts.split(",")})
      server = tf.train.Server(cluster, job_name=FLAGS.job_name,
                               task_index=FLAGS.task_index)
      if FLAGS.job_name == "ps":
        server.join()
      with tf.device(tf.train.replica_device_setter(
          worker_device="/job:worker/task:%d" % FLAGS.task_index, cluster=cluster)):
        global_step = tf.train.get_or_create_global_step()
        w = tf.get_variable("w", initializer=5.0)
        train_op = tf.train.GradientDescentOptimizer(0.1).minimize(w * w, global_step)
      hooks = [tf.train.StopAtStepHook(last_step=10000000)]
      with tf.train.MonitoredTrainingSession(
          master=server.target, is_chief=(FLAGS.task_index == 0),
          hooks=hooks) as sess:
        while not sess.should_stop():
          step, _ = sess.run([global_step, train_op])
          time.sleep(0.8)  # so that the others start before the chief is done
      print("done")
    if __name__ == "__main__":
      parser = argparse.ArgumentParser()
      parser.add_argument("--ps_hosts", type=str, default="")
      parser.add_argument("--worker_hosts", type=str, default="")
      parser.add_argument("--job_name", type=str, default="")
      parser.add_argument("--task_index", type=int, default=0)
      FLAGS, unparsed = parser.parse_known_args()
      tf.app.run(main=main, argv=[sys.argv[0]] + unparsed)
"""


@pytest.mark.slow
def test_hosts_of_a_script_are_on_this_machine(tmp_path):
    result = run(tmp_path, SUPERVISED, options=['--steps=40'])
    assert result.returncode == 0, result
    for task in ('worker 0', 'worker 1', 'worker 2'):
        assert printed(result, task) == ['steps 40 small True /job:ps/task:0']
    assert 'a cluster of 4 tasks on 127.0.0.1' in result.stderr
    assert 'stopped: ps 0' in result.stderr


@pytest.mark.slow
def test_hosts_in_flags_have_the_default_size_or_the_users(tmp_path):
    result = run(tmp_path, MONITORED, options=['--steps=10'])
    assert result.returncode == 0, result
    assert printed(result, 'worker 0') == printed(result, 'worker 1') == ['done']
    assert 'a cluster of 3 tasks' in result.stderr
    hosts = ['--worker_hosts=a:1', '--ps_hosts', 'b:1,c:1']
    result = run(tmp_path, MONITORED, *hosts, options=['--steps=10'])
    assert result.returncode == 0, result
    assert 'ended: worker 0; stopped: ps 0, ps 1' in result.stderr


@pytest.mark.slow
def test_a_worker_that_fails_ends_them_all(tmp_path):
    text = """
    import sys
    import tensorflow as tf
    job, task = sys.argv[1], int(sys.argv[2])
    cluster = tf.train.ClusterSpec({"local": ["localhost:2222", "localhost:2223"]})
    server = tf.train.Server(cluster, job_name=job, task_index=task)
    if task == 1:
      raise ValueError("mine")
    server.join()
    """
    result = run(tmp_path, text)
    assert result.returncode == 1
    assert '[local 1] ValueError: mine' in result.stderr
    assert 'legacy: local 1 failed (exit status 1)' in result.stderr
    assert 'stopped: local 0' in result.stderr


@pytest.mark.slow
def test_it_ends_where_all_tasks_only_serve(tmp_path):
    text = """
    import sys
    import tensorflow as tf
    cluster = tf.train.ClusterSpec({"local": ["localhost:2222", "localhost:2223"]})
    server = tf.train.Server(cluster, "local", int(sys.argv[1]))
    print("serves")
    server.join()
    """
    result = run(tmp_path, text)
    assert result.returncode == 0, result
    assert printed(result, 'local 0') == printed(result, 'local 1') == ['serves']


@pytest.mark.slow
def test_a_script_that_is_one_task_gets_servers_for_the_others(tmp_path):
    text = """
    import tensorflow as tf
    cluster = tf.train.ClusterSpec({"worker": ["192.168.0.1:2222", "192.168.0.2:2222"],
                                    "ps": ["192.168.0.3:2222"]})
    server = tf.train.Server(cluster, job_name="worker", task_index=1)
    with tf.device("/job:ps/task:0"):
      w = tf.Variable(1.0)
    with tf.device("/job:worker/task:0"):
      y = w * 2
    with tf.Session("grpc://192.168.0.2:2222") as sess:
      sess.run(tf.initialize_all_variables())
      print(sess.run(y))
    raise SystemExit(3)
    """
    result = run(tmp_path, text)
    assert result.returncode == 3
    assert printed(result, 'worker 0') == ['2.0']


@pytest.mark.slow
def test_a_worker_that_waits_for_its_chief_is_ended(tmp_path):
    text = """
    import time
    import tensorflow as tf
    tf.app.flags.DEFINE_string("job_name", "", "")
    tf.app.flags.DEFINE_integer("task_index", 0, "")
    FLAGS = tf.app.flags.FLAGS
    cluster = tf.train.ClusterSpec({"worker": ["a:1", "b:1"]})
    server = tf.train.Server(cluster, FLAGS.job_name, FLAGS.task_index)
    while FLAGS.task_index:
      time.sleep(1)
    """
    result = run(tmp_path, text)
    assert result.returncode == 0
    assert 'worker 1 still waits for worker 0, which is done' in result.stderr


@pytest.mark.slow
def test_a_script_without_a_cluster_gets_one_line(tmp_path):
    result = run(tmp_path, 'import tensorflow as tf\n')
    assert (result.returncode, result.stdout) == (1, '')
    assert result.stderr == (
        'UserError: old.py names no cluster: it has no tf.train.ClusterSpec\n'
    )


def test_a_missing_script_gets_one_line():
    command = [sys.executable, '-m', 'mnist_tut.legacy', '--local-cluster', 'new.py']
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == 'UserError: new.py is missing; expected a script\n'
