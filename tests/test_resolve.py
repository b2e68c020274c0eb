"""`runs resolve`: the user decides about rows in doubt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from known_runs import (
    HURRY,
    INDIAN,
    NO_CHECK,
    SIX,
    in_doubt,
    known,
    latest,
    leads,
    ozonetel,
    run_of,
    shown,
)
from program import csv_rows

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from conftest import Push


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
    ran = push.program("runs", "resolve", run, "--as", "delivered", "--file", "2")
    assert (ran.code, shown(push.program, run)["unknown"]) == (2, 1)
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
    """A push of the same file sends none of them, and a decision covers both runs."""
    in_doubt(push)
    later = push("ozonetel", "leads.csv", "--json", env=NO_CHECK)
    assert (later.code, later.counts) == (10, {"duplicate": 3, "unknown": 3})
    push.program("runs", "resolve", run_of(later), "--as", "delivered")
    ran = push("ozonetel", "leads.csv", "--json", env=NO_CHECK)
    assert (ran.code, ran.counts) == (0, {"duplicate": 6})


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
