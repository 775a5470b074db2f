"""Help on flags: the text of --help, signatures and docstrings."""

import inspect
import os
import pydoc

from mnist_tut.flags import Flags
from mnist_tut.flags import help as flag_help
from tests import lessons

import pytest

every_lesson = pytest.mark.parametrize(
    'lesson', lessons.LESSONS, ids=lambda lesson: lesson.name
)


@pytest.fixture
def flags():
    flags = Flags()
    flags.DEFINE_integer('size', 3, 'A size.')
    flags.DEFINE_enum('kind', 'a', ['a', 'b'], 'A kind.')
    flags.DEFINE_boolean('quick', False, 'Whether to be quick.')
    flags.DEFINE_string('name', None, 'A name. ' + 10 * 'More words. ')
    flags.DEFINE_folder('data_dir', 'data', 'A folder.')
    flags.DEFINE_steps('at', 'Some steps.', at_most='size')
    return flags


@pytest.fixture
def function(flags):
    @flags.as_arguments
    def function():
        """Does something.

        Slowly.

        Returns:
            What it has done.

        Graph:
            Nothing.
        """

    return function


def test_flags_are_the_signature(function):
    signature = inspect.signature(function)
    assert str(signature) == (
        "(*, size: int = 3, kind: str = 'a', quick: bool = False, "
        "name: str | None = None, data_dir: str | os.PathLike = 'data', "
        'at: list[int] = [])'
    )


def test_arguments_stand_in_the_docstring_before_what_is_returned(function):
    assert inspect.getdoc(function).splitlines()[:9] == [
        'Does something.',
        '',
        'Slowly.',
        '',
        'Args:',
        '    size: A size. (default: 3)',
        '    kind: A kind. (a | b; default: a)',
        '    quick: Whether to be quick. (default: False)',
        '    name: A name. More words. More words. More words. More words. More words.',
    ]
    assert inspect.getdoc(function).endswith(
        '    at: Some steps.\n\nReturns:\n    What it has done.\n\nGraph:\n    Nothing.'
    )


def test_a_function_without_a_docstring_gets_its_arguments(flags):
    documented = flags.as_arguments(lambda: None)
    assert inspect.getdoc(documented).count('\n\nArgs:\n    size: A size.') == 1


@every_lesson
def test_a_lessons_function_shows_all_flags(lesson):
    module = lesson.module
    parameters = inspect.signature(module.run_training).parameters
    assert set(parameters) == set(module.FLAGS)
    assert list(parameters)[-1] == 'plots_dir'  # what every lesson has comes last
    for name, parameter in parameters.items():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default == module.FLAGS[name].default
        assert f'\n    {name}: ' in module.run_training.__doc__
    text = pydoc.render_doc(module.run_training, renderer=pydoc.plaintext)
    assert 'seed: int' in text
    assert 'Graph:' in text


def test_text_is_wrapped_and_commands_are_not():
    command = '    python -m ' + 'x' * 90
    text = flag_help.wrap_text(f'Words.\n\n{command}\n\n{"word " * 30}\n')
    first, second, third = text.split('\n\n')
    assert (first, second) == ('Words.', command)
    assert max(map(len, third.splitlines())) <= 80
    assert third.split() == ['word'] * 30


def test_paths_are_annotated_as_such(flags):
    parameters = inspect.signature(flags.as_arguments(lambda: None)).parameters
    assert parameters['data_dir'].annotation == str | os.PathLike
