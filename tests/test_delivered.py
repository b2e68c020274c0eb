"""Who is delivered is known exactly, wherever their hashes are kept."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from leadctl.database import connect
from leadctl.delivered import Delivered, Earlier
from leadctl.errors import LedgerUnusable
from leadctl.ledger import Ledger
from leadctl.sieve import SMALLEST, Sieve

if TYPE_CHECKING:
    from pathlib import Path
    from sqlite3 import Connection

TABLES = ("gathered", "recent", "delivered", "sieve")


def hashes(number: int, seed: int = 0) -> list[bytes]:
    made_up = random.Random(seed)  # noqa: S311  the same every time
    return [made_up.randbytes(16) for _ in range(number)]


def opened(path: Path) -> Connection:
    Ledger(path).close()
    return connect(path)


def kept(db: Connection, table: str) -> int:
    (number,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  one of TABLES
    return int(number)


def test_hashes_are_known_while_they_move(tmp_path: Path) -> None:
    """Those of the lines, those sorted in lately, and all that came before."""
    db = opened(tmp_path / "ledger")
    delivered = Delivered(db, most_gathered=50, most_recent=300)
    known, strangers, used = hashes(1000), hashes(1000, seed=1), set[str]()
    assert delivered.is_empty()
    for count in range(7, 1000, 7):
        delivered.add(known[count - 7 : count])
        assert Earlier(db).among(known[:count] + strangers) == {*known[:count]}
        used |= {table for table in TABLES if kept(db, table)}
    assert not delivered.is_empty()
    assert used == {*TABLES}


def test_one_that_looked_before_knows_who_was_delivered_then(tmp_path: Path) -> None:
    """Another run may sort in, and move, what was gathered or recent until then."""
    db = opened(tmp_path / "ledger")
    delivered = Delivered(db, most_gathered=50, most_recent=300)
    known, looks = hashes(1000), []
    for count in range(7, 1000, 7):
        delivered.add(known[count - 7 : count])
        looks.append((count, Earlier(db)))
    for count, earlier in looks:
        assert earlier.among(known) >= {*known[:count]}


def test_hashes_in_order_without_a_sieve_are_known(tmp_path: Path) -> None:
    """There is none at first; it is made when some are sorted in."""
    db = opened(tmp_path / "ledger")
    old, new = hashes(500), hashes(500, seed=1)
    for table in ("recent", "delivered"):
        every = ((digest,) for digest in old)
        db.executemany(f"INSERT INTO {table} VALUES (?)", every)  # noqa: S608  one of TABLES
    assert Earlier(db).among(old + new) == {*old}
    Delivered(db, most_gathered=50).add(new[:100])
    assert kept(db, "sieve")
    assert Earlier(db).among(old + new) == {*old, *new[:100]}


def test_ledger_of_an_earlier_version_gets_its_sieve(tmp_path: Path) -> None:
    db = opened(tmp_path / "ledger")
    old, new = hashes(500), hashes(500, seed=1)
    with db:
        db.execute("DROP TRIGGER delivered_by_way_of_recent")
        db.execute("DROP TABLE recent")
        db.execute("DROP TABLE sieve")
        db.execute("PRAGMA user_version = 4")
        db.executemany("INSERT INTO delivered VALUES (?)", ((one,) for one in old))
    db.close()
    db = opened(tmp_path / "ledger")
    assert kept(db, "sieve")
    assert Earlier(db).among(old + new) == {*old}


def test_earlier_version_that_is_still_at_work_is_stopped(tmp_path: Path) -> None:
    """It would put hashes in order of which the sieve knows nothing."""
    db = opened(tmp_path / "ledger")
    with pytest.raises(LedgerUnusable, match="a newer leadctl has this ledger"):
        db.execute("INSERT INTO delivered VALUES (?)", hashes(1))


def test_sieve_passes_what_was_put_in_and_little_else() -> None:
    count = SMALLEST * 8 // 12
    sieve = Sieve.of_size(count)
    assert len(sieve.bits) == SMALLEST
    known, strangers = hashes(count), hashes(count, seed=1)
    sieve.add(b"".join(known))
    assert sieve.passing(known) == known
    assert len(sieve.passing(strangers)) < count / 10
    assert not sieve.is_full


def test_full_sieve_is_made_anew_and_larger(tmp_path: Path) -> None:
    db = opened(tmp_path / "ledger")
    delivered = Delivered(db)
    known = hashes(400_000)
    for at in range(0, len(known), 1000):
        delivered.add(known[at : at + 1000])
    assert kept(db, "sieve") > 1
    assert Earlier(db).among(known[::100]) == {*known[::100]}
