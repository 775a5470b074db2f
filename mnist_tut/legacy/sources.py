"""The files of a program: the script, and the neighbours that it imports."""

import ast
import os
import re
import warnings

from mnist_tut.errors import UserError
from mnist_tut.legacy import python2
from mnist_tut.legacy.data import is_copy_of_input_data


class Sources:
    """The texts of a program's files, as they are and in Python 3.

    Attributes:
        python: 2 or 3, for all files; one that must be of Python 2 decides.
        trees: Syntax trees of the files that were found by reading, in Python 3.
    """

    def __init__(self, path: str, python: int | None):
        self._sources: dict[str, str] = {}
        found = self._read_all(path)
        self.python = python or (
            2 if any(python2.is_python2(text) for text in found.values()) else 3
        )
        self.trees = {
            name: ast.parse(self.translated(name), name)
            for name in found
            if name == path or self._can_translate(name)
        }

    def source_of(self, path: str) -> str:
        """Returns the text of one of the program's files, as it is."""
        if path not in self._sources:
            self._sources[path] = python2.read(path)
        return self._sources[path]

    def translated(self, path: str) -> str:
        """Returns the text of a file in Python 3.

        Raises:
            UserError: If neither Python can read it.
        """
        source = self.source_of(path)
        if self.python == 2:
            return python2.translate(source, path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                ast.parse(source)
        except SyntaxError as error:
            raise UserError(python2.syntax_line(source, path, error)) from error
        return source

    def _can_translate(self, path: str) -> bool:
        try:
            self.translated(path)
        except UserError:
            return False
        return True

    def _read_all(self, path: str) -> dict[str, str]:
        """Returns the script, and the neighbours that it imports, by path."""
        found: dict[str, str] = {}
        todo = [path]
        while todo:
            file = todo.pop()
            found[file] = source = self.source_of(file)
            for name in _imported_names(source):
                for end in (f'{name}.py', os.path.join(name, '__init__.py')):
                    other = os.path.join(os.path.dirname(os.path.abspath(file)), end)
                    if (
                        os.path.isfile(other)
                        and other not in found
                        and os.path.abspath(path) != other
                        and not is_copy_of_input_data(other, self.source_of(other))
                    ):
                        todo.append(other)
        return found


def _imported_names(source: str) -> set[str]:
    """Returns the names of modules that a source may import, whatever its Python."""
    found = set()
    for line in source.split('\n'):
        match = re.match(r'\s*(?:from\s+\.?([\w.]+)\s+import|import\s+(.+))', line)
        if match:
            names = match[1] or match[2].split('#')[0]
            for name in names.split(','):
                words = name.split()
                if words:
                    found.add(words[0].replace('.', os.sep))
    return found
