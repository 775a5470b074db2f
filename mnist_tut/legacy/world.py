"""What drifted beside TensorFlow: NumPy, SciPy, Matplotlib, scikit-learn and others.

An overlay is a module of which some names are ours and all others are the real ones. It
is served to the script alone.
"""

import base64
import importlib
import importlib.util
import types
from collections.abc import Callable
from typing import Any, NamedTuple

from mnist_tut.legacy import outputs, pictures, shell
from mnist_tut.legacy.current import Program
from mnist_tut.legacy.data import Response, file_name
from mnist_tut.legacy.served import keras_arguments

import numpy as np


class Overlay(types.ModuleType):
    """A real module with names of ours before its own.

    Args:
        name: The dotted name under which the script imports it.
        real: Name of the module of today; '' if there is none.
        own: Our names.
        world: Finds the overlays of submodules.
    """

    def __init__(self, name: str, real: str, own: dict[str, Any], world: 'World'):
        super().__init__(name)
        self.__path__: list[str] = []
        self.__dict__.update(_real=real, _own=own, _world=world)

    def __getattr__(self, name: str) -> Any:
        own, world = self.__dict__['_own'], self.__dict__['_world']
        if name == '__all__':
            return [item for item in dir(self) if not item.startswith('_')]
        if name in own:
            value = own[name]
            if isinstance(value, Renamed):
                world.program.record.add(
                    f'{self.__name__}.{name}', value.today, 'world'
                )
                return value.value
            return value
        full = f'{self.__name__}.{name}'
        if world.has(full):
            return world.module(full)
        if not self.__dict__['_real']:
            raise AttributeError(f'module {self.__name__!r} has no attribute {name!r}')
        real = importlib.import_module(self.__dict__['_real'])
        value = getattr(real, name)
        self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        real = self.__dict__['_real']
        names = set(self.__dict__['_own'])
        if real:
            names.update(dir(importlib.import_module(real)))
        return sorted(names)


class Renamed(NamedTuple):
    """A name that was removed, and what stands for it today."""

    value: Any
    today: str


_KERAS_LAYERS = (
    *('core', 'convolutional', 'pooling', 'normalization', 'recurrent', 'embeddings'),
    *('advanced_activations', 'wrappers', 'noise', 'local', 'merge'),
)


# The package as it was: with the optimizers and the recurrent layers of 1.x.
_KERAS = 'tf_keras.api._v1.keras'


def _keras_module(name: str) -> str:
    """Returns the module of tf-keras for one of the package keras; '' if none."""
    rest = name.removeprefix('keras.')
    # keras.layers.core and the like are one module today.
    parent, _, last = rest.partition('.')
    if parent == 'layers' and last in _KERAS_LAYERS:
        return f'{_KERAS}.layers'
    if rest == 'utils.np_utils':
        return f'{_KERAS}.utils'
    for full in (f'{_KERAS}.{rest}', f'tf_keras.src.{rest}'):
        try:
            importlib.import_module(full)
        except ImportError:
            continue
        return full
    return ''


