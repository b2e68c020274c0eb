"""`--strict`: a run does not begin if its files are in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from program import Program


DOUBTED = {
    "encoding": ("name,phone\nJürgen,+15551230001\n".encode("cp1252"), "encoding"),
    "damage": (b"phone\n1.55512E+10\n+15551230002\n", "spreadsheet"),
    "no rows": (b"phone,name\n", "no data rows"),
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


def test_skip_rule_that_almost_matches_is_reported_before_anything_is_sent(
    program: Program,
) -> None:
    program.write("leads.csv", "phone,Status\n+15551230001,Customers\n")
    rule = "skip_if: {column: Status, in: [customer, customers past]}"
    program.write("p.yaml", f"fields: {{phone: phone}}\n{rule}\n")
    words = ("check", "leads.csv", "--provider", "voiso", "--profile", "p.yaml")
    ran = program(*words, "--strict", discreet=False)
    assert ran.code == 6
    assert "no row has 'customer' (did you mean 'Customers'?) in 'Status'" in ran.err
    quiet = program(*words, "--quiet", discreet=False)
    assert quiet.code == 0
    assert quiet.err.count("no row has 'customer'") == 1
