"""One HTTP transfer: what arrives, what is followed, and when a wait ends."""

import contextlib
import functools
import gzip
import queue
import socket
import sys
import threading
import time

from mnist_tut import errors
from mnist_tut.data import http
from tests.support import servers
from tests.support.downloads import DATA, FILE, fetch

import pytest

GZ = b'\x1f\x8b\x08' + DATA  # a gzip file, as far as its first bytes say
GZ_FILE = servers.remote_file('digits.gz', GZ)

pytestmark = pytest.mark.usefixtures('quick_retries')


def read(url):
    """Returns the body of one response, without another try."""
    with contextlib.closing(http.Response(url, 60)) as response:
        return b''.join(response.blocks(time.monotonic() + 60, 1 << 30))


# What arrives.


@pytest.mark.parametrize('answer', [servers.whole, servers.in_chunks])
def test_the_length_is_known_where_the_server_gives_it(answer):
    with servers.Server(answer(DATA)) as server:
        response = http.Response(server.url, 60)
        with contextlib.closing(response):
            known = response.num_bytes
            body = b''.join(response.blocks(time.monotonic() + 60, 1 << 30))
    assert known == (len(DATA) if answer is servers.whole else None)
    assert body == DATA


def test_a_chunked_answer_is_put_together(tmp_path):
    with servers.Server(servers.in_chunks(DATA)) as server:
        assert fetch(tmp_path, server.url).read_bytes() == DATA


def test_bytes_are_handed_on_before_a_block_is_full():
    with servers.Server(servers.stalled(DATA, 1000)) as server:
        response = http.Response(server.url, 60)
        with contextlib.closing(response):
            block = next(response.blocks(time.monotonic() + 60, 1 << 30))
    assert 0 < len(block) <= 1000
    assert DATA.startswith(block)


def test_a_response_that_is_closed_early_ends_its_connection():
    counts = queue.SimpleQueue()
    with servers.Server(servers.endless(counts)) as server:
        response = http.Response(server.url, 60)
        next(response.blocks(time.monotonic() + 60, 1 << 30))
        response.close()
        # While the server runs on, only the client can have ended it.
        assert counts.get(timeout=60) < 20_000_000


@pytest.mark.parametrize('on_top', [True, False])
def test_content_encoding_is_taken_off_once_at_most(on_top, tmp_path):
    with servers.Server(servers.encoded(GZ, on_top=on_top)) as server:
        assert fetch(tmp_path, server.url, file=GZ_FILE).read_bytes() == GZ
    assert server.headers[0]['Accept-Encoding'] == 'identity'


@pytest.mark.parametrize('on_top', [True, False])
def test_content_encoding_is_seen_in_an_answer_that_comes_byte_by_byte(on_top):
    file = GZ[:2000]
    body = gzip.compress(file) if on_top else file
    answer = servers.drip(body, 1, 0, Content_Encoding='gzip')
    with servers.Server(answer) as server:
        assert read(server.url) == file


def test_a_small_answer_may_hold_a_large_file():
    file = GZ[:10] + bytes(1_000_000)  # many blocks from one
    with servers.Server(servers.encoded(file, on_top=True)) as server:
        assert read(server.url) == file


def body_that_says_gzip(body):
    def answer(handler):
        handler.begin(Content_Length=len(body), Content_Encoding='gzip')
        handler.write(body)

    return answer


def test_damaged_layer_on_top_is_a_failure(tmp_path):
    body = bytearray(gzip.compress(GZ))
    body[-5] ^= 255  # its CRC
    with (
        servers.Server(body_that_says_gzip(bytes(body))) as server,
        pytest.raises(errors.DownloadError, match='outer gzip layer is damaged'),
    ):
        fetch(tmp_path, server.url, file=GZ_FILE)


def test_a_layer_on_top_that_ends_early_gives_no_file(tmp_path):
    body = gzip.compress(GZ)[:100_000]
    with (
        servers.Server(body_that_says_gzip(body)) as server,
        pytest.raises(errors.DownloadError, match=r'\d+ bytes, expected 200003'),
    ):
        fetch(tmp_path, server.url, file=GZ_FILE)


