"""Prints what the Python that runs it lacks of the project, as JSON.

    .venv/bin/python scripts/_setup/missing.py dev

prints, for example,

    {"version": [3, 11], "missing": ["ruff>=0.6"], "is_linked": true, "has_pip": true}

`is_linked` says whether its mnist_tut is the one in this folder.

foreign.py runs it in an environment that these scripts did not make. Arguments are the
extras of pyproject.toml that are needed, too. It reads metadata, and imports no
requirement.
"""

import importlib.metadata
import importlib.util
import json
import os
import re
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 2))
# The same modules under another name: the build without CUDA is half the size.
INSTEAD = {'tensorflow': ['tensorflow-cpu']}


def is_linked():
    """Returns whether `import mnist_tut` imports that of this folder."""
    spec = importlib.util.find_spec('mnist_tut')
    ours = os.path.join(ROOT, 'mnist_tut', '__init__.py')
    origin = spec.origin if spec else None
    return os.path.realpath(origin or os.devnull) == os.path.realpath(ours)


def missing(extras):
    """Returns the requirements that are not met."""
    import tomllib

    with open(os.path.join(ROOT, 'pyproject.toml'), 'rb') as file:
        project = tomllib.load(file)['project']
    try:
        from packaging.requirements import Requirement
    except ImportError:  # TensorFlow requires it, so that is not complete either
        return [re.split('[<>;]', text)[0] for text in project['dependencies']]
    optional = project.get('optional-dependencies', {})
    wanted = [*project['dependencies'], *(t for name in extras for t in optional[name])]
    unmet = []
    for text in wanted:  # grows by the extras that an extra consists of
        requirement = Requirement(text)
        if requirement.name == project['name']:
            wanted += [t for name in sorted(requirement.extras) for t in optional[name]]
        elif requirement.marker is None or requirement.marker.evaluate():
            names = [requirement.name, *INSTEAD.get(requirement.name, [])]
            if not any(_meets(name, requirement.specifier) for name in names):
                unmet.append(f'{requirement.name}{requirement.specifier}')
    return unmet


def _meets(name, specifier):
    try:
        version = importlib.metadata.version(name)
        return bool(version) and specifier.contains(version, prereleases=True)
    except (importlib.metadata.PackageNotFoundError, KeyError, ValueError):
        return False


if __name__ == '__main__':
    found = {
        'version': sys.version_info[:2],
        'missing': missing(sys.argv[1:]) if sys.version_info >= (3, 11) else [],
        'is_linked': is_linked(),
        'has_pip': importlib.util.find_spec('pip') is not None,
    }
    print(json.dumps(found))
