"""Photos and drawings: whatever the paper, pen and file, the same digit comes out."""

import io
import itertools
import os
import struct
import zlib

from mnist_tut import errors
from mnist_tut.data import idx, locate
from mnist_tut.inference.image import from_gray, read
from tests.support.pictures import BODY, draw, put_on_paper

import numpy as np
import pytest
from PIL import Image


def as_image(gray):
    return Image.fromarray(np.rint(255 * np.asarray(gray)).astype(np.uint8))


def save_and_read(image, tmp_path, kind='PNG', **settings):
    path = tmp_path / 'picture'
    image.save(path, kind, **settings)
    [digit] = read(path)
    return digit


def difference(one, other):
    """Returns how much ink is elsewhere, as a part of all ink.

    Rounding moves a digit by up to a pixel and its edges by a part of one; that is no
    difference.
    """
    shifts = list(itertools.product((-1, 0, 1), repeat=2))

    def moved(image):
        return [np.roll(image.astype(float), shift, (0, 1)) for shift in shifts]

    blurred = np.mean(moved(other), axis=0)
    candidates = moved(np.mean(moved(one), axis=0))
    return min(np.abs(image - blurred).sum() for image in candidates) / blurred.sum()


@pytest.fixture(scope='module')
def plain():
    return from_gray(put_on_paper(draw()))


def test_is_framed_as_mnist(plain):
    assert plain.shape == (28, 28)
    assert plain.dtype == np.uint8
    rows, columns = (np.flatnonzero(plain.max(axis)) for axis in (1, 0))
    assert 19 <= rows[-1] - rows[0] + 1 <= 20
    assert columns[-1] - columns[0] + 1 == pytest.approx(20 * 45 / 79, abs=1.5)
    for axis in (0, 1):
        ink = plain.sum(axis)
        assert (ink * np.arange(28)).sum() / ink.sum() == pytest.approx(14, abs=0.5)
    assert plain.max() > 250
    assert (plain == 0).mean() > 0.6


def rng():
    return np.random.default_rng(0)


def slope(size):
    return np.linspace(0.35, 1, size)[:, None] * np.ones(size)


