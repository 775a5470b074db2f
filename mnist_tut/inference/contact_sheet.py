"""Draws a contact sheet: many pictures, what the network was given, and its answers."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from mnist_tut import errors
from mnist_tut.inference import image

import numpy as np
from PIL import Image, ImageDraw, ImageFont

MAX_PICTURES = 400  # 60 million pixels

# Pixels.
_WIDTH, _PICTURE_HEIGHT, _DIGIT_SIDE, _MARGIN = 240, 180, 56, 12
_TEXT_SIZES = {'answer': 30, 'small': 15}
_LINE = 22
_HEIGHT = _PICTURE_HEIGHT + _DIGIT_SIDE + _TEXT_SIZES['answer'] + _LINE + 5 * _MARGIN
_MOST_COLUMNS = 6
_WIDE = 1.3  # times as wide as tall, which few single digits are
_DOUBTFUL = 0.8  # answers with less than this probability are red


class Answer(NamedTuple):
    """What was found in one picture.

    Attributes:
        path: Of the picture.
        digits: uint8 [N, 28, 28], what the network was given, from left to right.
        probabilities: float32 [N, 10].
    """

    path: str
    digits: np.ndarray
    probabilities: np.ndarray

    @property
    def number(self) -> str:
        """The predicted digits, from left to right."""
        return ''.join(str(digit) for digit in self.probabilities.argmax(axis=1))

    @property
    def has_wide_digit(self) -> bool:
        """Whether a digit is so wide that it may be two that touch."""
        return any(_aspect(digit) > _WIDE for digit in self.digits)

    @property
    def certainties(self) -> str:
        """The probability of each predicted digit, in percent."""
        most = 100 * self.probabilities.max(axis=1)
        return ' '.join(f'{percentage:.1f}' for percentage in most) + ' %'


def _aspect(digit: np.ndarray) -> float:
    """Returns how many times as wide as tall what is in an image is."""
    is_ink = digit > 80
    columns, rows = np.flatnonzero(is_ink.any(0)), np.flatnonzero(is_ink.any(1))
    return float((np.ptp(columns) + 1) / (np.ptp(rows) + 1)) if len(rows) else 0.0


def enlarge(digits: np.ndarray, factor: int) -> Image.Image:
    """Returns digits side by side, uint8 [N, 28, 28], each pixel `factor` wide."""
    lines = np.full([len(digits), digits.shape[1], 1], 96, np.uint8)
    row = np.hstack(list(np.concatenate([digits, lines], axis=2)))[:, :-1]
    size = (factor * row.shape[1], factor * row.shape[0])
    return Image.fromarray(row).resize(size, Image.Resampling.NEAREST)


def draw(answers: Sequence[Answer]) -> Image.Image:
    """Draws the sheet, in RGB, at most MAX_PICTURES pictures, 6 beside one another."""
    answers = answers[:MAX_PICTURES]
    columns = min(len(answers), _MOST_COLUMNS)
    rows = -(-len(answers) // columns)
    cell = (_WIDTH + 2 * _MARGIN, _HEIGHT)
    sheet = Image.new('RGB', (columns * cell[0], rows * cell[1]), 'white')
    for index, answer in enumerate(answers):
        row, column = divmod(index, columns)
        _draw_cell(sheet, answer, column * cell[0] + _MARGIN, row * cell[1] + _MARGIN)
    return sheet


def _draw_cell(sheet: Image.Image, answer: Answer, left: int, top: int) -> None:
    """Draws one picture: itself, its digits, the answer, and the name of the file."""
    picture = image.thumbnail(answer.path, _WIDTH, _PICTURE_HEIGHT)
    free = _WIDTH - picture.width, _PICTURE_HEIGHT - picture.height
    sheet.paste(picture, (left + free[0] // 2, top + free[1] // 2))
    top += _PICTURE_HEIGHT + _MARGIN

    digits = enlarge(answer.digits, 2)
    digits.thumbnail((_WIDTH, _DIGIT_SIDE))
    sheet.paste(digits, (left + (_WIDTH - digits.width) // 2, top))
    top += _DIGIT_SIDE + _MARGIN // 2

    is_certain = answer.probabilities.max(axis=1).min() >= _DOUBTFUL
    is_doubtful = answer.has_wide_digit or not is_certain
    color = 'firebrick' if is_doubtful else 'black'
    _write(sheet, answer.number, 'answer', color, left, top)
    top += _TEXT_SIZES['answer'] + _MARGIN // 2
    _write(sheet, answer.certainties, 'small', color, left, top)
    name = errors.printable(os.path.basename(answer.path))
    _write(sheet, name, 'small', 'dimgray', left, top + _LINE)


def _write(
    sheet: Image.Image, text: str, size: str, color: str, left: int, top: int
) -> None:
    """Writes a line in the middle of a cell, shortened in its middle to fit."""
    font = ImageFont.load_default(_TEXT_SIZES[size])
    drawing = ImageDraw.Draw(sheet)
    whole, half = text, len(text) // 2
    while drawing.textlength(text, font) > _WIDTH and half > 1:
        half -= 1
        text = f'{whole[:half]}...{whole[-half:]}'
    drawing.text((left + _WIDTH // 2, top), text, color, font, anchor='ma')
