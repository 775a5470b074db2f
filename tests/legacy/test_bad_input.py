"""Mistakes get one line and the status 1; the script's own ones come as they are."""

import json
import os
import pathlib
import subprocess
import sys
import textwrap

from mnist_tut.legacy import command
from tests.support.paths import ROOT

import pytest


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def one_line(capsys, *argv):
    """Runs the command, and returns the one line that it prints."""
    assert command.main(argv) == 1
    printed = capsys.readouterr()
    assert printed.out == ''
    [line] = printed.err.splitlines()
    return line


THREAD = """
import threading, tensorflow as tf
def build():
    tf.placeholder(tf.float32)
    print('built')
thread = threading.Thread(target=build)
thread.start()
thread.join()
"""


@pytest.mark.slow
@pytest.mark.parametrize('in_python', [False, True])
def test_graph_mode_is_the_commands_own(in_python):
    """In a process of its own for each thread; called in Python, it changes nothing."""
    pathlib.Path('old.py').write_text(THREAD)
    code = (
        'import tensorflow as tf\n'
        'from mnist_tut.legacy.command import main\n'
        'assert tf.executing_eagerly()\n'
        'open("other.py", "w").write("print(2)")\n'
        'assert main(["other.py"]) == 0\n'
        'assert tf.executing_eagerly()\n'
    )
    arguments = ['-c', code] if in_python else ['-m', 'mnist_tut.legacy', 'old.py']
    result = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == ('2\n' if in_python else 'built\n'), result.stderr


@pytest.mark.parametrize('mode', ['--steps=3', '--check', '--diff', '--explain'])
@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'\x7fELF\x02\x01\x01\0\0', 'old.py is not a Python file: it is not text'),
        (b'\x89PNG\r\n\x1a\n\rIHDR\x08\x02', 'old.py is not a Python file'),
        ('import tensorflow as tf\n'.encode('utf-16'), 'old.py is not a Python file'),
        (b'How to train:\n\n    run main.py\n', 'old.py:1: neither Python 3 nor'),
        (b'<html>\n<body>404</body>\n', 'old.py:1: neither Python 3 nor'),
        (b'x = 1\nprint(x)\nif x = 1:\n  pass\n', 'old.py:3: neither'),
        (b'def f():\n    x = 1\n  return x\n', 'old.py:3: neither'),
        (b'print "a\n', 'old.py:1: neither Python 3 nor Python 2 can read this'),
    ],
    ids=['elf', 'png', 'utf-16', 'text', 'html', 'assignment', 'indent', 'string'],
)
def test_what_is_no_program(tmp_path, capsys, mode, content, message):
    (tmp_path / 'old.py').write_bytes(content)
    assert message in one_line(capsys, mode, 'old.py')


@pytest.mark.parametrize(
    ('path', 'message'),
    [
        ('missing.py', 'missing.py is missing; expected a script'),
        ('folder', 'folder is a folder; expected a script'),
        ('line\nbreak.py', 'is missing; expected a script'),
    ],
)
def test_what_is_no_file(tmp_path, capsys, path, message):
    (tmp_path / 'folder').mkdir()
    assert message in one_line(capsys, path)
    assert message in one_line(capsys, '--diff', path)


@pytest.mark.parametrize(
    ('text', 'name'),
    [
        ('with tf.GradientTape() as tape:\n    pass\n', 'tf.GradientTape'),
        ('@tf.function\ndef step(x):\n    return x\n', 'tf.function'),
        ('step = tf.function(lambda x: x)\n', 'tf.function'),
        ('from tensorflow import GradientTape\n', 'tf.GradientTape'),
    ],
)
def test_a_program_of_tensorflow_2(tmp_path, capsys, text, name):
    (tmp_path / 'old.py').write_text(f'import tensorflow as tf\n\n{text}')
    line = one_line(capsys, 'old.py')
    assert f'old.py:3: {name}: a program of TensorFlow 2' in line
    assert 'python' in line


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--steps=0'], '--steps=0: expected more than 0'),
        (['--steps=-1'], '--steps=-1: expected more than 0'),
        (['--steps=ten'], "--steps: invalid int value: 'ten'"),
        (['--steps'], "--steps: invalid int value: 'old.py'"),
        (['--seconds=0'], 'expected more than 0'),
        (['--seconds=nan'], 'expected more than 0'),
        (['--era=nonsense'], '--era=nonsense: expected a version of TensorFlow'),
        (['--era=9'], '--era=9: expected a version of TensorFlow from 0.5 to 1.15'),
        (['--era=2.0'], '--era=2.0: expected a version'),
        (['--era=0.4'], '--era=0.4: expected a version'),
        (['--python=4'], '--python: invalid choice'),
        (['--dataset=cifar'], '--dataset: invalid choice'),
        (['--unknown'], 'unrecognized arguments: --unknown'),
        (['--step=3'], 'unrecognized arguments: --step=3'),
        (['--check=yes'], '--check'),
    ],
)
def test_a_wrong_option(tmp_path, capsys, options, message):
    (tmp_path / 'old.py').write_text('x = 1\n')
    assert message in one_line(capsys, *options, 'old.py')


