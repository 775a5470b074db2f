"""What is said of a script: --check, --explain, the line at the end, and --diff."""

import re
import subprocess
import sys
import textwrap

from mnist_tut import legacy
from mnist_tut.legacy import command, diff, notebook, program, record, report
from tests.support.paths import ROOT

import pytest

# Ten adaptations, on lines that the tests name.
TEN = """\
# A script of the time.
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data

x = tf.placeholder("float", [None, 4])
y = tf.placeholder("float", [None, 2])
half = tf.mul(x, 0.5)
wide = tf.concat(1, [x, half,
                     tf.neg(x)])
left, right = tf.split(1, 2, wide)
both = tf.pack([left, right])
W = tf.Variable(tf.ones([6, 2]))

def model(a, b):
    return tf.matmul(tf.sub(a, b), W)

logits = model(left, right)
cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits, y))
tf.scalar_summary("the cost", cost)
merged = tf.merge_all_summaries()
train = tf.train.GradientDescentOptimizer(0.1).minimize(cost)
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    for i in range(1000):
        feed = {x: [[1., 2., 3., 4.]], y: [[0., 1.]]}
        summary, value, _ = sess.run([merged, cost, train], feed)
"""

NAMES = {
    7: ('tf.mul', 'tf.multiply'),
    8: ('tf.concat(dim, values)', 'tf.concat(values, axis)'),
    9: ('tf.neg', 'tf.negative'),
    10: ('tf.split(dim, n, value)', 'tf.split(value, n, axis)'),
    11: ('tf.pack', 'tf.stack'),
    15: ('tf.sub', 'tf.subtract'),
    18: (
        'softmax_cross_entropy_with_logits(logits, labels)',
        'softmax_cross_entropy_with_logits(labels=labels, logits=logits)',
    ),
    19: ('tf.scalar_summary(tag, value)', None),
    20: ('tf.merge_all_summaries', 'tf.summary.merge_all'),
    23: ('tf.initialize_all_variables()', 'tf.global_variables_initializer()'),
}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def opened(folder, text, **options):
    (folder / 'old.py').write_text(textwrap.dedent(text))
    return notebook.open_program('old.py', program.Options(**options))


def parted(text):
    """Returns the lines of a report: line number, what stands there, today's."""
    matches = re.finditer(r'^old\.py:(\d+): (.*?) -> (.*)$', text, re.MULTILINE)
    return [(int(match[1]), match[2], match[3]) for match in matches]


@pytest.fixture
def ran(tmp_path):
    one = opened(tmp_path, TEN, steps=3)
    one.run([])
    return one


def test_explain_names_each_line_in_order(ran):
    text = report.explain(ran)
    first, *_ = text.splitlines()
    assert re.fullmatch(r'legacy: old\.py: Python 3, TensorFlow 0\.\d+ to 1\.0', first)
    rows = parted(text)
    assert [line for line, *_ in rows] == sorted(NAMES)
    for line, old, today in rows:
        assert old == NAMES[line][0]
        assert NAMES[line][1] in (today, None)
        assert today


def test_cells_are_in_the_order_of_their_numbers():
    uses = [record.Use(f'In[{n}]', 1, 'tf.mul', 'tf.multiply', 'name') for n in (13, 3)]
    assert sorted(uses, key=report.in_order) == uses[::-1]


def test_the_line_at_the_end_counts_them(ran):
    text = report.summary(ran)
    assert '\n' not in text
    assert text.startswith('legacy: 10 lines adapted (')
    assert text.count(' x') == 0
    assert '; 4 more)' in text
    assert text.endswith('; 1 training loop cut short')


def test_the_line_at_the_end_counts_uses_by_line(tmp_path):
    text = 'import tensorflow as tf\nfor _ in range(5):\n    a = tf.mul(1, 2)\n'
    one = opened(tmp_path, text + 'b = tf.mul(3, tf.mul(4, 5))\nc = tf.neg(1)\n')
    one.run([])
    assert report.summary(one) == 'legacy: 3 lines adapted (tf.mul x2; tf.neg)'
    assert [line for line, *_ in parted(report.explain(one))] == [3, 4, 5]


def test_a_script_of_today_stands_as_it_is(tmp_path):
    one = opened(tmp_path, 'x = 3\n')
    one.run([])
    assert report.summary(one) == 'legacy: as it stands'
    assert report.explain(one).count('\n') == 0


