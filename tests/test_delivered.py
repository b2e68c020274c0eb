"""Who is delivered is known exactly, wherever their hashes are kept."""

from __future__ import annotations

import random
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from leadctl.database import connect
from leadctl.delivered import Delivered, Earlier
from leadctl.errors import LedgerUnusable
from leadctl.ledger import Ledger
from leadctl.segments import Segments, cut, holds
from leadctl.sieve import SMALLEST, Sieve

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.database import Connection


def hashes(number: int, seed: int = 0) -> list[bytes]:
    made_up = random.Random(seed)  # noqa: S311  the same every time
    return [made_up.randbytes(16) for _ in range(number)]


def opened(path: Path) -> Connection:
    Ledger(path).close()
    return connect(path)


def delivering(db: Connection) -> Delivered:
    """Put away a few at a time, in pages and levels of a few."""
    return Delivered(db, 50, Segments(db, alike=3, on_page=8))


def levels(db: Connection) -> list[int]:
    """Return how many segments there are of each level."""
    rows = db.execute("SELECT level FROM segments").fetchall()
    found = Counter(level for (level,) in rows)
    return [found[level] for level in range(max(found, default=-1) + 1)]


def test_hashes_are_known_while_they_move(tmp_path: Path) -> None:
    """Those of the lines, and those of segments of every level."""
    db = opened(tmp_path / "ledger")
    delivered = delivering(db)
    known, strangers = hashes(2500), hashes(1000, seed=1)
    assert delivered.is_empty()
    for count in range(7, 2500, 7):
        delivered.add(known[count - 7 : count])
        assert Earlier(db).among(known[:count] + strangers) == {*known[:count]}
        assert all(number < 3 for number in levels(db))
    assert not delivered.is_empty()
    assert len(levels(db)) >= 4
    for pages, bits in db.execute(
        "SELECT (SELECT count(*) FROM pages WHERE place >> 32 = number), bits"
        " FROM segments"
    ).fetchall():
        assert pages == 1 << bits


def test_one_that_looked_before_knows_who_was_delivered_then(tmp_path: Path) -> None:
    """Another run may put away, and merge, what was gathered or kept until then."""
    db = opened(tmp_path / "ledger")
    delivered = delivering(db)
    known, looks = hashes(1000), []
    for count in range(7, 1000, 7):
        delivered.add(known[count - 7 : count])
        looks.append((count, Earlier(db)))
    for count, earlier in looks:
        assert earlier.among(known) >= {*known[:count]}


def test_one_that_looks_while_another_merges_sees_all(tmp_path: Path) -> None:
    """Whatever is moved between two of its questions: it sees one state of them."""

    def put_away() -> None:
        own = connect(tmp_path / "ledger")
        delivered = delivering(own)
        for at in range(1000, 4000, 50):
            own.execute("BEGIN IMMEDIATE")
            delivered.add(known[at : at + 50])
            own.execute("COMMIT")
        own.close()

    db = opened(tmp_path / "ledger")
    known = hashes(4000)
    delivering(db).add(known[:1000])
    earlier = Earlier(db)
    thread = threading.Thread(target=put_away)
    thread.start()
    looks = 0
    while thread.is_alive() or not looks:
        assert earlier.among(known[:1000]) == {*known[:1000]}
        looks += 1
    thread.join()
    assert Earlier(db).among(known) == {*known}


def test_one_that_looks_leaves_other_threads_their_transactions(
    tmp_path: Path,
) -> None:
    """A token is counted by the thread that fetches it, while rows are read."""

    def count() -> None:
        try:
            for number in range(300):
                ledger.postpone("account", float(number))
        except LedgerUnusable as error:
            failed.append(error)

    failed: list[LedgerUnusable] = []
    known = hashes(300)
    with Ledger(tmp_path / "ledger") as ledger:
        db = connect(tmp_path / "ledger")
        Delivered(db, most_gathered=100).add(known)
        among = ledger.delivered()
        thread = threading.Thread(target=count)
        thread.start()
        while thread.is_alive():
            assert among(known) == {*known}
        thread.join()
        assert failed == []
        (kept,) = db.execute("SELECT next FROM pace").fetchone()
        assert kept == 299


