"""Which mirror is tried when, what is refused, and what a download leaves behind."""

import errno
import functools
import os
import pathlib
import queue
import random
import signal
import stat
import subprocess
import sys
import time

from mnist_tut import errors
from mnist_tut.data import download, http
from tests.support import servers
from tests.support.downloads import DATA, FILE, PROGRAM, fetch, start
from tests.support.paths import ROOT

import pytest

posix = pytest.mark.skipif(os.name == 'nt', reason='needs POSIX signals or locks')
pytestmark = pytest.mark.usefixtures('quick_retries')


# The table and the mirrors.


def test_the_table_is_that_of_the_real_files(mnist_dir):
    sums = dict(
        reversed(line.split())
        for line in (mnist_dir / 'SHA256SUMS').read_text().splitlines()
    )
    assert {file.name: file.sha256 for file in download.FILES} == sums
    for file in download.FILES:
        assert download.verify(mnist_dir / file.name, file)


@pytest.mark.parametrize(
    'given',
    [
        'http://host/mnist',
        'http://host/mnist/',
        'http://host/mnist//',
        'http://host/mnist/t10k-labels-idx1-ubyte.gz',
    ],
)
def test_an_own_mirror_may_end_in_a_slash_or_not(given, monkeypatch):
    assert download.choose_mirrors(given) == ('http://host/mnist/',)
    monkeypatch.setenv(download.SOURCE_URL_ENV, given)
    assert download.choose_mirrors() == ('http://host/mnist/',)


def test_the_argument_comes_before_the_environment_and_the_known_mirrors(monkeypatch):
    assert download.choose_mirrors() == download.MIRRORS
    monkeypatch.setenv(download.SOURCE_URL_ENV, '')
    assert download.choose_mirrors('') == download.MIRRORS
    monkeypatch.setenv(download.SOURCE_URL_ENV, 'https://b/')
    assert download.choose_mirrors('https://a') == ('https://a/',)


def test_the_address_in_old_scripts_is_only_the_first_choice():
    chosen = download.choose_mirrors('http://yann.lecun.com/exdb/mnist/')
    assert chosen[0] == 'http://yann.lecun.com/exdb/mnist/'
    assert sorted(chosen) == sorted(download.MIRRORS)


@pytest.mark.parametrize(
    'url',
    ['file:///etc', '/data', 'ftp://a/', 'http://', 'http://[::1', 'data:,x', 'x'],
)
def test_an_address_outside_the_web_is_refused(url, monkeypatch):
    with pytest.raises(errors.FlagError, match='--source_url: '):
        download.choose_mirrors(url)
    monkeypatch.setenv(download.SOURCE_URL_ENV, url)
    with pytest.raises(errors.FlagError, match='MNIST_TUT_SOURCE_URL: '):
        download.choose_mirrors()


@pytest.mark.parametrize(
    'url',
    [
        'ftp://u:secret@a/',
        'http://u:secret@[::1',
        'http://u:secret/@a:x/',
        'u:secret@a',
    ],
)
def test_a_refused_address_keeps_its_password(url, monkeypatch):
    with pytest.raises(errors.FlagError) as caught:
        download.choose_mirrors(url)
    assert 'secret' not in str(caught.value)
    monkeypatch.setenv(download.SOURCE_URL_ENV, url)
    with pytest.raises(errors.FlagError) as caught:
        download.choose_mirrors()
    assert 'secret' not in str(caught.value)


# Good servers.


def test_real_files_arrive(mnist_dir, tmp_path, capsys):
    files = {file.name: (mnist_dir / file.name).read_bytes() for file in download.FILES}
    with servers.Server(servers.folder(files)) as server:
        for file in download.FILES:
            path = download.fetch(file, tmp_path, [server.url])
            assert pathlib.Path(path).read_bytes() == files[file.name]
    assert sorted(os.listdir(tmp_path)) == sorted(files)
    # The literal lines of Mechanics 101.
    assert capsys.readouterr().out.splitlines() == [
        'Successfully downloaded train-images-idx3-ubyte.gz 9912422 bytes.',
        'Successfully downloaded train-labels-idx1-ubyte.gz 28881 bytes.',
        'Successfully downloaded t10k-images-idx3-ubyte.gz 1648877 bytes.',
        'Successfully downloaded t10k-labels-idx1-ubyte.gz 4542 bytes.',
    ]


