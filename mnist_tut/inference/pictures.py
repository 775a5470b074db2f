"""Which pictures `predict` reads, and which files it may write.

A picture that `predict` writes carries a mark. It replaces such a picture and no other
file: neither an input, nor what a link leads to, nor anything of the user's.
"""

import io
import os
import stat
from collections.abc import Sequence

from mnist_tut import errors, files
from mnist_tut.inference import image

from PIL import Image, PngImagePlugin

_MARK = {'Software': 'mnist_tut.predict'}  # as text in the PNG file
_NUM_NAMES = 3  # of skipped files


def find(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Returns the pictures that a command line names.

    Args:
        arguments: Paths of pictures and of folders of pictures. What a folder holds
            below, and hidden files in it, are left out.

    Returns:
        paths: Of the pictures, once each; those of a folder are sorted by name.
        notes: For each folder with other files, a line that says which were skipped.

    Raises:
        errors.DataError: If a folder cannot be listed or holds no picture.
    """
    paths: list[str] = []
    notes = []
    for argument in arguments:
        if not os.path.isdir(argument):
            paths.append(argument)
            continue
        found, skipped = _list(argument)
        if not found:
            raise errors.DataError(
                f'{errors.printable(argument)}: holds no picture; expected a picture, '
                'or a folder of pictures'
            )
        paths += found
        if skipped:
            notes.append(_note(argument, skipped))
    return list(dict.fromkeys(paths)), notes


def _list(folder: str) -> tuple[list[str], list[str]]:
    """Returns the paths of a folder's pictures, and the names of its other files."""
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith('.'))
    except OSError as error:
        raise errors.DataError(
            f'{errors.printable(folder)} cannot be opened: {error.strerror}'
        ) from error
    paths = {name: os.path.join(folder, name) for name in names}
    found = [
        path
        for path in paths.values()
        if image.is_picture(path) and not _is_marked(path)
    ]
    return found, [name for name, path in paths.items() if path not in found]


def _note(folder: str, skipped: list[str]) -> str:
    some = ', '.join(errors.printable(name) for name in skipped[:_NUM_NAMES])
    more = len(skipped) - _NUM_NAMES
    return (
        f'{errors.printable(folder)}: skipped what is no picture or was written by '
        f'predict: {some}{f" and {more} more" if more > 0 else ""}'
    )


def targets(show: str, paths: Sequence[str]) -> tuple[list[str], str | None]:
    """Returns where to write what the network is given.

    Args:
        show: A file ending in .png, or a folder.
        paths: Of the pictures.

    Returns:
        seen: A path for each picture; none for several pictures in one file.
        sheet: The path for a contact sheet of several pictures, or None.

    Raises:
        errors.FlagError: If a file there is not one that `predict` wrote.
    """
    seen: list[str] = []
    sheet = None
    if not show.lower().endswith('.png'):
        seen = [os.path.join(show, name) for name in _names(paths)]
        if len(paths) > 1:
            sheet = os.path.join(show, 'contact-sheet.png')
    elif len(paths) > 1:
        sheet = show
    else:
        seen = [show]
    existing = [path for path in paths if os.path.exists(path)]
    for path in [*seen, *([sheet] if sheet else [])]:
        _require_replaceable(path, show, existing)
    return seen, sheet


def _names(paths: Sequence[str]) -> list[str]:
    """Returns <stem>-seen.png, with a number where two folders hold the same stem."""
    names: list[str] = []
    taken: set[str] = set()
    for path in paths:
        stem = os.path.splitext(os.path.basename(path))[0]
        name, number = f'{stem}-seen.png', 1
        while name.casefold() in taken:  # some file systems ignore case
            number += 1
            name = f'{stem}-seen-{number}.png'
        taken.add(name.casefold())
        names.append(name)
    return names


def _require_replaceable(path: str, show: str, inputs: Sequence[str]) -> None:
    """Raises FlagError if a file at `path` would be lost."""
    if not os.path.lexists(path):
        return
    if any(os.path.exists(path) and os.path.samefile(path, other) for other in inputs):
        what = 'one of the pictures to read'
    elif not _is_marked(path):
        what = 'not a picture that predict wrote'
    else:
        return
    raise errors.FlagError(
        f'--show={errors.printable(show)}: {errors.printable(path)} is {what}, and is '
        'not overwritten; choose another name'
    )


def _is_marked(path: str) -> bool:
    """Returns whether `path` is a file, not a link, that `write` has written."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return False
        with Image.open(path, formats=['PNG']) as picture:
            return all(picture.info.get(key) == text for key, text in _MARK.items())
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def write(path: str, picture: Image.Image) -> None:
    """Writes a picture with the mark, as a PNG file.

    Raises:
        errors.DataError: If it cannot be written.
    """
    mark = PngImagePlugin.PngInfo()
    for key, text in _MARK.items():
        mark.add_text(key, text)
    content = io.BytesIO()
    picture.save(content, 'PNG', pnginfo=mark)
    files.write_bytes(path, content.getvalue())
