"""Stops a run on signals."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from leadctl.model.errors import ExitCode, Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.model.clock import CancellationToken


class _Signalled(BaseException):
    """Ends whatever runs; not an Exception, because imports may catch those."""


@contextmanager
def stop_on_signal(stop: CancellationToken) -> Iterator[None]:
    """Make the first signal stop the run, and the second exit at once.

    Before the run can stop, nothing is in flight, so a signal raises Interrupted.
    """

    def ask(number: int, _frame: object) -> None:
        if stop.is_asked():
            is_int = number == signal.SIGINT
            os._exit(ExitCode.INTERRUPTED if is_int else ExitCode.TERMINATED)
        stop.ask(number)
        if not stop.is_heeded:
            raise _Signalled(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, ask)
        for number in numbers
        if signal.getsignal(number) is not signal.SIG_IGN  # nohup means it
    }
    try:
        yield
    except _Signalled as signalled:
        raise nothing_sent(*signalled.args) from None
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def nothing_sent(number: int = signal.SIGINT) -> Interrupted:
    """Return the error for a signal that ends a run before it sends anything."""
    hint = "run the same command again"
    return Interrupted(number, "nothing was sent", hint=hint)
