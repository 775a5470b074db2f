"""Every bad npz file has its message, and none is unpickled."""

import io
import os
import pathlib
import struct
import subprocess
import sys
import tracemalloc
import zipfile

from mnist_tut.data import folders, idx, npz
from mnist_tut.errors import DataError
from tests.support import corpus
from tests.support.paths import ROOT

import numpy as np
import pytest

X_TRAIN, Y_TRAIN = corpus.digits(30)
X_TEST, Y_TEST = corpus.digits(10, seed=1)
GOOD = {'X_train': X_TRAIN, 'X_test': X_TEST, 'y_train': Y_TRAIN, 'y_test': Y_TEST}

SCRIPT = ROOT / 'scripts' / 'idx_to_npz.py'


class Canary:
    """Touches a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'mnist_data.npz'


def refusal(path):
    """Returns the line of the DataError that reading `path` raises."""
    with pytest.raises(DataError) as caught:
        npz.read(path)
    line = str(caught.value)
    assert '\n' not in line
    assert str(path) in line
    return line


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_good(path, save):
    save(path, **GOOD, more=np.zeros(3), objects=np.array([None]))
    digits = npz.read(path)
    assert digits._fields == npz.KEYS
    for key, array in GOOD.items():
        np.testing.assert_array_equal(getattr(digits, key), array)


def test_columns_first(path):
    np.savez(path, **{key: np.asfortranarray(array) for key, array in GOOD.items()})
    digits = npz.read(path)
    np.testing.assert_array_equal(digits.X_train, X_TRAIN)
    assert digits.X_train.flags.c_contiguous


def test_more_than_a_header_is_trusted_with(path, monkeypatch):
    monkeypatch.setattr(idx, 'MAX_UNCHECKED_BYTES', 10)
    np.savez_compressed(path, **GOOD)
    np.testing.assert_array_equal(npz.read(path).X_train, X_TRAIN)


def test_write(path):
    npz.write(path, npz.Digits(**GOOD))
    first = path.read_bytes()
    with np.load(path, allow_pickle=False) as loaded:
        assert sorted(loaded) == sorted(npz.KEYS)
        np.testing.assert_array_equal(loaded['X_train'], X_TRAIN)
    npz.write(path, npz.read(path))
    assert path.read_bytes() == first
    assert os.listdir(path.parent) == [path.name]


def test_what_is_not_written(path):
    with pytest.raises(DataError, match=r'X_test is uint8 \[10, 784\]'):
        npz.write(path, npz.Digits(**{**GOOD, 'X_test': X_TEST.reshape(10, 784)}))
    with pytest.raises(DataError, match='train: 30 images, but 29 labels'):
        npz.write(path, npz.Digits(**{**GOOD, 'y_train': Y_TRAIN[:-1]}))
    assert not os.listdir(path.parent)
    path.touch()
    with pytest.raises(DataError, match='cannot be written'):
        npz.write(path / 'x.npz', npz.Digits(**GOOD))


@pytest.mark.parametrize('key', npz.KEYS)
def test_objects_are_not_unpickled(path, key):
    canary = path.parent / 'canary'
    np.savez(path, **{**GOOD, key: np.array([Canary(canary)] * 30)})
    assert f'{key} is object [30]; expected uint8' in refusal(path)
    assert not canary.exists()
    with np.load(path, allow_pickle=True) as loaded:
        loaded[key]
    assert canary.exists()  # so the canary does sing


@pytest.mark.parametrize('key', npz.KEYS)
def test_missing_key(path, key):
    rest = {name: array for name, array in GOOD.items() if name != key}
    np.savez(path, **rest)
    line = refusal(path)
    assert 'expected the arrays X_train, X_test, y_train, y_test; found ' in line
    assert f'{key}.npy' not in line
    assert all(f'{name}.npy' in line for name in rest)


def test_key_of_another_case(path):
    """Keras calls its arrays x_train and so on."""
    np.savez(path, **{key.lower(): array for key, array in GOOD.items()})
    assert 'found x_test.npy, x_train.npy, y_test.npy, y_train.npy' in refusal(path)


@pytest.mark.parametrize(
    ('key', 'array', 'said'),
    [
        ('X_train', X_TRAIN.astype(np.float32), 'float32 [30, 28, 28]'),
        ('X_test', X_TEST.astype(np.uint16), 'uint16 [10, 28, 28]'),
        ('X_train', X_TRAIN.reshape(30, 784), 'uint8 [30, 784]'),
        ('X_train', X_TRAIN[:, :27], 'uint8 [30, 27, 28]'),
        ('X_train', X_TRAIN[0, 0, 0], 'uint8 []'),
        ('y_train', Y_TRAIN[:, np.newaxis], 'uint8 [30, 1]'),
        ('y_test', Y_TEST.astype(np.float64), 'float64 [10]'),
        ('y_test', Y_TEST.astype(np.int64), 'int64 [10]'),
        ('y_test', Y_TEST.astype(str), '<U'),
        ('X_test', X_TEST[:0], 'says 0 examples'),
    ],
)
def test_wrong_array(path, key, array, said):
    np.savez(path, **{**GOOD, key: array})
    line = refusal(path)
    assert f': {key}' in line
    assert said in line


def test_lengths_differ(path):
    np.savez(path, **{**GOOD, 'y_train': Y_TRAIN[:-1]})
    assert 'train: 30 images, but 29 labels' in refusal(path)
    np.savez(path, **{**GOOD, 'X_test': X_TEST[:-1]})
    assert 'test: 9 images, but 10 labels' in refusal(path)


def test_label_out_of_range(path):
    np.savez(path, **{**GOOD, 'y_test': Y_TEST + 1})
    first = int(np.flatnonzero(Y_TEST == 9)[0])
    assert f'y_test: label 10 at index {first}; expected 0 to 9' in refusal(path)


def honest():
    return {
        f'{key}.npy': corpus.member(corpus.npy(array)) for key, array in GOOD.items()
    }


def test_zip_made_by_hand(path):
    """The helper below makes files that are read, so that what it breaks is why not."""
    path.write_bytes(corpus.zip_of(honest()))
    np.testing.assert_array_equal(npz.read(path).X_train, X_TRAIN)


@pytest.mark.parametrize('claim', [10**12, 10**6 + 1, 10**6, 31, 29, -1])
@pytest.mark.parametrize('key', npz.KEYS)
def test_header_that_claims_too_much(path, key, claim):
    shape = (claim, 28, 28) if key.startswith('X') else (claim,)
    data = corpus.npy_header('|u1', shape) + GOOD[key].tobytes()
    path.write_bytes(corpus.zip_of(honest() | {f'{key}.npy': corpus.member(data)}))
    tracemalloc.start()
    try:
        line = refusal(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert f'{key}: header says' in line or f'{key} is not an array' in line
    assert peak < 4e6


def test_directory_that_claims_too_much(path):
    """A zip directory that agrees with the header, and data that does not."""
    start = corpus.npy_header('|u1', (10**6, 28, 28))
    stream, _, crc = corpus.member(start + X_TRAIN.tobytes())
    size = len(start) + 784 * 10**6
    path.write_bytes(corpus.zip_of(honest() | {'X_train.npy': (stream, size, crc)}))
    tracemalloc.start()
    try:
        refusal(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4e6


@pytest.mark.skipif(sys.platform == 'win32', reason='no way to ask for the peak')
def test_bomb(path):
    """8 GB of zeros in an array that the directory says has 784 MB, or 8 GB."""
    start = corpus.npy_header('|u1', (10**6, 28, 28))
    stream = corpus.deflated_zeros(start, 8 << 30)
    for size in (len(start) + 784 * 10**6, len(start) + (4 << 30) - 200):
        bad = {'X_test.npy': (stream, size, 0)}
        path.write_bytes(corpus.zip_of(honest() | bad))
        output = corpus.run_python(
            'from mnist_tut.data import npz\n'
            'try:\n'
            '    npz.read(sys.argv[1])\n'
            'except npz.DataError as error:\n'
            '    print(error)\n'
            'print(peak_bytes())\n',
            path,
        )
        line, peak = output.splitlines()
        assert str(path) in line
        assert int(peak) < 300e6


def test_not_an_npz_file(path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, 'w') as others:
        others.writestr('readme.txt', 'hello')
    for content, said in (
        (b'', 'empty; expected an npz file'),
        (b'<html><body>404', "starts with b'<htm': a saved web page?"),
        (corpus.npy(X_TRAIN), 'a single array in .npy format'),
        (archive.getvalue(), 'found readme.txt'),
        (corpus.zip_of({}), 'found nothing'),
        (b'PK\x03\x04', 'damaged npz file'),
        (b'\x80\x04N.', "starts with b'\\x80\\x04N.'"),
    ):
        path.write_bytes(content)
        assert said in refusal(path)


def test_encrypted(path):
    path.write_bytes(corpus.zip_of(honest(), flags=1))
    assert 'X_train is encrypted' in refusal(path)


@pytest.mark.parametrize('method', [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression(path, method):
    with zipfile.ZipFile(path, 'w', method) as archive:
        for key, array in GOOD.items():
            archive.writestr(f'{key}.npy', corpus.npy(array))
    assert 'in a way that NumPy never writes' in refusal(path)


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_truncated(path, save):
    save(path, **GOOD)
    data = path.read_bytes()
    for place in range(0, len(data), 1 + len(data) // 100):
        path.write_bytes(data[:place])
        refusal(path)


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_one_byte_flipped(path, save):
    """200 places. Times and such in a zip file are not covered by any sum."""
    save(path, **GOOD)
    data = path.read_bytes()
    random = np.random.RandomState(7)
    num_refused = 0
    for place in random.randint(0, len(data), 200):
        flipped = bytearray(data)
        flipped[place] ^= 0xFF
        path.write_bytes(flipped)
        try:
            digits = npz.read(path)
        except DataError:
            num_refused += 1
        else:
            for key, array in GOOD.items():
                np.testing.assert_array_equal(getattr(digits, key), array)
    assert num_refused > 190


def test_header_in_another_version_or_language(path):
    version_2 = io.BytesIO()
    content = {'descr': '|u1', 'fortran_order': False, 'shape': (30,)}
    np.lib.format.write_array_header_2_0(version_2, content)
    good = version_2.getvalue() + Y_TRAIN.tobytes()
    path.write_bytes(corpus.zip_of(honest() | {'y_train.npy': corpus.member(good)}))
    np.testing.assert_array_equal(npz.read(path).y_train, Y_TRAIN)

    def magic(version, text):
        return b'\x93NUMPY' + bytes(version) + struct.pack('<H', len(text)) + text

    for bad in (
        magic((1, 0), b'__import__("os").getcwd()'),
        magic((1, 0), b'(' * 3000),
        magic((1, 0), b'{' + b'-' * 3000 + b'1}'),
        magic((1, 0), b"{'descr': 'O', 'fortran_order': False, 'shape': (30,"),
        magic((9, 0), b"{'descr': '|u1', 'fortran_order': False, 'shape': (30,)}"),
        b'\x93NUMPY\x02\x00\xff\xff\xff\xff' + bytes(100),
        b'<html>',
        b'',
    ):
        path.write_bytes(corpus.zip_of(honest() | {'y_train.npy': corpus.member(bad)}))
        assert 'y_train is not an array in .npy format' in refusal(path)


def test_not_a_file(path):
    assert 'is missing' in refusal(path)
    path.mkdir()
    assert 'is a folder' in refusal(path)


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no named pipes here')
def test_pipe(path):
    os.mkfifo(path)
    assert 'is a pipe or a device' in refusal(path)


# The converter.


def convert(*flags):
    return subprocess.run(
        [sys.executable, '-W', 'error', SCRIPT, *flags],
        capture_output=True,
        encoding='utf-8',
    )


def test_converter(tmp_path):
    corpus.write_data_set(tmp_path / 'data', 30, 10)
    output = tmp_path / 'mnist_data.npz'
    flags = [f'--input_dir={tmp_path / "data"}', f'--output={output}']
    done = convert(*flags)
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout == f'{output}: 30 training digits and 10 test digits\n'
    digits = npz.read(output)
    for key, array in zip(npz.KEYS, (X_TRAIN, X_TEST, Y_TRAIN, Y_TEST), strict=True):
        np.testing.assert_array_equal(getattr(digits, key), array)

    output.write_bytes(b'mine')
    again = convert(*flags)
    assert again.returncode == 1
    assert (
        again.stderr == f'--output={output}: exists already; --overwrite replaces it\n'
    )
    assert output.read_bytes() == b'mine'
    assert convert(*flags, '--overwrite').returncode == 0
    np.testing.assert_array_equal(npz.read(output).y_test, Y_TEST)


def test_converter_refuses(tmp_path):
    data = corpus.write_data_set(tmp_path / 'data', 30, 10)
    output = tmp_path / 'x.npz'
    (data / corpus.TEST_LABELS).write_bytes(b'')
    for flags, said in (
        ([f'--input_dir={tmp_path / "none"}', f'--output={output}'], 'is missing'),
        ([f'--input_dir={data}', f'--output={output}'], 'empty'),
        ([f'--input_dir={data}', f'--output={data}'], 'expected the path of a file'),
        (['--inputdir=x'], 'inputdir'),
        (['x'], 'not a flag'),
    ):
        done = convert(*flags)
        assert done.returncode == 1
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not done.stdout
    assert not output.exists()


def test_lengths_are_compared_by_the_converter_too(tmp_path):
    data = corpus.write_data_set(tmp_path / 'data', 30, 10)
    idx.write_labels(data / corpus.TRAIN_LABELS, Y_TRAIN[:-1])
    done = convert(f'--input_dir={data}', f'--output={tmp_path / "x.npz"}')
    assert done.returncode == 1
    assert '30 images' in done.stderr
    assert '29 labels' in done.stderr


# Where it is looked for.


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder, in which no folder of the data is named."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(folders.DATA_DIR_ENV, raising=False)
    return tmp_path


def put(folder, seed):
    """Writes the lecture's file and returns its path from the current folder."""
    arrays = [*corpus.digits(30, seed), *corpus.digits(10, seed + 1)]
    digits = npz.Digits(arrays[0], arrays[2], arrays[1], arrays[3])
    folder.mkdir(exist_ok=True)
    npz.write(folder / npz.DEFAULT_PATH, digits)
    return os.path.relpath(folder / npz.DEFAULT_PATH)


