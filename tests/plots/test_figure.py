"""Files of figures."""

from mnist_tut import errors, plots

import pytest


def test_same_figure_gives_same_bytes(tmp_path):
    contents = []
    for folder in ('a', 'b'):
        ax = plots.loss_curve([3, 2, 1])
        path = plots.save(ax, tmp_path / 'new' / folder, 'loss.png')
        assert path == str(tmp_path / 'new' / folder / 'loss.png')
        with open(path, 'rb') as file:
            contents.append(file.read())
        assert [file.name for file in (tmp_path / 'new' / folder).iterdir()] == [
            'loss.png'
        ]
    assert contents[0] == contents[1]
    assert contents[0].startswith(b'\x89PNG')
    assert b'matplotlib' not in contents[0].lower()
    assert b'tIME' not in contents[0]


def test_save_that_cannot_write_says_so_in_one_line(tmp_path):
    (tmp_path / 'file').write_text('mine')
    with pytest.raises(errors.DataError, match='cannot be written') as caught:
        plots.save(plots.loss_curve([1]), tmp_path / 'file', 'loss.png')
    assert '\n' not in str(caught.value)
    assert (tmp_path / 'file').read_text() == 'mine'
