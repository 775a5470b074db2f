"""Gives a script that names hosts of a cluster a cluster on this machine.

The launcher, which does not import TensorFlow, starts the script once as its chief.
That process finds in the source how the script is told its task, asks the launcher for
addresses on 127.0.0.1, and tells it which tasks the script's `tf.train.ClusterSpec`
has; the launcher then starts one process for each of the others. See `task` for the
processes' side.
"""

import contextlib
import itertools
import json
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from mnist_tut.errors import UserError, printable
from mnist_tut.processes import NamedProcess, free_addresses

# Where a process finds its launcher: address, key, job and number of its task.
VARIABLE = 'MNIST_TUT_LEGACY_TASK'
# A cluster without a size of its own.
DEFAULT_SIZES = {'ps': 1, 'worker': 2}
_PARAMETER_SERVERS = ('ps', 'parameter_server', 'ps_job', 'param_server')
# So long the others go on after a task has failed, to tell why they fail too.
_SEC_AFTER_FAILURE = 5.0
# So long parameter servers that do not wait forever may go on after the workers.
_SEC_AFTER_WORKERS = 5.0
# So long a task may do nothing once the chief is done; it then waits for the chief.
_SEC_OF_WAITING = 10.0
_IDLE_CPU_SHARE = 0.02
_SERVER = 'from mnist_tut.legacy import task; task.serve()'


def is_parameter_server(job: str) -> bool:
    """Returns whether a job's tasks hold variables, and never end by themselves."""
    return job in _PARAMETER_SERVERS


