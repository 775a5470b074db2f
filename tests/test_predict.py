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
    for name in ('log_dir', 'saved_model', 'checkpoint', 'show', 'samples'):
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
    assert {path.name for path in show.iterdir()} == {
        'one-seen.png',
        'one-seen-2.png',
        'contact-sheet.png',
    }
    assert len(capsys.readouterr().out.splitlines()) == 22


@pytest.mark.parametrize(
    ('words', 'reason'),
    [
        ([], 'no picture given'),
        (['none.png'], 'none.png is missing'),
        (['one.png', '--show=one.png'], 'one of the pictures to read'),
        (['one.png', '--log_dir=a', '--saved_model=b'], 'expected one of them'),
        (['one.png', '--checkpoint=a'], 'no such checkpoint'),
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


def draw_row(*places):
    """Returns a picture with a vertical stroke at each place."""
    picture = Image.new('L', (400, 160), 240)
    for place in places:
        ImageDraw.Draw(picture).line([(place, 30), (place, 130)], fill=20, width=12)
    return picture


def test_a_row_is_read_from_left_to_right(run, tmp_path, capsys):
    draw_row(60, 160, 260).save(tmp_path / 'row.png')
    show = tmp_path / 'seen.png'
    words = (tmp_path / 'row.png', '--log_dir', run, '--show', show)
    assert run_main(*words) == 0
    first, *bars = capsys.readouterr().out.splitlines()
    number = first.rsplit(': ', 1)[1]
    assert len(number) == len(bars) == 3
    assert [bar.split()[0] for bar in bars] == [*number]
    with Image.open(show) as seen:
        assert seen.size == (3 * 280 + 20, 280)
    assert run_main(*words) == 0  # replaces the picture that it wrote itself


def test_a_wide_shape_is_answered_with_a_note(run, tmp_path, capsys):
    picture = Image.new('L', (200, 150), 255)
    ImageDraw.Draw(picture).ellipse((40, 50, 160, 110), outline=0, width=10)
    picture.save(tmp_path / 'wide.png')
    assert run_main(tmp_path / 'wide.png', '--log_dir', run) == 0
    assert 'wider than most digits; if it shows several' in capsys.readouterr().err


def test_many_pictures_get_a_line_each_and_a_contact_sheet(run, tmp_path, capsys):
    folder = tmp_path / 'scans'
    folder.mkdir()
    for number in range(4):
        draw_row(60, 160 + 10 * number).save(folder / f'{number}.webp')
    (folder / 'list.csv').write_text('1,2')
    Image.new('L', (90, 90), 200).save(folder / 'blank.gif')
    sheet = tmp_path / 'sheet.png'
    assert run_main(folder, '--log_dir', run, '--show', sheet) == 1  # one is blank
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert [line.split(': ')[0] for line in lines] == [
        str(folder / f'{number}.webp') for number in range(4)
    ]
    for line in lines:
        number, *percentages = line.split(': ')[1].split()
        assert len(number) == len(percentages) - 1 == 2
    blank, skipped, model = said.err.splitlines()
    assert 'blank.gif: no ink in it' in blank
    assert skipped.endswith('written by predict: list.csv')
    assert model.startswith('Model: ')
    with Image.open(sheet) as seen:
        assert seen.size[0] == 4 * 264


def test_pictures_beside_the_show_folder_are_never_overwritten(
    run, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    for name in ('a.png', 'a-seen.png'):
        draw_row(60, 160).save(name)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for words in (['a.png', 'a-seen.png'], ['a.png']):
        assert run_main(*words, '--show=.', '--log_dir', run) == 1
        assert capsys.readouterr().err.count('\n') == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_newest_run_in_a_folder_is_taken(run, tmp_path):
    for seconds, name in enumerate(('run-0002', 'run-0001')):
        folder = shutil.copytree(run, tmp_path / 'softmax' / name)
        for path in folder.glob('*.json'):
            os.utime(path, (1e9 + seconds, 1e9 + seconds))
    for root in (tmp_path, tmp_path / 'softmax'):
        with predict.load(root) as predictor:
            assert 'run-0001: softmax' in predictor.description


def test_the_sample_photos_are_small_and_show_what_their_names_say(run, capsys):
    names = sorted(os.listdir(predict.SAMPLES_DIR))
    assert names == ['4719.jpg', '5.jpg']
    for name in names:
        path = os.path.join(predict.SAMPLES_DIR, name)
        assert os.path.getsize(path) < 60_000
        assert len(predict.image.read(path)) == len(name.removesuffix('.jpg'))
    assert run_main('--samples', '--log_dir', run) == 0
    assert '4719.jpg: ' in capsys.readouterr().out
