"""Turns a column of phone cells into what a provider takes, or a code and a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.leads import Code, Phone
from leadctl.model.wording import count
from leadctl.phones.countries import by_country
from leadctl.phones.decision import Ambiguous, Taken, beside_code, decide
from leadctl.phones.identity import WITH_TWO_WAYS, identity
from leadctl.phones.numbering_plan import Number, code_of, plan_of
from leadctl.phones.reasons import has_persons_length, impossible, several, unread
from leadctl.phones.rule import Numbers, PhoneCheck, PhoneForm
from leadctl.phones.spelling import (
    SPACING,
    PhoneProblem,
    PhoneUnreadable,
    Spelling,
    invalid,
    spelled,
)
from leadctl.phones.usual import behind_plus, usual_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leadctl.model.leads import Json
    from leadctl.phones.column import ColumnSays
    from leadctl.phones.countries import Countries, Country
    from leadctl.phones.decision import Decision
    from leadctl.phones.rule import PhoneRule


class Phones(NamedTuple):
    """Phones as sent, the identities they reach (both empty if bad), and repairs."""

    wires: list[str]
    keys: list[str]
    repairs: dict[int, tuple[str, ...]]

    def __repr__(self) -> str:
        return f"Phones({len(self.keys)}, hidden)"


class Normalizer:
    """Turns cells into phones for one provider.

    `region` is for digits without a country code. With `numbers` on AUTO, the `column`
    decides about digits with several readings; it is called only for those.
    """

    def __init__(
        self,
        rule: PhoneRule,
        region: str | None = None,
        check: PhoneCheck = PhoneCheck.POSSIBLE,
        numbers: Numbers = Numbers.AUTO,
        column: Callable[[], ColumnSays | None] = lambda: None,
    ) -> None:
        self._rule = rule
        self.region = region or rule.country
        self._is_strict = check is PhoneCheck.VALID
        self._numbers = numbers
        self._column = column
        self.agrees_with_option = True
        """Whether the option `numbers` would read all cells as their column did."""

    def column(
        self, values: Sequence[Json], countries: Countries = None
    ) -> tuple[Phones, dict[int, PhoneProblem]]:
        """Return a phone for each value, or the problem with it."""
        if countries is None:
            return self._in_country(values, None)
        phones = Phones([""] * len(values), [""] * len(values), {})
        problems: dict[int, PhoneProblem] = {}
        for country, places in by_country(countries).items():
            found, odd = self._in_country([values[place] for place in places], country)
            for place, wire, key in zip(places, found.wires, found.keys, strict=True):
                phones.wires[place], phones.keys[place] = wire, key
            phones.repairs.update({places[n]: r for n, r in found.repairs.items()})
            problems.update({places[n]: problem for n, problem in odd.items()})
        return phones, problems

    def _in_country(
        self, values: Sequence[Json], country: Country | None
    ) -> tuple[Phones, dict[int, PhoneProblem]]:
        region = country.region if country else self.region
        wires, keys = self._usual(values, region, whole=region == self.region)
        if country and country.code:
            self._behind_code(values, country, wires, keys)
        phones, problems = Phones(wires, keys, {}), dict[int, PhoneProblem]()
        for place in [place for place, key in enumerate(keys) if not key]:
            try:
                phone = self._read(values[place], region, country)
            except PhoneUnreadable as error:
                problems[place] = error.problem
                wires[place] = ""
                continue
            wires[place], keys[place] = phone.wire, phone.key
            if phone.repairs:
                phones.repairs[place] = phone.repairs
        return phones, problems

    def __call__(self, value: Json) -> Phone:
        """Return the phone of one value; raises PhoneUnreadable."""
        phones, problems = self.column([value])
        if problems:
            raise PhoneUnreadable(*problems[0])
        return Phone(phones.wires[0], phones.keys[0], phones.repairs.get(0, ()))

    def _behind_code(
        self,
        values: Sequence[Json],
        country: Country,
        wires: list[str],
        keys: list[str],
    ) -> None:
        """Add the usual numbers whose calling code is in a column of its own."""
        joined = {
            place: f"+{country.code}{values[place]}"
            for place, key in enumerate(keys)
            if not key and _is_split(values[place], country.code)
        }
        found = self._usual([*joined.values()], country.region, whole=False)
        for place, wire, key in zip(joined, *found, strict=True):
            wires[place], keys[place] = wire, key

    def _usual(
        self, values: Sequence[Json], region: str | None, *, whole: bool
    ) -> tuple[list[str], list[str]]:
        """Return wires and keys of usual numbers; `whole` cells can be sent as is."""
        plan, rule = plan_of(region), self._rule
        if plan is None or rule.country not in (None, plan.region):
            return [""] * len(values), [""] * len(values)
        texts = [value if isinstance(value, str) else "" for value in values]
        lines, numbers = usual_of(plan).column(texts)
        code, country = plan.code, plan.calling_code
        kept = range(max(rule.fewest - len(code), 1), rule.most - len(code) + 1)
        if not country.person_lengths.issubset(kept):
            numbers = [number if len(number) in kept else "" for number in numbers]
        if self._is_strict:
            numbers = [n if country.is_assigned(n) else "" for n in numbers]
        keys = [number and code + number for number in numbers]
        if (prefix := self._prefix(code)) is None:
            wires = lines if whole else [*keys]
        else:
            wires = [prefix + number for number in numbers]
        if code in WITH_TWO_WAYS:
            keys = [n and identity(Number(code, n)) for n in numbers]
        return wires, keys

    def _prefix(self, code: str) -> str | None:
        """Return what is sent before a national number; None: it is sent as written."""
        match self._rule.form:
            case PhoneForm.E164:
                return f"+{code}"
            case PhoneForm.DIGITS:
                return code
            case PhoneForm.NATIONAL:
                return ""
            case PhoneForm.SPLIT:
                return f"{code} "
            case PhoneForm.AS_WRITTEN:
                return None

    def _read(self, value: Json, region: str | None, country: Country | None) -> Phone:
        repairs: tuple[str, ...] = ()
        if country and country.is_contradictory:
            raise _wrong("its country code columns name different countries")
        if isinstance(value, str) and (number := behind_plus(value)):
            spelling, is_whole = Spelling(plus=True, digits=number.digits), True
        else:
            spelling = spelled(value)
            number, repairs, is_whole = self._number(spelling, region, country)
        rule = self._rule
        if country and country.code not in ("", number.code):
            raise _wrong(
                f"its number is one of +{number.code}, "
                f"but its country code column says +{country.code}"
            )
        if rule.country and number.code != code_of(rule.country):
            raise _wrong(f"not a number of {rule.country}")
        if not rule.fewest <= len(number.digits) <= rule.most:
            found = count(len(number.digits), "digit")
            raise invalid(
                f"{found} with the country code; this provider accepts {rule.fewest} "
                f"to {rule.most}"
            )
        if rule.country and not has_persons_length(number):
            raise invalid(impossible(number))
        if self._is_strict and not number.is_assigned:
            raise invalid("number range not assigned (--phone-check valid)")
        digits = spelling.digits if is_whole else number.digits
        written = "+" + digits if spelling.plus else digits
        prefix = self._prefix(number.code)
        wire = written if prefix is None else prefix + number.national
        return Phone(wire, identity(number), repairs)

    def _number(
        self, spelling: Spelling, region: str | None, country: Country | None
    ) -> tuple[Number, tuple[str, ...], bool]:
        """Return the number, its repairs, and whether it may be sent as written."""
        found = self._decided(spelling, region)
        by_column = region != self.region and not spelling.plus
        if country and country.code and not spelling.has_code:
            beside = beside_code(spelling, country.region, country.code, found)
            found, by_column = beside, by_column or beside != found
        match found:
            case Taken(number, None):
                return number, spelling.repairs, not by_column
            case Taken(number, repair):
                return number, (*spelling.repairs, str(repair)), False
            case Ambiguous(readings):
                raise PhoneUnreadable(Code.PHONE_AMBIGUOUS, several(readings))
            case _:
                raise invalid(unread(spelling, plan_of(region)))

    def _decided(self, spelling: Spelling, region: str | None) -> Decision:
        found = decide(spelling, region, self._numbers)
        if not isinstance(found, Ambiguous) or self._numbers is not Numbers.AUTO:
            return found
        if (says := self._column()) is None:
            return found
        by_column = says.of(found.readings) or found
        if by_column != decide(spelling, region, says.numbers):
            self.agrees_with_option = False
        return by_column


def _wrong(reason: str) -> PhoneUnreadable:
    return PhoneUnreadable(Code.PHONE_WRONG_COUNTRY, reason)


def _is_split(value: Json, code: str) -> bool:
    """Tell whether a cell has only digits, without the calling code in front."""
    digits = value.translate(SPACING) if isinstance(value, str) else ""
    return digits.isdigit() and not digits.lstrip("0").startswith(code)
