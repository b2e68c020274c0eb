"""Lupitor identifies a lead by external id and phone: neither may mislead us."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Push

ONE, TWO, THREE = "+15551230001", "+15551230002", "+15551230003"


def test_row_that_was_not_sent_makes_no_later_row_a_duplicate(push: Push) -> None:
    """Row 2 is row 1 again; row 3 shares only the external id of row 2."""
    rows = f"phone,external_id\n{ONE},e-1\n{ONE},e-2\n{THREE},e-2\n"
    push.program.write("leads.csv", rows)
    ran = push("lupitor", "leads.csv", "--json")
    assert ran.counts == {"created": 2, "duplicate": 1}
    assert push.phones("lupitor") == [ONE, THREE]


def test_duplicate_by_one_identity_is_not_delivered_by_the_other(push: Push) -> None:
    push.program.write("first.csv", f"phone,external_id\n{ONE},e-1\n")
    push.program.write("second.csv", f"phone,external_id\n{TWO},e-1\n")
    push.program.write("third.csv", f"phone,external_id\n{TWO},e-3\n")
    assert push("lupitor", "first.csv", "--json").counts == {"created": 1}
    again = push("lupitor", "second.csv", "--resend-delivered", "--json")
    assert again.counts == {"duplicate": 1}
    assert push("lupitor", "third.csv", "--json").counts == {"created": 1}
    assert push.phones("lupitor") == [ONE, TWO]
