"""Makes the cells of a running IPython or Jupyter old ones: %load_ext mnist_tut.legacy.

The cells that follow are executed with the builtins of a program whose script is the
session itself. IPython still reads, runs and displays them; graph mode lasts until
%unload_ext.
"""

import argparse
import ast
import contextlib
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

from mnist_tut.errors import UserError
from mnist_tut.legacy import current, era, python2, report, rewrite
from mnist_tut.legacy.contrib import shorten
from mnist_tut.legacy.data import Data
from mnist_tut.legacy.graph import graph_mode
from mnist_tut.legacy.hooks import Hooks
from mnist_tut.legacy.outputs import Plots
from mnist_tut.legacy.program import Options, Program
from mnist_tut.legacy.world import World

import numpy as np
import tensorflow as tf2
import tensorflow.compat.v1 as tf

_KERAS = ('tf.keras', 'tf.layers', 'tf.nn.rnn_cell', 'tf.contrib')
_RESTART = (
    'legacy: TensorFlow was used in this kernel before, with Keras 3; tf.layers, '
    'tf.nn.rnn_cell and tf.keras need a restarted kernel in which %load_ext '
    'mnist_tut.legacy comes first'
)
_FILTERS = (
    ('.*is deprecated', UserWarning),
    ('.*deprecated', DeprecationWarning),
)


class _InlinePlots(Plots):
    """Leaves figures to IPython, which shows them below their cell."""

    def pyplot(self) -> dict[str, Any]:
        """Returns our names in matplotlib.pyplot."""
        return {'hold': lambda *_, **__: None}

    def animation(self) -> dict[str, Any]:
        """Returns our names in matplotlib.animation."""
        return {}


class Cells(Program):
    """The cells of a session, as a program that grows while it runs.

    Attributes:
        shell: IPython's InteractiveShell.
    """

    def __init__(self, shell: Any, options: Options):
        self.shell = shell
        self._pending: ast.Module | None = None
        self._names: set[str] = set()
        self._statements: list[ast.stmt] = []
        self._has_division = self._told_of_keras = False
        super().__init__('cells', options)
        self.folder = os.getcwd()
        self.plots = _InlinePlots(self)
        self.world = World(self)
        self.hooks = _CellHooks(self)
        self.builtins = self._make_builtins()
        self.globals = shell.user_ns

    def source_of(self, path: str) -> str:
        """Returns the text of a neighbour; the cells' own is not known yet."""
        is_cell = path == self.path or path in self._names
        return '' if is_cell else super().source_of(path)

    def set_python(self, version: int) -> None:
        """Has the cells that follow mean what they meant in Python 2, or in 3."""
        self.python = version
        names = self._make_builtins()
        self.builtins.clear()
        self.builtins.update(names)
        self.builtins['raw_input'] = self.builtins['input']

    def choose_data(self, dataset: str | None, folder: str | None) -> None:
        """Chooses the data of the cells that follow; None leaves a choice alone."""
        chosen = self.options._replace(
            dataset=dataset or self.options.dataset,
            data_dir=folder or self.options.data_dir,
        )
        if chosen != self.options:
            self.options = chosen
            self.data = Data(self, chosen.dataset, chosen.data_dir)

    def translate_cell(self, lines: list[str]) -> list[str]:
        """Returns a cell's lines in Python 3; an input transformer of IPython's."""
        source = ''.join(lines)
        if python2.parses(source):
            return lines
        try:
            translated = python2.translate(source, 'cell')
        except UserError:
            return lines  # IPython says what is wrong
        if self.python != 2:
            self.set_python(2)
            print('legacy: Python 2 from this cell on (a / b of whole numbers too)')
        return translated.splitlines(keepends=True)

    def visit(self, tree: ast.Module) -> ast.Module:
        """Puts the hooks into a cell; an AST transformer of IPython's."""
        if not isinstance(tree, ast.Module) or not tree.body:
            return tree
        self._statements += ast.parse(ast.unparse(tree)).body
        self._infer()
        self._has_division |= rewrite.imports_division(tree)
        division = 'floor' if self.python == 2 else 'note'
        if self._has_division:
            division = ''
        tree = rewrite.with_hooks(tree, division, self.limits.active)
        self._pending = tree
        # So that the record knows the name under which IPython compiles the cell.
        begin = ast.parse(f'{rewrite.HOOKS}.begin_cell()').body[0]
        for node in ast.walk(begin):
            ast.copy_location(node, tree.body[0])
        return ast.Module([begin, *tree.body], tree.type_ignores)

    def _infer(self) -> None:
        all_cells = ast.Module(list(self._statements), [])
        if self.options.era is None:
            self.era = era.infer([all_cells])
        used = era.used_names(all_cells)
        if self._told_of_keras or not any(n.startswith(_KERAS) for n in used):
            return
        self._told_of_keras = True
        if not _has_old_keras():
            print(_RESTART)

    def assume(self, statement: str) -> None:
        """Takes a statement that was run before for one of the cells'."""
        self._statements += ast.parse(statement).body

    def begin(self, name: str) -> None:
        """Notes the file name under which IPython has compiled a cell."""
        self.record.files.add(name)
        self._names.add(name)
        with contextlib.suppress(AttributeError, TypeError, ValueError):
            # ('Cell', 'In[3]'), since IPython 8.
            self.record.shown[name] = self.shell.compile.format_code_name(name)[1]
        if self._pending is not None:
            self.trees[name] = self._pending


class _CellHooks(Hooks):
    """The hooks of cells, of which one more stands at the begin of each."""

    def __init__(self, cells: Cells):
        super().__init__(cells)
        self._cells = cells

    def begin_cell(self) -> None:
        """Tells the program that a cell begins, and its file name."""
        self._cells.begin(sys._getframe(1).f_code.co_filename)