class World:
    """The overlays of one program."""

    def __init__(self, program: Program):
        self.program = program
        self._modules: dict[str, Overlay] = {}
        self._makers: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
            'numpy': ('numpy', self._numpy),
            'gzip': ('gzip', self._gzip),
            'urllib': ('urllib', self._urllib),
            'urllib2': ('urllib.request', self._urllib_request),
            'urllib.request': ('urllib.request', self._urllib_request),
            'six.moves': ('six.moves', self._six_moves),
            'six.moves.urllib': ('urllib', self._urllib),
            'six.moves.urllib.request': ('urllib.request', self._urllib_request),
            'requests': ('requests', self._requests),
            'wget': ('', self._wget),
            'base64': ('base64', self._base64),
            **shell.overlays(),
            'scipy': ('scipy', dict),
            'scipy.misc': ('', lambda: pictures.scipy_misc(program)),
            'scipy.ndimage': ('scipy.ndimage', lambda: pictures.ndimage(program)),
            'PIL': ('PIL', dict),
            'PIL.Image': ('PIL.Image', pictures.pil_image),
            'Image': ('PIL.Image', pictures.pil_image),
            'sklearn': ('sklearn', dict),
            'sklearn.datasets': ('sklearn.datasets', self._sklearn_datasets),
            'sklearn.cross_validation': ('sklearn.model_selection', dict),
            'sklearn.grid_search': ('sklearn.model_selection', dict),
            'sklearn.externals': ('', dict),
            'sklearn.externals.joblib': ('joblib', dict),
            'keras': (_KERAS, self._keras_models),
            'keras.models': (f'{_KERAS}.models', self._keras_models),
            'keras.layers': (f'{_KERAS}.layers', keras_arguments.layers),
            'keras.backend': (f'{_KERAS}.backend', self._keras_backend),
            'keras.datasets': (f'{_KERAS}.datasets', dict),
            'keras.datasets.mnist': (f'{_KERAS}.datasets.mnist', self._keras_mnist),
            'keras.utils': (f'{_KERAS}.utils', self._keras_utils),
            'pickle': ('pickle', lambda: _pickle(program)),
            'cPickle': ('pickle', lambda: _pickle(program)),
            'absl': ('absl', dict),
            **outputs.overlays(program),
        }

    def has(self, name: str) -> bool:
        """Returns whether a module is served as an overlay."""
        if name.startswith('keras.') and name not in self._makers:
            real = _keras_module(name)
            if real:
                make = keras_arguments.layers if real.endswith('.layers') else dict
                self._makers[name] = (real, make)
        return name in self._makers

    def module(self, name: str) -> Overlay:
        """Returns the overlay of that dotted name."""
        if name not in self._modules:
            real, make = self._makers[name]
            self._modules[name] = Overlay(name, real, make(), self)
        return self._modules[name]

    def _keras_models(self) -> dict[str, Any]:
        models = self.program.tree.module('tensorflow.keras.models')
        return {name: getattr(models, name) for name in ('Sequential', 'Model')}

    def _keras_utils(self) -> dict[str, Any]:
        utils = self.program.tree.module('tensorflow.keras.utils')
        return {'get_file': utils.get_file}

    def _keras_backend(self) -> dict[str, Any]:
        return {
            'image_dim_ordering': lambda: 'tf',
            'set_image_dim_ordering': lambda order: None,
        }

    def _keras_mnist(self) -> dict[str, Any]:
        return {'load_data': self.program.data.load_arrays}

    def _sklearn_datasets(self) -> dict[str, Any]:
        fetch = self.program.data.fetch_mldata

        def fetch_openml(name: Any = None, *args: Any, **kwargs: Any) -> Any:
            bunch = fetch(name or 'mnist', *args, **kwargs)
            if kwargs.get('return_X_y'):
                return bunch.data, bunch.target.astype(int).astype(str)
            return bunch

        return {
            'fetch_mldata': Renamed(fetch, 'sklearn.datasets.fetch_openml'),
            'fetch_openml': fetch_openml,
        }

    def _gzip(self) -> dict[str, Any]:
        import gzip

        def open_gzip(filename: Any, *args: Any, **kwargs: Any) -> Any:
            if file_name(filename):
                self.program.data.provide(filename)
            return gzip.open(filename, *args, **kwargs)

        class GzipFile(gzip.GzipFile):
            def __init__(this, filename: Any = None, *args: Any, **kwargs: Any):  # noqa: N805
                if file_name(filename):
                    self.program.data.provide(filename)
                super().__init__(filename, *args, **kwargs)

        return {'open': open_gzip, 'GzipFile': GzipFile}

    def _urllib(self) -> dict[str, Any]:
        own = self._urllib_request()
        parse = importlib.import_module('urllib.parse')
        names = ('urlencode', 'quote', 'unquote', 'quote_plus', 'unquote_plus')
        own.update({name: getattr(parse, name) for name in names})
        own['request'] = self.module('urllib.request')
        own['parse'] = parse
        own['error'] = importlib.import_module('urllib.error')
        return own

    def _urllib_request(self) -> dict[str, Any]:
        import urllib.request

        data = self.program.data

        def urlretrieve(
            url: Any, filename: Any = None, *args: Any, **kwargs: Any
        ) -> Any:
            if not file_name(url):
                return urllib.request.urlretrieve(url, filename, *args, **kwargs)
            content = None
            if filename is None:
                import tempfile

                filename = tempfile.mkdtemp(prefix='mnist') + '/' + url.split('/')[-1]
            if file_name(filename) == file_name(url):
                data.provide(filename)
            else:
                content = data.read(url)
                with open(filename, 'wb') as file:
                    file.write(content)
            return filename, {}

        def urlopen(url: Any, *args: Any, **kwargs: Any) -> Any:
            address = getattr(url, 'full_url', url)
            if file_name(address):
                return Response(address, data.read(address))
            return urllib.request.urlopen(url, *args, **kwargs)

        def url_opener() -> Any:
            return types.SimpleNamespace(retrieve=urlretrieve, open=urlopen)

        return {
            'urlretrieve': urlretrieve,
            'urlopen': urlopen,
            'URLopener': url_opener,
            'FancyURLopener': url_opener,
        }

    def _six_moves(self) -> dict[str, Any]:
        return {
            'urllib': self.module('urllib'),
            'cPickle': self.module('pickle'),
            'xrange': range,
        }

    def _requests(self) -> dict[str, Any]:
        data = self.program.data

        def get(url: Any, *args: Any, **kwargs: Any) -> Any:
            if file_name(url):
                return Response(url, data.read(url))
            return importlib.import_module('requests').get(url, *args, **kwargs)

        return {'get': get}

    def _base64(self) -> dict[str, Any]:
        return {
            'decodestring': Renamed(base64.decodebytes, 'base64.decodebytes'),
            'encodestring': Renamed(base64.encodebytes, 'base64.encodebytes'),
        }

    def _wget(self) -> dict[str, Any]:
        retrieve = self._urllib_request()['urlretrieve']

        def download(url: str, out: str | None = None, *_: Any, **__: Any) -> str:
            return retrieve(url, out or url.split('/')[-1])[0]

        return {'download': download}

    def _numpy(self) -> dict[str, Any]:
        return {**numpy_names(), **numpy_functions(self.program)}


