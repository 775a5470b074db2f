"""A script's own import: the tree, the overlays, its neighbours, and the rest as it is.

Neighbouring files are found by a finder that knows the script's folders alone, and that
is in `sys.meta_path` only while the program runs or imports.
"""

import builtins
import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import threading
import types
from collections.abc import Iterator, Sequence
from typing import Any

from mnist_tut.errors import UserError
from mnist_tut.legacy.current import Program
from mnist_tut.legacy.tree import GoneImportError

_INPUT_DATA = ('input_data', 'mnist_input_data')
_EXAMPLES = (
    'tensorflow.examples.tutorials.mnist',
    'tensorflow.g3doc.tutorials.mnist',
    'tensorflow.models.image.mnist',
)


class Importer:
    """What `import` does in the files of one program."""

    def __init__(self, program: Program):
        self._program = program
        self._own: dict[str, types.ModuleType] = {}
        self._finder = _Finder(program)
        self._neighbours: dict[str, types.ModuleType] = {}
        self._active = threading.local()

    def __call__(
        self,
        name: str,
        globals: Any = None,  # noqa: A002
        locals: Any = None,  # noqa: A002
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        """Is the `__import__` of the program's files."""
        if level == 0 and self._is_served(name):
            return self._import_served(name, tuple(fromlist or ()))
        with self.active():
            try:
                return builtins.__import__(name, globals, locals, fromlist, level)
            except ModuleNotFoundError as error:
                package = (globals or {}).get('__package__')
                if level or not package or error.name != name.partition('.')[0]:
                    raise
                # Python 2 looked beside the importing file first.
                return builtins.__import__(name, globals, locals, fromlist, 1)

    def _is_served(self, name: str) -> bool:
        top = name.partition('.')[0]
        if top == 'tensorflow':
            return True
        if top in _INPUT_DATA:
            return self._input_data(name) is not None
        world = self._program.world
        if world.has(name):
            return self._finder.find(top) is None
        return world.has(top) and self._finder.find(top) is None

    def _import_served(self, name: str, fromlist: tuple[str, ...]) -> Any:
        module = self._resolve(name)
        if not fromlist:
            if '.' in name:
                return self._resolve(name.partition('.')[0])
            return module
        for item in fromlist:
            if item != '*':
                try:
                    getattr(module, item)
                except AttributeError as error:
                    if isinstance(error, UserError):
                        raise GoneImportError(str(error)) from error
                    with contextlib.suppress(ImportError):
                        self._resolve(f'{name}.{item}')
                        continue
                    raise ImportError(
                        f'cannot import name {item!r} from {name!r}', name=name
                    ) from error
        return module

    def _resolve(self, name: str) -> Any:
        """Returns the served module of a dotted name, and its parents' attributes."""
        if name.partition('.')[0] == 'tensorflow':
            special = self.special(name)
            if special is not None:
                return special
            return self._program.tree.import_module(name)
        if name.partition('.')[0] in _INPUT_DATA:
            return self._input_data(name)
        world = self._program.world
        if world.has(name):
            overlay = world.module(name)
            real = overlay.__dict__['_real']
            if real:
                try:
                    importlib.import_module(real)
                except ModuleNotFoundError as error:
                    if name.startswith(('keras', 'sklearn')):
                        raise GoneImportError(
                            f'{self._program.record.place()}{name} needs the package '
                            f'{error.name}; it is missing: pip install '
                            "'mnist_tut[legacy]'"
                        ) from error
                    if (
                        error.name
                        and real.startswith(error.name)
                        and (world.has(f'{name}.misc'))
                    ):
                        return overlay  # scipy.misc needs no SciPy
                    raise
            return overlay
        return importlib.import_module(name)

    def special(self, name: str) -> Any:
        """Returns input_data or the lesson's module by their names in TensorFlow."""
        for example in _EXAMPLES:
            if name == f'{example}.input_data':
                return self._module(name)
            if name == f'{example}.mnist':
                from mnist_tut import mnist

                self._program.record.add(name, 'mnist_tut.mnist')
                return mnist
            if name == example:
                return self._package(name)
            is_above = '.' in name and example.startswith(f'{name}.')
            if is_above and name != 'tensorflow.models':
                return self._package(name)
        if name.endswith('.learn.datasets.mnist'):
            return self._module(name)
        return None

    def _package(self, name: str) -> types.ModuleType:
        if name not in self._own:
            self._own[name] = _Package(name, self)
        return self._own[name]

    def _module(self, name: str, is_copy: bool = False) -> types.ModuleType:
        if name not in self._own:
            self._own[name] = self._program.data.module(name, is_copy)
        return self._own[name]

    def _input_data(self, name: str) -> types.ModuleType | None:
        """Returns ours for a bare `import input_data`, unless it is the script's."""
        from mnist_tut.legacy import data

        if name not in _INPUT_DATA:
            return None
        path = self._finder.find(name)
        if path is not None and not data.is_copy_of_input_data(
            path, self._program.source_of(path)
        ):
            return None
        if path is None and name != 'input_data':
            return None
        return self._module(name, is_copy=True)

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Puts the finder, and the neighbours found before, in place."""
        if self._finder in sys.meta_path:
            yield
            return
        before = {name: sys.modules.get(name) for name in self._neighbours}
        sys.modules.update(self._neighbours)
        sys.meta_path.insert(0, self._finder)
        shadowed = self._hide_namesakes()
        try:
            yield
        finally:
            sys.meta_path.remove(self._finder)
            self._neighbours = {
                name: sys.modules[name]
                for name in self._finder.found
                if name in sys.modules
            }
            for name in self._neighbours:
                del sys.modules[name]
            for name, module in {**before, **shadowed}.items():
                if module is not None:
                    sys.modules[name] = module

    def _hide_namesakes(self) -> dict[str, Any]:
        """Takes modules out of sys.modules that a neighbour's name would find."""
        hidden = {}
        for name in list(sys.modules):
            top = name.partition('.')[0]
            if (
                name not in self._neighbours
                and top not in sys.stdlib_module_names
                and top not in ('mnist_tut', '__main__', 'tests')
                and self._finder.is_candidate(top)
            ):
                hidden[name] = sys.modules.pop(name)
        return hidden


class _Package(types.ModuleType):
    """A package on the way to input_data."""

    def __init__(self, name: str, importer: Importer):
        super().__init__(name)
        self.__path__: list[str] = []
        self.__dict__['_importer'] = importer

    def __getattr__(self, name: str) -> Any:
        found = self.__dict__['_importer'].special(f'{self.__name__}.{name}')
        if found is None:
            raise AttributeError(f'module {self.__name__!r} has no attribute {name!r}')
        return found


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the neighbouring files of a script."""

    def __init__(self, program: Program):
        self._program = program
        self.found: set[str] = set()

    def folders(self) -> list[str]:
        """Returns the script's folder, and what it added to sys.path."""
        known = self._program.path_before
        added = [p for p in sys.path if p not in known and os.path.isdir(p or '.')]
        return [self._program.folder, *added]

    def is_candidate(self, top: str) -> bool:
        """Returns whether the script's folder has a file of that name."""
        folder = self._program.folder
        return os.path.isfile(os.path.join(folder, f'{top}.py')) or os.path.isfile(
            os.path.join(folder, top, '__init__.py')
        )

    def find(self, name: str, path: Any = None) -> str | None:
        """Returns the file of a module, or of a package, or None."""
        last = name.rpartition('.')[2]
        for folder in path if path is not None else self.folders():
            for candidate in (f'{last}.py', os.path.join(last, '__init__.py')):
                full = os.path.join(folder, candidate)
                if os.path.isfile(full):
                    return full
        return None

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Returns the spec of a neighbour, or None."""
        if path is not None and fullname.partition('.')[0] not in self.found:
            return None
        if path is None and fullname in sys.stdlib_module_names:
            return None
        file = self.find(fullname, path)
        if file is None:
            # A folder without __init__.py is a package since Python 3.3.
            last = fullname.rpartition('.')[2]
            for folder in path if path is not None else [self._program.folder]:
                full = os.path.join(folder, last)
                if os.path.isdir(full) and any(
                    name.endswith('.py') for name in os.listdir(full)
                ):
                    package = importlib.machinery.ModuleSpec(fullname, None)
                    package.submodule_search_locations = [full]
                    self.found.add(fullname)
                    return package
            return None
        self.found.add(fullname)
        is_package = os.path.basename(file) == '__init__.py'
        loader = _Loader(self._program, file)
        return importlib.util.spec_from_file_location(
            fullname,
            file,
            loader=loader,
            submodule_search_locations=[os.path.dirname(file)] if is_package else None,
        )


class _Loader(importlib.abc.Loader):
    """Executes a neighbour as the script is executed."""

    def __init__(self, program: Program, path: str):
        self._program = program
        self._path = path

    def create_module(self, spec: Any) -> None:
        """Leaves it to Python."""

    def exec_module(self, module: types.ModuleType) -> None:
        """Executes the file with the program's builtins."""
        self._program.execute(self._path, module.__dict__)
