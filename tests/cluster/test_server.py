"""Whether a server answers: a connection alone proves nothing."""

import socket

from mnist_tut.cluster import server

import tensorflow.compat.v1 as tf


def test_a_server_of_tensorflow_answers():
    running = tf.train.Server.create_local_server()
    address = running.target.removeprefix('grpc://')
    assert server._answers(address, 'localhost 0')
    assert not server._answers(address, 'localhost 1')  # another task's
    assert not server._answers(address, 'worker 0')


def test_a_free_port_does_not_answer():
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        assert not server._answers(f'127.0.0.1:{unused.getsockname()[1]}', 'ps 0')


def test_a_process_that_hangs_does_not_answer():
    with socket.socket() as silent:
        silent.bind(('127.0.0.1', 0))
        silent.listen()
        port = silent.getsockname()[1]
        assert server._is_open(port)
        assert not server._answers(f'127.0.0.1:{port}', 'ps 0')
