"""Resolves the dependencies and writes the lock files.

    uv run scripts/maintain/lock.py           # the newest versions
    uv run scripts/maintain/lock.py --keep    # the same versions, where they still fit

needs uv. The lock files hold names, versions and hashes for every platform and every
Python that pyproject.toml allows, and at the top what a platform has to download.
Sizes on the disk are added by measure_setup.py.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["packaging"]
# ///

import pathlib
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator

from packaging import markers, tags, utils

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHONS = ((3, 11), (3, 12), (3, 13))
# The build without CUDA, which is less than half as large; elsewhere there is no CUDA.
CPU = "sys_platform == 'linux' and platform_machine == 'x86_64'"
NOT_CPU = "sys_platform != 'linux' or platform_machine != 'x86_64'"


def main() -> None:
    """Writes requirements-dev.lock, and two others with the same versions."""
    upgrade = [] if '--keep' in sys.argv[1:] else ['--upgrade']
    dev, run, cpu = (ROOT / f'requirements{name}.lock' for name in ('-dev', '', '-cpu'))
    _compile(['--extra=dev', *upgrade], dev)
    same_versions = [f'--constraint={dev}', '--upgrade']
    _compile(same_versions, run)
    [tensorflow] = (name for name in _dependencies() if name.startswith('tensorflow>'))
    with tempfile.TemporaryDirectory() as folder:
        instead = pathlib.Path(folder, 'instead.txt')
        build = tensorflow.replace('tensorflow', 'tensorflow-cpu')
        instead.write_text(f'{tensorflow}; {NOT_CPU}\n{build}; {CPU}\n')
        added = pathlib.Path(folder, 'added.txt')
        added.write_text(f'tensorflow-cpu; {CPU}\n')
        _compile([f'--override={instead}', str(added), *same_versions], cpu)
    for lock in dev, run, cpu:
        lines = [
            f'# {system} {machine}: {num_bytes / 1e6:.0f} MB to download\n'
            for system, machine, num_bytes in _downloads(_packages(lock))
        ]
        lock.write_text(''.join(lines) + lock.read_text())


def _compile(options: list[str], output: pathlib.Path) -> None:
    command = [
        'uv',
        'pip',
        'compile',
        '--quiet',
        '--universal',
        '--python-version=3.11',
    ]
    command += ['--no-header', '--no-annotate', '--generate-hashes', 'pyproject.toml']
    command += [*options, f'--output-file={output}']
    subprocess.run(command, cwd=ROOT, check=True)


def _dependencies() -> list[str]:
    with open(ROOT / 'pyproject.toml', 'rb') as file:
        return tomllib.load(file)['project']['dependencies']


def _packages(lock: pathlib.Path) -> list[dict]:
    """Returns the packages of a lock file with the sizes of their files."""
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder, 'pylock.toml')
        command = ['uv', 'pip', 'compile', '--quiet', '--universal', '--no-deps']
        command += ['--python-version=3.11', str(lock), f'--output-file={output}']
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return tomllib.loads(output.read_text())['packages']


def _downloads(packages: list[dict]) -> Iterator[tuple[str, str, int]]:
    """Yields sys.platform, platform.machine() and the bytes that pip downloads there.

    They are those of the Python that needs most.
    """
    for system, machine, platforms in _platforms():
        totals = []
        for version in PYTHONS:
            python = '.'.join(map(str, version))
            environment = {
                'sys_platform': system,
                'platform_machine': machine,
                'python_version': python,
                'python_full_version': f'{python}.0',
            }
            supported = [
                *tags.cpython_tags(version, platforms=platforms),
                *tags.compatible_tags(version, f'cp{python}', platforms),
            ]
            totals.append(
                sum(
                    _size(package, supported)
                    for package in packages
                    if 'marker' not in package
                    or markers.Marker(package['marker']).evaluate(environment)
                )
            )
        yield system, machine, max(totals)


def _platforms() -> Iterator[tuple[str, str, list[str]]]:
    """Yields sys.platform, platform.machine() and the tags of wheels that fit."""
    for machine in 'x86_64', 'aarch64':
        glibc = [f'manylinux_2_{minor}_{machine}' for minor in range(35, 4, -1)]
        older = [f'manylinux{name}_{machine}' for name in ('2014', '2010', '1')]
        yield 'linux', machine, [*glibc, *older]
    yield 'darwin', 'arm64', list(tags.mac_platforms((14, 0), 'arm64'))
    yield 'win32', 'AMD64', ['win_amd64']


def _size(package: dict, supported: Iterable[tags.Tag]) -> int:
    """Returns the bytes of the best wheel for a platform, else of the sources."""
    ranks = {tag: rank for rank, tag in enumerate(supported)}
    fitting = []
    for wheel in package.get('wheels', []):
        name = wheel['url'].rpartition('/')[2]
        rank = min(
            ranks.get(tag, sys.maxsize) for tag in utils.parse_wheel_filename(name)[3]
        )
        if rank < sys.maxsize:
            fitting.append((rank, wheel['size']))
    if fitting:
        return min(fitting)[1]
    return package['sdist']['size']


if __name__ == '__main__':
    try:
        main()
    except (FileNotFoundError, subprocess.SubprocessError) as error:
        sys.exit(f'uv: {error}; expected it on the PATH; see its installation guide')
