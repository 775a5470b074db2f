"""No data file is opened or inflated twice when a lesson starts."""

import builtins
import collections
import os

from mnist_tut import input_data
from mnist_tut.data import download, idx, locate, npz
from tests.support import corpus

import pytest

NAMES = [file.name for file in download.FILES]


@pytest.fixture
def count(monkeypatch):
    """Counts how often each data file is opened, and how many are inflated."""
    opened = collections.Counter()
    plain_open, gzip_file = builtins.open, idx.GzipFile

    def counting_open(file, *args, **kwargs):
        name = os.path.basename(os.fsdecode(file)) if not isinstance(file, int) else ''
        opened[name] += name in (*NAMES, 'mnist_data.npz')
        return plain_open(file, *args, **kwargs)

    def counting_gzip_file(*args, **kwargs):
        opened['inflated'] += 1
        return gzip_file(*args, **kwargs)

    monkeypatch.setattr(builtins, 'open', counting_open)
    monkeypatch.setattr(idx, 'GzipFile', counting_gzip_file)
    return opened


def read_data_sets(folder, **options):
    input_data.read_data_sets(folder, validation_size=10, **options)


def load_npz(folder, **options):
    npz.load(data_dir=folder, **options)


def get_data(folder, **options):
    """As `convolutional` extracts its files."""
    for name, file in locate.locate(folder, **options).files.items():
        assert file.path.endswith(name)
        extract = 'extract_images' if 'images' in name else 'extract_labels'
        getattr(input_data, extract)(file)


READERS = pytest.mark.parametrize('read', [read_data_sets, load_npz, get_data])
ONCE = {**dict.fromkeys(NAMES, 1), 'inflated': 4}


@READERS
def test_another_set(read, tmp_path, count):
    corpus.write_data_set(tmp_path, 60, 20)
    count.clear()
    read(tmp_path)
    assert +count == ONCE


@READERS
def test_drawn_digits(read, digits_dir, count):
    read(digits_dir)
    assert +count == ONCE


@READERS
def test_drawn_digits_on_a_machine_that_is_offline(
    read, digits_dir, tmp_path, count, monkeypatch
):
    (tmp_path / 'synthetic').symlink_to(digits_dir)
    monkeypatch.setattr(download, 'MIRRORS', ())
    read(tmp_path)
    assert +count == ONCE


@READERS
def test_mnist(read, mnist_dir, count):
    read(mnist_dir)
    assert +count == ONCE


def test_the_lectures_file(tmp_path, count):
    X_train, y_train = corpus.digits(60)
    path = tmp_path / 'mnist_data.npz'
    npz.write(path, npz.Digits(X_train, X_train[:9], y_train, y_train[:9]))
    count.clear()
    npz.load(path)
    assert +count == {'mnist_data.npz': 1}
