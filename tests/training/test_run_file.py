"""run.json and other JSON files of a run, whatever they have become."""

import contextlib
import copy
import json
import os
import pathlib
import random
import shutil

from mnist_tut import errors
from mnist_tut.inference import model
from mnist_tut.training import json_file, run_file
from tests.support import tiny_lesson

import pytest

FLAGS = {'seed': 1, 'max_steps': 4, 'checkpoint_steps': 2}
ODD = [
    None, True, False, 0, -1, 7, 2**31, 10**400, 1.5, float('nan'), float('inf'), '',
    'text', 'two\nlines', 'nothing:0', 'Variable:0', '\ud800', [], [1], [1, 0], {},
    {'a': None}, {'nothing:0': 1.0},
]  # fmt: skip


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A run of four steps."""
    log = tmp_path_factory.mktemp('trained') / 'log'
    tiny_lesson.run_training(log_dir=log, **FLAGS)
    return log


@pytest.fixture
def log(trained, tmp_path):
    """A copy of it, to be damaged."""
    return pathlib.Path(shutil.copytree(trained, tmp_path / 'log'))


def resume(log):
    tiny_lesson.run_training(log_dir=log, resume=True)


def predict(log):
    with model.load(log):
        pass


def outcome(use, log):
    """Returns None, or the one line that refuses; any other error is not caught."""
    try:
        use(log)
    except errors.UserError as error:
        line = str(error)
    else:
        return None
    assert line.isprintable(), line
    return line


def test_what_is_written_is_read(tmp_path):
    content = {'lesson': 'x', 'seed': 1, 'data': 'd', 'flags': {'rate': 1 / 3, 'a': []}}
    run_file.write(str(tmp_path), content)
    assert run_file.read(str(tmp_path)) == content


def test_no_changed_byte_changes_a_run(log):
    """Each of 200 flips is refused, or changes no value."""
    path = log / 'run.json'
    whole, before = path.read_bytes(), run_file.read(str(log))
    rng = random.Random(5)
    for _ in range(200):
        content = bytearray(whole)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(bytes(content))
        with contextlib.suppress(errors.RunError):
            found = run_file.read(str(log))
            assert {name: found[name] for name in before} == before


def entries(content, trail=()):
    """Yields the trail of keys to each entry of an object, at any depth."""
    for name, value in content.items():
        yield (*trail, name)
        if isinstance(value, dict):
            yield from entries(value, (*trail, name))


@pytest.mark.slow
@pytest.mark.parametrize('use', [resume, predict])
def test_a_value_of_any_kind_is_used_or_refused_in_one_line(log, use, capfd):
    """As if run.json had been written so, with the right checksum; 60 of all cases."""
    whole = run_file.read(str(log))
    cases = [(trail, value) for trail in entries(whole) for value in ODD]
    refused = 0
    for trail, value in random.Random(6).sample(cases, 60):
        content = copy.deepcopy(whole)
        place = content
        for name in trail[:-1]:
            place = place[name]
        place[trail[-1]] = value
        run_file.write(str(log), content)
        before = (log / 'run.json').read_bytes()
        if outcome(use, log) is not None:
            refused += 1
            assert (log / 'run.json').read_bytes() == before, (trail, value)
    assert refused > 20
    assert 'Traceback' not in capfd.readouterr().err


@pytest.mark.parametrize('feeds', [{'nothing:0': 1.0}, {'W:0': 1.0}])
def test_a_feed_that_is_no_placeholder_is_one_line(log, feeds):
    content = run_file.read(str(log))
    content['model']['feeds'] = feeds
    run_file.write(str(log), content)
    line = outcome(predict, log)
    assert 'names tensors that the graph of the run does not have' in line


@pytest.mark.parametrize('value', [None, 'fast', float('nan'), -1, [], 10**400])
def test_a_flag_is_taken_over_through_its_validator(log, value):
    content = run_file.read(str(log))
    content['flags']['learning_rate'] = value
    run_file.write(str(log), content)
    line = outcome(resume, log)
    assert line.startswith(f'{log}/run.json: its flags cannot be taken over: ')


@pytest.mark.parametrize(
    'name', ['run.json', 'model.ckpt-3.json', 'model.ckpt-3.index']
)
@pytest.mark.parametrize('kind', ['folder', 'pipe', 'dangling link', 'device', 'empty'])
@pytest.mark.parametrize('use', [resume, predict])
def test_what_is_no_file_is_one_line_and_no_hang(log, name, kind, use, capfd):
    path = log / name
    path.unlink()
    {
        'folder': path.mkdir,
        'pipe': lambda: os.mkfifo(path),
        'dangling link': lambda: path.symlink_to(log / 'nowhere'),
        'device': lambda: path.symlink_to('/dev/zero'),
        'empty': path.touch,
    }[kind]()
    line = outcome(use, log)
    err = capfd.readouterr().err
    assert 'Traceback' not in err
    if name == 'run.json' or (use == resume and kind != 'empty'):
        assert line.startswith(f'{path}')
    else:
        assert line is None
        assert err.count('this checkpoint is damaged') == 1


def test_a_links_target_is_read_and_never_written(log, tmp_path):
    """Some archives keep links in place of files; predicting is possible there."""
    elsewhere = (log / 'run.json').rename(tmp_path / 'elsewhere')
    (log / 'run.json').symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    assert outcome(predict, log) is None
    assert 'a symbolic link' in outcome(resume, log)
    assert elsewhere.read_bytes() == before


def test_a_tensorflow_checkpoint_without_run_json_is_called_that(log):
    (log / 'run.json').unlink()
    for name in ('own_files.json', 'history.json'):
        (log / name).unlink()
    for path in log.glob('*.json'):
        path.unlink()
    before = sorted(log.iterdir())
    advice = f'mnist_tut.predict (or export) as --checkpoint={log}/model.ckpt-3'
    for line in (outcome(predict, log), outcome(resume, log)):
        assert 'a TensorFlow checkpoint without the run.json of a lesson' in line
        assert advice in line
    assert sorted(log.iterdir()) == before


def test_a_json_file_that_cannot_be_written_leaves_the_old_one(tmp_path, request):
    path = tmp_path / 'run.json'
    json_file.write_json(str(path), {'a': 1})
    request.getfixturevalue('full_disk')
    with pytest.raises(errors.RunError, match=r'No space left.*is intact'):
        json_file.write_json(str(path), {'a': 2})
    assert json.loads(path.read_text()) == {'a': 1}
    assert [path.name for path in tmp_path.iterdir()] == ['run.json']
