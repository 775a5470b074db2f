"""Flags: on the command line, as keyword arguments, and of a run that is resumed."""

import concurrent.futures
import pathlib
import re
import threading

from mnist_tut import errors, softmax
from mnist_tut.flags import Flags
from tests.support.paths import ROOT

import pytest


@pytest.fixture
def flags():
    flags = Flags('lesson')
    flags.DEFINE_integer('size', 3, 'A size.', 1, 100)
    flags.DEFINE_integer('max_steps', 10, 'Steps.', may_change=True)
    flags.DEFINE_float('rate', 0.5, 'A rate.')
    flags.DEFINE_probability('keep', 0.5, 'A probability.')
    flags.DEFINE_enum('kind', 'a', ['a', 'b'], 'A kind.')
    flags.DEFINE_boolean('quick', False, 'Whether to be quick.')
    flags.DEFINE_steps('at', 'Some steps.', at_most='max_steps')
    flags.DEFINE_folder('data_dir', 'data', 'A folder.')
    return flags


@pytest.fixture
def values(flags):
    """A function that returns the values it sees, called with flags as arguments."""

    @flags.as_arguments
    def values():
        return flags.FLAGS.flag_values_dict()

    return values


# The command line.


@pytest.fixture
def run_softmax(monkeypatch):
    """Runs softmax in this process; the flags are what they were afterwards."""
    monkeypatch.chdir(ROOT)

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            softmax.flags.run(softmax.main, ['softmax', *arguments])
        return stopped.value.code

    with softmax.flags.overridden({}):
        yield run


@pytest.mark.parametrize(
    ('argument', 'expected'),
    [
        (
            '--batch_size=0',
            '--batch_size=0: 0 is not an integer in the range [1, 60000]',
        ),
        ('--batch_size=x', '--batch_size=x: expected a whole number'),
        ('--batch_size=', '--batch_size=: expected a whole number'),
        ('--batch_size', 'Missing value for flag --batch_size'),
        ('--learning_rate=x', '--learning_rate=x: expected a number'),
        ('--learning_rate=1e39', 'at least 0 and at most 3.4e+38'),
        ('--max_steps=-1', '--max_steps=-1'),
        ('--learning_rate=nan', 'learning_rate=nan: expected a finite number'),
        ('--learning_rate=inf', 'learning_rate=inf: expected a finite number'),
        ('--accuracy_at=1,x', '--accuracy_at=1,x'),
        ('--accuracy_at=2000', 'training ends after 1000 steps; raise --max_steps'),
        ('--no_such_flag', '--no_such_flag: no such flag; see --help'),
        ('--max_stpes=5', '--max_stpes: no such flag; did you mean --max_steps?'),
        ('--max', '--max: no such flag; did you mean --max_steps?'),
        ('--noresum', '--noresum: no such flag; did you mean --noresume'),
        ('--noresume=1', '--noresume=1 does not take an argument'),
        ('--resume=maybe', '--resume=maybe: expected true or false'),
        ('--nolog_dir', '--nolog_dir: no such flag; did you mean --log_dir'),
        ('stray', 'stray: not a flag; see --help'),
        ('-', '-: not a flag; see --help'),
        ('--data_dir=LICENSE/\x1b[31m\n', r'--data_dir=LICENSE/\x1b[31m\n: LICENSE'),
        ('--dataset=\x1b[31m', r'--dataset=\x1b[31m: value should be one of'),
        ('--log_dir=a\udcffb', r'--log_dir=a\udcffb: is not UTF-8'),
        ('--' + 'x' * 10_000, '(10,000 letters): no such flag; see --help'),
        ('--dataset=' + 'x' * 10_000, '--dataset=xxx'),
        ('x' * 10_000, '(10,000 letters): not a flag'),
        ('--data_dir=LICENSE', '--data_dir=LICENSE: LICENSE is not a folder'),
        ('--log_dir=', '--log_dir=: empty'),
        ('--plots_dir=LICENSE/x', '--plots_dir=LICENSE/x: LICENSE is not a folder'),
    ],
)
def test_a_mistake_is_one_line_and_status_1(capsys, run_softmax, argument, expected):
    assert run_softmax(argument) == 1
    printed = capsys.readouterr()
    assert printed.out == ''
    assert printed.err.count('\n') == 1
    assert len(printed.err) < 500
    assert printed.err[:-1].isprintable()
    assert expected in printed.err


