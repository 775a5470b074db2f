"""The tree of modules that a script imports as `tensorflow`.

A served module holds nothing: it looks a name up when it is read, in this order: what a
module of ours provides, the table of names, the stand-ins, TensorFlow's compat.v1. The
real modules are never changed.
"""

import functools
import importlib
import importlib.util
import types
from collections.abc import Callable
from typing import Any

from mnist_tut import runtime  # noqa: F401  (first: without TensorFlow's banners)
from mnist_tut.errors import UserError
from mnist_tut.legacy import names
from mnist_tut.legacy.current import Program

import tensorflow.compat.v1 as tf

MISSING = object()
_STAND_INS = 'mnist_tut.legacy.contrib'


class GoneError(UserError, AttributeError):
    """A script reads a name that cannot be served.

    Also what Python raises for such a name, for a script that expects its absence.
    """


class GoneImportError(UserError, ImportError):
    """A script imports a name that cannot be served."""


class Served(types.ModuleType):
    """A module of the tree, by its old dotted name."""

    def __init__(self, name: str, tree: 'Tree'):
        super().__init__(name)
        self.__path__: list[str] = []
        self.__dict__['_tree'] = tree

    def __getattr__(self, name: str) -> Any:
        if name == '__all__':
            return [item for item in dir(self) if not item.startswith('_')]
        return self.__dict__['_tree'].read(self.__name__, name)

    def __dir__(self) -> list[str]:
        return self.__dict__['_tree'].list(self.__name__)


