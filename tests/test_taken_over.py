"""Who is delivered is known as well where an earlier version of the ledger kept it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from deliveries import delivering, hashes, keep, opened

from leadctl.bloom import Bloom
from leadctl.database import connect
from leadctl.delivered import Earlier
from leadctl.errors import LedgerUnusable
from leadctl.hashes import cut

if TYPE_CHECKING:
    from pathlib import Path


def schema_5(path: Path, recent: list[bytes], delivered: list[bytes]) -> None:
    """Make a ledger that keeps who is delivered in two trees."""
    db = opened(path)
    for script in (
        "DROP TABLE segments",
        "DROP TABLE binned",
        "DROP TABLE bloom_filter",
    ):
        db.execute(script)
    db.execute("CREATE TABLE sieve (part INTEGER PRIMARY KEY, bits BLOB NOT NULL)")
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


def schema_6(path: Path, *segments: tuple[list[bytes], int]) -> None:
    """Make a ledger that keeps them in pages, by so many first bits of a segment's."""
    db = opened(path)
    db.execute("DROP TABLE bloom_filter")
    db.execute("ALTER TABLE segments DROP COLUMN in_filter")
    db.execute("CREATE TABLE sieve (part INTEGER PRIMARY KEY, bits BLOB NOT NULL)")
    db.execute("ALTER TABLE binned RENAME TO pages")
    for number, (every, bits) in enumerate(segments, start=1):
        pages: dict[int, bytes] = dict.fromkeys(range(1 << bits), b"")
        for digest in every:
            pages[int.from_bytes(digest[:4]) >> 32 - bits] += digest
        db.execute(
            "INSERT INTO segments VALUES (?, 0, ?, ?)", (number, bits, len(every))
        )
        db.executemany(
            "INSERT INTO pages VALUES (?, ?)",
            ((number << 32 | page, digests) for page, digests in pages.items()),
        )
    db.execute("PRAGMA user_version = 6")
    db.close()


def schema_7(path: Path, *segments: tuple[list[bytes], int]) -> None:
    """Make a ledger of pages by so many bits, with the prints of 64 bins a part."""
    schema_6(path, *segments)
    db = connect(path)
    db.execute("DROP TABLE sieve")
    db.execute("ALTER TABLE pages RENAME TO hashes")
    db.execute("CREATE TABLE prints (place INTEGER PRIMARY KEY, prints BLOB NOT NULL)")
    db.executemany(
        "INSERT INTO prints VALUES (?, ?)",
        ((part << 32 | 1, bytes(4 * 64)) for part in range(256)),
    )
    db.execute("PRAGMA user_version = 7")
    db.close()


def schema_8(path: Path, *segments: tuple[list[bytes], int]) -> None:
    """Make a ledger of pages by so many bits, with prints that nobody reads."""
    schema_7(path, *segments)
    db = connect(path)
    db.execute("ALTER TABLE hashes RENAME TO binned")
    db.execute("ALTER TABLE prints RENAME TO sieved")
    db.execute("PRAGMA user_version = 8")
    db.close()


def schema_9(path: Path, every: list[bytes]) -> None:
    """Make a ledger whose filter has all that is put away."""
    db = opened(path)
    keep(db, every)
    db.execute("ALTER TABLE segments DROP COLUMN in_filter")
    db.execute("ALTER TABLE bloom_filter RENAME TO bloom")
    db.execute("PRAGMA user_version = 9")
    db.close()


def test_filter_of_the_version_before_is_kept(tmp_path: Path) -> None:
    old, strangers = hashes(1000), hashes(100, seed=1)
    schema_9(tmp_path / "ledger", old)
    db = opened(tmp_path / "ledger")
    assert Bloom(db).passing(old + strangers) == old
    assert_taken_over(tmp_path / "ledger", old)


@pytest.mark.parametrize("bits", [8, 11])
def test_pages_of_an_earlier_version_get_a_filter(tmp_path: Path, bits: int) -> None:
    """They stay as they are."""
    old = hashes(1700)
    schema_8(tmp_path / "ledger", (old[:700], bits), (old[700:], 8))
    assert_taken_over(tmp_path / "ledger", old)


