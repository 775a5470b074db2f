"""Fixtures for all tests."""

import errno
import functools
import os
import pathlib
from collections.abc import Callable

from tests.support.paths import ROOT

import pytest


def _find_mnist() -> pathlib.Path | None:
    """Returns the folder that MNIST_TUT_MNIST_DIR names, or ../shared/mnist."""
    named = os.environ.get('MNIST_TUT_MNIST_DIR')
    folder = pathlib.Path(named) if named else ROOT.parent / 'shared' / 'mnist'
    return folder if (folder / 'train-images-idx3-ubyte.gz').is_file() else None


@pytest.fixture(scope='session')
def mnist_dir() -> pathlib.Path:
    """The folder of the four real MNIST files; skips the test where there is none."""
    folder = _find_mnist()
    if folder is None:
        pytest.skip(
            'the real MNIST files are not here (MNIST_TUT_MNIST_DIR names them)'
        )
    return folder


@pytest.fixture(scope='session')
def digits_dir(tmp_path_factory) -> pathlib.Path:
    """A folder with the drawn set, full size; made once for all test processes."""
    from mnist_tut.data import synthetic

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get('PYTEST_XDIST_WORKER') else base
    folder = shared / 'digits'
    synthetic.write(folder)
    return folder


@pytest.fixture(scope='session')
def few_digits_dir(tmp_path_factory) -> pathlib.Path:
    """A folder with so few drawn digits that a lesson trains on them in seconds."""
    from tests.support import corpus

    return corpus.write_drawn_digits(tmp_path_factory.mktemp('few') / 'digits')


@pytest.fixture(scope='session')
def short_run(few_digits_dir, tmp_path_factory) -> Callable[[str], pathlib.Path]:
    """Trains a lesson for three steps when it is first needed: its name -> folder."""
    from tests.support import short_runs

    root = tmp_path_factory.mktemp('logs')

    @functools.cache
    def train(name: str) -> pathlib.Path:
        return short_runs.train(name, few_digits_dir, root / name / 'run-0001')

    return train


@pytest.fixture(scope='session')
def small_dir(tmp_path_factory) -> pathlib.Path:
    """A folder with 52 training digits, of which 12 are for validation, and 9 more."""
    from tests.support import small_sets

    return small_sets.write(tmp_path_factory.mktemp('small'))


@pytest.fixture
def full_disk(monkeypatch):
    """Every file fails when it is flushed to the disk."""

    def fsync(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, 'fsync', fsync)


@pytest.fixture
def quick_retries(monkeypatch):
    """Downloads are tried three times, with hardly a delay, and never by a proxy."""
    from mnist_tut.data import download

    limits = download.LIMITS._replace(retry_delays_sec=(0.0, 0.01, 0.02))
    monkeypatch.setattr(download, 'LIMITS', limits)
    for name in ('http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv(download.SOURCE_URL_ENV, raising=False)
