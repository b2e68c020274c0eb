"""Time as a seam: what delivery waits by, and the wish to stop that ends every wait."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Seams for time: `sleep` may return early when the run is asked to stop."""

    def time(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class Stop:
    """The wish to end a run early. Set by a signal; wakes whoever sleeps."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.signal: int | None = None

    def ask(self, signal: int) -> None:
        self.signal = signal
        self._asked.set()

    def is_asked(self) -> bool:
        return self._asked.is_set()

    def sleep(self, seconds: float) -> None:
        self._asked.wait(seconds)


class RealClock:
    """Time as it is; sleeping ends when `stop` is asked."""

    def __init__(self, stop: Stop) -> None:
        self.sleep = stop.sleep

    time = staticmethod(time.time)
