"""Which data set a run uses, for any state of data folder and network."""

import functools
import gzip
import hashlib
import json
import os
import pathlib
import subprocess
import sys

from mnist_tut import errors
from mnist_tut.data import download, folders, http, identify, idx, locate, synthetic
from tests.support import corpus, servers
from tests.support.paths import ROOT

import pytest

NAMES = (
    locate.TRAIN_IMAGES,
    locate.TRAIN_LABELS,
    locate.TEST_IMAGES,
    locate.TEST_LABELS,
)
IMAGES, LABELS = NAMES[:2]


def write_set(folder, seed):
    """Writes four small files that hold anything; returns their arrays by name."""
    arrays = *corpus.digits(30, seed), *corpus.digits(20, seed + 100)
    return corpus.write_files(folder, *arrays)


def contents(folder):
    """Returns the bytes of every file below a folder, by its relative path."""
    root = pathlib.Path(folder)
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob('*')
        if path.is_file()
    }


def unpacked_sums(files):
    return {
        name: hashlib.sha256(gzip.decompress(files[name])).hexdigest() for name in NAMES
    }


@pytest.fixture
def mnist(tmp_path_factory, monkeypatch):
    """The bytes of four small files that count as MNIST here; drawing is quick too."""
    folder = tmp_path_factory.mktemp('mnist')
    write_set(folder, seed=0)
    files = contents(folder)
    table = tuple(servers.remote_file(name, files[name]) for name in NAMES)
    monkeypatch.setattr(download, 'FILES', table)
    monkeypatch.setattr(identify, 'MNIST_SHA256', unpacked_sums(files))
    seeds = {'matched': 1, 'wild': 2}
    sums = {}
    for style, seed in seeds.items():
        drawn = tmp_path_factory.mktemp(style)
        write_set(drawn, seed)
        sums[style] = unpacked_sums(contents(drawn))
    monkeypatch.setattr(synthetic, 'SHA256', sums)

    def draw(folder, style):
        arrays = write_set(folder, seeds[style])
        lines = f'style: {style}\nversion: {synthetic.VERSION}'
        (pathlib.Path(folder) / synthetic.MARKER_FILE).write_text(lines)
        return arrays

    monkeypatch.setattr(synthetic, 'write', draw)
    return files


@pytest.fixture(autouse=True)
def _no_network(monkeypatch, quick_retries):
    monkeypatch.setattr(download, 'MIRRORS', (servers.closed_port(),))


