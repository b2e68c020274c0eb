"""`--strict`: a run does not begin if its files are in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from program import Program


DOUBTED = {
    "encoding": ("name,phone\nJürgen,+15551230001\n".encode("cp1252"), "encoding"),
    "damage": (b"phone\n1.55512E+10\n+15551230002\n", "spreadsheet"),
    "ids": (b"external_id,phone\n7,+15551230001\n7,+15551230002\n", "external id"),
}


@pytest.mark.parametrize(("content", "doubt"), DOUBTED.values(), ids=DOUBTED)
def test_strict_run_does_not_begin_with_a_doubt(
    program: Program, content: bytes, doubt: str
) -> None:
    program.write("leads.csv", content)
    words = ("check", "--provider", "lupitor", "leads.csv")
    ran = program(*words, "--strict", "--json", discreet=False)
    assert (ran.code, ran.error["code"]) == (6, "input_unusable"), ran.out
    assert doubt in ran.error["message"]
    assert program(*words, discreet=False).code in (0, 3)


def test_strict_run_goes_ahead_where_somebody_decided(program: Program) -> None:
    program.write("leads.csv", "phone,Do Not Call\n+15551230001,yes\n+15551230002,no\n")
    where = ("--provider", "voiso", "--campaign", "3", "--sandbox")
    ran = program("push", "leads.csv", *where, "--strict", "--json")
    assert (ran.code, ran.counts) == (0, {"created": 1, "suppressed": 1})
