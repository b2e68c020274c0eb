"""Decides which number digits are, if exactly one reading is right.

leadctl never picks among several readings. docs/numbers.md explains the rules, and
shows for every region what is repaired and what is ambiguous. They were tried on 25,107
numbers of 245 regions (phonenumbers 9.0.43, November 2026).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leadctl.phones.identity import identity
from leadctl.phones.numbering_plan import (
    LONGEST,
    SHORTEST,
    Number,
    calling_code,
    plan_of,
    split,
)
from leadctl.phones.rule import Numbers
from leadctl.phones.spelling import Repair

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from leadctl.phones.numbering_plan import Plan
    from leadctl.phones.spelling import Spelling


class Kind(Enum):
    """What must have happened to a cell for a reading to be right."""

    AS_WRITTEN = auto()  # the region writes the number with these digits
    PREFIX = auto()  # a national prefix was lost or added
    ZERO_LOST = auto()
    ZEROS_ADDED = auto()
    PLUS = auto()  # + or 00 is there
    PLUS_LOST = auto()
    ZEROS_FOR_PLUS = auto()  # a zero stands for the +
    DIALLED_ABROAD = auto()  # the region's own way to dial abroad is there
    BRACKETED_ZERO = auto()  # a code without its + before a zero in brackets


NATIONAL = {Kind.AS_WRITTEN, Kind.PREFIX, Kind.ZERO_LOST, Kind.ZEROS_ADDED}


class Behind(Enum):
    """What is between a calling code and its number."""

    NOTHING = auto()
    TRUNK_PREFIX = auto()
    TRUNK_ZEROS = auto()


class Reading(NamedTuple):
    """One way to read digits as a number."""

    kind: Kind
    behind: Behind = Behind.NOTHING
    code_twice: bool = False

    @property
    def is_national(self) -> bool:
        return self.kind in NATIONAL

    @property
    def repair(self) -> Repair | None:
        """The repair that this reading requires; the outermost damage counts."""
        if self.kind in _REPAIRS:
            return _REPAIRS[self.kind]
        if self.code_twice:
            return Repair.CODE_TWICE
        return Repair.TRUNK_PREFIX if self.behind is not Behind.NOTHING else None


_REPAIRS = {
    Kind.PREFIX: Repair.NATIONAL_PREFIX,
    Kind.ZERO_LOST: Repair.ZERO_LOST,
    Kind.ZEROS_ADDED: Repair.ZEROS_ADDED,
    Kind.PLUS_LOST: Repair.PLUS_LOST,
    Kind.ZEROS_FOR_PLUS: Repair.ZEROS_FOR_PLUS,
    Kind.BRACKETED_ZERO: Repair.PLUS_LOST,
}

Readings = dict[Number, Reading]


class Taken(NamedTuple):
    """The one number that digits are, and the repairs it needed."""

    number: Number
    repair: Repair | None = None


class Ambiguous(NamedTuple):
    """The several numbers that digits may be."""

    readings: Readings


class Unread(NamedTuple):
    """Digits that are no number."""


@dataclass(frozen=True)
class Candidates:
    """All readings of digits; `stand` are those without any repair."""

    spelling: Spelling
    plan: Plan | None
    stand: Collection[Number]
    every: Readings

    @cached_property
    def live(self) -> Readings:
        """The assigned ones, without national ones that are longer than usual."""
        return {
            number: reading
            for number, reading in self.every.items()
            if number.is_assigned and not (reading.is_national and number.is_unusual)
        }

    @cached_property
    def sure(self) -> list[Number]:
        return [number for number in self.stand if number in self.live]

    @cached_property
    def possible(self) -> list[Number]:
        return [number for number in self.stand if number.is_possible]

    def is_own(self, number: Number) -> bool:
        """Tell whether a number is of the region, written with its code."""
        code = self.plan.code if self.plan else ""
        return number.code == code and self.spelling.digits.lstrip("0").startswith(code)


def decide(
    spelling: Spelling, region: str | None, numbers: Numbers = Numbers.AUTO
) -> Taken | Ambiguous | Unread:
    """Read digits as somebody in `region` writes them.

    `numbers` is the user's decision about digits without + that have several readings.
    Without a region, `international` reads them as if they had a +.
    """
    plan = plan_of(region)
    if plan is None and numbers is Numbers.INTERNATIONAL:
        spelling = spelling._replace(plus=True)
    if plan and not spelling.plus and _is_too_short(spelling.digits, plan):
        return Unread()
    if spelling.head and _is_whole(spelling, plan):
        return Unread()
    if (number := _plain(spelling)) and number.is_assigned and not number.is_unusual:
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
    spelling: Spelling,
    region: str,
    code: str,
    whole: Taken | Ambiguous | Unread,
) -> Taken | Ambiguous | Unread:
    """Read digits without + whose calling code is in a column of its own.

    They belong behind the code, or are `whole`: with a national prefix, or with the
    code again. Numbers of other codes contradict the column.
    """
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


def _numbers(found: Taken | Ambiguous | Unread) -> Iterable[Number]:
    match found:
        case Taken(number, _):
            return (number,)
        case Ambiguous(readings):
            return readings
        case _:
            return ()


def _is_too_short(digits: str, plan: Plan) -> bool:
    """Tell quickly that digits are too short for a number, even with a lost zero."""
    country = plan.calling_code
    if digits.startswith("0") or plan.adds_digits or plan.dialled_abroad(digits):
        return False
    if len(digits) >= min(country.lengths) or country.is_assigned("0" + digits):
        return False
    number = split(digits)
    abroad = calling_code(number.code) if number else None
    return not (number and abroad) or not (
        abroad.trunk.adds_digits or len(number.national) >= min(abroad.lengths)
    )


def _plain(spelling: Spelling) -> Number | None:
    """Return the number after a +, if nothing but the + precedes it."""
    if not spelling.plus or spelling.unbracketed:
        return None
    return split(spelling.digits)


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
    """Take the only assigned reading, unless the digits as written are possible, too.

    Plans are older than numbers: unassigned digits may be assigned tomorrow.
    """
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
    best = min(
        readings, key=lambda n: (readings[n].kind.value, readings[n].behind.value, n)
    )
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


def readings_of(spelling: Spelling, plan: Plan | None) -> Collection[Number]:
    """Return every number that digits may be, assigned or not."""
    return candidates(spelling, plan).every


def candidates(spelling: Spelling, plan: Plan | None) -> Candidates:
    """Return all readings of digits, assigned or not."""
    digits, unbracketed = spelling.digits, spelling.unbracketed
    if spelling.plus or digits.startswith("00"):
        return _behind_plus(spelling, plan)
    if plan is None:
        return Candidates(spelling, plan, (), {})
    if unbracketed and (code := split(unbracketed)):
        readings = _abroad(unbracketed, Kind.BRACKETED_ZERO)
        _add(readings, _abroad(digits, Kind.BRACKETED_ZERO))
        if digits.startswith(code.code + "0") and any(n.is_assigned for n in readings):
            return Candidates(spelling, plan, (), readings)
    written = as_written(digits, plan)
    found = _others(digits, plan)
    rest = plan.dialled_abroad(digits)
    if rest is not None and len(digits) - len(rest) > 1:
        dialled = split(rest)
        if dialled and dialled.code != plan.code and dialled.is_assigned:
            found = {
                number: reading
                for number, reading in found.items()
                if reading.behind is Behind.NOTHING
                and not (reading.code_twice and number.code == plan.code)
            }
            found[dialled] = Reading(Kind.DIALLED_ABROAD)
    found |= dict.fromkeys(written, Reading(Kind.AS_WRITTEN))
    return Candidates(spelling, plan, written, found)


def _behind_plus(spelling: Spelling, plan: Plan | None) -> Candidates:
    plus, digits, unbracketed = spelling.plus, spelling.digits, spelling.unbracketed
    heads = [digits if plus else digits[2:]]
    if plus and digits.startswith("0"):
        heads.append(digits.lstrip("0"))
    own_way = plan.dialled_abroad(digits) if plan and not plus else None
    readings = _abroad(heads[0], Kind.PLUS)
    for head in heads[1:]:
        _add(readings, _abroad(head, Kind.PLUS))
    if own_way is not None and plan and own_way != heads[0]:
        # Nobody dials abroad to reach their own country.
        dialled = _abroad(own_way, Kind.PLUS)
        _add(readings, {n: r for n, r in dialled.items() if n.code != plan.code})
        heads.append(own_way)
    stand: list[Number] = []
    if unbracketed:
        bare = unbracketed if plus else unbracketed[2:]
        _add(readings, _abroad(bare, Kind.PLUS, bracketed=True))
    elif len(heads) == 1 and (number := split(heads[0])):
        stand = [number]
    if plan and not plus:
        written = as_written(digits, plan)
        readings |= dict.fromkeys(written, Reading(Kind.AS_WRITTEN))
        stand += [number for number in written if number.is_assigned]
        if not any(number.is_assigned for number in readings):
            _add(readings, _others(digits, plan))
    return Candidates(spelling, plan, stand, readings)


def as_written(digits: str, plan: Plan) -> set[Number]:
    """Return the numbers that the region itself writes with these digits.

    An unassigned one must look like a number of the country: one of its formats matches
    all of it, or the country has none.
    """
    country = plan.calling_code
    return {
        Number(plan.code, national)
        for national in {digits, *plan.stripped(digits)}
        if _is_long_enough(national)
        and digits in country.written(national)
        and (
            country.is_assigned(national)
            or (
                len(national) in country.person_lengths
                and (not country.formats or country.format_of(national))
            )
        )
    }


def _others(digits: str, plan: Plan) -> Readings:
    """Return the readings with something lost or added."""
    found: Readings = {}

    def add(national: str, kind: Kind) -> None:
        if _is_long_enough(national):
            found.setdefault(Number(plan.code, national), Reading(kind))

    for national in (digits, *sorted(plan.stripped(digits))):
        add(national, Kind.PREFIX)
    for national in ("0" + digits, *sorted(plan.stripped("0" + digits))):
        add(national, Kind.ZERO_LOST)
    bare = digits.lstrip("0")
    if bare != digits:
        add(bare, Kind.ZEROS_ADDED)
    zeros = Kind.PLUS_LOST if bare == digits else Kind.ZEROS_FOR_PLUS
    _add(found, _abroad(bare, zeros))
    if rest := plan.dialled_abroad(digits):
        _add(found, _abroad(rest, Kind.DIALLED_ABROAD))
    return found


def _abroad(digits: str, kind: Kind, *, bracketed: bool = False) -> Readings:
    """Return the readings of digits that begin with a calling code."""
    number = split(digits)
    if not number:
        return {}
    found = {
        n: Reading(kind, behind, twice) for n, behind, twice in behind_code(number)
    }
    if bracketed:
        found = {n: r._replace(behind=Behind.TRUNK_ZEROS) for n, r in found.items()}
    return found


def behind_code(
    number: Number, *, twice: bool = False
) -> Iterator[tuple[Number, Behind, bool]]:
    """Yield the readings of a number with a prefix or its code again behind the code.

    The reading that removes least comes last, and counts.
    """
    code, rest = number
    if not twice and rest.startswith(code):
        yield from behind_code(Number(code, rest[len(code) :]), twice=True)
    if rest.startswith("0") and rest.strip("0"):
        bare = Number(code, rest.lstrip("0"))
        if not twice and (bare.is_unusual or rest.startswith("00" + code)):
            yield from behind_code(Number(code, bare.national[len(code) :]), twice=True)
        yield bare, Behind.TRUNK_ZEROS, twice
    for national in calling_code(code).trunk.stripped(rest):
        yield Number(code, national), Behind.TRUNK_PREFIX, twice
    if rest:
        yield number, Behind.NOTHING, twice


def _add(found: Readings, others: Readings) -> None:
    for number, reading in others.items():
        found.setdefault(number, reading)


def _is_long_enough(national: str) -> bool:
    return SHORTEST <= len(national) <= LONGEST and bool(national.strip("0"))
