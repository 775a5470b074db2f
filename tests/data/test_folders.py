"""Which folders are searched for the data, and which one is written to."""

import os

from mnist_tut.data import download, folders

import pytest


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    """The current folder is tmp_path/here, and no folder is named."""
    here = tmp_path / 'here'
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.delenv(folders.DATA_DIR_ENV, raising=False)


def fill(folder):
    """Puts a file of each name into a folder."""
    os.makedirs(folder)
    for file in download.FILES:
        with open(os.path.join(folder, file.name), 'wb'):
            pass


@pytest.mark.parametrize(
    ('default', 'expected'),
    [
        ('data', ['data', 'MNIST_data', '../MNIST_data', '../data']),
        ('MNIST_data', ['MNIST_data', 'data', '../MNIST_data', '../data']),
        ('../MNIST_data', ['../MNIST_data', 'data', 'MNIST_data', '../data']),
        ('MNIST_data/', ['MNIST_data/', 'data', '../MNIST_data', '../data']),
        (
            '/shared/mnist',
            ['/shared/mnist', 'data', 'MNIST_data', '../MNIST_data', '../data'],
        ),
    ],
)
def test_the_folder_of_the_document_comes_first(default, expected):
    assert folders.candidates(default) == expected


def test_the_environment_comes_second(monkeypatch):
    monkeypatch.setenv(folders.DATA_DIR_ENV, '/srv/mnist')
    assert folders.candidates('MNIST_data')[:3] == ['MNIST_data', '/srv/mnist', 'data']
    monkeypatch.setenv(folders.DATA_DIR_ENV, '~/mnist')
    assert folders.candidates('data')[1] == os.path.expanduser('~/mnist')
    monkeypatch.setenv(folders.DATA_DIR_ENV, './data')  # the same folder, named twice
    assert folders.candidates('data') == [
        'data',
        'MNIST_data',
        '../MNIST_data',
        '../data',
    ]


@pytest.mark.parametrize(
    ('default', 'expected'),
    [
        ('data', 'data'),
        ('MNIST_data/', 'MNIST_data/'),
        ('/shared/mnist', '/shared/mnist'),
        ('../MNIST_data', 'MNIST_data'),
        ('../../a/b', os.path.join('a', 'b')),
        ('a/../../b', 'b'),
        ('..', '.'),
    ],
)
def test_nothing_is_written_above_the_current_folder(default, expected):
    assert folders.to_write(default) == expected


def test_the_environment_names_the_folder_to_write(monkeypatch):
    monkeypatch.setenv(folders.DATA_DIR_ENV, '/srv/mnist')
    assert folders.to_write('../MNIST_data') == '/srv/mnist'


def test_all_four_files_are_the_data(tmp_path):
    fill('data')
    assert folders.holds_files('data')
    os.remove(os.path.join('data', download.FILES[2].name))
    assert not folders.holds_files('data')
    assert not folders.holds_files('missing')
