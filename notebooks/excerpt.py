"""Shows the source of a function, or stanzas of it, as code in a notebook.

    excerpt.show(mnist.loss)
    excerpt.show(softmax.run_training, 'Placeholders', 'Model')

This is how a notebook quotes the lesson that it explains. A copy of the code would not
change with the lesson.
"""

import inspect
import re
import textwrap
from collections.abc import Callable

# A comment that begins a stanza, and its first words: '# Loop.', '# Model: '.
_TITLE = re.compile(r'# ([^.:]+)[.:]')


class Excerpt:
    """Python code that a notebook displays with highlighting."""

    def __init__(self, code: str):
        self._code = code

    def __repr__(self) -> str:
        """Returns the code."""
        return self._code

    def _repr_markdown_(self) -> str:
        # The style is for nbconvert, whose pages set this code in a proportional font.
        code = f'```python\n{self._code}\n```'
        return f'<div style="font-family: monospace">\n\n{code}\n\n</div>'


def show(function: Callable, *titles: str) -> Excerpt:
    """Returns the source of a function, ready to be displayed.

    Args:
        function: A function of a module, decorated or not.
        *titles: Stanzas to show, by the first words of the comment above each; without
            any, the whole function with its docstring.

    Returns:
        An Excerpt.

    Raises:
        ValueError: If there is no stanza with such a title.
    """
    source = inspect.getsource(function)
    if not titles:
        return Excerpt(textwrap.dedent(source).rstrip())
    stanzas = _split(source)
    for title in titles:
        if title not in stanzas:
            raise ValueError(f'{title}: not one of {", ".join(stanzas)}')
    return Excerpt('\n\n'.join(stanzas[title] for title in titles))


def _split(source: str) -> dict[str, str]:
    """Returns the text of each stanza by its title.

    A stanza lasts until the next title, or the end of the block. All titles have the
    indentation of the first one; more deeply indented comments are part of a stanza.
    """
    lines = source.splitlines()
    stanzas: dict[str, list[str]] = {}
    indent = title = None
    for before, line in zip(['', *lines], lines, strict=False):
        depth = len(line) - len(line.lstrip())
        match = _TITLE.match(line.lstrip())
        # The next lines of a long comment begin no stanza.
        if match and not before.lstrip().startswith('#') and indent in (None, depth):
            indent, title = depth, match[1]
        elif line and indent is not None and depth < indent:
            title = None
        if title:
            stanzas.setdefault(title, []).append(line)
    return {
        title: textwrap.dedent('\n'.join(stanza)).rstrip()
        for title, stanza in stanzas.items()
    }
