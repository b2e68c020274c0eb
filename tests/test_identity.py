"""Numbers that reach one subscriber are one person, and no others are."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from leadctl.phones.identity import WITH_TWO_WAYS, identity, may_reach
from leadctl.phones.numbering_plan import Number, split
from tools.sample_numbers import REGIONS, drawn, examples

if TYPE_CHECKING:
    from conftest import Push

WAYS = {
    "Argentina": ("+54 9 11 2345 6789", "+54 11 2345 6789"),
    "Argentina, a long area code": ("+54 9 2966 12 3456", "+54 2966 12 3456"),
    "Mexico": ("+52 1 55 1234 5678", "+52 55 1234 5678"),
    "Mexico, 044": ("+52 044 55 1234 5678", "+52 55 1234 5678"),
    "Brazil": ("+55 11 8765 4321", "+55 11 98765 4321"),
    "Gabon": ("+241 06 03 12 34", "+241 6 03 12 34"),
    "San Marino through Italy": ("+39 0549 886377", "+378 0549 886377"),
    "San Marino, short": ("+378 886377", "+378 0549 886377"),
    "Colombia": ("+57 1 234 5678", "+57 601 234 5678"),
}
"""Two ways to write a subscriber's number, by country. Benin's short numbers are not
taken any more."""

SENT = {
    "+52 1 55 1234 5678": "+52 55 1234 5678",
    "+52 044 55 1234 5678": "+52 55 1234 5678",
    "+378 886377": "+378 0549 886377",
}
"""What is read of those whose prefix is none of the number."""

APART = {
    "Brazil, a fixed line": ("+55 11 3765 4321", "+55 11 93765 4321"),
    "Brazil, trunked radio": ("+55 11 7765 4321", "+55 11 97765 4321"),
    "Gabon, renumbered": ("+241 6 03 12 34", "+241 66 03 12 34"),
    "Italy": ("+39 0549 886377", "+39 0547 886377"),
    "Colombia, a mobile": ("+57 321 234 5678", "+57 601 234 5678"),
    "Germany, a digit more": ("+49 30 123456", "+49 30 1234567"),
}
"""Numbers that are two people, however alike."""


def number(text: str) -> Number:
    found = split("".join(filter(str.isdigit, text)))
    assert found
    return found


@pytest.mark.parametrize(("first", "second"), APART.values(), ids=APART)
def test_others_are_not_united(first: str, second: str) -> None:
    assert identity(number(first)) != identity(number(second))


def test_numbers_of_benin_are_as_long_as_they_are_today() -> None:
    assert identity(number("+229 90 01 12 34")) == "2290190011234"
    assert identity(number("+229 01 90 01 12 34")) == "2290190011234"


@pytest.mark.parametrize("region", REGIONS)
def test_only_countries_of_the_list_have_two_ways(region: str) -> None:
    """And an identity is a number that is its own."""
    for one in [*examples(region), *drawn(region, 40, random.Random(region))]:  # noqa: S311  made-up numbers
        found = identity(one)
        assert identity(number(found)) == found
        assert found == one.digits or one.code in WITH_TWO_WAYS


@pytest.mark.parametrize("ways", [*WAYS.values()], ids=WAYS)
def test_two_spellings_of_a_subscriber_are_one_lead(
    push: Push, ways: tuple[str, str]
) -> None:
    """In one file and in two; the first is sent, as it was read."""
    first, second = ways
    push.program.write("leads.csv", f"phone\n{first}\n{second}\n")
    pushed = push("lupitor", "leads.csv", "--json")
    assert pushed.counts == {"created": 1, "duplicate": 1}, pushed.err
    assert pushed.codes == {"duplicate_in_file": 1}
    push.program.write("more.csv", f"phone\n{second}\n")
    again = push("lupitor", "more.csv", "--json")
    assert again.codes == {"already_delivered": 1}
    assert push.phones("lupitor") == ["+" + number(SENT.get(first, first)).digits]


RENUMBERED = {
    "Brazil, without its 9": ("+55 11 98765 4321", "+55 11 8765 4321"),
    "Brazil, radio with a 9": ("+55 11 7765 4321", "+55 11 97765 4321"),
    "Ivory Coast": ("+225 01 23 45 67", "+225 07 01 23 45 67"),
    "Ivory Coast, a fixed line": ("+225 20 12 34 56", "+225 27 20 12 34 56"),
    "Ivory Coast, backwards": ("+225 07 01 23 45 67", "+225 01 23 45 67"),
    "Gabon": ("+241 6 03 12 34", "+241 66 03 12 34"),
    "Gabon, with its zero": ("+241 06 03 12 34", "+241 66 03 12 34"),
    "Gabon, backwards": ("+241 66 03 12 34", "+241 6 03 12 34"),
}
"""An entry of a list, and a number that it may stand for today."""


@pytest.mark.parametrize(("entry", "lead"), RENUMBERED.values(), ids=RENUMBERED)
def test_entry_of_a_list_may_be_a_number_from_before(entry: str, lead: str) -> None:
    assert {*may_reach(number(entry))} & {*may_reach(number(lead))}


def test_entry_is_not_everybody() -> None:
    found = {*may_reach(number("+225 01 23 45 67"))}
    assert len(found) == 7
    assert {*may_reach(number("+49 30 123456"))} == {"4930123456"}


@pytest.mark.parametrize(
    ("entry", "lead"),
    [
        *WAYS.values(),
        ("+225 01 23 45 67", "+225 07 01 23 45 67"),
        ("+241 6 03 12 34", "+241 66 03 12 34"),
        ("+55 11 8765 4321", "+55 11 98765 4321"),
        ("+229 90 01 12 34", "+229 01 90 01 12 34"),
    ],
)
def test_other_spelling_on_a_list_holds_a_lead_back(
    push: Push, entry: str, lead: str
) -> None:
    push.program.write("list.csv", f"phone\n{entry}\n")
    push.program.write("leads.csv", f"phone\n{lead}\n")
    pushed = push("lupitor", "leads.csv", "--suppress", "list.csv", "--json")
    assert pushed.codes == {"on_suppression_list": 1}, pushed.err
    assert push.phones("lupitor") == []
