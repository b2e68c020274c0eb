"""Reports the progress of a run, a block of rows at a time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leadctl.model.leads import Status


class Progress(NamedTuple):
    """The progress of a run; `sent` are rows sent at least once, with any result.

    `is_all_read`: `read` are all rows of the files. With `wait`, the next request is
    sent that many seconds from now, because of `why`.
    """

    read: int = 0
    sent: int = 0
    requests: int = 0
    counts: Mapping[Status, int] = {}
    wait: float = 0.0
    why: str = ""
    is_all_read: bool = False

    @property
    def settled(self) -> int:
        return sum(self.counts.values())


class Meter:
    """Reports the progress of a run; earlier processes sent `sent` of its rows."""

    def __init__(
        self,
        tell: Callable[[Progress], None] = lambda _progress: None,
        counts: Callable[[], Mapping[Status, int]] = Counter,
        sent: int = 0,
    ) -> None:
        self._tell = tell
        self._counts = counts
        self._now = Progress(sent=sent)

    def has_read(self, rows: int, *, is_all: bool = False) -> None:
        self._told(self._now._replace(read=rows, is_all_read=is_all))

    def sends(self, requests: int, fresh: int) -> None:
        """Count requests; `fresh` of their rows are sent for the first time."""
        sent, requests = self._now.sent + fresh, self._now.requests + requests
        self._told(self._now._replace(sent=sent, requests=requests, wait=0.0, why=""))

    def takes_back(self, rows: int, requests: int = 0) -> None:
        """Take back rows and requests that were not sent after all."""
        sent, requests = self._now.sent - rows, self._now.requests - requests
        self._now = self._now._replace(sent=sent, requests=requests)

    def has_answers(self) -> None:
        self._told(self._now)

    def waits(self, seconds: float, why: str) -> None:
        self._told(self._now._replace(wait=seconds, why=why))

    def _told(self, now: Progress) -> None:
        self._now = now._replace(counts=dict(self._counts()))
        self._tell(self._now)
