"""`leadctl runs`: what was done is known, and what was not finished can be."""

from __future__ import annotations

import json
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from conftest import CAMPAIGNS, Push
from program import Program, csv_rows
from test_signals import Background, happened

from leadctl.ledger import open_ledger
from leadctl.reports import report
from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from program import Document, Ran

    from leadctl.sandbox import Sandbox

SIX = [f"1555123{row:04}" for row in range(1, 7)]
INDIAN = [f"90000000{row:02}" for row in range(1, 7)]
ALWAYS = 1000
WRONG_KEY = {"LEADCTL_VOISO_API_KEY": "made-up-wrong-key"}
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


def ozonetel(push: Push) -> dict[str, str]:
    return push.environment("ozonetel") | NO_CHECK


# --- runs, runs show ---


def test_runs_are_listed_the_newest_first(push: Push) -> None:
    program = push.program
    none = program("runs")
    assert (none.code, none.out) == (0, "")
    assert json.loads(program("runs", "--json").out) == []
    program.write(*leads(*SIX))
    push("voiso", "leads.csv", "--limit", "2")
    push("voiso", "leads.csv", "--limit", "3")
    headings, first, second = program("runs").out.splitlines()
    columns = ["run", "when", "file", "campaign", "result", "created", "to", "do"]
    assert headings.split() == [*columns, "took"]
    for line, created in ((first, "1"), (second, "2")):
        words = line.split()
        assert words[3:8] == ["leads.csv", "voiso", "3", "done", created]
    assert program("runs", "--limit", "1").out.splitlines()[1:] == [first]
    listed = json.loads(program("runs", "--json").out)
    assert [one["run_id"] for one in listed] == [first.split()[0], second.split()[0]]
    assert listed == known(program)


def test_runs_are_filtered_and_named_by_a_part_of_their_id(push: Push) -> None:
    program = push.program
    program.write(*leads(*SIX, "12"))
    push("voiso", "leads.csv", "--limit", "1")
    push("voiso", "leads.csv")
    push("yotel", "leads.csv", "--dry-run")
    with_reject, without = program.runs()

    def listed(*options: str) -> list[str]:
        lines = program("runs", *options).out.splitlines()[1:]
        return [line.split()[0] for line in lines]

    assert listed("--failed") == [with_reject]
    assert listed("--account", "voiso", "--since", "1h") == [with_reject, without]
    assert listed("--account", "yotel") == listed("--since", "2999-01-01") == []
    assert program("runs", "--account", "yotel").err == "no such run\n"
    odd = program("runs", "--since", "yesterday")
    assert (odd.code, "2026-03-01, or 7d, or 12h" in odd.err) == (2, True)
    tail = with_reject.rpartition("-")[2]
    if tail != without.rpartition("-")[2]:
        assert f"run {with_reject}" in program("runs", "show", tail).out
    several = program("runs", "show", with_reject[:4])
    assert (several.code, "several runs match" in several.err) == (2, True)
    (program.folder / "leads.rejects.csv").unlink()
    assert "1 row in" in program("runs", "rejects").err
    for command in ("retry", "resolve"):
        none = program("runs", command, env=push.environment("voiso"))
        assert (none.code, "no run has " in none.err) == (2, True)


@dataclass(frozen=True)
class Kind:
    """A run that ends in its own way."""

    code: int
    phones: tuple[str, ...] = tuple(SIX)
    fault: Fault | None = None