def test_check_names_the_same_lines_and_runs_nothing(tmp_path, capsys):
    one = opened(tmp_path, TEN + 'raise AssertionError("this ran")\n')
    assert report.check(one) == 0
    found = {line: old for line, old, _ in parted(capsys.readouterr().out)}
    for line, (old, _) in NAMES.items():
        name = old.split('(')[0].removeprefix('tf.')
        assert name in found[line], (line, found)
    assert {3} <= set(found) - set(NAMES) <= {2, 3}  # the imports
    assert one.globals == {}


@pytest.mark.parametrize(
    'statement',
    [
        'from tensorflow.contrib.tensor_forest.python import tensor_forest',
        'from tensorflow.contrib import tensor_forest',
        'import tensorflow.contrib.tensor_forest.client as client',
        'forest = tf.contrib.tensor_forest.client',
    ],
)
def test_check_tells_what_cannot_be_served(tmp_path, capsys, statement):
    text = f'import tensorflow as tf\n\n{statement}\n'
    assert report.check(opened(tmp_path, text)) == 1
    printed = capsys.readouterr().out
    assert 'old.py:3: tf.contrib.tensor_forest -> ' in printed
    assert 'RandomForestClassifier' in printed


def test_lines_stay_those_of_the_file_in_python_2(tmp_path):
    text = """\
    # -*- coding: utf-8 -*-
    import tensorflow as tf
    try:
        print "one", \\
            tf.mul(1, 2)
    except ValueError, error:
        pass
    for name in {'a': 1}.keys() + ['b']:
        s = '''
        lines
        ''', tf.neg(
            1)
    n = 7 / 2
    """
    one = opened(tmp_path, text)
    assert one.run([])['n'] == 3
    rows = [(line, old) for line, old, _ in parted(report.explain(one))]
    assert (5, 'tf.mul') in rows
    assert (11, 'tf.neg') in rows
    assert (13, 'a / b') in rows


def patched(folder, text):
    """Applies the diff of a script with `patch`; returns what cannot be written."""
    one = opened(folder, text)
    changes, problems = diff.modern(one)
    subprocess.run(
        ['patch', '-s', 'old.py'], input=changes, text=True, check=True, cwd=folder
    )
    return problems