GZIP_WITH_NAME = b'\x1f\x8b\x08\x08' + bytes(6)
GZIP_IN_GZIP = b'\x1f\x8b\x08' + bytes(7) + b'\x00\x02\x00\xfd\xff\x1f\x8b'
EMPTY_BLOCK = b'\x00\x00\x00\xff\xff'  # of the deflate format: no data


@pytest.mark.parametrize(
    ('start', 'block', 'reason'),
    [
        (GZIP_WITH_NAME, b'n' * 60_000, 'larger than the 200000 bytes expected'),
        (GZIP_IN_GZIP, EMPTY_BLOCK * 10_000, 'bytes and no end'),
    ],
    ids=['header', 'empty blocks'],
)
def test_an_endless_layer_without_content_is_cut_off(start, block, reason, tmp_path):
    counts = queue.SimpleQueue()
    with servers.Server(servers.endless_layer(counts, start, block)) as server:
        with pytest.raises(errors.DownloadError, match=reason):
            fetch(tmp_path, server.url)
        assert len(server.seen) == 1
        assert counts.get(timeout=60) < 20_000_000


# What may be printed.


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('http://host/a b', 'http://host/a b'),
        ('http://user:secret@host/x', 'http://***@host/x'),
        ('https://secret@host:80/', 'https://***@host:80/'),
        ('http://u:secret/secret@host/', 'http://***@host/'),
        ('http://u:secret//secret@host/', 'http://***@host/'),
        ('http://u:secret@secret@host/', 'http://***@host/'),
        ('http://u:secret?secret#@host/', 'http://***@host/'),
        ('user:secret@proxy:3128', '***@proxy:3128'),
        ("no host: 'http:/u:secret@host'", "no host: ***@host'"),
        ('https://host/x?key=secret', 'https://host/x?***'),
        ('http://u:secret@a/; http://v:secret@b/', 'http://***@a/; http://***@b/'),
        ('https://host/@user/mnist/', 'https://host/@user/mnist/'),
        ('two\nlines \x1b[31m and \u202e', r'two lines \x1b[31m and \u202e'),
        ('x' * 1000, 'x' * 300 + '...'),
    ],
)
def test_no_secret_and_no_control_character_is_shown(text, expected):
    assert http.shown(text) == expected


