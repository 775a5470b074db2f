"""Pictures of a digit as a pen leaves it on paper."""

import numpy as np
from PIL import Image, ImageDraw

# A 5 as it is drawn: body, and a bar that may stand off.
BODY = [(62, 12), (34, 12), (30, 45), (52, 40), (68, 55), (62, 80), (30, 84)]
SIDE = 100


def draw(size=300, pen=7, points=BODY, frame=1.0):
    """Returns ink, float [size, size]: the digit fills `frame` of it."""
    fine = 4 * size
    image = Image.new('L', (fine, fine))
    middle = np.array([50, 48])
    pixels = (np.array(points) - middle) * frame * fine / SIDE + fine / 2
    line = [tuple(point) for point in pixels]
    width = max(1, round(pen * frame * fine / SIDE))
    ImageDraw.Draw(image).line(line, fill=255, width=width, joint='curve')
    return np.asarray(image.resize((size, size), Image.Resampling.BOX)) / 255


def put_on_paper(ink, paper=0.9, pen=0.15):
    """Returns gray, float [H, W]; `paper` may be an array of light."""
    return paper * (1 - ink) + pen * np.asarray(paper) * ink
