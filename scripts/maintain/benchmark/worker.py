"""A process that trains with one framework, and only while it is told to.

    python -m benchmark.worker FRAMEWORK FOLDER OPTIONS

It reads commands from stdin, a line of JSON each, and answers on stdout likewise.
Between two commands it sleeps, so that processes can be measured in turn without
imports in between and without two of them computing at once.
"""

import json
import os
import resource
import sys
from typing import Any

from benchmark import problem as problems


def make_peer(name: str, problem: problems.Problem, dropout: float, **options: Any):
    """Imports a framework and returns its side of the comparison."""
    if name == 'bare':
        from benchmark.peers.bare import Bare

        return Bare(problem, dropout, **options)
    if name == 'tried':
        from benchmark.peers.tried import Tried

        return Tried(problem, dropout, **options)
    if name == 'torch':
        from benchmark.peers.torch_peer import Torch

        return Torch(problem, dropout, **options)
    if name == 'jax':
        from benchmark.peers.jax_peer import Jax

        return Jax(problem, dropout, **options)
    from benchmark.peers.keras_peer import Keras

    return Keras(problem, dropout, **options)


class Channel:
    """Lines of JSON on what were stdin and stdout; prints go to stderr."""

    def __init__(self) -> None:
        self._commands = os.fdopen(os.dup(0))
        self._answers = os.fdopen(os.dup(1), 'w')
        os.dup2(2, 1)

    def __call__(self, answer: dict | None) -> dict:
        """Sends an answer, and returns the next command; ends where there is none."""
        if answer is not None:
            self._answers.write(json.dumps(answer) + '\n')
            self._answers.flush()
        line = self._commands.readline()
        if not line:
            sys.exit(0)
        return json.loads(line)


def peak_bytes() -> int:
    """Returns the peak memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == 'darwin' else peak * 1024


def serve(name: str, problem: problems.Problem, options: dict[str, Any]) -> None:
    """Answers commands until stdin is closed."""
    channel = Channel()
    if name == 'lesson':
        from benchmark.peers.lesson import Lesson

        Lesson(problem, options).follow(channel)
        return
    way = options.pop('way', None)
    peer: Any = None
    answer: dict | None = None
    dropout = problem.model.dropout
    while True:
        command = channel(answer)
        if 'losses' in command:
            # Other frameworks draw dropout in their own way, so they are compared
            # without.
            checked = make_peer(
                name, problem, dropout if command['dropout'] else 0.0, **options
            )
            if way:
                checked.use(way)
            answer = {'losses': checked.first_losses(command['losses'])}
            continue
        if peer is None:
            peer = make_peer(name, problem, dropout, **options)
            peer.use(way) if way else peer.tune()
            if 'steps' in command:
                peer.prepare()
        if 'steps' in command:
            answer = {'seconds': peer.times(command['steps'])}
        elif 'train' in command:
            answer = {'accuracy': peer.train()}
        else:
            answer = {}
        answer |= {'choice': peer.choice, 'peak': peak_bytes()}


if __name__ == '__main__':
    serve(sys.argv[1], problems.load(sys.argv[2]), json.loads(sys.argv[3]))