def test_stderr_gets_nothing_when_it_is_no_terminal(tmp_path, capfd):
    with servers.Server(servers.whole(DATA)) as server:
        fetch(tmp_path, server.url)
    assert capfd.readouterr().err == ''


@posix
def test_a_terminal_shows_a_progress_bar(tmp_path):
    import pty
    import termios

    outer, inner = pty.openpty()
    termios.tcsetwinsize(inner, (24, 80))  # a new one has no width, so no room to draw
    with servers.Server(servers.whole(DATA)) as server:
        child = start(tmp_path, server.url, stdout=subprocess.PIPE, stderr=inner)
        out, _ = child.communicate()
    shown = os.read(outer, 1 << 16).decode()
    os.close(inner)
    os.close(outer)
    assert out == f'Successfully downloaded digits.gz {len(DATA)} bytes.\n'
    assert 'digits.gz: ' in shown
    assert '/200k' in shown


@posix
def test_a_terminal_shows_the_seconds_of_a_wait(tmp_path):
    import pty
    import termios

    outer, inner = pty.openpty()
    termios.tcsetwinsize(inner, (24, 80))
    answer = servers.slowly(servers.whole(DATA), 2.5)
    with servers.Server(answer) as server:
        child = start(tmp_path, server.url, stdout=subprocess.DEVNULL, stderr=inner)
        child.wait()
    shown = os.read(outer, 1 << 16).decode()
    os.close(inner)
    os.close(outer)
    assert 'waiting for 127.0.0.1: 00:01' in shown
    assert child.returncode == 0


def test_the_folder_is_made_and_the_file_is_readable_by_all(tmp_path):
    old = os.umask(0o022)
    try:
        with servers.Server(servers.whole(DATA)) as server:
            path = fetch(tmp_path / 'a' / 'b', server.url)
    finally:
        os.umask(old)
    assert path.read_bytes() == DATA
    if os.name != 'nt':
        assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize(
    'name', ['with space', 'two\nlines', 'Ziffern-ä-数字', b'\xff\xfe'], ids=repr
)
def test_any_folder_name_will_do(name, tmp_path):
    try:
        folder = os.fsdecode(os.path.join(os.fsencode(tmp_path), os.fsencode(name)))
        os.mkdir(folder)
    except OSError as error:
        pytest.skip(f'this file system has no such names: {error}')
    with servers.Server(servers.whole(DATA)) as server:
        assert fetch(folder, server.url).read_bytes() == DATA
        os.unlink(os.path.join(folder, FILE.name))
        server.answer = servers.status(404)
        with pytest.raises(errors.DownloadError) as caught:
            fetch(folder, server.url)
    assert str(caught.value).isprintable()


# Refusals: no mirror is tried again that has refused, the next one is.


@pytest.mark.parametrize('code', [400, 403, 404, 410, 429])
def test_4xx_is_not_tried_again_and_the_next_mirror_is(code, tmp_path):
    with (
        servers.Server(servers.status(code)) as bad,
        servers.Server(servers.whole(DATA)) as good,
    ):
        assert fetch(tmp_path, bad.url, good.url).read_bytes() == DATA
    assert (len(bad.seen), len(good.seen)) == (1, 1)


def test_the_error_lists_every_url_with_its_reason_and_the_offline_way(tmp_path):
    with (
        servers.Server(servers.status(403)) as one,
        servers.Server(servers.status(410)) as two,
        servers.Server(servers.status(503)) as three,
        pytest.raises(errors.DownloadError) as caught,
    ):
        fetch(tmp_path, one.url, two.url, three.url)
    text = str(caught.value)
    assert f'{one.url}digits.gz: HTTP 403 Forbidden;' in text
    assert f'{two.url}digits.gz: HTTP 410 Gone;' in text
    assert f'{three.url}digits.gz: HTTP 503 Service Unavailable (3 tries).' in text
    assert '--source_url' in text
    assert '--dataset=synthetic' in text
    assert str(tmp_path) in text
    assert '\n' not in text
    assert not caught.value.unreachable