class Task(NamedProcess):
    """A process of the cluster.

    Attributes:
        job: Such as 'worker'.
        index: Its number in the job.
        is_script: Whether it runs the script, and not only a server.
        has_joined: Whether its server serves until it is stopped.
    """

    def __init__(self, job: str, index: int, is_script: bool = True):
        name = f'{job} {index}' + ('' if is_script else ' (server)')
        super().__init__(name, is_quiet=not is_script)
        self.job = job
        self.index = index
        self.is_script = is_script
        self.has_joined = False
        self._idle_since = time.monotonic()
        self._cpu_sec = 0.0

    def set_job(self, job: str) -> None:
        """Gives a task that runs already the job that its script has for it."""
        self.job, self.name = job, f'{job} {self.index}'

    @property
    def is_passive(self) -> bool:
        """Whether it serves until the others are done."""
        return not self.is_script or is_parameter_server(self.job)

    def is_waiting(self) -> bool:
        """Returns whether the process has done nothing for a while."""
        now, used = time.monotonic(), self._read_cpu_sec()
        if used is None:
            return False
        if used - self._cpu_sec > _IDLE_CPU_SHARE * (now - self._idle_since) + 0.2:
            self._idle_since, self._cpu_sec = now, used
        return now - self._idle_since > _SEC_OF_WAITING

    def _read_cpu_sec(self) -> float | None:
        """Returns the processor time of the process; None where that is not told."""
        try:
            with open(f'/proc/{self.process.pid}/stat') as file:  # type: ignore[union-attr]
                fields = file.read().rpartition(')')[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Cluster:
    """All processes of one script's run.

    Args:
        command: What runs the script, with its flags.
    """

    def __init__(self, command: Sequence[str]):
        self._command = list(command)
        self._key = secrets.token_bytes(16)
        self._listener = Listener(('127.0.0.1', 0), authkey=self._key)
        self._lock = threading.Lock()
        self._chief = Task('worker', 0)
        self._tasks = [self._chief]
        self._addresses: dict[str, list[str]] = {}
        self._problem = ''
        self._is_complete = False

    def run(self) -> int:
        """Runs all tasks until the workers are done, and returns the exit status.

        Raises:
            UserError: If the script names no cluster.
        """
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._start(self._chief)
            status = self._wait()
        except KeyboardInterrupt:
            status = 130
        finally:
            for task in self._tasks:
                task.stop()
            self._listener.close()
            for task in self._tasks:
                task.finish()
        if self._problem:
            raise UserError(self._problem)
        self._tell(status)
        return status

    def _start(self, task: Task) -> None:
        command = self._command if task.is_script else [sys.executable, '-c', _SERVER]
        environment = dict(os.environ, PYTHONUNBUFFERED='1', PYTHONIOENCODING='utf-8')
        # TensorFlow warns natively of each session that ends, and of each task.
        environment.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
        environment[VARIABLE] = json.dumps(
            {
                'address': self._listener.address,
                'key': self._key.hex(),
                'job': '' if task is self._chief else task.job,
                'index': task.index,
            }
        )
        if task.is_passive:
            environment['CUDA_VISIBLE_DEVICES'] = ''  # the workers need its memory
        task.start(command, environment)

    def _listen(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError:
                return  # closed
            except Exception:
                continue  # not one of ours
            threading.Thread(
                target=self._answer, args=(connection,), daemon=True
            ).start()

    def _answer(self, connection: Connection) -> None:
        with contextlib.suppress(EOFError, OSError), connection:
            while True:
                message = json.loads(connection.recv_bytes())
                with self._lock:
                    reply = self._handle(message)
                connection.send_bytes(json.dumps(reply).encode())

    def _handle(self, message: dict[str, Any]) -> Any:
        if 'problem' in message:
            self._problem = message['problem']
        if 'job' in message:  # of the chief
            self._chief.set_job(message['job'])
        if 'joined' in message:
            for task in self._tasks:
                if [task.job, task.index] == message['joined'] and task.is_script:
                    task.has_joined = True
        if 'sizes' in message:
            self._reserve(message['sizes'])
        if 'scripts' in message and not self._is_complete:
            self._is_complete = True
            self._start_others(message)
        return self._addresses

    def _reserve(self, sizes: dict[str, int]) -> None:
        """Finds free ports for the tasks that have none yet."""
        known = [self._addresses.setdefault(job, []) for job in sizes]
        needed = [size - len(k) for k, size in zip(known, sizes.values(), strict=True)]
        addresses = iter(free_addresses(sum(max(0, number) for number in needed)))
        for addresses_of_job, number in zip(known, needed, strict=True):
            addresses_of_job += itertools.islice(addresses, max(0, number))

    def _start_others(self, message: dict[str, Any]) -> None:
        """Starts the tasks that the chief has found, and mere servers for others."""
        new = [
            Task(job, index, is_script)
            for is_script, part in ((True, 'scripts'), (False, 'servers'))
            for job, size in message[part].items()
            for index in range(size)
            if (part, job, index) != ('scripts', self._chief.job, self._chief.index)
            and [job, index] != message.get('without')
        ]
        # The places of the variables first: until they are there, the others wait.
        new.sort(key=lambda task: (not task.is_passive, task.name))
        for task in new:
            self._tasks.append(task)
            self._start(task)

    def _wait(self) -> int:
        failed_at = None
        status = 0
        while True:
            with self._lock:
                tasks = list(self._tasks)
            active = [t for t in tasks if not (t.is_passive or t.has_joined)]
            for task in tasks:
                code = task.status()
                if code and not task.is_stopped and failed_at is None:
                    failed_at, status = time.monotonic(), code if code > 0 else 1
                    if len(tasks) > 1:
                        print(
                            f'legacy: {task.name} failed (exit status {code}); the '
                            'others are ended',
                            file=sys.stderr,
                        )
            if all(task.status() is not None for task in active):
                self._let_finish(tasks)
                return status
            if failed_at and time.monotonic() - failed_at > _SEC_AFTER_FAILURE:
                return status
            if self._chief.status() == 0:
                for task in active:
                    if task.status() is None and task.is_waiting():
                        print(
                            f'legacy: {task.name} still waits for {self._chief.name}, '
                            'which is done; it is ended',
                            file=sys.stderr,
                        )
                        task.stop()
            time.sleep(0.1)

    def _let_finish(self, tasks: list[Task]) -> None:
        """Waits for parameter servers that end by themselves."""
        deadline = time.monotonic() + _SEC_AFTER_WORKERS
        while time.monotonic() < deadline and any(
            task.is_script and not task.has_joined and task.status() is None
            for task in tasks
        ):
            time.sleep(0.1)

    def _tell(self, status: int) -> None:
        if len(self._tasks) == 1:
            if status:
                return
            text = 'the script has made no tf.train.ClusterSpec; it ran as one process'
            print(f'legacy: {text}', file=sys.stderr)
            return
        done = [task.name for task in self._tasks if not task.is_stopped]
        stopped = [task.name for task in self._tasks if task.is_stopped]
        text = f'legacy: a cluster of {len(self._tasks)} tasks on 127.0.0.1'
        if done:
            text += f'; ended: {", ".join(done)}'
        if stopped:
            text += f'; stopped: {", ".join(stopped)}'
        print(text, file=sys.stderr)


def run(options: Sequence[str], path: str, argv: Sequence[str]) -> int:
    """Runs a script on a cluster of this machine, and returns the exit status.

    Args:
        options: The command's own, without --local-cluster.
        path: The script.
        argv: Its flags; those that tell its task are replaced.
    """
    if not os.path.isfile(path):
        raise UserError(f'{printable(path)} is missing; expected a script')
    command = [sys.executable, '-m', 'mnist_tut.legacy', *options, path, *argv]
    before = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        return Cluster(command).run()
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def connect(address: tuple[str, int], key: bytes) -> Connection:
    """Returns a task's connection to its launcher."""
    return Client(address, authkey=key)
