"""The filter passes all who are delivered, and few others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from deliveries import delivering, hashes, keep, opened

from leadctl.bloom import Bloom
from leadctl.database import connect
from leadctl.delivered import Earlier
from leadctl.errors import LedgerDamaged
from leadctl.hashes import parts
from leadctl.ledger import Ledger
from leadctl.segments import Segments

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.database import Connection


def filled(db: Connection, every: list[bytes], room: int) -> None:
    """Make a filter with room for so many."""
    with db.transaction():
        Bloom(db).make(room, parts([b"".join(every)]).__getitem__)


@pytest.mark.parametrize(
    ("put_in", "most"), [(512, 0), (2**12, 0.005), (4 * 2**12, 0.02)]
)
def test_filter_passes_what_was_put_in_and_little_else(
    tmp_path: Path, put_in: int, most: float
) -> None:
    """Full, it has four hashes for each of the 4,096 words of a part."""
    db = opened(tmp_path / "ledger")
    every = [b"\7" + digest[1:] for digest in hashes(put_in + 10_000)]  # one part
    known, strangers = every[:put_in], every[put_in:]
    filled(db, known[::2], room=1)
    with db.transaction():
        Bloom(db).add(parts([b"".join(known[1::2])]).__getitem__)
    bloom = Bloom(db)
    assert bloom.passing(known) == known
    assert len(bloom.passing(strangers)) <= most * len(strangers)
    assert bloom.passing([b"\6" + digest[1:] for digest in known]) == []
    assert bloom.passing([]) == []


def test_filter_grows_with_the_ledger(tmp_path: Path) -> None:
    """When it has no room it is made anew, of all segments."""
    db = opened(tmp_path / "ledger")
    known = hashes(4000)
    size = "SELECT sum(length(words)) FROM bloom_filter"
    for at, count, expected in (
        (0, 4_000_000, 8),
        (1000, 190_000, 8),
        (2000, 12_000_000, 32),
        (3000, 200_000_000, 128),
    ):
        every = parts([b"".join(known[at : at + 1000])])
        with db.transaction():
            Segments(db).take_over(every.__getitem__, count)
        assert db.execute(size).fetchone() == (expected * 2**20,)
        assert Segments(db).among(known) == {*known[: at + 1000]}


def test_one_that_looks_while_the_filter_is_made_anew_knows_all(tmp_path: Path) -> None:
    """It has read tables of one size, and needs others that are wider now."""
    db = opened(tmp_path / "ledger")
    known = hashes(2000)
    first = [digest for digest in known if digest[0] < 128]
    keep(db, known)
    earlier = Earlier(db)
    assert earlier.among(first) == {*first}
    filled(db, known, room=10_000_000)
    assert earlier.among(first) == {*first}
    assert earlier.among(known) == {*known}
    assert earlier.among(first) == {*first}


def test_whom_the_filter_lacks_is_looked_for_all_the_same(tmp_path: Path) -> None:
    """As it is while a run puts away, and when that was killed: merged or not."""
    db = opened(tmp_path / "ledger")
    known, strangers = hashes(1500), hashes(500, seed=1)
    delivered = delivering(db)
    for at in range(0, 1500, 50):
        with db.transaction():
            delivered.add(known[at : at + 50])
        assert Earlier(db).among(known + strangers) == {*known[: at + 50]}
    assert {*db.execute("SELECT in_filter FROM segments")} == {(0,)}
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.catch_up()
    assert {*db.execute("SELECT in_filter FROM segments")} == {(1,)}
    assert Bloom(db).passing(known) == known
    assert Earlier(db).among(known + strangers) == {*known}


def test_one_that_looked_before_the_filter_was_filled_knows_all(tmp_path: Path) -> None:
    """Those it looked for in segments are in the filter now, and merged."""
    db, other = opened(tmp_path / "ledger"), connect(tmp_path / "ledger")
    known = hashes(1200)
    keep(other, known[:400])
    delivered = delivering(other, at_once=400)
    with other.transaction():
        delivered.add(known[400:800])
    earlier = Earlier(db)
    assert earlier.among(known) == {*known[:800]}
    with other.transaction():
        delivered.add(known[800:])  # the third: all are merged
        delivered.sift()
    assert other.execute("SELECT in_filter FROM segments").fetchall() == [(1,)]
    assert earlier.among(known) == {*known}


def test_filter_is_filled_when_those_it_has_are_merged_with_others(
    tmp_path: Path,
) -> None:
    """Whoever looks would be without it for all of them."""
    db = opened(tmp_path / "ledger")
    known = hashes(150)
    keep(db, known[:50])
    delivered = delivering(db)
    for at in (50, 100):
        with db.transaction():
            delivered.add(known[at : at + 50])
    assert db.execute("SELECT count, in_filter FROM segments").fetchall() == [(150, 1)]
    assert Bloom(db).passing(known) == known
    assert Earlier(db).among(known) == {*known}


def test_filter_that_is_missing_passes_all(tmp_path: Path) -> None:
    """Nobody is sent again for want of it; what is put away next makes it anew."""
    db = opened(tmp_path / "ledger")
    known, strangers = hashes(1000), hashes(100, seed=1)
    keep(db, known)
    db.execute("DELETE FROM bloom_filter")
    assert Earlier(db).among(known + strangers) == {*known}
    keep(db, hashes(100, seed=2))
    assert Bloom(db).passing(known) == known
    assert len(Bloom(db).passing(strangers)) < len(strangers)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM bloom_filter WHERE part = ?",
        "UPDATE bloom_filter SET words = x'00' WHERE part = ?",
        "UPDATE bloom_filter SET words = words || words WHERE part = ?",
    ],
)
def test_filter_that_lacks_a_part_is_damage(tmp_path: Path, damage: str) -> None:
    """Whom it would pass nobody knows, and what is put in would be lost."""
    db = opened(tmp_path / "ledger")
    known = hashes(1000)
    keep(db, known)
    db.execute(damage, (known[0][0],))
    with pytest.raises(LedgerDamaged, match="part of the filter is missing"):
        Earlier(db).among(known)
    with pytest.raises(LedgerDamaged):
        keep(db, hashes(100, seed=2))


def test_filter_is_read_of_one_state(tmp_path: Path) -> None:
    """Another run may make it anew between two questions of one that reads it."""

    class Beside(Bloom):
        is_remade = True

        def _words(self) -> int:
            words = super()._words()
            if not self.is_remade:
                self.is_remade = True
                filled(other, known, room=10_000_000)
            return words

    db = opened(tmp_path / "ledger")
    other = connect(tmp_path / "ledger")
    known = hashes(1000)
    first = [digest for digest in known if digest[0] < 128]
    filled(db, known, room=1)
    bloom = Beside(db)
    assert bloom.passing(first) == first
    bloom.is_remade = False
    assert bloom.passing(known) == known


def test_one_lead_is_looked_for_in_one_part(tmp_path: Path) -> None:
    """A run of few leads beside millions reads little of the filter, and once."""
    db = opened(tmp_path / "ledger")
    known = hashes(1000)
    keep(db, known)
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    earlier = Earlier(db)
    for _ in range(2):
        assert earlier.among(known[:1]) == {*known[:1]}
    assert sum("SELECT words FROM bloom_filter" in one for one in statements) == 1


def test_filter_is_stored_low_byte_first(tmp_path: Path) -> None:
    """As ledgers have it: another order, or other bits, need another schema."""
    db = opened(tmp_path / "ledger")
    filled(db, [bytes([7, 2, 0, 0, 3]) + bytes(11)], room=1)
    (stored,) = db.execute("SELECT words FROM bloom_filter WHERE part = 7").fetchone()
    low, high = 1 | 1 << 1 | 1 << 13, 1 << 3 | 1 << 4 | 1 << 16
    assert stored[16:24] == (high << 32 | low).to_bytes(8, "little")
    assert not any(stored[:16] + stored[24:])
