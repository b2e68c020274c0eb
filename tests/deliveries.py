"""Made-up deliveries, in a ledger that keeps them in pages and levels of a few."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from leadctl.database import connect
from leadctl.delivered import Delivered
from leadctl.ledger import Ledger
from leadctl.segments import Segments

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.database import Connection


def hashes(number: int, seed: int = 0) -> list[bytes]:
    made_up = random.Random(seed)  # noqa: S311  the same every time
    return [made_up.randbytes(16) for _ in range(number)]


def opened(path: Path) -> Connection:
    Ledger(path).close()
    return connect(path)


def delivering(db: Connection, at_once: int = 50) -> Delivered:
    """Put away a few at a time, in pages and levels of a few."""
    return Delivered(db, at_once, Segments(db, alike=3, on_page=8))


def keep(db: Connection, some: list[bytes]) -> None:
    """Deliver some, put them away and into the filter."""
    delivered = Delivered(db, most_gathered=1)
    with db.transaction():
        delivered.add(some)
        delivered.sift()
