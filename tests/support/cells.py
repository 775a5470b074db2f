"""Runs the cells of a notebook's source, in a process of their own.

The cells switch TensorFlow to graph mode, which cannot be taken back.
"""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

from mnist_tut import runtime  # noqa: F401  (first: without TensorFlow's banners)
from tests.support.paths import ROOT

import tensorflow.compat.v1 as tf


def load_exercises():
    """Returns scripts/maintain/measure_exercises.py as a module."""
    path = ROOT / 'scripts' / 'maintain' / 'measure_exercises.py'
    spec = importlib.util.spec_from_file_location('measure_exercises', path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run(notebook, lesson, data_dir, settings, folder, exercise=None):
    """Runs cells in a child, and those of the last model a second time.

    Args:
        notebook: Name of the notebook.
        lesson: The cells are run as far as the one with the tag lesson-LESSON.
        data_dir: Folder of the four files.
        settings: Values of the variables in the cell with the parameters.
        folder: Folder to run in; it is created.
        exercise: Name of the exercise whose changes are made.

    Returns:
        The GraphDef, and the loss of each step.
    """
    folder.mkdir()
    arguments = [notebook, lesson, data_dir, json.dumps(settings), exercise or '']
    done = subprocess.run(
        [sys.executable, '-m', 'tests.support.cells', *arguments],
        cwd=folder,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    # TensorFlow would warn of a session that is still open when another one begins.
    assert all(line.startswith('Data: ') for line in done.stderr.splitlines())
    graph = tf.GraphDef.FromString((folder / 'graph').read_bytes())
    return graph, json.loads((folder / 'losses').read_text())


def main(notebook, lesson, data_dir, settings, exercise):
    """Runs cells in this process; writes their graph and losses.

    A reader who has changed a model runs its cells again, from the one that empties the
    graph: the second graph must be like the first.
    """
    exercises = load_exercises()
    changes = {}
    for other in exercises.EXERCISES:
        if (other.notebook, other.name) == (notebook, exercise):
            changes = other.changes
    part = exercises.Exercise(notebook, '', lesson, changes, json.loads(settings))
    done = list(exercises.run(part, data_dir))
    _, _, variables = done[-1]
    losses = variables.get('losses') or variables['hist_loss']
    graph = variables['sess'].graph_def
    starts = [i for i, (cell, *_) in enumerate(done) if 'reset_default' in cell.text]
    for cell, *_ in done[starts[-1] :]:
        exec(cell.text, variables)
    assert variables['sess'].graph_def == graph
    pathlib.Path('graph').write_bytes(graph.SerializeToString())
    pathlib.Path('losses').write_text(json.dumps([float(loss) for loss in losses]))


if __name__ == '__main__':
    main(*sys.argv[1:])
