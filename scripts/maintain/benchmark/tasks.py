"""What needs TensorFlow, but no turns: one function in a process of its own.

python -m benchmark.tasks TASK ARGUMENTS prints the result as the last line, in JSON.
"""

import importlib
import json
import os
import sys
import tempfile
import time
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


def evaluation(folder: str) -> dict[str, Any]:
    """Times predictions for many images with a trained run, and their memory."""
    from mnist_tut import predict

    problem = problems.load(folder)
    model = problem.model
    lesson = importlib.import_module(f'mnist_tut.{model.lesson}')
    with tempfile.TemporaryDirectory() as log_dir:
        lesson.run_training(**problem.data, max_steps=20, seed=1, log_dir=log_dir)
        images = problem.test_images
        if not model.is_convolutional:
            number = min(550, len(problem.batches))
            images = problem.batches[:number].reshape(-1, 784)
        images = images.reshape(-1, 28, 28)
        with predict.load(log_dir) as predictor:
            before, seconds = worker.peak_bytes(), []
            for _ in range(6):
                start = time.perf_counter()
                predictor.probabilities(images)
                seconds.append(round(time.perf_counter() - start, 4))
    return {
        'images': len(images),
        'seconds': seconds[1:],
        'first': seconds[0],
        'more_mb': round((worker.peak_bytes() - before) / 1e6),
    }


if __name__ == '__main__':
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    result = globals()[sys.argv[1]](*json.loads(sys.argv[2]))
    print(json.dumps(result), file=answers)
