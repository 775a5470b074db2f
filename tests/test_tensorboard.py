"""TensorBoard itself reads the runs back, through the addresses that its pages use."""

import io
import json
import time
import urllib.parse

from mnist_tut import fully_connected_feed, with_summaries
from scripts.maintain import screenshot_tensorboard
from tests.support import corpus

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from google.protobuf import text_format
from PIL import Image

pytestmark = pytest.mark.slow

RUNS = {'with_summaries/train', 'with_summaries/test', 'feed', 'feed/metrics'}


class Board:
    """A TensorBoard that runs."""

    def __init__(self, url):
        self.url = url

    def get(self, page, **query):
        address = f'{self.url}data/{page}?{urllib.parse.urlencode(query)}'
        return screenshot_tensorboard.get(address)

    def read(self, page, **query):
        return json.loads(self.get(page, **query))

    def until(self, page, is_there, **query):
        """Repeats a request until the reply is complete, as TensorBoard loads files."""
        for _ in range(300):
            answer = self.read(page, **query)
            if is_there(answer):
                return answer
            time.sleep(1)
        raise AssertionError(f'after five minutes {page} answers {answer}')


@pytest.fixture(scope='module')
def histories(tmp_path_factory):
    """Trains both lessons into one folder: (that folder, their histories)."""
    data_dir = corpus.write_drawn_digits(tmp_path_factory.mktemp('data') / 'digits')
    logs = tmp_path_factory.mktemp('runs') / 'logs'
    summaries = with_summaries.run_training(
        data_dir=data_dir,
        log_dir=logs / 'with_summaries',
        batch_size=20,
        max_steps=105,
    )
    feed = fully_connected_feed.run_training(
        train_dir=data_dir, log_dir=logs / 'feed', batch_size=70, max_steps=301
    )
    return logs, summaries, feed


@pytest.fixture(scope='module')
def board(histories):
    with screenshot_tensorboard.tensorboard(histories[0]) as url:
        board = Board(url)
        board.until('plugin/graphs/info', lambda runs: len(runs) == 2)
        board.until('plugin/images/tags', lambda runs: len(runs) == 2)
        yield board


def test_every_page_is_offered(board):
    pages = {page.split('&')[0] for page in screenshot_tensorboard.PAGES.values()}

    def offered(listing):
        return {name for name, page in listing.items() if page['enabled']}

    listing = board.until('plugins_listing', lambda reply: pages <= offered(reply))
    assert pages <= offered(listing)


def test_scalars(board, histories):
    tags = board.until('plugin/scalars/tags', lambda tags: set(tags) == RUNS)
    assert set(tags['feed']) == {'loss'}
    sets = ('training', 'validation', 'test')
    assert set(tags['feed/metrics']) == {f'precision/{name}_precision' for name in sets}
    for tag in tags['feed/metrics']:
        [value] = histories[2].values(tag.removeprefix('precision/'))
        [(_, step, point)] = board.read(
            'plugin/scalars/scalars', run='feed/metrics', tag=tag
        )
        assert (step, point) == (300, pytest.approx(value))
    names = {'accuracy_1', 'cross_entropy_1', 'dropout/dropout_keep_probability'}
    for run in ('with_summaries/train', 'with_summaries/test'):
        assert names <= set(tags[run])
        assert len(tags[run]) == 3 + 16
    logged = [
        (step, accuracy)
        for step, name, accuracy in histories[1].records
        if name == 'test_accuracy'
    ]
    points = board.until(
        'plugin/scalars/scalars',
        lambda points: points[-1][1] == 100,
        run='with_summaries/test',
        tag='accuracy_1',
    )
    assert [(step, pytest.approx(value)) for _, step, value in points] == logged
    points = board.until(
        'plugin/scalars/scalars',
        lambda points: points[-1][1] == 300,
        run='feed',
        tag='loss',
    )
    [first] = [
        loss for step, name, loss in histories[2].records if (step, name) == (0, 'loss')
    ]
    assert [step for _, step, _ in points] == [0, 100, 200, 300]
    # The summary of a step is taken after its update, so only the start is near.
    assert points[0][2] == pytest.approx(first, rel=0.1)
    assert points[-1][2] < points[0][2]


