"""`leadctl runs`: runs are recorded, and unfinished ones can be finished."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from background import happened
from conftest import CAMPAIGNS, Push
from known_runs import (
    ALWAYS,
    HURRY,
    SIX,
    known,
    latest,
    leads,
    require_private,
    require_sentence,
    run_of,
    shown,
    spooled,
)
from program import Program

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from leadctl.sandbox import Sandbox


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
    (alone,) = program("runs", "--limit", "1").out.splitlines()[1:]
    assert alone.split() == first.split()
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


def test_rows_to_do_are_those_of_the_run_that_has_them_now(push: Push) -> None:
    """A corrected reject file takes them along; a run that is given up has none."""
    program = push.program
    program.write(*leads(*SIX, "12", "13"))
    push("voiso", "leads.csv", "--limit", "7")
    push("voiso", "leads.csv")

    def to_do() -> dict[str, str]:
        lines = program("runs", "--failed").out.splitlines()[1:]
        cells = [re.split(r"  +", line) for line in lines]
        return {line[0]: line[-2] for line in cells}

    first, _ = program.runs()
    assert to_do() == {first: "2"}
    rejects = program.folder / "leads.rejects.csv"
    rejects.write_text(rejects.read_text().replace("'12", "+15551230099"))
    assert push("voiso", rejects.name).code == 3
    second, *_ = program.runs()
    assert to_do() == {second: "1"}
    shown = program("runs", "show", first).out
    assert f"Rejected rows pushed again by run {second}\n" in shown
    assert "After fixing" not in shown
    assert program("runs", "report", first, "--html", "first.html").code == 0
    page = (program.folder / "first.html").read_text()
    assert f"2 rows were pushed again by run {second}." in page
    assert "<title>Done: " in page
    listed = program("runs", "--limit", "2")
    assert listed.err == "there are older runs: --limit 4 lists more\n"
    hint = program("runs", "stop", second).err
    assert hint.endswith(f"\n  leadctl runs stop {second} --give-up\n")
    assert program("runs", "stop", second, "--give-up").code == 0
    assert to_do() == {}
    assert "given up" in program("runs").out
    assert "2 rows in " in program("runs", "rejects").err, "of the first run"


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


# --- runs resolve ---


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


def test_prune_asks_and_leaves_a_word(push: Push) -> None:
    push.program.write(*leads(*SIX))
    push("voiso", "leads.csv")
    prune = ("runs", "prune", "--days", "0")
    assert push.program(*prune, "--dry-run").err == "1 run to forget\n"
    assert (push.program(*prune).code, len(push.program.runs())) == (2, 1)
    assert push.program(*prune, "--yes").err == "1 run forgotten\n"
    assert push.program("runs").err == "no runs left: older runs were pruned\n"


def test_prune_takes_the_copy_of_stdin_along(push: Push) -> None:
    """No run could use it any more."""
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
