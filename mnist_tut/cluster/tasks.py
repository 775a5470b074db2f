"""Which tasks a cluster has, and which of them this process is.

The flags say it, or the environment variable TF_CONFIG, which Kubernetes' training
operator and other managers of clusters set. Without either, this process is the only
task and no network is used.
"""

import dataclasses
import functools
import json
import os
import re

from mnist_tut import errors

PARAMETER_SERVER = 'ps'
_WORKER = 'worker'
# Jobs of one task that is a worker and the chief; 'master' is the older name.
_CHIEF_JOBS = ('chief', 'master')
_WORKERS = (_WORKER, *_CHIEF_JOBS)
_JOBS = (PARAMETER_SERVER, _WORKER, *_CHIEF_JOBS)
# A name, an IPv4 address, or an IPv6 address in brackets.
_HOST = re.compile(r'[^\s/:@\[\]]+|\[[0-9A-Fa-f:.]+\]')
_EXAMPLE = (
    '{"cluster": {"ps": ["a:2222"], "worker": ["b:2222"]}, "task": {"type": "worker", '
    '"index": 0}}'
)


class ClusterError(errors.UserError):
    """The tasks of a cluster do not fit together, or one does not answer."""


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The tasks of a training run, one of which is this process.

    Attributes:
        hosts: The addresses, 'host:port', of each job; {} if this is the only task.
        job: This task's job: 'ps', 'worker' or 'chief'.
        index: This task's number in its job.
    """

    hosts: dict[str, list[str]]
    job: str
    index: int

    @property
    def name(self) -> str:
        """This task, such as 'worker 0'."""
        return f'{self.job} {self.index}'

    @property
    def device(self) -> str:
        """This task as a device, '' if there is only this process."""
        return f'/job:{self.job}/task:{self.index}' if self.hosts else ''

    @functools.cached_property
    def addresses(self) -> dict[str, str]:
        """The address of each task by its name."""
        return {
            f'{job} {index}': address
            for job, addresses in self.hosts.items()
            for index, address in enumerate(addresses)
        }

    @property
    def parameter_servers(self) -> list[str]:
        """The names of the tasks that hold the variables."""
        return self._names([PARAMETER_SERVER])

    @functools.cached_property
    def workers(self) -> list[str]:
        """The names of the tasks that compute, the chief first."""
        return self._names([*_CHIEF_JOBS, _WORKER]) or [self.name]

    def _names(self, jobs: list[str]) -> list[str]:
        return [
            f'{job} {i}' for job in jobs for i in range(len(self.hosts.get(job, [])))
        ]

    @property
    def is_parameter_server(self) -> bool:
        """Whether this task holds variables and computes nothing."""
        return self.job == PARAMETER_SERVER

    @property
    def rank(self) -> int:
        """This worker's number among all workers; the chief's is 0."""
        return self.workers.index(self.name)

    @property
    def is_chief(self) -> bool:
        """Whether this task initializes, saves and evaluates."""
        return not self.is_parameter_server and self.rank == 0


def find(
    job_name: str, task_index: int, ps_hosts: list[str], worker_hosts: list[str]
) -> Cluster:
    """Returns the cluster that the flags describe, or else TF_CONFIG.

    Args:
        job_name: Job of this task; '' if the flags name none.
        task_index: Number of this task in its job.
        ps_hosts: Addresses, 'host:port', of the parameter servers.
        worker_hosts: Addresses of the workers, of which the first is the chief.

    Raises:
        ClusterError: If the description is incomplete or contradicts itself.
    """
    if (ps_hosts or worker_hosts) and not job_name:
        raise ClusterError(
            '--job_name: expected ps or worker, because --ps_hosts or --worker_hosts '
            'is given'
        )
    if task_index and not job_name:
        raise ClusterError(
            f'--task_index={task_index}: expected --job_name=ps or --job_name=worker, '
            'and the lists of hosts, with it'
        )
    if job_name:
        source = f'--job_name={job_name} --task_index={task_index}'
        hosts = {PARAMETER_SERVER: ps_hosts, _WORKER: worker_hosts}
        cluster = Cluster(hosts, job_name, task_index)
    elif text := os.environ.get('TF_CONFIG'):
        source, cluster = 'TF_CONFIG', _read_config(text)
        if not cluster.hosts and cluster.job in _WORKERS:
            return cluster
    else:
        return Cluster({}, _WORKER, 0)
    _check(cluster, source)
    return cluster


def _read_config(text: str) -> Cluster:
    """Returns what TF_CONFIG describes."""
    try:
        config = json.loads(text)
        described = {
            str(job): list(map(str, h)) for job, h in config['cluster'].items()
        }
        hosts = {job: addresses for job, addresses in described.items() if addresses}
        job, index = str(config['task']['type']), int(str(config['task']['index']))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ClusterError(
            f'TF_CONFIG={errors.shortened(text)}: expected JSON such as {_EXAMPLE}'
        ) from error
    if hosts == {job: described.get(job)} and len(hosts[job]) == 1 and job in _WORKERS:
        hosts, index = {}, 0  # a cluster of one task needs no network
    return Cluster(hosts, job, index)


def _check(cluster: Cluster, source: str) -> None:
    """Raises ClusterError unless there are servers, workers and this task."""
    jobs = {job for job, addresses in cluster.hosts.items() if addresses}
    for job, is_there in (
        (PARAMETER_SERVER, PARAMETER_SERVER in jobs),
        (_WORKER, bool(jobs - {PARAMETER_SERVER})),
    ):
        if not is_there:
            raise ClusterError(
                f'{source}: the cluster has no task of the job {job!r}; expected at '
                'least one; give --ps_hosts and --worker_hosts, the same for each task'
            )
    for job in cluster.hosts:
        if job not in _JOBS:
            raise ClusterError(
                f'{source}: a job {errors.printable(job)!r}; expected only '
                f'{", ".join(_JOBS)}; take it out of the cluster (the chief evaluates)'
            )
    if cluster.name not in cluster.addresses:
        held = ', '.join(f'{len(h)} of {job}' for job, h in cluster.hosts.items())
        raise ClusterError(
            f'{source}: there is no {errors.shortened(cluster.name)} among the hosts, '
            f'which are {held}; expected a job and an index, from 0, that they hold'
        )
    named: dict[str, str] = {}
    for name, address in cluster.addresses.items():
        shown = errors.shortened(address)
        host, _, port = address.rpartition(':')
        if not _HOST.fullmatch(host) or not port.isascii() or not port.isdigit():
            raise ClusterError(f'{source}: {name} is at {shown}; expected host:port')
        if not 0 < int(port) < 65536:
            raise ClusterError(
                f'{source}: {name} is at {shown}; expected a port from 1 to 65535'
            )
        if address in named:
            raise ClusterError(
                f'{source}: {named[address]} and {name} are both at {shown}; give each '
                'task an address of its own'
            )
        named[address] = name
