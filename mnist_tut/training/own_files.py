"""The list of a run's own files, which alone are changed and removed.

A name proves nothing: another program's run.json, event file or checkpoint may lie in
the same folder. A run writes down each of its files before the file appears, so that
none is its own by name alone, and a run that was killed has forgotten none. No symbolic
link is followed in writing or removing.
"""

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator

from mnist_tut import errors
from mnist_tut.training.json_file import (
    read_json,
    with_checksum,
    without_checksum,
    write_json,
)
from mnist_tut.training.run_file import RUN_FILE

LIST_FILE = 'own_files.json'

# TensorFlow puts the time and the machine's name where the list has a star; what comes
# after it is a number and was drawn at random.
_EVENTS = 'events.out.tfevents.*.'
_NAME = re.compile(rf'([^/*\\]+/)*({re.escape(_EVENTS)}[0-9a-f]{{16}}|[^/*\\]+)')
# What TensorFlow leaves of a file if it is killed while it writes.
_UNFINISHED = re.compile(r'\.(tempstate\d+|tmp[0-9a-f]{32})$')
# The files of a run of an earlier version, which had no list; no event files, which
# other programs write under the same names.
_EARLIER = re.compile(
    r'model\.ckpt-\d+\.(index|meta|json|data-\d{5}-of-\d{5})'
    r'|checkpoint|run\.json|history\.json'
    r'|((train|test)/)?projector(_config\.pbtxt|-sprite\.png|-(vectors|labels)\.tsv)'
)


def own_files(folder: str | os.PathLike) -> list[str]:
    """Returns the paths of the files in `folder` that its run wrote down, sorted."""
    return OwnFiles(os.fspath(folder)).paths()


def add_file(path: str | os.PathLike) -> None:
    """Adds a file that is about to be written to the list of its run, if it has one.

    Args:
        path: A file in the folder of a run, or in a folder in it.

    Raises:
        errors.RunError: If something else has its name.
    """
    folder, name = os.path.split(os.fspath(path))
    parent, subfolder = os.path.split(folder)
    for root, relative in ((folder, name), (parent, f'{subfolder}/{name}')):
        if os.path.lexists(os.path.join(root, LIST_FILE)):
            OwnFiles(root).add(relative)
            return


