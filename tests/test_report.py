"""The report of a run: table, document, reject file, and nothing private."""

from __future__ import annotations

import io
import os
import re
import shlex
import stat
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from program import csv_rows
from rich.cells import cell_len

from leadctl.ledger.records import FileOfRun, Reason
from leadctl.model.errors import ExitCode, LeadctlError
from leadctl.model.leads import Code, Status
from leadctl.reports import report, table
from leadctl.reports.report import exit_code
from leadctl.reports.screen import NARROW, Grid, Screen
from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from conftest import Push
    from program import Program

MIXED = "phone,name\n+15551230001,Ann Testperson\n+1555,Bob Testperson\n+1555,Cid\n"
GOOD = "phone\n+15551230001\n+15551230002\n"
CHECK = ("--provider", "voiso")


def test_table_names_counts_reasons_reject_file_and_next_command(push: Push) -> None:
    """The command it names finishes the job once the rows are corrected."""
    push.program.write("my leads.csv", MIXED)
    ran = push("voiso", "my leads.csv")
    assert ran.code == 3
    assert ran.table == {"created": 1, "duplicate": 0, "rejected": 2, "rows": 3}
    reason = r"^rejected +phone_invalid +2 +2 +\S.+$"
    assert re.search(reason, ran.out, re.MULTILINE), (
        "status, code, rows, first row, why"
    )
    assert "\x1b" not in ran.out
    path = push.program.folder / "my leads.rejects.csv"
    assert path.name in ran.out

    (command,) = re.findall(r"leadctl (push .+)$", ran.out, re.MULTILINE)
    corrected = path.read_text()
    for number in ("+15551230002", "+15551230003"):
        corrected = corrected.replace("+1555,", f"{number},", 1)
    path.write_text(corrected)
    done = push.program(*shlex.split(command), env=push.environment("voiso"))
    assert (done.code, done.table["created"]) == (0, 2)
    assert len(push.phones("voiso")) == 3


def test_document_and_table_agree(program: Program) -> None:
    program.write("leads.csv", MIXED)
    document = program("check", "leads.csv", *CHECK, "--json")
    table = program("check", "leads.csv", *CHECK)
    always = {"created": 0, "duplicate": 0, "rejected": 0}
    assert table.table == always | document.counts | {"rows": 3}
    for reason in document.document["reasons"]:
        assert reason["message"] in table.out
        assert reason["code"] in table.out
    assert table.code == document.code


def test_document_tells_when_and_where(push: Push) -> None:
    push.program.write("leads.csv", MIXED)
    found = push("voiso", "leads.csv", "--json").document
    assert (found["provider"], found["account"], found["campaign"]) == (
        *("voiso", "voiso"),
        "3",
    )
    assert (found["dry_run"], found["requests"], found["error"]) == (False, 1, None)
    (file,) = found["files"]
    assert (file["path"], file["rows"]) == ("leads.csv", 3)
    assert file["rejects_file"] == "leads.rejects.csv"
    assert found["run_id"]
    started, finished = (
        datetime.fromisoformat(str(found[key])) for key in ("started_at", "finished_at")
    )
    assert started <= finished
    assert started.utcoffset() is not None


