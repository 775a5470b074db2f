"""Whatever a file holds, the readers return right arrays or raise DataError."""

import io
import tracemalloc
import zlib

from mnist_tut.data import idx, npz
from mnist_tut.errors import DataError
from tests.support import corpus

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

# A header is trusted with 64 MiB; above that, the data must be there first.
MAX_PEAK_BYTES = (1 << 26) + (8 << 20)

IMAGES, LABELS = corpus.digits(3)
READERS = {'images': (idx.read_images, IMAGES), 'labels': (idx.read_labels, LABELS)}

SETTINGS = hypothesis.settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)


def npz_bytes(save):
    stream = io.BytesIO()
    save(stream, X_train=IMAGES, X_test=IMAGES, y_train=LABELS, y_test=LABELS)
    return stream.getvalue()


@pytest.fixture(params=READERS)
def kind(request):
    return READERS[request.param]


def survive(read, source):
    """Returns the result of `read`, or None after a DataError; nothing else."""
    result, line = None, ''
    tracemalloc.start()
    try:
        result = read(source)
    except DataError as error:
        line = str(error)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert '\n' not in line
    assert peak < MAX_PEAK_BYTES
    return result


def edits(size):
    """Strategy for a few changes of a file: (place, bytes to cut, bytes to put)."""
    place = st.integers(0, size)
    cut = st.one_of(st.integers(0, 8), st.integers(0, size))
    return st.lists(st.tuples(place, cut, st.binary(max_size=8)), max_size=4)


def edited(data, changes):
    for place, cut, put in changes:
        data = data[:place] + put + data[place + cut :]
    return data


@SETTINGS
@hypothesis.given(data=st.binary(max_size=300), zipped=st.booleans())
def test_idx_of_any_bytes(kind, data, zipped):
    read, _ = kind
    assert survive(read, io.BytesIO(data)) is None or data[:1] == b'\0'
    if zipped:
        survive(read, io.BytesIO(corpus.packed(data)))


@SETTINGS
@hypothesis.given(
    sizes=st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3),
    right_size=st.booleans(),
    data=st.binary(max_size=2000),
    pack=st.sampled_from([bytes, corpus.packed]),
)
def test_idx_with_any_header(kind, sizes, right_size, data, pack):
    read, array = kind
    count, *item_shape = sizes
    if right_size:
        item_shape = [28, 28]
    if array is LABELS:
        content = corpus.header(corpus.LABEL_MAGIC, count)
    else:
        content = corpus.header(corpus.IMAGE_MAGIC, count, *item_shape)
    result = survive(read, io.BytesIO(pack(content + data)))
    assert result is None or result.tobytes() == data


@SETTINGS
@hypothesis.given(data=st.data())
def test_idx_after_a_few_changes(kind, data):
    read, array = kind
    good = corpus.plain(array)
    inside = edited(good, data.draw(edits(len(good))))
    result = survive(read, io.BytesIO(corpus.packed(inside)))
    if result is not None:
        assert corpus.plain(result) == inside
    outside = edited(corpus.packed(good), data.draw(edits(len(corpus.packed(good)))))
    result = survive(read, io.BytesIO(outside))
    if result is not None:
        np.testing.assert_array_equal(result, array)


@SETTINGS
@hypothesis.given(data=st.binary(max_size=300), begin=st.sampled_from([b'', b'PK']))
def test_npz_of_any_bytes(tmp_path, data, begin):
    (tmp_path / 'x.npz').write_bytes(begin + data)
    assert survive(npz.read, tmp_path / 'x.npz') is None


@SETTINGS
@hypothesis.given(data=st.data(), save=st.sampled_from([np.savez, np.savez_compressed]))
def test_npz_after_a_few_changes(tmp_path, data, save):
    good = npz_bytes(save)
    (tmp_path / 'x.npz').write_bytes(edited(good, data.draw(edits(len(good)))))
    result = survive(npz.read, tmp_path / 'x.npz')
    if result is not None:  # then the CRCs were right
        for array, wanted in zip(result, (IMAGES, IMAGES, LABELS, LABELS), strict=True):
            np.testing.assert_array_equal(array, wanted)


@SETTINGS
@hypothesis.given(
    text=st.one_of(
        st.binary(max_size=200),
        st.builds(
            '{{{!r}: {!r}, {!r}: {!r}, {!r}: {!r}}}'.format,
            st.sampled_from(['descr', 'x']),
            st.sampled_from(['|u1', '<f4', '|O', [('a', '|u1')], 'no', 3, None]),
            st.just('fortran_order'),
            st.sampled_from([True, False, 1, None]),
            st.just('shape'),
            st.one_of(
                st.tuples(st.integers(-5, 2**70)),
                st.tuples(st.integers(0, 2**40), st.just(28), st.just(28)),
                st.sampled_from([(), 3, None, (3.0,), ((3,),), (True,)]),
            ),
        ).map(str.encode),
    ),
    version=st.sampled_from([(1, 0), (2, 0), (3, 0), (0, 0)]),
    data=st.binary(max_size=50),
    claim=st.one_of(st.none(), st.integers(0, 2**32 - 1)),
    key=st.sampled_from(npz.KEYS),
)
def test_npz_with_any_header(tmp_path, text, version, data, claim, key):
    size = len(text).to_bytes(2 if version == (1, 0) else 4, 'little')
    content = b'\x93NUMPY' + bytes(version) + size + text + data
    stream, length, crc = corpus.member(content)
    members = {
        f'{name}.npy': corpus.member(corpus.npy(array))
        for name, array in zip(npz.KEYS, (IMAGES, IMAGES, LABELS, LABELS), strict=True)
    }
    members[f'{key}.npy'] = (stream, length if claim is None else claim, crc)
    (tmp_path / 'x.npz').write_bytes(corpus.zip_of(members))
    result = survive(npz.read, tmp_path / 'x.npz')
    if result is not None:
        assert getattr(result, key).tobytes() == data[: getattr(result, key).size]


@SETTINGS
@hypothesis.given(stream=st.binary(max_size=300), wrap=st.booleans())
def test_idx_of_any_deflate_stream(kind, stream, wrap):
    """Random bytes are seldom a gzip file; behind a good header they get further."""
    read, array = kind
    if wrap:
        start = corpus.plain(array)[: 20 if array is IMAGES else 9]
        deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        stream = deflate.compress(start) + deflate.flush(zlib.Z_FULL_FLUSH) + stream
    header = b'\x1f\x8b\x08' + bytes(7)
    assert survive(read, io.BytesIO(header + stream)) is None
