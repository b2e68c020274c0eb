"""Handles signals during a run: stop sending, record what is in flight, leave."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from leadctl.model.errors import ExitCode, Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadctl.model.clock import CancellationToken


@contextmanager
def stop_on_signal(stop: CancellationToken) -> Iterator[None]:
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
def exit_on_signal() -> Iterator[None]:
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