@pytest.mark.parametrize('page', ['histograms', 'distributions'])
@pytest.mark.parametrize('run', ['with_summaries/train', 'with_summaries/test'])
def test_histograms_and_distributions(board, page, run):
    tags = board.until(f'plugin/{page}/tags', lambda tags: run in tags)[run]
    assert len(tags) == 8
    for tag in tags:
        points = board.read(f'plugin/{page}/{page}', run=run, tag=tag)
        steps = [step for _, step, _ in points]  # of many, TensorBoard keeps some
        assert steps == sorted(set(steps))
        assert len(steps) == 11 if run.endswith('test') else len(steps) > 11
        assert all(bool(step % 10) == run.endswith('train') for step in steps)
        assert all(len(shape) > 1 for _, _, shape in points)


def test_histogram_counts_every_activation(board):
    [(_, _, first), *_] = board.read(
        'plugin/histograms/histograms',
        run='with_summaries/test',
        tag='layer1/activations',
    )
    assert sum(count for _, _, count in first) == corpus.NUM_TEST * 500


def test_images(board):
    run, tag = 'with_summaries/test', 'input_reshape/input/image/9'
    assert len(board.read('plugin/images/tags')[run]) == 10
    points = board.read('plugin/images/images', run=run, tag=tag, sample=0)
    query = dict(urllib.parse.parse_qsl(points[0]['query']))
    png = board.get('plugin/images/individualImage', **query)
    with Image.open(io.BytesIO(png)) as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (28, 28)
    assert (pixels.min(), pixels.max()) == (0, 255)


@pytest.mark.parametrize(
    ('run', 'scopes'),
    [
        (
            'with_summaries/train',
            'input input_reshape layer1 dropout layer2 cross_entropy train accuracy',
        ),
        ('feed', 'hidden1 hidden2 softmax_linear'),
    ],
)
def test_graph_has_readable_scopes(board, run, scopes):
    text = board.get('plugin/graphs/graph', run=run, conceptual='false')
    graph = text_format.Parse(text, tf.GraphDef())
    tops = {node.name.split('/')[0] for node in graph.node if '/' in node.name}
    assert set(scopes.split()) <= tops
    assert not any(top.startswith('projector') for top in tops)


def test_run_metadata(board):
    run = 'with_summaries/train'
    info = board.until('plugin/graphs/info', lambda info: info[run]['tags'])
    assert set(info[run]['tags']) == {'step099'}
    text = board.get('plugin/graphs/run_metadata', run=run, tag='step099')
    metadata = text_format.Parse(text, tf.RunMetadata())
    nodes = metadata.step_stats.dev_stats[0].node_stats
    assert any('layer1/Wx_plus_b/MatMul' in node.node_name for node in nodes)


@pytest.mark.parametrize(
    ('run', 'name', 'shape'),
    [
        ('with_summaries/train', 'layer1', [300, 500]),
        ('with_summaries/test', 'layer1', [230, 500]),
        ('feed', 'hidden2', [230, 32]),
    ],
)
def test_projector(board, run, name, shape):
    board.until('plugin/projector/runs', lambda runs: run in runs)
    config = board.read('plugin/projector/info', run=run)
    [embedding] = [e for e in config['embeddings'] if e['tensorName'] == name]
    assert embedding['tensorShape'] == shape
    vectors = np.frombuffer(
        board.get('plugin/projector/tensor', run=run, name=name), np.float32
    ).reshape(shape)
    assert np.isfinite(vectors).all()
    assert vectors.min() == 0 < vectors.std()  # ReLU
    labels = board.get('plugin/projector/metadata', run=run, name=name).split()
    assert len(labels) == shape[0]
    assert {int(label) for label in labels} == set(range(10))
    png = board.get('plugin/projector/sprite_image', run=run, name=name)
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.width % 28 == picture.height % 28 == 0
        assert picture.width * picture.height >= shape[0] * 28 * 28
        sheet = np.asarray(picture)
    assert sheet[0, 0] == 255  # paper
    assert sheet[:28, :28].min() < 60  # ink
