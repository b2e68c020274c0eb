"""People as the ledger and suppression lists know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.leads import Code
from leadctl.phones.normalize import Normalizer
from leadctl.phones.numbering_plan import is_national_somewhere, split
from leadctl.phones.reach import Reach, reach
from leadctl.phones.rule import ANY_COUNTRY
from leadctl.phones.spelling import PhoneProblem, PhoneUnreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.ledger.base import Ledger
    from leadctl.ledger.records import Trace


class Person(NamedTuple):
    """A person by number or external id; a suppression list may have `listed_as`."""

    name: str
    identity: str
    masked: str
    listed_as: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Person({self.masked})"


def by_number(text: str, region: str | None) -> Person:
    """Parse a number; raises PhoneUnreadable."""
    phone = Normalizer(ANY_COUNTRY, region)(text)
    digits = str(phone.wire)
    number = split(digits)
    code, national = number or ("", digits)
    return Person(
        f"+{digits}",
        f"phone {phone.key}",
        f"+{code} {'#' * len(national)}",
        frozenset(identities_of_lead(text, region)),
    )


def by_external_id(text: str) -> Person:
    """Return the person with this external id at a provider that compares ids."""
    return Person(f"external id {text}", f"external id {text}", "external id ####")


class Found(NamedTuple):
    person: Person
    traces: Sequence[Trace]
    is_suppressed: bool

    def __bool__(self) -> bool:
        return self.is_suppressed or bool(self.traces)


def find(ledger: Ledger, people: Sequence[Person]) -> list[Found]:
    """Look people up in all campaigns and on the ledger's suppression list."""
    traces = ledger.traces([person.identity for person in people])
    listed = ledger.suppression_list.among(
        [*{identity for person in people for identity in person.listed_as}]
    )
    return [
        Found(
            person,
            traces.get(person.identity, ()),
            not listed.isdisjoint(person.listed_as),
        )
        for person in people
    ]


def identities(entry: Reach | PhoneProblem, *, of_lead: bool) -> set[str]:
    """Return the identities that a cell may reach, for the ledger's list.

    If the country of an entry is known, its national digits do not count.
    """
    if isinstance(entry, PhoneProblem):
        return set()
    people = {f"person {digits}" for digits in entry.people}
    if entry.names_country and not of_lead:
        return people
    return people | {f"national {digits or 0}" for digits in entry.nationals}


def identities_of_lead(phone: str, region: str | None) -> set[str]:
    """Return the identities to look up in the ledger's list for one number."""
    (lead,) = reach([phone], region)
    return identities(lead, of_lead=True)


def identities_of_entry(phone: str, region: str | None) -> set[str]:
    """Return the identities to store for a number; raises PhoneUnreadable."""
    (entry,) = reach([phone], region)
    if problem := problem_of_entry(entry, region):
        raise PhoneUnreadable(*problem)
    return identities(entry, of_lead=False)


def problem_of_entry(
    entry: Reach | PhoneProblem, region: str | None
) -> PhoneProblem | None:
    if isinstance(entry, PhoneProblem):
        return entry
    if entry.lacks_area_code:
        return PhoneProblem(Code.PHONE_INVALID, "the area code is missing")
    if entry.is_read:
        return None
    if not entry.names_country and region is None:
        reason = "no country code: write it with +, or give --region"
        return PhoneProblem(Code.PHONE_INVALID, reason)
    if not entry.names_country and any(map(is_national_somewhere, entry.nationals)):
        return None
    return PhoneProblem(Code.PHONE_INVALID, "not a number of any country")