def put(folder, files):
    """Writes these bytes into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def test_real_mnist(mnist_dir, capsys):
    info = locate.locate(mnist_dir, 'mnist')
    assert info == locate.DatasetInfo(str(mnist_dir), 'mnist', info.fingerprint)
    out, err = capsys.readouterr()
    assert (out, err) == ('', f'Data: MNIST, in {mnist_dir}\n')


def test_real_mnist_unpacked_is_the_same_set(mnist_dir, tmp_path):
    expected = locate.locate(mnist_dir)
    for name in NAMES:
        data = gzip.decompress((mnist_dir / name).read_bytes())
        (tmp_path / name).write_bytes(data)
    info = locate.locate(tmp_path)
    assert (info.kind, info.fingerprint) == ('mnist', expected.fingerprint)


# The rule.


@pytest.mark.parametrize('dataset', ['auto', 'mnist'])
def test_files_in_the_folder_come_first(dataset, mnist, tmp_path, capsys):
    put(tmp_path, mnist)
    with servers.Server(servers.folder(mnist)) as server:
        info = locate.locate(tmp_path, dataset, server.url)
    assert server.seen == []
    assert (info.directory, info.kind) == (str(tmp_path), 'mnist')
    assert (info.disclaimer(), info.is_synthetic) == ('', False)
    assert contents(tmp_path) == mnist
    assert capsys.readouterr() == ('', f'Data: MNIST, in {tmp_path}\n')


@pytest.mark.parametrize('dataset', ['auto', 'mnist'])
@pytest.mark.parametrize('there', [0, 1, 3])
def test_only_missing_files_are_downloaded(dataset, there, mnist, tmp_path, capsys):
    put(tmp_path / 'new', {name: mnist[name] for name in NAMES[:there]})
    with servers.Server(servers.folder(mnist)) as server:
        info = locate.locate(tmp_path / 'new', dataset, server.url)
    assert server.seen == [f'/{name}' for name in NAMES[there:]]
    assert info.kind == 'mnist'
    assert contents(tmp_path / 'new') == mnist
    out, err = capsys.readouterr()
    assert err == (
        f'Looking for MNIST at 127.0.0.1\nData: MNIST, in {tmp_path / "new"}\n'
    )
    assert out.splitlines() == [
        f'Successfully downloaded {name} {len(mnist[name])} bytes.'
        for name in NAMES[there:]
    ]


def test_mirror_by_environment(mnist, tmp_path, monkeypatch):
    with servers.Server(servers.folder(mnist)) as server:
        monkeypatch.setenv(download.SOURCE_URL_ENV, server.url.rstrip('/'))
        assert locate.locate(tmp_path).kind == 'mnist'
    assert len(server.seen) == 4


def test_offline_machine_draws_and_says_so_on_both(mnist, tmp_path, capsys):
    info = locate.locate(tmp_path)
    assert info.directory == str(tmp_path / 'synthetic')
    assert (info.kind, info.is_synthetic) == ('synthetic', True)
    assert 'not for MNIST' in info.disclaimer()
    assert sorted(os.listdir(tmp_path)) == ['synthetic']
    marker = synthetic.MARKER_FILE
    assert sorted(os.listdir(info.directory)) == sorted([marker, *NAMES])
    out, err = capsys.readouterr()
    line = f'Data: SYNTHETIC digits drawn by code, not MNIST, in {info.directory}'
    assert out == line + '\n'
    assert err == (
        f'Looking for MNIST at 127.0.0.1\n{line}, because no mirror could be reached '
        '(--dataset=mnist tries again and says why)\n'
    )


def test_named_mirror_is_tried_when_drawn_digits_are_there(mnist, tmp_path):
    drawn = locate.locate(tmp_path)
    with servers.Server(servers.folder(mnist)) as server:
        info = locate.locate(tmp_path, source_url=server.url)
    assert info.kind == 'mnist'
    assert info.fingerprint != drawn.fingerprint
    assert (tmp_path / 'synthetic').is_dir()


def test_second_offline_run_does_not_wait(mnist, tmp_path, monkeypatch, capsys):
    requested = []

    def fetch(file, directory, mirrors, *, keep_old, limits):
        requested.append(file.name)
        failure = errors.DownloadError('offline')
        failure.unreachable = True
        raise failure

    monkeypatch.setattr(download, 'fetch', fetch)
    assert locate.locate(tmp_path).kind == 'synthetic'
    assert requested == [IMAGES]  # one file is enough to know
    capsys.readouterr()
    assert locate.locate(tmp_path).kind == 'synthetic'
    assert requested == [IMAGES]
    assert '(--dataset=mnist downloads MNIST)' in capsys.readouterr().err
    with pytest.raises(errors.DownloadError):
        locate.locate(tmp_path, 'mnist')
    assert requested == [IMAGES, IMAGES]


def test_network_that_goes_in_the_middle(mnist, tmp_path):
    good = servers.folder(mnist)
    cut = servers.in_turn(good, good, servers.reset)
    with servers.Server(cut) as server:
        info = locate.locate(tmp_path, source_url=server.url)
        assert info.kind == 'synthetic'
        # What came is kept, and only the rest is fetched later.
        server.answer = good
        del server.seen[:]
        assert locate.locate(tmp_path, source_url=server.url).kind == 'mnist'
    assert server.seen == [f'/{name}' for name in NAMES[2:]]


def test_mirror_that_refuses_is_an_error_and_no_reason_to_draw(mnist, tmp_path):
    with (
        servers.Server(servers.status(404)) as server,
        pytest.raises(errors.DownloadError) as caught,
    ):
        locate.locate(tmp_path, 'auto', server.url)
    assert f'{server.url}{IMAGES}: HTTP 404' in str(caught.value)
    assert '--dataset=synthetic' in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_mnist_insists(mnist, tmp_path):
    with pytest.raises(errors.DownloadError, match='refused') as caught:
        locate.locate(tmp_path, 'mnist')
    assert download.MIRRORS[0] + IMAGES in str(caught.value)
    assert '--dataset=synthetic' in str(caught.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize('kind', ['synthetic', 'synthetic_wild'])
def test_synthetic_is_drawn_at_once(kind, mnist, tmp_path, capsys):
    put(tmp_path, mnist)
    with servers.Server(servers.folder(mnist)) as server:
        info = locate.locate(tmp_path, kind, server.url)
    assert server.seen == []
    assert (info.directory, info.kind) == (str(tmp_path / kind), kind)
    out, err = capsys.readouterr()
    assert out == err
    assert 'SYNTHETIC' in out
    # Named itself, it is used itself, and not drawn again below.
    assert locate.locate(info.directory, kind).directory == info.directory
    # The folder itself, where the user points at it, is the same data.
    itself = locate.locate(info.directory)
    assert (itself.kind, itself.fingerprint) == (kind, info.fingerprint)


def test_really_drawn_digits_are_known_by_their_sums(digits_dir):
    info = locate.locate(digits_dir)
    assert info.kind == 'synthetic'
    assert info.fingerprint == identify.fingerprint(synthetic.SHA256['matched'])


def test_digits_drawn_by_another_version_are_synthetic(mnist, tmp_path):
    write_set(tmp_path, seed=9)
    (tmp_path / synthetic.MARKER_FILE).write_text('version: 99')
    assert locate.locate(tmp_path).kind == 'synthetic'


def test_each_set_has_its_own_fingerprint(mnist, tmp_path):
    write_set(tmp_path / 'one', seed=5)
    write_set(tmp_path / 'two', seed=6)
    put(tmp_path / 'mnist', mnist)
    infos = [locate.locate(tmp_path / name) for name in ('one', 'two', 'mnist')]
    infos += [locate.locate(tmp_path, kind) for kind in locate.DATASETS[2:]]
    infos.append(locate.fake())
    assert len({info.fingerprint for info in infos}) == len(infos)
    # A pixel is enough.
    images = idx.read_images(tmp_path / 'one' / IMAGES)
    images[-1, -1, -1] ^= 1
    idx.write_images(tmp_path / 'one' / IMAGES, images)
    assert locate.locate(tmp_path / 'one').fingerprint != infos[0].fingerprint


@pytest.mark.parametrize('dataset', ['MNIST', '', 'fashion'])
def test_unknown_dataset(dataset, tmp_path):
    with pytest.raises(errors.FlagError, match='--dataset='):
        locate.locate(tmp_path, dataset)


def test_source_url_is_checked_even_if_it_is_not_needed(mnist, tmp_path):
    put(tmp_path, mnist)
    with pytest.raises(errors.FlagError, match='--source_url'):
        locate.locate(tmp_path, 'auto', '/data/mnist')


def test_data_without_a_folder_is_logged_too(capsys):
    assert locate.fake().disclaimer() == ''
    locate.log_dataset(locate.DatasetInfo('a\nb.npz', 'npz', 'x'))
    out, err = capsys.readouterr()
    assert out == ''
    assert err.splitlines()[1] == r'Data: an npz file, in a\nb.npz'


# Other sets in the same format.


def test_other_set_is_used_with_a_warning(mnist, tmp_path, capsys):
    write_set(tmp_path, seed=7)
    before = contents(tmp_path)
    info = locate.locate(tmp_path)
    assert info.kind == 'other'
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith('Data: WARNING: not MNIST')
    assert err.count('\n') == 1
    assert contents(tmp_path) == before


def test_one_file_of_another_set_makes_it_another_set(mnist, tmp_path):
    write_set(tmp_path, seed=7)
    (tmp_path / IMAGES).write_bytes(mnist[IMAGES])
    assert locate.locate(tmp_path).kind == 'other'


@pytest.mark.parametrize('seed', [1, 7], ids=['synthetic', 'other'])
def test_mnist_insists_against_another_set(seed, mnist, tmp_path):
    write_set(tmp_path, seed)
    before = contents(tmp_path)
    with pytest.raises(errors.DataError) as caught:
        locate.locate(tmp_path, 'mnist')
    text = str(caught.value)
    assert str(tmp_path / IMAGES) in text
    assert unpacked_sums(before)[IMAGES] in text
    assert unpacked_sums(mnist)[IMAGES] in text
    assert contents(tmp_path) == before


@pytest.mark.parametrize('state', ['missing', 'damaged'])
def test_another_set_is_never_mixed_with_mnist(state, mnist, tmp_path):
    write_set(tmp_path, seed=7)
    if state == 'missing':
        (tmp_path / LABELS).unlink()
    else:
        (tmp_path / LABELS).write_bytes(b'')
    before = contents(tmp_path)
    with (
        servers.Server(servers.folder(mnist)) as server,
        pytest.raises(errors.DataError, match=LABELS),
    ):
        locate.locate(tmp_path, 'auto', server.url)
    assert server.seen == []
    assert contents(tmp_path) == before


def test_repacked_mnist_is_mnist(mnist, tmp_path):
    put(tmp_path, {n: gzip.compress(gzip.decompress(d), 1) for n, d in mnist.items()})
    assert contents(tmp_path) != mnist
    info = locate.locate(tmp_path, 'mnist')
    put(tmp_path, mnist)
    assert info == locate.locate(tmp_path)


def test_unpacked_file_under_the_packed_name_is_taken(mnist, tmp_path):
    put(tmp_path, mnist | {IMAGES: gzip.decompress(mnist[IMAGES])})
    assert locate.locate(tmp_path, 'mnist').kind == 'mnist'


def test_unpacked_file_under_its_own_name_is_not_passed_over(mnist, tmp_path):
    put(tmp_path, mnist)
    (tmp_path / IMAGES).rename(tmp_path / IMAGES.removesuffix('.gz'))
    with (
        servers.Server(servers.folder(mnist)) as server,
        pytest.raises(errors.DataError, match='rename it'),
    ):
        locate.locate(tmp_path, 'auto', server.url)
    assert server.seen == []


# Damaged files.

DAMAGES = {
    'empty': lambda data: b'',
    'cut at 1': lambda data: data[:1],
    'cut at 9': lambda data: data[:9],
    'cut at 10': lambda data: data[:10],
    'cut in half': lambda data: data[: len(data) // 2],
    'cut by 8': lambda data: data[:-8],
    'cut by 1': lambda data: data[:-1],
    'flipped bit': lambda data: data[:30] + bytes([data[30] ^ 4]) + data[31:],
    'flipped CRC': lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],
    'web page': lambda data: b'<html>Moved</html>',
    'garbage after it': lambda data: data + b'garbage',
}


@pytest.mark.parametrize('name', [IMAGES, LABELS])
@pytest.mark.parametrize('damage', DAMAGES)
def test_damaged_file_is_fetched_again_and_kept(damage, name, mnist, tmp_path, capsys):
    bad = DAMAGES[damage](mnist[name])
    put(tmp_path, mnist | {name: bad})
    # Offline or refused: the error names the damage, and nothing is renamed.
    with servers.Server(servers.status(403)) as refusing:
        for url in (None, refusing.url):
            with pytest.raises(errors.DataError, match=name) as caught:
                locate.locate(tmp_path, 'auto', url)
            assert '\n' not in str(caught.value)
            assert contents(tmp_path) == mnist | {name: bad}
    with servers.Server(servers.folder(mnist)) as server:
        info = locate.locate(tmp_path, 'auto', server.url)
        assert info.kind == 'mnist'
        assert contents(tmp_path) == mnist | {name + '.bad': bad}
        locate.locate(tmp_path, 'auto', server.url)
    assert server.seen == [f'/{name}']  # once
    assert f'{name}.bad' in capsys.readouterr().err


def test_all_four_damaged(mnist, tmp_path):
    put(tmp_path, dict.fromkeys(NAMES, b'<html>'))
    with servers.Server(servers.folder(mnist)) as server:
        assert locate.locate(tmp_path, 'mnist', server.url).kind == 'mnist'
    bad = {name + '.bad': b'<html>' for name in NAMES}
    assert contents(tmp_path) == mnist | bad


def test_server_that_sends_the_same_damage(mnist, tmp_path):
    page = b'<html>Moved</html>'
    put(tmp_path, mnist | {IMAGES: page})
    with (
        servers.Server(servers.whole(page)) as server,
        pytest.raises(errors.DataError, match='a web page'),
    ):
        locate.locate(tmp_path, 'auto', server.url)
    assert len(server.seen) == 1
    assert contents(tmp_path) == mnist | {IMAGES: page}


def idx_bytes(*header, data=b''):
    return gzip.compress(b''.join(n.to_bytes(4, 'big') for n in header) + data)


@pytest.mark.parametrize(
    'data',
    [
        idx_bytes(2049, 784, data=bytes(784)),
        idx_bytes(0x0D03, 1, 28, 28, data=bytes(4 * 784)),
        idx_bytes(2051, 1, 27, 29, data=bytes(783)),
        idx_bytes(2051, 0, 28, 28),
    ],
    ids=['labels', 'float', '27x29', 'no image'],
)
def test_whole_file_without_images_is_not_damaged(data, mnist, tmp_path):
    put(tmp_path, mnist | {IMAGES: data})
    with (
        servers.Server(servers.folder(mnist)) as server,
        pytest.raises(errors.DataError, match=IMAGES),
    ):
        locate.locate(tmp_path, 'auto', server.url)
    assert server.seen == []
    assert contents(tmp_path) == mnist | {IMAGES: data}


@pytest.mark.skipif(os.name == 'nt', reason='needs symbolic links and FIFOs')
@pytest.mark.parametrize(
    'kind', ['folder', 'fifo', 'dangling', 'damaged link', '/dev/zero', 'loop']
)
def test_a_path_that_is_no_plain_file_is_refused_and_left(kind, mnist, tmp_path):
    data = tmp_path / 'data'
    put(data, mnist)
    path, target = data / IMAGES, tmp_path / 'target'
    path.unlink()
    match kind:
        case 'folder':
            path.mkdir()
        case 'fifo':
            os.mkfifo(path)
        case 'dangling':
            path.symlink_to(target)
        case 'damaged link':
            target.write_bytes(b'')
            path.symlink_to(target)
        case '/dev/zero':
            path.symlink_to('/dev/zero')
        case 'loop':
            path.symlink_to(path)
    before = path.lstat()
    with (
        servers.Server(servers.folder(mnist)) as server,
        pytest.raises(errors.DataError, match=IMAGES),
    ):
        locate.locate(data, 'auto', server.url)
    assert server.seen == []
    assert path.lstat() == before
    assert target.exists() == (kind == 'damaged link')


@pytest.mark.skipif(os.name == 'nt', reason='needs symbolic links')
def test_links_to_good_files_are_used_and_left(mnist, tmp_path):
    put(tmp_path / 'store', mnist)
    (tmp_path / 'data').mkdir()
    for name in NAMES:
        (tmp_path / 'data' / name).symlink_to(tmp_path / 'store' / name)
    assert locate.locate(tmp_path / 'data', 'mnist').kind == 'mnist'
    assert all((tmp_path / 'data' / name).is_symlink() for name in NAMES)


@pytest.mark.skipif(not hasattr(os, 'geteuid'), reason='needs POSIX permissions')
def test_unreadable_file(mnist, tmp_path):
    if os.geteuid() == 0:
        pytest.skip('root reads everything')
    put(tmp_path, mnist)
    (tmp_path / IMAGES).chmod(0)
    with pytest.raises(errors.DataError, match=IMAGES):
        locate.locate(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted(NAMES)


# Folders.


@pytest.mark.parametrize('state', ['good', 'empty', 'damaged', 'partial'])
def test_folder_that_cannot_be_written(state, mnist, tmp_path, monkeypatch):
    files = {
        'good': mnist,
        'empty': {},
        'damaged': mnist | {IMAGES: b''},
        'partial': {name: mnist[name] for name in NAMES[:2]},
    }[state]
    put(tmp_path, files)
    allowed = os.access
    monkeypatch.setattr(  # as on a read-only disk, even for root
        os, 'access', lambda path, how: not how & os.W_OK and allowed(path, how)
    )
    with servers.Server(servers.folder(mnist)) as server:
        if state == 'good':
            assert locate.locate(tmp_path, source_url=server.url).kind == 'mnist'
        else:
            with pytest.raises(errors.DataError) as caught:
                locate.locate(tmp_path, source_url=server.url)
            assert str(tmp_path) in str(caught.value)
    assert server.seen == []
    assert contents(tmp_path) == files


def test_folder_that_is_a_file(mnist, tmp_path):
    (tmp_path / 'data').write_bytes(b'mine')
    for dataset in ('auto', 'mnist'):
        with pytest.raises(errors.DataError, match='is not a folder'):
            locate.locate(tmp_path / 'data', dataset)
    assert (tmp_path / 'data').read_bytes() == b'mine'


@pytest.mark.parametrize(
    'name', ['with space', 'two\nlines', 'Ziffern-ä-数字', b'\xff\xfe'], ids=repr
)
def test_any_folder_name(name, mnist, tmp_path, capsys):
    folder = os.path.join(os.fsencode(tmp_path), os.fsencode(name))
    with servers.Server(servers.folder(mnist)) as server:
        try:
            os.mkdir(folder)
        except OSError as error:
            pytest.skip(f'this file system has no such names: {error}')
        info = locate.locate(folder, source_url=server.url)
    assert info.kind == 'mnist'
    assert info.directory == os.fsdecode(folder)
    err = capsys.readouterr().err
    assert all(line.isprintable() for line in err.splitlines())
    assert len(err.splitlines()) == 2
    assert locate.locate(folder, 'synthetic').is_synthetic


def test_path_that_is_too_long(mnist, tmp_path):
    with (
        servers.Server(servers.folder(mnist)) as server,
        pytest.raises(errors.DataError, match='too long'),
    ):
        locate.locate(tmp_path / ('x' * 300), source_url=server.url)


def test_leftovers_of_a_killed_run_are_swept(mnist, tmp_path):
    put(tmp_path, mnist)
    (tmp_path / '.mnist_tut-0123456789abcdef.part').write_bytes(b'half')
    locate.locate(tmp_path)
    assert contents(tmp_path) == mnist


# Where no folder was named.


@pytest.fixture
def here(mnist, tmp_path, monkeypatch):
    """The current folder, with an empty one above it."""
    folder = tmp_path / 'above' / 'here'
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.delenv(folders.DATA_DIR_ENV, raising=False)
    return folder


DEFAULTS = ['data', 'MNIST_data', '../MNIST_data']


@pytest.mark.parametrize('default', DEFAULTS)
@pytest.mark.parametrize('place', ['named', '../data', *DEFAULTS])
def test_mnist_is_found_in_any_of_the_folders(
    default, place, here, mnist, monkeypatch, capsys
):
    monkeypatch.setenv(folders.DATA_DIR_ENV, 'named')
    put(here / place, mnist)
    before = contents(here.parent)
    info = locate.locate(default, search=True)
    assert (info.directory, info.data_dir, info.kind) == (place, place, 'mnist')
    reason = f', because {default} does not hold the four files'
    assert capsys.readouterr() == (
        '',
        f'Data: MNIST, in {place}{"" if place == default else reason}\n',
    )
    assert contents(here.parent) == before
    # Named, a folder is the only one.
    if place != default:
        with pytest.raises(errors.DownloadError):
            locate.locate(default, 'mnist')


@pytest.mark.parametrize('default', DEFAULTS)
def test_the_folder_of_the_document_comes_first(default, here, mnist):
    for place in DEFAULTS:
        put(here / place, mnist)
    assert locate.locate(default, search=True).directory == default


def test_what_is_missing_is_downloaded_once_for_all(here, mnist, capsys):
    with servers.Server(servers.folder(mnist)) as server:
        for default in reversed(DEFAULTS):
            info = locate.locate(default, 'mnist', server.url, search=True)
            assert info.directory == 'MNIST_data'
    assert len(server.seen) == 4
    assert contents(here.parent) == {
        f'here/MNIST_data/{n}': d for n, d in mnist.items()
    }
    err = capsys.readouterr().err
    assert 'in MNIST_data, because nothing is written above the current folder' in err


def test_a_part_of_the_files_is_completed(here, mnist):
    put(here / 'data', {name: mnist[name] for name in NAMES[:2]})
    with servers.Server(servers.folder(mnist)) as server:
        assert locate.locate('data', 'auto', server.url, search=True).kind == 'mnist'
    assert contents(here) == {f'data/{name}': data for name, data in mnist.items()}


def test_downloads_go_to_the_folder_that_the_environment_names(
    here, mnist, monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv(folders.DATA_DIR_ENV, str(tmp_path / 'shared'))
    with servers.Server(servers.folder(mnist)) as server:
        info = locate.locate('data', 'auto', server.url, search=True)
    assert info.directory == str(tmp_path / 'shared')
    assert contents(tmp_path / 'shared') == mnist
    assert 'because MNIST_TUT_DATA_DIR names it\n' in capsys.readouterr().err


@pytest.mark.parametrize('kind', ['auto', 'synthetic', 'synthetic_wild'])
def test_one_drawn_set_serves_all_defaults(kind, here, monkeypatch):
    first = locate.locate('../MNIST_data', kind, search=True)
    monkeypatch.setattr(download, 'fetch', None)  # no mirror is asked again
    for default in DEFAULTS:
        info = locate.locate(default, kind, search=True)
        assert (info.directory, info.data_dir) == (first.directory, 'MNIST_data')
        assert info.dataset == first.kind
        assert locate.locate(info.data_dir, info.dataset) == info
    drawn = 'synthetic' if kind == 'auto' else kind
    assert {pathlib.Path(path).parent.name for path in contents(here)} == {drawn}


def test_a_damaged_folder_is_passed_over_for_a_good_one(here, mnist, capsys):
    put(here / 'data', mnist | {IMAGES: b'<html>'})
    put(here / 'MNIST_data', mnist)
    before = contents(here)
    assert locate.locate('data', search=True).directory == 'MNIST_data'
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f'data is passed over: data/{IMAGES}: not a gzip file')
    assert second.startswith('Data: MNIST, in MNIST_data, because data does not')
    assert contents(here) == before


def test_a_damaged_folder_is_repaired_only_where_one_may_write(here, mnist, capsys):
    bad = {IMAGES: b'<html>'}
    put(here.parent / 'MNIST_data', mnist | bad)
    above = contents(here.parent)
    with servers.Server(servers.folder(mnist)) as server:
        info = locate.locate('../MNIST_data', 'auto', server.url, search=True)
        assert info.directory == 'MNIST_data'
        put(here / 'MNIST_data', bad)
        capsys.readouterr()
        info = locate.locate('MNIST_data', 'auto', server.url, search=True)
    assert info.directory == 'MNIST_data'
    assert contents(here / 'MNIST_data') == mnist | {f'{IMAGES}.bad': b'<html>'}
    assert {**contents(here.parent), **above} == contents(here.parent)


def test_another_set_is_found_with_a_warning_and_not_taken_for_mnist(
    here, mnist, capsys
):
    write_set(here / 'data', seed=7)
    info = locate.locate('MNIST_data', search=True)
    assert (info.kind, info.directory) == ('other', 'data')
    assert capsys.readouterr().err.startswith('Data: WARNING: not MNIST')
    put(here.parent / 'MNIST_data', mnist)
    info = locate.locate('MNIST_data', 'mnist', search=True)
    assert (info.kind, info.directory) == ('mnist', '../MNIST_data')
    assert 'data is passed over: data/' in capsys.readouterr().err


# Processes.

PROGRAM = """
import json, sys
from mnist_tut import errors
from mnist_tut.data import download, identify, locate
folder, url, table, sums = sys.argv[1:]
download.FILES = tuple(download.RemoteFile(*file) for file in json.loads(table))
identify.MNIST_SHA256 = json.loads(sums)
try:
    print(locate.locate(folder, 'mnist', url).kind)