def run_without_help(folder, *argv):
    result = subprocess.run(
        [sys.executable, 'old.py', *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        env={'PATH': '', 'PYTHONPATH': str(ROOT), 'HOME': str(folder)},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


NET = """\
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data
mnist = input_data.read_data_sets("data", one_hot=True)
x = tf.placeholder("float", [None, 784])
y = tf.placeholder("float", [None, 10])
W = tf.Variable(tf.zeros([784, 10]))
b = tf.Variable(tf.zeros([10]))
out = tf.add(tf.matmul(x, W), b)
cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(out, y))
train = tf.train.GradientDescentOptimizer(0.5).minimize(cost)
init = tf.initialize_all_variables()
with tf.Session() as sess:
    sess.run(init)
    for i in xrange(30 / 2):
        xs = mnist.train.images[100 * i:100 * i + 100]
        ys = mnist.train.labels[100 * i:100 * i + 100]
        c, _ = sess.run([cost, train], feed_dict={x: xs, y: ys})
    print "cost %.5f" % c, "after", 30 / 4
"""

RNN = """\
import tensorflow as tf
import numpy as np
flags = tf.app.flags
flags.DEFINE_integer('units', 4, 'Units.')
FLAGS = flags.FLAGS

def main(_):
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [2, 3, 5])
    steps = [tf.squeeze(s, [1]) for s in tf.split(1, 3, x)]
    with tf.variable_scope('net', initializer=tf.constant_initializer(0.1)):
        cell = tf.nn.rnn_cell.BasicLSTMCell(FLAGS.units, forget_bias=1.0)
        outputs, state = tf.nn.rnn(cell, steps, dtype=tf.float32)
    picked = tf.select([True, False], outputs[-1], tf.neg(outputs[-1]))
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        values = sess.run(picked, {x: np.ones([2, 3, 5])})
    for row in values:
        print(' '.join('%.5f' % v for v in row))

if __name__ == '__main__':
    tf.app.run()
"""


@pytest.mark.slow
def test_the_diff_of_a_dense_net_runs_without_help(tmp_path, few_digits_dir, capsys):
    (tmp_path / 'data').symlink_to(few_digits_dir)
    old = opened(tmp_path, NET)
    old.run([])
    expected = [x for x in capsys.readouterr().out.splitlines() if 'cost' in x]
    assert patched(tmp_path, NET) == []
    assert 'mnist_tut.legacy' not in (tmp_path / 'old.py').read_text()
    printed = run_without_help(tmp_path).splitlines()
    assert [line for line in printed if 'cost' in line] == expected
    assert expected[0].endswith(' after 7')


@pytest.mark.slow
def test_the_diff_of_a_recurrent_net_runs_without_help(tmp_path, capsys):
    old = opened(tmp_path, RNN)
    with pytest.raises(SystemExit):
        old.run(['--units=3'])
    expected = capsys.readouterr().out
    assert patched(tmp_path, RNN) == []
    assert 'mnist_tut' not in (tmp_path / 'old.py').read_text()
    assert run_without_help(tmp_path, '--units=3') == expected
    assert len(expected.split()) == 6


def test_the_diff_says_what_it_cannot_write(tmp_path):
    problems = patched(
        tmp_path,
        """\
        import tensorflow as tf
        x = tf.contrib.layers.fully_connected(tf.zeros([1, 2]), 3)
        y = tf.mul(1, 2)
        """,
    )
    assert len(problems) == 1
    assert problems[0].startswith('old.py:2: tf.contrib.layers.fully_connected')
    assert 'tf.multiply(1, 2)' in (tmp_path / 'old.py').read_text()


@pytest.mark.slow
def test_the_diff_needs_no_names_of_python_2(tmp_path):
    text = """\
    class Empty(object):
        def __nonzero__(self):
            return False

    print map(str, xrange(7 / 2)), zip([1], [2])[0], unicode('x'), bool(Empty())
    print reduce(lambda a, b: a + b, filter(None, range(4))), {'a': 1}.keys()[0]
    """
    assert patched(tmp_path, text) == []
    assert run_without_help(tmp_path) == "['0', '1', '2'] (1, 2) x False\n6 a\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    'content',
    [
        b'import tensorflow as tf\r\nx = tf.mul(2, 3)\r\ny = 3\r\n',
        b'import tensorflow as tf\nx = tf.mul(2, 3)',
        b'\xef\xbb\xbfimport tensorflow as tf\nx = tf.mul(2, 3)\n',
        b'import tensorflow as tf\n# Jos\xe9\nx = tf.mul(2, 3)\n',
        b'# coding: latin-1\nimport tensorflow as tf\ns = "\xe9"\nx = tf.mul(2, 3)\n',
        b'import tensorflow as tf\nif 1:\n\tx = tf.mul(2, 3)\n        y = x\n',
        b'import tensorflow as tf\n\x0c\nx = tf.mul(2, 3)\n',
        'import tensorflow as tf\ns = "\u4e2d\u2028"\nx = tf.mul(2, 3)\n'.encode(),
    ],
    ids=['crlf', 'end', 'bom', 'comment', 'latin', 'tabs', 'page', 'utf-8'],
)
def test_the_diff_applies_to_the_file_as_it_is_stored(tmp_path, capfdbinary, content):
    (tmp_path / 'old.py').write_bytes(content)
    assert command.main(['--diff', 'old.py']) == 0
    changes = capfdbinary.readouterr().out
    subprocess.run(['patch', '-s', 'old.py'], input=changes, check=True, cwd=tmp_path)
    stored = (tmp_path / 'old.py').read_bytes()
    assert b'tf.multiply(2, 3)' in stored
    assert stored.count(b'\r') == (stored.count(b'\n') if b'\r' in content else 0)
    compile(stored, 'old.py', 'exec')


def test_the_diff_of_a_script_of_today_is_empty(tmp_path):
    assert diff.modern(opened(tmp_path, 'x = 3\n')) == ('', [])


def test_run_returns_the_globals_and_takes_options(tmp_path):
    (tmp_path / 'old.py').write_text(TEN)
    names = legacy.run('old.py', steps=2)
    assert names['i'] == 999
    assert names['__name__'] == '__main__'
    assert float(names['value']) < 0.7
