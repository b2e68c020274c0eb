"""Digits with several readings: decided by the user, by the column, or rejected."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest
from background import happened
from program import SECONDS

if TYPE_CHECKING:
    from conftest import Push
    from program import Program

# A number of Sweden without its +, and of an area of the United States nobody has.
SWEDISH = "46123456{:02}"


def column(cells: list[str]) -> str:
    return "\n".join(["phone", *cells]) + "\n"


def swedish(rows: int) -> list[str]:
    """Numbers of Sweden without +: five in a hundred might be American ones."""
    certain = [f"4670123{n:04}" for n in range(rows - rows // 20)]
    return [*certain, *(SWEDISH.format(n) for n in range(rows // 20))]


def test_number_with_two_readings_is_rejected_with_both(push: Push) -> None:
    push.program.write("leads.csv", column(["4612345678"]))
    ran = push("voiso", "leads.csv", "--region", "US", "--json")
    assert (ran.code, ran.codes) == (3, {"phone_ambiguous": 1})
    message = ran.document["reasons"][0]["message"]
    assert "+1 ########## or +46 ########" in message
    assert not push.stored("voiso")


@pytest.mark.parametrize(
    ("numbers", "sent"),
    [("national", "14612345678"), ("international", "4612345678")],
)
@pytest.mark.parametrize("by", ["option", "profile"])
def test_user_decides(push: Push, numbers: str, sent: str, by: str) -> None:
    push.program.write("leads.csv", column(["4612345678"]))
    push.program.write(
        "p.yaml",
        f"region: US\nfile: {{numbers: {numbers}}}\nfields: {{phone: phone}}\n",
    )
    given = (
        ("--region", "US", "--numbers", numbers)
        if by == "option"
        else ("--profile", "p.yaml")
    )
    assert push("voiso", "leads.csv", *given).code == 0
    assert push.phones("voiso") == [sent]


def test_digits_as_the_region_writes_them_are_nobody_elses(push: Push) -> None:
    """6598765432 is an Indian mobile, and a number of Singapore without its +."""
    push.program.write("leads.csv", column(["6598765432"]))
    given = ("--region", "IN", "--numbers", "international")
    assert push("voiso", "leads.csv", *given).code == 0
    assert push.phones("voiso") == ["916598765432"]


def test_without_a_region_digits_are_international_only_on_the_users_word(
    push: Push,
) -> None:
    push.program.write("leads.csv", column(["15551230001", "4612345678"]))
    ran = push("voiso", "leads.csv", "--json")
    assert ran.codes == {"phone_invalid": 2}
    assert push("voiso", "leads.csv", "--numbers", "international").code == 0
    assert push.phones("voiso") == ["15551230001", "4612345678"]


def test_column_decides_and_says_so(push: Push) -> None:
    push.program.write("leads.csv", column(swedish(100)))
    ran = push("voiso", "leads.csv", "--region", "US", "--json")
    assert (ran.code, ran.counts) == (0, {"created": 100})
    assert ran.document["repairs"] == {"plus_lost": 100}
    assert "are read as international, like the rest of the column" in ran.err
    assert "4612345601" in push.phones("voiso")


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(swedish(80), id="fewer than a hundred"),
        pytest.param([*swedish(100), "(212) 555-0123"], id="one only national"),
        pytest.param([*swedish(100), *["+46701234567"] * 20, "5551230001"], id="mixed"),
    ],
)
def test_column_that_does_not_agree_decides_nothing(
    push: Push, cells: list[str]
) -> None:
    push.program.write("leads.csv", column(cells))
    ran = push("voiso", "leads.csv", "--region", "US", "--json")
    assert ran.codes["phone_ambiguous"] >= 4


def test_grown_file_and_reject_file_are_read_alike(push: Push) -> None:
    """Who was read by the column stays who they are when others come along."""
    push.program.write("leads.csv", column(swedish(100)))
    where = ("--region", "US", "--json")
    assert push("voiso", "leads.csv", *where).counts == {"created": 100}
    push.program.write("leads.csv", column([*swedish(100), "(201) 555-0123", "12"]))
    grown = push("voiso", "leads.csv", *where)
    assert grown.counts == {"created": 1, "duplicate": 100, "rejected": 1}
    rejects = push.program.folder / "leads.rejects.csv"
    rejects.write_text(rejects.read_text().replace("'12", SWEDISH.format(77)))
    again = push("voiso", "leads.rejects.csv", *where)
    assert again.counts == {"created": 1}
    assert SWEDISH.format(77) in push.phones("voiso")


def test_decision_by_column_outlives_a_killed_run(push: Push) -> None:
    push.program.write("leads.csv", column(swedish(100)))
    slow = push.environment("voiso") | {"LEADCTL_VOISO_MIN_INTERVAL": "0.5"}
    where = ("--provider", "voiso", "--campaign", "3", "--region", "US")
    run = push.program.fork("push", "leads.csv", *where, "--batch-size", "40", env=slow)
    happened(lambda: bool(push.phones("voiso")))
    run.signalled(signal.SIGKILL)
    assert run.code(SECONDS) == -signal.SIGKILL
    push.program.write("leads.csv", column([*swedish(100), "(212) 555-0123"]))
    grown = push("voiso", "leads.csv", "--region", "US", "--json")
    assert grown.code == 0, grown.codes
    assert len(push.phones("voiso")) == 101


def test_decision_by_column_is_in_the_next_command(push: Push) -> None:
    """So that the reject file is read alike with another ledger, too."""
    push.program.write("leads.csv", column([*swedish(100), "12"]))
    ran = push("voiso", "leads.csv", "--region", "US")
    assert "3 --region US --numbers international\n" in ran.out
    (run,) = json.loads(push.program("runs", "--json").out)
    for command in (["resume", run["run_id"]], ["show", run["run_id"], "--row", "96"]):
        ran = push.program("runs", *command, env=push.environment("voiso"))
        assert ran.code in (0, 3), ran.err
        assert "phone_ambiguous" not in ran.out
    push.program.write("leads.rejects.csv", column([SWEDISH.format(77), "12"]))
    told = ("--region", "US", "--numbers", "international", "--ledger", "new.sqlite")
    ran = push("voiso", "leads.rejects.csv", *told)
    assert SWEDISH.format(77) in push.phones("voiso")
    ledger = push.program.folder / "new.sqlite"
    assert ran.out.endswith(f"international --ledger {ledger}\n")
    ran = push.program("runs", "show", env={"LEADCTL_LEDGER": str(ledger)})
    assert ran.out.splitlines()[0].startswith("run ")
    assert "--ledger" not in ran.out


def test_next_command_leaves_out_an_option_that_reads_more_than_the_column(
    push: Push,
) -> None:
    """The column leaves 4612345678 open; --numbers national would send it."""
    cells = [f"2015550{n:03}" for n in range(100)]
    push.program.write("leads.csv", column([*cells, "4612345678"]))
    ran = push("voiso", "leads.csv", "--region", "US")
    assert "phone_ambiguous" in ran.out
    assert ran.out.endswith("--region US\n")


def test_international_takes_no_unassigned_number_of_another_country(
    push: Push,
) -> None:
    """It decides what is ambiguous; digits with no reading stay invalid."""
    push.program.write("leads.csv", column(["15550100001"]))
    how = ("--region", "FR", "--numbers", "international", "--json")
    assert push("voiso", "leads.csv", *how).codes == {"phone_invalid": 1}


def test_numbers_is_one_of_three_words(program: Program) -> None:
    program.write("leads.csv", column(["+15551230001"]))
    where = ("--provider", "voiso", "--numbers", "swedish")
    ran = program("check", "leads.csv", *where)
    assert ran.code == 2
    assert "--numbers must be one of auto, national, international" in ran.err
