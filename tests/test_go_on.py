"""`runs resume` and `runs retry` send what is left of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from background import Background, happened
from known_runs import (
    ALWAYS,
    HURRY,
    INDIAN,
    NO_CHECK,
    SIX,
    latest,
    leads,
    ozonetel,
    require_private,
    require_sentence,
    run_of,
    shown,
    spooled,
    stopped,
)
from program import csv_rows

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from conftest import Push


WRONG_KEY = {"LEADCTL_VOISO_API_KEY": "made-up-wrong-key"}


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
    """Open at the preflight check, closed at the first upload."""
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
    """Its row numbers no longer fit: no lead is sent and no row written."""
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
