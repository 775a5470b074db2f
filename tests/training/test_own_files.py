"""The list of a run's files: what is on it is removed, and nothing else is."""

import json
import os

from mnist_tut import errors
from mnist_tut.training import json_file
from mnist_tut.training.own_files import LIST_FILE, OwnFiles, add_file, own_files

import pytest

TEMPORARY = [
    'model.ckpt-7.index.tempstate123',
    'model.ckpt-7.meta.tmp' + '0f' * 16,
    'checkpoint.tmp' + 'a1' * 16,
]


@pytest.fixture
def own(tmp_path):
    """A list with some files, which are there."""
    own = OwnFiles(str(tmp_path))
    own.add('run.json', 'checkpoint', 'model.ckpt-7.index', 'model.ckpt-7.meta')
    own.add('train/projector-labels.tsv')
    own.add('model.ckpt-8.index')  # which was never written
    (tmp_path / 'train').mkdir()
    for name in ('run.json', 'checkpoint', 'model.ckpt-7.index', 'model.ckpt-7.meta'):
        (tmp_path / name).write_text('own')
    (tmp_path / 'train' / 'projector-labels.tsv').write_text('own')
    return own


def names(folder):
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob('*')
        if not path.is_dir() or path.is_symlink()
    )


def test_what_was_written_down_is_removed_and_nothing_else(tmp_path, own):
    foreign = [
        'history.json', 'model.ckpt-9.index', 'model.ckpt-7.json', 'model.ckpt-notes',
        'events.out.tfevents.123.host', 'train/events.out.tfevents.123.host',
        'train/projector_config.pbtxt', 'test/run.json', 'checkpoint.tmp', 'thesis.pdf',
        'model.ckpt-9.index.tempstate123', 'model.ckpt-7.index.tempstate',
    ]  # fmt: skip
    (tmp_path / 'test').mkdir()
    for name in foreign + TEMPORARY:
        (tmp_path / name).write_text(name)
    own.remove_all()
    assert names(tmp_path) == sorted([*foreign, LIST_FILE])
    assert own_files(tmp_path) == []


def test_the_list_is_written_before_the_file_appears(tmp_path):
    own = OwnFiles(str(tmp_path))
    own.add('history.json')
    assert 'history.json' in OwnFiles(str(tmp_path))
    assert own_files(tmp_path) == []  # it is not there yet
    ending = own.add_events('train')
    path = tmp_path / 'train' / f'events.out.tfevents.123.host{ending}'
    path.parent.mkdir()
    path.write_text('')
    assert own_files(tmp_path) == [str(path)]


def test_a_file_in_a_subfolder_is_added_to_the_list_of_the_run(tmp_path, own):
    add_file(tmp_path / 'train' / 'projector_config.pbtxt')
    add_file(tmp_path / 'history.json')
    again = OwnFiles(str(tmp_path))
    assert 'train/projector_config.pbtxt' in again
    assert 'history.json' in again
    own.add('later')  # which knows nothing of the two yet
    assert 'history.json' in OwnFiles(str(tmp_path))


def test_a_file_of_no_run_needs_no_list(tmp_path):
    add_file(tmp_path / 'projector_config.pbtxt')
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('kind', ['file', 'folder', 'link', 'dangling link'])
def test_what_is_there_already_is_of_others(tmp_path, own, kind):
    path = tmp_path / 'history.json'
    {
        'file': lambda: path.write_text('the history of Rome'),
        'folder': path.mkdir,
        'link': lambda: path.symlink_to(tmp_path / 'run.json'),
        'dangling link': lambda: path.symlink_to(tmp_path / 'nowhere'),
    }[kind]()
    with pytest.raises(errors.RunError, match=r'history\.json: was not written by'):
        own.add('history.json')
    assert 'history.json' not in OwnFiles(str(tmp_path))


@pytest.mark.parametrize('kind', ['folder', 'link', 'dangling link', 'pipe'])
def test_only_regular_files_are_removed(tmp_path, own, kind):
    path = tmp_path / 'checkpoint'
    path.unlink()
    (tmp_path / 'mine').write_text('mine')
    {
        'folder': path.mkdir,
        'link': lambda: path.symlink_to(tmp_path / 'mine'),
        'dangling link': lambda: path.symlink_to(tmp_path / 'nowhere'),
        'pipe': lambda: os.mkfifo(path),
    }[kind]()
    before = names(tmp_path)
    with pytest.raises(errors.RunError, match=r'checkpoint: a symbolic link, a folder'):
        own.remove_all()
    assert names(tmp_path) == before
    assert str(path) not in own_files(tmp_path)


def test_a_folder_that_is_a_link_is_never_entered(tmp_path, own):
    elsewhere = tmp_path / 'elsewhere'
    (tmp_path / 'train').rename(elsewhere)
    (tmp_path / 'train').symlink_to(elsewhere)
    assert not any('projector' in path for path in own_files(tmp_path))
    for change in (own.remove_all, lambda: own.add('train/new'), own.add_events):
        if change == own.add_events:
            change = lambda: own.add_events('train')  # noqa: E731
        with pytest.raises(errors.RunError, match='not a folder but a symbolic link'):
            change()
    assert (elsewhere / 'projector-labels.tsv').read_text() == 'own'
    assert (tmp_path / 'run.json').exists()


def test_what_a_killed_save_left_is_removed(tmp_path, own):
    for name in [*TEMPORARY, 'model.ckpt-9.index.tempstate123']:
        (tmp_path / name).write_text('half')
    own.remove_unfinished()
    left = [name for name in names(tmp_path) if 't' in name and '.t' in name]
    assert left == ['model.ckpt-9.index.tempstate123', 'train/projector-labels.tsv']
    assert (tmp_path / 'model.ckpt-7.index').exists()


def damaged(change):
    def write(path):
        content = json.loads(path.read_text())
        del content['crc32']
        change(content)
        path.write_text(json.dumps(json_file.with_checksum(content)))

    return write


@pytest.mark.parametrize(
    'damage',
    [
        lambda path: path.write_text(path.read_text().replace('run.json', 'rum.json')),
        lambda path: path.write_text('{'),
        lambda path: path.write_text('[]'),
        lambda path: path.write_text('{}'),
        lambda path: path.write_text('[' * 100_000),
        lambda path: path.write_bytes(b'\xff'),
        lambda path: (path.unlink(), os.mkfifo(path)),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), path.symlink_to('nowhere')),
        damaged(lambda content: content.update(files=None)),
        damaged(lambda content: content.update(files=[None])),
        damaged(lambda content: content.pop('is_started')),
        damaged(lambda content: content['files'].append('../mine')),
        damaged(lambda content: content['files'].append('train/../../mine')),
        damaged(lambda content: content['files'].append('/mine')),
        damaged(lambda content: content['files'].append('*')),
        damaged(lambda content: content['files'].append('events.out.tfevents.*.')),
    ],
)
def test_a_list_that_is_not_one_is_refused_in_one_line(tmp_path, own, damage):
    damage(tmp_path / LIST_FILE)
    with pytest.raises(errors.RunError, match=r'own_files\.json') as refused:
        OwnFiles(str(tmp_path))
    assert str(refused.value).isprintable()
    with pytest.raises(errors.RunError):
        own.remove_all()
    assert (tmp_path / 'run.json').exists()
