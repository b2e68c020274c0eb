"""The ledger's file: private, without names, and each problem is one sentence."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from lead_columns import in_columns
from ledgers import NOW, begun

from leadctl.ledger import open_ledger
from leadctl.ledger.records import BatchState
from leadctl.ledger.sqlite.connection import connect, opening
from leadctl.ledger.sqlite.delivered import SqliteDeliveredIndex
from leadctl.ledger.sqlite.schema import MIGRATIONS, migrate, version
from leadctl.model.errors import InputUnusable, LedgerUnusable, Unusable
from leadctl.model.leads import CREATED, Batch, Lead, Phone

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program, Ran


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


def test_each_ledger_has_a_key_of_its_own(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "one") as one, open_ledger(tmp_path / "two") as two:
        digests = [ledger.digest("voiso", "3")("phone 1") for ledger in (one, two)]
        assert digests[0] != digests[1]


def test_token_is_free_again_after_an_hour(tmp_path: Path) -> None:
    now = 1_800_000_000.0
    with open_ledger(tmp_path / "ledger") as ledger:
        ledger.rates.count_token("ozonetel", 1, now)
        with pytest.raises(Unusable):
            ledger.rates.count_token("ozonetel", 1, now + 3599)
        ledger.rates.count_token("ozonetel", 1, now + 3601)


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "leadctl" / "ledger.sqlite"
    with open_ledger(path) as ledger:
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


def test_nobody_can_be_found_in_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    with open_ledger(path) as ledger:
        digest = ledger.digest("voiso", "3")
        books = begun(ledger, at_most_once=True)
        lead = Lead(
            1,
            Phone("+15551234567", "15551234567"),
            {"phone": "+15551234567", "name": "Ada Testperson", "x": "crm-4711"},
            (digest("phone 15551234567"), digest("external id crm-4711")),
        )
        batch = Batch(UUID(int=5), "3", 0, in_columns([lead]))
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


def delivered_once(path: Path, rows: int = 1) -> list[bytes]:
    with open_ledger(path) as ledger:
        digest = ledger.digest("voiso", "3")
        books = begun(ledger)
        leads = in_columns(
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
        open_ledger(path)
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
        assert {*SqliteDeliveredIndex(db, "voiso", "3").among(digests)} == {*digests}
    db.close()
    with pytest.raises(LedgerUnusable, match="newer leadctl"):
        open_ledger(path)


@pytest.mark.parametrize(
    "content", [b"no database at all\n" * 200, b"SQLite format 3\0" + b"\xff" * 4000]
)
def test_what_is_no_ledger_gives_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger"
    path.write_bytes(content)
    with pytest.raises(LedgerUnusable, match="cannot use"):
        open_ledger(path)
    assert path.read_bytes() == content


def test_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE notes (text TEXT)")
    db.close()
    with pytest.raises(LedgerUnusable):
        open_ledger(path)


def test_folder_in_place_of_the_ledger_gives_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnusable):
        open_ledger(tmp_path)


def test_file_in_place_of_its_folder_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(InputUnusable):
        open_ledger(tmp_path / "state" / "ledger")


def test_damage_inside_gives_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    digests = delivered_once(path, rows=2000)
    content = path.read_bytes()
    page = 4096
    path.write_bytes(content[:page] + b"\xa5" * (len(content) - page))
    with pytest.raises(LedgerUnusable), open_ledger(path) as ledger:
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
    """A job may run under flock(1) with the ledger's folder: wait for it once."""
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with opening(tmp_path / "ledger", timeout=0.1):
        connect(tmp_path / "ledger").close()
    os.close(folder)
    assert (tmp_path / "ledger").exists()


def test_lost_key_is_not_replaced_in_silence(tmp_path: Path) -> None:
    """With a new key no lead would be known, and all would be sent again."""
    path = tmp_path / "ledger"
    delivered_once(path)
    path.with_name("ledger.key").unlink()
    with pytest.raises(LedgerUnusable):
        open_ledger(path)


