"""Ledger and books of a run: nothing lost, nothing counted twice, nobody named."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadctl.audit import BatchState
from leadctl.database import connect, opening
from leadctl.delivered import DeliveredIndex
from leadctl.errors import InputUnusable, LedgerUnusable
from leadctl.ledger import Ledger
from leadctl.migration import MIGRATIONS, migrate, version
from leadctl.model import (
    ACCEPTED,
    CREATED,
    Batch,
    Code,
    Finding,
    Lead,
    Leads,
    Outcome,
    Phone,
    Status,
)
from leadctl.timeline import Departure

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program

    from leadctl.books import Books
    from leadctl.model import Json

DUPLICATE = Outcome(Status.DUPLICATE, Code.DUPLICATE_IN_CAMPAIGN, "already there")
REFUSED = Outcome(Status.REJECTED, Code.PROVIDER_REJECTED, "no landlines")
STOPPED = Outcome(Status.FAILED, Code.NOT_SENT, "stopped")
NOW = Departure(1_700_000_000.0)
LOST = Outcome(Status.UNKNOWN, Code.ANSWER_LOST, "the answer was lost")


def batch_of(rows: list[int], number: int = 0, file: int = 0) -> Batch:
    leads = Leads.of(
        Lead(
            row,
            Phone(f"+1555{row}", f"1555{row}"),
            {},
            (f"lead {file} {row:09}".encode(),),
        )
        for row in rows
    )
    return Batch(UUID(int=number), "3", file, leads)


def begun(ledger: Ledger, *, guarded: bool = False) -> Books:
    books = ledger.begin("voiso", "voiso", "3", {}, guarded=guarded)
    books.add_file(0, "leads.csv", "f00d")
    return books


def rejected(row: int, reason: str = "no phone number", name: str = "phone") -> Finding:
    return Finding(row, Status.REJECTED, Code.PHONE_MISSING, reason, name)


def nonzero(books: Books) -> dict[Status, int]:
    return {status: number for status, number in books.counts().items() if number}


# --- what a run came to ------------------------------------------------------------


KINDS = (
    "noted",
    "rehearsed",
    "settled",
    "sending",
    "waiting",
    "waiting in doubt",
    "doubt",
    "split",
    "called off",
)
VERDICTS = [CREATED, ACCEPTED, DUPLICATE, REFUSED, LOST]


@dataclass
class Story:
    """What happened to every row of a file, told to the books and kept beside them."""

    books: Books
    status: dict[int, Status] = field(default_factory=dict)
    told: dict[int, tuple[Status, Code]] = field(default_factory=dict)
    number: int = 0

    def happen(self, kind: str, rows: list[int], data: st.DataObject) -> None:
        self.number += 1
        batch = batch_of(sorted(rows), self.number)
        match kind:
            case "noted":
                self._note(rows, data)
            case "rehearsed":
                self.books.settle(batch, [CREATED] * len(batch))
                self.status |= dict.fromkeys(rows, Status.CREATED)
            case "called off":
                self.books.settle(batch, [STOPPED] * len(batch))
                told = dict.fromkeys(rows, (Status.FAILED, Code.NOT_SENT))
                self.told |= told
                self.status |= dict.fromkeys(rows, Status.FAILED)
            case "sending":
                self.books.intend(batch, NOW, doubted=False)
                self.status |= dict.fromkeys(rows, Status.UNKNOWN)
            case "waiting" | "waiting in doubt":
                doubted = kind != "waiting"
                self.books.intend(batch, NOW, doubted=doubted)
                self.books.mark(batch, BatchState.WAITING, doubted=doubted)
                status = Status.UNKNOWN if doubted else Status.FAILED
                self.status |= dict.fromkeys(rows, status)
            case "doubt":
                self.books.intend(batch, NOW, doubted=False)
                self.books.mark(batch, BatchState.DOUBT, doubted=True)
                self.status |= dict.fromkeys(rows, Status.UNKNOWN)
            case "split":
                self._split(batch, data)
            case _:
                self._send(batch, data)

    def _note(self, rows: list[int], data: st.DataObject) -> None:
        for row in rows:
            reason = data.draw(st.sampled_from(["a", "b", "c"]))
            self.books.note(0, rejected(row, reason))
            self._say(row, Status.REJECTED, Code.PHONE_MISSING)
        if data.draw(st.booleans()):
            self.books.flush()

    def _send(self, batch: Batch, data: st.DataObject) -> None:
        self.books.intend(batch, NOW, doubted=False)
        if data.draw(st.booleans()):
            self.books.mark(batch, BatchState.DOUBT, doubted=True)
            self.books.intend(batch, NOW, doubted=True)
        self._settle(batch, data)

    def _split(self, batch: Batch, data: st.DataObject) -> None:
        half = len(batch) // 2
        rows = [lead.row for lead in batch.leads]
        self.books.intend(batch, NOW, doubted=False)
        pieces = [
            batch_of(part, self.number * 1000 + n)
            for n, part in enumerate([rows[:half], rows[half:]])
            if part
        ]
        self.books.settle(batch, [None] * len(batch), pieces)
        for piece in pieces:
            self.books.intend(piece, NOW, doubted=False)
            self._settle(piece, data)

    def _settle(self, batch: Batch, data: st.DataObject) -> None:
        outcomes = [data.draw(st.sampled_from(VERDICTS)) for _ in batch.leads]
        self.books.settle(batch, outcomes)
        for lead, outcome in zip(batch.leads, outcomes, strict=True):
            self.status[lead.row] = outcome.status
            if outcome.code:
                self._say(lead.row, outcome.status, outcome.code)

    def _say(self, row: int, status: Status, code: Code) -> None:
        self.status[row] = status
        self.told[row] = (status, code)


@given(rows=st.permutations(range(1, 31)), guarded=st.booleans(), data=st.data())
@settings(deadline=None, database=None, max_examples=60)
def test_every_row_is_counted_once_whatever_happens(
    rows: list[int], data: st.DataObject, *, guarded: bool
) -> None:
    with Ledger(None) as ledger:
        books = begun(ledger, guarded=guarded)
        story = Story(books)
        left = list(rows)
        while left:
            size = data.draw(st.integers(1, 8))
            part, left = left[:size], left[size:]
            story.happen(data.draw(st.sampled_from(KINDS)), part, data)
        books.flush()
        assert nonzero(books) == Counter(story.status.values())
        (file,) = books.files()
        assert file.rows == len(rows)
        found = [*books.findings(0, [*Status])]
        assert [finding.row for finding in found] == sorted(story.told)
        assert {f.row: (f.status, f.code) for f in found} == story.told
        counts = books.counts()
        unexplained = counts[Status.CREATED] + counts[Status.ACCEPTED]
        reasons = books.reasons()
        assert sum(reason.count for reason in reasons) == len(rows) - unexplained
        again = ledger.books(books.run().id)
        assert again.counts() == books.counts()
        texts = {finding.reason for finding in found}
        for reason in (reason for reason in reasons if reason.text in texts):
            same = [
                f.row
                for f in found
                if (f.status, f.code, f.reason)
                == (reason.status, reason.code, reason.text)
            ]
            assert (reason.count, reason.row) == (len(same), same[0])


@given(
    findings=st.permutations(
        [rejected(row, "odd" if row % 3 else "third") for row in range(1, 60)]
    ),
    cuts=st.sets(st.integers(0, 58)),
)
@settings(deadline=None, database=None, max_examples=80)
def test_findings_come_back_in_the_order_of_the_rows(
    findings: list[Finding], cuts: set[int]
) -> None:
    with Ledger(None) as ledger:
        books = begun(ledger)
        for place, finding in enumerate(findings):
            books.note(0, finding)
            if place in cuts:
                books.flush()
        books.flush()
        assert [*books.findings(0, [Status.REJECTED])] == sorted(findings)
        assert [*books.findings(0, [Status.FAILED])] == []
        assert [*books.findings(1, [Status.REJECTED])] == []


def test_reasons_are_grouped_with_their_first_row() -> None:
    with Ledger(None) as ledger:
        books = begun(ledger)
        books.add_file(1, "more.csv", "beef")
        for file, row, reason in [(0, 9, "a"), (0, 2, "b"), (0, 4, "a"), (1, 3, "a")]:
            books.note(file, rejected(row, reason))
        books.flush()
        books.note(0, rejected(5, "b"))
        books.flush()
        first, second = books.reasons()
        assert (first.text, first.count, second.text, second.count) == ("a", 3, "b", 2)
        assert (second.file, second.row) == (0, 2)
        # Of two files either will do, as long as the row is one of that file.
        assert (first.file, first.row) in {(0, 4), (1, 3)}


def test_intent_stands_in_the_file_before_the_outcome(tmp_path: Path) -> None:
    """Another process sees the batch as unknown until its answer is read."""
    with Ledger(tmp_path / "ledger") as writing, Ledger(tmp_path / "ledger") as reading:
        books = begun(writing)
        run = books.run().id
        batch = batch_of([1, 2, 3])
        books.intend(batch, NOW, doubted=False)
        assert nonzero(reading.books(run)) == {Status.UNKNOWN: 3}
        assert reading.books(run).run().requests == 1
        books.mark(batch, BatchState.WAITING, doubted=False)
        assert nonzero(reading.books(run)) == {Status.FAILED: 3}
        books.intend(batch, NOW, doubted=False)
        assert nonzero(reading.books(run)) == {Status.UNKNOWN: 3}
        books.settle(batch, [CREATED, REFUSED, DUPLICATE])
        assert nonzero(reading.books(run)) == {
            Status.CREATED: 1,
            Status.REJECTED: 1,
            Status.DUPLICATE: 1,
        }
        assert reading.books(run).run().requests == 2
        digests = [digest for lead in batch.leads for digest in lead.digests]
        found = reading.delivered("voiso", "3").among(digests)
        assert found == {digests[0]: run, digests[2]: run}


def test_verdicts_reach_the_file_with_the_next_batch(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as writing, Ledger(tmp_path / "ledger") as reading:
        books = begun(writing)
        books.note(0, rejected(1))
        books.intend(batch_of([2]), NOW, doubted=False)
        found = nonzero(reading.books(books.run().id))
        assert found == {Status.REJECTED: 1, Status.UNKNOWN: 1}


def test_tally_is_the_count_of_what_is_settled() -> None:
    with Ledger(None) as ledger:
        books = begun(ledger)
        books.note(0, rejected(1))
        batch = batch_of([2, 3, 4])
        books.intend(batch, NOW, doubted=False)
        books.settle(batch, [CREATED, None, REFUSED], [batch_of([3], 9)])
        assert +books.tally == {Status.REJECTED: 2, Status.CREATED: 1}
        assert nonzero(books) == {
            Status.REJECTED: 2,
            Status.CREATED: 1,
            Status.FAILED: 1,
        }


def test_finished_run_tells_how_it_ended(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        books = begun(ledger)
        books.set_rejects_file(0, "leads.rejects.csv")
        refused: dict[str, Json] = {
            "code": "access_denied",
            "message": "refused",
            "hint": None,
        }
        books.finish(4, refused, {"decimal_tail": 2})
        run = books.run()
    with Ledger(tmp_path / "ledger") as ledger:
        found = ledger.books(run.id).run()
        assert found == run
        assert (found.provider, found.account, found.campaign) == (
            "voiso",
            "voiso",
            "3",
        )
        assert found.exit_code == 4
        assert found.error == {
            "code": "access_denied",
            "message": "refused",
            "hint": None,
        }
        assert found.started_at <= (found.finished_at or "")
        assert found.started_at.endswith("Z")
        (file,) = ledger.books(run.id).files()
        assert (file.path, file.rejects_file) == ("leads.csv", "leads.rejects.csv")


# --- going on after an end ---------------------------------------------------------


def test_reopened_run_has_open_what_was_certainly_not_delivered(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        books = begun(ledger)
        done, waiting, sending = (
            batch_of([1, 2], 1),
            batch_of([4, 5], 2),
            batch_of([7], 3),
        )
        books.intend(done, NOW, doubted=False)
        books.settle(done, [CREATED, REFUSED])
        books.note(0, rejected(3))
        books.note(0, Finding(6, Status.FAILED, Code.NOT_SENT, "stopped"))
        books.intend(waiting, NOW, doubted=False)
        books.mark(waiting, BatchState.WAITING, doubted=False)
        books.intend(sending, NOW, doubted=False)
        run = books.run().id
    with Ledger(tmp_path / "ledger") as ledger:
        books = ledger.books(run)
        unfinished = books.reopen(most=1000)
        accounted = unfinished.accounted[0]
        assert [row for row in range(1, 9) if row in accounted] == [1, 2, 3, 7]
        (doubt,) = unfinished.in_doubt
        assert (doubt.id, doubt.rows) == (sending.id, (7,))
        assert nonzero(books) == {
            Status.CREATED: 1,
            Status.REJECTED: 2,
            Status.UNKNOWN: 1,
        }


# --- who is delivered --------------------------------------------------------------


def test_lead_is_known_by_account_and_campaign(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        scopes = [("voiso", "3"), ("voiso", "4"), ("eu", "3"), ("voiso3", "")]
        digests = {ledger.digest(*scope)("phone 15551234567") for scope in scopes}
        assert len(digests) == len(scopes)
        first = ledger.digest("voiso", "3")("phone 15551234567")
    with Ledger(tmp_path / "ledger") as ledger:
        assert ledger.digest("voiso", "3")("phone 15551234567") == first
    with Ledger(tmp_path / "other") as ledger:
        assert ledger.digest("voiso", "3")("phone 15551234567") != first


def test_many_leads_are_looked_up_at_once() -> None:
    with Ledger(None) as ledger:
        books = begun(ledger)
        batch = batch_of([*range(1, 1500)])
        books.intend(batch, NOW, doubted=False)
        books.settle(batch, [CREATED] * len(batch))
        known = [digest for lead in batch.leads for digest in lead.digests]
        found = ledger.delivered("voiso", "3").among([*known, b"lead 0 of nobody"])
        assert {*found} == {*known}


def test_transaction_that_cannot_be_committed_is_undone(tmp_path: Path) -> None:
    """What comes later would else be a part of it, and never be on disk."""
    db = connect(tmp_path / "ledger")
    db.executescript(
        "PRAGMA foreign_keys = ON; CREATE TABLE one (it INTEGER PRIMARY KEY);"
        "CREATE TABLE other (it REFERENCES one DEFERRABLE INITIALLY DEFERRED)"
    )
    with pytest.raises(LedgerUnusable), db.transaction():
        db.execute("INSERT INTO other VALUES (7)")  # of which there is none
    with db.transaction():
        db.execute("INSERT INTO one VALUES (1)")
    again = connect(tmp_path / "ledger")
    assert again.execute("SELECT it FROM one").fetchall() == [(1,)]
    assert again.execute("SELECT it FROM other").fetchall() == []


# --- the file itself ---------------------------------------------------------------


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "leadctl" / "ledger.sqlite"
    with Ledger(path) as ledger:
        begun(ledger)
        files = sorted(path.parent.iterdir())
        assert {file.name for file in files} >= {
            "ledger.sqlite",
            "ledger.sqlite-wal",
            "ledger.sqlite.key",
        }
        for file in files:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


READER = """
import sys
from pathlib import Path
from leadctl.ledger import Ledger
with Ledger(Path(sys.argv[1])) as ledger:
    counts = ledger.books(sys.argv[2]).counts()
