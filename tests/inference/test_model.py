"""Trained models of every lesson, loaded for inference."""

import json
import os
import shutil

from mnist_tut import errors
from mnist_tut.data import idx, locate
from mnist_tut.inference import model, trained
from mnist_tut.training import run_folder
from tests import lessons

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


@pytest.fixture(scope='module')
def images_of_the_test_set(few_digits_dir):
    return idx.read_images(few_digits_dir / locate.TEST_IMAGES)


def run_the_lessons_graph(folder, images):
    """Returns the scores of the lesson's own graph, fed in batches of its size."""
    run = json.loads((folder / 'run.json').read_text())
    description = run['model']
    path = run_folder.checkpoint_path(
        str(folder), run_folder.saved_steps(str(folder))[0]
    )
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.train.import_meta_graph(f'{path}.meta').restore(sess, path)
        placeholder = graph.get_tensor_by_name(description['images'])
        batch_size, *rest = placeholder.shape.as_list()
        low, high = description['pixel_range']
        pixels = (low + (high - low) * (images / 255)).reshape(-1, *rest)
        scores = []
        for begin in range(0, len(pixels), batch_size or len(pixels)):
            feeds = {placeholder: pixels[begin : begin + (batch_size or len(pixels))]}
            scores.append(
                sess.run(description['scores'], {**description['feeds'], **feeds})
            )
        return np.concatenate(scores)


