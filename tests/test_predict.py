"""The command that classifies pictures: what it prints, shows and refuses."""

import io
import os
import shutil
import subprocess
import sys

from mnist_tut import errors, predict
from tests.support import short_runs
from tests.support.paths import ROOT

import numpy as np
import pytest
from PIL import Image, ImageDraw


@pytest.fixture(scope='module')
def run(few_digits_dir, tmp_path_factory):
    """The folder of a run of `softmax`."""
    folder = tmp_path_factory.mktemp('logs') / 'run-0001'
    return short_runs.train('softmax', few_digits_dir, folder)


@pytest.fixture
def digit_file(tmp_path):
    image = Image.new('L', (120, 160), 240)
    ImageDraw.Draw(image).line([(60, 30), (60, 130)], fill=20, width=12)
    path = tmp_path / 'one.png'
    image.save(path)
    return path


def test_without_a_name_the_newest_run_is_loaded(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.RunError, match=r'python -m mnist_tut\.deep'):
        predict.load()
    for seconds, name in enumerate(('b/run-0001', 'c/run-0007', 'a/run-0002')):
        folder = shutil.copytree(run, tmp_path / 'logs' / name)
        for path in folder.glob('*.json'):
            os.utime(path, (1e9 + seconds, 1e9 + seconds))
    with predict.load() as predictor:
        assert 'run-0002: softmax, 3 steps' in predictor.description


def test_a_run_that_is_named_is_loaded(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with predict.load(run) as predictor:
        assert predictor.description.startswith(f'{run}: softmax, 3 steps')


def run_main(*words, argv0='predict'):
    """Runs the command in this process and returns its exit status."""
    with pytest.raises(SystemExit) as ended:
        predict.flags.run(predict.main, [argv0, *map(str, words)], 'IMAGE...')
    predict.FLAGS.unparse_flags()
    for name in ('log_dir', 'saved_model', 'show'):
        predict.FLAGS[name].value = predict.FLAGS[name].default
    predict.FLAGS.mark_as_parsed()
    return ended.value.code


def test_command_prints_bars_and_shows_what_it_saw(run, digit_file, tmp_path, capsys):
    assert run_main(digit_file, '--log_dir', run, f'--show={tmp_path}/see.png') == 0
    said = capsys.readouterr()
    first, *bars = said.out.splitlines()
    path, prediction = first.rsplit(': ', 1)
    assert path == str(digit_file)
    assert [int(bar.split()[0]) for bar in bars] == list(range(10))
    percentages = [float(bar.split()[-2]) for bar in bars]
    assert sum(percentages) == pytest.approx(100, abs=0.6)
    assert int(prediction) == np.argmax(percentages)
    assert 'softmax, 3 steps' in said.err
    seen = np.asarray(Image.open(tmp_path / 'see.png'))
    assert seen.shape == (280, 280)
    assert seen[140, 140] == 255
    assert seen[0, 0] == 0


def test_command_shows_several_images_in_a_folder(run, digit_file, tmp_path, capsys):
    (tmp_path / 'b').mkdir()
    other = shutil.copy(digit_file, tmp_path / 'b' / 'one.png')
    show = tmp_path / 'seen'
    words = (digit_file, other, '--log_dir', run, '--show', show)
    assert run_main(*words) == 0
    assert {path.name for path in show.iterdir()} == {'one-seen.png', 'one-seen-2.png'}
    assert len(capsys.readouterr().out.splitlines()) == 22


@pytest.mark.parametrize(
    ('words', 'reason'),
    [
        ([], 'no image given'),
        (['none.png'], 'none.png is missing'),
        (['one.png', 'one.png', '--show=see.png'], 'one file for 2 images'),
        (['one.png', '--show=one.png'], 'is the image itself'),
        (['one.png', '--log_dir=a', '--saved_model=b'], 'expected one of the two'),
        (['one.png'], 'python -m mnist_tut.deep'),
        (['one.png', '--saved_model=.'], 'not a SavedModel'),
        (['one.png', '--log_dir=.'], 'run.json'),
    ],
)
def test_command_reports_a_mistake_in_one_line(
    words, reason, digit_file, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    before = digit_file.read_bytes()
    assert run_main(*words) == 1
    said = capsys.readouterr()
    assert said.out == ''
    assert said.err.count('\n') == 1
    assert reason in said.err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        'one.png': before
    }


def test_a_wrong_image_is_reported_before_tensorflow_is_imported(tmp_path):
    code = (
        'import sys\n'
        'from mnist_tut import predict\n'
        'try:\n'
        '    predict.flags.run(predict.main, ["", "none.png"], "IMAGE...")\n'
        'finally:\n'
        '    assert "tensorflow" not in sys.modules\n'
    )
    ended = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    assert ended.returncode == 1
    assert ended.stderr == 'none.png is missing; expected a data file\n'


def test_bars_fit_the_terminal(monkeypatch):
    probabilities = np.eye(10)[3]
    assert (
        '█' * 28 + '  100.0 %'
        in predict.format_probabilities(probabilities).splitlines()[3]
    )
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding='ascii')
    monkeypatch.setattr(sys, 'stdout', ascii_only)
    assert (
        '#' * 28 + '  100.0 %'
        in predict.format_probabilities(probabilities).splitlines()[3]
    )
