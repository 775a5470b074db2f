"""The wheel holds all that the package needs."""

import subprocess
import sys
import zipfile

from tests.support.paths import ROOT


def test_a_wheel_holds_every_module_and_data_file(tmp_path):
    # From a copy, since setuptools leaves a build folder in the tree.
    tree = tmp_path / 'tree'
    tracked = subprocess.run(
        ['git', 'ls-files', '--cached', '--others', '--exclude-standard', '-z'],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split('\0')
    for name in filter(None, tracked):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps']
    pip += ['--no-build-isolation', '--no-index', '--wheel-dir', tmp_path / 'wheels']
    subprocess.run([*pip, tree], check=True)
    [wheel] = (tmp_path / 'wheels').iterdir()
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if '.dist-info/' not in name}
    package = ROOT / 'mnist_tut'
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
    }
    assert 'mnist_tut/data/pen/digit_shapes.json' in expected
    assert packed == expected
