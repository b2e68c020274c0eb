"""Says in words why a cell is not a number, without repeating it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.model.wording import count
from leadctl.phones.numbering_plan import Number, calling_code, split
from leadctl.phones.readings import candidates

if TYPE_CHECKING:
    from leadctl.phones.numbering_plan import Plan
    from leadctl.phones.readings import Readings
    from leadctl.phones.spelling import Spelling


def has_persons_length(number: Number) -> bool:
    """Tell whether digits are a person's number without a national prefix."""
    country = calling_code(number.code)
    prefix = country.trunk.national_prefix
    return len(number.national) in country.person_lengths and not (
        prefix and number.national.startswith(prefix)
    )


def several(readings: Readings) -> str:
    masked = [f"+{n.code} {'#' * len(n.national)}" for n in sorted(readings)]
    shown = " or ".join(dict.fromkeys(masked))
    return f"could be {shown}; write it with + and the country code"


def unread(spelling: Spelling, plan: Plan | None) -> str:
    """Return the reason why digits are not a number."""
    if spelling.has_code:
        number = split(spelling.digits.removeprefix("00"))
        if number is None:
            return "no such country code"
        if spelling.head and number.is_possible:
            return _SEVERAL
        if any(map(has_persons_length, candidates(spelling, plan).every)):
            return _UNASSIGNED
        return impossible(number)
    if plan is None:
        return "no country code: write it with +, or give --region"
    if spelling.head:
        return _SEVERAL
    enough = min(plan.calling_code.person_lengths, default=0) - 1  # a zero may be lost
    if (len(spelling.digits) >= enough or plan.adds_digits) and any(
        n.code == plan.code and has_persons_length(n)
        for n in candidates(spelling, plan).every
    ):
        return _UNASSIGNED
    national = spelling.digits.removeprefix(plan.national_prefix)
    return impossible(Number(plan.code, national))


_UNASSIGNED = "no reading is an assigned number; write it with + and the country code"
_SEVERAL = "contains more than one number; keep one"


def impossible(number: Number) -> str:
    country = calling_code(number.code)
    region = country.trunk.region
    # 001 stands for the world: the codes of satellites and freephone.
    where = f"in {region}" if region.isalpha() else "there"
    size = len(number.national)
    digits = count(size, "digit")
    if size in country.local_lengths:
        return f"{digits}; the area code is missing"
    if size in country.person_lengths:
        return f"no number {where} starts like this"
    lengths = sorted(country.person_lengths or country.lengths)
    fewest, most = lengths[0], lengths[-1]
    expected = str(fewest) if fewest == most else f"{fewest} to {most}"
    return f"{digits} after +{number.code}; numbers {where} have {expected}"
