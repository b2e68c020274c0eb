"""Ledgers that earlier versions wrote are read, and their runs finished."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Push

RUN = "20261120-143704-d99d"
LEADS = "phone,name\n" + "".join(
    f"{phone},Testperson {row}\n"
    for row, phone in enumerate(
        ["+15551230001", "+15551230002", "+15551230003", "+15551230004", "12"], start=1
    )
)


@pytest.fixture
def first_schema(push: Push) -> Push:
    """Put a ledger of schema 1 where the program looks for its own."""
    push.program.write("leads.csv", LEADS)
    push.program.state.mkdir(parents=True)
    path = push.program.state / "ledger.sqlite"
    path.with_name("ledger.sqlite.key").write_bytes(b"k" * 32)
    script = Path(__file__).parent / "ledgers" / "v1.sql"
    db = sqlite3.connect(path)
    db.executescript(
        script.read_text(encoding="utf-8").replace("@FOLDER@", str(push.program.folder))
    )
    db.close()
    return push


def test_runs_of_the_first_schema_still_show(first_schema: Push) -> None:
    program = first_schema.program
    (listed,) = json.loads(program("runs", "--json").out)
    assert listed["run_id"] == RUN
    shown = json.loads(program("runs", "show", RUN, "--json").out)
    assert shown == listed
    assert (shown["rows"], shown["requests"], shown["exit_code"]) == (5, 2, 4)
    assert (shown["created"], shown["rejected"], shown["failed"]) == (2, 1, 2)
    assert RUN in program("runs").out
    assert "of 2 requests the ledger has no times" in program("runs", "show").out
    exported = program("runs", "export", "--format", "jsonl").out.splitlines()
    statuses = [json.loads(line)["status"] for line in exported]
    assert statuses == ["created"] * 2 + ["failed"] * 2 + ["rejected"]
    assert program("runs", "report", "--html", "run.html").code == 0
    page = (program.folder / "run.html").read_text()
    assert "The ledger has no times of 2 requests." in page


def test_run_of_the_first_schema_is_finished(first_schema: Push) -> None:
    """Who was delivered then is known by the same key, and not sent again."""
    environment = first_schema.environment("voiso")
    ran = first_schema.program("runs", "resume", "--json", env=environment)
    assert (ran.code, ran.counts) == (3, {"created": 4, "rejected": 1})
    assert ran.document["requests"] == 3
    assert first_schema.phones("voiso") == ["15551230003", "15551230004"]
    again = first_schema("voiso", "leads.csv", "--json")
    assert again.codes == {"already_delivered": 4, "phone_invalid": 1}
