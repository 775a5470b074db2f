"""The web page's files: what is in them, and that they compute what Python computes."""

import json
import re

from mnist_tut.data import idx, locate
from mnist_tut.export import web
from mnist_tut.inference import image, model, trained
from tests import lessons
from tests.support import exports, javascript

import numpy as np
import pytest

every_lesson = pytest.mark.parametrize(
    'name', [lesson.name for lesson in lessons.LESSONS]
)


@pytest.fixture(scope='module', autouse=True)
def _v8():
    pytest.importorskip('py_mini_racer')


@pytest.fixture(scope='module')
def digits(few_digits_dir):
    return idx.read_images(few_digits_dir / locate.TEST_IMAGES)[:50]


def export(folder, *models, weights_type=None):
    """Writes a page; returns its folder."""
    folder.mkdir()
    web.write_page(list(models), str(folder), weights_type)
    return folder


# The network.


@every_lesson
@pytest.mark.parametrize(('weights_type', 'most'), [('float32', 1e-5), ('int16', 1e-3)])
def test_the_page_computes_what_the_session_computes(
    name, weights_type, most, short_run, digits, tmp_path
):
    restored = trained.restore(short_run(name))
    page = export(tmp_path / 'page', restored, weights_type=weights_type)
    with model.start(restored) as predictor:
        expected = predictor.probabilities(digits)
    network = javascript.Network(page)
    assert network.about['type'] == weights_type
    np.testing.assert_allclose(network.probabilities(digits), expected, atol=most)


@pytest.mark.slow
@pytest.mark.mnist
@every_lesson
def test_a_trained_lesson_reads_200_digits_as_the_session_does(
    name, mnist_dir, tmp_path, tmp_path_factory
):
    root = tmp_path_factory.getbasetemp()
    restored = trained.restore(exports.train_on_mnist(name, mnist_dir, root))
    images = idx.read_images(mnist_dir / locate.TEST_IMAGES)[:200]
    with model.start(restored) as predictor:
        expected = predictor.probabilities(images)
    exact = export(tmp_path / 'exact', restored, weights_type='float32')
    small = export(tmp_path / 'small', restored)
    for page, most in ((exact, 1e-4), (small, 1e-3)):
        actual = javascript.Network(page).probabilities(images)
        assert np.array_equal(actual.argmax(axis=1), expected.argmax(axis=1))
        np.testing.assert_allclose(actual, expected, atol=most)


def test_votes_and_bias_add_up_to_the_scores(short_run, digits, tmp_path):
    restored = trained.restore(short_run('softmax'))
    network = javascript.Network(export(tmp_path / 'page', restored))
    votes, scores = json.loads(
        network.context.eval(
            f'const pixels = Uint8Array.from({digits[0].reshape(-1).tolist()});'
            'const votes = Array.from(network.products(model, pixels));'
            'const { scores } = network.run(model, pixels);'
            'JSON.stringify([votes, Array.from(scores)])'
        )
    )
    weights, biases = restored.arrays['Variable'], restored.arrays['Variable_1']
    expected = weights * digits[0].reshape(784, 1) / 255
    votes = np.reshape(votes, [784, 10])
    np.testing.assert_allclose(votes, expected, atol=1e-5)
    np.testing.assert_allclose(votes.sum(axis=0) + biases, scores, atol=1e-5)


def test_the_maps_are_the_first_layers_output(short_run, digits, tmp_path):
    restored = trained.restore(short_run('deep'))
    page = export(tmp_path / 'page', restored, weights_type='float32')
    maps = javascript.Network(page).context.eval(
        f'const pixels = Uint8Array.from({digits[0].reshape(-1).tolist()});'
        'JSON.stringify(Array.from(network.run(model, pixels).first))'
    )
    with model.start(restored) as predictor:
        [relu] = [
            op.outputs[0]
            for op in predictor.sess.graph.get_operations()
            if op.type == 'Relu' and op.outputs[0].shape.as_list()[1:] == [28, 28, 32]
        ]
        feed = {predictor.images: digits[:1].reshape(1, 784) / np.float32(255)}
        [expected] = predictor.sess.run(relu, feed)
    actual = np.reshape(json.loads(maps), [28, 28, 32])
    np.testing.assert_allclose(actual, expected, atol=1e-5)


# The files.


def test_a_page_with_the_largest_network_is_below_seven_megabytes(short_run, tmp_path):
    page = export(tmp_path / 'page', trained.restore(short_run('deep')))
    assert sum(path.stat().st_size for path in page.iterdir()) < 7e6