def run_all(folder, texts, missing=()):
    """Runs scripts by the command, one after the other, in one other process.

    Args:
        folder: Where they are written.
        texts: Each script, with its own flags.
        missing: Modules that are made to be missing.

    Returns:
        Status, stdout and stderr of each.
    """
    for number, (text, _) in enumerate(texts):
        path = folder / f'old{number}.py'
        path.write_text(textwrap.dedent(text).lstrip('\n'))
    driver = f"""
import contextlib, io, json, sys
for name in {list(missing)!r}:
    sys.modules[name] = None
from mnist_tut.legacy.command import main
results = []
for number, argv in enumerate({[argv for _, argv in texts]!r}):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([f'old{{number}}.py', *argv])
    results.append([status, out.getvalue(), err.getvalue()])
print(json.dumps(results))
"""
    result = subprocess.run(
        [sys.executable, '-c', driver],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT), 'TF_USE_LEGACY_KERAS': '1'},
        stdin=subprocess.DEVNULL,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_missing_extra_is_named(tmp_path):
    needs = {
        'tf_keras': [
            'import tensorflow as tf\ntf.layers.dense(tf.zeros([1, 2]), 3)\n',
            'import tensorflow as tf\ncell = tf.nn.rnn_cell.BasicLSTMCell(4)\n',
            'from keras.models import Sequential\n',
        ],
        'fissix': ['print "a file of Python 2"\n'],
        'sklearn': ['from sklearn import datasets, cross_validation, metrics\n'],
    }
    texts = [(text, []) for group in needs.values() for text in group]
    results = run_all(tmp_path, texts, needs)
    modules = [name for name, group in needs.items() for _ in group]
    names = {'tf_keras': 'tf', 'fissix': 'fissix', 'sklearn': 'sklearn'}
    for module, (status, out, err) in zip(modules, results, strict=True):
        lines = [x for x in err.splitlines() if not x.startswith('legacy: ')]
        assert status == 1, err
        assert (out, len(lines)) == ('', 1), err
        assert "pip install 'mnist_tut[legacy]'" in lines[0]
        assert names[module] in lines[0]


FLAGS = """
    import tensorflow as tf
    flags = tf.app.flags
    flags.DEFINE_integer('num', 1, 'A number.')

    def main(_):
        print(flags.FLAGS.num)

    if __name__ == '__main__':
        tf.app.run()
"""

ARGUMENTS = """
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument('--num', type=int)
    print(parser.parse_args().num)
"""


@pytest.mark.slow
def test_what_the_script_says_itself(tmp_path):
    results = run_all(
        tmp_path,
        [
            ('import sys\nprint("out")\nsys.exit(3)\n', []),
            ('import sys\nsys.exit("no such model")\n', []),
            ('raise SystemExit\n', []),
            ('raise SystemExit(None)\n', []),
            ('import sys\nsys.exit(True)\n', []),
            (FLAGS, ['--num=4']),
            (FLAGS, ['--num=four']),
            (ARGUMENTS, ['--num', '5']),
            (ARGUMENTS, ['--num', 'five']),
            ('assert 1 == 2, "the shapes differ"\n', []),
            ('def f(n):\n    return 1 / n\n\nprint(f(1))\nf(0)\n', []),
            ('import no_such_module\n', []),
            ('import tensorflow as tf\ntf.nn.no_such_name\n', []),
            ('open("no_such_file.txt")\n', []),
            (
                'import tensorflow as tf\nx = tf.placeholder(tf.float32)\n'
                'with tf.Session() as sess:\n    sess.run(x)\n',
                [],
            ),
        ],
    )
    statuses = [status for status, _, _ in results]
    assert statuses == [3, 1, 0, 0, 1, 0, 1, 0, 2, 1, 1, 1, 1, 1, 1]
    outs = [out for _, out, _ in results]
    assert outs[0] == 'out\n'
    assert (outs[5], outs[6], outs[7]) == ('4\n', '', '5\n')
    errs = [err for _, _, err in results]
    assert errs[1].splitlines()[0] == 'no such model'
    assert '--num' in errs[6]
    assert 'Traceback' not in errs[6]
    assert "argument --num: invalid int value: 'five'" in errs[8]
    for number, last in [
        (9, 'AssertionError: the shapes differ'),
        (10, 'ZeroDivisionError: division by zero'),
        (11, "ModuleNotFoundError: No module named 'no_such_module'"),
        (12, 'AttributeError: module'),
        (13, 'FileNotFoundError: [Errno 2] No such file'),
        (14, 'tensorflow.python.framework.errors_impl.InvalidArgumentError'),
    ]:
        lines = errs[number].splitlines()
        # One before it may be that of TensorFlow's inner exception.
        first = len(lines) - 1 - lines[::-1].index('Traceback (most recent call last):')
        assert lines[first + 1].startswith(f'  File "old{number}.py", line ')
        assert any(line.startswith(last) for line in lines), errs[number]
        assert lines[-1].startswith('legacy: ')
    assert '    return 1 / n' in errs[10]
