"""What every test may rely on: where the real MNIST files are, if they are here."""

import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDENS = ROOT / 'tests' / 'goldens'


def _find_mnist() -> pathlib.Path | None:
    """Returns the folder that MNIST_TUT_MNIST_DIR names, or ../shared/mnist."""
    named = os.environ.get('MNIST_TUT_MNIST_DIR')
    folder = pathlib.Path(named) if named else ROOT.parent / 'shared' / 'mnist'
    return folder if (folder / 'train-images-idx3-ubyte.gz').is_file() else None


@pytest.fixture(scope='session')
def mnist_dir() -> pathlib.Path:
    """The folder of the four real MNIST files; skips the test where there is none."""
    folder = _find_mnist()
    if folder is None:
        pytest.skip(
            'the real MNIST files are not here (MNIST_TUT_MNIST_DIR names them)'
        )
    return folder


@pytest.fixture(scope='session')
def digits_dir(tmp_path_factory) -> pathlib.Path:
    """A folder with the drawn set, full size; made once for all test processes."""
    from mnist_tut import synthetic

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get('PYTEST_XDIST_WORKER') else base
    folder = shared / 'digits'
    synthetic.write(folder)
    return folder
