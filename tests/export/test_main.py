"""The export command: every format by its name, and one line for a mistake."""

import sys

from mnist_tut.export import __main__ as command
from tests.support.paths import ROOT

import pytest

FILES = {
    'saved_model': ['1/saved_model.pb', '1/SHA256SUMS'],
    'litert': [
        'softmax-dynamic_int8.tflite',
        'softmax-float16.tflite',
        'softmax-float32.tflite',
        'softmax-int8.tflite',
    ],
    'coreml': ['softmax.mlpackage/Manifest.json'],
    'onnx': ['softmax.onnx'],
    'web': ['index.html', 'models.json', 'softmax.bin'],
}
LIBRARIES = {'coreml': 'coremltools', 'onnx': 'onnx'}


def run(capsys, **flags):
    """Runs the command; returns its exit status, stdout and stderr."""
    capsys.readouterr()  # what training printed
    given = {name: value for name, value in flags.items() if value is not None}
    argv = ['export', *(f'--{name}={value}' for name, value in given.items())]
    with pytest.raises(SystemExit) as caught, command.flags.overridden({}):
        command.flags.run(command.main, argv)
    out, err = capsys.readouterr()
    # What TensorFlow logs if it was imported before `runtime` could silence it.
    lines = [line for line in err.splitlines(True) if not line.startswith('I0000')]
    return caught.value.code, out, ''.join(lines)


@pytest.mark.parametrize('name', FILES)
def test_every_format_is_written_by_its_name(name, short_run, tmp_path, capsys):
    if name in LIBRARIES:
        pytest.importorskip(LIBRARIES[name])
    folder = tmp_path / 'export'
    log_dir = short_run('softmax')
    status, out, err = run(capsys, log_dir=log_dir, format=name, export_dir=folder)
    assert (status, err) == (0, '')
    assert out == (
        f'Exported {log_dir}: softmax, 3 steps on a set that is not MNIST to {folder}\n'
    )
    paths = [str(path.relative_to(folder)) for path in folder.rglob('*')]
    assert set(FILES[name]) <= set(paths)
    assert [path.name for path in tmp_path.iterdir()] == ['export']

    status, out, err = run(capsys, log_dir=log_dir, format=name, export_dir=folder)
    assert (status, out) == (1, '')
    assert 'exists already and is not overwritten' in err
    assert err.count('\n') == 1


@pytest.mark.parametrize(
    ('flags', 'message'),
    [
        ({'log_dir': 'missing'}, 'missing/run.json'),
        ({'format': 'tflite'}, 'saved_model|litert|coreml|onnx|web'),
        ({'export_dir': ''}, '--export_dir=: empty'),
        ({'format': 'onnx', 'export_dir': ''}, '--export_dir=: empty'),
        ({'faithful': True}, 'expected a run of it'),
        ({'faithful': True, 'format': 'onnx'}, 'leave one of the two out'),
        ({'model_version': 0}, 'model_version'),
        ({'checkpoint': 'missing'}, '--log_dir and --checkpoint: expected one'),
        ({'checkpoint': 'missing', 'log_dir': None}, 'no such checkpoint'),
        ({'faithful': True, 'checkpoint': 'missing'}, 'leave one of the two out'),
    ],
)
def test_a_mistake_is_one_line(
    flags, message, short_run, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, **{'log_dir': short_run('softmax'), **flags})
    assert (status, out) == (1, '')
    assert message in err
    assert err.count('\n') == 1
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_of_an_original_is_exported(tmp_path, capsys):
    folder = ROOT / 'tests' / 'goldens' / 'checkpoints' / 'tf1.15.5'
    path = folder / 'model.ckpt-1999'
    for name in ('saved_model', 'web'):
        status, out, err = run(
            capsys, checkpoint=path, format=name, export_dir=tmp_path / name
        )
        assert (status, err) == (0, '')
        assert out.startswith(f'Exported {path}: fully_connected_feed, 2,000 steps')
    status, _, err = run(capsys, log_dir=folder, export_dir=tmp_path / 'not')
    assert status == 1
    assert f'as --checkpoint={path}' in err
    assert err.count('\n') == 1


@pytest.mark.parametrize('name', LIBRARIES)
def test_a_missing_library_is_named_before_anything_is_written(
    name, short_run, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, LIBRARIES[name], None)
    status, _, err = run(
        capsys,
        log_dir=short_run('softmax'),
        format=name,
        export_dir=tmp_path / 'export',
    )
    assert status == 1
    assert f"pip install 'mnist_tut[{name}]'" in err
    assert err.count('\n') == 1
    assert not list(tmp_path.iterdir())
