"""The web page in Chromium: drawing, answers, keyboard, sizes, and no network."""

import json
import re

from mnist_tut.data import idx, locate
from mnist_tut.data.pen import shapes
from mnist_tut.export import web
from mnist_tut.inference import model, trained
from tests.support import browser as browsers
from tests.support import exports

import numpy as np
import pytest

pytestmark = pytest.mark.slow

PHONE = {'width': 360, 'height': 740}
WIDE = {'width': 1440, 'height': 900}
MINUS = '\N{MINUS SIGN}'


@pytest.fixture(scope='module')
def chromium():
    pytest.importorskip('playwright')
    path = browsers.find()
    if path is None:
        pytest.skip('no Chromium, Chrome or Edge is installed')
    with browsers.launched(path) as browser:
        yield browser


@pytest.fixture(scope='module')
def runs(short_run):
    """Two trained models: softmax regression and a conv net."""
    return [trained.restore(short_run(name)) for name in ('softmax', 'deep')]


@pytest.fixture(scope='module')
def url(runs, tmp_path_factory):
    """Where the page for both is served."""
    folder = tmp_path_factory.mktemp('page')
    web.write_page(runs, str(folder))
    with browsers.served(folder) as url:
        yield url


@pytest.fixture
def visit(chromium):
    """Returns a function that opens a page, which must have no errors at the end."""
    contexts, wrong = [], []

    def on_message(message):
        if message.type == 'error':
            wrong.append(message.text)

    def visit(url, viewport=WIDE, **options):
        context = chromium.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.on('pageerror', lambda error: wrong.append(str(error)))
        page.on('console', on_message)
        page.on('request', lambda request: requested.append(request.url))
        requested = page.requested = []
        page.goto(url)
        browsers.wait_for_answers(page)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def page(visit, url):
    return visit(url)


def strokes_of(digit):
    """Returns strokes of a digit, in parts of the drawing."""
    family = shapes.load()[digit][0]
    path = (family.basis @ family.control_points[0]) * 0.007 + 0.5
    ends = np.flatnonzero(~family.connected) + 1
    return [part[::3].tolist() for part in np.split(path, ends)]


def answers(page):
    """Returns the digit and the ten percentages of each model."""
    return [
        (
            int(answer.locator('.digit').inner_text()),
            [
                int(cell.split()[0])
                for cell in answer.locator('td:last-child').all_inner_texts()
            ],
        )
        for answer in page.locator('.answer').all()
    ]


def is_empty(page):
    return page.locator('.waiting').count() == page.locator('.model').count()


@pytest.mark.parametrize('digit', range(10))
def test_strokes_are_answered_as_the_session_answers_the_same_picture(
    digit, page, runs
):
    browsers.draw_strokes(page, strokes_of(digit))
    browsers.wait_for_answers(page)
    seen = np.reshape(browsers.seen(page), [1, 28, 28]).astype(np.uint8)
    assert 20 * 255 < seen.sum() < 250 * 255
    for restored, (answer, percentages) in zip(runs, answers(page), strict=True):
        with model.start(restored) as predictor:
            [expected] = predictor.probabilities(seen)
        assert answer == expected.argmax()
        np.testing.assert_allclose(percentages, 100 * expected, atol=0.6)


def test_answers_change_while_a_stroke_is_drawn(page):
    box = page.locator('#drawing').bounding_box()
    page.mouse.move(box['x'] + 100, box['y'] + 60)
    page.mouse.down()
    seen = []
    for y in (120, 200, 280):
        page.mouse.move(box['x'] + 100, box['y'] + y, steps=5)
        browsers.wait_for_answers(page)
        seen.append((browsers.seen(page), answers(page)))
    page.mouse.up()
    assert len({json.dumps(picture) for picture, _ in seen}) == 3
    assert len({json.dumps(answer) for _, answer in seen}) > 1


def test_fingers_and_pens_draw_and_the_page_does_not_scroll(visit, url):
    page = visit(url, PHONE, has_touch=True, is_mobile=True)
    box = page.locator('#drawing').bounding_box()
    client = page.context.new_cdp_session(page)

    def touch(kind, *places):
        points = [
            {'x': box['x'] + x, 'y': box['y'] + y, 'id': number}
            for number, (x, y) in enumerate(places)
        ]
        client.send('Input.dispatchTouchEvent', {'type': kind, 'touchPoints': points})

    touch('touchStart', (150, 250))
    for y in range(240, 40, -20):
        touch('touchMove', (150, y))
    # A second finger, or a palm, draws nothing.
    touch('touchStart', (150, 60), (40, 200))
    touch('touchMove', (150, 60), (280, 200))
    touch('touchEnd')
    browsers.wait_for_answers(page)
    assert page.evaluate('window.scrollY') == 0
    rows, columns = np.nonzero(np.reshape(browsers.seen(page), [28, 28]))
    assert np.ptp(rows) >= 18
    assert np.ptp(columns) <= 4


