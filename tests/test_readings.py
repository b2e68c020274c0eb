"""A damaged cell is repaired, ambiguous or rejected, and never another number."""

from __future__ import annotations

import os
import random
import re
import secrets
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from leadctl.importing.people import identities, problem_of_entry
from leadctl.model.leads import Code
from leadctl.phones.decision import Taken, Unread, decide
from leadctl.phones.identity import identity
from leadctl.phones.normalize import Normalizer
from leadctl.phones.numbering_plan import Number, calling_code, plan_of, split
from leadctl.phones.reach import Reach, reach
from leadctl.phones.readings import as_written, candidates
from leadctl.phones.rule import PhoneForm, PhoneRule
from leadctl.phones.spelling import (
    PhoneProblem,
    PhoneUnreadable,
    Spelling,
    spelled,
)
from leadctl.phones.usual import Usual
from tools.sample_numbers import (
    REGIONS,
    WORLDWIDE,
    Cell,
    cells,
    changed,
    drawn,
    examples,
    some_digits,
    written_at_home,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leadctl.phones.numbering_plan import Plan

LONG = bool(os.environ.get("LEADCTL_TEST_LONG"))
SEED = os.environ.get("LEADCTL_TEST_SEED") or secrets.token_hex(4)
DRAWN = 100 if LONG else 3
OTHERS = len(REGIONS) if LONG else 12

ANY = PhoneRule(PhoneForm.E164, fewest=1, most=17)


class Damaged(NamedTuple):
    """A number, and a cell that was made of it."""

    number: Number
    cell: Cell


def seeded(name: str) -> random.Random:
    return random.Random(f"{SEED} {name}")  # noqa: S311  made-up numbers, not secrets


def damaged(numbers: Iterable[Number], *, code: bool = False) -> list[Damaged]:
    return [
        Damaged(number, cell)
        for number in numbers
        for cell in cells(number)
        if cell.code or not code
    ]


def wrong(made: list[Damaged], home: str | None) -> Iterator[str]:
    """Yield the cells that were read as another person's number."""
    texts = [cell.text for _, cell in made]
    phones, _ = Normalizer(ANY, home).column(texts)
    for (number, cell), wire, key in zip(made, phones.wires, phones.keys, strict=True):
        if key and key != identity(number):
            found = split(wire.removeprefix("+"))
            assert found
            if not is_exempt(number, cell.text, home, found):
                yield f"{cell} of {[*number]} in {home}: {[*found]}"


def is_exempt(number: Number, text: str, home: str | None, found: Number) -> bool:
    """Tell whether nobody can know that a cell was damaged.

    It is an assigned number as it stands: behind a +, or as the region writes it.
    """
    if number.is_unusual:
        return True
    spelling, plan = spelled(text), plan_of(home)
    if not found.is_assigned:
        return False
    if spelling.plus:
        return found == split(spelling.digits)
    written = calling_code(found.code).written(found.national)
    return bool(plan and plan.code == found.code and spelling.digits in written)


@pytest.mark.long
@pytest.mark.parametrize("region", REGIONS)
def test_damage_never_makes_another_number_at_home(region: str) -> None:
    rng = seeded(region)
    numbers = [*examples(region), *drawn(region, DRAWN, rng)]
    assert not [*wrong(damaged(numbers), region)], f"LEADCTL_TEST_SEED={SEED}"


@pytest.mark.long
@pytest.mark.parametrize("home", [None, *REGIONS])
def test_damage_never_makes_another_number_abroad(home: str | None) -> None:
    """Numbers of all other regions, wherever they are read."""
    rng = seeded(f"{home} abroad")
    others = rng.sample([*REGIONS, *WORLDWIDE], OTHERS)
    numbers = [number for region in others for number in drawn(region, 2, rng)]
    made = damaged(numbers, code=True)
    assert not [*wrong(made, home)], f"LEADCTL_TEST_SEED={SEED}"


def test_number_as_its_region_writes_it_is_taken() -> None:
    """At least 999 of 1,000, each alone in a file."""
    found: Counter[bool] = Counter()
    for region in REGIONS:
        numbers = [*examples(region), *drawn(region, 20 * DRAWN, seeded(region))]
        made = [one for one in damaged(numbers) if one.cell.damage == "none"]
        phones, _ = Normalizer(ANY, region).column([cell.text for _, cell in made])
        keys = zip(made, phones.keys, strict=True)
        found.update(key == identity(number) for (number, _), key in keys)
    share = found[True] / found.total()
    assert share >= 0.999, f"LEADCTL_TEST_SEED={SEED}: {share}"


@pytest.mark.long
@pytest.mark.parametrize("region", REGIONS)
def test_number_read_at_a_glance_is_read_alike_at_a_closer_look(region: str) -> None:
    """Assigned or not: also with other digits at its end, or with digits of chance."""
    rng, plan = seeded(f"{region} glance"), plan_of(region)
    assert plan
    texts = []
    for number, cell in damaged([*examples(region), *drawn(region, DRAWN, rng)]):
        texts += [cell.text, changed(cell.text, rng)]
        other = some_digits(len(number.national), rng)
        texts += [other, plan.national_prefix + other, f"+{number.code}{other}"]
    _, nationals = Usual(plan, few=0).column(texts)
    assert Usual(plan, few=len(texts)).column(texts)[1] == nationals
    for text, national in zip(texts, nationals, strict=True):
        if national:
            found = decide(spelled(text), region)
            expected = Taken(Number(plan.code, national))
            assert found == expected, f"LEADCTL_TEST_SEED={SEED}: {text} in {region}"
    _, reversed_order = Usual(plan, assigned_first=False, few=0).column(texts)
    assert reversed_order == nationals, f"LEADCTL_TEST_SEED={SEED}: {region}"


@pytest.mark.parametrize("region", REGIONS)
def test_entry_read_at_a_glance_holds_back_as_many_as_at_a_closer_look(
    region: str,
) -> None:
    """Whoever is assigned, and what the digits are as they stand, assigned or not.

    A prefix such as tel: is enough for a closer look.
    """
    rng, plan = seeded(f"{region} entry"), plan_of(region)
    assert plan
    texts = []
    for number in drawn(region, 100 if LONG else 1, rng):
        texts += [
            t for _, c in damaged([number]) for t in (c.text, changed(c.text, rng))
        ]
        other = some_digits(len(number.national), rng)
        texts += [other, plan.national_prefix + other, f"+{number.code}{other}"]
        for mark in "-/.":
            texts += [f"{n[:-2]}{mark}{n[-2:]}" for n in (number.national, other)]
    texts = [text for text in texts if text[0] not in "'="]
    some = texts if LONG else rng.sample(texts, min(40, len(texts)))
    texts = [*some, "50023456-78", "381019447831653"]
    glances, looks = (
        reach([before + text for text in texts], region) for before in ("", "tel:")
    )
    for text, glance, look in zip(texts, glances, looks, strict=True):
        said = f"LEADCTL_TEST_SEED={SEED}: {text} in {region}"
        if isinstance(look, PhoneProblem) or isinstance(glance, PhoneProblem):
            assert glance == look, said
            continue
        assert required(text, look, plan) <= {*glance.people} <= {*look.people}, said
        assert {*glance.nationals} <= {*look.nationals}, said
        assert glance.names_country == look.names_country, said
        assert glance.is_read <= look.is_read, said


@pytest.mark.parametrize("region", REGIONS)
def test_any_spelling_on_a_list_holds_back_any_spelling_that_is_sent(
    region: str,
) -> None:
    """Unless the entry stops the run; zeros before a number that has one, included."""
    rng = seeded(f"{region} pairs")
    whole = [text for n in examples(region) for text in (*written_at_home(n), n[1])]
    assert not any(getattr(one, "lacks_area_code", 0) for one in reach(whole, region))
    for number in drawn(region, DRAWN // 3, rng):
        code, national = number
        texts = [cell.text for cell in cells(number)]
        texts += [
            f"+{code}0{national}",
            f"+{code} (0) {national}",
            f"0{code}{national}",
        ]
        reached = reach(texts, region)
        phones, _ = Normalizer(ANY, region).column(texts)
        for lead, text, key in zip(reached, texts, phones.keys, strict=True):
            if key == identity(number):
                asked = identities(lead, of_lead=True)
                for entry, listed in zip(reached, texts, strict=True):
                    assert problem_of_entry(entry, region) or (
                        asked & identities(entry, of_lead=False)
                    ), f"LEADCTL_TEST_SEED={SEED}: {listed} for {text} in {region}"


def required(text: str, look: Reach, plan: Plan) -> set[str]:
    """Return the people of an entry who must not be lost."""
    digits = "".join(filter(str.isdecimal, text))
    stand = {split(digits)} if "+" in text else as_written(digits, plan)
    possible = {number.digits for number in stand if number and number.is_possible}
    people = ((person, split(person)) for person in look.people)
    assigned = {person for person, number in people if number and number.is_assigned}
    return assigned | (possible & {*look.people})


@pytest.mark.parametrize("region", REGIONS)
def test_digits_rejected_at_a_glance_have_no_reading(region: str) -> None:
    rng, plan = seeded(f"{region} short"), plan_of(region)
    assert plan
    for _ in range(100):
        digits = some_digits(rng.randrange(1, 9), rng)
        if decide(Spelling(plus=False, digits=digits), region) == Unread():
            found = candidates(Spelling(plus=False, digits=digits), plan)
            said = f"LEADCTL_TEST_SEED={SEED}: {digits} in {region}"
            assert not found.live, said
            assert not found.possible, said


TAKEN = [
    ("+49 151 12345678", None, "+4915112345678", ()),
    ("+\u0664\u0669 151 12345678", None, "+4915112345678", ("unicode_digits",)),
    ("0151 12345678", "DE", "+4915112345678", ()),
    ("4915112345678", "DE", "+4915112345678", ("plus_lost",)),
    ("15112345678", "DE", "+4915112345678", ("national_prefix",)),
    ("049 151 12345678", "DE", "+4915112345678", ("zeros_for_plus",)),
    ("+49 (0)151 12345678", None, "+4915112345678", ("trunk_prefix",)),
    ("+91 91 98765 43210", None, "+919876543210", ("code_twice",)),
    ("0049 151 12345678", "IN", "+4915112345678", ()),
    ("49 (0) 151 12345678", "DE", "+4915112345678", ("plus_lost",)),
    ("919876543210", "IN", "+919876543210", ("plus_lost",)),
    ("0919876543210", "IN", "+919876543210", ("zeros_for_plus",)),
    ("9876543210", "IN", "+919876543210", ()),
    ("09876543210", "IN", "+919876543210", ()),
    ("6598765432", "IN", "+916598765432", ()),
    ("9123456789", "IN", "+919123456789", ()),
    ("+48 (0) 22 512 00 00", None, "+48225120000", ("trunk_prefix",)),
    ("+39 06 1234 5678", None, "+390612345678", ()),
    ("+39 (0)6 1234 5678", None, "+390612345678", ()),
    ("15551234567", "US", "+15551234567", ()),
    ("011 49 30 1234567", "US", "+49301234567", ()),
    ("045 55 1234 5678", "MX", "+525512345678", ("national_prefix",)),
    ("+52 1 55 1234 5678", None, "+525512345678", ("trunk_prefix",)),
    ("011 15 2345 6789", "AR", "+5491123456789", ()),
    ("8 912 345 67 89", "RU", "+79123456789", ()),
    ("01017 49 151 12345678", "ID", "+4915112345678", ()),
    ("001 212 555 0123", "ID", "+12125550123", ()),
    ("1170 49 151 12345678", "CL", "+4915112345678", ()),
    ("+44 0044 7911 123456", None, "+447911123456", ("code_twice",)),
]
"""Cells that are one number: where they are read, and what was repaired."""

NOT_TAKEN = [
    ("987654321", "IN", Code.PHONE_INVALID),
    ("98765432101", "IN", Code.PHONE_INVALID),
    ("9876543210", None, Code.PHONE_INVALID),
    ("+49 30 1234567/68", None, Code.PHONE_INVALID),
    ("030 1234567/68", "DE", Code.PHONE_INVALID),
    ("555-000", "US", Code.PHONE_INVALID),
    ("06598765432", "US", Code.PHONE_AMBIGUOUS),
    ("4612345678", "US", Code.PHONE_AMBIGUOUS),
    ("044 55 1234 5678", "MX", Code.PHONE_AMBIGUOUS),
    ("995995322125527", "FI", Code.PHONE_AMBIGUOUS),
    ("+49 49 151 12345678", None, Code.PHONE_AMBIGUOUS),
    ("+49 0049 151 12345678", None, Code.PHONE_AMBIGUOUS),
    ("+49 0 49 151 12345678", None, Code.PHONE_AMBIGUOUS),
    ("30.01.2026", "DE", Code.PHONE_INVALID),
    ("2026-01-30", "SG", Code.PHONE_INVALID),
]
"""Cells that are no number, or several."""


@pytest.mark.parametrize(("cell", "region", "wire", "repairs"), TAKEN)
def test_cell_is_read_as_the_one_number_that_it_is(
    cell: str, region: str | None, wire: str, repairs: tuple[str, ...]
) -> None:
    phone = Normalizer(ANY, region)(cell)
    assert (phone.wire, phone.repairs) == (wire, repairs)


@pytest.mark.parametrize(("cell", "region", "code"), NOT_TAKEN)
def test_cell_without_one_right_reading_is_not_taken(
    cell: str, region: str | None, code: Code
) -> None:
    with pytest.raises(PhoneUnreadable) as caught:
        Normalizer(ANY, region)(cell)
    assert caught.value.problem.code is code


def examples_of_the_document() -> list[tuple[str, ...]]:
    page = Path(__file__).parent.parent / "docs" / "numbers.md"
    text = page.read_text(encoding="utf-8").partition("\n## Examples\n")[2]
    rows = re.findall(r"^\| `(.+?)` \| (..) \| (.+?) \| (.*?) ?\|$", text, re.MULTILINE)
    assert len(rows) >= 20
    return rows


@pytest.mark.parametrize(
    ("cell", "region", "result", "repair"), examples_of_the_document()
)
def test_example_in_the_documents_is_read_so(
    cell: str, region: str, result: str, repair: str
) -> None:
    phones, problems = Normalizer(ANY, region).column([cell])
    if problems:
        assert (result, repair) == (f"`{problems[0].code}`", "")
    else:
        assert phones.wires == [result]
        assert phones.repairs.get(0, ()) == ((repair.strip("`"),) if repair else ())
