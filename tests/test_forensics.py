"""Columns that lost digits in a spreadsheet are reported first and never sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from program import csv_rows

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from conftest import Push
    from program import Program

SOUND = [f"+919000000{row:03}" for row in range(1, 4)]
ROUNDED = ["919877000000", "919876000000", "919875000000"]
"""What 9.19877E+11 becomes when the file is opened and saved once more."""


def column(*phones: object, name: str = "Testperson") -> str:
    return "phone,name\n" + "".join(f"{phone},{name}\n" for phone in phones)


def test_many_rounded_numbers_are_damaged(push: Push) -> None:
    push.program.write("leads.csv", column(*SOUND, *ROUNDED))
    ran = push("yotel", "leads.csv", "--json")
    assert (ran.code, ran.counts) == (3, {"created": 3, "rejected": 3})
    assert ran.codes == {"phone_damaged": 3}
    assert push.phones("yotel") == [phone[3:] for phone in SOUND]
    rejects = csv_rows(push.program.folder / "leads.rejects.csv")
    assert [row["phone"] for row in rejects] == [f"'{phone}" for phone in ROUNDED]
    assert {row["_leadctl_code"] for row in rejects} == {"phone_damaged"}


@pytest.mark.parametrize("number", [1, 2])
def test_few_rounded_numbers_are_somebodys(push: Push, number: int) -> None:
    push.program.write("leads.csv", column(*SOUND, *ROUNDED[:number]))
    ran = push("yotel", "leads.csv", "--json")
    assert (ran.code, ran.counts) == (0, {"created": 3 + number})
    assert "spreadsheet" not in ran.err


def test_small_share_of_rounded_numbers_is_chance(program: Program) -> None:
    others = (f"9{row:09}" for row in range(1, 200))
    program.write("leads.csv", column(*others, *ROUNDED))
    ran = program("check", "leads.csv", "--provider", "yotel", "--json")
    assert ran.counts == {"created": 202}


@pytest.mark.parametrize(
    "phones",
    [
        ["9877000000", "9876000000", "9875000000"],
        ["+919877000000", "+919876000000", "+919875000000"],
        ["919877000000.0", "919876000000.0", "'919875000000"],
        ["9.19877E+11", "919876000000", "919875000000", "919874000000"],
    ],
    ids=["national", "with +", "as decimals", "beside cut ones"],
)
def test_rounded_number_is_known_however_it_is_saved(
    program: Program, phones: list[str]
) -> None:
    program.write("leads.csv", column(*phones))
    ran = program("check", "leads.csv", "--provider", "yotel", "--json")
    assert ran.codes == {"phone_damaged": len(phones)}
    assert f"{len(phones)} of {len(phones)} numbers seem to have lost digits" in ran.err


def test_number_that_somebody_wrote_is_never_called_rounded(program: Program) -> None:
    """A switchboard's number ends in zeros; no spreadsheet writes dashes by itself."""
    program.write("leads.csv", column(*(f"+1 555-1{n}0-0000" for n in range(1, 9))))
    ran = program("check", "leads.csv", "--provider", "voiso", "--json")
    assert ran.counts == {"created": 8}


def test_numbers_in_json_are_judged_too(program: Program) -> None:
    lines = [json.dumps({"phone": int(phone)}) for phone in ROUNDED]
    program.write("leads.jsonl", "\n".join([*lines, '{"phone": 919000000001}']))
    ran = program("check", "leads.jsonl", "--provider", "yotel", "--json")
    assert ran.counts == {"created": 1, "rejected": 3}
    assert "3 of 4 numbers seem to have lost digits" in ran.err


def test_verdict_names_the_file_and_stands_before_the_report(push: Push) -> None:
    push.program.write("good.csv", column(*SOUND))
    push.program.write("cut.csv", column("9.19877E+11", "9.1E+11", "+919000000009"))
    ran = push("yotel", "good.csv", "cut.csv")
    assert ran.err.splitlines()[0] == (
        "cut.csv: 2 of 3 numbers seem to have lost digits in "
        "a spreadsheet; export the file again with the column as text"
    )
    assert ran.table["rejected"] == 2


def test_verdict_is_told_even_if_nothing_can_be_sent(push: Push) -> None:
    push.program.write("cut.csv", column("9.19877E+11", "+919000000009"))
    push.simulator("yotel").faults.add(Fault("deny", times=9))
    ran = push("yotel", "cut.csv")
    assert ran.code == 4
    assert ran.err.startswith("cut.csv: 1 of 2 numbers seem to have lost digits")


def test_other_columns_may_be_cut(program: Program) -> None:
    amounts = ["9.19877E+11", "919876000000", "919875000000", "919874000000"]
    rows = [f"+9190000000{row:02},{amount}\n" for row, amount in enumerate(amounts)]
    program.write("leads.csv", "phone,amount\n" + "".join(rows))
    ran = program("check", "leads.csv", "--provider", "yotel", "--json")
    assert ran.counts == {"created": 4}
    assert "spreadsheet" not in ran.err


# --- repairs are counted -------------------------------------------------------------

MENDED = column("'+15551230001", "tel:+15551230002", "1.5551230003E+10", "+15551230004")


def test_repairs_are_counted_by_name(push: Push) -> None:
    """Of leads: what is rejected or a duplicate went nowhere."""
    push.program.write("leads.csv", MENDED + "'12,Testperson\n'+15551230001,Again\n")
    ran = push("voiso", "leads.csv", "--region", "US", "--json")
    assert ran.counts == {"created": 4, "duplicate": 1, "rejected": 1}
    once = {"text_mark": 1, "prefix": 1, "scientific_notation": 1}
    assert ran.document["repairs"] == once


def test_repairs_stand_below_the_table(push: Push) -> None:
    push.program.write("leads.csv", MENDED)
    ran = push("voiso", "leads.csv", "--region", "US")
    assert "1 phone cell repaired: a prefix such as tel: was removed" in ran.out


def test_repairs_are_counted_once_also_by_a_run_that_goes_on(push: Push) -> None:
    push.program.write("leads.csv", MENDED)
    push.simulator("voiso").faults.add(Fault("deny", skip=1, times=9))
    given = ("--region", "US", "--batch-size", "1", "--json")
    ran = push("voiso", "leads.csv", *given)
    assert ran.counts == {"created": 1, "failed": 3}
    push.simulator("voiso").faults.clear()
    run = str(ran.document["run_id"])
    environment = push.environment("voiso")
    ran = push.program("runs", "resume", run, "--json", env=environment)
    assert ran.counts == {"created": 4}
    once = {"text_mark": 1, "prefix": 1, "scientific_notation": 1}
    assert ran.document["repairs"] == once
    shown = push.program("runs", "show", run, "--json")
    assert shown.document["repairs"] == once


def test_sound_file_has_no_repairs(push: Push) -> None:
    push.program.write("leads.csv", column(*SOUND))
    ran = push("yotel", "leads.csv", "--json")
    assert ran.document["repairs"] == {}
    assert "repaired" not in push("yotel", "leads.csv", "--dry-run").out