FLAKY = {
    '500': servers.status(500),
    '502': servers.status(502),
    '503': servers.status(503),
    'reset': servers.reset,
    'garbage': servers.garbage,
    'dropped, length known': servers.dropped(DATA, 70_000, length=True),
    'dropped, length unknown': servers.dropped(DATA, 70_000, length=False),
    'dropped in a chunk': servers.dropped(DATA, 70_000, length=False, chunked=True),
    'reset midway': servers.dropped(DATA, 70_000, length=True, rst=True),
    'empty, length unknown': servers.dropped(DATA, 0, length=False),
}


@pytest.mark.parametrize('kind', FLAKY)
def test_a_temporary_failure_is_tried_three_times(kind, tmp_path):
    with servers.Server(FLAKY[kind]) as server:
        with pytest.raises(errors.DownloadError, match=r'\(3 tries\)') as caught:
            fetch(tmp_path, server.url)
        assert len(server.seen) == 3
        assert caught.value.unreachable == (kind in ('reset', 'garbage'))
        # A third try that goes well is as good as a first one: a clean restart.
        server.answer = servers.in_turn(FLAKY[kind], FLAKY[kind], servers.whole(DATA))
        assert fetch(tmp_path, server.url).read_bytes() == DATA
        assert len(server.seen) == 6


def test_another_mirror_is_tried_before_the_same_one_again(tmp_path):
    with (
        servers.Server(servers.status(503)) as busy,
        servers.Server(servers.whole(DATA)) as good,
    ):
        fetch(tmp_path, busy.url, good.url)
    assert (len(busy.seen), len(good.seen)) == (1, 1)


def test_a_wrong_sum_is_refused_with_both_sums(tmp_path):
    other = bytes([DATA[0] ^ 1]) + DATA[1:]
    wrong = servers.remote_file('digits.gz', other)
    with (
        servers.Server(servers.whole(other)) as server,
        pytest.raises(errors.DownloadError) as caught,
    ):
        fetch(tmp_path, server.url)
    assert len(server.seen) == 1
    assert f'SHA-256 is {wrong.sha256}, expected {FILE.sha256}' in str(caught.value)
    assert not caught.value.unreachable


def test_a_web_page_in_place_of_the_file_is_recognized(tmp_path):
    page = b'\n<!DOCTYPE html><html>Please log in</html>'
    with (
        servers.Server(servers.whole(page)) as portal,
        servers.Server(servers.whole(DATA)) as good,
    ):
        with pytest.raises(errors.DownloadError, match='a web page'):
            fetch(tmp_path, portal.url)
        assert len(portal.seen) == 1  # it was whole, so another try brings the same
        fetch(tmp_path, portal.url, good.url)


@pytest.mark.parametrize('length', [None, FILE.num_bytes, 10**12, '9' * 5000])
def test_a_larger_body_is_cut_off(length, tmp_path):
    counts = queue.SimpleQueue()
    with servers.Server(servers.endless(counts, length=length)) as server:
        with pytest.raises(errors.DownloadError) as caught:
            fetch(tmp_path, server.url)
        assert len(server.seen) == 1
        if length == FILE.num_bytes:  # then the rest is not of this answer
            assert 'SHA-256' in str(caught.value)
        else:
            assert f'larger than the {FILE.num_bytes} bytes expected' in str(
                caught.value
            )
    # What the server could send: one file, and what the system's buffers hold.
    assert counts.get(timeout=60) < 20_000_000


# Limits.


def test_a_dripping_mirror_leaves_time_for_the_next(tmp_path):
    with (
        servers.Server(servers.drip(DATA, 1, 0.02)) as slow,
        servers.Server(servers.whole(DATA)) as good,
    ):
        assert fetch(tmp_path, slow.url, good.url, file_sec=4).read_bytes() == DATA


