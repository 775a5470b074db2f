"""The errors that a user can cause, each told in one line.

The line says what was found, where, what was expected and what to do. From the command
line `cli.run` prints it and exits with status 1, without a traceback; in a notebook or
a script it is an ordinary ValueError.
"""

import os


class UserError(ValueError):
    """Something that the user gave cannot be used."""


class FlagError(UserError):
    """A flag, or the argument of the same name, has a value that cannot work."""


class DataError(UserError, AssertionError):
    """A data file is not what it says it is.

    Also an AssertionError, because the original loader used `assert` where the number
    of images and of labels differ.
    """


class DownloadError(DataError):
    """A file could not be fetched, or what arrived is not the file.

    Attributes:
        unreachable: No mirror was heard at all, so the machine looks offline.
        reasons: Every address that was tried, and why it did not give the file.
    """

    unreachable: bool = False
    reasons: str = ''


class RunError(UserError):
    """A run cannot start, go on or be written where it was told to."""


class DivergedError(RunError):
    """The loss is no longer a finite number, so no further step would help."""


def show_path(path: str | bytes | os.PathLike) -> str:
    """Returns `path` as printable text, whatever bytes its name is made of.

    Newlines, control characters and undecodable bytes come out backslash-escaped, so
    that one error stays one line. Letters of any language stay as they are.
    """
    text = os.fsdecode(path)
    return ''.join(
        character
        if character.isprintable()
        else character.encode('unicode_escape', 'surrogatepass').decode('ascii')
        for character in text
    )
