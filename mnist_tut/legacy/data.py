"""Gives a script MNIST's files wherever it expects them.

Every spelling of the tutorials' input_data is ours. A download of one of MNIST's four
files becomes a link to the verified file, and a file that the script opens without
having it is linked where it is looked for.
"""

import gzip
import io
import os
import re
import shutil
import tempfile
import types
import urllib.parse
import weakref
from typing import Any

from mnist_tut import input_data
from mnist_tut.data import download, idx, locate
from mnist_tut.data.dataset import DataSet, Datasets
from mnist_tut.errors import UserError, printable
from mnist_tut.legacy import archives
from mnist_tut.legacy.current import Program

import numpy as np
import tensorflow.compat.v1 as tf

_NAMES = {file.name.removesuffix('.gz'): file.name for file in download.FILES}
_OURS = {
    'maybe_download', 'extract_images', 'extract_labels', 'dense_to_one_hot',
    'read_data_sets', 'DataSet', 'DataSets', 'Datasets', 'SemiDataSet', 'load_mnist',
}  # fmt: skip


def file_name(path: Any) -> str | None:
    """Returns which of MNIST's files a path or URL names, or None.

    That is one of the four, or one of `archives.NAMES`.
    """
    if not isinstance(path, str | os.PathLike):
        return None
    base = os.path.basename(os.fsdecode(path))
    if base in archives.NAMES:
        return base
    base = re.sub(r'\.(idx[13])-', r'-\1-', base.removesuffix('.gz'))
    return _NAMES.get(base)


def is_copy_of_input_data(path: str, source: str) -> bool:
    """Returns whether a file is a copy of input_data that ours can stand for.

    A copy with functions of its own is run as it is, like any neighbour.
    """
    if not os.path.basename(path).startswith(('input_data', 'mnist_data')):
        return False
    if 'idx3-ubyte' not in source or 'read_data_sets' not in source:
        return False
    defined = re.findall(r'^(?:def|class)\s+(\w+)', source, re.MULTILINE)
    return {name for name in defined if not name.startswith('_')} <= _OURS


class ScriptDataSet(DataSet):
    """A set that shuffles with NumPy's global generator, which scripts may seed.

    Source:
        TensorFlow 1.2 to 1.15, contrib/learn/python/learn/datasets/mnist.py.
    """

    def _shuffle(self) -> None:
        permutation = np.arange(self._num_examples)
        np.random.shuffle(permutation)
        self._order = self._order[permutation]
        self._ordered_images = None


class OldDataSet(ScriptDataSet):
    """A set as before TensorFlow 1.1: its first epoch is in the order of the file.

    An epoch ends where no whole batch is left; the rest is not used in it.

    Source:
        TensorFlow 0.5 to 1.0, examples/tutorials/mnist/input_data.py.
    """

    def next_batch(
        self, batch_size: int, fake_data: bool = False, shuffle: bool = True
    ) -> tuple[Any, Any]:
        """Returns the next examples; begins a new epoch where too few are left."""
        if fake_data or self._fake_data:
            return super().next_batch(batch_size, fake_data)
        end = self._index_in_epoch + batch_size
        if batch_size <= self._num_examples < end:
            self._epochs_completed += 1
            if shuffle:
                self._shuffle()
            self._index_in_epoch = 0
        return super().next_batch(batch_size, shuffle=False)


