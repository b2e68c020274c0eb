"""What a newcomer stumbles over: each is told in a sentence, with what to do."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from conftest import CAMPAIGNS
from test_suppression import workbook

if TYPE_CHECKING:
    from conftest import Push
    from program import Program

ROW = "+15551230001"
CHECK = ("check", "leads.csv", "--provider", "voiso")


# --- columns about who must not be called -------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "Do Not Call",
        "DO_NOT_CONTACT",
        "DoNotCall",
        "Is DNC?",
        "opt-out",
        "NDNC",
        "DND",
        "HasOptedOut",
    ],
)
def test_column_of_those_who_must_not_be_called_is_told_of(
    program: Program, header: str
) -> None:
    program.write("leads.csv", f"phone,{header}\n{ROW},yes\n")
    for command in (CHECK, ("preview", "leads.csv")):
        ran = program(*command, discreet=False)
        assert ran.code == 0
        told = f"{header!r} seems to say who must not be called"
        assert told in ran.out + ran.err
        assert "skip_if" in ran.out + ran.err


@pytest.mark.parametrize(
    "header", ["Email Opt Out", "Called", "Dndola", "Adopt outcome"]
)
def test_other_columns_are_not_taken_for_one(program: Program, header: str) -> None:
    program.write("leads.csv", f"phone,{header}\n{ROW},yes\n")
    assert "must not be called" not in program(*CHECK).err


def test_column_that_a_rule_reads_is_heeded(program: Program) -> None:
    program.write("leads.csv", f"phone,Do Not Call\n{ROW},yes\n")
    rule = "skip_if: {column: Do Not Call, in: ['yes']}\n"
    program.write("p.yaml", f"fields: {{phone: phone}}\n{rule}")
    ran = program(*CHECK, "--profile", "p.yaml", "--json")
    assert ran.counts == {"suppressed": 1}
    assert "must not be called" not in ran.err