@pytest.mark.parametrize(
    "content", [b"", b"short", b"x" * 100], ids=["empty", "cut", "long"]
)
def test_damaged_key_gives_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger"
    delivered_once(path)
    path.with_name("ledger.key").write_bytes(content)
    with pytest.raises(LedgerUnusable), open_ledger(path) as ledger:
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
        "import sys, pathlib\nfrom leadctl.ledger import open_ledger\n"
        "print('ready', flush=True)\nsys.stdin.read()\n"
        "for name in sys.argv[1:]: open_ledger(pathlib.Path(name)).close()"
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


@pytest.mark.parametrize("what", ["gone", "empty"])
def test_ledger_that_is_gone_beside_its_key_is_not_taken_for_a_new_one(
    push: Push, what: str
) -> None:
    """Every lead that it knew would be sent again."""
    push.program.write("leads.csv", "phone\n+15551230001\n")
    assert push("voiso", "leads.csv").code == 0
    ledger = push.program.state / "ledger.sqlite"
    ledger.unlink()
    if what == "empty":
        ledger.touch(0o600)
    for option in ("--json", "--dry-run"):
        ran = push("voiso", "leads.csv", option)
        assert (ran.code, push.uploads("voiso")) == (6, [1])
        assert "its key exists" in ran.err
    assert push.program("runs").code == 6
    assert ledger.exists() == (what == "empty")
    (push.program.state / "ledger.sqlite.key").unlink()
    assert push("voiso", "leads.csv").code == 0


def test_ledger_whose_making_was_broken_off_is_made(push: Push) -> None:
    push.program.state.mkdir(parents=True, mode=0o700)
    (push.program.state / "ledger.sqlite").touch(0o600)
    fresh = push.program.state / "ledger.sqlite.key.new"
    fresh.write_bytes(bytes(32))
    push.program.write("leads.csv", "phone\n+15551230001\n")
    assert push("voiso", "leads.csv").code == 0
    key = push.program.state / "ledger.sqlite.key"
    assert (key.read_bytes(), fresh.exists()) == (bytes(32), False)


FAILING = """
import errno, fcntl, os

def fail(*_):
    raise OSError(errno.CODE, os.strerror(errno.CODE))

FUNCTION = fail
"""


def pushed_where(push: Push, function: str, code: str, folder: Path) -> Ran:
    """Push where a call of the system fails."""
    script = FAILING.replace("FUNCTION", function).replace("CODE", code)
    (folder / "sitecustomize.py").write_text(script, encoding="utf-8")
    push.program.write("leads.csv", "phone\n+15551230001\n")
    return push("voiso", "leads.csv", "--json", env={"PYTHONPATH": str(folder)})


def test_file_system_without_locks_gives_a_sentence(push: Push, tmp_path: Path) -> None:
    ran = pushed_where(push, "fcntl.flock", "ENOLCK", tmp_path)
    assert (ran.code, push.uploads("voiso")) == (6, [])
    assert "cannot lock files in the ledger's folder" in ran.error["message"]


def test_lock_holds_where_there_is_no_room_for_its_note(
    push: Push, tmp_path: Path
) -> None:
    ran = pushed_where(push, "os.pwrite", "ENOSPC", tmp_path)
    assert (ran.code, push.uploads("voiso")) == (0, [1])


def test_ledger_that_vanishes_during_a_run_is_told_of(
    push: Push, tmp_path: Path
) -> None:
    ledger = push.program.state / "ledger.sqlite"
    script = tmp_path / "key"
    key = push.environment("voiso")["LEADCTL_VOISO_API_KEY"]
    made = f"until [ -e {ledger}.key ]; do sleep 0.02; done"
    remove = f"({made}; rm {ledger}) > /dev/null 2>&1 & echo {key}"
    script.write_text(f"#!/bin/sh\n{remove}\n", encoding="utf-8")
    script.chmod(0o700)
    leads = "".join(f"+1555123{number:04}\n" for number in range(3))
    push.program.write("leads.csv", f"phone\n{leads}")
    env = {
        "LEADCTL_VOISO_API_KEY": "",
        "LEADCTL_VOISO_API_KEY_COMMAND": str(script),
        "LEADCTL_VOISO_MIN_INTERVAL": "0.4",
    }
    ran = push("voiso", "leads.csv", "--batch-size", "1", "--quiet", env=env)
    assert "the ledger was removed or replaced during this run" in ran.err
