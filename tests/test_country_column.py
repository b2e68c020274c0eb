"""A column of its own says whose number a phone is: what is sent, and what is not."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from leadctl.phones.countries import country_named

if TYPE_CHECKING:
    from conftest import Push

CELLS = {
    "+44": "GB",
    "44": "GB",
    "0044": "GB",
    "(+44)": "GB",
    "44.0": "GB",
    "+44 (0)": "GB",
    '="+44"': "GB",
    "'+44": "GB",
    "IN +91": "IN",
    "91-IN": "IN",
    "India (+91)": "IN",
    "code +91": "IN",
    "1": "US",
    "Canada +1": "CA",
    "+1-876": "JM",
    "1876": "JM",
    "+1 809, +1 829": "DO",
    "+44-1481": "GB",
    "870": "001",
    "gb": "GB",
    "UK": "GB",
    "EL": "GR",
    "XK": "XK",
    "ind": "IN",
    "U.S.A.": "US",
    "uae": "AE",
    "Scotland": "GB",
    "Deutschland": "DE",
    "ALLEMAGNE": "DE",
    "Espana": "ES",
    "भारत": "IN",
    "The Netherlands": "NL",
    "Korea, Republic of": "KR",
    "South Korea": "KR",
    "Korea": None,
    "Congo": None,
    "NA": None,
    "N/A": None,
    "0": None,
    "999": None,
    "9876543210": None,
    "US +44": None,
    "12 Main Street": None,
    "AQ": None,
    "-": None,
    "True": None,
}


@pytest.mark.parametrize("cell", CELLS)
def test_cell_names_a_country(cell: str) -> None:
    found = country_named(cell)
    assert (found and found.region) == CELLS[cell]


def test_shared_calling_code_is_the_region_of_the_run_if_it_has_it() -> None:
    homes = ("CA", "IN", None)
    assert [country_named("1", home) for home in homes] == [
        ("CA", "1"),
        ("US", "1"),
        ("US", "1"),
    ]


ROWS = {
    # code column, address column, number -> what is sent, or the code
    "own": ("+91", "", "9000000001", "919000000001"),
    "foreign": ("+44", "", "7700900123", "447700900123"),
    "unassigned": ("+1", "", "5550100001", "15550100001"),
    "spaced": ("44", "", "7400 123 457", "447400123457"),
    "national prefix": ("0044", "", "07400123458", "447400123458"),
    "code again": ("44", "", "447400123459", "447400123459"),
    "plus": ("44.0", "", "+447400123460", "447400123460"),
    "zeros": ("44", "", "00447400123461", "447400123461"),
    "ISO": ("DE", "", "0151 12345678", "4915112345678"),
    "contradiction": ("44", "", "+919000000002", "phone_wrong_country"),
    "contradiction without plus": ("44", "", "919000000003", "phone_wrong_country"),
    "shared code": ("CA", "", "+15550100002", "15550100002"),
    "code wins": ("44", "Germany", "7400123462", "447400123462"),
    "address": ("", "Germany", "0151 12345679", "4915112345679"),
    "address contradicts nothing": ("", "Germany", "+919000000004", "919000000004"),
    "falls back to the address": ("?", "GB", "07400123463", "447400123463"),
    "falls back": ("n/a", "", "9000000005", "919000000005"),
    "nothing said": ("", "", "9000000006", "919000000006"),
    "no region's code": ("870", "", "773123456", "870773123456"),
}


def test_columns_give_each_row_its_region(push: Push) -> None:
    """They win over --region; what names no country is counted."""
    lines = [",".join((name, *cells[:3])) for name, cells in ROWS.items()]
    header = "Name,Country Code,Country,Phone Number"
    push.program.write("leads.csv", "\n".join([header, *lines, ""]))
    ran = push("voiso", "leads.csv", "--region", "IN")
    assert ran.code == 3
    field = push.simulator("voiso").phone_field
    found = {lead["name"]: lead[field] for lead in push.stored("voiso")}
    with (push.program.folder / "leads.rejects.csv").open(encoding="utf-8") as file:
        found |= {row["Name"]: row["_leadctl_code"] for row in csv.DictReader(file)}
    assert found == {name: cells[3] for name, cells in ROWS.items()}
    assert "2 rows with no known country in" in ran.err
    assert "its number is one of +91, its column of country codes says +44" in ran.out
