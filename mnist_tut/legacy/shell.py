"""What a notebook's cells expect of IPython, where there is none."""

import importlib.util
from collections.abc import Callable
from typing import Any


def display(*values: Any, before: str = '', **_: Any) -> None:
    """Prints what a notebook would show below a cell."""
    for value in values:
        print(f'{before}{value!r}')


class NoShell:
    """Stands for what get_ipython returns: every method of it does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__'):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


class Shown:
    """Stands for the classes of IPython.display: Image, HTML and the like."""

    def __init__(self, *_: Any, **__: Any):
        """Takes what a picture or a page takes."""

    def __repr__(self) -> str:
        return '(not shown: IPython is not installed)'


_CLASSES = (
    *('Image', 'HTML', 'SVG', 'Markdown', 'Math', 'Latex', 'Javascript', 'JSON'),
    *('IFrame', 'YouTubeVideo', 'Audio', 'Video', 'FileLink', 'FileLinks'),
)


def overlays() -> dict[str, tuple[str, Callable[[], dict[str, Any]]]]:
    """Returns the overlays: real module, function that makes our names."""
    if importlib.util.find_spec('IPython') is not None:
        return {}

    def nothing(*_: Any, **__: Any) -> None:
        return None

    def names() -> dict[str, Any]:
        functions = {'display': display, 'clear_output': nothing}
        functions['set_matplotlib_formats'] = nothing
        return {**functions, **dict.fromkeys(_CLASSES, Shown)}

    return {
        'IPython': ('', lambda: {'get_ipython': NoShell}),
        'IPython.core': ('', dict),
        'IPython.core.display': ('', names),
        'IPython.display': ('', names),
    }
