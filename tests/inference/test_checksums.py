"""A changed, missing or additional byte is seen, and sha256sum reads the same file."""

import hashlib
import shutil
import subprocess

from mnist_tut import errors
from mnist_tut.inference import checksums

import pytest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'variables').mkdir()
    (tmp_path / 'variables' / 'data').write_bytes(b'numbers')
    (tmp_path / 'saved_model.pb').write_bytes(b'a graph')
    checksums.write(tmp_path)
    return tmp_path


def test_unchanged_files_pass(folder):
    lines = (folder / 'SHA256SUMS').read_text().splitlines()
    digest = hashlib.sha256(b'a graph').hexdigest()
    assert lines[0] == f'{digest}  saved_model.pb'
    assert [line.split()[1] for line in lines] == ['saved_model.pb', 'variables/data']
    assert checksums.check(folder, 'saved_model.pb')


@pytest.mark.skipif(not shutil.which('sha256sum'), reason='no sha256sum here')
def test_sha256sum_reads_the_file(folder):
    command = ['sha256sum', '-c', '--strict', 'SHA256SUMS']
    assert subprocess.run(command, cwd=folder, capture_output=True).returncode == 0
    (folder / 'variables' / 'data').write_bytes(b'Numbers')
    assert subprocess.run(command, cwd=folder, capture_output=True).returncode == 1


def test_every_flipped_bit_is_seen(folder):
    for number in range(8 * len(b'a graph')):
        changed = bytearray(b'a graph')
        changed[number // 8] ^= 1 << number % 8
        (folder / 'saved_model.pb').write_bytes(changed)
        with pytest.raises(errors.RunError, match='not as it was written'):
            checksums.check(folder, 'saved_model.pb')


def test_a_missing_file_or_damaged_sums_are_one_line(folder):
    (folder / 'variables' / 'data').unlink()
    with pytest.raises(errors.DataError, match='data is missing'):
        checksums.check(folder, 'saved_model.pb')
    for content, reason in (('nonsense\n', 'damaged'), ('', 'no sum of saved_model')):
        (folder / 'SHA256SUMS').write_text(content)
        with pytest.raises(errors.RunError, match=reason) as caught:
            checksums.check(folder, 'saved_model.pb')
        assert '\n' not in str(caught.value)


def test_without_sums_there_is_nothing_to_compare(tmp_path):
    assert not checksums.check(tmp_path, 'saved_model.pb')
