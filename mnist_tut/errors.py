"""The errors that a user can cause, each with a message of one line.

The message says what is wrong, where, what was expected and what to do. A program
prints it and exits with status 1, without a traceback; in a notebook or a script the
error is an ordinary ValueError.
"""

import os


class UserError(ValueError):
    """An input of the user is invalid; the base class of all others here."""


class FlagError(UserError):
    """A flag, or the argument of the same name, has an invalid value."""


class DataError(UserError, AssertionError):
    """A data file is missing, unreadable or invalid.

    Also an AssertionError, because the original loader used `assert` where the number
    of images and of labels differ.
    """


class DamagedError(DataError):
    """A data file is incomplete or corrupt; the file itself may be good elsewhere."""


class DownloadError(DataError):
    """A file could not be downloaded, or another file arrived.

    Attributes:
        unreachable: No mirror responded at all: the machine is probably offline.
    """

    unreachable: bool = False


class RunError(UserError):
    """A run cannot start, continue or be saved."""


class DivergedError(RunError):
    """The loss or a weight is no longer a finite number."""

    def __init__(self, step: int, what: str, folder: str | os.PathLike):
        """Composes the message; `what` says which number is not finite."""
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


def shortened(text: str | bytes | os.PathLike, most: int = 200) -> str:
    """Returns `printable(text)`, without its middle if it has more than `most` letters.

    For what a user has typed, by mistake at times, and for messages that quote it.
    """
    line = printable(text)
    if len(line) <= most:
        return line
    return f'{line[: most // 2]}...{line[-most // 4 :]} ({len(line):,} letters)'
