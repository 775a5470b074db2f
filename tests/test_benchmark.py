"""The benchmark works, compares before it times, and its page is what it measured."""

import json
import os
import pathlib
import subprocess
import sys
import time

from tests.support.paths import ROOT

import numpy as np
import pytest


@pytest.fixture
def benchmark(monkeypatch):
    """The package scripts/maintain/benchmark, as its command imports it."""
    monkeypatch.syspath_prepend(ROOT / 'scripts' / 'maintain')
    import benchmark

    return benchmark


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, ROOT / 'scripts' / 'maintain' / 'benchmark', *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
    )


def measured(output, *arguments, **environment):
    """Returns the results of a short benchmark that went well."""
    done = run('--short', *arguments, f'--output={output}', **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((output / 'benchmark.json').read_text())


@pytest.fixture
def command(benchmark, tmp_path):
    """Its module `command`, for results in a folder of the test's own."""
    from benchmark import command

    settings = {'output': tmp_path / 'output', 'arrays': tmp_path / 'arrays'}
    with command.flags.overridden(settings):
        yield command


@pytest.mark.slow
def test_a_short_benchmark_measures_and_compares(tmp_path, digits_dir):
    (tmp_path / 'temporary').mkdir()
    results = measured(
        tmp_path,
        '--models=softmax',
        '--only=training,limit,steps,ops,start',
        '--variants=bare,lesson,steps_50,jit',
        '--dataset=synthetic',
        f'--data_dir={digits_dir}',
        TMPDIR=str(tmp_path / 'temporary'),
    )
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
    assert list((tmp_path / 'temporary').iterdir()) == []


@pytest.mark.slow
def test_a_short_benchmark_evaluates_and_tries(tmp_path, digits_dir):
    results = measured(
        tmp_path,
        '--models=fully_connected_feed',
        '--only=evaluation,tried',
        '--dataset=synthetic',
        f'--data_dir={digits_dir}',
    )
    evaluated = results['evaluation']['fully_connected_feed']
    assert set(evaluated) == {'count_correct', "the document's do_eval"}
    assert len({of['correct'] for of in evaluated.values()}) == 1
    tried = results['tried']['fully_connected_feed']
    assert {'bare', 'one_thread', 'tf_data', 'ref', 'xla', 'while'} <= set(tried)
    assert all(of['lower_quartile'] > 0 for of in tried.values())


@pytest.mark.mnist
@pytest.mark.slow
def test_a_short_benchmark_loads(tmp_path, mnist_dir):
    results = measured(
        tmp_path,
        '--models=softmax',
        '--only=loading',
        f'--data_dir={mnist_dir}',
    )
    [loaded] = results['loading']['mnist']['rounds']
    assert set(loaded) == {'mnist_tut', 'original'}


def test_an_unknown_part_is_named(tmp_path):
    done = run('--only=stepps', f'--output={tmp_path}')
    assert done.returncode == 1
    assert '--only=stepps: not one of training' in done.stderr


def test_an_unknown_variant_is_named(tmp_path):
    done = run('--only=training', '--variants=torhc', f'--output={tmp_path}')
    assert done.returncode == 1
    assert '--variants=torhc: not one of bare' in done.stderr


def test_a_short_benchmark_does_not_replace_what_was_measured():
    path = ROOT / 'docs' / 'results' / 'benchmark.json'
    before = path.read_bytes()
    done = run('--short', '--only=limit', '--models=softmax', '--data_dir=none')
    assert done.returncode == 1
    assert done.stderr.startswith('--short: ')
    assert path.read_bytes() == before


def test_results_of_another_machine_are_not_added_to(command):
    from mnist_tut import errors

    command.Benchmark().keep('start', 'deep', {'import': [1.0], 'first_step': [2.0]})
    path = pathlib.Path(command.FLAGS.output) / 'benchmark.json'
    results = json.loads(path.read_text())
    for name, value, is_refused in (
        ('date', '2026-11-20', False),
        ('cores', 1000, True),
        ('versions', {}, True),
    ):
        about = results['machine'] | {name: value}
        path.write_text(json.dumps(results | {'machine': about}))
        if is_refused:
            with pytest.raises(errors.RunError, match='another machine or version'):
                command.Benchmark()
        else:
            assert 'start' in command.Benchmark().results


def test_each_figure_keeps_the_command_that_measured_it(command):
    from benchmark import page

    kept = command.Benchmark()
    kept.keep('steps', 'softmax', {})
    kept.keep('steps', 'deep', {})
    start = '`python scripts/maintain/benchmark --only=steps'
    assert page._by(kept.results, 'steps') == [
        f'{start} --rounds=10 --data_dir=MNIST_data`:', '',
    ]  # fmt: skip
    with command.flags.overridden({'rounds': 3}):
        command.Benchmark().keep('steps', 'deep', {})
    again = command.Benchmark().results
    assert page._by(again, 'steps') == [
        f'{start} --rounds=3 --models=deep --data_dir=MNIST_data`, '
        f'{start} --rounds=10 --models=softmax --data_dir=MNIST_data`:', '',
    ]  # fmt: skip
    assert page._by(again, 'machine') == []


def test_arrays_are_made_again_if_that_was_interrupted(command, monkeypatch):
    from benchmark.models import MODELS

    made = []

    def make(task, folder, *about):
        made.append(pathlib.Path(folder))
        if len(made) == 2:
            (made[-1] / 'problem.json').touch()

    monkeypatch.setattr(command.rounds, 'in_process', make)
    folders = [command.Benchmark().problem(MODELS['deep']) for _ in range(3)]
    assert len(made) == 2
    assert set(folders) == {str(made[0])} == {str(made[1])}
    with command.flags.overridden({'dataset': 'synthetic'}):
        assert command.Benchmark().problem(MODELS['deep']) != folders[0]


def test_the_seconds_of_a_process_include_its_end(benchmark, monkeypatch):
    """As those of a lesson do."""
    from benchmark import rounds, whole

    class Fake:
        def __init__(self, variant, folder, **options):
            pass

        def ask(self, **command):
            return {'choice': '', 'accuracy': 0.5, 'peak': 0}

        def close(self):
            time.sleep(0.1)

    monkeypatch.setattr(whole, 'Worker', Fake)
    assert whole.train_peer(rounds.Variant('a', 'torch'), '')['seconds'] >= 0.1


def test_only_its_own_processes_see_jax(benchmark, tmp_path, monkeypatch):
    from benchmark import rounds

    (tmp_path / 'jax.py').write_text('')
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    command = [sys.executable, '-c', 'import jax']
    assert (
        subprocess.run(command, env=rounds.environment(with_jax=True)).returncode == 0
    )
    hidden = subprocess.run(
        command, env=rounds.environment(), stderr=subprocess.PIPE, text=True
    )
    assert 'import of jax halted' in hidden.stderr


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


def test_the_table_of_bfloat16_is_what_the_script_writes(benchmark):
    import measure_bfloat16

    text = measure_bfloat16.DOCUMENT.read_text(encoding='utf-8')
    stored = json.loads(measure_bfloat16.STORE.read_text())
    assert measure_bfloat16.filled(text, stored) == text


def test_bfloat16_of_another_machine_is_not_added_to(benchmark, monkeypatch, tmp_path):
    from mnist_tut import errors

    import measure_bfloat16

    stored = json.loads(measure_bfloat16.STORE.read_text())
    stored['machine']['cores'] = 1000
    monkeypatch.setattr(measure_bfloat16, 'STORE', tmp_path / 'bfloat16.json')
    measure_bfloat16.STORE.write_text(json.dumps(stored))
    with pytest.raises(errors.RunError, match='another machine or version'):
        measure_bfloat16.main([])


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
            assert np.all(np.isfinite(quartiles))