except errors.UserError as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize('state', ['empty', 'damaged'])
def test_eight_processes_at_once(state, mnist, tmp_path):
    folder = tmp_path / 'data'
    page = b'<html>Moved</html>'
    if state == 'damaged':
        put(folder, mnist | {IMAGES: page})
    slowly = functools.partial(servers.drip, each=2_000, pause=0.02)
    with servers.Server(servers.folder(mnist, then=slowly)) as server:
        children = [
            subprocess.Popen(
                [
                    *(sys.executable, '-c', PROGRAM, str(folder), server.url),
                    json.dumps(download.FILES),
                    json.dumps(unpacked_sums(mnist)),
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=ROOT,
            )
            for _ in range(8)
        ]
        for child in children:
            out, err = child.communicate()
            assert child.returncode == 0, err
            assert out.endswith('mnist\n')
    bad = {} if state == 'empty' else {IMAGES + '.bad': page}
    assert contents(folder) == mnist | bad


def test_silent_network_takes_less_than_15_seconds(mnist, tmp_path, monkeypatch):
    # On a simulated clock: every try uses up its time limit.
    now = [0.0]

    class Clock:
        monotonic = staticmethod(lambda: now[0])
        sleep = staticmethod(lambda seconds: now.__setitem__(0, now[0] + seconds))

    def silent(url, response_timeout_sec):
        now[0] += response_timeout_sec
        raise http.TransferError('silence', server_responded=False, retryable=True)

    monkeypatch.setattr(download, 'MIRRORS', tuple(f'http://{n}/' for n in 'abc'))
    monkeypatch.setattr(download, 'LIMITS', download.Limits())
    monkeypatch.setattr(download, 'time', Clock)
    monkeypatch.setattr(http, 'Response', silent)
    assert locate.locate(tmp_path).kind == 'synthetic'
    assert now[0] < 14
    now[0] = 0.0
    assert locate.locate(tmp_path).kind == 'synthetic'
    assert now[0] == 0