class OwnFiles:
    """The list of the files of the run in a folder, relative to that folder.

    Attributes:
        is_known: Whether there is a list; runs of earlier versions have none.
        is_started: Whether the run's run.json was written, and not removed since.
    """

    def __init__(self, folder: str):
        """Reads the list; RunError if it is damaged."""
        self._folder = folder
        self._names: set[str] = set()
        self.is_known = self.is_started = False
        self._read()

    def _read(self) -> None:
        path = self._path(LIST_FILE)
        if not os.path.lexists(path):
            return
        content = read_json(path)
        try:
            content = without_checksum(content)
            names, is_started = content['files'], content['is_started']
            if not all(_NAME.fullmatch(name) for name in names):
                raise ValueError('a name in it cannot be that of a file of a run')
            if not {'.', '..'}.isdisjoint(part for n in names for part in n.split('/')):
                raise ValueError('a name in it leads out of the folder')
        except (KeyError, TypeError, ValueError) as error:
            raise errors.RunError(
                f'{errors.printable(path)}: not the list of a run ({error}); remove '
                'it to continue the run with --resume, or choose another --log_dir'
            ) from error
        self._names |= set(names)
        self.is_known, self.is_started = True, bool(is_started)

    def _write(self) -> None:
        content = {'files': sorted(self._names), 'is_started': self.is_started}
        write_json(self._path(LIST_FILE), with_checksum(content))
        self.is_known = True

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, *name.split('/'))

    def __contains__(self, name: str) -> bool:
        """Returns whether a name, relative to the folder, is on the list."""
        if name in self._names:
            return True
        starts = (entry.split('*') for entry in self._names if '*' in entry)
        return any(name.startswith(a) and name.endswith(b) for a, b in starts)

    def add(self, *names: str) -> None:
        """Writes down files that are about to be written.

        Raises:
            errors.RunError: If something else has such a name, or a folder on the way
                is a symbolic link.
        """
        self._read()  # others, too, add files to it
        new = set(names) - self._names
        for name in sorted(new):
            self._require_folders(name)
            if os.path.lexists(self._path(name)):
                raise errors.RunError(
                    f'{errors.printable(self._path(name))}: was not written by this '
                    'run; nothing was touched; move it, or choose another --log_dir'
                )
        if new:
            self._names |= new
            self._write()

    def add_events(self, subfolder: str = '') -> str:
        """Writes down an event file; returns the end of its name, for a FileWriter.

        It starts with a number that grows, because TensorBoard reads the files of one
        second in the order of their names.
        """
        number = sum('*' in name for name in self._names)
        ending = f'{number:04x}{secrets.token_hex(6)}'
        self.add(f'{subfolder}/{_EVENTS}{ending}' if subfolder else _EVENTS + ending)
        return f'.{ending}'

    def forget(self, *names: str) -> None:
        """Strikes out files that have been removed."""
        self._read()
        self._names -= set(names)
        self._write()

    def adopt_by_name(self) -> None:
        """Takes the files of a run of an earlier version, without event files.

        The list is written with the next file that is added.
        """
        self.is_started = True
        for subfolder in ('', 'train/', 'test/'):
            for name in self._listed(subfolder):
                if _EARLIER.fullmatch(name) and _is_regular(self._path(name)):
                    self._names.add(name)

    def set_started(self, is_started: bool) -> None:
        """Writes down whether there is a run.json."""
        self._read()
        self.is_started = is_started
        self._write()

    def paths(self) -> list[str]:
        """Returns the paths of the run's regular files, unfinished ones included."""
        subfolders = {f'{os.path.dirname(name)}/'.lstrip('/') for name in self._names}
        return sorted(
            self._path(name)
            for subfolder in subfolders | {''}
            for name in self._listed(subfolder)
            if name in self or _UNFINISHED.sub('', name) in self
            if _is_regular(self._path(name))
        )

    def _listed(self, subfolder: str) -> Iterator[str]:
        """Yields the names in a subfolder, which is '' or ends with '/'."""
        path = self._path(subfolder)
        if subfolder and os.path.islink(path.rstrip(os.sep)):
            return
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            yield from (f'{subfolder}{name}' for name in os.listdir(path))

    def require_regular(self) -> None:
        """Raises RunError if a link, a folder or a pipe has the name of an own file."""
        for name in sorted(self._names):
            self._require_folders(name)
            path = self._path(name)
            if os.path.lexists(path) and not _is_regular(path):
                raise errors.RunError(
                    f'{errors.printable(path)}: a symbolic link, a folder or a pipe in '
                    'place of a file of this run; nothing was touched; bring back the '
                    'file, or choose another --log_dir'
                )

    def _require_folders(self, name: str) -> None:
        """Raises RunError unless what leads to a file are folders, or missing."""
        parts = name.split('/')[:-1]
        for length in range(1, len(parts) + 1):
            path = self._path('/'.join(parts[:length]))
            is_folder = os.path.isdir(path) and not os.path.islink(path)
            if os.path.lexists(path) and not is_folder:
                raise errors.RunError(
                    f'{errors.printable(path)}: not a folder but a symbolic link or a '
                    'file; nothing was touched; move it, or choose another --log_dir'
                )

    def remove_unfinished(self) -> None:
        """Removes what a killed run left of files that it had not finished."""
        for path in self.paths():
            if os.path.relpath(path, self._folder).replace(os.sep, '/') not in self:
                os.remove(path)

    def remove_all(self) -> None:
        """Removes the run's files; one that is killed meanwhile can be repeated.

        From the moment when run.json is gone, there is no run any more, and what is
        left of it are files on the list.
        """
        self.require_regular()
        self.set_started(False)
        for path in sorted(self.paths(), key=lambda path: path != self._path(RUN_FILE)):
            os.remove(path)
        self._names.clear()
        self._write()


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False
