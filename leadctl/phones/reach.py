"""Finds everybody whom a phone cell may reach by any reading, for suppression."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from leadctl.phones.countries import by_country
from leadctl.phones.identity import RENUMBERED, SPECIAL, identity, may_reach, sizes_of
from leadctl.phones.numbering_plan import Number, calling_code, plan_of, split
from leadctl.phones.readings import behind_code, candidates
from leadctl.phones.spelling import SPACING, PhoneProblem, PhoneUnreadable, spelled
from leadctl.phones.usual import ODD, usual_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from leadctl.model.leads import Json
    from leadctl.phones.countries import Countries, Country
    from leadctl.phones.numbering_plan import Plan


class Reach(NamedTuple):
    """The identities of all readings of a cell; its digits without code and zeros."""

    people: Collection[str]
    nationals: Collection[str]
    names_country: bool
    is_read: bool = True
    lacks_area_code: bool = False

    def __repr__(self) -> str:
        return "Reach(hidden)"


def reach(
    values: Sequence[Json], region: str | None, countries: Countries = None
) -> list[Reach | PhoneProblem]:
    """Return whom each cell may reach; `region` is for digits without + or country."""
    if countries is None:
        return _in_region(values, region)
    found: list[Reach | PhoneProblem] = [_NOBODY] * len(values)
    for country, places in by_country(countries).items():
        cells = [values[place] for place in places]
        reached = _in_country(cells, country) if country else _in_region(cells, region)
        for place, one in zip(places, reached, strict=True):
            found[place] = one
    return found


class Alone(NamedTuple):
    """What cells with a single reading reach; `rest` are the places of the others."""

    people: list[str]
    nationals: list[str]
    rest: list[int]

    def __repr__(self) -> str:
        return "Alone(hidden)"


def alone(values: Sequence[Json], region: str | None) -> Alone:
    """Return what `reach` does, for the cells that can be read as a column."""
    plan = plan_of(region)
    if plan is None:
        return Alone([], [], [*range(len(values))])
    texts = [value if isinstance(value, str) else "" for value in values]
    lines, numbers, others = usual_of(plan).alone(texts)
    found = [*zip(lines, numbers, others, strict=True)]
    people = [plan.code + number for number in numbers if number]
    people += [other for _, number, other in found if number and other]
    nationals = [
        digits.lstrip("0")
        for line, number, _ in found
        if number and line[0] != "+"
        for digits in ((number,) if number == line else (number, line))
    ]
    return Alone(people, nationals, [n for n, one in enumerate(numbers) if not one])


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
                lacks_area_code=one.lacks_area_code and not other.is_read,
            )


def _in_region(
    values: Sequence[Json], region: str | None
) -> list[Reach | PhoneProblem]:
    plan = plan_of(region)
    texts = [value if isinstance(value, str) else "" for value in values]
    if plan:
        lines, numbers, others = usual_of(plan).alone(texts)
    else:
        lines = [text.translate(SPACING) for text in texts]
        numbers = others = [""] * len(texts)
    code = plan.code if plan else ""
    found: list[Reach | PhoneProblem] = []
    for value, text, line, national, other in zip(
        values, texts, lines, numbers, others, strict=True
    ):
        entry = None
        if national:
            own, bare = national.lstrip("0"), line.lstrip("+0")
            nationals = (own,) if own == bare else (own, bare)
            people = (code + national, other) if other else (code + national,)
            entry = Reach(people, nationals, line[0] == "+")
        elif text == line or not ODD.search(text):
            entry = _at_a_glance(line, plan)
        found.append(entry or _closely(value, plan))
    return found


def _at_a_glance(line: str, plan: Plan | None) -> Reach | None:
    """Read digits without punctuation that says something; None: look closer."""
    digits = line.removeprefix("+")
    if not (digits.isdecimal() and digits.isascii()) or digits.startswith("00"):
        return None
    plus, bare = len(digits) < len(line), digits.lstrip("0")
    if not plus and (plan is None or plan.dialled_abroad(digits)):
        return None
    if not plus and _is_local(bare, plan):
        return None
    numbers = [*_behind_code(bare)]
    if plan and not plus:
        numbers += _own(digits, plan)
    if not any(number.is_possible for number in numbers):
        return None
    nationals = {bare, *_nationals(numbers, plan, plus=plus)}
    return Reach(_people(numbers), nationals, plus)


def _people(numbers: Iterable[Number]) -> set[str]:
    found = set[str]()
    for number in numbers:
        if number.code in SPECIAL:
            found.update(may_reach(number))
        else:
            found.add(number.digits)
    return found


def _own(digits: str, plan: Plan) -> Iterator[Number]:
    """Yield the numbers that digits may be in the region, damaged ones included."""
    lost, sizes = "0" + digits, sizes_of(plan.calling_code)
    others = {digits, digits.lstrip("0"), lost}
    for other in others | plan.stripped(digits) | plan.stripped(lost):
        if len(other) in sizes:
            yield Number(plan.code, other)


def _behind_code(digits: str) -> Iterator[Number]:
    """Yield the numbers that digits with a calling code in front may be."""
    if number := split(digits):
        sizes = sizes_of(calling_code(number.code))
        for other in _with_fewer_zeros(n for n, _, _ in behind_code(number)):
            if len(other.national) in sizes:
                yield other


def _with_fewer_zeros(numbers: Iterable[Number]) -> Iterator[Number]:
    """Yield numbers, and those with fewer zeros where several stand in front."""
    for number in numbers:
        yield number
        code, national = number
        while national.startswith("00"):
            national = national[1:]
            yield Number(code, national)


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
    readings = (candidates(read._replace(digits=one), plan).every for one in every)
    found = [*_with_fewer_zeros(chain.from_iterable(readings))]
    nationals = {digits.lstrip("0") for digits in every}
    plus = spelling.has_code
    return Reach(
        _people(found),
        {*nationals, *_nationals(found, plan, plus=plus)},
        plus,
        is_read=(plus or plan is not None) and any(map(_is_or_was, found)),
        lacks_area_code=not plus and _is_local(spelling.digits.lstrip("0"), plan),
    )


def _is_local(digits: str, plan: Plan | None) -> bool:
    """Tell whether digits of a region can only be a number without its area code."""
    if plan is None or len(digits) not in plan.calling_code.local_lengths:
        return False
    return not plan.calling_code.is_assigned(digits)


def _is_or_was(number: Number) -> bool:
    """Tell whether it is possible, or may be from before a renumbering."""
    sizes = SPECIAL[number.code] if number.code in RENUMBERED else ()
    was = len(number.national) in sizes or identity(number) != number.digits
    return was or number.is_possible


def _nationals(
    numbers: Collection[Number], plan: Plan | None, *, plus: bool
) -> Iterator[str]:
    """Yield national digits; of digits without + those of the own country alone."""
    for number in numbers:
        if plus or plan is None or number.code == plan.code:
            yield number.national.lstrip("0")
