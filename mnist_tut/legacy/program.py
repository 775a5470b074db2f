"""A script that is run: its files, its Python, its era, and the world it runs in."""

import ast
import builtins
import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from mnist_tut.errors import UserError, printable
from mnist_tut.legacy import current, era, python2, rewrite, served, shell
from mnist_tut.legacy.contrib import shorten
from mnist_tut.legacy.data import Data, file_name
from mnist_tut.legacy.graph import graph_mode
from mnist_tut.legacy.hooks import Hooks
from mnist_tut.legacy.imports import Importer
from mnist_tut.legacy.limits import Limits
from mnist_tut.legacy.outputs import Plots, make_folder
from mnist_tut.legacy.record import Record
from mnist_tut.legacy.served.flags import Flags
from mnist_tut.legacy.sources import Sources
from mnist_tut.legacy.tree import Tree
from mnist_tut.legacy.world import World

import numpy as np


class Options(NamedTuple):
    """How to run a script.

    Attributes:
        steps: The most steps of a training loop.
        seconds: The most seconds of a training loop.
        python: 2 or 3, where the files do not tell.
        era: Version of TensorFlow, where the names do not tell.
        dataset: One of `data.locate.DATASETS`.
        data_dir: Folder of the data, whatever the script says.
    """

    steps: int | None = None
    seconds: float | None = None
    python: int | None = None
    era: str | None = None
    dataset: str = 'auto'
    data_dir: str | None = None


class Program(Sources):
    """A script and its neighbours while they run.

    Attributes:
        path: Of the script, as it was given.
        folder: Of the script.
        python: 2 or 3.
        era: For which versions of TensorFlow it was written.
        record: What was adapted.
        limits: How long its loops may take.
        globals: Of the script.
    """

    def __init__(self, path: str, options: Options | None = None):
        options = options or Options()
        self.options = options
        self.path = path
        self.folder = os.path.dirname(os.path.abspath(path))
        self.path_before = list(sys.path)
        super().__init__(path, options.python)
        self.era = (
            era.of_version(options.era)
            if options.era
            else era.infer(self.trees.values())
        )
        self._refuse_tensorflow2()
        self.record = Record()
        self.limits = Limits(options.steps, options.seconds)
        self.flags = Flags()
        self.flags_module: Any = None
        self.globals: dict[str, Any] = {}
        self.plots = Plots(self)
        self.data = Data(self, options.dataset, options.data_dir)
        self.hooks = Hooks(self)
        self.tree = Tree(self, served.load())
        self.world = World(self)
        self.importer = Importer(self)
        self.builtins = self._make_builtins()

    def _refuse_tensorflow2(self) -> None:
        """Raises UserError for a program of TensorFlow 2, which needs no help."""
        if self._wants_eager():
            return
        for path, tree in self.trees.items():
            used = era.used_names(tree)
            for name in ('tf.function', 'tf.GradientTape'):
                if name in used:
                    raise UserError(
                        f'{printable(path)}:{used[name][0]}: {name}: a program of '
                        'TensorFlow 2; run it with python itself'
                    )

    def _make_builtins(self) -> dict[str, Any]:
        names = dict(vars(builtins))
        if self.python == 2:
            names.update(python2.BUILTINS)
        names['__import__'] = self.importer
        names['open'] = self._open
        if self.python == 2:
            names['file'] = self._open
        if any('get_ipython()' in self.source_of(path) for path in self.trees):
            names.setdefault('get_ipython', shell.NoShell)  # was a notebook once
        names[rewrite.HOOKS] = self.hooks
        return names

    def _open(self, file: Any, mode: str = 'r', *args: Any, **kwargs: Any) -> Any:
        """Is `open` for the script: data is there, and so is the folder of output."""
        if file_name(file) and 'r' in mode:
            self.data.provide(file)
        elif any(letter in mode for letter in 'wax'):
            make_folder(self, file)
        return builtins.open(file, mode, *args, **kwargs)

    def execute(self, path: str, names: dict[str, Any]) -> None:
        """Executes one of the program's files in a namespace."""
        self.record.files.add(path)
        source = self.translated(path)
        if self.python == 2 and source != self.source_of(path):
            self.record.add_at(path, 0, 'Python 2', 'Python 3', 'python')
        code = rewrite.compile_script(
            source,
            path,
            division='floor' if self.python == 2 else 'note',
            loops=self.limits.active,
        )
        names['__builtins__'] = self.builtins
        exec(code, names)

    def run(self, argv: Sequence[str]) -> dict[str, Any]:
        """Runs the script, and returns its globals.

        Raises:
            Exception: What the script raises, SystemExit too.
        """
        self.globals.update(
            __name__='__main__', __file__=self.path, __doc__=None, __package__=None
        )
        with (
            current.running(self),
            self._process(argv),
            self.importer.active(),
            graph_mode(self._wants_eager()),
            shorten.using(self.limits),
            np.printoptions(legacy='1.25'),  # 0.11, and not np.float32(0.11)
            warnings.catch_warnings(),
        ):
            # This is about the deprecated API.
            warnings.filterwarnings('ignore', '.*is deprecated', UserWarning)
            warnings.filterwarnings('ignore', '.*deprecated', DeprecationWarning)
            warnings.filterwarnings('ignore', '.*state_updates', UserWarning)
            warnings.filterwarnings('ignore', category=SyntaxWarning)
            try:
                self.execute(self.path, self.globals)
            finally:
                self.plots.finish()
        return self.globals

    def _wants_eager(self) -> bool:
        return any(
            name.endswith('enable_eager_execution')
            for tree in self.trees.values()
            for name in era.used_names(tree)
        )

    @contextlib.contextmanager
    def _process(self, argv: Sequence[str]) -> Iterator[None]:
        """Sets what Python sets for a script: its arguments and its folder."""
        argv_before, path_before = sys.argv, list(sys.path)
        sys.argv = [self.path, *argv]
        sys.path.insert(0, self.folder)
        self.path_before = list(sys.path)
        try:
            yield
        finally:
            sys.argv = argv_before
            sys.path[:] = path_before

    def tree_of(self, name: str) -> ast.AST | None:
        """Returns the syntax tree of a file, by the file name in its code."""
        return self.trees.get(name)

    def place(self, path: str, line: int) -> str:
        """Returns a place in one of the files as a message names it."""
        return f'{path}:{line}'

    def unpacks(self) -> int:
        """Returns into how many the script's current line unpacks its value."""
        frame = self.record.frame()
        if frame is None:
            return 0
        tree = self.tree_of(frame.f_code.co_filename)
        for node in ast.walk(tree) if tree is not None else ():
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Tuple | ast.List)
                and node.lineno <= (frame.f_lineno or 0) <= (node.end_lineno or 0)
            ):
                return len(node.targets[0].elts)
        return 0


def check_path(path: str) -> None:
    """Raises UserError unless the path leads to a file."""
    if os.path.isdir(path):
        raise UserError(f'{printable(path)} is a folder; expected a script')
    if not os.path.exists(path):
        raise UserError(f'{printable(path)} is missing; expected a script')
