"""What needs TensorFlow, but no turns: one function in a process of its own.

python -m benchmark.tasks TASK ARGUMENTS prints the result as the last line, in JSON.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmark import problem as problems
from benchmark import worker
from benchmark.models import MODELS


def make(folder: str, lesson: str, *about: Any) -> None:
    """Takes a Problem from a lesson, and saves it."""
    problems.make(MODELS[lesson], *about).save(folder)


def flag_names(lesson: str) -> list[str]:
    """Returns the names of a lesson's flags."""
    return list(importlib.import_module(f'mnist_tut.{lesson}').FLAGS)


def limit(folder: str) -> dict[str, Any]:
    """Measures what a step must cost."""
    from benchmark import limit as limits

    return limits.measure(problems.load(folder))


def ops(folder: str) -> dict[str, Any]:
    """Measures where a step's time goes."""
    from benchmark import ops as of_ops

    return of_ops.measure(problems.load(folder))


def evaluation(folder: str, way: str) -> dict[str, Any]:
    """Times the evaluation of many images, after some training.

    Args:
        folder: Where the Problem was saved.
        way: 'accuracy_in_batches' in deep; in fully_connected_feed 'count_correct', or
            "the document's do_eval".

    Returns:
        The number of images and of right answers, the first call's seconds and those of
        others, and by how many MB the process grew beyond its training.
    """
    from benchmark.peers.bare import Bare
    from mnist_tut import input_data
    from mnist_tut.training.counting import count_correct
    from mnist_tut.training.evaluation import accuracy_in_batches

    problem = problems.load(folder)
    model = problem.model
    bare = Bare(problem, model.dropout)
    seen, sess = bare.observed, bare.sess
    data_sets = input_data.read_data_sets(
        problem.data[model.data_flag],
        one_hot=seen.one_hot,
        dataset=problem.data['dataset'],
    )
    bare.reset()
    bare.load(0, 50)
    bare.run(0, 50)
    placeholders = seen.images, seen.labels
    if way == 'accuracy_in_batches':
        accuracy = _scalar(seen.graph, 'Mean', 'Cast')
        test = data_sets.test
        feeds = dict(zip(placeholders, (test.images, test.labels), strict=True))
        feeds |= dict.fromkeys(seen.others, 1.0)  # keeps all units
        number = test.num_examples
        return _time(
            number, lambda: number * accuracy_in_batches(sess, accuracy, feeds)
        )
    lesson = importlib.import_module(f'mnist_tut.{model.lesson}')
    train = data_sets.train
    asked = sess, _scalar(seen.graph, 'Sum', 'Cast'), *placeholders, train
    number = train.num_examples
    if way == 'count_correct':
        return _time(number, lambda: count_correct(*asked))
    return _time(number, lambda: number * lesson.do_eval(*asked))


def _scalar(graph: Any, kind: str, of: str) -> Any:
    """Returns the one tensor that an op of a kind makes from another kind's result."""
    [tensor] = [
        op.outputs[0]
        for op in graph.get_operations()
        if op.type == kind and op.inputs[0].op.type == of
    ]
    return tensor


def _time(num_images: int, count: Callable[[], Any]) -> dict[str, Any]:
    """Calls a function that counts right answers, several times."""
    before, seconds = worker.peak_bytes(), []
    for _ in range(8):
        start = time.perf_counter()
        correct = count()
        seconds.append(round(time.perf_counter() - start, 4))
    return {
        'images': num_images,
        'correct': round(float(correct)),
        'first': seconds[0],
        'seconds': seconds[1:],
        'more_mb': round((worker.peak_bytes() - before) / 1e6),
    }


if __name__ == '__main__':
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    result = globals()[sys.argv[1]](*json.loads(sys.argv[2]))
    print(json.dumps(result), file=answers)
