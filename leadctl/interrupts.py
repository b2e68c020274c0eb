"""Signals while a run is on: what may be dropped ends at once, the rest is saved."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from leadctl.errors import ExitCode, Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadctl.clock import Stop


@contextmanager
def asking(stop: Stop) -> Iterator[None]:
    """Let the first signal ask the run to stop, and the second leave at once."""

    def ask(number: int, _frame: object) -> None:
        if stop.is_asked():
            os._exit(
                ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED
            )
        stop.ask(number)

    with _heard_by(ask):
        yield


@contextmanager
def leaving() -> Iterator[None]:
    """Let a signal raise Interrupted: nothing that must be waited for is on its way."""

    def leave(number: int, _frame: object) -> None:
        raise interrupted(number, "nothing was sent", "the same command starts again")

    with _heard_by(leave):
        yield


def interrupted(number: int, so_far: str, hint: str) -> Interrupted:
    name = signal.Signals(number).name
    return Interrupted(number, f"stopped by {name}; {so_far}", hint=hint)


@contextmanager
def _heard_by(handler: Callable[[int, object], None]) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, handler)
        for number in numbers
        if signal.getsignal(number) is not signal.SIG_IGN  # nohup means it
    }
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