class Tree:
    """The modules that one program is served.

    Attributes:
        program: The program.
        provided: Functions and classes by old name ('tf.concat'), from our modules.
    """

    def __init__(self, program: Program, provided: dict[str, Any]):
        self.program = program
        self.provided = provided
        self._modules: dict[str, Served] = {}
        self._prefixes = {
            '.'.join(name.split('.')[:length])
            for name in [*provided, *names.table()]
            for length in range(1, name.count('.') + 1)
        }

    def module(self, name: str) -> Served:
        """Returns the served module of that dotted name."""
        if name not in self._modules:
            self._modules[name] = Served(name, self)
        return self._modules[name]

    def import_module(self, name: str) -> Any:
        """Returns what `import name` finds, where name starts with 'tensorflow'.

        Raises:
            GoneError: If there is no such module, with what one writes today.
        """
        parent, _, last = name.rpartition('.')
        if not parent:
            return self.module(name)
        return self.read(parent, last, importing=True)

    def read(self, module: str, name: str, importing: bool = False) -> Any:
        """Returns what a script reads as `module.name`."""
        if name.startswith('__') and name.endswith('__') and name != '__version__':
            raise AttributeError(name)
        if f'{module}.{name}' in names.MODULES:
            return self.module(f'{module}.{name}')
        for space in self._spaces(module):
            value = self._find(space, name)
            if value is not MISSING:
                return value
        special = self.program.importer.special(f'{module}.{name}')
        if special is not None:
            return special
        if _is_module(f'{module}.{name}'):
            return self.module(f'{module}.{name}')
        raise self._gone(module, name, importing)

    def _spaces(self, module: str) -> list[Any]:
        """Returns where the names of a module are: old prefixes, or real modules."""
        rest = module.removeprefix('tensorflow').lstrip('.')
        if rest.startswith('compat.v1'):
            rest = rest.removeprefix('compat.v1').lstrip('.')
        if not rest:
            return ['tf']
        first = rest.partition('.')[0]
        early = ('python', 'models', 'core', 'tools', 'types')
        if first not in early:
            real = [] if first in ('contrib', 'examples') else find_modules(module)
            return [f'tf.{rest}', *real]
        if module in ('tensorflow.python.platform', 'tensorflow.python'):
            return [*find_modules(module), *names.MODULES[module]]
        spaces: list[Any] = []
        known = module
        while known and known not in names.MODULES:
            known = known.rpartition('.')[0]
        spaces += names.MODULES.get(known, ())
        real = find_modules(module)
        # What is adapted goes first; else the real module; else today's place.
        adapted = [_Adapted(space) for space in spaces]
        return [*adapted, *real, *spaces]

    def _find(self, space: Any, name: str) -> Any:
        if isinstance(space, types.ModuleType):
            return getattr(space, name, MISSING)
        if isinstance(space, _Adapted):
            path = f'{space.prefix}.{name}'
            if path not in self.provided and path not in names.table():
                return MISSING
            space = space.prefix
        return self._find_name(f'{space}.{name}')

    def _find_name(self, path: str) -> Any:
        """Returns what an old name such as 'tf.nn.rnn' means, or MISSING."""
        if path.startswith(_WITH_KERAS) and not _has_keras():
            raise GoneError(
                f'{self.program.record.place()}{path} needs tf-keras; it is missing: '
                "pip install 'mnist_tut[legacy]'"
            )
        if path in self.provided:
            value = self.provided[path]
            return value(self.program) if isinstance(value, Provider) else value
        row = names.table().get(path)
        if row is not None and row.today:
            self.program.record.add(row.old, row.today)
            return self._resolve(row.today)
        if row is not None:
            raise GoneError(self.program.record.place() + describe(row))
        stand_in = find_stand_in(path)
        if stand_in is not MISSING:
            if isinstance(stand_in, types.ModuleType):
                return self.module('tensorflow' + path.removeprefix('tf'))
            self.program.record.add(path, f'a stand-in: {_place(stand_in)}')
            return stand_in
        value = find_compat(path)
        if isinstance(value, types.ModuleType) or path in self._prefixes:
            return self.module('tensorflow' + path.removeprefix('tf'))
        for shorter in _without_folders(path):
            if shorter in self.provided or shorter in names.table():
                return self._find_name(shorter)
        if value is MISSING and path.startswith('tf.contrib.') and _is_source(path):
            return self.module('tensorflow' + path.removeprefix('tf'))
        return value

    def _resolve(self, path: str) -> Any:
        value = self._find_name(path)
        if value is MISSING:
            raise AttributeError(path)
        return value

    def _gone(self, module: str, name: str, importing: bool) -> Exception:
        full = f'{module}.{name}'
        short = 'tf' + full.removeprefix('tensorflow')
        row = names.find(short) or names.find(short.replace('.python.', '.', 1))
        error = GoneImportError if importing else GoneError
        place = self.program.record.place()
        if row is not None and not row.today:
            return error(place + describe(row))
        if short.startswith('tf.contrib'):
            return error(
                f'{place}{short} was removed in TensorFlow 2.0 with all of tf.contrib, '
                'and there is no stand-in for it here'
            )
        if importing:
            return ModuleNotFoundError(f'No module named {full!r}', name=full)
        return AttributeError(f'module {module!r} has no attribute {name!r}')

    def list(self, module: str) -> list[str]:
        """Returns the names in a module, for `dir` and for `import *`."""
        found: set[str] = set()
        for space in self._spaces(module):
            if isinstance(space, types.ModuleType):
                found.update(dir(space))
                continue
            if isinstance(space, _Adapted):
                continue
            for real in (find_compat(space), find_stand_in(space)):
                if real is not MISSING:
                    found.update(dir(real))
            for path in [*self.provided, *names.table()]:
                if path.rpartition('.')[0] == space:
                    found.add(path.rpartition('.')[2])
        return sorted(found)


class _Adapted:
    """A prefix of which only the adapted names are meant."""

    def __init__(self, prefix: str):
        self.prefix = prefix


# What left TensorFlow for tf-keras.
_WITH_KERAS = ('tf.layers.', 'tf.keras.', 'tf.nn.rnn_cell.', 'tf.contrib.rnn.')


@functools.cache
def _has_keras() -> bool:
    return importlib.util.find_spec('tf_keras') is not None


