"""The package itself: what `import mnist_tut` gives, and what it leaves alone."""

import subprocess
import sys

import mnist_tut
from mnist_tut import deep
from tests.support.paths import ROOT

import pytest


def test_modules_are_imported_when_they_are_used():
    code = """
import sys
import mnist_tut
heavy = {'numpy', 'tensorflow', 'matplotlib', 'absl', 'PIL'}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
assert {'deep', 'plots', 'predict', '__version__'} <= set(dir(mnist_tut))
assert mnist_tut.plots.loss_curve
assert 'tensorflow' not in sys.modules
"""
    run = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr


def test_every_name_that_is_listed_is_there():
    assert mnist_tut.deep is deep
    for name in dir(mnist_tut):
        assert hasattr(mnist_tut, name), name


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'mnist_tut' has no attribute 'deap'"):
        mnist_tut.deap  # noqa: B018