print({status.value: number for status, number in counts.items() if number})
"""


def test_another_process_reads_while_one_writes(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    with Ledger(path) as ledger:
        books = begun(ledger)
        books.intend(batch_of([1, 2]), NOW, doubted=False)
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-c", READER, str(path), books.run().id],
            capture_output=True,
            check=True,
            text=True,
            timeout=30,
        )
        assert done.stdout.strip() == "{'unknown': 2}"
        books.settle(batch_of([1, 2]), [CREATED, CREATED])
        assert nonzero(books) == {Status.CREATED: 2}


def test_nobody_can_be_found_in_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    with Ledger(path) as ledger:
        digest = ledger.digest("voiso", "3")
        books = begun(ledger, guarded=True)
        lead = Lead(
            1,
            Phone("+15551234567", "15551234567"),
            {"phone": "+15551234567", "name": "Ada Testperson", "x": "crm-4711"},
            (digest("phone 15551234567"), digest("external id crm-4711")),
        )
        batch = Batch(UUID(int=5), "3", 0, Leads.of([lead]))
        books.intend(batch, NOW, doubted=False)
        books.mark(batch, BatchState.DOUBT, doubted=True)
        books.intend(batch, NOW, doubted=True)
        books.settle(batch, [CREATED])
        files = [file for file in tmp_path.iterdir() if file.is_file()]
        assert len(files) >= 3
        for file in files:
            content = file.read_bytes()
            for trace in (b"5551234567", b"Testperson", b"crm-4711"):
                assert trace not in content, file.name


@pytest.mark.parametrize("provider", ["voiso", "lupitor", "ozonetel", "agora"])
def test_run_leaves_nobody_in_the_state_folder(push: Push, provider: str) -> None:
    rows = [
        "+15551230001,Ada Testperson,a@mail.example,crm-4711",
        "+15551230001,Ada Testperson,a@mail.example,crm-4711",
        "+15551230002,Bob Testperson,not an address Testperson,crm-4712",
        "+1555123000,Cy Testperson,c@mail.example,crm-4713",
        "5551230003 Testperson,Di Testperson,d@mail.example,crm-4714",
        "+15551230004,Eve Testperson,e@mail.example",
    ]
    header = "phone,name,email,external_id"
    push.program.write("leads.csv", "\n".join([header, *rows, ""]))
    ran = push(provider, "leads.csv", "--json")
    assert ran.document["rows"] == 6
    assert ran.document["created"] + ran.document["accepted"] >= 1
    files = [file for file in push.program.state.rglob("*") if file.is_file()]
    assert any(file.name == "ledger.sqlite" for file in files)
    for file in files:
        content = file.read_bytes()
        for trace in (b"555123", b"Testperson", b"mail.example", b"crm-47"):
            assert trace not in content, (file.name, trace)


# --- trouble with the file ---------------------------------------------------------


def delivered_once(path: Path, rows: int = 1) -> list[bytes]:
    with Ledger(path) as ledger:
        digest = ledger.digest("voiso", "3")
        books = begun(ledger)
        leads = Leads.of(
            Lead(row, Phone("1", "1"), {}, (digest(f"phone {row}"),))
            for row in range(1, rows + 1)
        )
        batch = Batch(UUID(int=1), "3", 0, leads)
        books.intend(batch, NOW, doubted=False)
        books.settle(batch, [CREATED] * rows)
        return [lead.digests[0] for lead in leads]


def test_ledger_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    delivered_once(path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 999")
    db.close()
    with pytest.raises(LedgerUnusable, match=r"newer leadctl \(schema 999\)") as caught:
        Ledger(path)
    assert "update leadctl" in (caught.value.hint or "")


def test_ledger_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """What it knows stays; a step is made once, and all of them or none."""
    path = tmp_path / "ledger"
    digests = delivered_once(path)
    later = (*MIGRATIONS, "ALTER TABLE runs ADD COLUMN note TEXT;\nSELECT 1")
    db = connect(path)
    with pytest.raises(LedgerUnusable):
        migrate(db, (*later, "ALTER TABLE nowhere ADD COLUMN note TEXT"))
    assert version(db) == len(MIGRATIONS)
    for _ in range(2):
        migrate(db, later)
        assert version(db) == len(later)
        assert db.execute("SELECT note FROM runs").fetchall() == [(None,)]
        assert {*DeliveredIndex(db, "voiso", "3").among(digests)} == {*digests}
    db.close()
    with pytest.raises(LedgerUnusable, match="newer leadctl"):
        Ledger(path)


@pytest.mark.parametrize(
    "content", [b"no database at all\n" * 200, b"SQLite format 3\0" + b"\xff" * 4000]
)
def test_what_is_no_ledger_gives_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger"
    path.write_bytes(content)
    with pytest.raises(LedgerUnusable, match="cannot be used"):
        Ledger(path)
    assert path.read_bytes() == content


def test_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE notes (text TEXT)")
    db.close()
    with pytest.raises(LedgerUnusable):
        Ledger(path)


def test_folder_in_place_of_the_ledger_gives_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnusable):
        Ledger(tmp_path)


def test_file_in_place_of_its_folder_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(InputUnusable):
        Ledger(tmp_path / "state" / "ledger")


def test_damage_inside_gives_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    digests = delivered_once(path, rows=2000)
    content = path.read_bytes()
    page = 4096
    path.write_bytes(content[:page] + b"\xa5" * (len(content) - page))
    with pytest.raises(LedgerUnusable), Ledger(path) as ledger:
        ledger.delivered("voiso", "3").among(digests)


def test_damaged_ledger_ends_a_run_with_a_sentence(push: Push) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n")
    assert push("voiso", "leads.csv").code == 0
    (path,) = push.program.state.glob("ledger.sqlite")
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
    ran = push("voiso", "leads.csv", "--json")
    assert (ran.code, ran.error["code"]) == (5, "ledger_unusable")


def test_folder_that_somebody_holds_is_opened_all_the_same(tmp_path: Path) -> None:
    """A job may run under flock(1) with the ledger's folder: it is waited for, once."""
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with opening(tmp_path / "ledger", patience=0.1):
        connect(tmp_path / "ledger").close()
    os.close(folder)
    assert (tmp_path / "ledger").exists()


