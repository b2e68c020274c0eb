"""A damaged cell is the number it was, ambiguous or rejected, and never another."""

from __future__ import annotations

import os
import random
import secrets
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest

from leadctl.phones.identity import identity
from leadctl.phones.normalize import Normalizer, PhoneForm, PhoneRule
from leadctl.phones.numbering_plan import Number, calling_code, plan_of, split
from leadctl.phones.readings import Taken, decide
from leadctl.phones.spelling import spelled
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
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    """Yield what was read as somebody else's number."""
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
    _, nationals = Usual(plan).column(texts)
    for text, national in zip(texts, nationals, strict=True):
        if national:
            found = decide(spelled(text), region)
            expected = Taken(Number(plan.code, national))
            assert found == expected, f"LEADCTL_TEST_SEED={SEED}: {text} in {region}"
