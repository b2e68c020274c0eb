"""`runs export`: every row of a run with its outcome."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from known_runs import HURRY, NO_CHECK, SIX, in_doubt, leads, run_of
from past_runs import COLUMNS, exported
from program import STATUSES
from test_runs import KINDS, Kind

from leadctl.ledger import open_ledger
from leadctl.model.leads import Status
from leadctl.reports.export import delimited
from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from conftest import Push


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_export_has_every_row_once_and_adds_up(push: Push, kind: Kind) -> None:
    push.program.write(*leads(*kind.phones))
    if kind.fault:
        push.simulator("voiso").faults.add(kind.fault)
    ran = push("voiso", "leads.csv", "--batch-size", "2", "--json", env=HURRY)
    records = exported(push, run_of(ran))
    assert [one["row"] for one in records] == [*range(1, len(kind.phones) + 1)]
    assert Counter(str(one["status"]) for one in records) == ran.counts
    assert Counter(str(one["code"]) for one in records if one["code"]) == ran.codes


def test_export_prints_the_same_as_a_table_and_as_objects(push: Push) -> None:
    run = in_doubt(push)
    objects = push.program("runs", "export", run, "--format", "jsonl").out
    records = [json.loads(line) for line in objects.splitlines()]
    assert records == exported(push, run)
    only = ("--status", "unknown", "--status", "failed")
    text = push.program("runs", "export", run, *only).out
    table = [*csv.DictReader(io.StringIO(text))]
    assert [*table[0]] == COLUMNS
    unknown = [one for one in records if one["status"] == "unknown"]
    assert [{k: str(v or "") for k, v in one.items()} for one in unknown] == table


def test_export_names_the_request_that_brought_a_row(push: Push) -> None:
    push.program.write(*leads(SIX[0], SIX[1], "12", *SIX[2:]))
    push.simulator("voiso").faults.add(Fault("throttle", skip=1, retry_after=0))
    run = run_of(push("voiso", "leads.csv", "--batch-size", "2", "--json"))
    records = exported(push, run)
    assert [one["request"] for one in records] == [1, 1, None, 3, 3, 4, 4]
    assert [bool(one["sent_at"]) for one in records] == [
        bool(one["request"]) for one in records
    ]


def test_export_of_some_statuses_has_no_others(push: Push) -> None:
    run = in_doubt(push)
    rows = exported(push, run, Status.UNKNOWN)
    assert [one["row"] for one in rows] == [2, 4, 6]
    both = exported(push, run, Status.UNKNOWN, Status.CREATED)
    assert [one["row"] for one in both] == [1, 2, 3, 4, 5, 6]


def test_export_follows_what_an_operator_decided(push: Push) -> None:
    run = in_doubt(push)
    push.program("runs", "resolve", run, "--as", "delivered", "--rows", "2")
    push.program("runs", "resolve", run, "--as", "not-delivered", "--rows", "4")
    found = {one["row"]: one["status"] for one in exported(push, run)}
    assert [found[row] for row in (2, 4, 6)] == ["created", "failed", "unknown"]
    environment = push.environment("ozonetel") | NO_CHECK
    push.program("runs", "retry", run, env=environment)
    found = {one["row"]: one["status"] for one in exported(push, run)}
    assert [found[row] for row in (2, 4, 6)] == ["created", "created", "unknown"]


def test_export_of_several_files_keeps_their_rows_apart(push: Push) -> None:
    push.program.write(*leads(*SIX[:2], name="one.csv"))
    push.program.write(*leads("12", *SIX[2:4], name="=two.csv"))
    run = run_of(push("voiso", "one.csv", "=two.csv", "--json"))
    found = [(one["file"], one["row"]) for one in exported(push, run)]
    expected = [("one.csv", 1), ("one.csv", 2)]
    assert found == [*expected, *(("=two.csv", row) for row in (1, 2, 3))]
    with open_ledger(push.program.state / "ledger.sqlite") as ledger:
        text = "\n".join(delimited(ledger.run(run)))
    files = {row["file"] for row in csv.DictReader(io.StringIO(text))}
    assert files == {"one.csv", "'=two.csv"}, "a spreadsheet calculates nothing"


def test_statuses_offered_are_the_contracts(push: Push) -> None:
    helped = push.program("runs", "export", "--help").out
    assert [status for status in STATUSES if status not in helped] == []
