"""Whom a phone cell may reach: for lists of people who must not be called.

Where a lead needs one right reading, here every reading counts, and a number that may
have been renumbered counts with its new digits, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from leadctl.phones.countries import by_country
from leadctl.phones.identity import RENUMBERED, SPECIAL, identity, may_reach
from leadctl.phones.normalize import usual
from leadctl.phones.numbering_plan import (
    Number,
    calling_code,
    plan_of,
    split,
)
from leadctl.phones.readings import readings_of
from leadctl.phones.spelling import (
    BRACKETED_ZERO,
    ENDING,
    SPACING,
    PhoneProblem,
    PhoneUnreadable,
    spelled,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from leadctl.model.leads import Json
    from leadctl.phones.countries import Countries, Country
    from leadctl.phones.numbering_plan import CallingCode, Plan

ODD = re.compile(f"{BRACKETED_ZERO.pattern}|{ENDING.pattern}")
"""Punctuation that says something: it needs a closer look."""


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
        reached = _in_country(cells, country) if country else _in_region(cells, region)
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
    texts = [value if isinstance(value, str) else "" for value in values]
    if plan:
        lines, numbers = usual(plan).column(texts)
    else:
        lines, numbers = [text.translate(SPACING) for text in texts], [""] * len(texts)
    code, is_plain = (plan.code, plan.code not in SPECIAL) if plan else ("", False)
    has_rivals = usual(plan).has_rivals if plan else None
    found: list[Reach | PhoneProblem] = []
    for value, text, line, national in zip(values, texts, lines, numbers, strict=True):
        entry: Reach | PhoneProblem | None = None
        if national and is_plain and line[0] == "+":
            entry = Reach((code + national,), (national.lstrip("0"),), True)
        elif national and is_plain and has_rivals and not has_rivals(line, national):
            nationals = {line.lstrip("0"), national.lstrip("0")}
            entry = Reach((code + national,), nationals, names_country=False)
        elif national or text == line or not ODD.search(text):
            entry = _at_a_glance(line, national, plan)
        found.append(entry or _closely(value, plan))
    return found


def _at_a_glance(line: str, national: str, plan: Plan | None) -> Reach | None:
    """Read digits that are assigned in a plain way, in the region or behind a code.

    `national` is what the region writes so, if anything.
    """
    digits = line.removeprefix("+")
    if not (digits.isdecimal() and digits.isascii()) or digits.startswith("00"):
        return None
    if len(digits) < len(line):
        if not (numbers := _behind_code(digits)):
            return None
        nationals = {digits, *(number.national.lstrip("0") for number in numbers)}
        return Reach({number.digits for number in numbers}, nationals, True)
    if plan is None or plan.code in SPECIAL or plan.dialled_abroad(line):
        return None
    bare = line.lstrip("0")
    abroad = _behind_code(bare)
    if abroad is None:
        return None
    numbers = [*_own(line, national, plan), *abroad]
    nationals = {n.national.lstrip("0") for n in numbers if n.code == plan.code}
    people = {number.digits for number in numbers}
    return Reach(people, {bare, *nationals}, names_country=False) if people else None


def _own(line: str, national: str, plan: Plan) -> Iterator[Number]:
    """Yield what digits may be in the region: as it writes them, or damaged."""
    country = plan.calling_code
    others = {line, line.lstrip("0"), "0" + line}
    if plan.has_plain_prefix:
        others.add(line.removeprefix(plan.national_prefix))
    else:
        others |= plan.stripped(line) | plan.stripped("0" + line)
    for other in others:
        if other == national or _is_assigned(other, country):
            yield Number(plan.code, other)


def _behind_code(digits: str) -> list[Number] | None:
    """Return assigned numbers behind a calling code; None: they need a closer look."""
    number = split(digits)
    if number is None:
        return []
    code, rest = number
    country = calling_code(code)
    found = {*_behind_trunk(rest, country)}
    if rest.startswith(code):
        found.update(_behind_trunk(rest[len(code) :], country))
    if not SPECIAL.get(code, frozenset()).isdisjoint(map(len, found)):
        return None
    return [Number(code, other) for other in found if _is_assigned(other, country)]


def _is_assigned(national: str, country: CallingCode) -> bool:
    return len(national) in country.lengths and country.is_assigned(national)


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
