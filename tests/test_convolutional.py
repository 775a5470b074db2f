"""The 2017 trial, beyond what holds for every lesson."""

import contextlib
import itertools
import json
import pathlib
import re
import types

from mnist_tut import convolutional, errors
from mnist_tut.data import idx
from tests.support import corpus, servers

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


def test_self_test_prints_its_metrics(tmp_path, capsys):
    run = convolutional.run_training(self_test=True, log_dir=tmp_path)
    printed = capsys.readouterr().out
    assert 'Minibatch loss: 3.273, learning rate: 0.010000\n' in printed
    assert 'Minibatch error: 6.2%\nValidation error: 0.0%\n' in printed
    assert run.last('test_error') == 0.0
    assert len(run.values('loss')) == 256 // 64  # an epoch


def test_half_precision_trains(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(convolutional, 'EVAL_BATCH_SIZE', 8)  # it is slow on a CPU
    losses = {}
    for use_fp16 in (False, True):
        # Two steps are too few to learn white and black: the test error may be any.
        with contextlib.suppress(errors.RunError):
            convolutional.run_training(
                self_test=True,
                use_fp16=use_fp16,
                batch_size=4,
                max_steps=2,
                checkpoint_steps=1,
                log_dir=tmp_path / str(use_fp16),
            )
        printed = capsys.readouterr().out
        losses[use_fp16] = float(re.search(r'Minibatch loss: ([\d.]+)', printed)[1])
    # The initial weights are drawn in 16 bits, too, and so are others.
    assert losses[True] == pytest.approx(losses[False], rel=0.15)
    types = tf.train.load_checkpoint(str(tmp_path / 'True')).get_variable_to_dtype_map()
    assert types.pop('Variable_8') == tf.float32  # the step counter
    assert len(types) == 16
    assert set(types.values()) == {tf.float16}


def test_progress_is_dots(digits_dir, tmp_path, capsys):
    convolutional.run_training(
        data_dir=digits_dir, log_dir=tmp_path, max_steps=51, batch_size=2
    )
    printed = capsys.readouterr().out
    assert '%\n. . . Training complete.\nPost training test error: ' in printed


def test_error_rate_is_in_percent():
    predictions = np.eye(10)[[3, 1, 4, 1]]
    assert convolutional.error_rate(predictions, np.array([3, 1, 4, 5])) == 25.0


class Session:
    """Answers with the first pixel of each image, so that order can be checked."""

    def __init__(self):
        self.sizes = []

    def run(self, fetches, feed_dict):
        [batch] = feed_dict.values()
        self.sizes.append(len(batch))
        return np.repeat(batch[:, 0, 0, :], 10, axis=1)


@pytest.mark.parametrize('size', [64, 65, 127, 128, 200])
def test_eval_in_batches_covers_each_image_once(size):
    data = np.zeros([size, 28, 28, 1], np.float32)
    data[:, 0, 0, 0] = np.arange(size)
    session = Session()
    predictions = convolutional.eval_in_batches(data, session, 'op', 'node')
    np.testing.assert_array_equal(predictions[:, 3], np.arange(size))
    assert set(session.sizes) == {64}


def test_eval_in_batches_refuses_less_than_a_batch():
    with pytest.raises(ValueError, match='batch size for evals larger than dataset'):
        convolutional.eval_in_batches(np.zeros([63, 28, 28, 1]), None, None, None)


def test_extraction(tmp_path, capsys):
    images = np.random.default_rng(1).integers(0, 256, (20, 28, 28), np.uint8)
    labels = np.arange(20, dtype=np.uint8) % 10
    idx.write_images(tmp_path / 'images.gz', images)
    idx.write_labels(tmp_path / 'labels.gz', labels)
    data = convolutional.extract_data(str(tmp_path / 'images.gz'), 12)
    assert data.shape == (12, 28, 28, 1)
    assert data.dtype == np.float32
    expected = (images[:12].astype(np.float32) - 127.5) / 255
    np.testing.assert_array_equal(data[..., 0], expected)
    extracted = convolutional.extract_labels(str(tmp_path / 'labels.gz'), 20)
    assert extracted.dtype == np.int64
    np.testing.assert_array_equal(extracted, labels)
    assert capsys.readouterr().out.splitlines() == [
        f'Extracting {tmp_path}/images.gz',
        f'Extracting {tmp_path}/labels.gz',
    ]
    with pytest.raises(errors.DataError, match='holds 20 examples; expected at least'):
        convolutional.extract_data(str(tmp_path / 'images.gz'), 21)


def test_fake_data():
    data, labels = convolutional.fake_data(5)
    assert data[:, 0, 0, 0].tolist() == [-0.5, 0.5, -0.5, 0.5, -0.5]
    assert labels.tolist() == [0, 1, 0, 1, 0]


def test_self_test_without_a_step(tmp_path, capsys):
    run = convolutional.run_training(self_test=True, log_dir=tmp_path, max_steps=0)
    assert run.values('loss') == []


def test_the_constants_are_the_documents():
    names = [name for name in vars(convolutional) if name.isupper()]
    constants = {name: getattr(convolutional, name) for name in names}
    del constants['FLAGS']  # None there
    assert constants == {
        'SOURCE_URL': 'http://yann.lecun.com/exdb/mnist/',
        'WORK_DIRECTORY': '../MNIST_data',
        'IMAGE_SIZE': 28,
        'NUM_CHANNELS': 1,
        'PIXEL_DEPTH': 255,
        'NUM_LABELS': 10,
        'VALIDATION_SIZE': 5000,
        'SEED': 66478,
        'BATCH_SIZE': 64,
        'NUM_EPOCHS': 0.5,
        'EVAL_BATCH_SIZE': 64,
        'EVAL_FREQUENCY': 250,
    }


@pytest.fixture
def run_training(digits_dir, tmp_path, monkeypatch):
    """Trains on 192 drawn digits of the 60,000; the constants have been edited."""

    def run(**flags):
        return convolutional.run_training(log_dir=tmp_path / 'log', **flags)

    def get_data(files):
        images, labels = convolutional.fake_data(192)
        return (images, labels), (images[:64], labels[:64]), (images[:64], labels[:64])

    monkeypatch.setattr(convolutional, 'WORK_DIRECTORY', digits_dir)
    monkeypatch.setattr(convolutional, 'get_data', get_data)
    return run


def test_an_edited_number_of_epochs_acts(run_training, monkeypatch, capsys):
    monkeypatch.setattr(convolutional, 'NUM_EPOCHS', 3)
    assert len(run_training().values('loss')) == 3 * 192 // 64
    assert convolutional.FLAGS.num_epochs == 0.5  # afterwards, as before


def test_an_argument_comes_before_an_edited_constant(run_training, monkeypatch):
    monkeypatch.setattr(convolutional, 'NUM_EPOCHS', 3)
    monkeypatch.setattr(convolutional, 'BATCH_SIZE', 32)
    assert len(run_training(num_epochs=1).values('loss')) == 192 // 32


@pytest.mark.parametrize(('seed', 'is_drawn'), [(7, False), (None, True)])
def test_an_edited_seed_acts(run_training, monkeypatch, seed, is_drawn):
    monkeypatch.setattr(convolutional, 'SEED', seed)
    history = run_training(max_steps=1)
    used = json.loads((pathlib.Path(history.log_dir) / 'run.json').read_text())['seed']
    assert used != 66478
    assert is_drawn or used == 7


def test_edited_constants_of_the_evaluation_act(run_training, monkeypatch, capsys):
    monkeypatch.setattr(convolutional, 'EVAL_FREQUENCY', 1)
    monkeypatch.setattr(convolutional, 'EVAL_BATCH_SIZE', 16)
    history = run_training(max_steps=3)
    assert history.steps('validation_error') == [0, 1, 2]


def test_an_edited_folder_and_address_act(tmp_path, monkeypatch):
    monkeypatch.setattr(convolutional, 'WORK_DIRECTORY', tmp_path / 'data')
    with servers.Server(servers.status(404)) as server:
        monkeypatch.setattr(convolutional, 'SOURCE_URL', server.url)
        with pytest.raises(errors.UserError, match=re.escape(server.url)):
            convolutional.maybe_download(corpus.TEST_LABELS)
        with pytest.raises(errors.UserError, match=re.escape(server.url)):
            convolutional.run_training(dataset='mnist', log_dir=tmp_path / 'log')


@pytest.mark.parametrize('folder', [None, '../MNIST_data'])
def test_nothing_is_downloaded_above_the_current_folder(tmp_path, monkeypatch, folder):
    below = tmp_path / 'mine'
    below.mkdir()
    monkeypatch.chdir(below)
    monkeypatch.delenv('MNIST_TUT_DATA_DIR', raising=False)
    with servers.Server(servers.whole(b'digits')) as server:
        monkeypatch.setattr(convolutional, 'SOURCE_URL', server.url)
        path = convolutional.maybe_download('more.gz', folder)
    assert (below / path).read_bytes() == b'digits'
    assert path == 'MNIST_data/more.gz'
    assert list(tmp_path.iterdir()) == [below]
    # What is there already is found there.
    (tmp_path / 'MNIST_data').mkdir()
    (tmp_path / 'MNIST_data' / 'more.gz').write_bytes(b'more digits')
    assert convolutional.maybe_download('more.gz', folder) == '../MNIST_data/more.gz'


@pytest.mark.parametrize('seed', [None, 7])
def test_a_seed_that_is_none_is_drawn(run_training, seed):
    history = run_training(max_steps=1, seed=seed)
    run_file = pathlib.Path(history.log_dir) / 'run.json'
    used = json.loads(run_file.read_text())['seed']
    assert used != convolutional.SEED
    assert seed in (None, used)


def test_a_wrong_constant_gets_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(convolutional, 'BATCH_SIZE', 0)
    with pytest.raises(errors.FlagError, match=r'^batch_size=0: 0 is not an integer'):
        convolutional.run_training(log_dir=tmp_path)


def test_a_run_keeps_its_constants_when_it_resumes(run_training, monkeypatch, capsys):
    monkeypatch.setattr(convolutional, 'BATCH_SIZE', 32)
    run_training(max_steps=2)
    monkeypatch.setattr(convolutional, 'BATCH_SIZE', 16)
    with pytest.raises(errors.RunError, match='--batch_size=16: the run in'):
        run_training(max_steps=4, resume=True)
    monkeypatch.setattr(convolutional, 'BATCH_SIZE', 64)  # the value of the module
    assert len(run_training(max_steps=4, resume=True).values('loss')) == 4


@pytest.mark.parametrize('seed', [None, 5])
def test_initial_values_follow_the_seed(monkeypatch, seed):
    monkeypatch.setattr(convolutional, 'SEED', 5)
    with tf.Graph().as_default() as graph:
        parameters = convolutional.make_parameters(seed)
        data = tf.placeholder(tf.float32, [1, 28, 28, 1])
        convolutional.model(data, parameters, train=True, seed=seed)
    seeds = {
        op.get_attr('seed2')
        for op in graph.get_operations()
        if op.type in ('TruncatedNormal', 'RandomUniform')
    }
    assert seeds == {5}


@pytest.mark.parametrize('num_epochs', [-0.1, 1_000_001])
def test_a_number_of_epochs_has_bounds(tmp_path, num_epochs):
    with pytest.raises(errors.FlagError, match=r'at least 0 and at most 1e\+06$'):
        convolutional.run_training(num_epochs=num_epochs, log_dir=tmp_path / 'log')


def test_a_batch_is_smaller_than_the_training_set(tmp_path, capsys):
    flags = {'self_test': True, 'max_steps': 0}
    convolutional.run_training(batch_size=255, log_dir=tmp_path / 'a', **flags)
    with pytest.raises(errors.FlagError, match='batch_size=256: the training set has'):
        convolutional.run_training(batch_size=256, log_dir=tmp_path / 'b', **flags)


def test_durations_are_milliseconds_a_step(tmp_path, capsys, monkeypatch):
    clock = types.SimpleNamespace(time=itertools.count(0, 250).__next__)
    monkeypatch.setattr(convolutional, 'time', clock)
    with contextlib.suppress(errors.RunError):  # one step is too few to learn
        convolutional.run_training(self_test=True, max_steps=1, log_dir=tmp_path)
    assert 'Step 0 (epoch 0.00), 1000.0 ms\n' in capsys.readouterr().out


@pytest.mark.slow
def test_the_terms_of_the_loss_are_added_in_one_order(digits_dir, tmp_path, capsys):
    """TensorFlow's optimizer may choose another one in each graph with a loop."""
    losses = [
        convolutional.run_training(
            data_dir=digits_dir,
            log_dir=tmp_path / str(number),
            max_steps=77,
            batch_size=8,
            steps_per_run=steps_per_run,
        ).values('loss')
        for number, steps_per_run in enumerate([1, 5, 5, 5, 29])
    ]
    assert losses[1:] == losses[:1] * 4
