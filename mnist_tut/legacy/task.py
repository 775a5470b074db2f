"""One process of a cluster on this machine: finds out how a script is told its task.

The launcher is in `cluster`. A script learns its task from flags (--job_name,
--task_index, --ps_hosts, --worker_hosts, under any of their names of the time), from
positional arguments, or from TF_CONFIG; all of these are set here. A script that is
always the same task gets plain servers for the others.
"""

import inspect
import json
import os
import re
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from mnist_tut import runtime  # noqa: F401  (first: without TensorFlow's banners)
from mnist_tut.errors import printable
from mnist_tut.legacy import cluster, outline
from mnist_tut.legacy.current import Program

import tensorflow.compat.v1 as tf

# The usual name first.
_JOB_FLAGS = (
    'job_name', 'job', 'role', 'task_type', 'job_type', 'node_type', 'jobname', 'type',
)  # fmt: skip
_INDEX_FLAGS = (
    'task_index', 'task_id', 'worker_index', 'worker_id', 'replica_id', 'task_idx',
    'task_number', 'task', 'index', 'rank',
)  # fmt: skip
_HOSTS_FLAG = re.compile(
    r'(ps|worker|chief|master|evaluator|parameter_server|param_server)s?'
    r'(_(hosts?|spec|servers?|addr(esse)?s?|nodes?|list|ips?))?'
)
_COUNT_FLAG = re.compile(
    r'(?:num|n)_(ps|worker|parameter_server)s?(?:_hosts)?|(ps|worker)s?_num'
)
_URL_FLAG = re.compile(r'\w*grpc_url|master|target|server')
_CHIEFS = ('chief', 'master', 'worker')


def _job_of(name: str) -> str:
    job = name.removesuffix('s') if name != 'ps' else name
    return 'ps' if job in ('parameter_server', 'param_server') else job


