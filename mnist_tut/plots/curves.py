"""The loss of each step, and the metrics that a run measures now and then."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mnist_tut import errors
from mnist_tut.plots import figure

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = 9.0, 5.4  # inches
_MARKERS = 'osD^'


def loss_curve(
    losses: Sequence[float] | np.ndarray,
    steps: Sequence[int] | np.ndarray | None = None,
    ax: 'Axes | None' = None,
    title: str = 'Loss of each training step',
    floor: float | None = None,
) -> 'Axes':
    """Draws the loss of each step, and its running mean where there are many steps.

    The axis is logarithmic where the mean falls to a tenth or less.

    Args:
        losses: [N], in nats.
        steps: Integers [N]; 0 to N - 1 if None.
        ax: Axes to draw on.
        title: Title of the plot.
        floor: What the loss cannot fall below, drawn as a dashed line; 0 if None,
            without a line.

    Returns:
        The Axes.

    Raises:
        errors.DataError: If the losses are not a row of numbers.
    """
    losses = np.asarray(losses, dtype=float)
    steps = np.arange(losses.size) if steps is None else np.asarray(steps)
    if losses.ndim != 1 or losses.shape != steps.shape:
        raise errors.DataError(
            f'losses of shape {list(losses.shape)} for steps of shape '
            f'{list(steps.shape)}; expected one number for each step'
        )
    if ax is None:
        ax = figure.new_axes(*_SIZE)
    window = max(1, len(losses) // 50)
    means = losses
    if window == 1:
        ax.plot(steps, losses, color=figure.BLUE, linewidth=2, label='each step')
    else:
        means = np.convolve(losses, np.full(window, 1 / window), mode='valid')
        ax.plot(
            steps,
            losses,
            color=figure.BLUE,
            alpha=0.3,
            linewidth=0.8,
            label='each step',
        )
        middles = steps[window // 2 : window // 2 + len(means)]
        label = f'mean of {window:,} steps'
        ax.plot(middles, means, color=figure.BLUE, linewidth=2.4, label=label)
    figure.style_curves(ax, title, 'step', 'loss (nats)')
    _set_scale(ax, losses, means, floor)
    if floor is not None:
        label = f'lower limit, {floor:.4f}'
        ax.axhline(floor, color=figure.BLACK, linestyle='--', label=label)
    if window > 1 or floor is not None:
        ax.legend(frameon=False, fontsize=figure.TICK_SIZE, loc='upper right')
    return ax


def _set_scale(
    ax: 'Axes', losses: np.ndarray, means: np.ndarray, floor: float | None
) -> None:
    if floor is not None:
        highest = max(losses.max(initial=floor), floor + 0.1)
        ax.set_ylim(bottom=floor - 0.06 * (highest - floor))
    elif len(means) and 0 < 10 * means.min() < means.max():
        # On a linear axis all but the first steps would be flat at the bottom.
        ax.set_yscale('log')
        ax.set_ylim(bottom=means.min() / 4)
        ax.yaxis.set_major_formatter('{x:g}')
    else:
        ax.set_ylim(bottom=0)


def metric_curves(
    curves: Mapping[str, tuple[Sequence[int], Sequence[float]]],
    title: str,
    ylabel: str,
    ax: 'Axes | None' = None,
) -> 'Axes':
    """Draws how metrics change during training; one that was measured once is a point.

    Args:
        curves: For each name, for the legend, the steps and the values.
        title: Title of the plot.
        ylabel: Name and unit of the values.
        ax: Axes to draw on.

    Returns:
        The Axes.

    Raises:
        errors.DataError: If a curve has not as many values as steps.
    """
    if ax is None:
        ax = figure.new_axes(*_SIZE)
    for i, (name, (steps, values)) in enumerate(curves.items()):
        if len(steps) != len(values) or not len(values):
            raise errors.DataError(
                f'{name}: {len(values)} values for {len(steps)} steps; expected one '
                'for each, and at least one'
            )
        ax.plot(
            steps,
            values,
            color=figure.COLORS[i % len(figure.COLORS)],
            linewidth=1.8,
            # Not by color alone; hundreds of marks would hide the line.
            marker=_MARKERS[i % len(_MARKERS)] if len(values) <= 40 else None,
            markersize=10 if len(values) == 1 else 6,
            linestyle='none' if len(values) == 1 else '-',
            label=f'{name}, last: {values[-1]:.4g}',
            clip_on=False,
            zorder=3,
        )
    figure.style_curves(ax, title, 'step', ylabel)
    ax.legend(frameon=False, fontsize=figure.TICK_SIZE)
    return ax