@pytest.mark.parametrize('flag', ['-h', '--help', '--helpfull', '-help'])
def test_help_lists_every_flag_the_documents_first(capsys, run_softmax, flag):
    assert run_softmax('--max_steps=5', flag) == 0
    text = capsys.readouterr().out
    assert text.startswith('Softmax regression')
    own, common = text.split(
        '\n\nFlags of every lesson (--helpshort leaves them out):\n'
    )
    for name in softmax.FLAGS:
        part = common if name in ('dataset', 'resume', 'log_dir', 'seed') else text
        assert re.search(rf'--(\[no\])?{name}: \S.{{20,}}', part), name
    listed = re.findall(r'\n  --(\w+):', own)
    assert listed == [*softmax.FLAGS][-len(listed) :]
    assert (listed[0], listed[-1]) == ('data_dir', 'accuracy_at')


def test_short_help_leaves_out_what_every_lesson_has(capsys, run_softmax):
    assert run_softmax('--helpshort') == 0
    text = capsys.readouterr().out
    assert '--max_steps:' in text
    assert '--checkpoint_steps' not in text


@pytest.mark.parametrize(
    ('line', 'expected'),
    [
        ('--quick', True),
        ('--quick True', True),
        ('--quick=True', True),
        ('-quick 1', True),
        ('--quick --size 4', True),
        ('--quick False', False),
        ('--quick=f', False),
        ('--noquick', False),
        ('--size 4', False),
    ],
)
def test_a_boolean_takes_its_value_in_every_form(flags, line, expected):
    seen = []
    with flags.overridden({}), pytest.raises(SystemExit) as stopped:
        flags.run(lambda _: seen.append(flags.FLAGS.quick), ['lesson', *line.split()])
    assert (stopped.value.code, seen) == (0, [expected])


@pytest.mark.parametrize(
    ('line', 'expected'),
    [
        ('--quick true', ['true']),
        ('a --size 4 b', ['a', 'b']),
        ('-- --quick -h', ['--quick', '-h']),
        ('a -- b', ['a', 'b']),
    ],
)
def test_a_command_keeps_its_positional_arguments(flags, line, expected):
    seen = []
    with flags.overridden({}), pytest.raises(SystemExit):
        flags.run(
            lambda argv: seen.append(argv[1:]), ['x', *line.split()], arguments='IMAGE'
        )
    assert seen == [expected]


# Keyword arguments.


def test_keyword_arguments_are_flags_for_one_call(values):
    before = values()
    changed = values(size='7', rate=1, kind='b', quick=True, max_steps=20, at=[5, 20])
    assert changed == before | {
        'size': 7, 'rate': 1.0, 'kind': 'b', 'quick': True, 'max_steps': 20,
        'at': [5, 20],
    }  # fmt: skip
    assert values() == before


@pytest.mark.parametrize(
    'setting',
    [
        {'size': 0},
        {'size': 101},
        {'size': 'x'},
        {'size': 2.5},
        {'size': None},
        {'data_dir': None},
        {'data_dir': b'x'},
        {'quick': 'maybe'},
        {'quick': None},
        {'help': True},
        {'max_steps': -1},
        {'rate': 1e39},
        {'rate': float('nan')},
        {'rate': float('inf')},
        {'rate': -0.1},
        {'keep': 0.0},
        {'keep': 1.01},
        {'keep': float('nan')},
        {'kind': 'c'},
        {'at': [0]},
        {'at': '5,x'},
        {'at': 11},
        {'max_steps': 4, 'at': '5'},
        {'seed': 2**31},
        {'colour': 1},
    ],
    ids=str,
)
def test_a_value_that_is_not_allowed_is_one_line(values, setting):
    before = values()
    with pytest.raises(errors.FlagError, match=list(setting)[-1]) as caught:
        values(**setting)
    assert '\n' not in str(caught.value)
    assert values() == before


@pytest.mark.parametrize(
    ('name', 'nearest'), [('max_stpes', 'max_steps'), ('rat', 'rate'), ('siz', 'size')]
)
def test_a_wrong_name_gets_the_nearest(values, name, nearest):
    with pytest.raises(
        errors.FlagError, match=f'^{name}: no such argument; did you mean {nearest}'
    ):
        values(**{name: 1})


def test_a_folder_with_a_zero_byte_in_its_name_is_refused(flags):
    with (
        flags.overridden({'data_dir': 'a\0b'}),
        pytest.raises(errors.FlagError, match=r'a\\x00b: has a zero byte'),
    ):
        flags.check_folders()