class Role:
    """How this process's script is told which task it is.

    Args:
        found: What its source tells.
        argv: Its flags, as the user gave them.
    """

    def __init__(self, found: outline.Outline, argv: Sequence[str]):
        self._found = found
        self._argv = list(argv)
        self._job_flag = next((f for f in _JOB_FLAGS if f in found.flags), None)
        self._index_flag = next((f for f in _INDEX_FLAGS if f in found.flags), None)
        self._hosts: dict[str, str] = {}
        self._counts: dict[str, str] = {}
        for flag in found.flags.values():
            if flag.is_text and (match := _HOSTS_FLAG.fullmatch(flag.name)):
                self._hosts[flag.name] = _job_of(match[1])
            elif match := _COUNT_FLAG.fullmatch(flag.name):
                self._counts[flag.name] = _job_of(match[1] or match[2])
        self._url_flag = None
        if not found.has_server:
            urls = [f.name for f in found.flags.values() if f.is_text]
            self._url_flag = next((u for u in urls if _URL_FLAG.fullmatch(u)), None)

    @property
    def is_cluster(self) -> bool:
        """Whether the script has to do with a cluster at all."""
        found = self._found
        return found.has_cluster or found.reads_config or bool(self._url_flag)

    @property
    def is_client(self) -> bool:
        """Whether the script expects servers that are there."""
        return self._url_flag is not None

    @property
    def is_told(self) -> bool:
        """Whether the script can be told its task."""
        found = self._found
        return (
            self._job_flag is not None
            or self._index_flag is not None
            or bool(found.positions)
            or found.reads_config
        )

    @property
    def chief(self) -> str:
        """The job of the first task: the one that initializes the variables."""
        jobs = self._found.jobs
        for job in _CHIEFS:
            if job in jobs:
                return job
        others = [job for job in jobs if not cluster.is_parameter_server(job)]
        return others[0] if others else 'worker'

    def sizes(self) -> dict[str, int]:
        """Returns how many tasks the jobs have whose hosts a flag or variable names."""
        sizes = {}
        for flag, job in self._hosts.items():
            value = self._given(flag)
            if value is None:
                value = self._found.flags[flag].default
            hosts = [host for host in str(value or '').split(',') if host.strip()]
            sizes[job] = len(hosts) or cluster.DEFAULT_SIZES.get(job, 1)
        for flag, job in self._counts.items():
            value = str(self._given(flag) or self._found.flags[flag].default)
            default = cluster.DEFAULT_SIZES.get(job, 1)
            sizes.setdefault(job, int(value) if value.isdigit() else default)
        if self._found.reads_config or self.is_client:
            jobs = self._found.jobs
            chiefs: dict[str, int] = {
                job: 1 for job in jobs if job in ('chief', 'master')
            }
            sizes = {
                **chiefs,
                **cluster.DEFAULT_SIZES,
                **{job: size for job, size in self._found.sizes.items() if job == 'ps'},
                **sizes,
            }
        return sizes

    def _given(self, flag: str) -> str | None:
        """Returns the value that the user gave a flag, or None."""
        for number, text in enumerate(self._argv):
            name, equals, value = text.lstrip('-').partition('=')
            if text.startswith('-') and name.replace('-', '_') == flag:
                if equals:
                    return value
                return self._argv[number + 1] if number + 1 < len(self._argv) else None
        return None

    def arguments(
        self, job: str, index: int, addresses: dict[str, list[str]]
    ) -> list[str]:
        """Returns the script's arguments as that task."""
        ours: dict[str, str] = {}
        for flag, of in self._hosts.items():
            if of in addresses:
                ours[flag] = ','.join(addresses[of])
        for flag, of in self._counts.items():
            if of in addresses:
                ours[flag] = str(len(addresses[of]))
        if self._job_flag:
            ours[self._job_flag] = job
        if self._index_flag:
            ours[self._index_flag] = str(index)
        if self._url_flag and index < len(addresses.get(job, ())):
            ours[self._url_flag] = f'grpc://{addresses[job][index]}'
        rest, skip = [], False
        for text in self._argv:
            name, equals, _ = text.lstrip('-').partition('=')
            is_ours = text.startswith('-') and name.replace('-', '_') in ours
            if not is_ours and not skip:
                rest.append(text)
            skip = is_ours and not equals
        if self._job_flag is None and self._index_flag is None:
            rest = self._positional(rest, job, index)
        return [*rest, *(f'--{name}={value}' for name, value in ours.items())]

    def _positional(self, rest: list[str], job: str, index: int) -> list[str]:
        """Returns the arguments with the task where the script reads sys.argv."""
        for position, is_int in sorted(self._found.positions.items()):
            rest += [''] * (position - len(rest))
            rest[position - 1] = str(index) if is_int else job
        return rest


