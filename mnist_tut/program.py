"""The beginning and the end of a program, `python -m mnist_tut.<program>`.

Python imports `mnist_tut` before the program's own module, and that calls `begin`: from
there on Ctrl-C ends the imports quietly, nothing looks for garbage, of which they make
hardly any, and help is printed without TensorFlow. When all is imported, the program
calls `run`.
"""

import errno
import gc
import importlib.abc
import importlib.machinery
import io
import os
import signal
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from mnist_tut import errors

# absl's three, and the short one.
HELP = {
    prefix + name
    for prefix in ('-', '--')
    for name in ('h', 'help', 'helpshort', 'helpfull')
}


def begin() -> None:
    """Prepares the process, before a program's imports.

    Does nothing unless Python is starting a program of this package.
    """
    module = _starting()
    if module.split('.')[0] != 'mnist_tut':
        return
    _open_streams()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    gc.disable()  # nothing is freed during the imports
    if module == 'mnist_tut.distributed':
        # Otherwise TensorFlow warns of each call of a server that is cancelled.
        os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
    # An old script has flags of its own, of which --help may be one.
    if module != 'mnist_tut.legacy' and wants_help(sys.argv):
        sys.meta_path.insert(0, _StandInFinder())


def _starting() -> str:
    """Returns the name of the module that Python is about to run, or ''."""
    if sys.argv[0] != '-m':  # which it is until Python has found the module
        return ''
    return sys.orig_argv[-len(sys.argv)].removeprefix('-m')


def _open_streams() -> None:
    """Makes the three standard streams safe to use.

    Without its standard stream, a descriptor would be given to the next file that is
    opened, and what TensorFlow prints would be written into that file.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, 'w')  # noqa: SIM115
    if sys.stdout is None:
        fail('standard output is closed; send it to a file, or to /dev/null')
    if isinstance(sys.stdout, io.TextIOWrapper):
        # The name of a folder may have letters that the terminal's encoding lacks.
        sys.stdout.reconfigure(errors='backslashreplace')


def _leave(number: int, frame: Any) -> None:
    # KeyboardInterrupt would print a traceback through the modules being imported.
    os._exit(128 + number)


def imports_done() -> None:
    """Makes Ctrl-C raise KeyboardInterrupt again, and collects garbage again.

    What was imported is left out: it lives as long as the process.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def wants_help(argv: Sequence[str]) -> bool:
    """Returns whether a command line asks for help."""
    flags = argv[1 : argv.index('--')] if '--' in argv else argv[1:]
    return not HELP.isdisjoint(flags)


class _StandInFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports stand-ins for TensorFlow's modules, which take seconds to import.

    Printing help computes nothing, but the modules that define the flags import
    TensorFlow, name its classes in annotations, and derive some of their own.
    """

    def find_spec(self, name: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        if name.split('.')[0] != 'tensorflow':
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _StandInModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


class _StandInType(type):
    """Of a class that is its own attributes, and what calling it returns."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith('__'):
            raise AttributeError(name)
        return cls

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        return cls


class _StandIn(metaclass=_StandInType):
    pass


class _StandInModule(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith('__'):
            raise AttributeError(name)
        return _StandIn


def run(main: Callable[[], Any]) -> NoReturn:
    """Runs `main` and exits; a user's mistake prints one line.

    Raises:
        SystemExit: Always. Status 0; 1 for a mistake; 128 + the signal's number.
    """
    imports_done()
    try:
        main()
        sys.stdout.flush()
    except errors.UserError as error:
        fail(str(error))
    except UnicodeEncodeError as error:
        # A name that Python could not decode, which TensorFlow was given.
        name = errors.shortened(error.object)
        fail(f'{name}: is not in the encoding {error.encoding}; choose another name')
    except BrokenPipeError:
        _discard_stdout()  # its reader, `head` for example, has closed it
        sys.exit(1)
    except OSError as error:
        is_stdout = error.errno == errno.ENOSPC and error.filename is None
        where = 'standard output cannot be written'
        fail(f'{where}: {error.strerror}' if is_stdout else str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def fail(line: str) -> NoReturn:
    """Prints a line on stderr, without control characters; exits with status 1."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:  # which may be why the program failed
        _discard_stdout()
    print(errors.printable(line), file=sys.stderr)
    sys.exit(1)


def _discard_stdout() -> None:
    # Python flushes stdout at exit, and would report an error there on more lines.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