def test_two_threads_do_not_share_the_flags_of_a_lesson(flags):
    entered, leave = threading.Event(), threading.Event()

    @flags.as_arguments
    def run_training():
        entered.set()
        assert leave.wait(60)
        return flags.FLAGS.size

    with concurrent.futures.ThreadPoolExecutor() as pool:
        first = pool.submit(run_training, size=7)
        assert entered.wait(60)
        with pytest.raises(errors.RunError, match='lesson is running in another thr'):
            run_training(size=8)
        leave.set()
        assert first.result() == 7
    assert flags.FLAGS.size == 3
    assert run_training(size=8) == 8


def test_a_call_within_a_call_in_one_thread_has_its_own_values(flags, values):
    with flags.overridden({'size': 5}):
        assert values(rate=0.1)['size'] == 5
        assert values(size=6)['size'] == 6
        assert flags.FLAGS.size == 5


def test_two_lessons_have_their_own_flags():
    one, two = Flags('one'), Flags('two')
    one.DEFINE_integer('size', 1, 'A size.')
    two.DEFINE_integer('size', 2, 'A size.')
    with one.overridden({'size': 5}):
        assert (one.FLAGS.size, two.FLAGS.size) == (5, 2)


# Resuming.


def test_a_resumed_run_takes_over_what_was_not_set(flags, tmp_path):
    with flags.overridden({'size': 7, 'rate': 0.1, 'max_steps': 20, 'at': [15]}):
        recorded = flags.recorded()
    with flags.overridden({'max_steps': 30}):
        assert not flags.agree_with(recorded)
        flags.take_over(recorded, 'logs/x')
        assert flags.agree_with(recorded)
        assert (flags.FLAGS.size, flags.FLAGS.rate, flags.FLAGS.at) == (7, 0.1, [15])
        assert flags.FLAGS.max_steps == 30
    with (
        flags.overridden({'size': 8}),
        pytest.raises(errors.RunError, match='--size=8: the run in logs/x was started'),
    ):
        flags.take_over(recorded, 'logs/x')
    assert flags.FLAGS.size == 3


@pytest.mark.parametrize(
    'damage', [{'size': 0}, {'size': None}, {'rate': 'nan'}, {'rate': []}, {'kind': 3}]
)
def test_recorded_values_pass_the_validators(flags, damage):
    recorded = flags.recorded() | damage
    with flags.overridden({}), pytest.raises(errors.FlagError):
        flags.take_over(recorded, 'logs/x')


def test_flags_of_the_call_are_not_recorded(flags):
    assert not {'log_dir', 'resume', 'seed', 'help'} & set(flags.recorded())


def test_a_source_url_may_hold_a_password_and_is_not_recorded():
    lesson = Flags('softmax')
    assert 'dataset' in lesson.recorded()
    assert 'source_url' not in lesson.recorded()


def test_a_default_folder_need_not_be_usable(flags, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pathlib.Path('data').write_text('in the way')
    flags.check_folders()
    with flags.overridden({'data_dir': 'data'}), pytest.raises(errors.FlagError):
        flags.check_folders()


def test_the_flag_of_the_data_folder_is_known(flags):
    assert flags.data_folder() == ('data_dir', False)
    with flags.overridden({'data_dir': 'data'}):
        assert flags.data_folder() == ('data_dir', True)
    flags.DEFINE_folder('input_data_dir', None, 'Its other name.')
    assert flags.data_folder() == ('data_dir', False)
    with flags.overridden({'data_dir': 'a', 'input_data_dir': 'b'}):
        assert flags.data_folder() == ('input_data_dir', True)
    with flags.overridden({'data_dir': 'a', 'input_data_dir': None}):
        assert flags.data_folder() == ('data_dir', True)
    assert Flags().data_folder() == (None, False)


def test_what_a_run_has_found_is_recorded_until_it_ends(flags, tmp_path):
    with flags.overridden({}):
        flags.settle(data_dir=str(tmp_path))
        assert flags.recorded()['data_dir'] == str(tmp_path)
        assert flags.data_folder() == ('data_dir', False)
    assert flags.FLAGS.data_dir == 'data'


def test_a_run_is_resumed_from_another_folder_on_the_same_data(
    flags, tmp_path, monkeypatch
):
    for name in ('a', 'b'):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / 'a')
    recorded = flags.recorded()
    with flags.overridden({}):
        flags.take_over(recorded, 'log')
        assert flags.FLAGS.data_dir == 'data'  # it is the same folder
    monkeypatch.chdir(tmp_path / 'b')
    with flags.overridden({}):
        flags.take_over(recorded, 'log')
        assert flags.FLAGS.data_dir == str(tmp_path / 'a' / 'data')
