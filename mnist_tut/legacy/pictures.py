"""scipy.misc's picture functions, which SciPy removed, and Pillow's old names.

Source:
    SciPy 1.0, misc/pilutil.py.
"""

from typing import Any

from mnist_tut.legacy import outputs
from mnist_tut.legacy.current import Program

import numpy as np
import PIL.Image

_FILTERS = {
    'nearest': PIL.Image.Resampling.NEAREST,
    'lanczos': PIL.Image.Resampling.LANCZOS,
    'bilinear': PIL.Image.Resampling.BILINEAR,
    'bicubic': PIL.Image.Resampling.BICUBIC,
    'cubic': PIL.Image.Resampling.BICUBIC,
}


def bytescale(
    data: Any, cmin: Any = None, cmax: Any = None, high: int = 255, low: int = 0
) -> np.ndarray:
    """Returns pixel values scaled from [cmin, cmax] to [low, high], as uint8."""
    data = np.asarray(data)
    if data.dtype == np.uint8:
        return data
    cmin = data.min() if cmin is None else cmin
    cmax = data.max() if cmax is None else cmax
    scale = (high - low) / ((cmax - cmin) or 1)
    scaled = (data.astype(float) - cmin) * scale + low
    return (scaled.clip(low, high) + 0.5).astype(np.uint8)


def toimage(
    arr: Any,
    high: int = 255,
    low: int = 0,
    cmin: Any = None,
    cmax: Any = None,
    mode: str | None = None,
    **_: Any,
) -> PIL.Image.Image:
    """Returns an array as a picture, scaled so that its extremes are black and white.

    Args:
        arr: [rows, columns], with 3 or 4 channels last or first.
        high: The brightest value.
        low: The darkest value.
        cmin: What becomes `low`; the minimum if None.
        cmax: What becomes `high`; the maximum if None.
        mode: Pillow's mode.
    """
    data = np.asarray(arr)
    if mode == 'F':
        return PIL.Image.fromarray(data.astype(np.float32))
    if data.ndim == 3 and data.shape[2] not in (3, 4):
        if data.shape[0] in (3, 4):
            data = np.moveaxis(data, 0, 2)
        elif data.shape[2] == 1:
            data = data[..., 0]
        else:
            raise ValueError("'arr' does not have a suitable array shape for any mode.")
    picture = PIL.Image.fromarray(bytescale(data, cmin, cmax, high, low))
    return picture if mode in (None, 'L', 'RGB', 'RGBA') else picture.convert(mode)


def imresize(
    arr: Any, size: Any, interp: str = 'bilinear', mode: str | None = None
) -> np.ndarray:
    """Returns a picture of another size, as uint8.

    Args:
        arr: The picture.
        size: A percentage, a fraction, or (rows, columns).
        interp: Name of the interpolation.
        mode: Pillow's mode.
    """
    picture = toimage(arr, mode=mode)
    if isinstance(size, int | np.integer):
        size = size / 100
    if isinstance(size, float | np.floating):
        new = (int(picture.width * size), int(picture.height * size))
    else:
        new = (int(size[1]), int(size[0]))
    return np.array(picture.resize(new, _FILTERS[interp]))


def imread(name: Any, flatten: bool = False, mode: str | None = None) -> np.ndarray:
    """Returns a picture file as an array."""
    with PIL.Image.open(name) as picture:
        loaded = picture.convert(mode) if mode else picture
        if flatten:
            return np.array(loaded.convert('F'))
        return np.array(loaded)


def scipy_misc(program: Program) -> dict[str, Any]:
    """Returns the names of scipy.misc."""

    def imsave(name: Any, arr: Any, format: str | None = None) -> None:  # noqa: A002
        program.record.add('scipy.misc.imsave', 'PIL.Image.fromarray(...)', 'world')
        outputs.make_folder(program, name)
        toimage(arr).save(name, format)

    def imshow(arr: Any) -> None:
        program.record.add('scipy.misc.imshow', '(not shown)', 'world')

    def used(name: str, function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            program.record.add(f'scipy.misc.{name}', 'PIL.Image', 'world')
            return function(*args, **kwargs)

        return call

    def logsumexp(*args: Any, **kwargs: Any) -> Any:
        from scipy import special

        return special.logsumexp(*args, **kwargs)

    def comb(*args: Any, **kwargs: Any) -> Any:
        from scipy import special

        return special.comb(*args, **kwargs)

    return {
        'imsave': imsave,
        'imshow': imshow,
        'imread': used('imread', imread),
        'imresize': used('imresize', imresize),
        'toimage': used('toimage', toimage),
        'fromimage': used('fromimage', lambda im, *_: np.array(im)),
        'bytescale': bytescale,
        'imrotate': used(
            'imrotate',
            lambda arr, angle, interp='bilinear': np.array(
                toimage(arr).rotate(angle, resample=_FILTERS[interp])
            ),
        ),
        'logsumexp': logsumexp,
        'comb': comb,
        'pilutil': None,
    }


def ndimage(program: Program) -> dict[str, Any]:
    """Returns the names that scipy.ndimage lost."""
    return {'imread': scipy_misc(program)['imread']}


def pil_image() -> dict[str, Any]:
    """Returns the constants that Pillow 10 removed from PIL.Image."""
    filters = PIL.Image.Resampling
    return {
        name: value
        for name, value in {
            'ANTIALIAS': filters.LANCZOS,
            'LINEAR': filters.BILINEAR,
            'CUBIC': filters.BICUBIC,
        }.items()
        if not hasattr(PIL.Image, name)
    }