def _pickle(program: Program) -> dict[str, Any]:
    """Returns the functions that read what Python 2 has written."""
    import pickle

    def load(file: Any, *args: Any, **kwargs: Any) -> Any:
        if program.python == 2:
            kwargs.setdefault('encoding', 'latin1')
        return pickle.load(file, *args, **kwargs)

    def loads(data: Any, *args: Any, **kwargs: Any) -> Any:
        if program.python == 2:
            kwargs.setdefault('encoding', 'latin1')
        return pickle.loads(data, *args, **kwargs)

    return {'load': load, 'loads': loads}


def numpy_names() -> dict[str, Any]:
    """Returns the names that NumPy removed between 1.20 and 2.4."""
    renamed: dict[str, tuple[Any, str]] = {
        'float': (float, 'float'), 'int': (int, 'int'), 'bool': (bool, 'bool'),
        'object': (object, 'object'), 'str': (str, 'str'), 'long': (int, 'int'),
        'complex': (complex, 'complex'), 'unicode': (str, 'str'),
        'float_': (np.float64, 'np.float64'), 'Inf': (np.inf, 'np.inf'),
        'Infinity': (np.inf, 'np.inf'), 'NaN': (np.nan, 'np.nan'),
        'NAN': (np.nan, 'np.nan'), 'PINF': (np.inf, 'np.inf'),
        'NINF': (-np.inf, '-np.inf'), 'infty': (np.inf, 'np.inf'),
        'string_': (np.bytes_, 'np.bytes_'), 'unicode_': (np.str_, 'np.str_'),
        'complex_': (np.complex128, 'np.complex128'),
        'product': (np.prod, 'np.prod'), 'cumproduct': (np.cumprod, 'np.cumprod'),
        'alltrue': (np.all, 'np.all'), 'sometrue': (np.any, 'np.any'),
        'row_stack': (np.vstack, 'np.vstack'), 'in1d': (np.isin, 'np.isin'),
        'asscalar': (lambda array: array.item(), 'array.item()'),
        'msort': (lambda array: np.sort(array, axis=0), 'np.sort(a, axis=0)'),
        'trapz': (getattr(np, 'trapezoid', None), 'np.trapezoid'),
        'round_': (np.round, 'np.round'),
        'mat': (np.asmatrix, 'np.asmatrix'),
    }  # fmt: skip
    return {
        name: Renamed(value, today)
        for name, (value, today) in renamed.items()
        if name in ('bool', 'long', 'float', 'int', 'object', 'str')
        or not hasattr(np, name)
    }


