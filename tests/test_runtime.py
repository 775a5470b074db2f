"""TensorFlow's banners are removed, and nothing else."""

import os
import subprocess
import sys

from mnist_tut import runtime
from tests.support.paths import ROOT

import pytest


def test_a_real_warning_still_shows():
    code = """
from mnist_tut import runtime
import tensorflow.compat.v1 as tf
tf.logging.warning('the sky is falling')
tf.logging.warning('The name tf.x is deprecated.')
"""
    run = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT
    )
    assert 'the sky is falling' in run.stderr
    assert 'deprecated' not in run.stderr


def test_native_output_that_is_no_banner_still_shows():
    banner = 'I0000 00:00:1 1 port.cc:153] oneDNN custom operations are on. You may\n'
    trouble = 'E0000 00:00:1 1 cuda_dnn.cc:1] Could not load library cudnn\n'
    assert runtime._without(runtime._BANNERS, banner + trouble) == trouble


ECHO = (
    'W0000 00:00:1 1 op_kernel.cc:1858] OP_REQUIRES failed at save.cc:1 : NO SPACE\n'
    'W0000 00:00:1 1 local_rendezvous.cc:412] Local rendezvous is aborting with '
    'status: NO SPACE\n\t [[{{node save/SaveV2}}]]\n'
)


def test_an_error_is_printed_once(capfd):
    def save():
        os.write(2, (ECHO + 'another trouble\n').encode())
        raise OSError('NO SPACE')

    with pytest.raises(OSError, match='NO SPACE'), runtime.errors_once():
        save()
    assert capfd.readouterr().err == 'another trouble\n'


def test_without_an_error_every_line_is_printed(capfd):
    with runtime.errors_once():
        os.write(2, ECHO.encode())
    assert capfd.readouterr().err == ECHO
