"""Runs the experiments of experiments.py and stores their metrics in docs/results/.

    python scripts/maintain/reproduce.py --data_dir=MNIST_data
    python scripts/maintain/reproduce.py --data_dir=MNIST_data --only=softmax,tanh_mlp

On two cores everything takes about an hour, most of it for the conv net's 20,000 steps.
A run that is stored already is not repeated; remove its file to measure it again.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib import metadata

from mnist_tut import errors
from mnist_tut.flags import Flags

import experiments

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the four real MNIST files.')
flags.DEFINE_string('only', None, 'Experiments to run, separated by commas; else all.')


def run_once(experiment: experiments.Experiment, seed: int, data_dir: str) -> dict:
    """Trains once and returns the metrics that the lesson prints.

    Args:
        experiment: What to run.
        seed: Its seed.
        data_dir: Folder of the real MNIST files.

    Returns:
        The seed and the records of the history, with the loss of each hundredth step
        only.
    """
    data_flag = experiments.DATA_FLAGS.get(experiment.lesson, '--data_dir')
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                sys.executable,
                '-m',
                f'mnist_tut.{experiment.lesson}',
                *experiment.flags,
                f'{data_flag}={data_dir}',
                '--dataset=mnist',
                f'--seed={seed}',
                f'--log_dir={folder}/log',
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=experiments.ROOT,
        )
        with open(os.path.join(folder, 'log', 'history.json')) as file:
            records = json.load(file)['records']
    kept = [record for record in records if record[1] != 'loss' or record[0] % 100 == 0]
    return {'seed': seed, 'records': kept}


def main(_: list[str]) -> None:
    """Runs the experiments that are not stored yet."""
    chosen = FLAGS.only.split(',') if FLAGS.only else experiments.EXPERIMENTS
    for name in chosen:
        if name not in experiments.EXPERIMENTS:
            known = ', '.join(experiments.EXPERIMENTS)
            raise errors.FlagError(f'--only={name}: not one of {known}')
        experiment = experiments.EXPERIMENTS[name]
        path = experiments.RESULTS / f'{name}.json'
        stored = json.loads(path.read_text()) if path.exists() else {'runs': []}
        stored['command'] = experiment.command()
        stored['machine'] = {
            'tensorflow': metadata.version('tensorflow'),
            'numpy': metadata.version('numpy'),
            'python': platform.python_version(),
            'processor': platform.machine(),
            'cores': os.cpu_count(),
        }
        for seed in experiment.seeds:
            if seed in [run['seed'] for run in stored['runs']]:
                continue
            stored['runs'].append(run_once(experiment, seed, FLAGS.data_dir))
            path.write_text(json.dumps(stored) + '\n')
            print(f'{name}: seed {seed}', flush=True)


if __name__ == '__main__':
    flags.run(main)
