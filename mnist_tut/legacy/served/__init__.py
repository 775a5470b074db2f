"""Functions and classes that a script is served where their meaning has changed."""

import functools
from typing import Any

from mnist_tut.legacy.served.registry import PROVIDED


@functools.cache
def load() -> dict[str, Any]:
    """Returns all that is served, by old name."""
    from mnist_tut.legacy.served import (  # noqa: F401
        arrays,
        clusters,
        flags,
        images,
        keras,
        losses,
        random,
        rnn,
        sessions,
        summaries,
        training,
        variables,
    )

    return PROVIDED