def half_in_shadow(size):
    light = np.full((size, size), 0.95)
    light[:, size // 2 :] = 0.45
    return light


def on_ruled_paper(size):
    paper = np.full((size, size), 0.95)
    paper[10::20] = 0.75
    return put_on_paper(draw(size, frame=0.7), paper)


def on_a_table(size):
    gray = put_on_paper(draw(size, frame=0.6))
    gray[: size // 12] = gray[:, : size // 12] = 0.12
    return gray


def with_specks(size):
    ink = draw(size, frame=0.7)
    ink[5:9, 5:9] = ink[size // 2 : size // 2 + 3, 20:23] = 1
    return put_on_paper(ink)


@pytest.mark.parametrize(
    'gray',
    [
        1 - put_on_paper(draw()),
        put_on_paper(draw(), paper=1, pen=0),
        put_on_paper(draw(), paper=0.6, pen=0.6),
        put_on_paper(draw(), slope(300)),
        put_on_paper(draw(frame=0.6), half_in_shadow(300)),
        put_on_paper(draw()) + rng().normal(scale=0.03, size=(300, 300)),
        put_on_paper(draw(size=60)),
        put_on_paper(draw(frame=0.25, size=700))[:500, 100:],
        on_ruled_paper(300),
        on_a_table(300),
        with_specks(300),
    ],
    ids=[
        'light on dark', 'black on white', 'pale', 'slope', 'shadow', 'noise', 'tiny',
        'small in a corner', 'ruled', 'table', 'specks',
    ],
)  # fmt: skip
def test_paper_and_light_do_not_matter(gray, plain):
    assert difference(from_gray(gray), plain) < 0.12


def test_detached_bar_is_part_of_the_digit():
    apart = draw(points=BODY[1:]) + draw(points=[(41, 10), (66, 8)])
    seen = from_gray(put_on_paper(apart.clip(0, 1)))
    without = from_gray(put_on_paper(draw(points=BODY[1:])))
    assert seen[:8, 16:].sum() > 5 * 255
    assert difference(seen, without) > 0.2


def test_thin_pen_is_no_shade_of_gray(plain):
    thin = from_gray(put_on_paper(draw(size=400, pen=0.8)))
    assert thin.max() > 200
    assert thin.sum() > 0.4 * plain.sum()


def test_real_digits_stay_what_they_are(mnist_dir):
    images = idx.read_images(mnist_dir / locate.TEST_IMAGES)[:100]
    again = [from_gray(image / 255) for image in images]
    differences = [difference(*pair) for pair in zip(again, images, strict=True)]
    assert np.median(differences) < 0.02
    assert np.mean(np.array(differences) < 0.1) > 0.95


def transparent(ink):
    """Black ink on nothing."""
    alpha = as_image(ink)
    return Image.merge('LA', [Image.new('L', alpha.size, 0), alpha])


def white_on_transparent(ink):
    alpha = as_image(ink)
    return Image.merge('LA', [Image.new('L', alpha.size, 255), alpha]).convert('RGBA')


def sticker(ink):
    """White paper with transparent corners."""
    gray = as_image(put_on_paper(ink))
    alpha = Image.new('L', gray.size, 255)
    alpha.paste(0, (0, 0, 30, 30))
    return Image.merge('LA', [gray, alpha])


def sixteen_bits(ink):
    return Image.fromarray(np.rint(65535 * put_on_paper(ink)).astype(np.uint16))


def palette(ink):
    return as_image(put_on_paper(ink)).convert('RGB').quantize(16)


def yellow_pen(ink):
    colors = np.array([1, 1, 1]) * (1 - ink[..., None]) + ink[..., None] * [1, 0.9, 0]
    return as_image(colors)


@pytest.mark.parametrize(
    ('image', 'kind'),
    [
        (transparent, 'PNG'),
        (white_on_transparent, 'PNG'),
        (sticker, 'PNG'),
        (sixteen_bits, 'PNG'),
        (palette, 'PNG'),
        (yellow_pen, 'PNG'),
        (lambda ink: as_image(put_on_paper(ink)).convert('1'), 'PNG'),
        (lambda ink: as_image(put_on_paper(ink)), 'JPEG'),
        (lambda ink: as_image(put_on_paper(ink)).convert('CMYK'), 'JPEG'),
        (yellow_pen, 'JPEG'),
    ],
)
def test_every_kind_of_file_will_do(image, kind, plain, tmp_path):
    assert difference(save_and_read(image(draw()), tmp_path, kind), plain) < 0.12


def test_photo_is_rotated_by_its_exif_orientation(plain, tmp_path):
    exif = Image.Exif()
    exif[0x112] = 6  # to be turned by a quarter, clockwise
    turned = as_image(put_on_paper(draw())).rotate(90)
    for kind in ('JPEG', 'PNG'):
        assert (
            difference(save_and_read(turned, tmp_path, kind, exif=exif), plain) < 0.05
        )


def test_large_photo_is_read(plain, tmp_path):
    large = as_image(put_on_paper(draw())).resize((4000, 4000))
    assert difference(save_and_read(large, tmp_path, 'JPEG'), plain) < 0.05


def png(width, height):
    """Returns the header of a PNG file, without data."""

    def chunk(name, content):
        checksum = struct.pack('>I', zlib.crc32(name + content))
        return struct.pack('>I', len(content)) + name + content + checksum

    header = struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(b'\0' * 100)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', data)


def encoded(gray, kind='PNG'):
    file = io.BytesIO()
    as_image(gray).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'', 'not a picture that Pillow reads'),
        (b'<html>404</html>', 'not a picture that Pillow reads'),
        (encoded(put_on_paper(draw()))[:600], 'cannot be read: '),
        (encoded(put_on_paper(draw()), 'JPEG')[:900], 'cannot be read: '),
        (png(50_000, 50_000), 'more than 89,478,485 pixels'),
        (png(10_000, 10_000), 'more than 89,478,485 pixels'),
        (encoded(np.full((300, 200), 0.8)), 'no ink in it'),
        (encoded(np.zeros((1, 1))), 'no ink in it'),
        (encoded(0.8 + rng().normal(scale=0.02, size=(200, 200))), 'no ink in it'),
        (encoded(0.6 + 0.4 * slope(200)), 'no ink in it'),
    ],
    ids=[
        'empty', 'HTML', 'cut PNG', 'cut JPEG', 'bomb', 'small bomb', 'blank',
        'pixel', 'noise', 'slope',
    ],
)  # fmt: skip
def test_a_file_without_a_digit_gets_one_line(content, reason, tmp_path):
    path = tmp_path / 'a\nb.png'
    path.write_bytes(content)
    with pytest.raises(errors.DataError) as caught:
        read(path)
    assert str(caught.value).startswith(errors.printable(path))
    assert reason in str(caught.value)
    assert '\n' not in str(caught.value)


def test_a_path_without_a_file_gets_one_line(tmp_path):
    paths = {'is a folder': tmp_path, 'is missing': tmp_path / 'none.png'}
    if hasattr(os, 'mkfifo'):
        os.mkfifo(tmp_path / 'pipe')
        paths['is a pipe'] = tmp_path / 'pipe'
    for reason, path in paths.items():
        with pytest.raises(errors.DataError, match=reason) as caught:
            read(path)
        assert '\n' not in str(caught.value)


@pytest.mark.parametrize('kind', ['PNG', 'JPEG'])
def test_damaged_files_are_read_or_refused(kind, tmp_path):
    whole = encoded(put_on_paper(draw(size=60)), kind)
    path = tmp_path / 'picture'
    generator = rng()
    refused = 0
    for _ in range(150):
        damaged = bytearray(whole[: generator.integers(len(whole) // 2, len(whole))])
        damaged[generator.integers(len(damaged))] ^= 1 << generator.integers(8)
        path.write_bytes(damaged)
        try:
            assert read(path).shape[1:] == (28, 28)
        except errors.DataError:
            refused += 1
    assert refused > 100