def test_lost_key_is_not_replaced_in_silence(tmp_path: Path) -> None:
    """With a new key nobody would be known any more, and everybody be sent again."""
    path = tmp_path / "ledger"
    delivered_once(path)
    path.with_name("ledger.key").unlink()
    with pytest.raises(LedgerUnusable):
        Ledger(path)


@pytest.mark.parametrize(
    "content", [b"", b"short", b"x" * 100], ids=["empty", "cut", "long"]
)
def test_damaged_key_gives_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger"
    delivered_once(path)
    path.with_name("ledger.key").write_bytes(content)
    with pytest.raises(LedgerUnusable), Ledger(path) as ledger:
        ledger.digest("voiso", "3")


def test_ledger_that_cannot_be_used_ends_a_run_with_a_sentence(
    program: Program,
) -> None:
    program.write("leads.csv", "phone\n+15551230001\n")
    ledger = program.write("ledger", "no database at all\n" * 200)
    words = ("--provider", "voiso", "--ledger", ledger)
    ran = program("check", "leads.csv", *words, "--json")
    assert (ran.code, ran.error["code"]) == (6, "ledger_unusable")


def test_ledger_that_several_begin_at_once_is_made_once(tmp_path: Path) -> None:
    """Two cron jobs start in the same second, on a new machine."""
    code = (
        "import sys, pathlib\nfrom leadctl.ledger import Ledger\n"
        "print('ready', flush=True)\nsys.stdin.read()\n"
        "for name in sys.argv[1:]: Ledger(pathlib.Path(name)).close()"
    )
    names = [str(tmp_path / f"ledger-{number}") for number in range(120)]
    started = [
        subprocess.Popen(  # noqa: S603  our own interpreter
            [sys.executable, "-c", code, *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        process.stdout.close()
    for process in started:  # both have imported what they need, and go at once
        assert process.stdin
        process.stdin.close()
    assert [process.wait(60) for process in started] == [0, 0]