def test_weights_are_float32_where_rounding_would_change_an_answer(
    short_run, tmp_path, monkeypatch
):
    restored = trained.restore(short_run('softmax'))
    with_16_bits = export(tmp_path / 'with_16_bits', restored)

    def round_coarsely(weights):
        return np.sign(weights).astype(np.int16), np.full(10, 0.1, np.float32)

    monkeypatch.setattr(web, '_round', round_coarsely)
    with_32_bits = export(tmp_path / 'with_32_bits', restored)
    sizes = [
        (javascript.Network(page).about['type'], (page / 'softmax.bin').stat().st_size)
        for page in (with_16_bits, with_32_bits)
    ]
    assert sizes == [('int16', 2 * 7840 + 80), ('float32', 4 * 7840 + 80)]


def test_several_models_are_in_one_page(short_run, digits, tmp_path):
    softmax, deep = (trained.restore(short_run(name)) for name in ('softmax', 'deep'))
    page = export(tmp_path / 'page', softmax, deep, softmax)
    names = [javascript.Network(page, i).about['file'] for i in range(3)]
    assert names == ['softmax-1.bin', 'deep.bin', 'softmax-2.bin']
    titles = [javascript.Network(page, i).about['title'] for i in range(3)]
    assert titles == [
        'Softmax regression (run-0001)',
        'Deep conv net',
        'Softmax regression (run-0001)',
    ]
    assert javascript.Network(page, 1).about['facts'] == (
        'deep, 3 steps on a set that is not MNIST, 3,274,634 parameters'
    )
    for number, restored in enumerate([softmax, deep, softmax]):
        with model.start(restored) as predictor:
            expected = predictor.probabilities(digits)
        actual = javascript.Network(page, number).probabilities(digits)
        np.testing.assert_allclose(actual, expected, atol=1e-3)


def test_the_page_names_no_other_host_and_no_file_that_is_missing(short_run, tmp_path):
    page = export(tmp_path / 'page', trained.restore(short_run('softmax')))
    names = {path.name for path in page.iterdir()}
    assert {'index.html', 'app.js', 'models.json', 'softmax.bin'} <= names
    named = set()
    for path in page.iterdir():
        if path.suffix == '.bin':
            continue
        text = path.read_text('utf-8')
        hosts = set(re.findall(r'(?:https?:)?//([\w.]+\.\w+)', text))
        assert hosts <= {'127.0.0.1', 'www.w3.org'}, path.name  # an SVG's namespace
        named |= set(re.findall(r'(?:href|src)="([^"]+)"', text))
        named |= set(re.findall(r"(?:from|new URL\() ?'(?:\./)?([^']+)'", text))
        named |= set(re.findall(r"load\('([^']+)'\)", text))
    assert named <= names
    assert 'softmax.bin' in named  # it is loaded early
    assert names - named == {'index.html'}
    html = (page / 'index.html').read_text('utf-8')
    [policy] = re.findall(r'Content-Security-Policy"\s+content="([^"]+)"', html)
    rules = dict(rule.split(' ', 1) for rule in policy.split('; '))
    assert rules.pop('default-src') == "'none'"
    assert set(rules.values()) == {"'self'", "'none'"}


def test_the_examples_are_a_drawn_digit_of_each_kind(short_run, few_digits_dir):
    images = web._examples()
    assert (images.shape, images.dtype) == ((10, 28, 28), np.uint8)
    train = idx.read_images(few_digits_dir / locate.TRAIN_IMAGES).reshape(-1, 784)
    labels = idx.read_labels(few_digits_dir / locate.TRAIN_LABELS)
    means = np.stack([train[labels == digit].mean(axis=0) for digit in range(10)])
    # Each resembles its own digit's mean more than most others'.
    likeness = np.corrcoef(images.reshape(10, 784), means)[:10, 10:]
    ranks = (likeness > likeness.diagonal()[:, None]).sum(axis=1)
    assert ranks.max() <= 3
    assert np.median(ranks) == 0


# The drawing.


@pytest.fixture(scope='module')
def board(_v8):
    """A context with `play`, which applies actions to a new drawing."""
    context = javascript.load('drawing', 'image')
    context.eval(
        """
        function play(actions) {
          const sheet = new drawing.Drawing();
          for (const [action, value] of actions) {
            if (action === 'stroke') {
              const [first, ...rest] = value.map(([x, y]) => ({ x, y }));
              sheet.begin(first);
              rest.forEach((point) => sheet.extend(point));
            } else {
              sheet[action](action === 'show' ? Uint8Array.from(value) : value);
            }
          }
          const seen = sheet.example ?? image.toMnist(sheet.ink);
          return JSON.stringify({
            ink: Array.from(sheet.ink.values),
            seen: seen && Array.from(seen),
            isEmpty: sheet.isEmpty,
          });
        }"""
    )
    return context