def test_quiet_says_nothing_when_all_went_well(push: Push) -> None:
    push.program.write("leads.csv", GOOD)
    ran = push("voiso", "leads.csv", "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    push.program.write("more.csv", MIXED)
    assert push("voiso", "more.csv", "-q").table["rejected"] == 2


def test_verbose_adds_nothing_to_stdout(push: Push) -> None:
    push.program.write("leads.csv", GOOD)
    push.simulator("voiso").faults.add(Fault("busy"))
    ran = push("voiso", "leads.csv", "-v", "--batch-size", "1", "--json")
    assert ran.counts == {"created": 2}
    assert ran.err


@pytest.mark.parametrize(
    ("fault", "code", "counts"),
    [
        pytest.param(
            *(Fault("throttle", times=9), 5, {"failed": 1, "rejected": 2}),
            id="failed-before-rejected",
        ),
        pytest.param(
            *(Fault("lose", times=9), 10, {"unknown": 1, "rejected": 2}),
            id="unknown-before-rejected",
        ),
        pytest.param(
            *(Fault("deny", times=9), 4, {"failed": 1, "rejected": 2}),
            id="access-before-failed",
        ),
    ],
)
def test_gravest_of_several_troubles_gives_the_exit_code(
    push: Push, fault: Fault, code: int, counts: dict[str, int]
) -> None:
    push.program.write("leads.csv", MIXED)
    push.simulator("voiso").faults.add(fault)
    ran = push("voiso", "leads.csv", "--json", env={"LEADCTL_VOISO_RETRY_FOR": "0"})
    assert (ran.code, ran.counts) == (code, counts)
    rows = csv_rows(push.program.folder / "leads.rejects.csv")
    statuses = [row["_leadctl_status"] for row in rows]
    there = [status for status in ("failed",) if status in counts]
    assert statuses == [*there, "rejected", "rejected"], "in the order of the input"


@pytest.mark.parametrize("code", sorted(set(ExitCode) - {ExitCode.OK}))
def test_run_that_an_error_ended_has_the_code_of_the_error(code: ExitCode) -> None:
    error = type("Ended", (LeadctlError,), {"exit_code": code})("the run ended")
    assert exit_code(Counter(), error) == code


def test_reject_file_is_private_replaced_and_gone_when_nothing_is_left(
    program: Program,
) -> None:
    path = program.folder / "leads.check.csv"
    program.write("leads.csv", MIXED)
    program("check", "leads.csv", *CHECK)
    path.chmod(0o644)
    program.write("leads.csv", MIXED + "+1555,Dan Testperson\n")
    program("check", "leads.csv", *CHECK)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(csv_rows(path)) == 3
    program.write("leads.csv", GOOD)
    ran = program("check", "leads.csv", *CHECK, "--json")
    assert ran.document["files"][0]["rejects_file"] is None
    left = sorted(each.name for each in program.folder.iterdir())
    assert left == ["leads.check.old.csv", "leads.csv"]


def test_foreign_file_behind_a_link_is_never_overwritten(program: Program) -> None:
    program.write("leads.csv", MIXED)
    foreign = program.write("mine.csv", "my,own\n")
    (program.folder / "leads.check.csv").symlink_to(foreign)
    ran = program("check", "leads.csv", *CHECK)
    assert (ran.code, foreign.read_text()) == (6, "my,own\n")


def test_text_from_a_file_is_shown_as_text(program: Program) -> None:
    """Neither markup nor control characters of a header or a name do anything."""
    program.write("[bold]a.csv", "phone,[/bold] \x1b[31mred\n+1555,x\n")
    ran = program("check", "[bold]a.csv", *CHECK)
    assert ran.code == 3
    assert "[bold]a.csv" in ran.out
    assert "[/bold]" in ran.err
    assert "\x1b" not in ran.out + ran.err


def test_letters_taken_as_narrow_are_narrow() -> None:
    narrow = [*filter(NARROW.fullmatch, map(chr, range(0x3000)))]
    assert {"…", "→", "é"} <= {*narrow}
    assert {*map(cell_len, narrow)} == {1}


def test_widest_column_of_a_table_is_cut_first() -> None:
    grid = Grid("file", "campaign", cut=(0, 1))
    grid.row("leads.csv", "lupitor 3f2b8c1e-9a4d-4e55")
    lines = [line.written({}).rstrip() for line in grid.lines(30)]
    assert lines == ["file       campaign", "leads.csv  lupitor 3f2b8c1e-9…"]


def test_nothing_private_is_kept(push: Push) -> None:
    """Neither number nor name in the user's state folder, which is the user's alone."""
    lines = "+15551230001,Ann Testperson\n+1555,Bob Testperson\n"
    push.program.write("leads.csv", f"phone,name\n{lines}")
    push("voiso", "leads.csv", "-", stdin=f"phone,name\n{lines}".encode())
    files = [path for path in push.program.home.rglob("*") if path.is_file()]
    assert push.program.state / "ledger.sqlite" in files
    for path in files:
        content = path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        for private in (b"5551230001", b"Testperson", b"voiso-sandbox-key"):
            assert private not in content, path
    for folder, *_ in os.walk(push.program.state):
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700, folder  # noqa: PTH116  a walk gives texts


def test_several_next_steps_are_numbered_in_their_order() -> None:
    found = report.Report(
        run_id="20260301-093000-1f2e",
        provider="voiso",
        account="voiso-day",
        campaign="3",
        files=[FileOfRun(0, "leads.csv", "f00d", "leads.rejects.csv", {})],
        finished_at="2026-03-01T09:30:05Z",
        reasons=[Reason(Status.REJECTED, Code.PHONE_MISSING, "no phone", 1, 0, 1)],
        rejected=1,
        failed=1,
        unknown=1,
        error=report.Failure("stopped", "it stopped", hint="leadctl runs resume RUN"),
    )
    printed = io.StringIO()
    table.show(found, Screen(printed), hint_follows=True)
    steps = re.findall(
        r"^(\d)\. .*leadctl (runs \w+|push)", printed.getvalue(), re.MULTILINE
    )
    assert steps == [("1", "runs resume"), ("2", "runs resolve"), ("3", "push")]
    assert "leads.csv → voiso-day (voiso), campaign 3\n" in printed.getvalue()
