"""Trained models of every lesson, asked for their opinion."""

import io
import json
import os
import pathlib
import shutil
import subprocess
import sys

from mnist_tut import (
    cli,
    errors,
    idx,
    predict,
    run_folder,
    sources,
    trained,
)
from tests import brief_runs, lessons, small_digits

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from PIL import Image, ImageDraw


@pytest.fixture(scope='module')
def data_dir(tmp_path_factory):
    return small_digits.write(tmp_path_factory.mktemp('data') / 'digits')


@pytest.fixture(scope='module')
def test_images(data_dir):
    return idx.read_images(data_dir / sources.TEST_IMAGES)


@pytest.fixture(scope='module')
def runs(data_dir, tmp_path_factory):
    """Trains a lesson when it is first asked for: name -> folder of the run."""
    root = tmp_path_factory.mktemp('logs')

    def train(name):
        folder = root / name / 'run-0001'
        if not folder.exists():
            brief_runs.train(name, data_dir, folder)
        return folder

    return train


@pytest.fixture
def digit_file(tmp_path):
    image = Image.new('L', (120, 160), 240)
    ImageDraw.Draw(image).line([(60, 30), (60, 130)], fill=20, width=12)
    path = tmp_path / 'one.png'
    image.save(path)
    return path


def ask_the_lessons_graph(folder, images):
    """Returns what the lesson's own graph says, fed in the batches that it wants."""
    run = json.loads((folder / 'run.json').read_text())
    model = run['model']
    path = run_folder.path_of(str(folder), run_folder.steps_saved(str(folder))[0])
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.train.import_meta_graph(f'{path}.meta').restore(sess, path)
        placeholder = graph.get_tensor_by_name(model['images'])
        batch_size, *rest = placeholder.shape.as_list()
        low, high = model['ink']
        ink = (low + (high - low) * (images / 255)).reshape(-1, *rest)
        found = []
        for begin in range(0, len(ink), batch_size or len(ink)):
            feeds = {placeholder: ink[begin : begin + (batch_size or len(ink))]}
            found.append(sess.run(model['scores'], {**model['feeds'], **feeds}))
        return np.concatenate(found)


@pytest.mark.parametrize('lesson', lessons.LESSONS, ids=lambda lesson: lesson.name)
def test_every_lesson_can_be_asked(lesson, runs, test_images, capsys):
    folder = runs(lesson.name)
    images = test_images[:192]  # a multiple of each size that is built into a graph
    if lesson.name == 'fully_connected_feed':
        images = test_images[:200]
    expected = ask_the_lessons_graph(folder, images)
    with trained.load(folder) as predictor:
        found = predictor.probabilities(images)
        shape = [-1, *predictor.images.shape.as_list()[1:]]
        feed = {predictor.images: (images / 255).reshape(shape)}
        scores = predictor.sess.run(predictor.outputs['scores'], feed)
        few = predictor.probabilities(images[:3])
        none = predictor.probabilities(images[:0])
        data = 'made-up data'
        if lesson.name != 'convolutional':
            data = 'a set that is not MNIST'
        assert f'{lesson.name}, 3 steps on {data}' in predictor.source
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(few, found[:3], rtol=1e-4, atol=1e-6)
    assert none.shape == (0, 10)


def test_many_images_are_computed_in_parts(runs, test_images, monkeypatch):
    monkeypatch.setattr(trained.loop, 'EVAL_BATCH_SIZE', 64)
    with predict.load(runs('softmax')) as predictor:
        parts = predictor.probabilities(test_images)
        monkeypatch.setattr(trained.loop, 'EVAL_BATCH_SIZE', 1000)
        whole = predictor.probabilities(test_images)
    np.testing.assert_allclose(parts, whole, rtol=1e-5)


@pytest.mark.parametrize(
    'images',
    [
        np.zeros((2, 28, 28), np.float32),
        np.zeros((28, 28), np.uint8),
        np.zeros((2, 784), np.uint8),
    ],
)
def test_other_arrays_are_refused(runs, images):
    with predict.load(runs('softmax')) as predictor, pytest.raises(errors.DataError):
        predictor.probabilities(images)


@pytest.mark.parametrize('suffix', ['.meta', '.data-00000-of-00001', '.json'])
def test_damaged_newest_checkpoint_falls_back(
    suffix, runs, tmp_path, test_images, capsys
):
    folder = shutil.copytree(runs('softmax'), tmp_path / 'run')
    with trained.load(folder) as predictor:
        before = predictor.probabilities(test_images)
    damaged = folder / f'model.ckpt-2{suffix}'
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    capsys.readouterr()
    with trained.load(folder) as predictor:
        after = predictor.probabilities(test_images)
        steps = predictor.source.split(', ')[1].split(' on ')[0]
    # A graph is the same after each step; weights and figures are not.
    assert steps == ('3 steps' if suffix == '.meta' else '2 steps')
    assert np.array_equal(before, after) == (suffix == '.meta')
    said = capsys.readouterr().err
    assert said.count('\n') == 1
    assert 'damaged' in said