KINDS = {
    "rejects-and-duplicates": Kind(3, (*SIX, "12", SIX[0])),
    "stopped": Kind(4, fault=Fault("deny", skip=1, times=ALWAYS)),
    "failed": Kind(5, fault=Fault("throttle", skip=1, times=ALWAYS)),
    "unknown": Kind(10, fault=Fault("lose", skip=1, times=ALWAYS)),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_show_prints_what_the_push_printed(push: Push, kind: Kind) -> None:
    push.program.write(*leads(*kind.phones))
    if kind.fault:
        push.simulator("voiso").faults.add(kind.fault)
    ran = push("voiso", "leads.csv", "--batch-size", "2", "--json", env=HURRY)
    assert ran.code == kind.code
    again = push.program("runs", "show", run_of(ran), "--json")
    assert json.loads(again.out) == shown(push.program, run_of(ran)) == ran.document


def test_show_prints_a_table_for_people(push: Push) -> None:
    push.program.write(*leads(*SIX, "12"))
    ran = push("voiso", "leads.csv")
    again = push.program("runs", "show", latest(push.program))
    assert again.code == 0
    assert ran.out in again.out, "and when it was, and its requests"
    assert again.table == {"created": 6, "duplicate": 0, "rejected": 1, "rows": 7}


@pytest.fixture(scope="module")
def done(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Push, str]:
    """Keep a run that is over, for tests that change nothing, and its id."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("here")
    push = Push(Program(folder, home), served)
    push.program.write(*leads(*SIX, "12"))
    push.program.write("mine.csv", "my,own\n")
    push.simulator("voiso").forget()
    return push, run_of(push("voiso", "leads.csv", "--json"))


@pytest.mark.parametrize(
    "command",
    [
        ("show",),
        ("show", "--json"),
        ("resume",),
        ("resume", "--json"),
        ("retry",),
        ("resolve",),
        ("resolve", "--as", "delivered"),
        ("rejects",),
    ],
    ids=" ".join,
)
def test_unknown_run_is_answered_with_the_nearest(
    done: tuple[Push, str], command: tuple[str, ...]
) -> None:
    push, run = done
    name, *options = command
    misspelt = run.replace("-", "_", 1)
    ran = push.program("runs", name, misspelt, *options, env=push.environment("voiso"))
    assert ran.code == 2
    for word in (f"'{misspelt}'", f"'{run}'"):
        assert word in ran.err
    assert len(ran.err.splitlines()) <= 2
    if "--json" in options:
        assert ran.document["run_id"] is None
    else:
        assert ran.out == ""


BAD_USES = {
    "nothing-unfinished": (("resume",), 2, "unfinished"),
    "no-run-to-retry": (("retry",), 2, "no run has failed rows"),
    "no-such-word": (("resolve", "RUN", "--as", "perhaps"), 2, "perhaps"),
    "no-row-unknown": (("resolve", "RUN", "--as", "delivered"), 2, "unknown"),
    "rows-are-no-numbers": (
        ("resolve", "RUN", "--as", "delivered", "--rows", "two"),
        2,
        "two",
    ),
    "rows-half-a-range": (
        ("resolve", "RUN", "--as", "delivered", "--rows", "-3"),
        2,
        "-3",
    ),
    "rows-backwards": (
        ("resolve", "RUN", "--as", "delivered", "--rows", "3-1"),
        2,
        "",
    ),
    "rows-beyond-measure": (
        ("resolve", "RUN", "--as", "delivered", "--rows", "1-99999999999999"),
        2,
        "",
    ),
    "negative-days": (("prune", "--days", "-1"), 2, "--days"),
    "days-beyond-measure": (("prune", "--days", "99999999999"), 2, "--days"),
    "no-such-command": (("resum",), 2, "resum"),
    "no-folder": (("rejects", "RUN", "--to", "no/such/r.csv"), 6, "no/such"),
    "foreign-file": (("rejects", "RUN", "--to", "mine.csv"), 6, "mine.csv"),
    "input-itself": (("rejects", "RUN", "--to", "leads.csv"), 2, "leads.csv"),
}


@pytest.mark.parametrize(("words", "code", "word"), BAD_USES.values(), ids=BAD_USES)
def test_bad_use_is_a_sentence(
    done: tuple[Push, str], words: tuple[str, ...], code: int, word: str
) -> None:
    push, run = done
    before = {path: path.read_bytes() for path in push.program.folder.iterdir()}
    given = [run if part == "RUN" else part for part in words]
    ran = push.program("runs", *given, env=push.environment("voiso"))
    assert (ran.code, ran.out) == (code, "")
    assert word in ran.err
    assert len(ran.err.splitlines()) <= 4
    assert {p: p.read_bytes() for p in push.program.folder.iterdir()} == before


# --- runs resume, runs retry ---


@pytest.mark.parametrize("command", ["resume", "retry"])
def test_stopped_run_goes_on_when_the_key_is_corrected(
    push: Push, command: str
) -> None:
    run = stopped(push)
    assert shown(push.program, run)["files"][0]["rejects_file"] == "leads.rejects.csv"
    ran = push.program("runs", command, run, "--json", env=push.environment("voiso"))
    assert (ran.code, ran.counts) == (0, {"created": 6})
    assert ran.document["run_id"] == run
    assert ran.document["error"] is None
    assert push.phones("voiso") == SIX
    assert push.uploads("voiso")[3:] == [1, 1, 1, 1]
    assert shown(push.program, run) == ran.document
    assert not (push.program.folder / "leads.rejects.csv").exists()
    assert ran.document["files"][0]["rejects_file"] is None


def test_resume_without_a_name_takes_the_latest_unfinished(push: Push) -> None:
    run = stopped(push)
    push.program.write(*leads("15551230099", name="other.csv"))
    assert push("voiso", "other.csv").code == 0
    ran = push.program("runs", "resume", "--json", env=push.environment("voiso"))
    assert (ran.code, ran.document["run_id"]) == (0, run)
    again = push.program("runs", "resume", env=push.environment("voiso"))
    require_sentence(again, 2, "unfinished")


def test_resume_with_the_key_still_wrong_stops_again_and_loses_nothing(
    push: Push,
) -> None:
    run = stopped(push)
    wrong = push.environment("voiso") | WRONG_KEY
    ran = push.program("runs", "resume", "--json", env=wrong)
    assert (ran.code, ran.counts) == (4, {"created": 2, "failed": 4})
    missing = push.environment("voiso") | {"LEADCTL_VOISO_API_KEY": ""}
    require_sentence(push.program("runs", "resume", env=missing), 4, "API_KEY")
    assert shown(push.program, run)["failed"] == 4
    ran = push.program("runs", "resume", "--json", env=push.environment("voiso"))
    assert (ran.code, ran.counts) == (0, {"created": 6})


def test_run_goes_on_when_the_campaign_is_opened(push: Push) -> None:
    """It was open when asked before the run, closed when the first leads came."""
    push.program.write(*leads(*SIX, "12"))
    push.simulator("voiso").faults.add(Fault("error_before", status=404))
    closed = push("voiso", "leads.csv", "--json", env=HURRY)
    assert (closed.code, closed.counts) == (7, {"failed": 6, "rejected": 1})
    gone = Fault("error_before", status=404, where="read")
    push.simulator("voiso").faults.add(gone)
    again = push.program("runs", "resume", "--json", env=push.environment("voiso"))
    assert (again.code, again.counts) == (7, {"failed": 6, "rejected": 1})
    ran = push.program("runs", "resume", "--json", env=push.environment("voiso"))
    assert (ran.code, ran.counts) == (3, {"created": 6, "rejected": 1})
    (row,) = csv_rows(push.program.folder / "leads.rejects.csv")
    assert (row["phone"], row["_leadctl_row"]) == ("'12", "7")


def test_retry_sends_the_failed_rows_and_no_others(push: Push) -> None:
    """Row 1 is created, 2 unknown, 3 failed, 4 rejected, 5 a duplicate."""
    one_by_one = NO_CHECK | {"LEADCTL_OZONETEL_RETRY_FOR": "0"}
    phones = (INDIAN[0], INDIAN[1], INDIAN[2], "1", INDIAN[0])
    push.program.write(*leads(*phones))
    push.simulator("ozonetel").faults.add(
        Fault("lose", skip=1), Fault("throttle", times=2)
    )
    ran = push("ozonetel", "leads.csv", "--json", env=one_by_one)
    expected = {"created": 1, "unknown": 1, "failed": 1, "rejected": 1, "duplicate": 1}
    assert (ran.code, ran.counts) == (10, expected)
    push.simulator("ozonetel").faults.clear()
    before = len(push.uploads("ozonetel"))
    run = latest(push.program)
    ran = push.program("runs", "retry", run, "--json", env=ozonetel(push))
    expected = {"created": 2, "unknown": 1, "rejected": 1, "duplicate": 1}
    assert (ran.code, ran.counts) == (10, expected)
    assert len(push.uploads("ozonetel")) - before == 1
    assert push.phones("ozonetel") == INDIAN[:3]


def test_retry_leaves_unknown_rows_alone_also_where_a_repeat_would_be_safe(
    push: Push,
) -> None:
    push.program.write(*leads(*SIX))
    push.simulator("voiso").faults.add(Fault("lose", times=1), Fault("throttle"))
    ran = push("voiso", "leads.csv", "--batch-size", "3", "--json", env=HURRY)
    assert ran.counts == {"unknown": 3, "failed": 3}
    ran = push.program(
        "runs", "retry", latest(push.program), "--json", env=push.environment("voiso")
    )
    assert (ran.code, ran.counts) == (10, {"unknown": 3, "created": 3})
    assert len(push.uploads("voiso")) == 3


def test_resume_settles_unknown_rows_where_a_repeat_is_safe(push: Push) -> None:
    push.program.write(*leads(*SIX))
    push.simulator("voiso").faults.add(Fault("lose"), Fault("error_before", status=500))
    ran = push("voiso", "leads.csv", "--batch-size", "3", "--json", env=HURRY)
    assert (ran.code, ran.counts) == (10, {"unknown": 6})
    run = latest(push.program)
    ran = push.program("runs", "resume", run, "--json", env=push.environment("voiso"))
    assert (ran.code, ran.counts) == (0, {"created": 3, "duplicate": 3})
    assert push.phones("voiso") == SIX


@pytest.mark.parametrize("change", ["changed", "gone"])
def test_input_that_is_not_what_it_was_is_told(push: Push, change: str) -> None:
    """Row numbers mean nothing any more: no lead is sent and no row written."""
    run = stopped(push)
    path = push.program.folder / "leads.csv"
    rejects = push.program.folder / "leads.rejects.csv"
    before = rejects.read_bytes()
    if change == "gone":
        path.unlink()
    else:
        push.program.write(*leads(*reversed(SIX)))
    sent = len(push.uploads("voiso"))
    for command in ("resume", "retry", "rejects"):
        ran = push.program("runs", command, run, env=push.environment("voiso"))
        require_sentence(ran, 6, "leads.csv")
        assert len(push.uploads("voiso")) == sent
        assert rejects.read_bytes() == before


def test_resume_maps_as_the_run_began(push: Push) -> None:
    """Whatever was done to the profile in between."""
    push.program.write("leads.csv", "tel,a,b\n+15551230001,Ann,Bob\n+15551230002,C,D\n")
    push.program.write("map.yaml", "fields: {phone: tel, name: a}\n")
    arguments = ("leads.csv", "--profile", "map.yaml", "--batch-size", "1")
    push.simulator("voiso").faults.add(Fault("deny", skip=1))
    assert push("voiso", *arguments).code == 4
    push.program.write("map.yaml", "fields: {phone: tel, name: b}\n")
    assert push.program("runs", "resume", env=push.environment("voiso")).code == 0
    assert [lead["name"] for lead in push.stored("voiso")] == ["Ann", "C"]


@pytest.mark.parametrize("command", ["resume", "rejects"])
def test_run_is_finished_from_another_folder(push: Push, command: str) -> None:
    run = stopped(push)
    elsewhere = push.program.home / "elsewhere"
    elsewhere.mkdir()
    (push.program.folder / "leads.rejects.csv").unlink()
    moved = type(push.program)(elsewhere, push.program.home)
    if command == "resume":
        push.simulator("voiso").faults.add(Fault("deny", times=ALWAYS))
    code = 4 if command == "resume" else 0
    assert moved("runs", command, run, env=push.environment("voiso")).code == code
    assert len(csv_rows(push.program.folder / "leads.rejects.csv")) == 4
    assert [*elsewhere.iterdir()] == []


def spooled(program: Program) -> list[Path]:
    folder = program.state / "spool"
    return [*folder.iterdir()] if folder.exists() else []


def require_private(path: Path, mode: int) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_run_from_stdin_goes_on_after_a_kill(push: Push) -> None:
    background = Background(push.program.folder, push.program.home)
    environment = push.environment("voiso") | {"LEADCTL_VOISO_MIN_INTERVAL": "0.2"}
    where = ("--provider", "voiso", "--campaign", "3", "--batch-size", "1")
    with background.begun("push", "-", *where, env=environment) as run:
        assert run.process.stdin
        run.process.stdin.write(leads(*SIX)[1].encode())
        run.process.stdin.close()
        run.process.stdin = None
        happened(lambda: len(push.simulator("voiso").log) >= 2)
        run.process.kill()
        run.process.wait()
    (spool,) = spooled(push.program)
    require_private(spool, 0o600)
    require_private(spool.parent, 0o700)
    ran = push.program("runs", "resume", "--json", env=push.environment("voiso"))
    assert ran.code == 0
    assert ran.document["rows"] == 6
    assert ran.document["created"] + ran.document["duplicate"] == 6
    assert push.phones("voiso") == SIX
    assert spooled(push.program) == []


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        (None, False),
        (Fault("deny", skip=1, times=ALWAYS), True),
        (Fault("throttle", skip=1, times=ALWAYS), True),
        (Fault("lose", skip=1, times=ALWAYS), True),
    ],
    ids=["done", "stopped", "failed", "unknown"],
)
def test_copy_of_stdin_is_kept_while_something_of_it_is_left_to_send(
    push: Push, fault: Fault | None, kept: bool
) -> None:
    if fault:
        push.simulator("voiso").faults.add(fault)
    content = leads(*SIX, "12")[1].encode()
    ran = push("voiso", "-", "--batch-size", "3", "--json", stdin=content, env=HURRY)
    assert bool(spooled(push.program)) == kept
    push.simulator("voiso").faults.clear()
    if kept:
        run = run_of(ran)
        environment = push.environment("voiso")
        ran = push.program("runs", "resume", run, "--json", env=environment)
        assert ran.code == 3
        assert spooled(push.program) == []
        (row,) = csv_rows(push.program.folder / "stdin.rejects.csv")
        assert row["_leadctl_row"] == "7"


def test_rejects_of_stdin_that_is_gone_are_told(push: Push) -> None:
    push("voiso", "-", stdin=leads(*SIX, "12")[1].encode())
    (push.program.folder / "stdin.rejects.csv").unlink()
    ran = push.program("runs", "rejects", latest(push.program))
    require_sentence(ran, 6)


def test_copy_of_stdin_goes_when_its_last_rows_are_decided_about(push: Push) -> None:
    push.simulator("voiso").faults.add(Fault("lose"))
    content = leads(*SIX)[1].encode()
    ran = push("voiso", "-", "--json", stdin=content, env=HURRY)
    assert (ran.code, len(spooled(push.program))) == (10, 1)
    push.program("runs", "resolve", run_of(ran), "--as", "delivered")
    assert spooled(push.program) == []


# --- runs resolve ---


def test_resolve_shows_what_is_unknown(push: Push) -> None:
    run = in_doubt(push)
    ran = push.program("runs", "resolve", run)
    assert ran.code == 0
    rows = ",".join(re.findall(r"leads\.csv +rows ([0-9,-]+) ", ran.out))
    assert sorted(rows.split(",")) == ["2", "4", "6"]
    assert "--as" in ran.err
    assert shown(push.program, run)["unknown"] == 3


def test_rows_called_delivered_are_not_sent_again(push: Push) -> None:
    run = in_doubt(push)
    ran = push.program("runs", "resolve", run, "--as", "delivered", "--rows", "1-2,6")
    assert ran.code == 0
    found = shown(push.program, run)
    assert (found["created"], found["unknown"], found["exit_code"]) == (5, 1, 10)
    assert push.program("runs", "resolve", run, "--as", "delivered").code == 0
    found = shown(push.program, run)
    assert (found["created"], found["exit_code"]) == (6, 0)
    sent = len(push.uploads("ozonetel"))
    ran = push("ozonetel", "leads.csv", "--json", env=NO_CHECK)
    assert (ran.code, ran.codes) == (0, {"already_delivered": 6})
    assert len(push.uploads("ozonetel")) == sent


def test_rows_called_not_delivered_are_sent_by_retry(push: Push) -> None:
    run = in_doubt(push)
    ran = push.program("runs", "resolve", run, "--as", "not-delivered", "--rows", "4")
    assert ran.code == 0
    assert f"leadctl runs retry {run}" in ran.err
    found = shown(push.program, run)
    assert (found["failed"], found["unknown"], found["exit_code"]) == (1, 2, 10)
    assert push.program("runs", "rejects", run).code == 0
    (row,) = csv_rows(push.program.folder / "leads.rejects.csv")
    assert (row["phone"], row["_leadctl_status"]) == (f"'{INDIAN[3]}", "failed")
    ran = push.program("runs", "retry", run, "--json", env=ozonetel(push))
    assert (ran.code, ran.counts) == (10, {"created": 4, "unknown": 2})
    assert push.phones("ozonetel") == INDIAN


def test_rows_to_be_sent_again_are_sent_at_once(push: Push) -> None:
    run = in_doubt(push)
    sent = len(push.uploads("ozonetel"))
    ran = push.program(
        *("runs", "resolve", run, "--as", "send-again", "--rows", "4"),
        env=ozonetel(push),
    )
    assert ran.code == 10
    zero = {"rejected": 0, "duplicate": 0}
    assert ran.table == {"created": 4, "unknown": 2, "rows": 6} | zero
    assert len(push.uploads("ozonetel")) == sent + 1
    assert push.phones("ozonetel") == INDIAN


def test_unknown_rows_of_a_later_run_are_resolved_there(push: Push) -> None:
    """A push of the same file sends none of them; a word about them holds as well."""
    in_doubt(push)
    later = push("ozonetel", "leads.csv", "--json", env=NO_CHECK)
    assert (later.code, later.counts) == (10, {"duplicate": 3, "unknown": 3})
    push.program("runs", "resolve", run_of(later), "--as", "delivered")
    ran = push("ozonetel", "leads.csv", "--json", env=NO_CHECK)
    assert (ran.code, ran.counts) == (0, {"duplicate": 6})


def test_resume_finds_the_run_that_has_failed_rows_beside_unknown_ones(
    push: Push,
) -> None:
    """Exit code 10 hides 5; there is something to send all the same."""
    push.program.write(*leads(*INDIAN[:2]))
    push.simulator("ozonetel").faults.add(Fault("lose"), Fault("throttle"))
    env = NO_CHECK | {"LEADCTL_OZONETEL_RETRY_FOR": "0"}
    ran = push("ozonetel", "leads.csv", "--json", env=env)
    assert (ran.code, ran.counts) == (10, {"unknown": 1, "failed": 1})
    ran = push.program("runs", "resume", "--json", env=ozonetel(push))
    assert (ran.code, ran.counts) == (10, {"unknown": 1, "created": 1})


# --- runs rejects, runs prune ---


def test_rejects_are_written_again_as_the_run_wrote_them(push: Push) -> None:
    push.program.write(*leads(*SIX[:2], "12", "13"))
    assert push("voiso", "leads.csv").code == 3
    run, path = latest(push.program), push.program.folder / "leads.rejects.csv"
    before = path.read_bytes()
    path.unlink()
    # Neither a key nor an address is needed for it.
    assert push.program("runs", "rejects", run).code == 0
    assert path.read_bytes() == before
    assert push.program("runs", "rejects", run, "--to", "again.csv").code == 0
    again = push.program.folder / "again.csv"
    assert again.read_bytes() == before
    require_private(again, 0o600)


def test_run_without_rejects_writes_no_file(push: Push) -> None:
    push.program.write(*leads(*SIX))
    push("voiso", "leads.csv")
    ran = push.program("runs", "rejects", latest(push.program), "--to", "again.csv")
    assert ran.code == 0
    assert not (push.program.folder / "again.csv").exists()


def test_prune_forgets_runs_and_remembers_who_is_delivered(push: Push) -> None:
    push.program.write(*leads(*SIX))
    push("voiso", "leads.csv")
    run = latest(push.program)
    assert push.program("runs", "prune", "--days", "1", "--yes").code == 0
    assert latest(push.program) == run
    assert push.program("runs", "prune", "--days", "0", "--yes").code == 0
    assert known(push.program) == []
    require_sentence(push.program("runs", "show", run), 2, run)
    ran = push("voiso", "leads.csv", "--json")
    assert ran.codes == {"already_delivered": 6}
    assert push.uploads("voiso") == [6]


@pytest.mark.parametrize("provider", ["ozonetel", "voiso"])
def test_prune_keeps_runs_with_unknown_rows(push: Push, provider: str) -> None:
    if provider == "ozonetel":
        run = in_doubt(push)
    else:
        push.program.write(*leads(*SIX))
        push.simulator("voiso").faults.add(Fault("lose"))
        assert push("voiso", "leads.csv", env=HURRY).code == 10
        run = latest(push.program)
    push.program("runs", "prune", "--days", "0", "--yes")
    assert latest(push.program) == run
    decided = push.program("runs", "resolve", run, "--as", "delivered")
    assert decided.code == 0
    push.program("runs", "prune", "--days", "0", "--yes")
    assert known(push.program) == []


def test_prune_asks_and_leaves_a_word(push: Push) -> None:
    push.program.write(*leads(*SIX))
    push("voiso", "leads.csv")
    prune = ("runs", "prune", "--days", "0")
    assert push.program(*prune, "--dry-run").err == "1 run to forget\n"
    assert (push.program(*prune).code, len(push.program.runs())) == (2, 1)
    assert push.program(*prune, "--yes").err == "1 run forgotten\n"
    assert push.program("runs").err == "no runs left: older runs were pruned\n"


def test_prune_takes_the_copy_of_stdin_along(push: Push) -> None:
    """Nobody could send anything of it any more."""
    push.simulator("voiso").faults.add(Fault("deny"))
    push("voiso", "-", stdin=leads(*SIX)[1].encode())
    assert spooled(push.program)
    push.program("runs", "prune", "--days", "0", "--yes")
    assert known(push.program) == []
    assert spooled(push.program) == []


def test_prune_spares_a_run_that_is_under_way(push: Push) -> None:
    push.program.write(*leads(*SIX))
    environment = push.environment("voiso") | {"LEADCTL_VOISO_MIN_INTERVAL": "0.3"}
    where = ("--provider", "voiso", "--campaign", CAMPAIGNS["voiso"])
    process = push.program.start(
        "push", "leads.csv", *where, "--batch-size", "1", env=environment
    )
    try:
        happened(lambda: len(push.simulator("voiso").log) >= 1)
        push.program("runs", "prune", "--days", "0", "--yes")
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.wait()
    assert shown(push.program, latest(push.program))["created"] == 6


def test_list_of_no_runs_says_what_leaves_none(program: Program) -> None:
    ran = program("runs")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == (
        "no runs yet (--sandbox without --keep, --dry-run and check leave none)\n"
    )
