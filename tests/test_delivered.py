"""Delivered leads and their runs are known exactly, in the log and in the table."""

from __future__ import annotations

import random
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from leadctl.ledger import open_ledger
from leadctl.ledger.records import NewRun
from leadctl.ledger.sqlite.connection import connect
from leadctl.ledger.sqlite.delivered import (
    MOST_LOGGED,
    DeliveredLog,
    SqliteDeliveredIndex,
)
from leadctl.model.errors import LedgerUnusable

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push

    from leadctl.ledger.sqlite.connection import Connection


def hashes(number: int, seed: int = 0) -> list[bytes]:
    made_up = random.Random(seed)  # noqa: S311  the same every time
    return [made_up.randbytes(16) for _ in range(number)]


def begun(path: Path, campaign: str = "3") -> tuple[int, str]:
    """Begin a run; returns its number and its id."""
    with open_ledger(path) as ledger:
        run = ledger.begin(NewRun("voiso", "voiso", campaign)).facts()
        return run.number, run.id


def deliver(db: Connection, run: int, some: list[bytes], most: int = 10**6) -> None:
    log = DeliveredLog(db, most)
    with db.transaction():
        log.add(run, some)
        if log.is_full:
            log.put_away()


def index(db: Connection, campaign: str = "3") -> SqliteDeliveredIndex:
    return SqliteDeliveredIndex(db, "voiso", campaign)


@pytest.mark.parametrize("most", [1, 10, 100, 10_000])
def test_leads_are_known_while_they_move_to_the_table(
    tmp_path: Path, most: int
) -> None:
    number, name = begun(tmp_path / "ledger")
    db = connect(tmp_path / "ledger")
    log = DeliveredLog(db, most)
    known, strangers = hashes(1000), hashes(500, seed=1)
    assert index(db).is_empty()
    for count in range(7, 1000, 7):
        with db.transaction():
            log.add(number, known[count - 7 : count])
            if log.is_full:
                log.put_away()
        found = index(db).among(known[:count] + strangers)
        assert found == dict.fromkeys(known[:count], name)
        assert not index(db).is_empty()
    in_log = db.execute("SELECT total(length(hashes)) / 16 FROM delivered_log")
    assert in_log.fetchone()[0] < most + 7


def test_lead_belongs_to_the_first_run_that_delivered_it(tmp_path: Path) -> None:
    """Also where a later one moves it to the table first, or with it."""
    (first, one), (second, _two) = (begun(tmp_path / "ledger") for _ in range(2))
    db = connect(tmp_path / "ledger")
    both, later = hashes(1), hashes(2)
    deliver(db, second, later)
    deliver(db, first, both)
    assert index(db).among(both) == {both[0]: one}
    deliver(db, first, [], most=0)
    assert index(db).among(both) == {both[0]: one}
    deliver(db, second, both, most=0)
    assert index(db).among(both) == {both[0]: one}


def test_campaigns_are_kept_apart(tmp_path: Path) -> None:
    (one, name), (other, _) = (begun(tmp_path / "ledger", c) for c in ("3", "4"))
    db = connect(tmp_path / "ledger")
    here, there = hashes(3), hashes(3, seed=1)
    for most in (10**6, 1):
        deliver(db, one, here, most)
        deliver(db, other, there, most)
        assert index(db).among(here + there) == dict.fromkeys(here, name)
    assert index(db, "5").is_empty()
    assert index(db, "5").among(here + there) == {}


def test_what_several_runs_log_is_counted_by_each(tmp_path: Path) -> None:
    """Whatever another has logged, or put away, since it counted."""
    number, name = begun(tmp_path / "ledger")
    db, other = (connect(tmp_path / "ledger") for _ in range(2))
    one, two = DeliveredLog(db, most=100), DeliveredLog(other, most=100)
    known = hashes(170)
    for log, first, last, full in ((one, 0, 60, False), (two, 60, 120, True)):
        log.add(number, known[first:last])
        assert log.is_full == full
    two.put_away()
    one.add(number, known[120:170])
    one.put_away()
    assert not one.is_full
    assert index(db).among(known) == dict.fromkeys(known, name)


def test_moving_leaves_no_hash_in_the_log(tmp_path: Path) -> None:
    """Nor in its freed pages: who is forgotten must be gone from the file."""
    number, _ = begun(tmp_path / "ledger")
    db = connect(tmp_path / "ledger")
    known = hashes(5000)
    for some in (known[:2500], known[2500:]):
        deliver(db, number, some)
    deliver(db, number, [], most=0)
    with db.transaction():
        db.execute("DELETE FROM delivered WHERE hash = ?", (known[7],))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert known[7] not in (tmp_path / "ledger").read_bytes()


def test_index_writes_nothing(tmp_path: Path) -> None:
    """A dry run looks at the ledger beside a push, on a full disk, without leave."""
    number, name = begun(tmp_path / "ledger")
    db = connect(tmp_path / "ledger")
    known = hashes(3000)
    deliver(db, number, known)
    other = connect(tmp_path / "ledger")
    other.execute("PRAGMA query_only = ON")
    with db.transaction():
        assert index(other).among(known) == dict.fromkeys(known, name)


