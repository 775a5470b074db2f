"""Reads a file of Python 2 or 3, and translates the former.

The translation is that of a kept fork of 2to3 (lib2to3 left Python 3.13). Fixers that
would add lines are replaced by the names in BUILTINS, so that the lines keep their
numbers.
"""

import ast
import builtins
import functools
import io
import re
import tokenize
import warnings
from typing import Any

from mnist_tut.errors import UserError, printable

# Replaced by BUILTINS, or adding an import line.
_WITHOUT = {
    'intern', 'reduce', 'reload', 'operator', 'exitfunc', 'future',
    'standarderror', 'unicode', 'basestring', 'long', 'raw_input', 'xrange', 'input',
    'zip', 'filter', 'map', 'isinstance', 'asserts', 'apply', 'getcwdu', 'buffer',
    'idioms', 'set_literal', 'ws_comma', 'callable', 'import', 'metaclass',
}  # fmt: skip

# What makes up for BUILTINS in a script that is to run without them.
_COMPLETE = {
    'apply', 'basestring', 'filter', 'getcwdu', 'long', 'map', 'metaclass',
    'raw_input', 'reduce', 'standarderror', 'unicode', 'xrange', 'zip',
}  # fmt: skip

# What no program of Python 3 has; such a file is of Python 2 although it parses.
_SIGNS = re.compile(
    r'\b(xrange|raw_input|unicode|basestring|execfile|unichr)\s*\('
    r'|\.(iteritems|itervalues|iterkeys|has_key)\s*\('
    r'|^\s*import\s+(urllib2|cPickle|StringIO|ConfigParser|Queue|Tkinter)\b'
    r'|^\s*from\s+(urllib2|cPickle|StringIO|Queue)\s+import\b'
    r'|\burllib\.(urlretrieve|urlopen|urlencode|quote)\s*\('
    r'|\bsys\.(maxint|setdefaultencoding)\b',
    re.MULTILINE,
)
_SIX = re.compile(r'^\s*from\s+six\.moves\s+import\s+(\([^)]*\)|.*)', re.MULTILINE)
# Control characters other than blanks, and a DOS file's end.
_BINARY = re.compile(rb'[\x00-\x07\x0e-\x19\x1b-\x1f\x7f]|\x1a(?!\s*$)')
_COMMENT = re.compile(r'(?<![\'"])#.*')


def _map(function: Any, *iterables: Any) -> list:
    """Python 2's map, which returns a list."""
    if function is None:
        return list(zip(*iterables, strict=False))
    return list(builtins.map(function, *iterables))


def _filter(function: Any, iterable: Any) -> list:
    """Python 2's filter, which returns a list."""
    return list(builtins.filter(function, iterable))


def _zip(*iterables: Any) -> list:
    """Python 2's zip, which returns a list."""
    return list(builtins.zip(*iterables, strict=False))


def _round(number: Any, ndigits: int = 0) -> float:
    """Python 2's round: halves go away from zero, and the result is a float."""
    scale = 10.0**ndigits
    half = 0.5 if number >= 0 else -0.5
    return float(int(number * scale + half)) / scale


# Added to the builtins of a script of Python 2.
BUILTINS: dict[str, Any] = {
    'apply': lambda function, args=(), kwargs=None: function(*args, **(kwargs or {})),
    'basestring': str,
    'cmp': lambda a, b: (a > b) - (a < b),
    'file': open,
    'filter': _filter,
    'long': int,
    'map': _map,
    'raw_input': input,
    'reduce': functools.reduce,
    'reload': lambda module: module,
    'round': _round,
    'unichr': chr,
    'unicode': str,
    'xrange': range,
    'zip': _zip,
    'StandardError': Exception,
}


def read(path: str) -> str:
    """Returns the text of a source file, in whatever encoding it is.

    Raises:
        UserError: If it cannot be read, or is no text.
    """
    try:
        with open(path, 'rb') as file:
            content = file.read()
    except OSError as error:
        raise UserError(f'{printable(path)}: {error.strerror}') from error
    if _BINARY.search(content):
        raise UserError(f'{printable(path)} is not a Python file: it is not text')
    text = content.decode(encoding_of(content))
    return text.replace('\r\n', '\n').replace('\r', '\n')


def encoding_of(content: bytes) -> str:
    """Returns the encoding of a source file; Latin-1 if it is not what it says."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return 'latin-1'  # Python 2 did not decode comments
    return encoding


def parses(source: str) -> bool:
    """Returns whether Python 3 can read the source."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def is_python2(source: str) -> bool:
    """Returns whether the source can only be of Python 2.

    What it imports from six.moves, which is for both, says nothing.
    """
    if not parses(source):
        return True
    code = _COMMENT.sub('', source)
    shared = {
        name for imported in _SIX.findall(code) for name in re.findall(r'\w+', imported)
    }
    return any(match[1] not in shared for match in _SIGNS.finditer(code))


def expand_tabs(source: str) -> str:
    """Returns the source with tabs before a line's text as Python 2 read them."""
    lines = []
    for line in source.split('\n'):
        text = line.lstrip(' \t')
        lines.append(line[: len(line) - len(text)].expandtabs(8) + text)
    return '\n'.join(lines)


@functools.cache
def _tool(print_function: bool, complete: bool = False) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            from fissix import refactor
    except ImportError as error:
        raise UserError(
            'this is a file of Python 2, and fissix, which translates it, is missing: '
            "pip install 'mnist_tut[legacy]'"
        ) from error
    fixers = [
        name
        for name in refactor.get_fixers_from_package('fissix.fixes')
        if (
            name.rpartition('.fix_')[2] in _COMPLETE
            if complete
            else name.rpartition('.fix_')[2] not in _WITHOUT
        )
        and not (print_function and name.endswith('.fix_print'))
    ]
    options = {'print_function': print_function}
    return refactor.RefactoringTool(fixers, options)


def translate(source: str, path: str) -> str:
    """Returns a source of Python 2 as one of Python 3, line by line.

    Raises:
        UserError: If neither Python can read it, with the line.
    """
    source = expand_tabs(source)
    if not source.endswith('\n'):
        source += '\n'
    for print_function in (False, True):
        tool = _tool(print_function)
        try:
            translated = str(tool.refactor_string(source, path))
        except Exception as error:
            problem = error
            continue
        try:
            ast.parse(translated)
        except SyntaxError as error:
            problem = error
            continue
        return translated
    raise UserError(syntax_line(source, path, problem))


def complete(source: str, path: str) -> str:
    """Returns a translated source as one that needs no BUILTINS; lines may be added."""
    try:
        completed = str(_tool(True, complete=True).refactor_string(source, path))
        ast.parse(completed)
    except Exception:  # fissix does not know all of Python 3
        return source
    return completed


def syntax_line(source: str, path: str, problem: Exception) -> str:
    """Returns the line that says why neither Python can read a file."""
    line = getattr(problem, 'lineno', None)
    context = getattr(problem, 'context', None)
    if line is None and context:
        line = context[1][0]
    where = f'{printable(path)}:{line}' if line else printable(path)
    lines = source.split('\n')
    text = lines[line - 1].strip() if line and line <= len(lines) else ''
    shown = f': {text[:60]!r}' if text else ''
    return f'{where}: neither Python 3 nor Python 2 can read this{shown}'
