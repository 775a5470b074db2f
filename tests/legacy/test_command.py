"""The command: its options, its one-line errors, its exit status."""

import os
import re
import subprocess
import sys
import textwrap

from mnist_tut.legacy import command
from tests.support.paths import ROOT

import pytest


def legacy(folder, *argv):
    return subprocess.run(
        [sys.executable, '-m', 'mnist_tut.legacy', *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        stdin=subprocess.DEVNULL,
    )


def write(folder, text, name='old.py'):
    (folder / name).write_text(textwrap.dedent(text).lstrip('\n'))


def test_without_a_script_it_says_all(tmp_path):
    result = legacy(tmp_path)
    assert result.returncode == 0
    for option in ('--steps', '--seconds', '--check', '--explain', '--diff', '--era'):
        assert option in result.stdout


@pytest.mark.parametrize(
    ('argv', 'text', 'message'),
    [
        (['missing.py'], '', r'missing\.py is missing; expected a script'),
        (['.'], '', r'\. is a folder; expected a script'),
        (['--steps=0', 'old.py'], '', r'--steps=0: expected more than 0'),
        (['--stops=3', 'old.py'], '', r'--stops=3'),
        (['old.py'], 'x = = 1\n', r'old\.py:1: neither Python 3 nor Python 2'),
        (
            ['old.py'],
            'print "a"\nimport tensorflow.contrib.tensor_forest\n',
            r'old\.py:2: tf\.contrib\.tensor_forest was removed in TensorFlow 2\.0',
        ),
        (
            ['old.py'],
            'import tensorflow as tf\ntf.keras.datasets.cifar10.load_data()\n',
            r'needs the data set cifar10',
        ),
        (
            ['old.py'],
            'import tensorflow as tf\n\n@tf.function\ndef f(): pass\n',
            r'old\.py:3: tf\.function: a program of TensorFlow 2',
        ),
    ],
)  # fmt: skip
def test_a_mistake_gets_one_line(tmp_path, argv, text, message):
    write(tmp_path, text)
    result = legacy(tmp_path, *argv)
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert re.search(message, result.stderr), result.stderr


def test_a_binary_file_is_no_script(tmp_path):
    (tmp_path / 'old.py').write_bytes(b'\0\1\2')
    result = legacy(tmp_path, 'old.py')
    assert result.returncode == 1
    assert 'is not a Python file' in result.stderr


@pytest.mark.slow
def test_the_scripts_own_exception_comes_through(tmp_path):
    write(tmp_path, 'def fail():\n    {}["key"]\n\nprint "before"\nfail()\n')
    result = legacy(tmp_path, 'old.py')
    assert (result.returncode, result.stdout) == (1, 'before\n')
    lines = result.stderr.splitlines()
    assert lines[0] == 'Traceback (most recent call last):'
    assert 'File "old.py", line 5, in <module>' in lines[1]
    assert 'mnist_tut' not in '\n'.join(line for line in lines if 'File' in line)
    assert "KeyError: 'key'" in lines


@pytest.mark.slow
def test_its_exit_status_and_its_flags_come_through(tmp_path):
    write(
        tmp_path,
        """
        import tensorflow as tf
        flags = tf.app.flags
        flags.DEFINE_integer('status', 1, 'The exit status.')
        flags.DEFINE_float('rate', 1, 'A whole number, as was allowed.')
        FLAGS = flags.FLAGS
        def main(_):
          print(FLAGS.rate)
          return FLAGS.status
        if __name__ == '__main__':
          tf.app.run()
        """,
    )
    result = legacy(tmp_path, 'old.py', '--status=7', '--unknown=1')
    assert result.returncode == 7
    assert result.stdout == '1.0\n'
    assert result.stderr.startswith('legacy: ')


OLD = """
    import tensorflow as tf
    x = tf.placeholder("float", [None, 4])
    y = tf.placeholder("float", [None, 2])
    logits = tf.matmul(tf.concat(1, [x, tf.mul(x, 2.)]), tf.zeros([8, 2]))
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits, y))
    half = 7 / 2
    init = tf.initialize_all_variables()
    with tf.Session() as sess:
        sess.run(init)
        print "loss", sess.run(loss, {x: [[1, 2, 3, 4]], y: [[0, 1]]}), half
"""


@pytest.mark.slow
def test_the_diff_is_a_program_of_today(tmp_path):
    write(tmp_path, OLD)
    old = legacy(tmp_path, 'old.py')
    diff = legacy(tmp_path, '--diff', 'old.py')
    assert diff.stderr == ''
    subprocess.run(
        ['patch', '-s', 'old.py'],
        input=diff.stdout,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    text = (tmp_path / 'old.py').read_text()
    assert 'tf.concat([x, tf.multiply(x, 2.)], 1)' in text
    assert '7 // 2' in text
    new = subprocess.run(
        [sys.executable, 'old.py'], cwd=tmp_path, capture_output=True, text=True
    )
    assert new.stdout == old.stdout
    assert old.stdout.startswith('loss 0.69')
    assert old.stdout.endswith(' 3\n')


@pytest.mark.slow
def test_check_runs_nothing_and_explain_names_every_line(tmp_path):
    write(tmp_path, OLD)
    check = legacy(tmp_path, '--check', 'old.py')
    assert check.returncode == 0
    assert 'loss' not in check.stdout.split('\n')[0]
    assert 'old.py:4: tf.mul -> tf.multiply' in check.stdout
    explain = legacy(tmp_path, '--explain', 'old.py')
    for line in (
        'old.py:4: tf.mul -> tf.multiply',
        'old.py:4: tf.concat(dim, values) -> tf.concat(values, axis)',
        'old.py:6: a / b -> a // b',
    ):
        assert line in explain.stderr
    assert explain.stderr.splitlines()[-1].startswith('legacy: 5 lines adapted (')


@pytest.mark.parametrize(
    ('text', 'num_notes'), [('', 1), ("flags.DEFINE_integer('steps', 1, '')", 0)]
)
def test_an_option_behind_the_script_is_noted_unless_it_is_the_scripts(
    tmp_path, capsys, text, num_notes
):
    script = tmp_path / 'old.py'
    script.write_text(f'import tensorflow as tf\nflags = tf.app.flags\n{text}\n')
    assert command.main(['--check', str(script), '--steps=30', 'out']) == 0
    err = capsys.readouterr().err
    assert err.count('options of this command come before the script') == num_notes
