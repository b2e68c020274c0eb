"""Whom a phone cell may reach: for lists of people who must not be called.

Where a lead needs one right reading, here every reading counts, and a number that may
have been renumbered counts with its new digits, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from leadctl.phones.countries import by_country
from leadctl.phones.identity import RENUMBERED, WITH_TWO_WAYS, identity, may_reach
from leadctl.phones.normalize import usual
from leadctl.phones.numbering_plan import (
    Number,
    calling_code,
    code_dialled,
    plan_of,
)
from leadctl.phones.readings import readings_of
from leadctl.phones.spelling import (
    BRACKETED_ZERO,
    ENDING,
    PhoneProblem,
    PhoneUnreadable,
    spelled,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from leadctl.model.leads import Json
    from leadctl.phones.countries import Countries, Country
    from leadctl.phones.numbering_plan import CallingCode, Plan


ODD_WITH_ENDINGS = re.compile(f"{BRACKETED_ZERO.pattern}|{ENDING.pattern}")
"""What needs a closer look where a number may go on behind a whole one."""
SPECIAL = WITH_TWO_WAYS | RENUMBERED


class Reach(NamedTuple):
    """The identities of all readings of a cell, and its digits without country code.

    `nationals` have no zeros in front. `is_read` says whether a reading is possible;
    `names_country` whether the cell has a +.
    """

    people: Collection[str]
    nationals: Collection[str]
    names_country: bool
    is_read: bool = True

    def __repr__(self) -> str:
        return "Reach(hidden)"


def reach(
    values: Sequence[Json], region: str | None, countries: Countries = None
) -> list[Reach | PhoneProblem]:
    """Return whom each cell may reach; `region` is for digits without +.

    `countries` has the country of each value, where a column of the file names it.
    """
    if countries is None:
        return _in_region(values, region)
    found: list[Reach | PhoneProblem] = [_NOBODY] * len(values)
    for country, places in by_country(countries):
        cells = [values[place] for place in places]
        reached = (
            _in_country(cells, country)
            if country and not country.is_contradictory
            else _in_region(cells, region)
        )
        for place, one in zip(places, reached, strict=True):
            found[place] = one
    return found


_NOBODY = Reach((), (), names_country=False)


def _in_country(
    values: Sequence[Json], country: Country
) -> Iterator[Reach | PhoneProblem]:
    """Read each cell as it stands, and behind the calling code of its row."""
    whole = _in_region(values, country.region)
    behind = _in_region([f"+{country.code}{cell}" for cell in values], country.region)
    for one, other in zip(whole, behind, strict=True):
        if isinstance(one, PhoneProblem) or not country.code:
            yield one  # an address does not say whose the number is
        elif isinstance(other, PhoneProblem):
            yield one._replace(names_country=True)
        else:
            yield Reach(
                {*one.people, *other.people},
                {*one.nationals, *other.nationals},
                names_country=True,
                is_read=one.is_read or other.is_read,
            )


def _in_region(
    values: Sequence[Json], region: str | None
) -> list[Reach | PhoneProblem]:
    plan = plan_of(region)
    if plan is None:
        return [_closely(value, plan) for value in values]
    texts = [value if isinstance(value, str) else "" for value in values]
    lines, numbers = usual(plan).column(texts)
    code, quick = plan.code, plan.has_plain_prefix and plan.code not in SPECIAL
    odd = ODD_WITH_ENDINGS if plan.calling_code.has_endings else BRACKETED_ZERO
    found: list[Reach | PhoneProblem] = []
    for value, line, national in zip(values, lines, numbers, strict=True):
        entry: Reach | PhoneProblem | None = None
        if quick and national and line[0] == "+":
            entry = Reach((code + national,), (national.lstrip("0"),), True)
        elif (
            quick and line.isdecimal() and line.isascii() and not odd.search(str(value))
        ):
            entry = _at_a_glance(line, national, plan)
        found.append(entry or _closely(value, plan))
    return found


def _at_a_glance(line: str, usual_number: str, plan: Plan) -> Reach | None:
    """Read digits that are assigned in a plain way, in the region or behind a code.

    `usual_number` is what the region writes so, if anything.
    """
    if line.startswith("00") or (plan.abroad and plan.abroad.match(line)):
        return None
    country, bare = plan.calling_code, line.lstrip("0")
    nationals = [usual_number] if usual_number else []
    for other in {line, bare, "0" + line, line.removeprefix(plan.national_prefix)}:
        is_long = other != usual_number and len(other) in country.lengths
        if is_long and country.ranges.holder(other).assigned:
            nationals.append(other)
    people = [country.code + national for national in nationals]
    if code := code_dialled(bare[:3]):
        rest = bare[len(code) :]
        if code in SPECIAL or rest.startswith(code):
            return None
        abroad = calling_code(code)
        for other in _behind_trunk(rest, abroad):
            if len(other) in abroad.lengths and abroad.ranges.holder(other).assigned:
                people.append(code + other)
                if code == country.code:
                    nationals.append(other)
    if not people:
        return None
    stripped = {bare, *(national.lstrip("0") for national in nationals)}
    return Reach(people, stripped, names_country=False)


def _behind_trunk(rest: str, country: CallingCode) -> Collection[str]:
    """Return what may follow a calling code, with or without a national prefix."""
    prefix = country.trunk.prefix
    if not rest.startswith("0") and not (prefix and prefix.match(rest)):
        return (rest,)
    return {rest, rest.lstrip("0"), *country.trunk.stripped(rest)}


def _closely(value: Json, plan: Plan | None) -> Reach | PhoneProblem:
    try:
        spelling = spelled(value)
    except PhoneUnreadable as error:
        return error.problem
    # Of no region, digits can only be meant with their country code.
    read = spelling if plan else spelling._replace(plus=True)
    every = [spelling.digits]
    if head := spelling.head:  # perhaps two numbers: 1234567/68
        ending = spelling.digits[len(head) :]
        every += [head, head[: -len(ending)] + ending]
    found = [n for one in every for n in readings_of(read._replace(digits=one), plan)]
    nationals = {digits.lstrip("0") for digits in every}
    plus = spelling.plus or spelling.digits.startswith("00")
    return Reach(
        {person for number in found for person in may_reach(number)},
        {*nationals, *_nationals(found, plan, plus=plus)},
        plus,
        is_read=(plus or plan is not None)
        and any(n.is_possible or _was_a_number(n) for n in found),
    )


def _was_a_number(number: Number) -> bool:
    """Tell whether it may be a number from before its country changed them."""
    return number.code in RENUMBERED or identity(number) != number.digits


def _nationals(
    numbers: Collection[Number], plan: Plan | None, *, plus: bool
) -> Iterator[str]:
    """Yield national digits; of digits without + those of the own country alone."""
    for number in numbers:
        if plus or plan is None or number.code == plan.code:
            yield number.national.lstrip("0")
