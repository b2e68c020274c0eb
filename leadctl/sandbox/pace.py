"""Request limits over time, as fixed windows and as sliding ones."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass
class FixedWindow:
    """At most `limit` takes per window; windows begin at multiples of `seconds`."""

    limit: int
    seconds: float
    ends: float = 0.0
    remaining: int = 0

    def take(self, now: float) -> bool:
        if now >= self.ends:
            self.ends = now - now % self.seconds + self.seconds
            self.remaining = self.limit
        if self.remaining == 0:
            return False
        self.remaining -= 1
        return True


@dataclass
class SlidingWindow:
    """At most `limit` takes in any period of `seconds`: the strictest reading."""

    limit: int
    seconds: float
    _taken: deque[float] = field(default_factory=deque)

    def take(self, now: float) -> bool:
        while self._taken and self._taken[0] <= now - self.seconds:
            self._taken.popleft()
        if len(self._taken) >= self.limit:
            return False
        self._taken.append(now)
        return True
