"""Infers from its names for which version of TensorFlow a script was written."""

import ast
import re
from collections.abc import Iterable

from mnist_tut.errors import FlagError, printable
from mnist_tut.legacy import names


def key(version: str) -> tuple[int, ...]:
    """Returns a version as numbers that compare: 0.9 is before 0.10."""
    return tuple(int(part) for part in re.findall(r'\d+', version)[:2])


# Names, and the version that added them. Removals are in the table of names.
ADDED = {
    'tf.nn.rnn_cell': '0.8',
    'tf.nn.rnn': '0.8',
    'tf.nn.dynamic_rnn': '0.8',
    'tf.nn.bidirectional_rnn': '0.8',
    'tf.contrib': '0.7',
    'tf.contrib.learn': '0.8',
    'tf.contrib.layers': '0.8',
    'tf.contrib.slim': '0.9',
    'tf.contrib.rnn': '0.11',
    'tf.examples.tutorials': '0.6',
    'tf.get_variable': '0.6',
    'tf.variable_scope': '0.6',
    'tf.global_variables_initializer': '0.12',
    'tf.local_variables_initializer': '0.12',
    'tf.summary.FileWriter': '0.12',
    'tf.summary.scalar': '0.12',
    'tf.summary.histogram': '0.12',
    'tf.summary.merge_all': '0.12',
    'tf.multiply': '0.12',
    'tf.subtract': '0.12',
    'tf.negative': '0.12',
    'tf.stack': '0.12',
    'tf.layers': '1.0',
    'tf.losses': '1.0',
    'tf.metrics': '1.0',
    'tf.estimator': '1.1',
    'tf.data': '1.4',
    'tf.contrib.data': '1.2',
    'tf.keras': '1.4',
    'tf.nn.static_rnn': '1.2',
    'tf.nn.softmax_cross_entropy_with_logits_v2': '1.5',
    'tf.enable_eager_execution': '1.7',
}

# Beyond the table: modules and names that ended with a version.
_ENDED = {
    'tf.models.rnn': '0.8',
    'tf.python.platform.app': '0.12',
    'tf.g3doc': '0.6',
    'tf.image_summary': '1.0',
    'tf.scalar_summary': '1.0',
    'tf.histogram_summary': '1.0',
    'tf.train.SummaryWriter': '1.0',
    'tf.nn.bidirectional_rnn': '1.0',
    'tf.initialize_all_variables': '1.3',
}

_LOSSES = re.compile(r'(softmax|sigmoid)_cross_entropy_with_logits$')


class Era:
    """Between which two versions a script was written.

    Attributes:
        low: The version that added the youngest of its names.
        high: The version that removed one of its names first.
    """

    def __init__(self, low: str = '0.5', high: str = '2.0'):
        self.low = low
        self.high = high

    def __str__(self) -> str:
        return f'{self.low} to {self.high}' if self.low != self.high else self.low

    def is_before(self, version: str, default: bool = False) -> bool:
        """Returns whether the script is older; `default` if that is not known."""
        if key(self.high) <= key(version):
            return True
        if key(self.low) >= key(version):
            return False
        return default


def of_version(version: str) -> Era:
    """Returns the era of a single version, given with --era.

    Raises:
        FlagError: If it is no version from 0.5 to 1.15.
    """
    if not re.fullmatch(r'\d+\.\d+(\.\w+)?', version) or not (
        (0, 5) <= key(version) <= (1, 15)
    ):
        raise FlagError(
            f'--era={printable(version)}: expected a version of TensorFlow from 0.5 '
            'to 1.15'
        )
    major, minor = (*key(version), 0)[:2]
    return Era(version, f'{major}.{minor + 1}' if major == 0 or minor < 15 else '2.0')


def used_names(tree: ast.AST) -> dict[str, list[int]]:
    """Returns the dotted TensorFlow names in a program, 'tf.a.b', with their lines."""
    roots: dict[str, str] = {}
    used: dict[str, list[int]] = {}

    def use(name: str, line: int) -> None:
        used.setdefault(name, []).append(line)

    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split('.')[0] == 'tensorflow':
                    full = 'tf' + alias.name.removeprefix('tensorflow')
                    full = full.replace('tf.compat.v1', 'tf', 1)
                    roots[alias.asname or 'tensorflow'] = full if alias.asname else 'tf'
                    if full != 'tf':
                        use(full, node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module.split('.')[0] == 'tensorflow':
                base = 'tf' + node.module.removeprefix('tensorflow')
                base = base.replace('tf.compat.v1', 'tf', 1)
                for alias in node.names:
                    full = f'{base}.{alias.name}'
                    if full == 'tf.compat.v1':
                        full = 'tf'
                    roots[alias.asname or alias.name] = full
                    use(full, node.lineno)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            # flags = tf.app.flags
            target, name = node.targets[0], dotted(node.value)
            root = name.split('.')[0]
            if isinstance(target, ast.Name) and '.' in name and root in roots:
                roots.setdefault(target.id, roots[root] + name.removeprefix(root))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = dotted(node)
            root = name.split('.')[0]
            if root in roots:
                use(roots[root] + name.removeprefix(root), node.lineno)
    return used


def dotted(node: ast.AST) -> str:
    """Returns 'a.b.c' for such an expression, or ''."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ''
    return '.'.join([node.id, *reversed(parts)])


def infer(trees: Iterable[ast.AST]) -> Era:
    """Returns the era of a program, from all of its files."""
    era = Era()

    def ends(version: str) -> None:
        if key(version) < key(era.high):
            era.high = version

    for tree in trees:
        for name in used_names(tree):
            parts = name.split('.')
            for length in range(2, len(parts) + 1):
                prefix = '.'.join(parts[:length])
                added, row = ADDED.get(prefix), names.table().get(prefix)
                if added and key(added) > key(era.low):
                    era.low = added
                if row is not None:
                    ends(row.removed)
                if prefix in _ENDED:
                    ends(_ENDED[prefix])
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and len(node.args) >= 2:
                if _LOSSES.search(dotted(node.func)):
                    ends('1.0')
                if dotted(node.func).endswith(('tf.concat', 'tf.split')) and (
                    isinstance(node.args[0], ast.Constant)
                ):
                    ends('1.0')
            if isinstance(node, ast.Import) and any(
                alias.name == 'input_data' for alias in node.names
            ):
                ends('1.1')  # a copy beside the script; see `data`
    if key(era.high) <= key(era.low):
        # Names of two times: the older ones were kept for a while.
        era.high = max(era.high, era.low, key=key)
    return era