def play(board, *actions):
    """Returns ink [280, 280], the picture [28, 28] or None, and whether it is empty."""
    result = json.loads(board.call('play', actions))
    ink = np.reshape(np.array(result['ink'], np.float32), [280, 280])
    seen = result['seen']
    return ink, None if seen is None else np.reshape(seen, [28, 28]), result['isEmpty']


def random_strokes(rng, size):
    """Returns one to three random strokes somewhere in a square of this size."""
    corner = rng.uniform(0, 280 - size, 2)
    return [
        (corner + rng.uniform(0, size, [rng.integers(1, 9), 2])).tolist()
        for _ in range(rng.integers(1, 4))
    ]


EDGE_CASES = {
    'dot': [[[140, 140]]],
    'dot in the corner': [[[0, 0]]],
    'dot outside, whose edge is inside': [[[-8, 140]]],
    'vertical line': [[[140, 20], [140, 260]]],
    'horizontal line': [[[20, 139.5], [260, 139.5]]],
    'beyond all borders': [[[-30, -30], [310, 310]]],
    'along the borders': [[[0, 0], [280, 0], [280, 280], [0, 280], [0, 0]]],
    'two dots': [[[20, 20]], [[260, 200]]],
}


@pytest.mark.parametrize(
    'strokes',
    [
        *EDGE_CASES.values(),
        *(
            random_strokes(np.random.default_rng(seed), size)
            for seed, size in enumerate([4, 40, 120, 200, 279] * 8)
        ),
    ],
    ids=[*EDGE_CASES, *map(str, range(40))],
)
def test_a_drawing_is_converted_as_predict_converts_it(board, strokes):
    ink, seen, _ = play(board, *(('stroke', stroke) for stroke in strokes))
    expected = image._center(image._fit(image._thicken(ink))).astype(int)
    moved = [
        np.abs(np.roll(seen, (y, x), (0, 1)) - expected).max()
        for y in (0, -1, 1)
        for x in (0, -1, 1)
    ]
    if moved[0] > 2:
        # The digit's center of mass is in the middle between two pixels, as that of a
        # straight line can be, and rounding takes it to the other one.
        assert min(moved) <= 2
        assert min(abs(center - 13.5) for center in centers(expected)) < 1e-3 or (
            min(abs(center - 14.5) for center in centers(expected)) < 1e-3
        )


def centers(picture):
    """Returns the center of mass, row and column."""
    rows, columns = np.indices(picture.shape)
    return [(place * picture).sum() / picture.sum() for place in (rows, columns)]


def test_a_sheet_without_ink_gives_no_picture(board):
    for actions in (
        [],
        [('stroke', [[-50, -50], [-20, 300]])],
        [('stroke', [[-10.2, 140]])],  # the faint edge of a dot
        [('stroke', [[100, 100], [200, 200]]), ('undo', 0)],
    ):
        _, seen, _ = play(board, *actions)
        assert seen is None


STROKES = [('stroke', [[60, 60], [200, 90]]), ('stroke', [[200, 90], [90, 250]])]


def same(one, other):
    """Returns whether two results of `play` are the same."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_undo_takes_back_each_action(board):
    example = ('show', web._examples()[3].reshape(-1).tolist())
    actions = [STROKES[0], example, STROKES[1], ('clear', 0), *STROKES]
    for count in range(len(actions) + 1):
        undone = [*actions, *[('undo', 0)] * (len(actions) - count)]
        assert same(play(board, *undone), play(board, *actions[:count])), count
    assert same(play(board, *actions, *[('undo', 0)] * 20), play(board))
    # Nothing to clear is nothing to undo.
    assert same(
        play(board, STROKES[0], *[('clear', 0)] * 3, ('undo', 0)),
        play(board, STROKES[0]),
    )


def test_an_example_is_seen_as_it_is_and_can_be_drawn_on(board):
    pixels = web._examples()[5]
    example = ('show', pixels.reshape(-1).tolist())
    ink, seen, is_empty = play(board, STROKES[0], example)
    assert not is_empty
    assert np.array_equal(seen, pixels)  # and the stroke before it is gone
    # Enlarged for the board, it still resembles itself.
    again = image._center(image._fit(image._thicken(ink)))
    assert np.corrcoef(again.ravel(), pixels.ravel())[0, 1] > 0.9
    more_ink, changed, _ = play(board, example, STROKES[0])
    assert (more_ink >= ink).all()
    assert more_ink[75, 130] == 1
    assert not np.array_equal(changed, pixels)
