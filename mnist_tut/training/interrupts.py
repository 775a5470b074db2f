"""Lets Ctrl-C and SIGTERM end a run after the current step, or steps of one call."""

import contextlib
import faulthandler
import os
import signal
import sys
from typing import Any


class Interrupts(contextlib.AbstractContextManager):
    """Remembers a first SIGINT or SIGTERM; a second one ends the process at once.

    Attributes:
        signal: Number of the signal received, or 0.
    """

    def __init__(self) -> None:
        self.signal = 0
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> 'Interrupts':
        """Installs the handlers; outside the main thread there are none."""
        self._use_another_stack()
        with contextlib.suppress(ValueError):
            for number in (signal.SIGINT, signal.SIGTERM):
                self._handlers[number] = signal.signal(number, self._handle)
        return self

    def _use_another_stack(self) -> None:
        """Keeps the handlers off the stack of the thread that computes.

        A matrix product of TensorFlow on the CPU (oneDNN's jit_avx512_common_gemm_f32)
        leaves no valid stack while it runs: a signal that is handled there overwrites
        the heap. It runs in this thread where a small network is trained. Python
        handles signals on an alternate stack if there is one, and `faulthandler` is
        what makes one.
        """
        if sys.__stderr__ is None or faulthandler.is_enabled():
            return
        with contextlib.suppress(OSError, ValueError):  # stderr is closed
            faulthandler.enable(sys.__stderr__)
            faulthandler.disable()  # the stack stays

    def _handle(self, number: int, frame: Any) -> None:
        if self.signal:
            os._exit(128 + number)
        self.signal = number

    @property
    def name(self) -> str:
        """Name of the signal."""
        return signal.Signals(self.signal).name

    def check(self) -> None:
        """Ends a task of a cluster if there was a signal; see `raise_exit`."""
        if self.signal:
            print(f'{self.name}: stopped; the same command continues', file=sys.stderr)
            self.raise_exit()

    def raise_exit(self) -> None:
        """Ends the program as the signal would have.

        Raises:
            KeyboardInterrupt: For SIGINT; from the command line the status is 130.
            SystemExit: For SIGTERM, with status 143.
        """
        if self.signal == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + self.signal)

    def __exit__(self, *exception: Any) -> None:
        """Restores the handlers that were there before."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
