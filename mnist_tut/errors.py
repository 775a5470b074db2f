"""The errors that a user can cause, each in one line.

The line says what was found, where, what was expected and what to do. From the command
line it is printed and the exit status is 1, without a traceback; in a notebook or a
script the error is an ordinary ValueError.
"""

import os


class UserError(ValueError):
    """Something that the user gave cannot be used."""


class FlagError(UserError):
    """A flag, or the argument of the same name, has a value that cannot work."""


class DataError(UserError, AssertionError):
    """A data file is not what it should be.

    Also an AssertionError, because the original loader used `assert` where the number
    of images and of labels differ.
    """


class DamagedError(DataError):
    """A data file is incomplete or corrupt; the file itself may be good elsewhere."""


class DownloadError(DataError):
    """A file could not be downloaded, or what arrived is not the file.

    Attributes:
        unreachable: No mirror responded at all: the machine is probably offline.
        reasons: Every address that was tried, and why it did not give the file.
    """

    unreachable: bool = False
    reasons: str = ''


class RunError(UserError):
    """A run cannot start, continue or be written in the folder that was given."""


class DivergedError(RunError):
    """The loss or a weight is no longer a finite number."""

    def __init__(self, step: int, what: str, folder: str | os.PathLike):
        """Composes the line: step, what is not finite, and where checkpoints are."""
        super().__init__(
            f'step {step}: {what}; expected finite numbers; try a smaller '
            '--learning_rate (what was saved before, if anything, is intact in '
            f'{printable(folder)})'
        )


def printable(text: str | bytes | os.PathLike) -> str:
    """Returns a path, a URL or any text as one printable line.

    Newlines, control characters and undecodable bytes are backslash-escaped; letters of
    any language are left alone.
    """
    return ''.join(
        character
        if character.isprintable()
        else character.encode('unicode_escape', 'surrogatepass').decode('ascii')
        for character in os.fsdecode(text)
    )
