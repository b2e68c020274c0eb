"""The clock that delivery waits by, and the token that cancels every wait."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from signal import SIGTERM
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def now() -> datetime:
    return datetime.now(UTC)


class Clock(Protocol):
    """The time functions of a run; `sleep` returns early when the run must stop."""

    def time(self) -> float: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


AWAKE = 0.5
"""Seconds after which a sleeper wakes up: Python handles a signal that arrives just
before the sleep only when it ends."""


class CancellationToken:
    """A request to end a run early; a signal sets it, and it wakes all sleepers."""

    def __init__(self) -> None:
        # A signal may arrive while a lock is held: an Event would deadlock then.
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._asked_at = math.inf
        self.signal: int | None = None
        self.is_heeded = False
        """Whether a run checks it, and ends when it has recorded pending answers."""
        self.is_requested: Callable[[], bool] = lambda: False
        """Tells whether `runs stop` asks for it; called by the thread of the run."""
        self.by_request = False
        self._last_check = -math.inf

    @contextmanager
    def heeded(self) -> Iterator[None]:
        self.is_heeded = True
        try:
            yield
        finally:
            self.is_heeded = False
            self.is_requested = lambda: False

    def ask(self, signal: int) -> None:
        self._asked_at = time.monotonic()
        self.signal, self.by_request = signal, False
        self._wake.put(None)

    def forget_request(self) -> None:
        """Go on after a run that was asked to stop, unless a signal asked, too."""
        self.is_requested = lambda: False
        if self.by_request:
            self.by_request, self.signal, self._asked_at = False, None, math.inf

    def check(self) -> bool:
        """Return whether the run must end; asks the ledger, too, twice a second."""
        now = time.monotonic()
        if not self.is_asked() and now - self._last_check >= AWAKE:
            self._last_check = now
            if self.is_requested():
                self.ask(SIGTERM)
                self.by_request = True
        return self.is_asked()

    def is_asked(self) -> bool:
        return self.signal is not None

    def was_asked(self, seconds: float) -> bool:
        """Tell whether a stop was requested at least this many seconds ago."""
        return time.monotonic() - self._asked_at >= seconds

    def sleep(self, seconds: float) -> None:
        """Sleep this many seconds, or until a stop is requested."""
        until = time.monotonic() + seconds
        while not self.check() and (left := until - time.monotonic()) > 0:
            with suppress(Empty):
                self._wake.get(timeout=min(left, AWAKE))


class RealClock:
    """The real clock; `stop` ends its sleeps, if there is one."""

    def __init__(self, stop: CancellationToken | None = None) -> None:
        self.sleep = (stop or CancellationToken()).sleep

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)
