"""What a notebook shows of a function is the function's own source."""

import inspect
import textwrap

from notebooks import excerpt

import pytest


def lesson():
    """Has stanzas."""
    with open('nothing'):
        # Data. The first of two lines,
        # and this one: the second.
        a = 1

        # Model: with a blank line in it.
        if a:
            # Inner. It starts no stanza.
            b = 2

        c = b

        # Report.
        print(c)
    return a


def test_a_whole_function():
    shown = excerpt.show(lesson)
    assert repr(shown) == textwrap.dedent(inspect.getsource(lesson)).rstrip()
    assert f'\n\n```python\n{shown!r}\n```\n\n' in shown._repr_markdown_()


def test_one_stanza():
    assert repr(excerpt.show(lesson, 'Model')) == textwrap.dedent(
        """\
        # Model: with a blank line in it.
        if a:
            # Inner. It starts no stanza.
            b = 2

        c = b"""
    )


def test_several_stanzas_in_the_given_order():
    shown = repr(excerpt.show(lesson, 'Model', 'Data'))
    assert shown.index('# Model') < shown.index('# Data')
    assert shown.endswith('# and this one: the second.\na = 1')


def test_the_last_stanza_ends_with_its_block():
    assert repr(excerpt.show(lesson, 'Report')) == '# Report.\nprint(c)'


def test_an_unknown_stanza_names_the_known_ones():
    with pytest.raises(ValueError, match='Loss: not one of Data, Model, Report'):
        excerpt.show(lesson, 'Loss')


def test_a_decorated_function_shows_what_it_decorates():
    from mnist_tut import softmax

    shown = repr(excerpt.show(softmax.run_training))
    assert shown.startswith('@flags.as_arguments\ndef run_training():')
