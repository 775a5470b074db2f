"""What was measured on: the processor, its cores, and the versions."""

import datetime
import os
import platform
from importlib import metadata

_PACKAGES = ('tensorflow', 'numpy', 'torch', 'jax', 'keras', 'mnist_tut')


def describe() -> dict:
    """Returns the machine and the versions, ready for JSON."""
    versions = {'python': platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        'processor': _processor(),
        'cores': os.cpu_count(),
        'memory_gb': round(
            os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30
        ),
        'system': f'{platform.system()} {platform.machine()}',
        'date': datetime.datetime.now(datetime.UTC).date().isoformat(),
        'versions': versions,
    }


def is_here(described: dict) -> bool:
    """Returns whether a description is of this machine and versions, at any date."""
    return {**described, 'date': None} == {**describe(), 'date': None}


def _processor() -> str:
    """Returns the model's name, and its number where the name is general."""
    facts = {}
    try:
        with open('/proc/cpuinfo') as file:
            for line in file.read().split('\n\n')[0].splitlines():
                name, _, value = line.partition(':')
                facts[name.strip()] = value.strip()
    except FileNotFoundError:
        return platform.processor()
    wide = [
        name
        for name in ('avx2', 'avx512f', 'avx512_bf16', 'amx_bf16')
        if name in facts.get('flags', '').split()
    ]
    return (
        f'{facts.get("model name", platform.machine())}, family '
        f'{facts.get("cpu family")}, model {facts.get("model")}; {" ".join(wide)}'
    )