def test_index_made_before_a_move_knows_who_was_delivered(tmp_path: Path) -> None:
    number, _ = begun(tmp_path / "ledger")
    db, known, looks = connect(tmp_path / "ledger"), hashes(1000), []
    for count in range(7, 1000, 7):
        deliver(db, number, known[count - 7 : count], most=50)
        looks.append((count, index(db)))
    for count, earlier in looks:
        assert {*earlier.among(known)} >= {*known[:count]}


def test_index_sees_all_while_another_process_moves_them(tmp_path: Path) -> None:
    def put_away() -> None:
        own = connect(tmp_path / "ledger")
        for at in range(1000, 4000, 50):
            deliver(own, number, known[at : at + 50], most=100)
        own.close()

    number, _ = begun(tmp_path / "ledger")
    db, known = connect(tmp_path / "ledger"), hashes(4000)
    deliver(db, number, known[:1000])
    thread = threading.Thread(target=put_away)
    thread.start()
    looks = 0
    while thread.is_alive() or not looks:
        assert {*index(db).among(known[:1000])} == {*known[:1000]}
        looks += 1
    thread.join()
    assert {*index(db).among(known)} == {*known}


def test_move_that_fails_is_undone(tmp_path: Path) -> None:
    """As on a full disk, or in a process that is killed."""
    number, name = begun(tmp_path / "ledger")
    db, known = connect(tmp_path / "ledger"), hashes(500)
    deliver(db, number, known)
    db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON delivered WHEN NEW.hash > x'80'"
        " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    with pytest.raises(LedgerUnusable, match="disk is full"), db.transaction():
        DeliveredLog(db).put_away()
    plain = sqlite3.connect(tmp_path / "ledger")
    assert plain.execute("SELECT count(*) FROM delivered").fetchone() == (0,)
    plain.close()
    assert index(db).among(known) == dict.fromkeys(known, name)


def test_look_up_leaves_other_threads_their_transactions(tmp_path: Path) -> None:
    """A token is counted by the thread that fetches it, while rows are read.

    Another run writes meanwhile: what was begun to be read is of the past by then.
    """

    def count() -> None:
        try:
            for number in range(300):
                ledger.rates.postpone("account", float(number), 0.0)
        except LedgerUnusable as error:
            failed.append(error)
        ended.set()

    def write() -> None:
        while not ended.wait(0.002):
            other.rates.postpone("other", 1.0, 0.0)

    failed: list[LedgerUnusable] = []
    ended = threading.Event()
    known, path = hashes(400), tmp_path / "ledger"
    run, _ = begun(path)
    with (
        open_ledger(path) as ledger,
        open_ledger(path) as other,
        ThreadPoolExecutor() as pool,
    ):
        db = connect(path)
        deliver(db, run, known, most=100)
        found = ledger.delivered("voiso", "3")
        others = pool.submit(write), pool.submit(count)
        while not ended.is_set():
            assert {*found.among(known)} == {*known}
            assert ledger.in_doubt(known) == set()
        for one in others:
            one.result()
        assert failed == []
        (kept,) = db.execute(
            "SELECT next_start FROM rates WHERE scope = 'account'"
        ).fetchone()
        assert kept == 299


def test_verdict_names_the_run_that_delivered_the_lead(push: Push) -> None:
    """In the report and of the row; with many runs the report counts them."""
    phones = [f"+1555123000{number}" for number in range(5)]
    runs: list[str] = []
    for number in range(1, 6):
        push.program.write("leads.csv", "\n".join(["phone", *phones[:number], ""]))
        ran = push("voiso", "leads.csv", "--json")
        reasons = [one["message"] for one in ran.document["reasons"]]
        by = "delivered to this campaign by "
        if number <= 4:
            assert {*reasons} == {f"{by}run {run}" for run in runs}
        else:
            assert reasons == [f"{by}4 earlier runs"]
        runs.append(str(ran.document["run_id"]))
    shown = push.program("runs", "show", "--row", "2")
    assert (
        f"already_delivered: delivered to this campaign by run {runs[1]}"
        in " ".join(shown.out.split())
    )
    exported = push.program("runs", "export", "--status", "duplicate").out
    assert all(exported.count(run) == 1 for run in runs[:4])


def test_lead_of_a_pruned_run_stays_delivered(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n")
    assert push("voiso", "leads.csv").code == 0
    assert push.program("runs", "prune", "--days", "0", "--yes").code == 0
    ran = push("voiso", "leads.csv", "--json")
    (reason,) = ran.document["reasons"]
    assert reason["message"] == "delivered to this campaign by an earlier run"


def test_run_is_finished_where_the_log_cannot_be_moved(tmp_path: Path) -> None:
    """As on a full disk: a later run moves it, and every reader knows all leads."""
    number, name = begun(tmp_path / "ledger")
    db, known = connect(tmp_path / "ledger"), hashes(MOST_LOGGED)
    deliver(db, number, known)
    db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON delivered"
        " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    moved = "SELECT count(*) FROM delivered"
    with open_ledger(tmp_path / "ledger") as ledger:
        books = ledger.resumed(name)
        books.finish(0, None, {})
        assert books.facts().exit_code == 0
        assert db.execute(moved).fetchone() == (0,)
        assert {*ledger.delivered("voiso", "3").among(known)} == {*known}
        db.execute("DROP TRIGGER full")
        books.finish(0, None, {})
        assert db.execute(moved).fetchone() == (MOST_LOGGED,)
        assert {*ledger.delivered("voiso", "3").among(known)} == {*known}