# A machine that is offline.


def test_a_closed_port_makes_no_folder(tmp_path):
    with pytest.raises(errors.DownloadError, match='refused') as caught:
        fetch(tmp_path / 'new', servers.closed_port(), servers.closed_port())
    assert caught.value.unreachable
    assert not (tmp_path / 'new').exists()


@pytest.mark.skipif(sys.platform != 'linux', reason='fills a queue as Linux has it')
def test_lost_packets_leave_time_for_the_next_mirror(tmp_path):
    limits = {'offline_sec': 0.7, 'min_response_sec': 0.2}
    with (
        servers.black_hole() as url,
        pytest.raises(errors.DownloadError, match='no response in') as caught,
    ):
        fetch(tmp_path, url, url + 'b/', url + 'c/', **limits)
    assert caught.value.unreachable
    assert '/b/digits.gz' in str(caught.value)


def test_the_waits_for_a_silent_network_stay_under_15_seconds(tmp_path, monkeypatch):
    # On a simulated clock: every try uses up its time limit.
    now = [0.0]

    class Clock:
        monotonic = staticmethod(lambda: now[0])
        sleep = staticmethod(lambda seconds: now.__setitem__(0, now[0] + seconds))

    waits = []

    def silent(url, response_timeout_sec):
        waits.append(response_timeout_sec)
        now[0] += response_timeout_sec
        raise http.TransferError('silence', server_responded=False, retryable=True)

    monkeypatch.setattr(download, 'LIMITS', download.Limits())  # the real delays
    monkeypatch.setattr(download, 'time', Clock)
    monkeypatch.setattr(http, 'Response', silent)
    for mirrors in (
        download.MIRRORS,
        ['http://one/'],
        [f'http://{n}/' for n in range(9)],
    ):
        now[0] = 0.0
        waits.clear()
        with pytest.raises(errors.DownloadError) as caught:
            fetch(tmp_path, *mirrors)
        assert caught.value.unreachable
        assert now[0] < 14
        assert waits[0] > 5  # a first name server may be dead before a good one


# What is in the folder already, and what stays in it.


@pytest.mark.parametrize('kind', ['dangling', 'link', 'folder', 'fifo'])
def test_only_a_plain_file_is_ever_replaced(kind, tmp_path):
    path, target = tmp_path / FILE.name, tmp_path / 'target'
    if kind == 'folder':
        path.mkdir()
    elif kind == 'fifo':
        if not hasattr(os, 'mkfifo'):
            pytest.skip('no FIFO here')
        os.mkfifo(path)
    else:
        path.symlink_to(target)
        if kind == 'link':
            target.write_bytes(b'mine')
    before = sorted(os.listdir(tmp_path))
    with (
        servers.Server(servers.whole(DATA)) as server,
        pytest.raises(errors.DataError, match='not replaced by a download'),
    ):
        download.fetch(FILE, tmp_path, [server.url])
    assert server.seen == []
    assert sorted(os.listdir(tmp_path)) == before
    assert not target.exists() or target.read_bytes() == b'mine'


def test_an_old_file_is_kept_only_if_it_was_another(tmp_path, capsys):
    path = tmp_path / FILE.name
    path.write_bytes(b'half a fi')
    with servers.Server(servers.whole(DATA)) as server:
        download.fetch(FILE, tmp_path, [server.url], keep_old=True)
        assert path.read_bytes() == DATA
        assert (tmp_path / 'digits.gz.bad').read_bytes() == b'half a fi'
        assert 'kept as' in capsys.readouterr().err
        # A process that was slower finds the good file there, and leaves all as it is.
        download.fetch(FILE, tmp_path, [server.url], keep_old=True)
        assert capsys.readouterr().err == ''
        # Another time, the first one stays.
        path.write_bytes(b'else')
        download.fetch(FILE, tmp_path, [server.url], keep_old=True)
    assert path.read_bytes() == DATA
    assert (tmp_path / 'digits.gz.bad').read_bytes() == b'half a fi'
    assert sorted(os.listdir(tmp_path)) == ['digits.gz', 'digits.gz.bad']


