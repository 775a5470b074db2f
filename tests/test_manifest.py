"""docs/tfjob.yaml has flags that there are, and they train."""

import json
import os
import re
import subprocess
import sys

from mnist_tut import distributed
from mnist_tut.processes import free_addresses
from tests.support.paths import ROOT

import pytest

MANIFEST = (ROOT / 'docs' / 'tfjob.yaml').read_text()


def manifest_arguments():
    """Returns the arguments of each task in the manifest."""
    lists = re.findall(r'^ *args: (\[[^\]]*\])', MANIFEST, re.MULTILINE)
    return [json.loads(text) for text in lists]


def test_the_manifest_has_flags_that_there_are():
    commands = re.findall(r'^ *command: (\[.*\])$', MANIFEST, re.MULTILINE)
    assert [json.loads(command) for command in commands] == [
        ['python', '-m', 'mnist_tut.distributed']
    ] * 3
    chief, *others = manifest_arguments()
    assert others == [chief[:-1]] * 2  # all but the folder of the run
    settings = dict(argument[2:].split('=') for argument in chief)
    assert set(settings) == {'dataset', 'max_steps', 'wait_sec', 'log_dir'}
    with distributed.flags.overridden(settings):
        assert distributed.FLAGS.max_steps == 2000


@pytest.mark.slow
def test_the_arguments_of_the_manifest_train(tmp_path, few_digits_dir):
    """With a TF_CONFIG as the operator sets it; fewer digits and steps."""
    chief, server, worker = manifest_arguments()
    tasks = {'chief': chief, 'ps': server, 'worker': worker}
    addresses = free_addresses(3)
    cluster = {job: [address] for job, address in zip(tasks, addresses, strict=True)}
    processes = {}
    for job, arguments in tasks.items():
        task = {'type': job, 'index': 0}
        config = {'cluster': cluster, 'task': task, 'environment': 'cloud'}
        changed = ['--dataset=auto', f'--data_dir={few_digits_dir}', '--max_steps=200']
        changed += [f'--log_dir={tmp_path}'] if job == 'chief' else []
        processes[job] = subprocess.Popen(
            [sys.executable, '-m', 'mnist_tut.distributed', *arguments, *changed],
            env={**os.environ, 'TF_CONFIG': json.dumps(config)},
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    outputs = {job: process.communicate()[0] for job, process in processes.items()}
    for job, process in processes.items():
        assert process.returncode == 0, outputs[job]
    assert 'Precision @ 1' in outputs['chief']
    assert list(tmp_path.glob('model.ckpt-*.index'))


def test_a_field_that_a_schema_lacks_is_a_mistake(monkeypatch):
    pytest.importorskip('jsonschema')
    monkeypatch.syspath_prepend(ROOT / 'scripts' / 'maintain')
    import check_manifest

    names = (check_manifest._META, *check_manifest._CORE.values())
    of_object = {'type': 'object', 'properties': {'name': {'type': 'string'}}}
    crd = {
        'spec': {
            'group': 'example.com',
            'names': {'kind': 'Job'},
            'versions': [
                {
                    'name': 'v1',
                    'schema': {
                        'openAPIV3Schema': {
                            'properties': {
                                'apiVersion': {'type': 'string'},
                                'kind': {'type': 'string'},
                                'metadata': {'type': 'object'},
                            },
                        }
                    },
                }
            ],
        }
    }
    known = check_manifest.schemas(
        crd, {'definitions': dict.fromkeys(names, of_object)}
    )
    assert ('v1', 'PersistentVolumeClaim') in known
    assert ('networking.k8s.io/v1', 'NetworkPolicy') in known
    job = {'apiVersion': 'example.com/v1', 'kind': 'Job', 'metadata': {'name': 'a'}}
    assert check_manifest.mistakes([job], known) == []
    misspelt = {**job, 'metadata': {'nme': 'a'}}
    [line] = check_manifest.mistakes([misspelt], known)
    assert line.startswith('Job: $.metadata: Additional properties')
    [line] = check_manifest.mistakes([{**job, 'kind': 'Jop'}], known)
    assert line == 'no schema for example.com/v1 Jop'
