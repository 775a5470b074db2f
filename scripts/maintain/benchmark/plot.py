"""Draws the time of a step, by framework, beside what it must cost."""

from typing import TYPE_CHECKING, Any

from benchmark.models import MODELS
from benchmark.variants import PEERS
from mnist_tut.plots import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BLUE, _RED, _GREEN, _PINK = figure.COLORS
# Not by color alone: one color is one framework, one shape is one of its ways.
_STYLES = {
    'lesson': (_BLUE, 'o', 'mnist_tut'),
    'steps_50': (_BLUE, 's', 'mnist_tut, --steps_per_run=50'),
    'jit': (_BLUE, 'D', 'the same with --jit'),
    'bfloat16': (_BLUE, '^', 'the same with --bfloat16'),
    'torch': (_RED, 'o', 'PyTorch, its best'),
    'jax': (_GREEN, 'o', 'JAX, jit a step'),
    'jax_scan': (_GREEN, 's', 'JAX, scan of 50'),
    'keras': (_PINK, 'o', 'Keras 3, fit'),
    'keras_50': (_PINK, 's', 'Keras 3, 50 steps an execution'),
}
assert set(_STYLES) | {'bare'} == set(PEERS)


def steps(results: dict[str, Any]) -> 'Axes':
    """Draws each model's steps as multiples of the plain feed loop's.

    Args:
        results: As in docs/results/benchmark.json.

    Returns:
        The Axes.
    """
    ax = figure.new_axes(11, 5.6)
    models = [name for name in MODELS if name in results.get('steps', {})]
    labels = set()
    for place, model in enumerate(models):
        timed = results['steps'][model]
        bare = timed['bare']['lower_quartile']
        shown = [name for name in _STYLES if name in timed]
        for i, name in enumerate(shown):
            color, marker, label = _STYLES[name]
            x = place + 0.72 * (i / max(1, len(shown) - 1) - 0.5)
            y = timed[name]['lower_quartile'] / bare
            ax.plot(
                [x],
                [y],
                color=color,
                marker=marker,
                markersize=9,
                linestyle='none',
                label=None if name in labels else label,
                zorder=3,
            )
            labels.add(name)
        if model in results.get('limit', {}):
            limit = results['limit'][model]['ms'] / bare
            ax.plot(
                [place - 0.42, place + 0.42],
                [limit, limit],
                color=figure.BLACK,
                linewidth=2.5,
                label='limit of the machine, float32' if place == 0 else None,
            )
    ax.axhline(1, color=figure.MUTED, linestyle='--', label='plain feed loop')
    title = 'Time of a training step'
    figure.style_curves(ax, title, '', 'times that of the plain feed loop')
    ax.set_yscale('log')
    ticks = [0.1, 0.2, 0.5, 1, 2, 5]
    ax.minorticks_off()
    ax.set_yticks(ticks, [f'{tick:g}' for tick in ticks])
    ax.set_xlim(-0.55, len(models) - 0.45)
    times = [results['steps'][model]['bare']['lower_quartile'] for model in models]
    names = [f'{m}\n1 = {t:.3g} ms' for m, t in zip(models, times, strict=True)]
    ax.set_xticks(range(len(models)), names, fontsize=figure.TICK_SIZE - 2)
    # In the order of _STYLES; no model has all, so they were drawn in another.
    order = [label for _, _, label in _STYLES.values()]
    entries = zip(*ax.get_legend_handles_labels(), strict=True)
    known_first = sorted(entries, key=lambda entry: (*order, entry[1]).index(entry[1]))
    ax.legend(
        *zip(*known_first, strict=True),
        frameon=False,
        fontsize=figure.TICK_SIZE,
        loc='upper left',
        bbox_to_anchor=(1.01, 1),
    )
    return ax
