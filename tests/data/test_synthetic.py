"""The digits drawn by code: their pixels, their statistics, and their four files."""

import functools
import json
import os
import random
import subprocess
import sys
import time

from mnist_tut import errors
from mnist_tut.data import idx, locate, synthetic
from mnist_tut.data.pen import strokes
from tests.support.paths import ROOT

import numpy as np
import pytest

NAMES = [
    locate.TRAIN_IMAGES,
    locate.TRAIN_LABELS,
    locate.TEST_IMAGES,
    locate.TEST_LABELS,
]

# Of the first 10,000 training images of MNIST, by digit: mean ink, and mean width where
# darker than 127. The test below that needs the real files measures them again.
MNIST_INK = [
    0.1768,
    0.0784,
    0.1479,
    0.1427,
    0.1218,
    0.1244,
    0.1366,
    0.1161,
    0.1489,
    0.1247,
]
MNIST_WIDTH = [17.28, 8.54, 17.5, 15.66, 15.53, 17.52, 14.04, 15.08, 14.96, 13.33]


@pytest.fixture(scope='module', params=synthetic.STYLES)
def drawn(request):
    """(style, images, labels) of a set of 8,000."""
    images, labels, _, _ = synthetic.generate(request.param, 8000, 0)
    return request.param, images, labels


# The same bytes everywhere.


@pytest.mark.parametrize(
    'style', ['matched', pytest.param('wild', marks=pytest.mark.slow)]
)
def test_the_full_set_has_the_pinned_sums(style, monkeypatch):
    ridge, highest = strokes._ridge, []

    def watched(*arguments):
        height = ridge(*arguments)
        highest.append(height.max())
        assert (height == np.rint(height)).all()
        return height

    monkeypatch.setattr(strokes, '_ridge', watched)
    arrays = synthetic.generate(style)
    assert list(synthetic.SHA256[style]) == NAMES
    assert [idx.sha256(a) for a in arrays] == [*synthetic.SHA256[style].values()]
    # Above, float32 has gaps, and the order of additions would matter.
    assert 2**21 < max(highest) < 2**24

    images = np.concatenate([arrays[0], arrays[2]])
    assert images.any(axis=(1, 2)).all(), 'a blank image'
    assert len({image.tobytes() for image in images}) == 70000, 'a duplicate'
    for labels in arrays[1], arrays[3]:
        assert (np.bincount(labels) == len(labels) / 10).all()


PROGRAM = """
import json
from mnist_tut.data import idx, synthetic
from numpy.{core}._multiarray_umath import __cpu_features__
sums = [idx.sha256(synthetic.generate(s, 1500, 0)[0]) for s in synthetic.STYLES]
print(json.dumps([sums, [name for name, on in __cpu_features__.items() if on]]))
"""
CORE = '_core' if np.__version__ >= '2' else 'core'


