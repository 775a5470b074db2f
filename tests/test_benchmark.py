"""The benchmark works, compares before it times, and its page is what it measured."""

import json
import subprocess
import sys

from tests.support.paths import ROOT

import numpy as np
import pytest


@pytest.fixture
def benchmark(monkeypatch):
    """The package scripts/maintain/benchmark, as its command imports it."""
    monkeypatch.syspath_prepend(ROOT / 'scripts' / 'maintain')
    import benchmark

    return benchmark


def run(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / 'scripts' / 'maintain' / 'benchmark', *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.slow
def test_a_short_benchmark_measures_and_compares(tmp_path, digits_dir):
    done = run(
        '--short',
        '--models=softmax',
        '--only=training,limit,steps,ops,start',
        '--variants=bare,lesson,steps_50,jit',
        '--dataset=synthetic',
        f'--data_dir={digits_dir}',
        f'--output={tmp_path}',
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / 'benchmark.json').read_text())
    steps = results['steps']['softmax']
    assert set(steps) == {'bare', 'lesson', 'steps_50', 'jit'}
    # The lesson's losses are the reference; the same steps in the graph are equal.
    assert steps['steps_50']['loss_difference'] == 0
    assert steps['jit']['loss_difference'] < 1e-5
    accuracies = {of['accuracy'] for of in results['training']['softmax'].values()}
    assert len(accuracies) == 1
    # Forward, and the gradient towards the weights; none towards the images.
    limit = results['limit']['softmax']
    assert limit['product_flops'] == 2 * 2 * 100 * 784 * 10
    assert limit['bytes'] == 4 * (100 * 784 + 2 * 7850 + 2 * (100 * 10 + 784 * 10))
    assert results['ops']['softmax']['total'] > 0
    assert results['machine']['cores'] >= 1


def test_an_unknown_part_is_named(tmp_path):
    done = run('--only=stepps', f'--output={tmp_path}')
    assert done.returncode == 1
    assert '--only=stepps: not one of training' in done.stderr


def test_a_step_is_not_timed_before_accuracies_are_compared(tmp_path):
    done = run('--only=steps', '--models=deep', f'--output={tmp_path}')
    assert done.returncode == 1
    assert 'add training to --only' in done.stderr


def test_other_losses_are_refused(benchmark, monkeypatch):
    from benchmark import rounds
    from benchmark.models import MODELS

    class Fake:
        def __init__(self, variant, folder):
            self.losses = [2.0, 1.0] if variant.label == 'wrong' else [2.0, 1.5]

        def ask(self, **command):
            return {'losses': self.losses, 'seconds': [0.001]}

        def close(self):
            pass

    monkeypatch.setattr(rounds, 'Worker', Fake)
    both = {name: rounds.Variant(name, name) for name in ('bare', 'right')}
    measured = rounds.measure(MODELS['softmax'], both, '', 3, 50)
    assert measured['right']['median'] == 1.0
    assert measured['right']['chunks'] == 3
    both['wrong'] = rounds.Variant('wrong', 'torch')
    with pytest.raises(Exception, match=r'softmax, wrong: losses \[2.0, 1.0\]'):
        rounds.measure(MODELS['softmax'], both, '', 3, 50)


def test_the_page_is_what_the_script_writes():
    done = run('--check')
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_measured_time_has_its_accuracy_and_losses(benchmark):
    from benchmark.models import MODELS
    from benchmark.variants import PEERS

    path = ROOT / 'docs' / 'results' / 'benchmark.json'
    results = json.loads(path.read_text())
    for model, timed in results['steps'].items():
        trained = results['training'][model]
        for name, of in timed.items():
            apart = abs(trained[name]['accuracy'] - trained['bare']['accuracy'])
            assert apart <= MODELS[model].tolerance, (model, name)
            assert of['loss_difference'] <= PEERS[name].tolerance, (model, name)
            quartiles = of['lower_quartile'], of['median'], of['upper_quartile']
            assert list(quartiles) == sorted(quartiles)
            assert np.all(np.isfinite(quartiles))