def test_an_old_file_is_kept_on_a_disk_without_links(tmp_path, monkeypatch):
    def no_links(*args):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, 'link', no_links)
    (tmp_path / FILE.name).write_bytes(b'half a fi')
    with servers.Server(servers.whole(DATA)) as server:
        download.fetch(FILE, tmp_path, [server.url], keep_old=True)
    assert (tmp_path / FILE.name).read_bytes() == DATA
    assert (tmp_path / 'digits.gz.bad').read_bytes() == b'half a fi'


def test_an_old_file_stays_when_the_download_fails(tmp_path):
    path = tmp_path / FILE.name
    path.write_bytes(b'half a fi')
    with (
        servers.Server(servers.status(404)) as server,
        pytest.raises(errors.DownloadError),
    ):
        download.fetch(FILE, tmp_path, [server.url], keep_old=True)
    assert path.read_bytes() == b'half a fi'
    assert os.listdir(tmp_path) == [FILE.name]


def test_a_folder_that_is_a_file_is_refused_first(tmp_path):
    (tmp_path / 'data').write_bytes(b'mine')
    with (
        servers.Server(servers.whole(DATA)) as server,
        pytest.raises(errors.DataError, match='data is not a folder'),
    ):
        download.fetch(FILE, tmp_path / 'data' / 'a', [server.url])
    assert server.seen == []
    assert (tmp_path / 'data').read_bytes() == b'mine'


def test_a_folder_that_cannot_be_written_is_refused_first(tmp_path, monkeypatch):
    # Root may write anywhere.
    monkeypatch.setattr(os, 'access', lambda path, how: False)
    with (
        servers.Server(servers.whole(DATA)) as server,
        pytest.raises(errors.DataError, match='cannot be written to') as caught,
    ):
        download.fetch(FILE, tmp_path / 'data' / 'a', [server.url])
    assert str(tmp_path) in str(caught.value)
    assert server.seen == []
    assert os.listdir(tmp_path) == []


def test_a_path_that_is_too_long_is_refused(tmp_path):
    with (
        servers.Server(servers.whole(DATA)) as server,
        pytest.raises(errors.DataError, match='too long'),
    ):
        download.fetch(FILE, tmp_path / ('x' * 300), [server.url])


