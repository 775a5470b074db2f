"""Measures what an installation takes, and writes it to the top of the lock files.

    python scripts/maintain/measure_setup.py requirements.lock

prints, for example,

    requirements.lock: linux x86_64: 2285 MB installed in 33 s

Downloads all packages, then installs them from the disk into a new environment, which
is removed afterwards. The seconds are pip's processor time, which does not depend on
what else the machine does. The figures are for the platform that this is run on;
train.py and test.py announce them, and docs/CLASSROOM.md states them.
"""

import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main() -> None:
    """Measures the lock files that are named, or all."""
    every = sorted(path.name for path in ROOT.glob('requirements*.lock'))
    for lock in sys.argv[1:] or every:
        installed_mb, install_sec = _measure(lock)
        here = f'{sys.platform} {platform.machine()}'
        pattern = rf'^# ({re.escape(here)}: \d+ MB to download).*$'
        line = rf'# \1, {installed_mb} MB installed in {install_sec} s'
        text = (ROOT / lock).read_text()
        (ROOT / lock).write_text(re.sub(pattern, line, text, count=1, flags=re.M))
        print(f'{lock}: {here}: {installed_mb} MB installed in {install_sec} s')


def _measure(lock: str) -> tuple[int, int]:
    """Returns the megabytes and the seconds of an installation without downloads."""
    with tempfile.TemporaryDirectory() as folder:
        wheels, environment = (os.path.join(folder, name) for name in ('w', 'e'))
        venv.create(environment, with_pip=True)
        scripts = 'Scripts' if sys.platform == 'win32' else 'bin'
        pip = [os.path.join(environment, scripts, 'python'), '-m', 'pip']
        wanted = ['--quiet', '--require-hashes', '--requirement', str(ROOT / lock)]
        subprocess.run([*pip, 'download', *wanted, '--dest', wheels], check=True)
        offline = ['--no-index', '--find-links', wheels]
        before = os.times()
        subprocess.run([*pip, 'install', *offline, *wanted], check=True)
        after = os.times()
        seconds = sum(after[2:4]) - sum(before[2:4])
        sizes = [
            os.lstat(os.path.join(parent, name)).st_size
            for parent, _, names in os.walk(environment)
            for name in names
        ]
        return round(sum(sizes) / 1e6), round(seconds)


if __name__ == '__main__':
    main()
