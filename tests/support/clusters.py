"""The tasks of a cluster on this machine: started, killed, started again."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from typing import Any

from mnist_tut.processes import free_addresses
from tests.support.paths import ROOT

# A task that takes so long will never end.
HANGS_SEC = 900.0

# Runs a task, and writes the losses that it recorded.
_TASK = """
import json, sys
from mnist_tut import distributed, program
def main():
    history = distributed.run_training(**json.loads(sys.argv[1]))
    if history is not None:
        with open(sys.argv[2], 'w') as file:
            json.dump(history.records, file)
program.run(main)
"""


class Tasks(contextlib.AbstractContextManager):
    """One cluster; its processes are ended with the context.

    Attributes:
        folder: Holds the chief's run, and for each task what it printed.
    """

    def __init__(
        self, folder: pathlib.Path, num_ps: int = 1, num_workers: int = 2, **flags: Any
    ):
        self.folder = folder
        self._flags = flags
        addresses = free_addresses(num_ps + num_workers)
        self.hosts = {'ps': addresses[:num_ps], 'worker': addresses[num_ps:]}
        self.names = [
            f'{job} {index}'
            for job, listed in self.hosts.items()
            for index in range(len(listed))
        ]
        self._processes: dict[str, subprocess.Popen] = {}

    def start(self, *names: str, **flags: Any) -> None:
        """Starts tasks, all by default; a task's output is appended to that before."""
        for name in names or self.names:
            job, index = name.split()
            arguments = {
                'log_dir': str(self.folder / 'run'),
                'ps_hosts': self.hosts['ps'],
                'worker_hosts': self.hosts['worker'],
                'job_name': job,
                'task_index': int(index),
                'wait_sec': 60.0,
                **self._flags,
                **flags,
            }
            with self._path(name).open('a') as output:
                records = self.folder / f'{name}.json'
                argument = json.dumps(arguments, default=str)
                self._processes[name] = subprocess.Popen(
                    [sys.executable, '-c', _TASK, argument, records],
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    cwd=ROOT,
                    env={
                        **os.environ,
                        'PYTHONUNBUFFERED': '1',
                        'TF_CPP_MIN_LOG_LEVEL': '2',
                    },
                )

    def _path(self, name: str) -> pathlib.Path:
        return self.folder / f'{name}.txt'

    def output(self, name: str) -> str:
        """Returns what a task has printed so far, in all of its lives."""
        return self._path(name).read_text()

    def records(self, name: str) -> list[tuple[int, str, float]]:
        """Returns the metrics that a finished worker recorded."""
        return json.loads((self.folder / f'{name}.json').read_text())

    def losses(self, name: str) -> list[float]:
        """Returns the losses among them, in order."""
        return [value for _, metric, value in self.records(name) if metric == 'loss']

    def steps_seen(self, name: str) -> list[int]:
        """Returns the numbers of the steps that a task has printed, in order."""
        return [
            int(step) for step in re.findall(r'^Step (\d+):', self.output(name), re.M)
        ]

    def wait_for(self, name: str, pattern: str, count: int = 1) -> None:
        """Waits until a task has printed a pattern that often."""
        end = time.monotonic() + HANGS_SEC
        while len(re.findall(pattern, self.output(name), re.M)) < count:
            assert time.monotonic() < end, self.everything()
            assert self._processes[name].poll() is None, self.everything()
            time.sleep(0.05)

    def signal(self, name: str, number: int) -> None:
        """Sends a signal to a task."""
        self._processes[name].send_signal(number)

    def kill(self, name: str) -> None:
        """Kills a task as nothing else does, and waits for its end."""
        self.signal(name, signal.SIGKILL)
        self._processes[name].wait()

    def status(self, name: str) -> int:
        """Returns the exit status of a task, once it has ended."""
        return self._processes[name].wait(timeout=HANGS_SEC)

    def require_success(self) -> None:
        """Waits for all; every task must have ended with status 0."""
        for name in self._processes:
            assert self.status(name) == 0, f'{name}\n{self.everything()}'

    def everything(self) -> str:
        """Returns what all tasks have printed, for a failed test."""
        return '\n'.join(f'-- {name}\n{self.output(name)}' for name in self._processes)

    def __exit__(self, *exception: Any) -> None:
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
