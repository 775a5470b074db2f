"""Children print their lines with their names, and are ended."""

import os
import sys
import time

from mnist_tut.processes import NamedProcess, free_addresses


def start(code, name='worker 0', **options):
    process = NamedProcess(name, **options)
    process.start([sys.executable, '-uc', code], os.environ)
    return process


def wait(process):
    while process.status() is None:
        time.sleep(0.01)
    process.finish()


def test_lines_have_the_name(capfd):
    code = "import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)"
    process = start(code)
    wait(process)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ('[worker 0] one\n', '[worker 0] two\n')
    assert process.status() == 3


def test_a_quiet_one_prints_only_if_it_fails(capfd):
    wait(start("print('good')", is_quiet=True))
    assert capfd.readouterr() == ('', '')
    wait(start("print('bad'); raise SystemExit(1)", is_quiet=True))
    assert capfd.readouterr().err == '[worker 0] bad\n'


def test_one_that_ignores_sigterm_is_killed(capfd):
    code = (
        'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); '
        "print('ready'); time.sleep(1000)"
    )
    process = start(code)
    while 'ready' not in (printed := capfd.readouterr().out):
        assert not printed
        time.sleep(0.01)
    process.stop(wait_sec=0.1)
    assert process.is_stopped
    assert process.status() == -9
    process.finish()


def test_addresses_differ():
    addresses = free_addresses(20)
    assert len(set(addresses)) == 20
    assert all(address.startswith('127.0.0.1:') for address in addresses)
    assert free_addresses(0) == []