def test_folder_that_is_no_run_gets_one_line(runs, tmp_path):
    (tmp_path / 'empty').mkdir()
    shutil.copytree(runs('softmax'), tmp_path / 'unsaved')
    for path in (tmp_path / 'unsaved').glob('model.ckpt*'):
        path.unlink()
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other' / 'run.json').write_text('{"model": {"images": "x:0"}}')
    for name in ('missing', 'empty', 'unsaved', 'other'):
        with pytest.raises(errors.RunError) as caught:
            trained.load(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
        assert '\n' not in str(caught.value)


def test_newest_run_is_the_one_that_saved_last(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.RunError, match=r'python -m mnist_tut\.deep'):
        predict.load()
    for seconds, name in enumerate(('b/run-0001', 'c/run-0007', 'a/run-0002')):
        folder = shutil.copytree(runs('softmax'), tmp_path / 'logs' / name)
        for path in folder.glob('*.json'):
            os.utime(path, (1e9 + seconds, 1e9 + seconds))
    (tmp_path / 'logs' / 'd' / 'run-0001').mkdir(parents=True)  # has saved nothing
    assert trained.newest_run() == os.path.join('logs', 'a', 'run-0002')
    with predict.load() as predictor:
        assert 'run-0002: softmax, 3 steps' in predictor.source


def run_main(*words, argv0='predict'):
    """Runs the command in this process and returns its exit status."""
    with pytest.raises(SystemExit) as ended:
        cli.run(predict.main, predict.FLAGS, [argv0, *map(str, words)], 'IMAGE...')
    predict.FLAGS.unparse_flags()
    for name in ('log_dir', 'saved_model', 'show', 'help'):
        predict.FLAGS[name].value = predict.FLAGS[name].default
    predict.FLAGS.mark_as_parsed()
    return ended.value.code


def test_command_prints_bars_and_shows_what_it_saw(runs, digit_file, tmp_path, capsys):
    folder = runs('softmax')
    assert run_main(digit_file, '--log_dir', folder, f'--show={tmp_path}/see.png') == 0
    said = capsys.readouterr()
    first, *bars = said.out.splitlines()
    path, guess = first.rsplit(': ', 1)
    assert path == str(digit_file)
    assert [int(bar.split()[0]) for bar in bars] == list(range(10))
    percentages = [float(bar.split()[-2]) for bar in bars]
    assert sum(percentages) == pytest.approx(100, abs=0.6)
    assert int(guess) == np.argmax(percentages)
    assert 'softmax, 3 steps' in said.err
    seen = np.asarray(Image.open(tmp_path / 'see.png'))
    assert seen.shape == (280, 280)
    assert seen[140, 140] == 255
    assert seen[0, 0] == 0


def test_command_shows_several_images_in_a_folder(runs, digit_file, tmp_path, capsys):
    (tmp_path / 'b').mkdir()
    other = shutil.copy(digit_file, tmp_path / 'b' / 'one.png')
    show = tmp_path / 'seen'
    words = (digit_file, other, '--log_dir', runs('softmax'), '--show', show)
    assert run_main(*words) == 0
    assert {path.name for path in show.iterdir()} == {'one-seen.png', 'one-seen-2.png'}
    assert len(capsys.readouterr().out.splitlines()) == 22


@pytest.mark.parametrize(
    ('words', 'found'),
    [
        ([], 'no image given'),
        (['none.png'], 'none.png is not there'),
        (['one.png', 'one.png', '--show=see.png'], 'one file for 2 images'),
        (['one.png', '--show=one.png'], 'is the image itself'),
        (['one.png', '--log_dir=a', '--saved_model=b'], 'expected one of the two'),
        (['one.png'], 'python -m mnist_tut.deep'),
        (['one.png', '--saved_model=.'], 'not a SavedModel'),
        (['one.png', '--log_dir=.'], 'run.json'),
    ],
)
def test_command_tells_mistakes_in_one_line(
    words, found, digit_file, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    before = digit_file.read_bytes()
    assert run_main(*words) == 1
    said = capsys.readouterr()
    assert said.out == ''
    assert said.err.count('\n') == 1
    assert found in said.err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        'one.png': before
    }


def test_wrong_image_is_told_before_tensorflow_is_imported(tmp_path):
    code = (
        'import sys\n'
        'from mnist_tut import cli, predict\n'
        'try:\n'
        '    cli.run(predict.main, predict.FLAGS, ["", "none.png"], "IMAGE...")\n'
        'finally:\n'
        '    assert "tensorflow" not in sys.modules\n'
    )
    ended = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(pathlib.Path(__file__).parent.parent)},
    )
    assert ended.returncode == 1
    assert ended.stderr == 'none.png is not there; expected a data file\n'


def test_bars_fit_the_terminal(monkeypatch):
    probabilities = np.eye(10)[3]
    assert '█' * 28 + '  100.0 %' in predict.show_bars(probabilities).splitlines()[3]
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding='ascii')
    monkeypatch.setattr(sys, 'stdout', ascii_only)
    assert '#' * 28 + '  100.0 %' in predict.show_bars(probabilities).splitlines()[3]