def test_hash_across_the_border_of_two_is_none_of_them(tmp_path: Path) -> None:
    """As it may begin with the end of one: only a whole one counts."""
    db = opened(tmp_path / "ledger")
    one, other = b"\0" * 8 + b"made-up.", b"made-up." + b"\0" * 8
    across = b"made-up." * 2
    Delivered(db, most_gathered=1).add([one, other])
    segments = Segments(db)
    assert segments.among([one, other, across]) == {one, other}
    assert not holds(one + other, across)
    assert holds(one + other + across, across)


def schema_5(path: Path, recent: list[bytes], delivered: list[bytes]) -> None:
    """Make a ledger as the version before this one kept it."""
    db = opened(path)
    for script in ("DROP TABLE segments", "DROP TABLE pages", "DELETE FROM sieve"):
        db.execute(script)
    for table, every in (("recent", recent), ("delivered", delivered)):
        db.execute(f"CREATE TABLE {table} (digest BLOB PRIMARY KEY) WITHOUT ROWID")
        db.executemany(f"INSERT INTO {table} VALUES (?)", ((one,) for one in every))  # noqa: S608  our own words
    db.execute(
        "CREATE TRIGGER delivered_by_way_of_recent BEFORE INSERT ON delivered"
        " WHEN NEW.digest NOT IN (SELECT digest FROM recent)"
        " BEGIN SELECT RAISE(ABORT, 'a newer leadctl has this ledger now'); END"
    )
    db.execute("PRAGMA user_version = 5")
    db.close()


@pytest.mark.parametrize("number", [0, 1, 500, 5000])
def test_ledger_of_the_version_before_is_taken_over(
    tmp_path: Path, number: int
) -> None:
    """All three kinds are known as before; one in two of them counts once."""
    old = hashes(2 * number)
    schema_5(tmp_path / "ledger", old[: number + number // 10], old[number:])
    db = opened(tmp_path / "ledger")
    assert Earlier(db).among(old + hashes(100, seed=1)) == {*old}
    every = b"".join(Segments(db).pages())
    assert sorted(cut(every)) == sorted(old)
    delivered = delivering(db)
    new = hashes(700, seed=2)
    for at in range(0, 700, 50):
        delivered.add(new[at : at + 50])
    assert Earlier(db).among(old + new) == {*old, *new}
    tables = db.execute("SELECT name FROM sqlite_schema").fetchall()
    assert not {("recent",), ("delivered",)} & {*tables}


def test_earlier_version_that_is_still_at_work_is_stopped(tmp_path: Path) -> None:
    """It would look for the trees, and know nobody."""
    schema_5(tmp_path / "ledger", hashes(5), [])
    theirs = connect(tmp_path / "ledger")
    assert theirs.execute("SELECT count(*) FROM recent").fetchone() == (5,)
    opened(tmp_path / "ledger").close()
    for statement in (
        "SELECT digest FROM recent WHERE digest IN (x'00')",
        "SELECT digest FROM delivered WHERE digest IN (x'00')",
        "INSERT INTO recent VALUES (x'00')",
    ):
        with pytest.raises(LedgerUnusable, match="no such table"):
            theirs.execute(statement)


def test_sieve_passes_what_was_put_in_and_little_else() -> None:
    count = SMALLEST * 8 // 12
    sieve = Sieve.of_size(count)
    assert len(sieve.bits) == SMALLEST
    known, strangers = hashes(count), hashes(count, seed=1)
    sieve.add(b"".join(known))
    assert sieve.passing(known) == known
    assert len(sieve.passing(strangers)) < count / 25
    assert not sieve.is_full


def test_full_sieve_is_made_anew_and_larger(tmp_path: Path) -> None:
    db = opened(tmp_path / "ledger")
    delivered = Delivered(db)
    known = hashes(400_000)
    for at in range(0, len(known), 1000):
        delivered.add(known[at : at + 1000])
    assert db.execute("SELECT count(*) FROM sieve").fetchone()[0] > 1
    assert Earlier(db).among(known[::100]) == {*known[::100]}
