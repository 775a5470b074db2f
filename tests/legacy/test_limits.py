"""--steps and --seconds: any loop that trains ends, and what follows runs."""

import textwrap

from tests.legacy import scripts

import pytest

MODEL = """
import tensorflow as tf
w = tf.Variable(0.0)
train = w.assign_add(1.0)
other = tf.Variable(0.0)
train_other = tf.train.GradientDescentOptimizer(1.0).minimize((other - 1.0) ** 2)
sess = tf.Session()
sess.run(tf.initialize_all_variables())
evaluations = 0
"""


@pytest.mark.parametrize(
    'loop',
    [
        'for i in range(100000):\n    sess.run(train)',
        'i = 0\nwhile i < 100000:\n    sess.run(train)\n    i += 1',
        'while True:\n    _, v = sess.run([train, w])\n    if v > 90000: break',
        'for epoch in range(900):\n    for i in range(3):\n        sess.run(train)',
        'for epoch in range(900):\n    for i in range(550):\n        sess.run(train)',
        'with sess.as_default():\n    for i in range(90000):\n        train.op.run()',
        '[sess.run(train) for _ in range(90000)]',
        'for i in range(90000):\n    sess.run(train)\n    sess.run(train_other)',
        'def go():\n    for i in range(90000):\n        sess.run(train)\ngo()',
        'for i in range(90000):\n    sess.run({"a": train})\nelse:\n    done = True',
    ],
)
def test_a_training_loop_ends(tmp_path, loop):
    text = MODEL + loop + '\nafter = sess.run(w)\n'
    result = scripts.run(tmp_path, text, steps=7)
    assert 7 <= result['after'] <= 8


def test_a_range_goes_to_its_last_turn(tmp_path):
    text = MODEL + textwrap.dedent("""
        turns = []
        for step in range(1000):
            sess.run(train)
            turns.append(step)
            if step + 1 == 1000:
                evaluations += 1
    """)
    result = scripts.run(tmp_path, text, steps=4)
    assert result['turns'] == [0, 1, 2, 999]
    assert result['evaluations'] == 1


def test_each_training_loop_has_its_own_steps(tmp_path):
    text = MODEL + textwrap.dedent("""
        for i in range(1000):
            sess.run(train)
        for i in range(1000):
            sess.run(train)
    """)
    result = scripts.run(tmp_path, text + 'after = sess.run(w)', steps=5)
    assert result['after'] == 10


def test_a_loop_that_does_not_train_runs_whole(tmp_path):
    text = MODEL + textwrap.dedent("""
        for epoch in range(50):
            for i in range(20):
                sess.run(train)
            for i in range(30):
                sess.run(w)
                evaluations += 1
        values = [sess.run(w) for _ in range(40)]
    """)
    result = scripts.run(tmp_path, text, steps=6)
    assert result['evaluations'] == 30
    assert len(result['values']) == 40


def test_seconds_end_a_loop(tmp_path):
    text = MODEL + 'while True:\n    sess.run(train)\n'
    result = scripts.run(tmp_path, text + 'after = sess.run(w)', seconds=0.2)
    assert result['after'] > 1


def test_without_a_limit_nothing_is_cut(tmp_path):
    text = MODEL + 'for i in range(30):\n    sess.run(train)\n'
    assert scripts.run(tmp_path, text + 'after = sess.run(w)')['after'] == 30


def test_an_eager_training_loop_ends(tmp_path):
    result = scripts.run(
        tmp_path,
        """
        import tensorflow as tf
        import tensorflow.contrib.eager as tfe
        tf.enable_eager_execution()
        w = tfe.Variable(2.0)
        optimizer = tf.train.GradientDescentOptimizer(0.1)
        minimized = applied = 0
        while minimized < 50:
            optimizer.minimize(lambda: w * w)
            minimized += 1
        while applied < 50:
            with tf.GradientTape() as tape:
                loss = w * w
            gradients = tape.gradient(loss, [w])
            optimizer.apply_gradients(zip(gradients, [w]))
            applied += 1
        """,
        steps=3,
    )
    assert (result['minimized'], result['applied']) == (3, 3)


@pytest.mark.parametrize('package', ['tensorflow.keras', 'keras'])
def test_keras_training_ends(tmp_path, package):
    result = scripts.run(
        tmp_path,
        f"""
        import numpy as np
        from {package}.models import Sequential, Model
        from {package}.layers import Dense, Input
        x, y = np.ones([60, 3], 'float32'), np.ones([60, 1], 'float32')
        plain = Sequential([Dense(1, input_shape=(3,))])
        inputs = Input(shape=(3,))
        wired = Model(inputs=inputs, outputs=Dense(1)(inputs))
        plain.compile('sgd', 'mse')
        wired.compile('sgd', 'mse')
        first = plain.fit(x, y, batch_size=10, epochs=5, verbose=0)
        second = wired.fit(x, y, batch_size=10, epochs=5, verbose=0)
        steps = 0
        while steps < 50:
            plain.train_on_batch(x, y)
            steps += 1
        """,
        steps=3,
    )
    assert len(result['first'].history['loss']) == 1
    assert len(result['second'].history['loss']) == 1
    assert result['steps'] == 3
