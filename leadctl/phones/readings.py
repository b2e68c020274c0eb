"""Lists every number that digits may be: as they stand, damaged, or dialled."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leadctl.phones.numbering_plan import LONGEST, SHORTEST, Number, calling_code, split
from leadctl.phones.spelling import Repair

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

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


@dataclass(eq=False)
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


def candidates(spelling: Spelling, plan: Plan | None) -> Candidates:
    """Return all readings of digits, assigned or not."""
    digits, unbracketed = spelling.digits, spelling.unbracketed
    if spelling.has_code:
        return _behind_plus(spelling, plan)
    if plan is None:
        return Candidates(spelling, plan, (), {})
    if unbracketed and (code := split(unbracketed)):
        kind = Kind.BRACKETED_ZERO
        readings = _abroad(digits, kind) | _abroad(unbracketed, kind)
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
    readings: Readings = {}
    for head in heads:
        readings = _abroad(head, Kind.PLUS) | readings
    if own_way is not None and plan and own_way != heads[0]:
        # Nobody dials abroad to reach their own country.
        dialled = _abroad(own_way, Kind.PLUS)
        readings = {n: r for n, r in dialled.items() if n.code != plan.code} | readings
        heads.append(own_way)
    stand: list[Number] = []
    if unbracketed:
        bare = unbracketed if plus else unbracketed[2:]
        found = _abroad(bare, Kind.PLUS)
        found = {n: r._replace(behind=Behind.TRUNK_ZEROS) for n, r in found.items()}
        readings = found | readings
    elif len(heads) == 1 and (number := split(heads[0])):
        stand = [number]
    if plan and not plus:
        written = as_written(digits, plan)
        readings |= dict.fromkeys(written, Reading(Kind.AS_WRITTEN))
        stand += [number for number in written if number.is_assigned]
        if not any(number.is_assigned for number in readings):
            readings = _others(digits, plan) | readings
    return Candidates(spelling, plan, stand, readings)


def as_written(digits: str, plan: Plan) -> set[Number]:
    """Return the numbers that the region writes so: assigned, or of its formats."""
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
    rest = plan.dialled_abroad(digits) or ""
    return _abroad(rest, Kind.DIALLED_ABROAD) | _abroad(bare, zeros) | found


def _abroad(digits: str, kind: Kind) -> Readings:
    """Return the readings of digits that begin with a calling code."""
    number = split(digits)
    found = behind_code(number) if number else ()
    return {n: Reading(kind, behind, twice) for n, behind, twice in found}


def behind_code(
    number: Number, *, twice: bool = False
) -> Iterator[tuple[Number, Behind, bool]]:
    """Yield the readings behind a code; the last, which removes least, counts."""
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


def _is_long_enough(national: str) -> bool:
    return SHORTEST <= len(national) <= LONGEST and bool(national.strip("0"))
