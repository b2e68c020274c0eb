"""Runs in the form that commands use, and ways to stop one."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

from leadctl.ledger import open_ledger
from leadctl.reports import report
from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Document, Program, Ran


SIX = [f"1555123{row:04}" for row in range(1, 7)]
INDIAN = [f"90000000{row:02}" for row in range(1, 7)]
ALWAYS = 1000
HURRY = {"LEADCTL_VOISO_RETRY_FOR": "0"}
NO_CHECK = {
    "LEADCTL_OZONETEL_CHECK_DUPLICATE": "false",
    "LEADCTL_OZONETEL_CONCURRENCY": "1",
}


def leads(*phones: str, name: str = "leads.csv") -> tuple[str, str]:
    """Return a file's name and what is in it."""
    lines = [
        f"{'+' * phone.startswith('1555')}{phone},Testperson {row}\n"
        for row, phone in enumerate(phones)
    ]
    return name, "phone,name\n" + "".join(lines)


def known(program: Program) -> list[Document]:
    """Read the documents of all runs, the newest first, as `runs --json` prints them.

    In this process, for speed: that the program prints the same is tested below.
    """
    with open_ledger(program.state / "ledger.sqlite") as ledger:
        found = [report.document(report.read(books)) for books in ledger.runs(99)]
        documents: list[Document] = json.loads(json.dumps(found))
    return documents


def latest(program: Program) -> str:
    return known(program)[0]["run_id"] or ""


def shown(program: Program, run: str) -> Document:
    (document,) = (one for one in known(program) if one["run_id"] == run)
    return document


def require_sentence(ran: Ran, code: int, *words: str) -> None:
    """Hold a mistake to one sentence on stderr, and perhaps a hint."""
    assert ran.code == code, ran.err
    assert 1 <= len(ran.err.splitlines()) <= 2
    assert ran.err.startswith("leadctl: ")
    for word in words:
        assert word in ran.err
    assert ran.out == ""


def run_of(ran: Ran) -> str:
    """Return the run's id, as its document has it."""
    run = ran.document["run_id"]
    assert run
    return run


def stopped(push: Push) -> str:
    """Leave a run behind that delivered two rows of six, and return its id."""
    push.program.write(*leads(*SIX))
    push.simulator("voiso").faults.add(Fault("deny", skip=2, times=ALWAYS))
    ran = push("voiso", "leads.csv", "--batch-size", "1", "--json")
    assert (ran.code, ran.counts) == (4, {"created": 2, "failed": 4})
    push.simulator("voiso").faults.clear()
    return run_of(ran)


def ozonetel(push: Push) -> dict[str, str]:
    return push.environment("ozonetel") | NO_CHECK


def spooled(program: Program) -> list[Path]:
    folder = program.state / "spool"
    return [*folder.iterdir()] if folder.exists() else []


def require_private(path: Path, mode: int) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == mode


def in_doubt(push: Push) -> str:
    """Leave a run behind whose rows 2, 4 and 6 of six are unknown; return its id.

    Row 4 never arrived.
    """
    push.program.write(*leads(*INDIAN))
    push.simulator("ozonetel").faults.add(
        Fault("lose", skip=1),
        Fault("error_before", status=500, skip=1),
        Fault("lose", skip=1),
    )
    ran = push("ozonetel", "leads.csv", "--json", env=NO_CHECK)
    assert (ran.code, ran.counts) == (10, {"created": 3, "unknown": 3})
    return run_of(ran)
