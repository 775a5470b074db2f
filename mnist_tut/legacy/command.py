"""Runs a TensorFlow 0.5 to 1.15 script as it was written.

    python -m mnist_tut.legacy [options] old_script.py [its own flags]

Options, all before the script:

    --steps=N     end each training loop after N steps; what follows still runs
    --seconds=T   end each training loop after T seconds
    --check       run nothing, and list what would be adapted
    --explain     list every adaptation with its line, and what one writes today
    --diff        run nothing, and print the modern script as a unified diff
    --era=0.9     the version of TensorFlow, where the script does not tell
    --python=2    the version of Python, where the script does not tell
    --dataset=... auto, mnist, synthetic or synthetic_wild
    --data_dir=... folder of the data, whatever the script says
    --local-cluster
                  run all tasks of a script for several machines here

old.ipynb in the script's place runs a notebook's cells; in Jupyter itself,
%load_ext mnist_tut.legacy makes the cells that follow old ones.

The code that runs is the script's own: what it reads, writes and fetches is up to it.
"""

import argparse
import ast
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from mnist_tut import program as starting
from mnist_tut.data import locate
from mnist_tut.errors import UserError, printable
from mnist_tut.flags import help as flag_help

# Those that would do something else than the user has in mind if the script got them.
_OWN_OPTIONS = {
    '--steps', '--seconds', '--check', '--explain', '--diff', '--local-cluster'
}  # fmt: skip


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f'{message}; see python -m mnist_tut.legacy')


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument('--steps', type=int)
    parser.add_argument('--seconds', type=float)
    parser.add_argument('--check', action='store_true')
    parser.add_argument('--explain', action='store_true')
    parser.add_argument('--diff', action='store_true')
    parser.add_argument('--era')
    parser.add_argument('--python', type=int, choices=(2, 3))
    parser.add_argument('--dataset', default='auto', choices=locate.DATASETS)
    parser.add_argument('--data_dir')
    parser.add_argument('--local-cluster', action='store_true')
    parser.add_argument('--help', '-h', action='store_true')
    return parser


def _split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Returns our options, and the script with its own flags."""
    valued = {'--steps', '--seconds', '--era', '--python', '--dataset', '--data_dir'}
    position = 0
    while position < len(argv) and argv[position].startswith('-'):
        position += 2 if argv[position] in valued else 1
    return list(argv[:position]), list(argv[position:])


def main(argv: Sequence[str], is_process: bool = False) -> int:
    """Runs the command.

    Args:
        argv: Its arguments.
        is_process: Whether the process is there for this alone: then graph mode is for
            all of the script's threads, and stays. Else it ends with the script, and is
            for the calling thread.

    Returns:
        The exit status: the script's own.
    """
    ours, rest = _split(argv)
    try:
        options = _parser().parse_args(ours)
        if options.help or not rest:
            print(flag_help.wrap_text(__doc__ or ''))
            return 0
        for name in ('steps', 'seconds'):
            value = getattr(options, name)
            if value is not None and not 0 < value < float('inf'):
                raise UserError(f'--{name}={value}: expected more than 0')
        if options.local_cluster and not (options.check or options.diff):
            from mnist_tut.legacy import cluster

            starting.imports_done()
            ours.remove('--local-cluster')
            return cluster.run(ours, rest[0], rest[1:])
        return _run(options, rest[0], rest[1:], is_process)
    except UserError as error:
        print(f'{type(error).__name__}: {printable(str(error))}', file=sys.stderr)
        return 1


def _run(
    options: argparse.Namespace, path: str, argv: list[str], is_process: bool
) -> int:
    from mnist_tut.legacy import notebook, report, task
    from mnist_tut.legacy import program as programs

    programs.check_path(path)
    chosen = programs.Options(
        steps=options.steps,
        seconds=options.seconds,
        python=options.python,
        era=options.era,
        dataset=options.dataset,
        data_dir=options.data_dir,
    )
    program = notebook.open_program(path, chosen)
    _note_misplaced(program, argv)
    if options.check:
        return report.check(program)
    if options.diff:
        return _diff(program)
    link = task.connect()
    if link is not None:
        argv = link.join(program, argv)
    if is_process:
        import tensorflow.compat.v1 as tf

        tf.disable_eager_execution()  # for good, and in threads to come
    starting.imports_done()
    status = 0
    try:
        program.run(argv)
    except SystemExit as error:
        status = _status(error.code)
    except UserError:
        raise
    except KeyboardInterrupt:
        status = 130
    except BaseException as error:
        _print_traceback(error, program)
        if report.missing(error):
            print(report.missing(error), file=sys.stderr)
        status = 1
    sys.stdout.flush()
    if options.explain:
        print(report.explain(program), file=sys.stderr)
    print(report.summary(program), file=sys.stderr)
    return status


def _note_misplaced(program: Any, argv: Sequence[str]) -> None:
    """Says which of the script's arguments look like options of this command."""
    texts = {
        node.value
        for tree in program.trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for argument in argv:
        name = argument.split('=')[0]
        if name in _OWN_OPTIONS and texts.isdisjoint((name, name.removeprefix('--'))):
            print(
                f'legacy: {printable(argument)} stands behind {printable(program.path)}'
                ' and is given to it; options of this command come before the script',
                file=sys.stderr,
            )


def _diff(program: Any) -> int:
    from mnist_tut.legacy import diff

    text, problems = diff.modern(program)
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode('utf-8', 'surrogateescape'))  # as `patch` reads
    sys.stdout.buffer.flush()
    for problem in problems:
        print(f'legacy: not written: {problem}', file=sys.stderr)
    return 0


def _status(code: Any) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code
    print(code, file=sys.stderr)
    return 1


def _print_traceback(error: BaseException, program: Any) -> None:
    """Prints the script's traceback, from its first line on."""
    trace = error.__traceback__
    start = trace
    while start is not None:
        if start.tb_frame.f_code.co_filename in program.record.files:
            break
        start = start.tb_next
    error.__traceback__ = start or trace
    traceback.print_exception(error)
