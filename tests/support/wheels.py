"""Wheels of a few bytes, written by hand; also the build backend of a small project.

A copy of this file in a project's folder is a backend by PEP 660: `build_editable` is
all that pip asks of it. It uses only the standard library.
"""

import base64
import hashlib
import os
import pathlib
import time
import zipfile

SLOW_ENV = 'SLOW_BUILD'  # names a file to write before a build that takes a minute


def write(folder, name, version, files):
    """Writes a wheel of the given files, text by path, and returns its path."""
    info = f'{name}-{version}.dist-info'
    files = {
        **files,
        f'{info}/METADATA': metadata(name, version),
        f'{info}/WHEEL': 'Wheel-Version: 1.0\nGenerator: tests\n'
        'Root-Is-Purelib: true\nTag: py3-none-any\n',
    }
    lines = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
        lines.append(f'{path},sha256={digest.decode().rstrip("=")},{len(text)}\n')
    files[f'{info}/RECORD'] = ''.join(lines) + f'{info}/RECORD,,\n'
    wheel = pathlib.Path(folder, f'{name}-{version}-py3-none-any.whl')
    with zipfile.ZipFile(wheel, 'w') as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel


def metadata(name, version):
    """Returns the least that an installed package must say about itself."""
    return f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n'


def requirement(wheel):
    """Returns the lines of a lock file for a wheel."""
    name, version = wheel.name.split('-')[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f'{name}=={version} \\\n    --hash=sha256:{digest}\n'


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """Makes the project in the current folder importable."""
    if SLOW_ENV in os.environ:
        pathlib.Path(os.environ[SLOW_ENV]).touch()
        time.sleep(60)
    path = {'mnist_tut.pth': f'{os.getcwd()}\n'}
    return write(wheel_directory, 'mnist_tut', '1.0', path).name
