"""The table of names: every row leads somewhere, and the page is made from it."""

from mnist_tut.legacy import current, era, names, served
from mnist_tut.legacy.program import Program
from tests.support.paths import ROOT

import pytest

SERVED = [row for row in names.table().values() if row.today]


@pytest.fixture(scope='module')
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp('names') / 'old.py'
    path.write_text('import tensorflow as tf\n')
    return Program(str(path))


@pytest.mark.parametrize('row', SERVED, ids=lambda row: row.old)
def test_a_row_leads_to_a_name_of_today(program, row):
    module, _, name = ('tensorflow' + row.old.removeprefix('tf')).rpartition('.')
    assert program.tree.read(module, name) is not None


@pytest.mark.parametrize('row', names.table().values(), ids=lambda row: row.old)
def test_a_row_is_whole(row):
    assert bool(row.today) != bool(row.advice)
    assert era.key('0.5') < era.key(row.removed) <= era.key('2.0')


def test_the_page_has_every_row():
    page = (ROOT / 'docs' / 'LEGACY.md').read_text()
    for row in names.table().values():
        assert f'| `{row.old}` | {row.removed} |' in page, row.old


def test_all_that_is_provided_is_served(program):
    with current.running(program):
        for name in served.load():
            module, _, last = ('tensorflow' + name.removeprefix('tf')).rpartition('.')
            if name.startswith('tf.'):
                assert program.tree.read(module, last) is not None, name


@pytest.mark.parametrize(
    ('text', 'low', 'high'),
    [
        ('tf.mul(1, 2)', '0.5', '1.0'),
        ('tf.layers.dense(x, 1)', '1.0', '2.0'),
        ('tf.scalar_summary("a", 1); tf.global_variables_initializer()', '0.12', '1.0'),
        ('tf.nn.softmax_cross_entropy_with_logits(a, b)', '0.5', '1.0'),
    ],
)
def test_the_names_tell_the_era(tmp_path, text, low, high):
    import ast

    found = era.infer([ast.parse(f'import tensorflow as tf\n{text}\n')])
    assert (found.low, found.high) == (low, high)


def test_0_9_is_before_0_10():
    assert era.Era('0.9', '0.10').is_before('0.11')
    assert not era.Era('0.12', '1.0').is_before('0.9', default=True)
