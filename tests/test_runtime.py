"""TensorFlow's banners are removed, and nothing else."""

import subprocess
import sys

from mnist_tut import runtime
from tests.support.paths import ROOT


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
    assert runtime._without_banners(banner + trouble) == trouble