def test_clear_and_undo(page):
    browsers.draw_strokes(page, strokes_of(3))
    browsers.wait_for_answers(page)
    drawn = browsers.seen(page), answers(page)
    browsers.draw_strokes(page, strokes_of(1))
    page.get_by_role('button', name='Clear').click()
    browsers.wait_for_answers(page)
    assert is_empty(page)
    assert not any(browsers.seen(page))
    for _ in 'clear', 'stroke':
        page.get_by_role('button', name='Undo').click()
    browsers.wait_for_answers(page)
    assert (browsers.seen(page), answers(page)) == drawn


def test_the_shelf_shows_ten_examples(page, runs):
    buttons = page.get_by_role('group', name='Examples').get_by_role('button').all()
    assert len(buttons) == 10
    for button, expected in zip(buttons, web._examples(), strict=True):
        button.click()
        browsers.wait_for_answers(page)
        assert browsers.seen(page) == expected.reshape(-1).tolist()


def test_the_keyboard_does_all_but_draw(page):
    page.keyboard.press('5')
    browsers.wait_for_answers(page)
    assert browsers.seen(page) == web._examples()[5].reshape(-1).tolist()
    page.keyboard.press('8')
    page.keyboard.press('Control+z')
    browsers.wait_for_answers(page)
    assert browsers.seen(page) == web._examples()[5].reshape(-1).tolist()
    page.keyboard.press('Escape')
    browsers.wait_for_answers(page)
    assert is_empty(page)

    reached = []
    for _ in range(13):
        page.keyboard.press('Tab')
        reached.append(
            page.evaluate(
                """() => {
                  const { outlineStyle } = getComputedStyle(document.activeElement);
                  const { ariaLabel, textContent } = document.activeElement;
                  return [outlineStyle, ariaLabel ?? textContent.trim()];
                }"""
            )
        )
    assert {style for style, _ in reached} == {'solid'}
    names = [name for _, name in reached]
    assert names[:3] == ['Undo', 'Clear', 'Example of a 0']
    page.keyboard.press('Shift+Tab')
    page.keyboard.press('Enter')  # the last of the examples
    browsers.wait_for_answers(page)
    assert browsers.seen(page) == web._examples()[9].reshape(-1).tolist()


def test_screen_readers_are_told_the_answers_once(page):
    status = page.get_by_role('status')
    page.evaluate(
        """() => {
          window.said = [];
          const { childNodes } = document.getElementById('summary');
          new MutationObserver(() => said.push(childNodes[0]?.data ?? '')).observe(
            document.getElementById('summary'), { childList: true });
        }"""
    )
    browsers.draw_strokes(page, strokes_of(2))
    browsers.wait_for_answers(page)
    [(first, percentages), (second, _)] = answers(page)
    expected = re.compile(
        f'Softmax regression: {first}, {percentages[first]} percent. '
        f'Deep conv net: {second}, '
    )
    from playwright.sync_api import expect

    expect(status).to_contain_text(expected)
    assert len(page.evaluate('said')) == 1
    table = page.get_by_role('table', name='Probability of each digit').first
    assert table.get_by_role('row').count() == 10
    for canvas in page.locator('canvas:not([aria-hidden])').all():
        in_button = canvas.evaluate('(canvas) => Boolean(canvas.closest("button"))')
        assert in_button or canvas.get_attribute('aria-label')


def test_votes_can_be_seen_for_each_digit(page):
    browsers.draw_strokes(page, strokes_of(7))
    browsers.wait_for_answers(page)
    votes = page.locator('.view:has(.votes)')
    texts = []
    for digit in range(10):
        votes.get_by_label('digit').select_option(str(digit))
        numbers = [
            float(text.replace(MINUS, '-'))
            for text in votes.locator('.legend b').all_inner_texts()
        ]
        assert numbers[0] + numbers[1] + numbers[2] == pytest.approx(
            numbers[3], abs=0.16
        )
        assert numbers[0] >= 0 >= numbers[1]
        label = votes.locator('canvas').get_attribute('aria-label')
        assert f'speak for {digit}' in label
        texts.append(label)
    assert len(set(texts)) > 5