def numpy_functions(program: Program) -> dict[str, Any]:
    """Returns NumPy's functions that take or return something else today."""

    def ragged(function: Callable[..., Any]) -> Callable[..., Any]:
        def make(value: Any, *args: Any, **kwargs: Any) -> Any:
            if kwargs.get('copy') is False:
                kwargs['copy'] = None
            try:
                return function(value, *args, **kwargs)
            except ValueError as error:
                if args or 'dtype' in kwargs or 'inhomogeneous' not in str(error):
                    raise
                program.record.add('an array of unequal rows', 'dtype=object', 'world')
                return objects(value)

        return make

    def objects(values: Any) -> Any:
        array = np.empty(len(values), object)
        for index, value in enumerate(values):
            array[index] = value
        return array

    def saving(function: Callable[..., Any]) -> Callable[..., Any]:
        def save(file: Any, *args: Any, **kwargs: Any) -> Any:
            outputs.make_folder(program, file)
            if args and function is np.save:
                args = (own['asanyarray'](args[0]), *args[1:])
            return function(file, *args, **kwargs)

        return save

    def load(file: Any, *args: Any, **kwargs: Any) -> Any:
        if file_name(file):
            program.data.provide(file)
        if len(args) < 2:
            kwargs.setdefault('allow_pickle', True)
        if program.python == 2:
            kwargs.setdefault('encoding', 'latin1')
        return np.load(file, *args, **kwargs)

    def fromstring(data: Any, dtype: Any = float, count: int = -1, **kw: Any) -> Any:
        if kw.get('sep'):
            return np.fromstring(data, dtype, count, **kw)
        program.record.add('np.fromstring', 'np.frombuffer(...).copy()', 'world')
        if isinstance(data, str):
            data = data.encode('latin-1')
        return np.frombuffer(data, dtype, count).copy()

    def fromfile(file: Any, *args: Any, **kwargs: Any) -> Any:
        if file_name(file):
            program.data.provide(file)
        return np.fromfile(file, *args, **kwargs)

    def reshape(a: Any, *args: Any, **kwargs: Any) -> Any:
        if 'newshape' in kwargs:
            program.record.add('np.reshape(newshape=)', 'shape=', 'world')
            kwargs['shape'] = kwargs.pop('newshape')
        return np.reshape(a, *args, **kwargs)

    own: dict[str, Any] = {
        'array': ragged(np.array),
        'asarray': ragged(np.asarray),
        'asanyarray': ragged(np.asanyarray),
        'save': saving(np.save),
        'savez': saving(np.savez),
        'savez_compressed': saving(np.savez_compressed),
        'savetxt': saving(np.savetxt),
        'load': load,
        'fromstring': fromstring,
        'fromfile': fromfile,
        'reshape': reshape,
    }
    return own
