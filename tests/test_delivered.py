"""Who is delivered is known exactly, wherever their hashes are kept."""

from __future__ import annotations

import random
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from leadctl.bins import BINS, bins, cut, parts
from leadctl.database import connect
from leadctl.delivered import Delivered, Earlier
from leadctl.errors import LedgerUnusable
from leadctl.ledger import Ledger
from leadctl.segments import Segments, holds
from leadctl.sieve import Sieve

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
        with db.transaction():
            delivered.add(known[count - 7 : count])
        assert Earlier(db).among(known[:count] + strangers) == {*known[:count]}
        assert all(number < 3 for number in levels(db))
    assert not delivered.is_empty()
    assert len(levels(db)) >= 4
    for number in (  # nothing of a merged segment stays
        "SELECT place >> 32 FROM binned",
        "SELECT place % (1 << 32) FROM sieved",
    ):
        assert {*db.execute(number)} == {*db.execute("SELECT number FROM segments")}


def test_pages_are_as_many_as_a_segment_needs(tmp_path: Path) -> None:
    """A part is one page at least, a bin one at most."""
    db = opened(tmp_path / "ledger")
    for count in (4000, 100_000, 400_000, 9_000_000):
        segments = Segments(db, on_page=400)
        every = parts(hashes(4000))
        with db.transaction():
            segments.take_over(every.__getitem__, count)
    found = db.execute(
        "SELECT bits, count(*) FROM binned JOIN segments ON number = place >> 32"
        " GROUP BY number"
    ).fetchall()
    assert found == [(8, 256), (8, 256), (10, 1024), (15, 256 * BINS)]
    assert Segments(db).among(hashes(4000)) == {*hashes(4000)}


def test_run_leaves_few_that_others_have_to_hold(tmp_path: Path) -> None:
    """What it has gathered at its end becomes a segment, unless it is little."""
    db = opened(tmp_path / "ledger")
    known, strangers = hashes(1000), hashes(500, seed=1)
    for first, last, found in ((0, 400, []), (400, 401, [1]), (401, 801, [1])):
        delivered = Delivered(db, most_gathered=2000)
        with db.transaction():
            delivered.add(known[first:last])
            delivered.end(most=400)
        assert Earlier(db).among(known + strangers) == {*known[:last]}
        assert levels(db) == found


def test_many_short_lines_are_put_away_whole(tmp_path: Path) -> None:
    """As providers leave them that take one lead a request."""
    db = opened(tmp_path / "ledger")
    known = hashes(1001)
    delivered = Delivered(db, most_gathered=1001)
    with db.transaction():
        for digest in known:
            delivered.add([digest])
    assert levels(db) == [1]
    assert Earlier(db).among(known) == {*known}


def test_whoever_asks_writes_nothing(tmp_path: Path) -> None:
    """A dry run looks at the ledger beside a push, on a full disk, without leave."""
    db = opened(tmp_path / "ledger")
    known = hashes(3000)
    with db.transaction():
        Delivered(db, most_gathered=10_000).add(known)
    other = connect(tmp_path / "ledger")
    with db.transaction():
        assert Earlier(other).among(known) == {*known}
    other.execute("PRAGMA query_only = ON")
    assert Earlier(other).among(known) == {*known}


def test_one_that_looked_before_knows_who_was_delivered_then(tmp_path: Path) -> None:
    """Another run may put away, and merge, what was gathered or kept until then."""
    db = opened(tmp_path / "ledger")
    delivered = delivering(db)
    known, looks = hashes(1000), []
    for count in range(7, 1000, 7):
        with db.transaction():
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
            with own.transaction():
                delivered.add(known[at : at + 50])
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
    """Make a ledger that keeps who is delivered in two trees."""
    db = opened(path)
    for script in ("DROP TABLE segments", "DROP TABLE binned", "DROP TABLE sieved"):
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
    for script in ("DROP TABLE binned", "DROP TABLE sieved"):
        db.execute(script)
    db.execute("CREATE TABLE sieve (part INTEGER PRIMARY KEY, bits BLOB NOT NULL)")
    db.execute("CREATE TABLE pages (place INTEGER PRIMARY KEY, digests BLOB NOT NULL)")
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


@pytest.mark.parametrize("bits", [8, 10, 14])
def test_bins_of_the_version_before_are_taken_over(tmp_path: Path, bits: int) -> None:
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
    gone = {"recent", "delivered", "pages", "sieve", "hashes", "prints"}
    assert not gone & tables


def test_earlier_versions_that_are_still_at_work_are_stopped(tmp_path: Path) -> None:
    """They would look where nothing is any more, and know nobody."""
    schema_5(tmp_path / "5", hashes(5), [])
    schema_6(tmp_path / "6", (hashes(5), 0))
    schema_7(tmp_path / "7", (hashes(5), 8))
    theirs = {number: connect(tmp_path / number) for number in "567"}
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
    ):
        with pytest.raises(LedgerUnusable, match="no such table"):
            theirs[number].execute(statement)


def test_sieve_passes_what_was_put_in_and_little_else(tmp_path: Path) -> None:
    """Of strangers those that share 15 bits with one of their bin's, here 40."""
    db = opened(tmp_path / "ledger")
    known, strangers = hashes(BINS * 40), hashes(BINS * 500, seed=1)
    known = [b"\7" + digest[1:] for digest in known]  # one part
    strangers = [b"\7" + digest[1:] for digest in strangers]
    for segment in (1, 2):
        Sieve(db).add(segment, 7, bins(b"".join(known[segment - 1 :: 2])))
    sieve = Sieve(db)
    assert sieve.passing(known) == known
    passed = len(sieve.passing(strangers))
    assert 0.5 < passed / (len(strangers) * 40 / 2**15) < 2
    assert sieve.passing([b"\6" + digest[1:] for digest in known]) == []
    sieve.drop(1)
    assert Sieve(db).passing(known[1::2]) == known[1::2]
    assert len(Sieve(db).passing(known[::2])) < len(known) / 100


def test_one_lead_is_looked_for_in_one_part(tmp_path: Path) -> None:
    """A run of few leads beside millions reads little of their bits, and once."""
    db = opened(tmp_path / "ledger")
    known = hashes(1000)
    delivering(db).add(known)
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    earlier = Earlier(db)
    for _ in range(2):
        assert earlier.among(known[:1]) == {*known[:1]}
    assert sum("FROM sieved" in statement for statement in statements) == 1


def test_every_value_of_the_bits_is_told_from_every_other(tmp_path: Path) -> None:
    """Among them all that UTF-16 has a use for."""
    db = opened(tmp_path / "ledger")
    every = [b"\0\0" + word.to_bytes(2, "little") * 7 for word in range(2**16)]
    Sieve(db).add(1, 0, bins(b"".join(every[::2])))
    assert Sieve(db).passing(every) == every[::2]
