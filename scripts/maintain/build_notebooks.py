"""Builds the notebooks from their sources, and runs them.

    python scripts/maintain/build_notebooks.py --data_dir=MNIST_data
    python scripts/maintain/build_notebooks.py --check

notebooks/NAME.py is the source, a percent script (jupytext); notebooks/NAME.ipynb is
built from it and run on real MNIST, in a kernel of this Python and in a folder of its
own. Without a NAME all are built. --check runs nothing; it reports which of them differ
from their source, and exits with status 1 if any does.

The same source gives the same file: a cell's id is a hash of its content, and output
that differs from run to run or from machine to machine is replaced (see _VARYING).
"""

import hashlib
import os
import pathlib
import re
import shutil
import sys
import tempfile
from typing import Any

from mnist_tut import errors, files
from mnist_tut.data import download, locate
from mnist_tut.flags import Flags

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / 'notebooks'
DATA_DIR = 'MNIST_data'  # its name in the notebooks, relative to where they run

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the real MNIST files.')
flags.DEFINE_boolean('check', False, 'Only report whether all are up to date.')

_SKIPPED = 'skip-execution'  # the tag of cells that nbclient leaves out
_WIDGET = 'application/vnd.jupyter.widget-view+json'

# Output that differs from run to run, and what replaces it.
_VARYING = [
    (re.compile(r'\(\d+\.\d+ sec\)'), '(… sec)'),
    (re.compile(r'\b\d+\.\d+ ms$', re.MULTILINE), '… ms'),
    (re.compile(r'(in TensorBoard: )\S+( -m )'), r'\1python\2'),
]


def make(source: pathlib.Path) -> Any:
    """Returns the notebook of a percent script, without outputs."""
    import jupytext  # type: ignore[import-untyped]
    import nbformat

    cells = jupytext.read(source, fmt='py:percent').cells
    seen: dict[str, int] = {}
    for cell in cells:
        name = hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        seen[name] = seen.get(name, 0) + 1
        cell.id = name if seen[name] == 1 else f'{name}-{seen[name]}'
    return nbformat.v4.new_notebook(cells=cells, metadata=_metadata())


def _metadata() -> dict[str, Any]:
    return {
        'kernelspec': {
            'display_name': 'Python 3',
            'language': 'python',
            'name': 'python3',
        },
        'language_info': {'name': 'python'},
    }


def execute(notebook: Any, folder: str | os.PathLike) -> None:
    """Runs all cells, in place.

    Args:
        notebook: From `make`.
        folder: Where to run; its `MNIST_data` is what the notebook reads.

    Raises:
        nbclient.exceptions.CellExecutionError: If a cell fails.
        errors.RunError: If a widget is left in an output.
    """
    import nbclient
    from ipykernel import kernelspec
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    paths = [
        str(ROOT),
        *os.environ.get('PYTHONPATH', '').split(os.pathsep),
    ]
    environment = os.environ | {
        'PYTHONPATH': os.pathsep.join(path for path in paths if path)
    }
    with tempfile.TemporaryDirectory() as kernels:
        # The user's 'python3' kernel may be another Python than this one.
        kernelspec.write_kernel_spec(os.path.join(kernels, 'python3'))
        manager = AsyncKernelManager(
            kernel_name='python3',
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[kernels]),
        )
        client = nbclient.NotebookClient(
            notebook,
            km=manager,
            timeout=None,
            skip_cells_with_tag=_SKIPPED,
            record_timing=False,
            resources={'metadata': {'path': os.fspath(folder)}},
        )
        client.execute(env=environment, cleanup_kc=True)
    _require_no_widgets(notebook)
    notebook.metadata = type(notebook.metadata)(_metadata())
    for cell in notebook.cells:
        if cell.cell_type == 'code':
            cell.outputs = _settle(cell.outputs)


def _settle(outputs: list[Any]) -> list[Any]:
    """Returns outputs that do not depend on timing.

    stderr comes first, then stdout, each in one piece, because the number and order of
    the pieces that arrive is random.
    """
    texts = {
        name: ''.join(
            output.text
            for output in outputs
            if output.output_type == 'stream' and output.name == name
        )
        for name in ('stderr', 'stdout')
    }
    settled = []
    for name, text in texts.items():
        for pattern, mark in _VARYING:
            text = pattern.sub(mark, text)
        if text:
            [first, *_] = (o for o in outputs if o.get('name') == name)
            first.text = text
            settled.append(first)
    return settled + [o for o in outputs if o.output_type != 'stream']


def executed_cells(notebook: Any) -> list[Any]:
    """Returns the code cells but for those that are only for the reader to run."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == 'code' and _SKIPPED not in cell.metadata.get('tags', [])
    ]


def _require_no_widgets(notebook: Any) -> None:
    """Raises RunError if an output is a widget, which dies with its kernel."""
    for cell in executed_cells(notebook):
        for output in cell.outputs:
            if _WIDGET in output.get('data', {}):
                raise errors.RunError(
                    f'a widget is left in the output of this cell:\n{cell.source}'
                )


def difference(source: pathlib.Path) -> str | None:
    """Returns how the notebook differs from its source, or None if it does not."""
    import nbformat

    target = source.with_suffix('.ipynb')
    if not target.is_file():
        return 'is missing'
    notebook = nbformat.read(target, as_version=4)
    keys = ('cell_type', 'id', 'source', 'metadata')
    expected = [[cell[key] for key in keys] for cell in make(source).cells]
    if [[cell.get(key) for key in keys] for cell in notebook.cells] != expected:
        return 'has other cells than its source'
    counts = [cell.execution_count for cell in executed_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        return 'was not run from its first cell to its last'
    return None


def build(source: pathlib.Path, data_dir: str) -> None:
    """Builds, runs and writes the notebook of a source.

    Args:
        source: The percent script.
        data_dir: Folder of the four files of MNIST.
    """
    import nbformat

    notebook = make(source)
    with tempfile.TemporaryDirectory() as folder:
        copies = pathlib.Path(folder, DATA_DIR)
        copies.mkdir()
        for file in download.FILES:
            shutil.copy(os.path.join(data_dir, file.name), copies)
        execute(notebook, folder)
    text = nbformat.writes(notebook) + '\n'
    files.write_bytes(source.with_suffix('.ipynb'), text.encode())


def main(argv):
    """Builds or checks the notebooks that are named, or all."""
    names = argv[1:] or sorted(path.stem for path in NOTEBOOKS.glob('*.py'))
    chosen = [NOTEBOOKS / f'{name}.py' for name in names]
    for source in chosen:
        if not source.is_file():
            raise errors.FlagError(f'{source.stem}: there is no {source.name}')
    if FLAGS.check:
        stale = False
        for source in chosen:
            problem = difference(source)
            stale = stale or problem is not None
            print(f'{source.stem}.ipynb {problem or "is up to date"}')
        sys.exit(int(stale))
    data_dir = locate.locate(FLAGS.data_dir, 'mnist').directory
    for source in chosen:
        print(f'{source.stem} ...', flush=True)
        build(source, data_dir)


if __name__ == '__main__':
    flags.run(main, arguments='[NAME...]')
