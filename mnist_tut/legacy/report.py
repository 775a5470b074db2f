"""Says what was adapted for a script: at its end in one line, or line by line."""

import re
from collections import Counter
from typing import TYPE_CHECKING

from mnist_tut.errors import printable
from mnist_tut.legacy.record import Use

if TYPE_CHECKING:
    from mnist_tut.legacy.program import Program


def summary(program: 'Program') -> str:
    """Returns the line at the end: what was adapted, how often."""
    counts: Counter[str] = Counter()
    lines = set()
    for use, _ in program.record.adaptations():
        lines.add((use.file, use.line))
        counts[use.old] += 1
    parts = [
        f'{old} x{count}' if count > 1 else old for old, count in counts.most_common(6)
    ]
    if len(counts) > 6:
        parts.append(f'{len(counts) - 6} more')
    what = f'{len(lines)} lines adapted' if len(lines) != 1 else '1 line adapted'
    text = f'legacy: {what} ({"; ".join(parts)})' if parts else 'legacy: as it stands'
    num = len(program.limits.cut) + program.limits.skipped
    if num:
        text += f'; {num} training loop{"s" if num > 1 else ""} cut short'
    if program.plots.files:
        text += f'; figures saved: {", ".join(program.plots.files[:3])}'
        if len(program.plots.files) > 3:
            text += f' and {len(program.plots.files) - 3} more'
    notes = program.record.notes()
    if notes:
        text += f'; {len(notes)} note{"s" if len(notes) > 1 else ""} (--explain)'
    return text


# How files of examples end.
_DATA = (
    *('.npz', '.npy', '.pkl', '.gz', '.csv', '.mat', '.bin', '.tfrecords', '.tar'),
    *('.zip', '.h5', '.hdf5', '.txt', '.jpg', '.png', '.bz2', '.pickle'),
)


def missing(error: BaseException) -> str:
    """Returns the line about a data file that a script opened in vain, or ''."""
    name = getattr(error, 'filename', None)
    if not isinstance(error, FileNotFoundError) or not isinstance(name, str):
        return ''
    if not name.endswith(_DATA):
        return ''
    return (
        f'legacy: {printable(name)} is missing: this script needs another data set '
        'than MNIST, which alone is provided here'
    )


def explain(program: 'Program') -> str:
    """Returns every adaptation with its line, what it was and what one writes today."""
    rows = [use for use, _ in program.record.adaptations()] + program.record.notes()
    lines = [
        f'legacy: {program.path}: Python {program.python}, TensorFlow {program.era}'
    ]
    for use in sorted(rows, key=in_order):
        where = f'{use.file}:{use.line}' if use.line else use.file
        lines.append(f'{where}: {use.old} -> {use.today}')
    return '\n'.join(lines)


def in_order(use: Use) -> tuple:
    """Returns a sort key with which In[3] comes before In[13]."""
    parts = re.split(r'(\d+)', use.file)
    return [*parts[::2]], [*map(int, parts[1::2])], use


def check(program: 'Program') -> int:
    """Prints what running a script would need, and returns the exit status.

    Returns:
        1 if the script uses what cannot be served, else 0.
    """
    from mnist_tut.legacy import analysis, names

    print(f'{program.path}: Python {program.python}, TensorFlow {program.era}')
    gone = False
    for path, changes in analysis.find(program).items():
        for change in changes:
            row = names.find(change.old)
            gone |= row is not None and not row.today
            today = ' '.join(change.today.split())
            print(f'{program.place(path, change.line)}: {change.old} -> {today}')
    return int(gone)
