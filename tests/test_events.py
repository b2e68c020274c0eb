"""`--output jsonl`: one line per event, and the report at the end."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from program import Ran

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from background import Background
    from conftest import Push


JSONL = ("--output", "jsonl")
SCHEMA = Path(__file__).parent.parent / "docs" / "json-events.schema.json"
KINDS = {"forecast", "probe", "progress", "wait", "note"}


def events(ran: Ran) -> list[dict[str, Any]]:
    """Return the events, having checked them and the document behind them."""
    *lines, last = ran.out.splitlines()
    assert Ran(ran.code, last, ran.err).document
    found = [json.loads(line) for line in lines]
    schema = json.loads(SCHEMA.read_text())
    checker = jsonschema.Draft202012Validator(schema)
    for event in found:
        checker.validate(event)
    return found


def leads(push: Push) -> str:
    rows = "".join(f"+155512300{row:02},Testperson {row}\n" for row in range(4))
    push.program.write("leads.csv", f"phone,Shoe size\n{rows}+12,Testperson x\n")
    return "leads.csv"


def test_events_tell_a_run_from_forecast_to_result(push: Push) -> None:
    push.simulator("voiso").faults.add(Fault("throttle", skip=1, retry_after=0))
    ran = push("voiso", leads(push), "--batch-size", "2", *JSONL)
    assert ran.code == 3
    told = events(ran)
    assert {event["event"] for event in told} == KINDS
    assert [event["event"] for event in told[:2]] == ["forecast", "probe"]
    assert (told[0]["rows"], told[0]["requests"]) == (5, 3)
    assert (told[1]["name"], told[1]["state"]) == ("Campaign 3", "active")
    steps = [event for event in told if event["event"] == "progress"]
    numbers = [(s["rows_sent"], s["requests"], s["created"]) for s in steps]
    assert numbers == sorted(set(numbers)), "only what is new"
    assert numbers[-1] == (4, 3, 4)
    assert (steps[-1]["rows_read"], steps[-1]["rejected"]) == (5, 1)
    (wait,) = [event for event in told if event["event"] == "wait"]
    assert "429" in wait["reason"]
    assert [e["message"] for e in told if e["event"] == "note"] == [
        "columns not sent: Shoe size (a profile can map them)"
    ]


def test_schema_refuses_what_no_run_prints() -> None:
    """The check above is not blind."""
    checker = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    at = "2026-03-01T09:30:00.000Z"
    note = {"event": "note", "at": at, "code": "no_rows", "count": 0, "message": "x"}
    assert checker.is_valid(note)
    assert not checker.is_valid({"event": "note", "at": at, "message": "x"})
    assert not checker.is_valid(note | {"event": "rumour"})


def test_check_sends_nothing_and_forecasts_no_requests(push: Push) -> None:
    ran = push.program("check", leads(push), "--provider", "voiso", *JSONL)
    told = events(ran)
    assert told[0]["event"] == "forecast"
    assert (told[0]["rows"], told[0]["requests"]) == (5, 0)
    assert not [e for e in told if e["event"] == "probe" or e.get("rows_sent")]


def test_resumed_run_tells_what_is_settled_by_all_of_it(push: Push) -> None:
    wrong = {"LEADCTL_VOISO_RETRY_FOR": "0"}
    push.simulator("voiso").faults.add(Fault("throttle", skip=1, times=9))
    given = (leads(push), "--batch-size", "2")
    assert push("voiso", *given, env=wrong).code == 5
    push.simulator("voiso").faults.clear()
    env = push.environment("voiso")
    told = events(push.program("runs", "resume", *JSONL, env=env))
    last = [event for event in told if event["event"] == "progress"][-1]
    assert (last["created"], last["rows_sent"]) == (4, 4)


def test_what_found_nobody_is_not_said_to_be_sent(push: Push) -> None:
    with socket.socket() as nobody:  # a port that is taken, and answers nobody
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        gone = {"LEADCTL_VOISO_BASE_URL": address, "LEADCTL_VOISO_RETRY_FOR": "0"}
        ran = push("voiso", leads(push), "--batch-size", "2", *JSONL, env=gone)
    assert ran.code == 5
    steps = [event for event in events(ran) if event["event"] == "progress"]
    assert steps[-1]["requests"] >= 1
    assert steps[-1]["rows_sent"] == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("push", "none.csv", "--provider", "voiso", "--campaign", "3"), 4),
        (("push", "--no-such-option"), 2),
        (("check", "none.csv", "--provider", "voiso"), 6),
        (("runs", "resume", "nothing"), 2),
    ],
    ids=["no key", "usage", "no file", "no run"],
)
def test_failure_is_one_document_on_one_line(
    push: Push, arguments: tuple[str, ...], code: int
) -> None:
    ran = push.program(*arguments, *JSONL)
    assert (ran.code, events(ran)) == (code, [])
    assert ran.error["message"]


def test_output_names_what_it_takes(push: Push) -> None:
    ran = push("voiso", leads(push), "--output", "xml")
    assert (ran.code, ran.out) == (2, "")
    assert "--output must be table, json or jsonl, not 'xml'" in ran.err
    assert push("voiso", "leads.csv", "--output", "json").document["rows"] == 5


def test_reader_that_leaves_does_not_stop_the_run(
    push: Push, background: Background
) -> None:
    leads(push)
    background.folder = push.program.folder
    reading, writing = os.pipe()
    where = ("--provider", "voiso", "--campaign", "3", "--batch-size", "1")
    given = ("push", "leads.csv", *where, *JSONL)
    env = push.environment("voiso")
    with background.begun(*given, env=env, stdout=writing) as run:
        os.close(writing)
        os.close(reading)
        assert run.ended().code == 3
    assert len(push.stored("voiso")) == 4


def test_warning_is_a_note(push: Push) -> None:
    push.program.write("leads.csv", "phone,Do Not Call\n+15551230001,yes\n")
    told = events(push("voiso", "leads.csv", "--quiet", *JSONL))
    notes = [e["message"] for e in told if e["event"] == "note"]
    assert any("not to call this person" in note for note in notes)
