"""Makes the photos of handwriting that come with the package, without a camera.

    python scripts/maintain/photograph_samples.py

writes 5.jpg and 4719.jpg into mnist_tut/inference/samples. The strokes are those of the
synthetic digits (`data.pen`), written large with a ballpoint pen on squared paper, and
with a pencil on a plain sheet that lies on a table. Then the sheet is seen at an angle,
in uneven light with the shadow of a hand, slightly out of focus, with a sensor's noise,
and saved as a phone would. The same seed gives the same files with the same Pillow and
NumPy.
"""

import os
from typing import NamedTuple

from mnist_tut import predict
from mnist_tut.data.pen import shapes
from mnist_tut.flags import Flags

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder(
    'output_dir', predict.SAMPLES_DIR, 'Folder to write.', is_output=True
)
flags.DEFINE_integer('seed', 5, 'Seed of the strokes, the paper and the noise.')

_FINE = 2  # the sheet is drawn this much finer than it is photographed
_SHEET = (1280 * _FINE, 960 * _FINE)  # width and height, pixels


class Scene(NamedTuple):
    """A sheet of paper and what is written on it.

    Attributes:
        number: What is written.
        left, top, height: Of the first digit, in pixels of the sheet.
        pen: Radius of the stroke in pixels, its color, and how grainy it is.
        paper: Color.
        has_squares: Whether the paper is squared.
        corners: Where the sheet's corners are in the photo, in its widths and heights:
            upper left, upper right, lower right, lower left.
        shadow: Where the edge of the hand's shadow is, from 0 to 1 of the height.
    """

    number: str
    left: int
    top: int
    height: int
    pen: tuple[float, tuple[int, int, int], float]
    paper: tuple[int, int, int]
    has_squares: bool
    corners: tuple[tuple[float, float], ...]
    shadow: float


SCENES = [
    Scene(
        '5', 1050, 560, 760, (11, (28, 44, 128), 0.25), (238, 236, 228), True,
        ((-0.1, -0.05), (1.07, -0.12), (1.12, 1.1), (-0.16, 1.08)), 0.9,
    ),
    Scene(
        '4719', 500, 760, 440, (8, (64, 62, 66), 0.6), (240, 233, 218), False,
        ((0.04, -0.15), (1.1, -0.1), (1.06, 0.9), (-0.02, 0.97)), 0.15,
    ),
]  # fmt: skip


def main(_):
    """Writes the photos."""
    os.makedirs(FLAGS.output_dir, exist_ok=True)
    for scene in SCENES:
        rng = np.random.default_rng([FLAGS.seed, len(scene.number)])
        photo = photograph(draw_sheet(scene, rng), scene, rng)
        path = os.path.join(FLAGS.output_dir, f'{scene.number}.jpg')
        photo.save(path, 'JPEG', quality=64, optimize=True)
        print(f'{path}: {os.path.getsize(path):,} bytes')


def smooth_noise(
    width: int, height: int, coarse: float, rng: np.random.Generator
) -> np.ndarray:
    """Returns noise of deviation 1 that changes over about `coarse` pixels, [H, W]."""
    size = max(2, round(width / coarse)), max(2, round(height / coarse))
    noise = Image.fromarray(rng.normal(size=size[::-1]).astype(np.float32))
    smooth = np.asarray(noise.resize((width, height), Image.Resampling.BICUBIC))
    return smooth / smooth.std()