@pytest.mark.parametrize('lesson', lessons.LESSONS, ids=lambda lesson: lesson.name)
def test_every_lesson_can_be_loaded(lesson, short_run, images_of_the_test_set, capsys):
    folder = short_run(lesson.name)
    # A multiple of each size that is built into a graph.
    images = images_of_the_test_set[:192]
    if lesson.name == 'fully_connected_feed':
        images = images_of_the_test_set[:200]
    expected = run_the_lessons_graph(folder, images)
    with model.load(folder) as predictor:
        probabilities = predictor.probabilities(images)
        shape = [-1, *predictor.images.shape.as_list()[1:]]
        feed = {predictor.images: (images / 255).reshape(shape)}
        scores = predictor.sess.run(predictor.outputs['scores'], feed)
        few = predictor.probabilities(images[:3])
        none = predictor.probabilities(images[:0])
        data = 'made-up data'
        if lesson.name != 'convolutional':
            data = 'a set that is not MNIST'
        assert f'{lesson.name}, 3 steps on {data}' in predictor.description
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert np.array_equal(probabilities.argmax(axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(few, probabilities[:3], rtol=1e-4, atol=1e-6)
    assert none.shape == (0, 10)


def test_many_images_are_computed_in_parts(
    short_run, images_of_the_test_set, monkeypatch
):
    sizes = []
    with model.load(short_run('softmax')) as predictor:
        run = predictor.sess.run

        def run_and_note_the_size(fetches, feed_dict):
            sizes.append(len(feed_dict[predictor.images]))
            return run(fetches, feed_dict)

        whole = predictor.probabilities(images_of_the_test_set)
        monkeypatch.setattr(model, 'EVAL_BATCH_SIZE', 64)
        monkeypatch.setattr(predictor.sess, 'run', run_and_note_the_size)
        parts = predictor.probabilities(images_of_the_test_set)
    assert sizes == [64, 64, 64, 38]
    np.testing.assert_allclose(parts, whole, rtol=1e-5)


@pytest.mark.parametrize(
    'images',
    [
        np.zeros((2, 28, 28), np.float32),
        np.zeros((28, 28), np.uint8),
        np.zeros((2, 784), np.uint8),
    ],
)
def test_other_arrays_are_refused(short_run, images):
    with (
        model.load(short_run('softmax')) as predictor,
        pytest.raises(errors.DataError, match=r'expected uint8 \[N, 28, 28\]'),
    ):
        predictor.probabilities(images)


@pytest.mark.parametrize('suffix', ['.meta', '.data-00000-of-00001', '.json'])
def test_a_damaged_newest_checkpoint_falls_back_on_the_one_before(
    suffix, short_run, tmp_path, images_of_the_test_set, capsys
):
    folder = shutil.copytree(short_run('softmax'), tmp_path / 'run')
    with model.load(folder) as predictor:
        before = predictor.probabilities(images_of_the_test_set)
    damaged = folder / f'model.ckpt-2{suffix}'
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    capsys.readouterr()
    with model.load(folder) as predictor:
        after = predictor.probabilities(images_of_the_test_set)
        steps = predictor.description.split(', ')[1].split(' on ')[0]
    # A graph is the same after each step; weights and metrics are not.
    assert steps == ('3 steps' if suffix == '.meta' else '2 steps')
    assert np.array_equal(before, after) == (suffix == '.meta')
    said = capsys.readouterr().err
    assert said.count('\n') == 1
    assert 'damaged' in said


def test_a_folder_that_is_no_run_gets_one_line(short_run, tmp_path):
    (tmp_path / 'empty').mkdir()
    shutil.copytree(short_run('softmax'), tmp_path / 'unsaved')
    for path in (tmp_path / 'unsaved').glob('model.ckpt*'):
        path.unlink()
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other' / 'run.json').write_text('{"model": {"images": "x:0"}}')
    for name in ('missing', 'empty', 'unsaved', 'other'):
        with pytest.raises(errors.RunError) as caught:
            model.load(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
        assert '\n' not in str(caught.value)


def test_no_random_op_is_left_in_the_graph(short_run):
    for name in ('deep', 'with_summaries'):
        operations = {
            node.op for node in trained.restore(short_run(name)).graph_def.node
        }
        assert 'MatMul' in operations
        assert not operations & {'RandomUniform', 'SelectV2', 'Switch'}


def test_the_trained_arrays_have_the_names_of_the_lessons_variables(short_run):
    for lesson in lessons.LESSONS:
        model_ = trained.restore(short_run(lesson.name))
        assert sum(a.size for a in model_.arrays.values()) == lesson.num_parameters
        name, shape = lesson.first_variable
        assert list(model_.arrays[name].shape) == shape


def test_the_newest_run_is_the_one_that_saved_last(short_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.RunError, match=r'python -m mnist_tut\.deep'):
        trained.newest_run()
    for seconds, name in enumerate(('b/run-0001', 'c/run-0007', 'a/run-0002')):
        folder = shutil.copytree(short_run('softmax'), tmp_path / 'logs' / name)
        for path in folder.glob('*.json'):
            os.utime(path, (1e9 + seconds, 1e9 + seconds))
    (tmp_path / 'logs' / 'd' / 'run-0001').mkdir(parents=True)  # has saved nothing
    assert trained.newest_run() == os.path.join('logs', 'a', 'run-0002')
    with model.load(trained.newest_run()) as predictor:
        assert 'run-0002: softmax, 3 steps' in predictor.description


def edit(**changes):
    """Returns a function that changes entries of run.json's 'model'."""
    return lambda model: {**model, **changes}


@pytest.mark.parametrize(
    'change',
    [
        lambda model: None,
        lambda model: [],
        lambda model: {},
        edit(images=3),
        edit(images='none:0'),
        edit(images='Variable:0'),
        edit(images='no tensor'),
        edit(scores='Placeholder:0'),
        edit(scores=None),
        edit(probabilities='yes'),
        edit(feeds=None),
        edit(feeds={'none:0': 1.0}),
        edit(feeds={'Placeholder_1:0': 'text'}),
        edit(pixel_range='text'),
        edit(pixel_range=[0]),
        edit(pixel_range=[0, float('nan')]),
        edit(pixel_range=[None, 1]),
    ],
)
def test_an_edited_description_of_the_model_is_one_line(change, short_run, tmp_path):
    folder = shutil.copytree(short_run('softmax'), tmp_path / 'run')
    path = folder / 'run.json'
    content = json.loads(path.read_text())
    content['model'] = change(content['model'])
    path.write_text(json.dumps(content))
    with pytest.raises(errors.RunError) as caught:
        model.load(folder)
    assert str(path) in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('kind', ['folder', 'dangling link'])
@pytest.mark.parametrize(
    'name', ['run.json', *(f'model.ckpt-2{e}' for e in ('.json', '.meta', '.index'))]
)
def test_what_is_no_file_in_a_run_is_one_line(name, kind, short_run, tmp_path, capsys):
    folder = shutil.copytree(short_run('softmax'), tmp_path / 'logs' / 'run')
    capsys.readouterr()
    (folder / name).unlink()
    if kind == 'folder':
        (folder / name).mkdir()
    else:
        (folder / name).symlink_to('nowhere')
    for root in (folder, tmp_path / 'logs'):
        if name == 'run.json':
            with pytest.raises(errors.RunError) as caught:
                model.load(root)
            assert '\n' not in str(caught.value)
        else:  # the checkpoint before it is as good
            with model.load(root) as predictor:
                assert 'steps on' in predictor.description
    said = capsys.readouterr().err.splitlines()
    assert all('trying the one before it' in line for line in said)