def _has_old_keras() -> bool:
    """Returns whether compat.v1's Keras is that of tf-keras."""
    try:
        tf.keras.layers, tf.layers.dense  # noqa: B018
    except (AttributeError, ImportError):
        return False
    return True


class Extension:
    """The extension while it is loaded.

    Args:
        shell: IPython's InteractiveShell.
        had_keras: The environment's TF_USE_LEGACY_KERAS before it was loaded.
    """

    def __init__(self, shell: Any, had_keras: str | None):
        self._shell = shell
        self._had_keras = had_keras
        self._stack = contextlib.ExitStack()
        self.cells = Cells(shell, Options())

    def load(self) -> None:
        """Makes the cells that follow old ones."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._restore_environment)
            stack.enter_context(current.running(self.cells))
            stack.enter_context(shorten.using(self.cells.limits))
            stack.enter_context(graph_mode())
            # 0.11, and not np.float32(0.11)
            stack.enter_context(np.printoptions(legacy='1.25'))
            self._add_filters(stack)
            self._replace(stack, '__builtins__', self.cells.builtins)
            served = self.cells.tree.module('tensorflow')
            for name, value in list(self._shell.user_ns.items()):
                if value is tf2 or value is tf:
                    self.cells.assume(f'import tensorflow as {name}')
                    self._replace(stack, name, served)
            self._add(stack, self._shell.ast_transformers, self.cells)
            post = self._shell.input_transformers_post
            self._add(stack, post, self.cells.translate_cell)
            self._add_magics(stack)
            self._stack = stack.pop_all()

    def unload(self) -> None:
        """Makes the cells that follow ordinary ones again."""
        print(report.summary(self.cells))
        self._stack.close()

    def _restore_environment(self) -> None:
        if self._had_keras is None:
            os.environ.pop('TF_USE_LEGACY_KERAS', None)

    def _replace(self, stack: contextlib.ExitStack, name: str, value: Any) -> None:
        names = self._shell.user_ns
        missing = object()
        before = names.get(name, missing)
        names[name] = value

        def restore() -> None:
            if names.get(name) is not value:
                return  # the user has changed it since
            if before is missing:
                del names[name]
            else:
                names[name] = before

        stack.callback(restore)

    @staticmethod
    def _add(stack: contextlib.ExitStack, things: list, thing: Any) -> None:
        things.append(thing)

        def remove() -> None:
            with contextlib.suppress(ValueError):
                things.remove(thing)

        stack.callback(remove)

    @staticmethod
    def _add_filters(stack: contextlib.ExitStack) -> None:
        before = list(warnings.filters)
        for message, category in _FILTERS:
            warnings.filterwarnings('ignore', message, category)
        added = [item for item in warnings.filters if item not in before]

        def remove() -> None:
            warnings.filters[:] = [  # type: ignore[index]
                item for item in warnings.filters if item not in added
            ]

        stack.callback(remove)

    def _add_magics(self, stack: contextlib.ExitStack) -> None:
        def no_version(line: str) -> None:
            """Does nothing; chose TensorFlow's version in Colab."""

        self._add_magic(stack, 'legacy', self._magic)
        self._add_magic(stack, 'tensorflow_version', no_version)

    def _add_magic(
        self, stack: contextlib.ExitStack, name: str, function: Callable[[str], None]
    ) -> None:
        magics = self._shell.magics_manager.magics['line']
        before = magics.get(name)
        self._shell.register_magic_function(function, 'line', name)

        def remove() -> None:
            magics.pop(name, None)
            if before is not None:
                magics[name] = before

        stack.callback(remove)

    def _magic(self, line: str) -> None:
        """Tells what was adapted, or sets --steps, --seconds, --era, --python...

        As of the command: --steps=N, --seconds=T, --era=0.9, --python=2,
        --dataset=..., --data_dir=...; --steps=0 and --seconds=0 end the limit.
        """
        cells = self.cells
        if not line.strip():
            print(report.explain(cells))
            return
        parser = argparse.ArgumentParser(
            '%legacy', add_help=False, allow_abbrev=False, exit_on_error=False
        )
        parser.add_argument('--steps', type=int)
        parser.add_argument('--seconds', type=float)
        parser.add_argument('--era')
        parser.add_argument('--python', type=int, choices=(2, 3))
        parser.add_argument('--dataset')
        parser.add_argument('--data_dir')
        try:
            options, rest = parser.parse_known_args(line.split())
        except argparse.ArgumentError as error:
            raise UserError(f'%legacy: {error}') from error
        if rest:
            raise UserError(f'%legacy: {rest[0]} is no option; see %legacy?')
        if options.steps is not None:
            cells.limits.steps = options.steps or None
        if options.seconds is not None:
            cells.limits.seconds = options.seconds or None
        if options.era:
            cells.era = era.of_version(options.era)
            cells.options = cells.options._replace(era=options.era)
        if options.python:
            cells.set_python(options.python)
        cells.choose_data(options.dataset, options.data_dir)


_loaded: dict[int, Extension] = {}


def load(shell: Any, had_keras: str | None) -> None:
    """Loads the extension into a shell."""
    unload(shell)
    extension = Extension(shell, had_keras)
    extension.load()
    _loaded[id(shell)] = extension
    print(
        'legacy: the cells that follow are TensorFlow 0.5 to 1.15 '
        '(%legacy: what was adapted; %unload_ext mnist_tut.legacy: the end)'
    )


def unload(shell: Any) -> None:
    """Unloads the extension from a shell."""
    extension = _loaded.pop(id(shell), None)
    if extension is not None:
        extension.unload()