def draw_sheet(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Returns the sheet as it lies under even light, float [H, W, 3] from 0 to 1."""
    width, height = _SHEET
    fibers = np.zeros((height, width))
    for coarse, weight in ((2, 0.004), (9, 0.004), (160, 0.008)):
        fibers += weight * smooth_noise(width, height, coarse, rng)
    sheet = np.array(scene.paper) / 255 * (1 + fibers[..., None])
    if scene.has_squares:
        lines = np.zeros((height, width))
        for begin in range(60, width, 116):
            lines[:, begin : begin + 4] = 1
        for begin in range(40, height, 116):
            lines[begin : begin + 4] = 1
        ruled = np.array([150, 176, 205]) / 255
        lines *= 0.55 + 0.1 * smooth_noise(width, height, 20, rng)
        sheet += lines[..., None] * (ruled - sheet)
    _, color, grain = scene.pen
    ink = write(scene, rng)
    ink *= np.clip(1 - grain * (0.35 + 0.5 * smooth_noise(width, height, 3, rng)), 0, 1)
    return sheet + ink[..., None] * (np.array(color) / 255 - sheet)


def write(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Writes the number: float [H, W], 0 for paper to 1 where the pen was."""
    image = Image.new('L', _SHEET)
    drawing = ImageDraw.Draw(image)
    left = float(scene.left)
    for character in scene.number:
        strokes = write_digit(int(character), rng)  # from 0 to 1 in height
        top = scene.top + scene.height * rng.normal() * 0.04
        tall = scene.height * rng.uniform(0.92, 1.06)
        for stroke in strokes:
            places = stroke * tall + [left, top]
            pressure = 1 + 0.1 * np.cumsum(rng.normal(size=len(places))) / np.sqrt(
                len(places)
            )
            for (x, y), strength in zip(places, pressure, strict=True):
                radius = scene.pen[0] * strength
                drawing.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
        right = max(float(stroke[:, 0].max()) for stroke in strokes)
        left += tall * (right + rng.uniform(0.28, 0.42))
    soft = image.filter(ImageFilter.GaussianBlur(1.5))
    return np.asarray(soft) / 255


def write_digit(digit: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Returns the strokes of a digit, [points, 2], from 0 to 1 in height, x from 0."""
    family = shapes.load()[digit][0]
    points = family.control_points[rng.integers(len(family.control_points))] / 100
    points = points + rng.normal(size=points.shape) * 0.012
    path = family.basis @ points
    path[:, 0] -= 0.18 * path[:, 1]  # a slant to the right
    path -= path.min(axis=0)
    path /= path[:, 1].max()
    ends = np.flatnonzero(~family.connected) + 1
    strokes = []
    for stroke in np.split(path, ends):
        steps = np.arange(0, len(stroke) - 1, 1 / 40)
        fine = [np.interp(steps, np.arange(len(stroke)), axis) for axis in stroke.T]
        strokes.append(np.stack(fine, axis=1))
    return strokes


def photograph(
    sheet: np.ndarray, scene: Scene, rng: np.random.Generator
) -> Image.Image:
    """Returns the photo of a sheet that lies on a table."""
    width, height = _SHEET[0] // _FINE, _SHEET[1] // _FINE
    table = draw_table(width, height, rng)
    seen = as_image(sheet).filter(ImageFilter.GaussianBlur(_FINE))
    corners = [(x * width, y * height) for x, y in scene.corners]
    transform = perspective(corners, _SHEET)
    size = (width, height)
    kind, how = Image.Transform.PERSPECTIVE, Image.Resampling.BICUBIC
    paper = seen.transform(size, kind, transform, how)
    mask = Image.new('L', _SHEET, 255).transform(size, kind, transform, how)
    under = mask.filter(ImageFilter.GaussianBlur(9)).transform(
        size, Image.Transform.AFFINE, (1, 0, -7, 0, 1, -9)
    )  # the sheet's own shadow
    ground = table * (1 - 0.45 * np.asarray(under)[..., None] / 255)
    part = np.asarray(mask)[..., None] / 255
    picture = ground * (1 - part) + np.asarray(paper) / 255 * part
    picture = picture * light(width, height, scene, rng)
    blurred = as_image(picture).filter(ImageFilter.GaussianBlur(0.7))
    picture = np.asarray(blurred) / 255
    luma = rng.normal(size=(height, width, 1)) * 0.009
    chroma = np.stack(
        [smooth_noise(width, height, 3, rng) * 0.006 for _ in range(3)], axis=2
    )
    picture = picture + (luma + chroma) * np.sqrt(picture + 0.05)
    # A camera's curve: a little more contrast in the middle.
    picture = np.clip(picture, 0, 1)
    picture = 0.75 * picture + 0.25 * picture**2 * (3 - 2 * picture)
    return as_image(picture)


def as_image(picture: np.ndarray) -> Image.Image:
    """Returns float [H, W, 3] from 0 to 1 as an image."""
    return Image.fromarray(np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8))


def draw_table(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Returns a wooden table, float [H, W, 3]."""
    rows = smooth_noise(8, height, 2.5, rng)[:, :1]
    streaks = np.asarray(
        Image.fromarray(rng.normal(size=(height // 3, 6)).astype(np.float32)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
    )
    grain = 1 + 0.08 * streaks + 0.05 * rows + 0.02 * smooth_noise(
        width, height, 4, rng
    )  # fmt: skip
    return np.array([118, 82, 54]) / 255 * grain[..., None]


def light(
    width: int, height: int, scene: Scene, rng: np.random.Generator
) -> np.ndarray:
    """Returns how much light falls on each place, warmer where there is more."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    falloff = 1.16 - 0.22 * x - 0.1 * y
    corners = 1 - 0.16 * ((x - 0.5) ** 2 + (y - 0.5) ** 2) / 0.5
    edge = scene.shadow + 0.12 * x + 0.01 * smooth_noise(width, height, 300, rng)
    side = 1 if scene.shadow > 0.5 else -1
    hand = 1 - 0.3 / (1 + np.exp(-side * (y - edge) / 0.035))
    brightness = falloff * corners * hand
    warmth = np.stack([0.02 * brightness, 0 * brightness, -0.06 * brightness], axis=2)
    return brightness[..., None] + warmth * brightness[..., None]


def perspective(
    corners: list[tuple[float, float]], size: tuple[int, int]
) -> tuple[float, ...]:
    """Returns what Image.transform takes, to see a sheet's corners at other places.

    Args:
        corners: Of the sheet in the photo, from the upper left clockwise.
        size: Of the sheet.
    """
    width, height = size
    equations, values = [], []
    for (x, y), (u, v) in zip(
        corners, [(0, 0), (width, 0), (width, height), (0, height)], strict=True
    ):
        equations.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        equations.append([0, 0, 0, x, y, 1, -v * x, -v * y])
        values += [u, v]
    return tuple(np.linalg.solve(np.array(equations), np.array(values, float)))


if __name__ == '__main__':
    flags.run(main)
