"""Trains on a cluster of this machine: parameter servers and workers.

    python -m mnist_tut.cluster.launch --num_workers=3 --sync_replicas

starts `mnist_tut.distributed` once for each task, with the same flags and with free
ports of 127.0.0.1, shows their lines with their names, and ends with them.
"""

import os
import signal
import sys
import time
from typing import Any

from mnist_tut import errors
from mnist_tut.flags import Flags
from mnist_tut.processes import NamedProcess, free_addresses

_OWN_FLAGS = 'job_name', 'task_index', 'ps_hosts', 'worker_hosts'
_POLL_SEC = 0.1
_AFTER_FAILURE_SEC = 5.0  # for the others to say why they fail, too
_STOP_SEC = 10.0  # for the chief to save

flags = Flags()
FLAGS = flags.FLAGS

flags.DEFINE_integer('num_ps', 1, 'Number of parameter servers.', 1)
flags.DEFINE_integer('num_workers', 2, 'Number of workers, with the chief.', 1)


def make_tasks(arguments: list[str]) -> list[tuple[NamedProcess, list[str]]]:
    """Returns the tasks, parameter servers first, each with its command."""
    for argument in arguments:
        name = argument.lstrip('-').partition('=')[0]
        if name in _OWN_FLAGS:
            raise errors.FlagError(
                f'--{name}: each task gets its own here; use --num_ps and --num_workers'
            )
    sizes = {'ps': FLAGS.num_ps, 'worker': FLAGS.num_workers}
    addresses = free_addresses(sum(sizes.values()))
    hosts = {'ps': addresses[: FLAGS.num_ps], 'worker': addresses[FLAGS.num_ps :]}
    common = [sys.executable, '-m', 'mnist_tut.distributed', *arguments]
    common += [f'--{job}_hosts={",".join(hosts[job])}' for job in hosts]
    return [
        (
            NamedProcess(f'{job} {index}'),
            [*common, f'--job_name={job}', f'--task_index={index}'],
        )
        for job, size in sizes.items()
        for index in range(size)
    ]


def run(tasks: list[tuple[NamedProcess, list[str]]]) -> int:
    """Runs all tasks to their end; where one fails, ends the others.

    Returns:
        The exit status: 0, or that of the first task that failed.
    """
    processes = [process for process, _ in tasks]
    try:
        for process, command in tasks:
            environment = {**os.environ, 'PYTHONUNBUFFERED': '1'}
            if process.name.startswith('ps '):
                environment['CUDA_VISIBLE_DEVICES'] = ''  # the workers need its memory
            # Of a Ctrl-C only this process hears, and ends the tasks in their order.
            process.start(command, environment, own_session=True)
        status = _wait(processes)
    except KeyboardInterrupt as interrupt:
        status = 128 + (interrupt.args or (signal.SIGINT,))[0]
    finally:
        for process in reversed(processes):  # the chief saves while it has the servers
            process.stop(_STOP_SEC)
        for process in processes:
            process.finish()
    return status


def _wait(processes: list[NamedProcess]) -> int:
    """Waits for all processes, or until one has failed, and returns its status."""
    failed: NamedProcess | None = None
    failed_at = 0.0
    while any(process.status() is None for process in processes):
        if failed is None:
            failed = _first_failed(processes)
            failed_at = time.monotonic()
        elif time.monotonic() - failed_at > _AFTER_FAILURE_SEC:
            break
        if any(process.is_unread for process in processes):
            return 1
        time.sleep(_POLL_SEC)
    failed = failed or _first_failed(processes)
    return 0 if failed is None else max(1, failed.status() or 0)


def _first_failed(processes: list[NamedProcess]) -> NamedProcess | None:
    """Returns a process that has failed, and says so, if there is one."""
    for process in processes:
        if status := process.status():
            how = f'exit status {status}'
            if status < 0:
                how = f'killed by {signal.Signals(-status).name}'
            print(
                f'run_cluster: {process.name} failed ({how}); ending the others',
                file=sys.stderr,
            )
            return process
    return None


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt(number)


def main(argv: list[str]) -> None:
    """Starts the cluster; exits with its status."""
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(run(make_tasks(argv[1:])))


if __name__ == '__main__':
    flags.run(main, arguments='flags of mnist_tut.distributed', passes_on=True)
