"""What a script's source tells of its cluster: flags, jobs, positional arguments.

Nothing is run; `task` gives the script what it asks for.
"""

import ast
import re
from collections.abc import Iterable
from typing import Any, NamedTuple


class Flag(NamedTuple):
    """A flag that a script defines.

    Attributes:
        name: Without dashes.
        default: A constant, or None.
        is_text: Whether its value is a string.
    """

    name: str
    default: Any
    is_text: bool


class Outline(NamedTuple):
    """What a script's source tells of its cluster.

    Attributes:
        flags: The flags that it defines.
        jobs: The names of jobs that it spells out.
        positions: The positional arguments that it reads: which, and whether as int.
        has_cluster: Whether it makes a ClusterSpec.
        has_server: Whether it makes a server of its own.
        reads_config: Whether it reads TF_CONFIG.
        sizes: How many tasks of a job it names in devices, such as '/job:ps/task:1'.
    """

    flags: dict[str, Flag]
    jobs: list[str]
    positions: dict[int, bool]
    has_cluster: bool
    has_server: bool
    reads_config: bool
    sizes: dict[str, int]


def read(trees: Iterable[ast.AST]) -> Outline:
    """Returns what a program's files tell of its cluster."""
    flags: dict[str, Flag] = {}
    jobs: list[str] = []
    positions: dict[int, bool] = {}
    sizes: dict[str, int] = {}
    has_cluster = has_server = reads_config = False
    nodes = [node for tree in trees for node in ast.walk(tree)]
    described: set[str] = set()  # variables of which a ClusterSpec is made
    for node in nodes:
        if isinstance(node, ast.Call) and _last_name(node.func) == 'ClusterSpec':
            for part in (*node.args, *(keyword.value for keyword in node.keywords)):
                jobs += _keys(part)
                described.add(_last_name(part))
    for node in nodes:
        if isinstance(node, ast.Call):
            for flag in _flags(node):
                flags[flag.name] = flag
            name = _last_name(node.func)
            has_cluster |= name in ('ClusterSpec', 'ClusterDef')
            has_server |= name == 'Server'
            if name == 'int' and node.args:
                position = _argv_position(node.args[0])
                if position is not None:
                    positions[position] = True
        elif isinstance(node, ast.Assign):
            if {_last_name(name) for name in node.targets} & (described - {''}):
                jobs += _keys(node.value)
        elif isinstance(node, ast.Subscript):
            position = _argv_position(node)
            if position is not None:
                positions.setdefault(position, False)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            reads_config |= node.value == 'TF_CONFIG'
            for job, index in re.findall(r'/job:(\w+)/task:(\d+)', node.value):
                sizes[job] = max(sizes.get(job, 0), int(index) + 1)
    return Outline(flags, jobs, positions, has_cluster, has_server, reads_config, sizes)


def _keys(node: ast.AST) -> list[str]:
    """Returns the keys of a dictionary that are spelled out."""
    keys = node.keys if isinstance(node, ast.Dict) else []
    values = [key.value for key in keys if isinstance(key, ast.Constant)]
    return [value for value in values if isinstance(value, str)]


def _last_name(node: ast.AST) -> str:
    return getattr(node, 'attr', getattr(node, 'id', ''))


def _argv_position(node: ast.AST) -> int | None:
    """Returns n of `sys.argv[n]`, or None."""
    if (
        isinstance(node, ast.Subscript)
        and _last_name(node.value) == 'argv'
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, int)
        and node.slice.value > 0
    ):
        return node.slice.value
    return None


def _flags(node: ast.Call) -> list[Flag]:
    """Returns the flag that a call defines, under all its names."""
    name = _last_name(node.func)
    texts = [
        arg.value
        for arg in node.args
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    ]
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    default: Any = named.get('default', named.get('default_value'))
    if name.startswith('DEFINE_') and texts:
        if default is None and len(node.args) > 1:
            default = node.args[1]
        value = default.value if isinstance(default, ast.Constant) else None
        return [Flag(texts[0], value, name == 'DEFINE_string')]
    if name == 'add_argument':
        value = default.value if isinstance(default, ast.Constant) else None
        is_text = _last_name(named.get('type', ast.Name('str'))) == 'str'
        return [
            Flag(text.lstrip('-').replace('-', '_'), value, is_text)
            for text in texts
            if text.startswith('--')
        ]
    return []