class Provider:
    """A name whose value depends on the program."""

    def __init__(self, make: Callable[[Program], Any]):
        self._make = make

    def __call__(self, program: Program) -> Any:
        """Returns the value for that program."""
        return self._make(program)


def describe(row: names.Name) -> str:
    """Returns the line that says why a name cannot be served."""
    return f'{row.old} was removed in TensorFlow {row.removed}: {row.advice}'


def _place(value: Any) -> str:
    module = getattr(value, '__module__', '') or ''
    return f'{module}.{getattr(value, "__name__", type(value).__name__)}'


@functools.cache
def find_modules(module: str) -> list[types.ModuleType]:
    """Returns the real module of that name in a list, or an empty list."""
    try:
        return [importlib.import_module(module)]
    except ImportError:
        return []


@functools.cache
def _is_module(name: str) -> bool:
    """Returns whether a module of that dotted name was, or is, in TensorFlow."""
    if name in names.MODULES or any(m.startswith(f'{name}.') for m in names.MODULES):
        return True
    if name.startswith(('tensorflow.python.', 'tensorflow.core', 'tensorflow.tools')):
        return bool(find_modules(name)) or name.rpartition('.')[0] in names.MODULES
    return name in ('tensorflow.models', 'tensorflow.contrib', 'tensorflow.compat.v1')


@functools.cache
def find_compat(path: str) -> Any:
    """Returns what compat.v1 has under 'tf.a.b', or MISSING."""
    value: Any = tf
    for part in path.split('.')[1:]:
        try:
            value = getattr(value, part)
        except (AttributeError, ImportError):
            return MISSING
    return value


@functools.cache
def find_stand_in(path: str) -> Any:
    """Returns the stand-in for a name in tf.contrib or tf.estimator, or MISSING."""
    parts = path.split('.')
    if parts[1:2] == ['estimator']:
        return _lookup('mnist_tut.legacy.estimator', parts[2:])
    if parts[1:2] != ['contrib']:
        return MISSING
    value = _lookup(_STAND_INS, parts[2:])
    for shorter in _without_folders(path):
        if value is MISSING:
            value = _lookup(_STAND_INS, shorter.split('.')[2:])
    return value


def _without_folders(path: str) -> list[str]:
    """Returns what a name in a file of contrib's sources may be called outside of it.

    'tf.contrib.slim.python.slim.data.dataset.Dataset' is looked for in slim with all,
    some and none of the folders and files after 'python'.
    """
    top, found, rest = path.partition('.python.')
    if not found or not path.startswith('tf.contrib.'):
        return []
    parts = rest.split('.')
    ends = [parts[start:] for start in range(len(parts))]
    # ... and with the folders, but without the file.
    ends += [[*end[:-2], end[-1]] for end in ends if len(end) > 2]
    return ['.'.join([top, *end]) for end in ends]


# Folders of contrib's sources in which there are further files.
_FOLDERS = ('data', 'datasets', 'estimators', 'learn_io', 'nets', 'ops', 'utils')


def _is_source(path: str) -> bool:
    """Returns whether a name may be a folder or file of a stand-in's sources."""
    top, found, rest = path.partition('.python')
    if not found or not isinstance(find_stand_in(top), types.ModuleType):
        return False
    parts = rest.split('.')[1:]
    return len(parts) < 3 or (len(parts) == 3 and parts[1] in _FOLDERS)


def _lookup(module: str, parts: list[str]) -> Any:
    """Returns the attribute or submodule of one of our modules, or MISSING."""
    try:
        value: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            return MISSING
        raise
    for part in parts:
        if isinstance(value, types.ModuleType) and not hasattr(value, part):
            try:
                importlib.import_module(f'{value.__name__}.{part}')
            except ModuleNotFoundError:
                return MISSING
        value = getattr(value, part, MISSING)
        if value is MISSING:
            return MISSING
    return value
