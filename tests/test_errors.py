"""Messages: one printable line, whatever a name contains."""

import os
import pathlib

from mnist_tut import errors

import pytest


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('', ''),
        ('logs/run-0001', 'logs/run-0001'),
        ('two words', 'two words'),
        ('Ziffern-ä-数字-أرقام', 'Ziffern-ä-数字-أرقام'),
        ('http://host/a?b=c&d=%20', 'http://host/a?b=c&d=%20'),
        (r'C:\data', r'C:\data'),
        ('two\nlines\r\n', r'two\nlines\r\n'),
        ('\ttab and bell\a', r'\ttab and bell\x07'),
        ('\x1b[31mred', r'\x1b[31mred'),
        ('zero\0byte', r'zero\x00byte'),
        ('a\u2028b\u2029c\x85d', r'a\u2028b\u2029c\x85d'),
        ('right\u202eto left', r'right\u202eto left'),
        ('half a pair \ud800', r'half a pair \ud800'),
        (pathlib.Path('a', 'b\nc'), os.path.join('a', r'b\nc')),
    ],
)
def test_text_is_shown_in_one_printable_line(text, shown):
    assert errors.printable(text) == shown
    assert errors.printable(text).isprintable()


@pytest.mark.skipif(os.name == 'nt', reason='there, names are text')
def test_bytes_are_decoded_and_what_cannot_be_is_escaped():
    assert errors.printable('数字'.encode()) == '数字'
    assert errors.printable(b'\xff\xfe') == r'\udcff\udcfe'
    assert errors.printable(os.fsdecode(b'\xff\xfe')) == r'\udcff\udcfe'


def test_every_character_gives_one_that_any_terminal_takes():
    text = ''.join(map(chr, range(0x110000)))
    shown = errors.printable(text)
    assert shown.isprintable()
    shown.encode('utf-8')  # no half of a pair is left


def test_a_user_error_is_an_ordinary_value_error():
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert issubclass(kind, errors.UserError)
            assert issubclass(kind, ValueError)


def test_wrong_data_is_an_assertion_error_as_in_the_original():
    for kind in (errors.DataError, errors.DamagedError, errors.DownloadError):
        assert issubclass(kind, AssertionError)
    for kind in (errors.FlagError, errors.RunError, errors.DivergedError):
        assert not issubclass(kind, AssertionError)


def test_a_diverged_run_says_where_and_what_to_do():
    error = errors.DivergedError(7, 'the loss is nan', pathlib.Path('two\nlines'))
    assert str(error) == (
        'step 7: the loss is nan; expected finite numbers; try a smaller '
        '--learning_rate (what was saved before, if anything, is intact in two\\nlines)'
    )


def test_a_failed_download_is_unreachable_only_where_it_says_so():
    error = errors.DownloadError('reason')
    assert error.unreachable is False
    error.unreachable = True
    assert errors.DownloadError('another').unreachable is False
