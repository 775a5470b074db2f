"""The contact sheet shows every picture, its digits and the answer."""

from mnist_tut.inference import contact_sheet

import numpy as np
import pytest
from PIL import Image


def answer(path, *digits, certainty=0.99):
    probabilities = np.full([len(digits), 10], (1 - certainty) / 9, np.float32)
    probabilities[range(len(digits)), digits] = certainty
    return contact_sheet.Answer(
        str(path), np.full([len(digits), 28, 28], 200, np.uint8), probabilities
    )


def test_an_answer_is_a_number_with_the_certainty_of_each_digit():
    row = answer('x.png', 4, 7, 1)
    assert row.number == '471'
    assert row.certainties == '99.0 99.0 99.0 %'


@pytest.mark.parametrize(('width', 'is_wide'), [(12, False), (20, True), (0, False)])
def test_two_digits_that_touch_look_wider_than_one(width, is_wide):
    digit = np.zeros([1, 28, 28], np.uint8)
    digit[0, 8:20, 4 : 4 + width] = 255
    answer = contact_sheet.Answer('a.png', digit, np.eye(10)[:1])
    assert answer.has_wide_digit == is_wide


def test_digits_are_enlarged_side_by_side():
    one = contact_sheet.enlarge(np.zeros([1, 28, 28], np.uint8), 10)
    assert one.size == (280, 280)
    three = contact_sheet.enlarge(np.zeros([3, 28, 28], np.uint8), 10)
    assert three.size == (3 * 280 + 2 * 10, 280)


def test_every_kind_of_picture_is_on_the_sheet(tmp_path):
    answers = []
    for mode, color in {
        'L': 'red', 'RGB': (255, 0, 0), 'CMYK': (0, 255, 255, 0), 'P': 1, '1': 0,
        'I;16': 0, 'F': 0.0, 'RGBA': (255, 0, 0, 255), 'LA': (0, 255),
    }.items():  # fmt: skip
        path = tmp_path / f'{mode[0]}{len(answers)}.tiff'
        if mode == 'L':
            color = 0
        picture = Image.new(mode, (90, 60), color)
        if mode == 'P':
            picture.putpalette([0, 0, 0, 255, 0, 0])
        path = path.with_suffix('.png' if mode in ('P', 'LA', 'RGBA') else '.tiff')
        picture.save(path)
        answers.append(answer(path, 3, 5, certainty=0.5 if mode == 'L' else 0.9))
    sheet = np.asarray(contact_sheet.draw(answers))
    cells = sheet.reshape(2, sheet.shape[0] // 2, 6, -1, 3).swapaxes(1, 2)
    for index, (row, column) in enumerate(np.ndindex(2, 6)):
        # What is not white: the picture, at least.
        assert ((cells[row, column] < 250).any(-1).sum() > 2000) == (index < 9)
    red = (sheet[..., 0] > 170) & (sheet[..., 1:] < 60).all(-1)
    assert red[: sheet.shape[0] // 2, : sheet.shape[1] // 6].any()  # a doubtful answer


def test_a_large_sheet_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(contact_sheet, 'MAX_PICTURES', 2)
    Image.new('L', (5, 5)).save(tmp_path / 'a.png')
    sheet = contact_sheet.draw([answer(tmp_path / 'a.png', 1)] * 5)
    assert sheet.size == contact_sheet.draw([answer(tmp_path / 'a.png', 1)] * 2).size