def test_a_full_disk_ends_the_search_for_mirrors(tmp_path, full_disk):
    with (
        servers.Server(servers.whole(DATA)) as server,
        pytest.raises(errors.DataError, match='cannot be written: No space left'),
    ):
        download.fetch(FILE, tmp_path, [server.url, server.url])
    assert len(server.seen) == 1  # another mirror would not help
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform != 'linux', reason='needs a tmpfs of its own')
def test_a_disk_that_is_really_full_keeps_nothing(tmp_path):
    """On a tmpfs of 4 MB: nothing is left, neither under the name nor beside it."""
    data = bytes(6_000_000)
    with servers.Server(servers.whole(data)) as server:
        script = (
            f'mount -t tmpfs -o size=4m none {tmp_path} 2>/dev/null || exit 77\n'
            f'{sys.executable} -c "$1" {tmp_path} {server.url} digits.gz '
            f'{servers.remote_file("", data).sha256} {len(data)}\n'
            f'echo "status $?"; ls -A {tmp_path}'
        )
        result = subprocess.run(
            ['unshare', '-rm', 'sh', '-c', script, 'sh', PROGRAM],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
    if result.returncode == 77 or 'unshare' in result.stderr:
        pytest.skip('mounting is not allowed here')
    assert result.stdout == 'status 1\n'
    assert 'No space left on device' in result.stderr


# Processes: many at once, killed, interrupted.


def test_eight_processes_can_share_one_empty_folder(tmp_path):
    contents = {f'{n}.gz': random.Random(n).randbytes(50_000) for n in range(4)}
    files = [servers.remote_file(name, data) for name, data in contents.items()]
    slow = functools.partial(servers.drip, each=9_000, pause=0.02)
    with servers.Server(servers.folder(contents, then=slow)) as server:
        children = [
            start(tmp_path / 'new', server.url, *files, stderr=subprocess.PIPE)
            for _ in range(8)
        ]
        for child in children:
            assert child.communicate()[1] == ''
            assert child.returncode == 0
    assert sorted(os.listdir(tmp_path / 'new')) == sorted(contents)
    for file in files:
        assert download.verify(tmp_path / 'new' / file.name, file)


@posix
def test_20_killed_runs_leave_nothing_for_a_good_one(tmp_path):
    moments = random.Random(20)
    with servers.Server(servers.drip(DATA, 1000, 0.001)) as server:
        for _ in range(20):
            with start(tmp_path, server.url, stdout=subprocess.DEVNULL) as child:
                assert server.arrived.acquire(timeout=60)
                time.sleep(moments.uniform(0, 0.3))  # a moment, not a wait
                child.kill()
            # Each run sweeps what the one before left: never more than one file.
            left = os.listdir(tmp_path)
            assert len(left) <= 1
            if FILE.name in left:  # killed after the rename
                assert (tmp_path / FILE.name).read_bytes() == DATA
                (tmp_path / FILE.name).unlink()
        server.answer = servers.whole(DATA)
        with start(tmp_path, server.url, stdout=subprocess.DEVNULL) as child:
            pass
    assert child.returncode == 0
    assert os.listdir(tmp_path) == [FILE.name]
    assert (tmp_path / FILE.name).read_bytes() == DATA


@posix
@pytest.mark.parametrize('answer', ['stalled', 'drip'])
def test_an_interrupt_leaves_no_part(answer, tmp_path):
    started = {
        'stalled': servers.stalled(DATA, 100_000),
        'drip': servers.drip(DATA, 1, 0.01, after=100_000),
    }
    with servers.Server(started[answer]) as server:
        child = start(tmp_path, server.url, stderr=subprocess.PIPE)
        while not any(path.stat().st_size for path in tmp_path.iterdir()):
            assert child.poll() is None
            time.sleep(0.01)  # until a part has been written
        child.send_signal(signal.SIGINT)
        assert 'KeyboardInterrupt' in child.communicate()[1]
    assert child.returncode in (-signal.SIGINT, 130)
    assert os.listdir(tmp_path) == []


# A file that is not in the table.


def test_fetch_url_makes_the_folder(tmp_path):
    with servers.Server(servers.whole(DATA)) as server:
        path = download.fetch_url(server.url + 'x', tmp_path / 'a' / 'b')
    assert pathlib.Path(path).read_bytes() == DATA
    assert server.seen == ['/x']


def test_fetch_url_knows_a_short_body_by_its_length(tmp_path):
    short = servers.dropped(DATA, 70_000, length=True)
    with (
        servers.Server(short) as server,
        pytest.raises(errors.DownloadError, match='broken off after 70000 of 200000'),
    ):
        download.fetch_url(server.url, tmp_path / 'b')
    assert os.listdir(tmp_path) == []


def test_fetch_url_has_an_end_too(tmp_path, monkeypatch):
    monkeypatch.setattr(download, '_MAX_UNKNOWN_BYTES', 1_000_000)
    with (
        servers.Server(servers.endless(queue.SimpleQueue())) as server,
        pytest.raises(errors.DownloadError, match='larger than the 1000000 bytes'),
    ):
        download.fetch_url(server.url, tmp_path / 'b')
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize('url', ['file:///etc/passwd', 'http://a b/', 'x', 'http://[/'])
def test_fetch_url_refuses_an_address_outside_the_web(url, tmp_path):
    with pytest.raises(errors.DownloadError) as caught:
        download.fetch_url(url, tmp_path / 'b')
    assert '\n' not in str(caught.value)
    assert os.listdir(tmp_path) == []