@pytest.mark.parametrize(
    ('width', 'height'),
    [
        (320, 568),
        (360, 740),
        (430, 932),
        (740, 360),
        (900, 700),
        (1440, 900),
        (2560, 1300),
    ],
)
def test_no_window_scrolls_sideways(width, height, visit, url):
    page = visit(url, {'width': width, 'height': height})
    page.keyboard.press('4')
    browsers.wait_for_answers(page)
    assert page.evaluate('document.documentElement.scrollWidth') <= width
    drawing = page.locator('#drawing').bounding_box()
    assert drawing['width'] == pytest.approx(drawing['height'], abs=1)
    assert drawing['y'] + drawing['height'] <= height
    assert drawing['width'] >= 180
    left, right = (answer.bounding_box() for answer in page.locator('.answer').all())
    assert left['y'] == right['y']  # side by side
    for button in page.get_by_role('button').all():
        box = button.bounding_box()
        assert min(box['width'], box['height']) >= (24 if width < 600 else 15)


def test_colors_follow_the_system_while_the_page_is_open(visit, url):
    page = visit(url, color_scheme='light')
    page.keyboard.press('0')

    def shades():
        browsers.wait_for_answers(page)
        return page.evaluate(
            """() => {
              const canvas = document.getElementById('drawing');
              const { data } = canvas.getContext('2d').getImageData(
                0, 0, canvas.width, canvas.height);
              let ink = 0;
              for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3] === 255) ink = data[i];
              }
              const [paper] = getComputedStyle(document.documentElement)
                .backgroundColor.match(/[0-9]+/);
              return [Number(paper), ink];
            }"""
        )

    paper, ink = shades()
    assert paper > 200 > 100 > ink
    page.emulate_media(color_scheme='dark')
    paper, ink = shades()
    assert paper < 100 < 200 < ink


def test_it_works_without_any_network_once_it_is_loaded(page, url):
    assert all(address.startswith(url) for address in page.requested)
    page.context.set_offline(True)
    browsers.draw_strokes(page, strokes_of(6))
    browsers.wait_for_answers(page)
    assert not is_empty(page)


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (lambda path: path.unlink(), 'deep.bin cannot be used: the server says 404'),
        (lambda path: path.write_bytes(b'12'), 'it has 2 bytes instead of 6556'),
    ],
)
def test_weights_that_cannot_be_loaded_are_reported_in_the_page(
    damage, message, chromium, runs, tmp_path
):
    web.write_page(runs, str(tmp_path))
    damage(tmp_path / 'deep.bin')
    with browsers.served(tmp_path) as url:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(url)
        page.get_by_role('alert').filter(has_text=message).wait_for()
        # The other model works.
        page.keyboard.press('1')
        browsers.wait_for_answers(page)
        assert page.locator('.waiting').count() == 1
        context.close()


def test_a_page_that_is_opened_as_a_file_says_how_to_serve_it(chromium, runs, tmp_path):
    web.write_page(runs[:1], str(tmp_path))
    context = chromium.new_context()
    page = context.new_page()
    page.goto((tmp_path / 'index.html').as_uri())
    page.get_by_text('python -m http.server').wait_for()
    context.close()


@pytest.mark.mnist
@pytest.mark.parametrize('name', ['softmax', 'deep'])
def test_200_digits_are_answered_as_the_session_answers_them(
    name, visit, mnist_dir, tmp_path, tmp_path_factory
):
    root = tmp_path_factory.getbasetemp()
    restored = trained.restore(exports.train_on_mnist(name, mnist_dir, root))
    images = idx.read_images(mnist_dir / locate.TEST_IMAGES)[:200]
    with model.start(restored) as predictor:
        expected = predictor.probabilities(images)
    web.write_page([restored], str(tmp_path), 'float32')
    with browsers.served(tmp_path) as url:
        actual = visit(url).evaluate(
            """async (images) => {
              const { decode, run } = await import('./network.js');
              const { models } = await (await fetch('models.json')).json();
              const file = await (await fetch(models[0].file)).arrayBuffer();
              const network = decode(models[0], file);
              return images.map((pixels) => Array.from(
                run(network, Uint8Array.from(pixels)).probabilities));
            }""",
            images.reshape(200, 784).tolist(),
        )
    assert np.array_equal(np.argmax(actual, axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(actual, expected, atol=1e-4)
