"""Who is delivered is known exactly, wherever their hashes are kept."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from deliveries import delivering, hashes, keep, opened

from leadctl.database import connect
from leadctl.delivered import Delivered, Earlier
from leadctl.errors import LedgerUnusable
from leadctl.hashes import parts
from leadctl.ledger import Ledger
from leadctl.segments import Segment, Segments, holds

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.database import Connection


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
    numbers = {*db.execute("SELECT number FROM segments")}
    assert {*db.execute("SELECT place >> 32 FROM binned")} == numbers


def test_pages_are_as_many_as_a_segment_needs(tmp_path: Path) -> None:
    """A part is one page at least, and 256 at most."""
    db = opened(tmp_path / "ledger")
    for count in (4000, 100_000, 400_000, 9_000_000, 90_000_000):
        segments = Segments(db, on_page=400)
        every = parts(hashes(4000))
        with db.transaction():
            segments.take_over(every.__getitem__, count)
    found = db.execute(
        "SELECT bits, count(*) FROM binned JOIN segments ON number = place >> 32"
        " GROUP BY number"
    ).fetchall()
    assert found == [(bits, 2**bits) for bits in (8, 8, 10, 15, 16)]
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


def test_segment_counts_what_it_holds(tmp_path: Path) -> None:
    """Whatever another run has gathered, or put away, since this one counted."""
    db, other = opened(tmp_path / "ledger"), connect(tmp_path / "ledger")
    known = hashes(170)
    one, two = Delivered(db, most_gathered=100), Delivered(other, most_gathered=100)
    for run, first, last in ((one, 0, 60), (two, 60, 120), (one, 120, 170)):
        run.add(known[first:last])
    assert db.execute("SELECT count FROM segments").fetchall() == [(120,), (50,)]
    assert Earlier(db).among(known) == {*known}


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


def test_segments_are_asked_together(tmp_path: Path) -> None:
    """First the one that held most of those before, then all others at once."""
    db = opened(tmp_path / "ledger")
    known = hashes(400)
    for at in range(0, 400, 100):
        keep(db, known[at : at + 100])
    segments = Segments(db)
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    for some, asked in (
        (known[100:200], 1),
        (known[110:200], 1),
        (known[150:250], 2),
        (hashes(100, seed=1), 0),
    ):
        statements.clear()
        assert segments.among(some) == {*some} & {*known}
        assert sum("FROM binned" in one for one in statements) == asked


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


def test_merge_between_two_questions_is_not_taken_for_damage(tmp_path: Path) -> None:
    """What segments there are and what they hold is read of one state."""

    class Beside(Segments):
        """Another run merges whenever somebody has read which segments there are."""

        def _found(self, which: str = "", *values: int) -> list[Segment]:
            found = super()._found(which, *values)
            with other.transaction():
                Segments(other, alike=2).add([b"".join(more)], len(more))
            return found

    db = opened(tmp_path / "ledger")
    other = connect(tmp_path / "ledger")
    known, more = hashes(1000), hashes(10, seed=1)
    with db.transaction():
        Segments(db).add([b"".join(known)], len(known))
    assert Beside(db).among(known) == {*known}
    assert len(Segments(db).among(more)) == len(more)


def test_one_that_looks_leaves_other_threads_their_transactions(
    tmp_path: Path,
) -> None:
    """A token is counted by the thread that fetches it, while rows are read.

    Another run writes meanwhile: what was begun to be read is of the past by then.
    """

    def count() -> None:
        try:
            for number in range(300):
                ledger.postpone("account", float(number))
        except LedgerUnusable as error:
            failed.append(error)
        ended.set()

    def write() -> None:
        while not ended.wait(0.002):
            other.postpone("other", 1.0)

    failed: list[LedgerUnusable] = []
    ended = threading.Event()
    known, path = hashes(400), tmp_path / "ledger"
    with Ledger(path) as ledger, Ledger(path) as other, ThreadPoolExecutor() as pool:
        db = connect(path)
        Delivered(db, most_gathered=100).add(known)
        among = ledger.delivered()
        others = pool.submit(write), pool.submit(count)
        while not ended.is_set():
            assert among(known) == {*known}
            assert ledger.in_doubt(known) == set()
        for one in others:
            one.result()
        assert failed == []
        (kept,) = db.execute("SELECT next FROM pace WHERE scope = 'account'").fetchone()
        assert kept == 299


def test_missing_page_is_damage(tmp_path: Path) -> None:
    """Who was on it cannot be told from a stranger, and would be sent again."""
    db = opened(tmp_path / "ledger")
    known = hashes(100)
    Delivered(db, most_gathered=1).add(known)
    earlier = Earlier(db)
    assert earlier.among(known) == {*known}
    db.execute("DELETE FROM binned WHERE place & 0xff = ?", (known[0][0],))
    with pytest.raises(LedgerUnusable, match="has lost a page") as caught:
        earlier.among(known)
    assert "bring back a copy" in str(caught.value.hint)


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
