"""Which pictures are read, and that no file of the user's is overwritten."""

import os

from mnist_tut import errors
from mnist_tut.inference import pictures

import pytest
from PIL import Image


def save(path, **settings):
    path.parent.mkdir(exist_ok=True)
    Image.new('L', (8, 8)).save(path, **settings)
    return path


def test_a_folder_stands_for_its_pictures(tmp_path):
    for name in ('b.png', 'a.jpg', 'c.tiff', 'd.webp', 'e.gif', 'f.bmp', '.hidden.png'):
        save(tmp_path / name)
    save(tmp_path / 'below' / 'g.png')
    (tmp_path / 'notes.txt').write_text('no picture')
    pictures.write(str(tmp_path / 'a-seen.png'), Image.new('L', (8, 8)))
    (tmp_path / 'link.png').symlink_to('nowhere')
    single = save(tmp_path / 'single' / 'x.png')
    found, notes = pictures.find([str(single), str(tmp_path), str(single)])
    assert [os.path.basename(path) for path in found] == [
        'x.png', 'a.jpg', 'b.png', 'c.tiff', 'd.webp', 'e.gif', 'f.bmp'
    ]  # fmt: skip
    assert notes == [
        f'{tmp_path}: skipped what is no picture or was written by predict: '
        'a-seen.png, below, link.png and 2 more'
    ]


def test_a_folder_without_pictures_is_one_line(tmp_path):
    with pytest.raises(errors.DataError, match='holds no picture'):
        pictures.find([str(tmp_path)])


def test_each_picture_gets_a_name_of_its_own():
    paths = ['a/1.png', 'b/1.jpg', 'c/1-seen.png', 'd/1.PNG', 'e/2.png', 'E/2.PNG']
    seen, sheet = pictures.targets('out', paths)
    assert len({path.casefold() for path in seen}) == len(paths)
    assert seen[:2] == [os.path.join('out', n) for n in ('1-seen.png', '1-seen-2.png')]
    assert sheet == os.path.join('out', 'contact-sheet.png')
    assert pictures.targets('sheet.png', paths) == ([], 'sheet.png')
    assert pictures.targets('seen.png', paths[:1]) == (['seen.png'], None)


def test_only_what_predict_wrote_is_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / 'a.png')
    save(tmp_path / 'b.png')
    ours = tmp_path / 'a-seen.png'
    pictures.write(str(ours), Image.new('L', (8, 8)))
    assert pictures.targets('.', ['a.png', 'b.png'])
    assert pictures.targets('a-seen.png', ['a.png'])
    (tmp_path / 'folder.png').mkdir()
    os.link(ours, tmp_path / 'hard.png')
    os.symlink(ours, tmp_path / 'link.png')
    os.symlink('nowhere', tmp_path / 'dangling.png')
    (tmp_path / 'text.png').write_text('no picture')
    for show, inputs, reason in [
        ('b.png', ['a.png'], 'not a picture that predict wrote'),
        ('a.png', ['a.png'], 'one of the pictures to read'),
        ('a-seen.png', ['a-seen.png'], 'one of the pictures to read'),
        ('.', ['a.png', 'a-seen.png'], 'one of the pictures to read'),
        ('hard.png', ['a-seen.png'], 'one of the pictures to read'),
        ('link.png', ['a.png'], 'not a picture that predict wrote'),
        ('dangling.png', ['a.png'], 'not a picture that predict wrote'),
        ('folder.png', ['a.png'], 'not a picture that predict wrote'),
        ('text.png', ['a.png'], 'not a picture that predict wrote'),
    ]:
        with pytest.raises(errors.FlagError, match=reason) as caught:
            pictures.targets(show, inputs)
        assert '\n' not in str(caught.value)