class Data:
    """The data that one program is given.

    Attributes:
        info: Which data set it is; None until one was needed.
    """

    def __init__(self, program: Program, dataset: str, folder: str | None):
        self._program = weakref.proxy(program)
        self._dataset = dataset
        self._folder = folder
        self._located: dict[str, locate.DatasetInfo] = {}
        self.info: locate.DatasetInfo | None = None

    def module(self, name: str, is_copy: bool = False) -> types.ModuleType:
        """Returns input_data as a module of that name."""
        module = types.ModuleType(name)
        for item in input_data.__all__:
            setattr(module, item, getattr(input_data, item))

        def read_data_sets(train_dir: Any = 'MNIST_data', *args: Any, **kw: Any) -> Any:
            return self.read_data_sets(train_dir, *args, is_copy=is_copy, **kw)

        def load_mnist(train_dir: Any = 'MNIST-data') -> Any:
            return self.read_data_sets(train_dir)

        def maybe_download(filename: str, work_directory: Any, *_: Any) -> str:
            path = os.path.join(os.fspath(work_directory), filename)
            self.provide(path)
            return path

        module.read_data_sets = read_data_sets  # type: ignore[attr-defined]
        module.load_mnist = load_mnist  # type: ignore[attr-defined]
        module.maybe_download = maybe_download  # type: ignore[attr-defined]
        module.SOURCE_URL = input_data.DEFAULT_SOURCE_URL  # type: ignore[attr-defined]
        module.base = types.SimpleNamespace(  # type: ignore[attr-defined]
            maybe_download=maybe_download, Datasets=Datasets
        )
        module.numpy = module.np = np  # type: ignore[attr-defined]
        module.__all__ = [  # type: ignore[attr-defined]
            n for n in vars(module) if not n.startswith('_')
        ]
        return module

    def read_data_sets(
        self, train_dir: Any, *args: Any, is_copy: bool = False, **kwargs: Any
    ) -> Datasets:
        """Reads MNIST as the script's version did."""
        from mnist_tut.legacy import current

        names = 'fake_data one_hot dtype reshape validation_size seed source_url'
        options = dict(zip(names.split(), args, strict=False))
        options.update({k: v for k, v in kwargs.items() if k in names.split()})
        if options.get('validation_size') is None:
            options.pop('validation_size', None)
        folder = self._folder or os.fspath(train_dir)
        options.update(dataset=self._dataset, search=self._folder is None)
        sets = input_data.read_data_sets(folder, **options)
        self.info = sets.info
        self._program.record.add('read_data_sets', 'mnist_tut.input_data', 'data')
        kind: type[ScriptDataSet] = ScriptDataSet
        # Names that are gone by 1.3 are most likely of 0.x.
        if is_copy or current.before('1.1', default=current.before('1.3')):
            self._program.record.add(
                'batches before 1.1',
                'the first epoch is in the order of the file',
                'meaning',
            )
            kind = OldDataSet
        else:
            seed = options.get('seed', tf.get_default_graph().seed)
            if seed is not None:
                np.random.seed(seed % 2**32)
        for data_set in sets:
            data_set.__class__ = kind
        return sets

    def locate(self, folder: str) -> locate.DatasetInfo:
        """Returns the data set for a folder; it is decided once."""
        folder = self._folder or folder
        if folder not in self._located:
            self._located[folder] = locate.locate(
                folder, self._dataset, search=self._folder is None
            )
            self.info = self._located[folder]
        return self._located[folder]

    def provide(self, path: Any) -> str:
        """Makes one of MNIST's files exist where a script looks for it.

        Args:
            path: Its path; with .gz or without.

        Returns:
            The path.
        """
        path = os.fspath(path)
        name = file_name(path)
        if name is None or os.path.exists(path):
            return path
        folder = os.path.dirname(path)
        if name in archives.NAMES:
            if folder:
                os.makedirs(folder, exist_ok=True)
            self._program.record.add(f'the file {path}', 'MNIST, verified', 'data')
            archives.write(path, *self.load_arrays(folder=folder or os.curdir))
            return path
        source = os.path.abspath(
            os.fspath(self.locate(folder or os.curdir).files[name])
        )
        if folder:
            os.makedirs(folder, exist_ok=True)
        self._program.record.add(f'the file {path}', 'MNIST, verified', 'data')
        if os.path.exists(path):
            return path
        with open(source, 'rb') as file:
            is_packed = file.read(2) == b'\x1f\x8b'
        if is_packed == path.endswith('.gz'):
            try:
                os.symlink(source, path)
            except FileExistsError:
                pass  # another task of the script was faster
            except OSError:  # not every file system has links
                shutil.copyfile(source, path)
        else:
            opener: Any = gzip.open
            if is_packed:
                with opener(source, 'rb') as packed, open(path, 'wb') as file:
                    shutil.copyfileobj(packed, file)
            else:
                with open(source, 'rb') as file, opener(path, 'wb') as packed:
                    shutil.copyfileobj(file, packed)
        return path

    def read(self, url: str) -> bytes:
        """Returns the content of one of MNIST's files, by its URL."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(
                folder, os.path.basename(urllib.parse.urlparse(url).path)
            )
            self.provide(path)
            with open(path, 'rb') as file:
                return file.read()

    def load_arrays(self, path: Any = 'mnist.npz', folder: str = '') -> Any:
        """Returns ((images, labels), (test images, test labels)), as Keras does."""
        folder = (
            self._folder
            or folder
            or os.path.join(os.path.expanduser('~'), '.keras', 'datasets', 'mnist')
        )
        info = self.locate(folder)
        self._program.record.add('mnist.load_data', 'mnist_tut.input_data', 'data')
        images, labels, test_images, test_labels = (
            idx.reader_for(name)(info.files[name]) for name in _NAMES.values()
        )
        return (images, labels), (test_images, test_labels)

    def fetch_mldata(self, name: str = 'MNIST original', *_: Any, **kwargs: Any) -> Any:
        """Returns all 70,000 digits, sorted, as scikit-learn's function did."""
        if 'mnist' not in str(name).lower():
            raise UserError(
                f'this script needs the data set {printable(str(name))}; only MNIST is '
                'provided here'
            )
        (images, labels), (test_images, test_labels) = self.load_arrays()
        parts = []
        for x, y in ((images, labels), (test_images, test_labels)):
            order = np.argsort(y, kind='stable')
            parts.append((x.reshape(len(x), -1)[order], y[order].astype(float)))
        return types.SimpleNamespace(
            data=np.concatenate([x for x, _ in parts]),
            target=np.concatenate([y for _, y in parts]),
            DESCR='MNIST',
        )


class Response(io.BytesIO):
    """What urlopen or requests return for one of MNIST's files."""

    def __init__(self, url: str, content: bytes):
        super().__init__(content)
        self.url, self.content, self.code, self.status = url, content, 200, 200
        self.status_code, self.ok, self.raw = 200, True, self
        self.headers = {
            'Content-Length': str(len(content)),
            'content-length': str(len(content)),
        }

    def info(self) -> Any:
        """Returns the headers."""
        return self.headers

    def geturl(self) -> str:
        """Returns the URL."""
        return self.url

    def getcode(self) -> int:
        """Returns the status."""
        return 200

    def raise_for_status(self) -> None:
        """Does nothing: the file is there."""

    def iter_content(self, chunk_size: int = 1 << 16, **_: Any) -> Any:
        """Yields the content in parts."""
        while part := self.read(chunk_size or 1 << 16):
            yield part