def test_empty_ledger_of_an_earlier_version_gets_no_filter(tmp_path: Path) -> None:
    schema_8(tmp_path / "ledger")
    db = opened(tmp_path / "ledger")
    assert db.execute("SELECT count(*) FROM bloom_filter").fetchone() == (0,)


@pytest.mark.parametrize("bits", [8, 10, 14])
def test_bins_of_an_earlier_version_are_taken_over(tmp_path: Path, bits: int) -> None:
    """However many bins it has: its prints are not looked at."""
    old = hashes(1700)
    schema_7(tmp_path / "ledger", (old[:700], bits), (old[700:], 8))
    assert_taken_over(tmp_path / "ledger", old)


@pytest.mark.parametrize("number", [0, 1, 500, 5000])
def test_trees_of_an_earlier_version_are_taken_over(
    tmp_path: Path, number: int
) -> None:
    """Both trees are known as before; one in two of them counts once."""
    old = hashes(2 * number)
    schema_5(tmp_path / "ledger", old[: number + number // 10], old[number:])
    assert_taken_over(tmp_path / "ledger", old)


@pytest.mark.parametrize("bits", [0, 3, 8, 11])
def test_pages_of_an_earlier_version_are_taken_over(tmp_path: Path, bits: int) -> None:
    """Whether a page has several parts, or a part several pages."""
    old = hashes(1700)
    schema_6(tmp_path / "ledger", (old[:700], bits), (old[700:1700], 5), ([], 0))
    assert_taken_over(tmp_path / "ledger", old)


def assert_taken_over(path: Path, old: list[bytes]) -> None:
    db = opened(path)
    assert Earlier(db).among(old + hashes(100, seed=1)) == {*old}
    rows = db.execute("SELECT digests FROM binned").fetchall()
    assert sorted(cut(b"".join(page for (page,) in rows))) == sorted(old)
    delivered = delivering(db)
    new = hashes(700, seed=2)
    for at in range(0, 700, 50):
        with db.transaction():
            delivered.add(new[at : at + 50])
    assert Earlier(db).among(old + new) == {*old, *new}
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
    gone = {
        "recent",
        "delivered",
        "pages",
        "sieve",
        "hashes",
        "prints",
        "sieved",
        "bloom",
    }
    assert not gone & tables


def test_earlier_versions_that_are_still_at_work_are_stopped(tmp_path: Path) -> None:
    """They would look where nothing is any more, or write what is in no filter."""
    schema_5(tmp_path / "5", hashes(5), [])
    schema_6(tmp_path / "6", (hashes(5), 0))
    schema_7(tmp_path / "7", (hashes(5), 8))
    schema_8(tmp_path / "8", (hashes(5), 8))
    schema_9(tmp_path / "9", hashes(5))
    theirs = {number: connect(tmp_path / number) for number in "56789"}
    assert theirs["5"].execute("SELECT count(*) FROM recent").fetchone() == (5,)
    assert theirs["6"].execute("SELECT count(*) FROM pages").fetchone() == (1,)
    for number in theirs:
        opened(tmp_path / number).close()
    for number, statement in (
        ("5", "SELECT digest FROM recent WHERE digest IN (x'00')"),
        ("5", "SELECT digest FROM delivered WHERE digest IN (x'00')"),
        ("5", "INSERT INTO recent VALUES (x'00')"),
        ("6", "SELECT place, digests FROM pages WHERE place IN (0)"),
        ("6", "SELECT bits FROM sieve ORDER BY part"),
        ("6", "INSERT INTO pages VALUES (0, x'00')"),
        ("7", "SELECT place, digests FROM hashes WHERE place IN (0)"),
        ("7", "SELECT prints FROM prints WHERE place BETWEEN 0 AND 1"),
        ("7", "INSERT INTO hashes VALUES (0, x'00')"),
        ("8", "SELECT prints FROM sieved WHERE place BETWEEN 0 AND 1"),
        ("8", "INSERT INTO sieved VALUES (0, x'00')"),
        ("9", "SELECT length(words) FROM bloom LIMIT 1"),
        ("9", "UPDATE bloom SET words = x'00' WHERE part = 0"),
    ):
        with pytest.raises(LedgerUnusable, match="no such table"):
            theirs[number].execute(statement)
