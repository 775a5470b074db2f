"""Small data files, good and bad, made from a seed; none is stored."""

import gzip
import io
import pathlib
import struct
import subprocess
import sys
import zlib

from mnist_tut.data import download, idx, synthetic
from tests.support.paths import ROOT

import numpy as np

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = (
    file.name for file in download.FILES
)
IMAGE_MAGIC, LABEL_MAGIC = 2051, 2049
# Of write_drawn_digits; 5,000 of the training digits go to the validation set.
NUM_TRAIN, NUM_TEST = 5_300, 230


def digits(num, seed=0):
    """Returns uint8 images [num, 28, 28] and labels [num]: noise that one can learn.

    The label is written into the picture as a white row, so that a model which is
    trained on them gets somewhere.
    """
    random = np.random.RandomState(seed)
    labels = random.randint(0, 10, num).astype(np.uint8)
    images = random.randint(0, 100, (num, 28, 28)).astype(np.uint8)
    images[np.arange(num), 4 + 2 * labels] = 255
    return images, labels


def write_files(directory, train_images, train_labels, test_images, test_labels):
    """Writes the four files into a new folder; returns the arrays by name."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    arrays = {
        TRAIN_IMAGES: train_images,
        TRAIN_LABELS: train_labels,
        TEST_IMAGES: test_images,
        TEST_LABELS: test_labels,
    }
    for name, array in arrays.items():
        write = idx.write_images if 'images' in name else idx.write_labels
        write(directory / name, array)
    return arrays


def write_data_set(directory, num_train=600, num_test=100, seed=0):
    """Writes four files of `digits`; returns the folder as a Path."""
    write_files(directory, *digits(num_train, seed), *digits(num_test, seed + 1))
    return pathlib.Path(directory)


def write_drawn_digits(directory):
    """Writes so few drawn digits that a lesson trains on them in seconds."""
    arrays = synthetic.generate(num_train=NUM_TRAIN, num_test=NUM_TEST)
    write_files(directory, *arrays)
    return pathlib.Path(directory)


def header(magic, *sizes):
    """Returns the header of an IDX file, whether it makes sense or not."""
    return struct.pack(f'>{1 + len(sizes)}I', magic, *sizes)


def plain(array):
    """Returns the bytes of a good IDX file before compression."""
    magic = IMAGE_MAGIC if array.ndim == 3 else LABEL_MAGIC
    return header(magic, *array.shape) + array.tobytes()


def packed(data):
    """Returns `data` gzip-compressed, without name and time."""
    return gzip.compress(data, mtime=0)


def deflated_zeros(start, num_zeros):
    """Returns a raw deflate stream of `start` and many zeros, made in an instant.

    A block that ends in a full flush does not depend on what is before it, so a few
    kilobytes that stand for 16 MB of zeros can be repeated.
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    stream = deflate.compress(start) + deflate.flush(zlib.Z_FULL_FLUSH)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = deflate.compress(bytes(1 << 24)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return stream + block * (num_zeros >> 24) + b'\x03\x00'


def bomb(start, num_zeros):
    """Returns a gzip file of `start` and so many zeros (its CRC is never reached)."""
    stream = deflated_zeros(start, num_zeros)
    size = (len(start) + num_zeros) % 2**32
    return b'\x1f\x8b\x08' + bytes(6) + b'\xff' + stream + struct.pack('<II', 0, size)


def npy(array):
    """Returns the bytes of a .npy file."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def npy_header(dtype, shape):
    """Returns the beginning of a .npy file, whether its data could exist or not."""
    stream = io.BytesIO()
    content = {'descr': dtype, 'fortran_order': False, 'shape': shape}
    np.lib.format.write_array_header_1_0(stream, content)
    return stream.getvalue()


def zip_of(members, flags=0):
    """Returns a zip file of raw deflate streams, with whatever sizes are claimed.

    Args:
        members: From file name to (deflate stream, claimed size, claimed CRC).
        flags: General purpose bits; 1 is for encrypted.
    """
    body, directory = b'', b''
    for name, (stream, size, crc) in members.items():
        common = struct.pack(
            '<HHHHHIIIHH',
            *(20, flags, 8, 0, 33, crc, len(stream), size, len(name), 0),
        )
        directory += b'PK\x01\x02' + struct.pack('<H', 20) + common
        directory += struct.pack('<HHHII', 0, 0, 0, 0, len(body)) + name.encode()
        body += b'PK\x03\x04' + common + name.encode() + stream
    end = struct.pack(
        '<HHHHIIH', 0, 0, len(members), len(members), len(directory), len(body), 0
    )
    return body + directory + b'PK\x05\x06' + end


def member(data):
    """Returns (deflate stream, size, CRC) of honest data, for `zip_of`."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    stream = deflate.compress(data) + deflate.flush()
    return stream, len(data), zlib.crc32(data)


PEAK = """
def peak_bytes():
    import resource, sys
    try:
        with open('/proc/self/status') as status:
            line = next(line for line in status if line.startswith('VmHWM'))
        return int(line.split()[1]) * 1024
    except FileNotFoundError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == 'darwin' else peak * 1024
"""


def run_python(code, *args):
    """Runs code in a new Python, which can call peak_bytes(); returns its stdout."""
    code = f'import sys; sys.path.insert(0, {str(ROOT)!r})\n{PEAK}\n{code}'
    command = [sys.executable, '-c', code, *map(str, args)]
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, encoding='utf-8'
    ).stdout