def test_the_lectures_own_place_comes_before_the_folders_of_the_data(here):
    for number, name in enumerate(['.', 'MNIST_data', 'data']):
        put(here / name, number)
    for name in ['.', 'MNIST_data', 'data']:
        expected = os.path.relpath(here / name / npz.DEFAULT_PATH)
        assert os.path.normpath(npz.load()[1].directory) == expected
        os.remove(expected)


def test_four_files_come_before_an_npz_file_of_the_same_folder(here):
    put(here / 'data', 5)
    corpus.write_data_set(here / 'data', 30, 10)
    for arguments in ({}, {'data_dir': 'data'}):
        mnist, info = npz.load(**arguments)
        assert (info.kind, info.directory) == ('other', 'data')
        assert len(mnist['X_train']) == 30


def test_a_named_folder_may_hold_the_lectures_file(here):
    path = put(here / 'mine', 5)
    put(here / 'MNIST_data', 6)
    assert npz.load(data_dir='mine')[1].directory == path


def test_text_from_a_file_is_printed_as_one_short_line(path):
    names = ['\x1b[31m' + 'n' * 5000 + f'{number}.npy' for number in range(20)]
    path.write_bytes(corpus.zip_of({name: corpus.member(b'x') for name in names}))
    line = refusal(path)
    assert line.isprintable()
    assert len(line) < 2000


def test_searches_other_folders_if_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'data').mkdir()
    np.savez(tmp_path / 'data' / 'mnist_data.npz', **GOOD)
    path = os.path.join('data', 'mnist_data.npz')
    assert npz.load(data_dir='mine', search=True)[1].directory == path