@pytest.mark.parametrize(
    'answer',
    [
        b'HTTP/1.1 403 \x1b]0;title\x07\x1b[31mred\r\n\r\n',
        b'HTTP/1.1 204 \x1b[2J' + b'x' * 60_000 + b'\r\n\r\n',
        b'HTTP/1.1 302 x\r\nLocation: data:\x1b[31m\r\n\r\n',
        b'\x1b[31mHTTP/9 \x07\r\n\r\n',
        b'HTTP/1.1 200 OK\r\nContent-Length: \x1b[31m\r\n\r\n\x1b[31m',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\x1b[31m\r\n',
    ],
)
def test_control_characters_of_a_server_are_not_printed(answer, tmp_path, capfd):
    with (
        servers.Server(lambda handler: handler.write(answer)) as server,
        pytest.raises(errors.DownloadError) as caught,
    ):
        fetch(tmp_path, server.url)
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 800
    out, err = capfd.readouterr()
    assert all(line.isprintable() for line in (out + err).splitlines())


@pytest.mark.parametrize('code', [401, 403, 404, 500])
def test_the_password_of_an_address_is_used_and_not_shown(code, tmp_path):
    def answer(handler):
        given = handler.headers.get('Authorization')
        expected = 'Basic dXNlcjpzZS9jcmV0'  # user:se/cret
        good = servers.whole(DATA)
        (good if given == expected else servers.status(code))(handler)

    with servers.Server(answer) as server:
        address = f'127.0.0.1:{server.port}/'
        path = fetch(tmp_path, f'http://user:se%2Fcret@{address}')
        assert path.read_bytes() == DATA
        path.unlink()
        with pytest.raises(errors.DownloadError, match=f'HTTP {code}') as caught:
            fetch(tmp_path, f'http://user:wrong@{address}')
    assert 'wrong' not in str(caught.value)
    assert f'http://***@{address}' in str(caught.value)


def test_a_password_goes_to_no_other_address(tmp_path):
    with servers.Server(servers.whole(DATA)) as other:
        moved = servers.status(302, Location=other.url)
        with servers.Server(moved) as server:
            fetch(tmp_path, f'http://user:secret@127.0.0.1:{server.port}/')
    assert 'Authorization' in server.headers[0]
    assert 'Authorization' not in other.headers[0]


@pytest.mark.parametrize(
    'location',
    [
        'ftp://user:secret@host/',
        'http://user:secret@127.0.0.1:bad/',
        'http://user:secret@[/',
        'http://user:x/secret@127.0.0.1/',
        'http://user:secret@127.0.0.1:1/',
    ],
)
def test_the_password_of_a_redirect_is_not_shown(location, tmp_path):
    with (
        servers.Server(servers.status(302, Location=location)) as server,
        pytest.raises(errors.DownloadError) as caught,
    ):
        fetch(tmp_path, server.url)
    assert 'secret' not in str(caught.value)


@pytest.mark.parametrize(
    'proxy',
    [
        'http://user:secret@127.0.0.1:1/',
        'http://user:secret@127.0.0.1:bad/',
        'user:secret@127.0.0.1:1',
        'http:/user:secret@127.0.0.1:1',
        'http://user:secret@[/',
        'socks5://user:secret@127.0.0.1:1/',
    ],
)
@pytest.mark.parametrize('scheme', ['http', 'https'])
def test_the_password_of_a_proxy_is_not_shown(proxy, scheme, tmp_path, monkeypatch):
    monkeypatch.setenv(f'{scheme}_proxy', proxy)
    with pytest.raises(errors.DownloadError) as caught:
        fetch(tmp_path, f'{scheme}://mnist.invalid/')
    assert 'secret' not in str(caught.value)


# Refusals.


@pytest.mark.parametrize(
    ('code', 'retryable'),
    [(400, False), (404, False), (429, False), (500, True), (503, True)],
)
def test_only_a_servers_own_failure_is_worth_another_try(code, retryable):
    with (
        servers.Server(servers.status(code)) as server,
        pytest.raises(http.TransferError, match=f'^HTTP {code} ') as caught,
    ):
        http.Response(server.url, 60)
    assert caught.value.retryable is retryable
    assert caught.value.server_responded


@pytest.mark.parametrize(
    'url', ['file:///etc/passwd', 'ftp://127.0.0.1/x', 'data:,x', 'x', 'http://a b/']
)
def test_an_address_outside_the_web_is_never_opened(url):
    with pytest.raises(http.TransferError) as caught:
        http.Response(url, 60)
    assert not caught.value.server_responded
    assert str(caught.value).isprintable()


# Redirects.


def test_ten_redirects_are_followed_and_eleven_are_not(tmp_path):
    with servers.Server(servers.redirects(DATA, 10)) as server:
        assert fetch(tmp_path, server.url).read_bytes() == DATA
        assert len(server.seen) == 11
    (tmp_path / FILE.name).unlink()
    with (
        servers.Server(servers.redirects(DATA, 11)) as server,
        pytest.raises(errors.DownloadError, match='more than 10 redirects'),
    ):
        fetch(tmp_path, server.url)
    assert len(server.seen) == 11


def test_a_redirect_loop_is_refused(tmp_path):
    with servers.Server(servers.status(302, Location='/again')) as server:
        with pytest.raises(errors.DownloadError, match='or a loop'):
            fetch(tmp_path, server.url)
        assert len(server.seen) <= 11


@pytest.mark.parametrize('scheme', ['file', 'ftp', 'data', 'FILE'])
def test_a_redirect_away_from_the_web_is_refused(scheme, tmp_path):
    secret = tmp_path / 'secret'
    secret.write_bytes(DATA)  # even the right bytes
    location = f'{scheme}://{secret}'
    with (
        servers.Server(servers.status(302, Location=location)) as server,
        pytest.raises(errors.DownloadError, match='HTTP 302'),
    ):
        fetch(tmp_path / 'data', server.url)
    assert len(server.seen) == 1


def test_the_endless_body_of_a_redirect_is_not_read(tmp_path):
    counts = queue.SimpleQueue()

    def answer(handler):
        if handler.path == '/good':
            servers.whole(DATA)(handler)
        else:
            handler.begin = functools.partial(handler.begin, 302, Location='/good')
            servers.endless(counts)(handler)

    with servers.Server(answer) as server:
        assert fetch(tmp_path, server.url).read_bytes() == DATA
    assert counts.get(timeout=60) < 20_000_000


# Limits on every wait.


def test_a_server_that_goes_silent_midway_is_tried_three_times(tmp_path, monkeypatch):
    monkeypatch.setattr(http, 'STALL_SEC', 1.0)
    with (
        servers.Server(servers.stalled(DATA, 1000)) as server,
        pytest.raises(errors.DownloadError, match=r'silent .* 1000 bytes \(3 tries\)'),
    ):
        fetch(tmp_path, server.url)
    assert len(server.seen) == 3


def test_a_server_that_sends_nothing_is_tried_three_times(tmp_path):
    with (
        servers.Server(servers.silent) as server,
        pytest.raises(
            errors.DownloadError, match=r'no response .* \(3 tries\)'
        ) as caught,
    ):
        fetch(tmp_path, server.url, offline_sec=3, min_response_sec=0.4)
    assert len(server.seen) == 3
    assert caught.value.unreachable


def test_a_drip_ends_at_the_limit_of_the_whole_file(tmp_path):
    with (
        servers.Server(servers.drip(DATA, 1, 0.02)) as server,
        pytest.raises(errors.DownloadError, match=r'too slow: '),
    ):
        fetch(tmp_path, server.url, file_sec=1.5)
    assert len(server.seen) == 1


def test_a_drip_inside_the_headers_is_no_response(tmp_path):
    def answer(handler):
        with contextlib.suppress(OSError):
            while not handler.server.owner.stopped.wait(0.02):
                handler.write(b'H')

    with (
        servers.Server(answer) as server,
        pytest.raises(errors.DownloadError, match='no response in') as caught,
    ):
        fetch(tmp_path, server.url, offline_sec=0.5, min_response_sec=0.2)
    assert caught.value.unreachable


def test_a_deadline_that_has_passed_leaves_no_time_to_read():
    with servers.Server(servers.stalled(DATA, 0)) as server:
        response = http.Response(server.url, 60)
        with (
            contextlib.closing(response),
            pytest.raises(http.TransferError, match=r'too slow: 0 bytes') as caught,
        ):
            next(response.blocks(time.monotonic() - 1, 1 << 30))
    assert caught.value.server_responded
    assert not caught.value.retryable


def test_silence_in_the_middle_of_a_file_is_worth_another_try(monkeypatch):
    monkeypatch.setattr(http, 'STALL_SEC', 0.2)
    with (
        servers.Server(servers.stalled(DATA, 0)) as server,
        pytest.raises(http.TransferError, match=r'silent for .* after 0 ') as caught,
    ):
        read(server.url)
    assert caught.value.server_responded
    assert caught.value.retryable


def test_a_body_that_breaks_off_is_worth_another_try():
    with (
        servers.Server(servers.dropped(DATA, 70_000, length=True)) as server,
        pytest.raises(http.TransferError, match='70000 of 200000 bytes') as caught,
    ):
        read(server.url)
    assert caught.value.server_responded
    assert caught.value.retryable


def test_an_unknown_name_is_no_response(tmp_path, monkeypatch):
    def no_name(*args, **keywords):
        raise socket.gaierror(socket.EAI_NONAME, 'Name or service not known')

    monkeypatch.setattr(socket, 'getaddrinfo', no_name)
    with pytest.raises(errors.DownloadError, match='service not known') as caught:
        fetch(tmp_path, 'https://mnist.invalid/')
    assert caught.value.unreachable


def test_a_name_server_that_never_answers_is_not_waited_for(tmp_path, monkeypatch):
    over = threading.Event()

    def hang(*args, **keywords):
        over.wait()
        raise socket.gaierror(socket.EAI_AGAIN, 'late')

    monkeypatch.setattr(socket, 'getaddrinfo', hang)
    limits = {'offline_sec': 0.7, 'min_response_sec': 0.2}
    try:
        with pytest.raises(errors.DownloadError, match='no response in') as caught:
            fetch(tmp_path, 'https://a.invalid/', 'https://b.invalid/', **limits)
    finally:
        over.set()
    assert caught.value.unreachable


@pytest.mark.skipif(sys.platform != 'linux', reason='fills a queue as Linux has it')
def test_lost_packets_are_not_waited_for():
    with (
        servers.black_hole() as url,
        pytest.raises(http.TransferError, match=r'no response in 0\.3 s') as caught,
    ):
        http.Response(url, 0.3)
    assert not caught.value.server_responded
    assert caught.value.retryable


# Proxies.


def test_a_proxy_sees_the_request_unless_no_proxy_names_the_host(tmp_path, monkeypatch):
    with (
        servers.Server(servers.whole(DATA)) as proxy,
        servers.Server(servers.whole(DATA)) as direct,
    ):
        monkeypatch.setenv('http_proxy', proxy.url)
        fetch(tmp_path, 'http://mnist.invalid/x/')
        assert proxy.seen == ['http://mnist.invalid/x/digits.gz']
        (tmp_path / FILE.name).unlink()
        monkeypatch.setenv('no_proxy', '127.0.0.1')
        fetch(tmp_path, direct.url)
    assert direct.seen == ['/digits.gz']
    assert len(proxy.seen) == 1


def test_https_goes_through_a_tunnel(tmp_path, monkeypatch):
    received = []

    def proxy(listener):
        with listener.accept()[0] as connection:
            received.append(connection.recv(1000))
            connection.sendall(b'HTTP/1.1 403 not allowed here\r\n\r\n')

    with socket.create_server(('127.0.0.1', 0)) as listener:
        thread = threading.Thread(target=proxy, args=[listener])
        thread.start()
        port = listener.getsockname()[1]
        monkeypatch.setenv('https_proxy', f'http://127.0.0.1:{port}')
        with pytest.raises(errors.DownloadError, match='403 not allowed') as caught:
            fetch(tmp_path, 'https://mnist.invalid/', retry_delays_sec=(0.0,))
        thread.join()
    assert received[0].startswith(b'CONNECT mnist.invalid:443 ')
    assert caught.value.unreachable


def test_a_refusal_by_a_proxy_is_not_an_answer_of_the_mirror(tmp_path, monkeypatch):
    with servers.Server(servers.status(403)) as proxy:
        monkeypatch.setenv('http_proxy', proxy.url)
        with pytest.raises(errors.DownloadError, match='HTTP 403') as caught:
            fetch(tmp_path, 'http://mnist.invalid/')
    assert caught.value.unreachable


def test_a_dead_proxy_is_not_an_answer_of_the_mirror(tmp_path, monkeypatch):
    monkeypatch.setenv('http_proxy', servers.closed_port())
    with (
        servers.Server(servers.whole(DATA)) as server,
        pytest.raises(errors.DownloadError, match='refused') as caught,
    ):
        fetch(tmp_path, server.url)
    assert caught.value.unreachable
    assert server.seen == []


@pytest.mark.parametrize('code', [201, 204, 206])
def test_only_status_200_is_the_file(code):
    with (
        servers.Server(servers.status(code)) as server,
        pytest.raises(http.TransferError, match=f'HTTP {code}') as caught,
    ):
        http.Response(server.url, 5)
    assert caught.value.server_responded
    assert not caught.value.retryable


@pytest.mark.parametrize('url', ['file:///etc/passwd', 'http://a b/', 'x', 'http://[/'])
def test_an_address_that_cannot_work_is_not_tried_again(url):
    with pytest.raises(http.TransferError) as caught:
        http.Response(url, 5)
    assert not caught.value.retryable
