"""Formats Markdown tables, and replaces the generated part of a document."""


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Returns the lines of a table, and an empty one after it."""
    lines = [
        '| ' + ' | '.join(row) + ' |' for row in [head, ['---'] * len(head), *rows]
    ]
    return [*lines, '']


def replace_part(text: str, script: str, lines: list[str], part: str = '') -> str:
    """Returns a document with the part between a script's marks replaced.

    Args:
        text: The document, which holds both marks.
        script: Name of the script, without .py.
        lines: The new part.
        part: Its name, where the script writes several into one document.

    Raises:
        ValueError: If a mark is missing.
    """
    name = f' {part}' if part else ''
    begin, end = (
        f'<!-- {word}{name}: written by scripts/maintain/{script}.py -->'
        for word in ('begin', 'end')
    )
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return '\n'.join([before + begin, *lines, end]) + after
