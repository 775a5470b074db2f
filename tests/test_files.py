"""Opening without blocking, atomic writing, removal of stale files, and locking."""

import contextlib
import io
import os
import subprocess
import sys

from mnist_tut import errors, files
from tests.support.paths import ROOT

import pytest

posix = pytest.mark.skipif(os.name == 'nt', reason='needs POSIX locks')
needs_pipes = pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no pipes here')

PRELUDE = """
import sys
from mnist_tut import files

def wait():
    print('ready', flush=True)
    sys.stdin.read()

"""
LOCKER = """
with files.locked(sys.argv[1]):
    wait()
"""
REFUSED_LOCKER = """
try:
    with files.locked(sys.argv[1]):
        sys.exit('this process got the lock')
except BlockingIOError:
    wait()
"""
WRITER = """
with files.atomic_write(sys.argv[1]) as stream:
    stream.write(b'half')
    stream.flush()
    wait()
"""


@contextlib.contextmanager
def another_process(code, path):
    """Runs code in another process until it waits; kills it at the end."""
    with subprocess.Popen(
        [sys.executable, '-c', PRELUDE + code, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == 'ready\n'
            yield process
        finally:
            process.kill()


# Names for messages.


@pytest.mark.parametrize('kind', [str, os.fsencode, lambda path: path])
def test_a_path_is_named_in_one_line(kind, tmp_path):
    path = tmp_path / 'two\nlines'
    assert files.display_name(kind(path)) == f'{tmp_path}/two\\nlines'


def test_an_open_file_is_named_by_its_path(tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'')
    with open(path, 'rb') as stream:
        assert files.display_name(stream) == str(path)


def test_a_stream_without_a_path_is_named_by_its_type():
    assert files.display_name(io.BytesIO()) == '<BytesIO without a name>'
    with open(os.open(os.devnull, os.O_RDONLY), 'rb') as stream:  # its name is a number
        assert files.display_name(stream) == '<BufferedReader without a name>'


# Opening.


@pytest.mark.parametrize('kind', [str, os.fsencode, lambda path: path])
def test_a_regular_file_is_opened_for_reading(kind, tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'content')
    link = tmp_path / 'link'
    link.symlink_to(path)
    for name in (path, link):
        with files.open_regular(kind(name)) as stream:
            assert stream.read() == b'content'


def assert_not_opened(path, reason):
    with pytest.raises(errors.DataError, match=reason) as caught:
        files.open_regular(path)
    assert str(caught.value).startswith(errors.printable(path))
    assert str(caught.value).isprintable()


def test_a_path_without_a_file_is_not_opened(tmp_path):
    (tmp_path / 'dangling').symlink_to(tmp_path / 'nothing')
    (tmp_path / 'loop').symlink_to(tmp_path / 'loop')
    (tmp_path / 'file').write_bytes(b'')
    assert_not_opened(tmp_path, 'is a folder; expected a data file')
    assert_not_opened(tmp_path / 'two\nlines', 'is missing; expected a data file')
    assert_not_opened(tmp_path / 'dangling', 'is a dangling symbolic link; expected')
    assert_not_opened(tmp_path / 'loop', 'cannot be opened: ')
    assert_not_opened(tmp_path / 'file' / 'below', 'cannot be opened: Not a directory')
    assert_not_opened(tmp_path / ('x' * 5000), 'cannot be opened: File name too long')
    assert_not_opened(tmp_path / 'zero\0byte', 'cannot be opened: ')


@needs_pipes
def test_a_pipe_is_not_waited_for(tmp_path, monkeypatch):
    path = tmp_path / 'pipe'
    os.mkfifo(path)
    assert_not_opened(path, 'is a pipe or a device; expected a data file')
    assert_not_opened('/dev/zero', 'is a pipe or a device; expected a data file')
    # A pipe that took the place of a file just now: it has no writer, and no content.
    monkeypatch.setattr(files.stat, 'S_ISREG', lambda mode: True)
    with files.open_regular(path) as stream:
        assert stream.read() == b''


# Folders.


def test_a_folder_that_is_there_or_can_be_made_is_accepted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ('', '.', 'new', 'new/below', str(tmp_path), str(tmp_path / 'new')):
        files.check_folder(folder)
    assert os.listdir(tmp_path) == []  # nothing was made


@pytest.mark.parametrize('folder', ['file', 'file/below', 'dangling', 'dangling/below'])
def test_what_is_in_the_way_of_a_folder_is_named(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'file').write_bytes(b'')
    (tmp_path / 'dangling').symlink_to(tmp_path / 'nothing')
    with pytest.raises(errors.DataError) as caught:
        files.check_folder(folder)
    nearest = folder.partition('/')[0]
    assert str(caught.value) == (
        f'{folder}: {nearest} is not a folder; expected a folder, or a path where one '
        'can be made'
    )


@pytest.mark.parametrize(
    'folder',
    ['a' * 256, 'new/' + 'é' * 128, 'a/' * 1500, 'ab' * 100 + '/' + 'b/' * 2000],
)
def test_a_folder_that_cannot_be_made_for_its_length_is_refused_at_once(
    folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.DataError, match='too long for a folder') as caught:
        files.check_folder(folder)
    assert len(str(caught.value)) < 300


def test_the_longest_name_is_accepted(tmp_path):
    files.check_folder(str(tmp_path / ('a' * 255)))


@pytest.mark.parametrize('folder', ['', 'new/below'])
def test_the_message_begins_with_the_label_and_is_of_the_class(
    folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, 'access', lambda path, how: False)  # root may write
    with pytest.raises(errors.FlagError, match=r'^--log_dir=x: \. cannot be written'):
        files.check_folder(folder, '--log_dir=x', errors.FlagError)


def test_a_folder_to_read_from_need_not_be_writable(tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'access', lambda path, how: False)
    files.check_folder(str(tmp_path), must_write=False)
    with pytest.raises(errors.DataError, match='cannot be written to; choose another'):
        files.check_folder(str(tmp_path / 'new'), must_write=False)


# Writing.


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / 'new' / 'folder' / 'file'
    with files.atomic_write(path) as stream:
        stream.write(b'first ')
        stream.flush()
        assert not path.exists()
        stream.write(b'and second')
    assert path.read_bytes() == b'first and second'
    assert os.listdir(path.parent) == ['file']


@pytest.mark.parametrize('kind', [str, os.fsencode, lambda path: path])
def test_a_file_is_replaced_as_a_whole(kind, tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'old and long')
    files.write_bytes(kind(path), b'new')
    assert path.read_bytes() == b'new'
    assert os.listdir(tmp_path) == ['file']


def test_a_file_name_alone_is_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files.write_bytes('file', b'content')
    assert (tmp_path / 'file').read_bytes() == b'content'


@pytest.mark.parametrize('error', [KeyError, KeyboardInterrupt, SystemExit])
def test_an_error_while_writing_keeps_the_old_file(error, tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'old')

    def write():
        with files.atomic_write(path) as stream:
            stream.write(b'half of the n')
            raise error

    with pytest.raises(error):
        write()
    assert path.read_bytes() == b'old'
    assert os.listdir(tmp_path) == ['file']


def test_a_full_disk_keeps_the_old_file(tmp_path, full_disk):
    path = tmp_path / 'file'
    path.write_bytes(b'old')
    with pytest.raises(errors.RunError) as caught:
        files.write_bytes(path, b'new', errors.RunError, 'the old one is intact')
    assert str(caught.value) == (
        f'{path} cannot be written: No space left on device; the old one is intact'
    )
    assert path.read_bytes() == b'old'
    assert os.listdir(tmp_path) == ['file']


def test_what_cannot_be_written_is_named(tmp_path):
    (tmp_path / 'file').write_bytes(b'mine')
    (tmp_path / 'folder').mkdir()
    for name, reason in {
        'file/below/new': 'Not a directory',
        'folder': 'Is a directory',
        'x' * 300: 'File name too long',
    }.items():
        with pytest.raises(errors.DataError) as caught:
            files.write_bytes(tmp_path / name, b'')
        assert str(caught.value) == f'{tmp_path / name} cannot be written: {reason}'
    assert sorted(os.listdir(tmp_path)) == ['file', 'folder']
    assert (tmp_path / 'file').read_bytes() == b'mine'


@posix
def test_a_file_that_is_swept_before_it_is_locked_is_replaced(tmp_path, monkeypatch):
    import fcntl

    lock, swept = fcntl.flock, []

    def too_late(stream, how):
        if not swept:
            swept.append(stream.name)
            os.unlink(stream.name)
        lock(stream, how)

    monkeypatch.setattr(fcntl, 'flock', too_late)
    files.write_bytes(tmp_path / 'file', b'content')
    assert (tmp_path / 'file').read_bytes() == b'content'
    assert os.listdir(tmp_path) == ['file']
    assert len(swept) == 1


@posix
def test_a_disk_without_locks_will_do(tmp_path, monkeypatch):
    import fcntl

    def no_locks(stream, how):
        raise OSError('Function not implemented')

    monkeypatch.setattr(fcntl, 'flock', no_locks)
    files.write_bytes(tmp_path / 'file', b'content')
    assert (tmp_path / 'file').read_bytes() == b'content'


# Sweeping.


@posix
def test_a_sweep_leaves_the_file_of_a_living_writer_and_of_others(tmp_path):
    foreign = tmp_path / 'mine.part'
    foreign.write_bytes(b'')
    with another_process(WRITER, tmp_path / 'file') as writer:
        [living] = set(os.listdir(tmp_path)) - {foreign.name}
        files.remove_stale(str(tmp_path))
        assert (tmp_path / living).read_bytes() == b'half'
        writer.kill()
        writer.wait()
        assert (tmp_path / living).exists()
        files.remove_stale(str(tmp_path))
    assert os.listdir(tmp_path) == [foreign.name]


@posix
def test_a_writer_that_outlives_a_sweep_completes_its_file(tmp_path):
    with another_process(WRITER, tmp_path / 'file') as writer:
        files.remove_stale(str(tmp_path))
        writer.communicate()
        assert writer.returncode == 0
    assert (tmp_path / 'file').read_bytes() == b'half'
    assert os.listdir(tmp_path) == ['file']


def test_a_sweep_of_the_current_folder_needs_no_name(tmp_path, monkeypatch):
    stale = tmp_path / f'{files._PREFIX}0123{files._SUFFIX}'
    stale.write_bytes(b'')
    monkeypatch.chdir(tmp_path)
    files.remove_stale('')
    assert not stale.exists()


def test_a_sweep_of_a_folder_that_is_not_there_makes_none(tmp_path):
    files.remove_stale(str(tmp_path / 'none'))
    assert os.listdir(tmp_path) == []


# Locking.


def assert_locked(path):
    with pytest.raises(BlockingIOError), files.locked(str(path)):
        pass


def test_a_lock_file_is_there_as_long_as_the_block(tmp_path):
    path = tmp_path / 'lock'
    for _ in range(2):
        with files.locked(str(path)):
            assert path.exists()
            assert_locked(path)
        assert not path.exists()


def test_a_lock_ends_with_an_error(tmp_path):
    path = tmp_path / 'lock'
    with pytest.raises(KeyError), files.locked(str(path)):
        raise KeyError
    assert not path.exists()
    with files.locked(str(path)):
        pass


def test_only_one_of_two_processes_gets_the_lock(tmp_path):
    path = tmp_path / 'lock'
    with another_process(LOCKER, path) as other:
        assert_locked(path)
        assert_locked(path)  # the first refusal has not broken it
        assert path.exists()
        other.communicate()
        assert other.returncode == 0
        assert not path.exists()
        with files.locked(str(path)):
            pass


def test_a_lock_ends_with_the_process_that_is_killed(tmp_path):
    path = tmp_path / 'lock'
    with another_process(LOCKER, path) as other:
        assert_locked(path)
        other.kill()
        other.wait()
        assert path.exists()  # the file is left, and means nothing
        with files.locked(str(path)), another_process(REFUSED_LOCKER, path):
            pass
    assert not path.exists()


@posix
@pytest.mark.parametrize('is_replaced', [False, True])
def test_a_lock_file_that_its_last_owner_removes_is_replaced(
    is_replaced, tmp_path, monkeypatch
):
    path, lock, calls = tmp_path / 'lock', files._lock, []

    def too_late(descriptor):
        if not calls:
            path.unlink()
            if is_replaced:
                path.write_bytes(b'')
        calls.append(descriptor)
        lock(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(files, '_lock', too_late)
        with files.locked(str(path)):
            patch.undo()
            assert len(calls) == 2
            assert_locked(path)  # so the file that is there is the one that is held
    assert not path.exists()


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no named pipes here')
def test_a_pipe_with_a_temporary_name_is_left_alone(tmp_path):
    pipe = tmp_path / '.mnist_tut-0123456789abcdef.part'
    os.mkfifo(pipe)
    files.remove_stale(str(tmp_path))
    assert pipe.exists()


def test_a_lock_that_its_owner_removes_meanwhile_is_taken_again(tmp_path, monkeypatch):
    path, stat, removed = str(tmp_path / 'lock'), os.stat, []

    def stat_after_removal(name, *args, **kwargs):
        if name == path and not removed:
            removed.append(name)
            os.remove(name)
        return stat(name, *args, **kwargs)

    monkeypatch.setattr(os, 'stat', stat_after_removal)
    with files.locked(path):
        assert os.path.exists(path)
    assert removed


def test_a_name_with_a_zero_byte_is_refused(tmp_path):
    with pytest.raises(errors.DataError, match=r'a\\x00b cannot be written'):
        files.write_bytes(f'{tmp_path}/a\0b', b'')
