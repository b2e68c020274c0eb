"""Decides which number digits are, if exactly one reading is right.

docs/numbers.md explains the rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from leadctl.phones.identity import identity
from leadctl.phones.numbering_plan import Number, calling_code, plan_of, split
from leadctl.phones.readings import Behind, Kind, Reading, as_written, candidates
from leadctl.phones.rule import Numbers
from leadctl.phones.spelling import Repair

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadctl.phones.numbering_plan import Plan
    from leadctl.phones.readings import Candidates, Readings
    from leadctl.phones.spelling import Spelling


class Taken(NamedTuple):
    """The one number that digits are, and the repairs it needed."""

    number: Number
    repair: Repair | None = None


class Ambiguous(NamedTuple):
    """The several numbers that digits may be."""

    readings: Readings


class Unread(NamedTuple):
    """Digits that are no number."""


Decision: TypeAlias = Taken | Ambiguous | Unread


def decide(
    spelling: Spelling, region: str | None, numbers: Numbers = Numbers.AUTO
) -> Decision:
    """Read digits as somebody in `region` writes them.

    `numbers` decides between several readings. Without a region, INTERNATIONAL reads
    digits as if they had a +.
    """
    plan = plan_of(region)
    if plan is None and numbers is Numbers.INTERNATIONAL:
        spelling = spelling._replace(plus=True)
    if plan and not spelling.plus and _is_too_short(spelling.digits, plan):
        return Unread()
    if spelling.head and _is_whole(spelling, plan):
        return Unread()
    if spelling.plus and not spelling.unbracketed:
        number = split(spelling.digits)
        if number and number.is_assigned and not number.is_unusual:
            return Taken(number)
    found = candidates(spelling, plan)
    if found.sure:
        return _as_it_stands(found)
    if found.live:
        return _by_what_is_assigned(found, numbers)
    if len(found.possible) == 1:
        (number,) = found.possible
        return Taken(number, found.every[number].repair)
    if found.possible:
        return Ambiguous({number: found.every[number] for number in found.possible})
    return Unread()


def beside_code(
    spelling: Spelling, region: str, code: str, whole: Decision
) -> Decision:
    """Read digits behind the calling code of a column, or as they stand (`whole`)."""
    behind = decide(
        spelling._replace(
            plus=True,
            digits=code + spelling.digits,
            unbracketed=spelling.unbracketed and code + spelling.unbracketed,
            head=spelling.head and code + spelling.head,
        ),
        region,
    )
    numbers = {
        number
        for found in (behind, whole)
        for number in _numbers(found)
        if number.code == code
    }
    if not numbers:
        return whole
    if not _are_one_person(numbers):
        return Ambiguous(dict.fromkeys(numbers, Reading(Kind.PLUS_LOST)))
    number = min(numbers)
    as_it_stands = Taken(number)
    if as_it_stands in (whole, behind):
        return as_it_stands
    return whole if isinstance(whole, Taken) else Taken(number, Repair.PLUS_LOST)


def _numbers(found: Decision) -> Iterable[Number]:
    if isinstance(found, Taken):
        return (found.number,)
    return found.readings if isinstance(found, Ambiguous) else ()


def _is_too_short(digits: str, plan: Plan) -> bool:
    """Tell quickly that digits are too short for a number, even with a lost zero."""
    country = plan.calling_code
    if digits.startswith("0") or plan.adds_digits or plan.dialled_abroad(digits):
        return False
    if len(digits) >= min(country.lengths) or country.is_assigned("0" + digits):
        return False
    if (number := split(digits)) is None:
        return True
    abroad = calling_code(number.code)
    return not abroad.trunk.adds_digits and len(number.national) < min(abroad.lengths)


def _as_it_stands(found: Candidates) -> Taken | Ambiguous:
    """Take the digits as they stand, unless they begin with a code written twice."""
    number = min(found.sure)
    if not _are_one_person(found.sure):
        return Ambiguous({number: found.live[number] for number in found.sure})
    inner = Number(number.code, number.national[len(number.code) :])
    if number.is_unusual and inner in found.live:
        return Ambiguous({n: found.live[n] for n in (number, inner)})
    return Taken(number, found.live[number].repair)


def _by_what_is_assigned(found: Candidates, numbers: Numbers) -> Taken | Ambiguous:
    """Take the only assigned reading, unless unassigned digits are possible, too."""
    live, code = found.live, found.plan.code if found.plan else ""
    rivals = [number for number in found.possible if not number.is_unusual]
    if len(live) == 1:
        ((number, reading),) = live.items()
        if found.is_own(number) or reading.behind is Behind.TRUNK_ZEROS:
            rivals = []
    best = taken(live)
    if best and not rivals:
        # A zero before another country's code is as likely a national prefix.
        kind = live[best.number].kind
        if kind is not Kind.ZEROS_FOR_PLUS or best.number.code == code:
            return best
    every = live | {number: found.every[number] for number in found.possible}
    meant = _meant(every, numbers)
    return (meant and taken(meant)) or Ambiguous(every)


def _meant(readings: Readings, numbers: Numbers) -> Readings:
    """Return the readings that agree with the user's decision."""
    if numbers is Numbers.AUTO:
        return {}
    is_national = numbers is Numbers.NATIONAL
    meant = {n: r for n, r in readings.items() if r.is_national is is_national}
    written = {n: r for n, r in meant.items() if r.kind is Kind.AS_WRITTEN}
    return written or meant


def taken(readings: Readings) -> Taken | None:
    """Return the reading with the fewest repairs if all reach the same person."""
    if not _are_one_person(readings):
        return None
    found = [(r.kind.value, r.behind.value, n) for n, r in readings.items()]
    *_, best = min(found)
    return Taken(best, readings[best].repair)


def _are_one_person(numbers: Iterable[Number]) -> bool:
    return len(set(map(identity, numbers))) == 1


def _is_whole(spelling: Spelling, plan: Plan | None) -> bool:
    """Tell whether the digits before a short ending are a whole number."""
    if spelling.plus or spelling.head.startswith("00"):
        number = split(spelling.head.removeprefix("00"))
        return bool(number and number.is_assigned)
    return (
        any(n.is_assigned for n in as_written(spelling.head, plan)) if plan else False
    )