class Link:
    """This process's connection to the launcher.

    Attributes:
        job: Of this task; '' for the first process until it knows.
        index: Of this task.
    """

    def __init__(self, connection: Connection, job: str, index: int):
        self._connection = connection
        self.job = job
        self.index = index
        self._role: Role | None = None
        self._local: dict[str, str] = {}

    def ask(self, **message: Any) -> dict[str, list[str]]:
        """Tells the launcher something, and returns the addresses by job."""
        self._connection.send_bytes(json.dumps(message).encode())
        return json.loads(self._connection.recv_bytes())

    def join(self, program: Program, argv: Sequence[str]) -> list[str]:
        """Returns the script's arguments as this task."""
        self._role = role = Role(outline.read(program.trees.values()), argv)
        if not role.is_cluster:
            path = printable(program.path)
            self.ask(problem=f'{path} names no cluster: it has no tf.train.ClusterSpec')
            sys.exit(1)
        if not self.job:
            self.job = role.chief
            addresses = self.ask(job=self.job, sizes=role.sizes())
        else:
            addresses = self.ask()
        if role.is_client:
            sizes = role.sizes()
            scripts = {self.job: sizes[self.job]}
            self.ask(scripts=scripts, servers=sizes)
        if role._found.reads_config:
            task = {'type': self.job, 'index': self.index}
            config = {'cluster': addresses, 'task': task, 'environment': 'cloud'}
            os.environ['TF_CONFIG'] = json.dumps(config)
        return role.arguments(self.job, self.index, addresses)

    def local(self, hosts: Any) -> dict[str, Any]:
        """Returns a cluster with this machine's addresses, as `as_dict` does."""
        named = tf.train.ClusterSpec(hosts).as_dict()
        tasks = {
            job: dict(enumerate(part)) if isinstance(part, list) else dict(part)
            for job, part in named.items()
        }
        sizes = {job: max(part, default=-1) + 1 for job, part in tasks.items()}
        message: dict[str, Any] = {'sizes': sizes}
        if self._role is None or self._role.is_told:
            message.update(scripts=sizes, servers={})
        addresses = self.ask(**message)
        new: dict[str, Any] = {}
        for job, part in tasks.items():
            new[job] = {index: addresses[job][index] for index in part}
            for index, host in part.items():
                self._local[str(host)] = new[job][index]
            if isinstance(named[job], list):
                new[job] = list(new[job].values())
        return new

    def serves(self, job: str | None, index: int | None, sizes: dict[str, int]) -> None:
        """Has the others started, for a script that is always the same task."""
        if self._role is not None and not self._role.is_told:
            own = [job or next(iter(sizes)), index or 0]
            self.ask(job=own[0], scripts={}, servers=sizes, without=own)

    def waits(self) -> None:
        """Tells that this task serves from now on until it is stopped."""
        self.ask(joined=[self.job, self.index])

    def target(self, target: Any) -> Any:
        """Returns a session's target, on this machine."""
        if not isinstance(target, str) or not target.startswith('grpc://'):
            return target
        host = target.removeprefix('grpc://')
        return f'grpc://{self._local.get(host, host)}'


_link: Link | None = None


def link() -> Link | None:
    """Returns the connection to the launcher, or None where there is none."""
    return _link


def connect() -> Link | None:
    """Connects to the launcher, if this process is a task of its."""
    global _link
    text = os.environ.pop(cluster.VARIABLE, None)
    if text is not None:
        told = json.loads(text)
        key = bytes.fromhex(told['key'])
        connection = cluster.connect(tuple(told['address']), key)
        _link = Link(connection, told['job'], told['index'])
    return _link


def target(target: Any) -> Any:
    """Returns a session's target, on this machine if it is a task of a cluster."""
    return target if _link is None else _link.target(target)


def supervised(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Returns a Supervisor's arguments: on one machine 1 s of waiting does."""
    return kwargs if _link is None else {'recovery_wait_secs': 1, **kwargs}


class _QuickCreator(tf.train.WorkerSessionCreator):
    """Waits for the chief by the second, and not by half a minute."""

    def _get_session_manager(self) -> Any:
        manager = super()._get_session_manager()
        manager._recovery_wait_secs = 1
        return manager


def monitored_training_session(*args: Any, **kwargs: Any) -> Any:
    """Is tf.train.MonitoredTrainingSession; on one machine 1 s of waiting does."""
    given = inspect.signature(tf.train.MonitoredTrainingSession).bind(*args, **kwargs)
    if _link is None or given.arguments.get('is_chief', True):
        return tf.train.MonitoredTrainingSession(*args, **kwargs)
    given.apply_defaults()
    options = given.arguments
    names = ('scaffold', 'master', 'config', 'max_wait_secs')
    return tf.train.MonitoredSession(
        _QuickCreator(**{name: options[name] for name in names}),
        hooks=options['hooks'] or [],
        stop_grace_period_secs=options['stop_grace_period_secs'],
    )


def serve() -> None:
    """Runs a mere server, for a task that no script runs."""
    told = connect()
    if told is None:
        raise RuntimeError('this is a process of the launcher')
    addresses = {job: hosts for job, hosts in told.ask().items() if hosts}
    server = tf.train.Server(
        tf.train.ClusterSpec(addresses), job_name=told.job, task_index=told.index
    )
    server.join()