def draw_with(**environment):
    result = subprocess.run(
        [sys.executable, '-c', PROGRAM.replace('{core}', CORE)],
        env=os.environ | environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    sums, features = json.loads(result.stdout)
    return sums, set(features)


@pytest.fixture(scope='module')
def plain():
    return [
        idx.sha256(synthetic.generate(style, 1500, 0)[0]) for style in synthetic.STYLES
    ]


@pytest.mark.parametrize('part', ['all', 'second half'])
def test_processor_features_change_no_byte(part, plain):
    if CORE == '_core':
        from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
    else:
        from numpy.core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    names = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
    off = names if part == 'all' else names[len(names) // 2 :]
    if not off:
        pytest.skip('NumPy has no other code for this processor')
    sums, features = draw_with(NPY_DISABLE_CPU_FEATURES=' '.join(off))
    assert not features & set(off)
    assert sums == plain


@pytest.mark.parametrize('kernel', ['Prescott', 'Nehalem', 'Haswell', 'NEOVERSEN1'])
def test_matrix_kernels_and_threads_change_no_byte(kernel, plain):
    # A kernel of another kind of processor is ignored by OpenBLAS.
    sums, _ = draw_with(OPENBLAS_CORETYPE=kernel, OPENBLAS_NUM_THREADS='1')
    assert sums == plain


def test_seed_split_and_style_name_the_set():
    sets = [
        synthetic.generate(style, 50, 50, seed)
        for style in synthetic.STYLES
        for seed in (1, 2)
    ]
    images = [images for one in sets for images in (one[0], one[2])]
    assert len({array.tobytes() for array in images}) == len(images)
    again = synthetic.generate('matched', 50, 50, 1)
    for first, second in zip(sets[0], again, strict=True):
        np.testing.assert_array_equal(first, second)


# What they look like.


def extent(has_ink):
    return 28 - has_ink.argmax(axis=1) - has_ink[:, ::-1].argmax(axis=1)


def center_of_mass(images):
    total = images.sum(axis=(1, 2))
    x = (images.sum(axis=1) * np.arange(28)).sum(axis=1) / total
    return x, (images.sum(axis=2) * np.arange(28)).sum(axis=1) / total


def slant_of(images):
    x, y = center_of_mass(images)
    dx, dy = np.arange(28) - x[:, None], np.arange(28) - y[:, None]
    mixed = (dy * (images * dx[:, None]).sum(axis=2)).sum(axis=1)
    return -mixed / (images.sum(axis=2) * dy * dy).sum(axis=1)


def test_digits_are_framed_as_mnist_frames_them(drawn):
    _, images, _ = drawn
    box = np.maximum(extent(images.any(axis=1)), extent(images.any(axis=2)))
    assert box.max() == 20
    assert (box == 20).mean() > 0.99
    assert (~images[:, 0].any(axis=1)).mean() > 0.999, 'ink in the top row'
    assert images[:, -1].any(axis=1).mean() < 0.03
    for mean in center_of_mass(images):
        assert (abs(mean - 14) <= 0.5 + 1e-9).mean() > 0.99


def test_statistics_are_near_those_of_mnist(drawn):
    _, images, labels = drawn
    inked, slant = images > 0, slant_of(images)
    assert 0.125 < images.mean() / 255 < 0.138  # MNIST: 0.132
    assert 0.180 < inked.mean() < 0.203  # 0.192
    assert 0.36 < (images >= 250).sum() / inked.sum() < 0.42  # 0.389
    assert 0.08 < slant.mean() < 0.16  # 0.12
    assert 0.25 < slant.std() < 0.34  # 0.28
    assert 19.2 < extent((images > 127).any(axis=2)).mean() < 19.9  # 19.6
    for digit in range(10):
        ink = images[labels == digit].mean() / 255
        assert ink == pytest.approx(MNIST_INK[digit], rel=0.10), digit


def test_widths_are_near_those_of_mnist():
    images, labels, _, _ = synthetic.generate('matched', 8000, 0)
    width = extent((images > 127).any(axis=1))
    for digit in range(10):
        mean = width[labels == digit].mean()
        assert mean == pytest.approx(MNIST_WIDTH[digit], rel=0.10), digit


@pytest.mark.mnist
def test_the_constants_are_the_statistics_of_mnist(mnist_dir):
    images = idx.read_images(mnist_dir / locate.TRAIN_IMAGES)[:10000]
    labels = idx.read_labels(mnist_dir / locate.TRAIN_LABELS)[:10000]
    width = extent((images > 127).any(axis=1))
    for digit in range(10):
        ink = images[labels == digit].mean() / 255
        assert ink == pytest.approx(MNIST_INK[digit], abs=1e-4)
        mean = width[labels == digit].mean()
        assert mean == pytest.approx(MNIST_WIDTH[digit], abs=0.01)


def test_softmax_regression_finds_them_as_hard_as_mnist():
    """The first lesson in NumPy: 1,000 steps of 100 images, rate 0.5."""
    images, labels, test_images, test_labels = synthetic.generate(
        'matched', 40000, 5000
    )
    x, y = (
        images.reshape(-1, 784) / np.float32(255),
        np.eye(10, dtype=np.float32)[labels],
    )
    W, b = np.zeros((784, 10), np.float32), np.zeros(10, np.float32)
    for step in range(1000):
        batch = slice(step * 100 % len(x), step * 100 % len(x) + 100)
        scores = np.exp(x[batch] @ W + b)
        error = (scores / scores.sum(axis=1, keepdims=True) - y[batch]) / 100
        W -= 0.5 * x[batch].T @ error
        b -= 0.5 * error.sum(axis=0)
    predictions = (test_images.reshape(-1, 784) / np.float32(255) @ W + b).argmax(
        axis=1
    )
    assert 0.90 < (predictions == test_labels).mean() < 0.94


# The four files.


@pytest.fixture
def small(monkeypatch):
    """Sets of 600 + 100 digits instead of 60,000 + 10,000."""
    fewer = functools.partial(synthetic.generate, num_train=600, num_test=100)
    sums = {
        style: dict(zip(NAMES, map(idx.sha256, fewer(style)), strict=True))
        for style in synthetic.STYLES
    }
    monkeypatch.setattr(synthetic, 'generate', fewer)
    monkeypatch.setattr(synthetic, 'SHA256', sums)


def holds(folder, name, style='matched'):
    """Returns whether the file is there and right."""
    try:
        array = idx.reader_for(name)(folder / name)
    except errors.DataError:
        return False
    return idx.sha256(array) == synthetic.SHA256[style][name]


@pytest.mark.parametrize('style', synthetic.STYLES)
def test_write_makes_the_four_files_and_a_note(style, tmp_path, small):
    folder = tmp_path / 'new' / style
    assert synthetic.read_marker(folder) is None
    synthetic.write(folder, style)
    assert sorted(os.listdir(folder)) == sorted([*NAMES, 'SYNTHETIC.txt'])
    assert synthetic.read_marker(folder) == style
    assert all(holds(folder, name, style) for name in NAMES)
    assert (folder / NAMES[0]).read_bytes()[4:8] == bytes(4), 'a time in the file'
    note = (folder / 'SYNTHETIC.txt').read_text()
    assert 'not the digits of MNIST' in note
    for line in [f'style: {style}', 'version: 1', 'seed: 1998']:
        assert line in note.splitlines()
    for name, sum_ in synthetic.SHA256[style].items():
        assert f'{sum_}  {name}' in note.splitlines()


def test_write_again_writes_nothing(tmp_path, small, monkeypatch):
    synthetic.write(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    monkeypatch.setattr(synthetic, 'generate', None)
    synthetic.write(tmp_path)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}


@pytest.mark.parametrize('damage', ['flip', 'cut', 'remove', 'other version'])
def test_write_mends_its_own_set(damage, tmp_path, small):
    synthetic.write(tmp_path)
    path = tmp_path / NAMES[2]
    data = bytearray(path.read_bytes())
    if damage == 'flip':
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif damage == 'cut':
        path.write_bytes(data[:-100])
    elif damage == 'remove':
        path.unlink()
    else:
        synthetic.write(tmp_path, 'wild')
        note = tmp_path / 'SYNTHETIC.txt'
        note.write_text(note.read_text().replace('version: 1', 'version: 0'))
        assert synthetic.read_marker(tmp_path) is None
    synthetic.write(tmp_path)
    assert all(holds(tmp_path, name) for name in NAMES)
    assert synthetic.read_marker(tmp_path) == 'matched'


def test_write_never_overwrites_the_files_of_others(tmp_path, small):
    path = tmp_path / NAMES[1]
    path.write_bytes(b'mine')
    with pytest.raises(errors.DataError, match=r'labels-idx1-ubyte\.gz is in the way'):
        synthetic.write(tmp_path)
    assert os.listdir(tmp_path) == [NAMES[1]]
    assert path.read_bytes() == b'mine'


@pytest.mark.parametrize('content', ['text', 'images', 'damaged'])
def test_write_keeps_what_was_put_in_place_of_a_drawn_file(
    content, tmp_path, small, capsys
):
    synthetic.write(tmp_path)
    path = tmp_path / NAMES[0]
    if content == 'text':
        path.write_bytes(b'mine')
    elif content == 'images':
        idx.write_images(path, idx.read_images(path)[:7])
    else:
        path.write_bytes(path.read_bytes()[:-9])
    mine = path.read_bytes()
    (tmp_path / f'{NAMES[0]}.bad').write_bytes(b'an older one')
    synthetic.write(tmp_path)
    assert holds(tmp_path, NAMES[0])
    assert (tmp_path / f'{NAMES[0]}.bad').read_bytes() == b'an older one'
    assert (tmp_path / f'{NAMES[0]}.bad1').read_bytes() == mine
    assert capsys.readouterr().err == (
        f'{path} is not as it was drawn: kept as {path}.bad1\n'
    )


def test_write_keeps_no_copy_of_what_another_version_drew(tmp_path, small):
    synthetic.write(tmp_path, 'wild')
    synthetic.write(tmp_path, 'matched')
    assert sorted(os.listdir(tmp_path)) == sorted([*NAMES, 'SYNTHETIC.txt'])


@pytest.mark.parametrize('name', ['SYNTHETIC.txt', NAMES[0]])
@pytest.mark.parametrize('kind', ['link', 'folder'])
def test_write_replaces_nothing_but_files(kind, name, tmp_path, small):
    folder = tmp_path / 'drawn'
    synthetic.write(folder)
    path, target = folder / name, tmp_path / 'target'
    path.unlink()
    (folder / NAMES[1]).unlink()  # so that there is something to write
    if kind == 'link':
        target.write_bytes(b'mine')
        path.symlink_to(target)
    else:
        path.mkdir()
    before = sorted(os.listdir(folder))
    with pytest.raises(errors.DataError, match='is in the way'):
        synthetic.write(folder)
    assert sorted(os.listdir(folder)) == before
    assert kind == 'folder' or target.read_bytes() == b'mine'


def test_write_replaces_no_note_of_others(tmp_path, small):
    (tmp_path / 'SYNTHETIC.txt').write_text('my own notes')
    with pytest.raises(errors.DataError, match=r'SYNTHETIC\.txt is in the way'):
        synthetic.write(tmp_path)
    assert (tmp_path / 'SYNTHETIC.txt').read_text() == 'my own notes'


def test_a_folder_that_cannot_be_made_is_named(tmp_path, small):
    (tmp_path / 'file').write_text('')
    with pytest.raises(
        errors.DataError, match=r'file/new.*cannot be written: Not a dir'
    ):
        synthetic.write(tmp_path / 'file' / 'new')


def test_a_full_disk_keeps_nothing(tmp_path, small, full_disk):
    with pytest.raises(errors.DataError, match='cannot be written: No space') as caught:
        synthetic.write(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_an_unknown_style_is_refused(tmp_path):
    for call in (synthetic.generate, lambda style: synthetic.write(tmp_path, style)):
        with pytest.raises(errors.UserError, match=r"'neat' of .* matched or wild"):
            call('neat')
    assert os.listdir(tmp_path) == []


def test_a_pipe_is_not_taken_for_the_note(tmp_path):
    os.mkfifo(tmp_path / 'SYNTHETIC.txt')
    assert synthetic.read_marker(tmp_path) is None


WRITER = """
import functools, json, sys
from mnist_tut.data import synthetic
synthetic.SHA256 = json.loads(sys.argv[2])
synthetic.generate = functools.partial(
    synthetic.generate, num_train=600, num_test=100
)
print('ready', flush=True)
synthetic.write(sys.argv[1])
"""


def start(folder):
    return subprocess.Popen(
        [sys.executable, '-c', WRITER, str(folder), json.dumps(synthetic.SHA256)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )


def test_eight_processes_can_write_at_once(tmp_path, small):
    writers = [start(tmp_path / 'new') for _ in range(8)]
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0] * 8
    assert sorted(os.listdir(tmp_path / 'new')) == sorted([*NAMES, 'SYNTHETIC.txt'])
    assert all(holds(tmp_path / 'new', name) for name in NAMES)


def test_killed_writers_leave_nothing_in_the_way_of_a_good_one(tmp_path, small):
    moments = random.Random(3)
    for _ in range(8):
        with start(tmp_path) as writer:
            assert writer.stdout.readline() == b'ready\n'
            time.sleep(moments.uniform(0, 0.1))
            writer.kill()
        left = os.listdir(tmp_path)
        assert len([name for name in left if name.endswith('.part')]) <= 1
        assert all(holds(tmp_path, name) for name in NAMES if name in left)
        if 'SYNTHETIC.txt' in left:
            assert set(NAMES) < set(left)
            (tmp_path / 'SYNTHETIC.txt').unlink()
        elif left:
            (tmp_path / moments.choice(left)).unlink()
    synthetic.write(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([*NAMES, 'SYNTHETIC.txt'])


def test_the_report_is_of_these_digits(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / 'scripts' / 'maintain')
    import synthetic_report

    stored = json.loads(synthetic_report.STORE.read_text())
    assert stored['sums'] == {
        style: [*synthetic.SHA256[style].values()] for style in synthetic.STYLES
    }
    report = '\n'.join(synthetic_report.report(stored))
    assert report in synthetic_report.DOCUMENT.read_text()
    assert synthetic_report.PICTURE.is_file()
